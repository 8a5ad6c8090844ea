//! From the tree as written to the typed program: everything that can be wrong with a program is found here or before.
//!
//! Every part is looked at whatever the others hold, and a part that is not understood is only left out of the questions
//! that would need it, so that one mistake makes one problem.

mod aggregate;
mod answer;
mod arms;
mod around;
mod asked;
mod assertion;
mod auth;
mod bounds;
mod collision;
mod contract;
mod declared;
mod document;
pub(crate) mod expr;
mod file;
mod fit;
mod gateway;
mod given;
mod handler;
mod hop;
mod host;
mod inside;
mod join;
mod line;
mod logged;
mod mentioned;
mod name;
mod own_answer;
mod params;
mod passed;
pub(crate) use auth::principals;
pub(crate) mod path;
mod pattern;
mod plain;
pub(crate) mod problem;
mod reads;
mod resolve;
mod rewrite;
mod route;
mod split;
mod step;
mod target;
mod test;
mod told;
mod torn;
mod trail;
mod types;
mod unit;
mod unknown;
mod upstream;
mod used;
mod when;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;

use gatewright_dsl::ast::{Declaration, File, PolicyDeclaration};
use gatewright_dsl::schema::{Checked, Url};
use gatewright_dsl::{Catalogue, Problem, Source, Span};

use self::gateway::Gateway;
pub(crate) use self::gateway::reaches;
pub(crate) use self::hop::{Behind, Call, Hops, Next, Way, Who};
use self::line::Lines;
use self::name::Names;
use self::own_answer::Spoken;
use self::params::Params;
use self::rewrite::Space;
use self::route::Route;
use self::unit::Unit;
use self::upstream::Upstream;
use crate::algebra::{Languages, RouteSet};
use crate::checked::{self, Declared, Front, Program, Trail};
use crate::linked::Crate;
use crate::load::{Entry, Files};
use crate::suite::Suite;
use crate::ty::Types;

/// What the checks of one run share.
struct Check<'a> {
    files: &'a Files<'a>,
    /// What was read beside the program, by name.
    texts: BTreeMap<String, Source>,
    sources: &'a [Source],
    catalogue: &'a Catalogue,
    problems: Vec<Problem>,
    names: Names,
    types: Types,
    languages: Languages,
    params: Rc<Params>,
    /// The bounds of the settings in whose place parameters stand, by name: what start-up is to hold them against.
    bounds: BTreeMap<String, bounds::Bounds>,
    /// How it is found out who asks.
    auths: auth::Auths,
    /// Where the gateway listens.
    listeners: Vec<(SocketAddr, Span)>,
    /// The crates whose functions may answer, sorted by name.
    crates: Vec<Crate>,
    /// Whether the gateway says how names are looked up.
    looks_up: bool,
    /// Whether some server is spoken to over TLS: then parameters may give such servers too.
    speaks_tls: bool,
    /// Whether a declaration may be missing from the tree since it could not be read. Then nothing is called missing or
    /// unknown.
    is_torn: bool,
    /// The policies that operators declare, by name.
    policies: BTreeMap<&'a str, &'a PolicyDeclaration>,
    /// The settings of those without parameters.
    written_out: BTreeMap<String, Vec<Checked>>,
    /// Where nothing from outside is to hold: the word, and whether anything would.
    drops: BTreeMap<Span, (&'static str, bool)>,
    /// The answers of the gateway's own that settings speak of, by place.
    spoken: BTreeMap<Span, Spoken>,
    lines: Lines<'a>,
    trails: BTreeMap<(usize, Vec<Span>), Rc<Trail>>,
}

impl<'a> Check<'a> {
    fn slice(&self, span: Span) -> &'a str {
        source(self.sources, span).map_or("", |source| source.slice(span))
    }
}

/// What has come of the check of one entry.
pub(crate) struct Outcome {
    /// Where nothing is wrong but what may be unused.
    pub(crate) program: Option<Program>,
    /// In the order of the text.
    pub(crate) problems: Vec<Problem>,
    /// What this entry declares or imports and does not use. Another entry may.
    pub(crate) unused: Vec<Problem>,
    /// Texts that are no program, and part of the gateway.
    pub(crate) texts: Vec<Source>,
    /// Where that is declared which it uses.
    pub(crate) used: BTreeSet<Span>,
    /// Whether something could not be understood that may use anything.
    pub(crate) is_partial: bool,
    /// Its tests, and what they are run with.
    pub(crate) suite: Suite,
    /// What it sends on.
    pub(crate) hops: Hops,
}

/// Checks an entry with all that it imports.
pub(crate) fn check(files: &Files<'_>, entry: &Entry, catalogue: &Catalogue) -> Outcome {
    let sources = files.sources.as_slice();
    let mut problems = entry.problems.clone();
    let units = unit::units(files, entry, catalogue);
    let is_torn = torn::is_torn(&units.all, &problems);
    if let Some(span) = units.too_many {
        problems.push(problem::too_many_imports(
            &format!("more than {} imports come together", unit::most()),
            span,
        ));
    }
    let units = units.all;
    let names = Names::of(&units, &mut problems);
    let (types, params) = declared(&units, &mut problems);
    let params = Rc::new(params);
    let mut check = Check {
        files,
        texts: BTreeMap::new(),
        sources,
        catalogue,
        problems,
        names,
        languages: Languages::new(),
        auths: auth::Auths::default(),
        listeners: Vec::new(),
        crates: Vec::new(),
        looks_up: false,
        speaks_tls: false,
        is_torn,
        policies: policies(&units),
        written_out: BTreeMap::new(),
        drops: BTreeMap::new(),
        spoken: BTreeMap::new(),
        lines: Lines::of(sources),
        trails: BTreeMap::new(),
        types,
        params: Rc::clone(&params),
        bounds: BTreeMap::new(),
    };
    unknown::check(&mut check, &units);
    let trees = || units.iter().map(|unit| &*unit.file);
    let gateways: Vec<_> = trees().flat_map(File::gateways).collect();
    let upstreams: Vec<_> = trees().flat_map(File::upstreams).collect();
    params.scope.record(gateway::records(&gateways));
    auth::check(&mut check, &units);
    let gateway = gateway::check(&mut check, &gateways);
    check.looks_up = gateway.front.dns.is_some();
    let upstreams = upstream::check(&mut check, &upstreams);
    check.speaks_tls = upstreams.iter().any(|upstream| upstream.secured.is_some());
    if let (Some((_, span)), false) = (&gateway.front.dns, is_torn) {
        upstream::hold_against_dns(&mut check, (&upstreams, gateway.front.trace.as_ref()), *span);
    }
    used::check(&mut check);
    let nested = around::walk(&mut check, &units, &gateway.settings);
    auth::calls(&mut check, &upstreams, &nested);
    let outside = step::outside(&mut check, &gateway.settings, &nested);
    let routes: Vec<_> = nested
        .routes
        .iter()
        .filter_map(|landed| route::check(&mut check, landed, &nested, &upstreams))
        .collect();
    logged(&mut check, &gateway, &outside, &routes);
    let claims =
        RouteSet { routes: routes.iter().map(Route::shape).collect(), floors: nested.floors(&mut check) };
    auth::hold(&mut check, &outside, &routes);
    let order = collision::check(&mut check, &claims);
    let hops = hop::all(&mut check, gateways.first(), (&routes, &claims.routes, &order), &upstreams);
    let assertions = assertion::check(&mut check, &units, &assertion::Known::of(&nested, &routes, &order));
    // Without any route, that is the one thing to say.
    let has_routes = !nested.routes.is_empty();
    if let (Some(gateway), false, false) = (gateways.first(), has_routes, is_torn) {
        check.problems.push(problem::missing_route(gateway.name.span));
    }
    handler::unused(&mut check, &nested);
    let needed = needed(&check, &params, &upstreams);
    hold_changeable(&mut check, &params, &needed, &gateway.front);
    use_names(&mut check, &params);
    let suite = suite(&mut check, &units, &params, &needed);
    mentioned::forgive_unknown(&mut check);
    let (unused, used) = uses(&check, &units, has_routes);
    let is_partial = is_torn || !check.names.lost().is_empty();
    let texts = std::mem::take(&mut check.texts).into_values().collect();
    let mut problems = check.problems;
    gatewright_dsl::problem::sort(&mut problems);
    said_once(&mut problems);
    let bounds = check.bounds;
    let program = problems.is_empty().then(|| {
        let claims = claims.ordered(&order);
        let auths = std::mem::take(&mut check.auths.known).into_iter().map(|(auth, _)| auth);
        let auths = auths.filter(|auth| used.contains(&auth.span)).collect();
        let mut program = program(gateway, (upstreams, auths), routes, (claims, &order), &check.lines);
        program.outside = outside;
        (program.assertions, program.declared) = (assertions, declared::all(&units));
        program.crates = std::mem::take(&mut check.crates);
        params.set_at_start(&mut program, (&needed, &bounds));
        program
    });
    let upstreams = program.iter().flat_map(|it: &Program| &it.upstreams).map(|it| it.name.clone());
    let suite = Suite { upstreams: upstreams.collect(), ..suite };
    Outcome { program, problems, unused, texts, used, is_partial, suite, hops }
}

/// The tests, and what gateways of tests are given.
fn suite(check: &mut Check<'_>, units: &[Unit], params: &Params, needed: &BTreeSet<String>) -> Suite {
    let tests = test::check(check, units);
    let given = test::by_default(params, needed);
    let lacking = params.all.iter().filter(|it| it.default.is_none() && it.live.is_none());
    let lacking =
        lacking.filter(|it| needed.contains(&it.name) && !given.iter().any(|(name, _)| *name == it.name));
    for param in lacking {
        test::hold_given(check, units, &param.name);
    }
    Suite { tests, given, ..Suite::default() }
}

/// What this entry has no use for, and the places of what it uses.
fn uses(check: &Check<'_>, units: &[Unit], has_routes: bool) -> (Vec<Problem>, BTreeSet<Span>) {
    let names = &check.names;
    let mut unused =
        if has_routes && !check.is_torn { names.unused(check.catalogue.who()) } else { Vec::new() };
    mentioned::forgive(check, &mut unused);
    let mut used = names.used();
    for (span, (word, drops)) in &check.drops {
        if *drops {
            used.insert(*span);
        } else {
            unused.push(problem::nothing_to_drop(word, *span));
        }
    }
    let (never, given) = own_answer::never(check, units);
    used.extend(given);
    if !check.is_torn {
        unused.extend(never);
    }
    (unused, used)
}

/// A file for the access log is of no use where no exchange has a line.
fn logged(check: &mut Check<'_>, gateway: &gateway::Gateway, outside: &[checked::Step], routes: &[Route]) {
    let is_silent = |steps: &[checked::Step]| steps.iter().any(checked::Step::silences);
    if let Some((_, span)) = &gateway.front.access_log
        && is_silent(outside)
        && routes.iter().all(|route| is_silent(&route.steps))
    {
        check.problems.push(problem::no_lines(*span));
    }
}

fn policies<'a>(units: &'a [Unit<'a>]) -> BTreeMap<&'a str, &'a PolicyDeclaration> {
    let mut policies = BTreeMap::new();
    for declaration in units.iter().flat_map(|unit| &unit.file.declarations) {
        if let Declaration::Policy(policy) = declaration {
            policies.entry(policy.name.text.as_str()).or_insert(policy);
        }
    }
    policies
}

/// What a policy or a file is refused for is refused wherever it is used or imported.
fn said_once(problems: &mut Vec<Problem>) {
    let mut said: Vec<Problem> = Vec::with_capacity(problems.len());
    for problem in problems.drain(..) {
        let beside = said.iter().rev().take_while(|other| other.span() == problem.span());
        if !beside.into_iter().any(|other| *other == problem) {
            said.push(problem);
        }
    }
    *problems = said;
}

/// The types and parameters of all units.
fn declared(units: &[unit::Unit<'_>], problems: &mut Vec<Problem>) -> (Types, Params) {
    let (mut types, mut params, mut secrets) = (Vec::new(), Vec::new(), Vec::new());
    let mut lives = Vec::new();
    for declaration in units.iter().flat_map(|unit| &unit.file.declarations) {
        match declaration {
            Declaration::Type(it) => types.push(it),
            Declaration::Param(it) => params.push(it),
            Declaration::Secret(it) => secrets.push(it),
            Declaration::Live(it) => lives.push(&**it),
            _ => {}
        }
    }
    let types = types::read(&types, problems);
    let params = params::read(&params, &lives, &secrets, &types, problems);
    (types, params)
}

/// The parameters that this gateway needs. Those that say where servers are that no route of it leads to are used, but not
/// needed.
fn needed(check: &Check<'_>, params: &Params, upstreams: &[Upstream<'_>]) -> BTreeSet<String> {
    let used = check.names.used();
    let (own, others): (Vec<_>, Vec<_>) =
        upstreams.iter().partition(|upstream| used.contains(&upstream.name.span));
    let find = |upstream: &Upstream<'_>| {
        for name in upstream.names() {
            params.scope.find(name);
        }
    };
    own.into_iter().for_each(find);
    let all = params.all.iter().map(|param| param.name.clone());
    let needed = all.filter(|name| params.scope.is_used(name)).collect();
    others.into_iter().for_each(find);
    needed
}

/// Without an admin listener, only a file can change a live value; and without such a value, nothing that it changes can be kept.
fn hold_changeable(check: &mut Check<'_>, params: &Params, needed: &BTreeSet<String>, front: &Front) {
    let changeable = params.all.iter().filter(|param| param.live == Some(checked::Live::Admin));
    let changeable: Vec<_> = changeable.filter(|param| needed.contains(&param.name)).collect();
    if check.is_torn {
        return;
    }
    if front.admin.is_none() {
        for param in &changeable {
            let place = check.names.place(Space::Value, &param.name);
            check.problems.extend(place.map(|span| problem::unchangeable_live(&param.name, span)));
        }
    }
    // One whose use could not be read is one all the same.
    let is_any = params.all.iter().any(|param| param.live == Some(checked::Live::Admin));
    if let (Some((_, span)), false) = (&front.kept, is_any) {
        check.problems.push(problem::nothing_kept(*span));
    }
}

/// Marks the types and parameters that something uses.
fn use_names(check: &mut Check<'_>, params: &Params) {
    for (space, is_used) in [
        (Space::Type, &(|name: &str| check.types.is_used(name)) as &dyn Fn(&str) -> bool),
        (Space::Value, &|name: &str| params.scope.is_used(name)),
    ] {
        let used: Vec<String> =
            check.names.all(space).filter(|name| is_used(name)).map(str::to_owned).collect();
        for name in used {
            check.names.find(space, &name);
        }
    }
}

fn program(
    gateway: Gateway,
    (upstreams, mut auths): (Vec<Upstream<'_>>, Vec<checked::Auth>),
    routes: Vec<Route<'_>>,
    (claims, order): (RouteSet, &[usize]),
    lines: &Lines<'_>,
) -> Program {
    let mut typed: Vec<Option<checked::Route>> = routes
        .into_iter()
        .map(|route| {
            let place = lines.place(route.written.span);
            let told = route.written.terminal().map(|terminal| answer::told(lines, terminal));
            route.checked(place, told.unwrap_or_default())
        })
        .collect();
    let mut routes: Vec<_> =
        order.iter().filter_map(|at| typed.get_mut(*at).and_then(Option::take)).collect();
    let (upstreams, Asking { named, secured }) = used_upstreams(upstreams, &mut routes, &mut auths);
    let Gateway { name, listeners, mut front, .. } = gateway;
    let asked: Vec<_> = auths.iter().flat_map(asked::urls).collect();
    let first =
        |is_one: fn(&Url) -> bool| asked.iter().filter(|(url, _)| is_one(url)).map(|(_, span)| *span).min();
    let traced = front.trace.as_ref().map(|trace| (trace.named, trace.secured)).unwrap_or_default();
    if front.dns.is_none() {
        let named = [named, first(asked::is_named), traced.0].into_iter().flatten().min();
        front.dns = named.map(|span| (gateway::dns_by_default(), span));
    }
    let others = [first(|url| url.scheme == "https"), traced.1].into_iter().flatten().min();
    (front.tls, front.tls_of_others) = (secured, others);
    Program {
        name,
        listeners,
        front,
        crates: Vec::new(),
        params: Vec::new(),
        secrets: Vec::new(),
        auths,
        upstreams,
        outside: Vec::new(),
        routes,
        claims,
        assertions: Vec::new(),
        declared: Declared::new(),
    }
}

/// The settings of upstreams that first ask for something of the runtime.
struct Asking {
    /// For names to be looked up.
    named: Option<Span>,
    /// For TLS.
    secured: Option<Span>,
}

/// The upstreams to which routes of this gateway lead, or that it asks; others are those of other entries. Routes and `auth`s name
/// them by their new numbers. With them comes what they ask for.
fn used_upstreams(
    upstreams: Vec<Upstream<'_>>,
    routes: &mut [checked::Route],
    auths: &mut [checked::Auth],
) -> (Vec<checked::Upstream>, Asking) {
    let mut identity = told::told(&upstreams, routes);
    let mut ends: Vec<&mut usize> = routes
        .iter_mut()
        .flat_map(|route| {
            let arms = route.arms.iter_mut().flat_map(|it| &mut it.arms).map(|arm| &mut arm.end);
            let end = arms.chain([&mut route.end]).filter_map(|end| match end {
                checked::End::Forward { upstream, .. } => Some(upstream),
                _ => None,
            });
            let branches = route.aggregate.iter_mut().flat_map(|it| &mut it.branches);
            end.chain(branches.map(|branch| &mut branch.upstream))
        })
        .chain(auths.iter_mut().flat_map(|auth| &mut auth.calls).map(|call| &mut call.upstream))
        .collect();
    let led_to: BTreeSet<usize> = ends.iter().map(|upstream| **upstream).collect();
    let splits = upstreams.iter().enumerate().filter(|(number, _)| led_to.contains(number));
    let shares = splits.filter_map(|(_, upstream)| upstream.split.as_ref()).flat_map(|split| &split.shares);
    let used: BTreeSet<usize> = led_to.iter().copied().chain(shares.map(|share| share.upstream)).collect();
    let numbers: BTreeMap<usize, usize> = used.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    for end in &mut ends {
        **end = numbers.get(*end).copied().unwrap_or_default();
    }
    let kept = upstreams.into_iter().enumerate().filter(|(number, _)| used.contains(number));
    let kept: Vec<(usize, Upstream<'_>)> = kept.collect();
    let asking = Asking {
        named: kept.iter().filter_map(|(_, upstream)| upstream.named).min(),
        secured: kept.iter().filter_map(|(_, upstream)| upstream.secured).min(),
    };
    let kept = kept.into_iter().map(|(number, upstream)| checked::Upstream {
        identity: identity.remove(&number).unwrap_or_default().into_iter().collect(),
        name: upstream.name.text.clone(),
        servers: upstream.servers,
        parts: upstream.parts,
        split: upstream.split.map(|mut split| {
            for share in &mut split.shares {
                share.upstream = numbers.get(&share.upstream).copied().unwrap_or_default();
            }
            split
        }),
    });
    (kept.collect(), asking)
}

fn source(sources: &[Source], span: Span) -> Option<&Source> {
    sources.get(usize::try_from(span.file).ok()?)
}
