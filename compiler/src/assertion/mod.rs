//! What a program asserts of its routes, proved over what is emitted: the router's tables say which routes are meant, the steps of
//! their chains what holds for them.
//!
//! It never looks at what is written, but to say where. Names were looked up by `check`.

mod holds;
mod reach;
mod request;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ast::Operator;
use gatewright_dsl::schema::{Param, Value};
use gatewright_dsl::{Policy, Problem, Span};

use crate::algebra::{RouteSet, Trie};
use crate::check::problem;
use crate::ir::{Content, EndKind, Label, Program, Route};
use crate::load::is_among;
use crate::routes::Plan;

use self::holds::Broken;
use self::reach::Reached;

/// Routes of one assertion that are shown; how many more there are is said.
const MOST_SHOWN: usize = 8;

/// An assertion whose names are known.
#[derive(Clone, Debug)]
pub(crate) struct Assertion {
    /// All of it.
    pub(crate) span: Span,
    /// What it is for.
    pub(crate) why: String,
    pub(crate) claim: Claim,
}

/// What is to hold.
#[derive(Clone, Debug)]
pub(crate) enum Claim {
    /// Of every route that is meant.
    Every(Box<Every>),
    /// These and no others let anybody in.
    Open {
        /// The word for them.
        word: &'static str,
        /// Where they are named.
        span: Span,
        named: Vec<Named>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Every {
    /// All of it.
    pub(crate) span: Span,
    pub(crate) meant: Meant,
    pub(crate) except: Vec<Named>,
    pub(crate) says: Says,
    /// Where that is said.
    pub(crate) at: Span,
}

/// Of which routes something is said.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    /// Those that take one of these methods.
    pub(crate) methods: u16,
    /// Those that take a path under these segments.
    pub(crate) under: Option<Vec<Part>>,
    /// Those that ask this upstream.
    pub(crate) to: Option<String>,
    /// Those of files with such a name.
    pub(crate) files: Option<String>,
    /// Those that take a request to such a host: labels from the right.
    pub(crate) on: Option<Vec<Part>>,
}

/// A segment of a prefix, or a label of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// This text, in canonical spelling.
    Text(String),
    /// Every one.
    Any,
}

/// A route by name.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) span: Span,
    /// Indices into the routes: several where they differ in what they ask of requests only.
    pub(crate) routes: Vec<usize>,
    /// Which of their methods.
    pub(crate) methods: u16,
}

/// What is said of a route.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// Who is known to one of these may come, and nobody else. With them the word of the setting that says so.
    Requires(Vec<String>, &'static str),
    /// Anybody may come, or not; and the word for that.
    Open(bool, &'static str),
    /// It has a setting.
    Has(Has),
}

/// A setting, and what its parameter is.
#[derive(Clone, Debug)]
pub(crate) struct Has {
    pub(crate) policy: &'static Policy,
    pub(crate) param: Option<&'static Param>,
    pub(crate) against: Option<(Operator, Value)>,
}

/// What does not hold, in the order of the assertions.
pub(crate) fn prove(plan: &Plan, claims: &RouteSet, assertions: &[Assertion]) -> Vec<Problem> {
    let mut proof =
        Proof { plan, program: &plan.0, claims, trie: None, all: None, asking: None, problems: Vec::new() };
    for assertion in assertions {
        match &assertion.claim {
            Claim::Every(every) => proof.every(&assertion.why, every),
            Claim::Open { word, span, named } => proof.open(&assertion.why, word, *span, named),
        }
    }
    proof.problems
}

struct Proof<'a> {
    plan: &'a Plan,
    program: &'a Program,
    claims: &'a RouteSet,
    /// Only where a request is to be shown.
    trie: Option<Trie>,
    /// The methods by which each route can be reached.
    all: Option<Reached>,
    /// For each upstream the routes that ask it.
    asking: Option<BTreeMap<String, BTreeSet<usize>>>,
    problems: Vec<Problem>,
}

/// A route that breaks an assertion.
struct Breach<'a> {
    number: usize,
    /// The methods of which it is so.
    methods: u16,
    /// Where it is asserted, and of which requests.
    at: Span,
    meant: Option<&'a Meant>,
    broken: Broken,
}

impl Proof<'_> {
    fn every(&mut self, why: &str, every: &Every) {
        let mut meant = self.meant(&every.meant);
        for named in &every.except {
            let mut is_meant = false;
            for route in &named.routes {
                if let Some(bits) = meant.get_mut(route).filter(|bits| **bits & named.methods != 0) {
                    *bits &= !named.methods;
                    is_meant = true;
                }
            }
            if !is_meant {
                self.problems.push(problem::except_nothing(named.span, every.span));
            }
        }
        meant.retain(|_, bits| *bits != 0);
        if meant.is_empty() {
            self.problems.push(problem::assertion_of_nothing(why, every.span));
            return;
        }
        let mut breaches = Vec::new();
        for (number, methods) in meant {
            let Some(route) = self.program.routes.get(number) else { continue };
            if let Err(broken) = holds::holds(self.program, route, &every.says) {
                breaches.push(Breach { number, methods, at: every.at, meant: Some(&every.meant), broken });
            }
        }
        self.report(why, &breaches);
    }

    fn open(&mut self, why: &str, word: &'static str, span: Span, named: &[Named]) {
        let mut breaches = Vec::new();
        let says = Says::Open(true, word);
        let mut listed: BTreeMap<usize, u16> = BTreeMap::new();
        for name in named {
            let mut closed = None;
            let mut is_open = false;
            for number in &name.routes {
                *listed.entry(*number).or_default() |= name.methods;
                let Some(route) = self.program.routes.get(*number) else { continue };
                match holds::holds(self.program, route, &says) {
                    Ok(()) => is_open = true,
                    Err(broken) => closed = closed.or(Some((*number, broken))),
                }
            }
            // Of several, one is enough.
            if let Some((number, broken)) = closed.filter(|_| !is_open) {
                breaches.push(Breach { number, methods: name.methods, at: name.span, meant: None, broken });
            }
        }
        for (number, methods) in self.all().clone() {
            let methods = methods & !listed.get(&number).copied().unwrap_or_default();
            let Some(route) = self.program.routes.get(number).filter(|_| methods != 0) else { continue };
            if holds::holds(self.program, route, &says).is_ok() {
                let broken = Broken {
                    text: format!("it is {word}, and not named here"),
                    from: None,
                    help: "name it here, or say in the route who may come".to_owned(),
                };
                breaches.push(Breach { number, methods, at: span, meant: None, broken });
            }
        }
        self.report(why, &breaches);
    }

    fn all(&mut self) -> &Reached {
        self.all.get_or_insert_with(|| reach::reached(self.program, None, None))
    }

    /// The routes that are meant, and by which methods.
    fn meant(&mut self, meant: &Meant) -> Reached {
        let program = self.program;
        let is_named =
            |label: &Label| meant.files.as_ref().is_none_or(|files| is_among(files, program.text.at(*label)));
        let files: Vec<bool> = program.files.iter().map(is_named).collect();
        let is_meant = |(number, methods): (usize, u16)| {
            let methods = methods & meant.methods;
            let file = program.routes.get(number)?.file;
            (methods != 0 && files.get(file) == Some(&true)).then_some((number, methods))
        };
        let walked = match (&meant.on, &meant.under) {
            (None, None) => None,
            (on, under) => Some(reach::reached(program, on.as_deref(), under.as_deref())),
        };
        let asking = meant.to.as_ref().map(|to| self.asking().get(to).cloned().unwrap_or_default());
        let reached = walked.as_ref().unwrap_or_else(|| self.all());
        let pair = |(number, methods): (&usize, &u16)| (*number, *methods);
        match asking {
            Some(asking) => {
                let asking = asking.iter().filter_map(|number| reached.get_key_value(number));
                asking.map(pair).filter_map(is_meant).collect()
            }
            None => reached.iter().map(pair).filter_map(is_meant).collect(),
        }
    }

    fn asking(&mut self) -> &BTreeMap<String, BTreeSet<usize>> {
        let program = self.program;
        self.asking.get_or_insert_with(|| {
            let mut asking: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
            for (number, route) in program.routes.iter().enumerate() {
                for upstream in upstreams(program, route).filter_map(|at| program.upstreams.get(at)) {
                    asking.entry(upstream.name.clone()).or_default().insert(number);
                }
            }
            asking
        })
    }

    fn report(&mut self, why: &str, breaches: &[Breach<'_>]) {
        for breach in breaches.iter().take(MOST_SHOWN) {
            let Some(route) = self.program.routes.get(breach.number) else { continue };
            let name = self.program.text.at(route.label);
            let mut shown = problem::assertion_fails(why, name, breach.at, route.head, &breach.broken.text)
                .help(breach.broken.help.clone());
            if let Some((span, text)) = &breach.broken.from {
                shown = shown.because(*span, text.clone());
            }
            if let Some(request) = self.request(breach) {
                shown = shown.witness(request);
            }
            self.problems.push(shown);
        }
        if let Some(further) = breaches.get(MOST_SHOWN)
            && let Some(route) = self.program.routes.get(further.number)
        {
            let more = breaches.len() - MOST_SHOWN;
            self.problems.push(problem::assertion_fails_more(why, more, further.at, route.head));
        }
    }

    /// A request that shows it, which the emitted tables give to this route.
    fn request(&mut self, breach: &Breach<'_>) -> Option<String> {
        let claims = self.claims;
        let trie = self.trie.get_or_insert_with(|| Trie::of(claims));
        request::of(self.plan, (trie, claims), breach.number, breach.methods, breach.meant)
    }
}

/// Which upstreams a route asks: numbers, some perhaps more than once. One that shares requests out is asked, and so are those
/// that have the servers.
fn upstreams<'a>(program: &'a Program, route: &Route) -> impl Iterator<Item = usize> + use<'a> {
    let own = asked(program, route);
    let shares = |number: &usize| {
        let upstream = program.upstreams.get(*number);
        let split = upstream.and_then(|upstream| upstream.split.as_ref());
        split.map(|split| split.shares.iter().map(|share| share.upstream).collect()).unwrap_or_default()
    };
    let having: Vec<usize> = own.iter().flat_map(|number| -> Vec<usize> { shares(number) }).collect();
    own.into_iter().chain(having)
}

/// Which upstreams a route names.
fn asked(program: &Program, route: &Route) -> BTreeSet<usize> {
    asked_by(program, route.chain, route.record)
}

fn asked_by(program: &Program, chain: usize, record: usize) -> BTreeSet<usize> {
    let chain = program.chains.get(chain);
    let Some((kind, [.., end])) =
        chain.and_then(|chain| Some((chain.end?, chain.records.get(record)?.as_slice())))
    else {
        return BTreeSet::new();
    };
    match kind {
        EndKind::Forward => program.ends.forwards.get(*end).map(|(number, _)| *number).into_iter().collect(),
        EndKind::Aggregate => {
            let branches = program.ends.aggregates.get(*end).map(|it| it.branches.as_slice());
            branches.unwrap_or_default().iter().map(|branch| branch.upstream).collect()
        }
        EndKind::Match => {
            let arms = program.ends.matches.get(*end).map(|it| it.arms.as_slice()).unwrap_or_default();
            arms.iter().flat_map(|arm| asked_by(program, arm.chain, arm.record)).collect()
        }
        EndKind::Respond | EndKind::Redirect | EndKind::Handler | EndKind::Branch => BTreeSet::new(),
    }
}

/// What a field of a configuration holds, without what says only that it may be left out or given.
fn inner(content: &Content) -> Option<&Content> {
    match content {
        Content::Option(inner) => self::inner(inner.as_deref()?),
        Content::Is(inner) => self::inner(inner),
        Content::Value(Value::Absent | Value::Bool(false)) => None,
        other => Some(other),
    }
}
