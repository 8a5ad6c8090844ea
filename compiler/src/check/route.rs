//! Routes, one by one: methods, pattern, what they do, and the settings that hold for them.
//!
//! How routes lie to each other is asked afterwards, in `collision`.

use std::collections::BTreeSet;
use std::rc::Rc;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{self, Methods, Segment, TerminalKind, Value};
use gatewright_dsl::schema::{AGGREGATED, HANDLED, Place};

use super::aggregate::{self, Seen};
use super::around::{self, Landed, Nested};
use super::expr::scope::Scope;
use super::join::{self, Item, Settings, Written};
use super::rewrite::Space;
use super::step::{self, Asked};
use super::upstream::Upstream;
use super::when::{self, When};
use super::{
    Check, answer, arms, contract, handler, own_answer, pattern, problem, resolve, split, target, trail, used,
};
use crate::algebra::{Method, Pattern, Shape};
use crate::checked::{self, End, Step, Trail};

/// A route as far as it is understood.
pub(super) struct Route<'a> {
    pub(super) written: &'a ast::Route,
    pub(super) methods: Vec<Method>,
    pub(super) pattern: pattern::Pattern<'a>,
    /// The other form of its path, where it takes that too, and the setting that says so.
    pub(super) other: Option<Other>,
    /// Under which conditions it is there: those of the blocks around it, and its own.
    pub(super) when: When,
    /// Its hosts.
    pub(super) hosts: Vec<Pattern>,
    pub(super) steps: Vec<Step>,
    /// `None` where its terminal is missing or wrong.
    pub(super) end: Option<End>,
    /// What becomes one answer, where it ends so.
    pub(super) aggregate: Option<Box<checked::Aggregate>>,
    /// What is done for each value, where it ends so.
    pub(super) arms: Option<Box<checked::Match>>,
}

/// The form of a route's path that is not written.
pub(super) struct Other {
    pattern: Pattern,
    /// The setting that says that it is taken.
    span: Span,
    trail: Rc<Trail>,
}

/// Reads a route. `None` where its requests are not known.
pub(super) fn check<'a>(
    check: &mut Check<'a>,
    landed: &Landed<'a>,
    nested: &Nested<'a>,
    upstreams: &[Upstream<'_>],
) -> Option<Route<'a>> {
    let written = landed.route;
    let around = nested.arounds.get(landed.around)?;
    let (settings, own) = settings(check, landed, &around.settings);
    guarded(check, written, &settings);
    let leads: Vec<Option<usize>> = leads(check, written, upstreams);
    // Of a broken head only the names count.
    if written.broken || !around.is_known {
        assume(check, &settings);
        return None;
    }
    let methods = methods(&written.methods);
    let mut is_known = true;
    for segment in &written.pattern.segments {
        if let Segment::Capture(capture) = segment {
            is_known &= around::is_new(check, &around.segments, around.host, &capture.name);
        }
    }
    let Some(mut pattern) = pattern::check(check, around, &written.pattern) else {
        assume(check, &settings);
        return None;
    };
    pattern.captures.extend(around.hosts.iter().flat_map(|hosts| hosts.captures.iter().cloned()));
    let other = other(check, (&pattern, written), &settings, &own, nested);
    let hosts = around.hosts();
    // Where there are several ways, each has what its upstream says.
    let is_match = matches!(written.terminal().map(|it| &it.kind), Some(TerminalKind::Match(_)));
    let all: Vec<&Upstream<'_>> = leads.iter().flatten().filter_map(|at| upstreams.get(*at)).collect();
    let outer = all.first().copied().filter(|_| !is_match);
    let having = outer.map(|outer| outer.of(upstreams)).unwrap_or_default();
    let asked = Asked { written, settings: &settings, own: &own, upstream: outer, having: &having };
    let mut steps = step::steps(check, &asked, nested);
    let params = Rc::clone(&check.params);
    let scope = resolve::scope(check, &params.scope, &pattern.captures, &steps);
    resolve::steps(check, &scope, &mut steps);
    let mut ways = Vec::new();
    if is_match {
        for at in &leads {
            let upstream = at.and_then(|at| upstreams.get(at));
            let having = upstream.map(|upstream| upstream.of(upstreams)).unwrap_or_default();
            let asked = Asked { upstream, having: &having, ..asked };
            let mut of_call = upstream.map(|_| step::of_call(check, &asked, nested)).unwrap_or_default();
            resolve::steps(check, &scope, &mut of_call);
            ways.push(of_call);
        }
    }
    if let Some(TerminalKind::Aggregate(branches)) = written.terminal().map(|terminal| &terminal.kind) {
        let asked = aggregate::upstreams(branches, upstreams);
        let having: Vec<&Upstream<'_>> = asked.iter().flat_map(|upstream| upstream.of(upstreams)).collect();
        own_answer::note(check, &steps, &having, AGGREGATED);
    } else if ends(written, &leads) {
        let is_handler = |way: &ast::Terminal| matches!(way.kind, TerminalKind::Handler(_));
        let handles = written.terminal().is_some_and(|it| it.ways().any(is_handler));
        let having: Vec<&Upstream<'_>> = all.iter().flat_map(|upstream| upstream.of(upstreams)).collect();
        let steps: Vec<Step> = steps.iter().chain(ways.iter().flatten()).cloned().collect();
        own_answer::note(check, &steps, &having, if handles { HANDLED } else { &[] });
    } else {
        assume(check, &settings);
    }
    let (end, aggregate, arms) = match written.terminal().map(|terminal| (terminal, &terminal.kind)) {
        Some((_, TerminalKind::Aggregate(of))) => {
            let seen = Seen { pattern: &pattern, scope: &scope, upstreams, nested };
            let aggregate = aggregate::check(check, of, &seen);
            (aggregate.is_some().then_some(End::Aggregate), aggregate, None)
        }
        Some((_, TerminalKind::Match(of))) => {
            let arms = arms_of(check, of, (&pattern, &scope), leads.iter().copied().zip(ways));
            (arms.is_some().then_some(End::Match), None, arms)
        }
        Some((terminal, _)) => {
            let end = end(check, terminal, (&pattern, &scope), leads.first().copied().flatten());
            (end, None, None)
        }
        None => (None, None, None),
    };
    let whens: Vec<&Value> = around.whens.iter().copied().chain(&written.when).collect();
    let when = when::check(check, &whens)?;
    let route =
        Route { written, methods: methods?, pattern, other, when, hosts, steps, end, aggregate, arms };
    contract::hold(check, &route, upstreams);
    is_known.then_some(route)
}

impl Route<'_> {
    /// The typed route, once everything is known to be right.
    pub(super) fn checked(self, place: checked::Place, told: checked::Told) -> Option<checked::Route> {
        let names: Vec<&str> = self.methods.iter().map(|method| method.name()).collect();
        let label = format!("{} {}", names.join(", "), self.pattern.label);
        let Self { written, steps, end, other, aggregate, arms, .. } = self;
        let either = other.map(|other| other.trail);
        let (head, end) = (written.head, end?);
        Some(checked::Route { place, head, label, either, steps, end, aggregate, arms, told })
    }

    /// The requests that it claims.
    pub(super) fn shape(&self) -> Shape {
        let pattern = self.written.pattern.span;
        let span = self.written.methods.span().map_or(pattern, |methods| methods.to(pattern));
        let other = self.other.iter().map(|other| &other.pattern);
        let paths = std::iter::once(&self.pattern.set).chain(other).cloned().collect();
        let methods = self.methods.clone();
        Shape {
            span,
            hosts: self.hosts.clone(),
            paths,
            either: self.other.as_ref().map(|other| other.span),
            methods,
            when: self.when.condition.clone(),
            asks: self.when.asks.clone(),
        }
    }
}

/// Where it is not known what a route does, its settings may be needed.
fn assume(check: &mut Check<'_>, settings: &Settings) {
    own_answer::assume(check, settings);
    step::assume_dropped(check, settings);
}

/// What holds for a route, and the settings that it writes itself.
fn settings(check: &mut Check<'_>, landed: &Landed<'_>, around: &Settings) -> (Settings, Vec<Rc<Item>>) {
    let Some(block) = landed.route.whole_block() else { return (around.clone(), Vec::new()) };
    let written = Written { around: landed.around, imports: landed.imports.clone() };
    let layer = used::layer(check, &block, Place::Route, &written);
    let items = layer.values().flat_map(|said| &said.items);
    let own = items.filter(|item| item.uses.is_empty()).cloned().collect();
    (join::over(check, around, &layer), own)
}

/// Where a program asks anybody who they are, each route says who may come.
fn guarded(check: &mut Check<'_>, written: &ast::Route, settings: &Settings) {
    if check.auths.first.is_some() && step::settled(check, settings).is_none() {
        check.auths.unguarded.push(written.head);
    }
}

/// The other form of a route's path, where it takes both.
fn other(
    check: &mut Check<'_>,
    (pattern, written): (&pattern::Pattern<'_>, &ast::Route),
    settings: &Settings,
    own: &[Rc<Item>],
    nested: &Nested<'_>,
) -> Option<Other> {
    let item = Rc::clone(step::either(check, settings)?);
    let Some(other) = pattern.set.other_slash() else {
        // A block around it says so for other routes too.
        if own.iter().any(|own| own.span == item.span) {
            let problem = problem::no_other_slash(item.policy.name, item.span, written.pattern.span);
            check.problems.push(problem);
        }
        return None;
    };
    if let Some(problem) = pattern::too_long(&other, written.pattern.span) {
        check.problems.push(problem);
        return None;
    }
    Some(Other { pattern: other, span: item.span, trail: trail::of_item(check, &item, nested) })
}

/// The methods, sorted. `None` where one of them is unknown, which the parser has said.
fn methods(written: &Methods) -> Option<Vec<Method>> {
    let mut methods = match written {
        Methods::Any(_) => vec![Method::Any],
        Methods::List(names) => names.iter().map(|name| Method::named(&name.text)).collect::<Option<_>>()?,
    };
    methods.sort_unstable();
    methods.dedup();
    Some(methods)
}

/// For each way that the route may take, the upstream that it leads to, if it leads to one.
fn leads(check: &mut Check<'_>, written: &ast::Route, upstreams: &[Upstream<'_>]) -> Vec<Option<usize>> {
    let Some(terminal) = written.terminal() else {
        check.names.lose(Space::Upstream);
        return Vec::new();
    };
    if matches!(&terminal.kind, TerminalKind::Match(it) if it.broken) {
        // What could not be read may lead anywhere.
        check.names.lose(Space::Upstream);
    }
    terminal.ways().map(|terminal| upstream(check, terminal, upstreams)).collect()
}

/// The upstream that a terminal leads to, if it leads to one.
fn upstream(check: &mut Check<'_>, terminal: &ast::Terminal, upstreams: &[Upstream<'_>]) -> Option<usize> {
    let TerminalKind::Forward { upstream: name, .. } = &terminal.kind else { return None };
    if check.names.find(Space::Upstream, &name.text).is_none() {
        if !check.is_torn {
            check.problems.push(problem::unknown_upstream(
                &name.text,
                name.span,
                check.names.all(Space::Upstream),
            ));
        }
        return None;
    }
    let found = upstreams.binary_search_by(|known| known.name.text.as_str().cmp(&name.text)).ok();
    if let Some(upstream) = found.and_then(|at| upstreams.get(at)) {
        split::uses(check, upstream, upstreams);
    }
    found
}

/// Whether it is known what the route does, as far as its own answers depend on it.
fn ends(written: &ast::Route, leads: &[Option<usize>]) -> bool {
    let Some(terminal) = written.terminal() else { return false };
    let is_broken = matches!(&terminal.kind, TerminalKind::Match(it) if it.broken);
    let mut ways = terminal.ways().zip(leads);
    let is_known = |(way, lead): (&ast::Terminal, &Option<usize>)| {
        lead.is_some() || !matches!(way.kind, TerminalKind::Forward { .. })
    };
    !is_broken && ways.all(is_known)
}

/// The ways of a `match`. `None` where they are not understood, which has been reported.
fn arms_of(
    check: &mut Check<'_>,
    written: &ast::Match,
    (pattern, scope): (&pattern::Pattern<'_>, &Scope<'_>),
    ways: impl Iterator<Item = (Option<usize>, Vec<Step>)>,
) -> Option<Box<checked::Match>> {
    if written.broken {
        return None;
    }
    let before = check.problems.len();
    let values = arms::values(check, written, scope);
    let (mut ends, mut used, mut drops) = (Vec::new(), BTreeSet::new(), true);
    for (arm, (upstream, steps)) in written.arms.iter().zip(ways) {
        let end = match &arm.terminal.kind {
            // A capture may be what another arm is for.
            TerminalKind::Forward { path: Some(path), .. } => {
                let (target, names) = target::asked(check, path, (pattern, scope));
                used.extend(names);
                upstream.map(|upstream| End::Forward { upstream, target: Some(target) })
            }
            TerminalKind::Forward { path: None, .. } => {
                drops = false;
                upstream.map(|upstream| End::Forward { upstream, target: None })
            }
            _ => end(check, &arm.terminal, (pattern, scope), upstream),
        };
        let told = answer::told(&check.lines, &arm.terminal);
        ends.push((check.lines.place(arm.span), steps, end, told));
    }
    let forwards = |arm: &ast::Arm| matches!(arm.terminal.kind, TerminalKind::Forward { .. });
    if drops && written.arms.iter().any(forwards) {
        target::unused(check, pattern, scope, &used, written.span);
    }
    if check.problems.len() > before {
        return None;
    }
    let (on, values) = values?;
    let arms = values.into_iter().zip(ends).map(|(values, (place, steps, end, told))| {
        Some(checked::Arm { place, values, steps, end: end?, told })
    });
    Some(Box::new(checked::Match { on, arms: arms.collect::<Option<_>>()? }))
}

/// What is done. `None` where that is not known.
fn end(
    check: &mut Check<'_>,
    terminal: &ast::Terminal,
    (pattern, scope): (&pattern::Pattern<'_>, &Scope<'_>),
    upstream: Option<usize>,
) -> Option<End> {
    match &terminal.kind {
        TerminalKind::Forward { path, .. } => {
            let target = path.as_ref().map(|template| target::path(check, template, (pattern, scope)));
            Some(End::Forward { upstream: upstream?, target })
        }
        TerminalKind::Respond { status, body } => answer::respond(check, scope, *status, body.as_ref()),
        TerminalKind::Redirect { status, target, query } => {
            let mut location = target::location(check, target, (pattern, scope));
            if let Some(word) = query {
                target::followed(check, &mut location, *word);
            }
            Some(End::Redirect { status: status.code, location })
        }
        TerminalKind::Handler(it) => handler::check(check, scope, it).map(End::Handler),
        // They have readings of their own.
        TerminalKind::Aggregate(_) | TerminalKind::Match(_) => None,
    }
}
