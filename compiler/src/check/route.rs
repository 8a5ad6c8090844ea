//! Routes, one by one: methods, pattern, what they do, and the settings that hold for them.
//!
//! How routes lie to each other is asked afterwards, in `collision`.

use gatewright_dsl::Policy;
use gatewright_dsl::ast::{self, Methods, TerminalKind};
use gatewright_dsl::schema::{Checked, Phase, Place, Values, check_block};

use super::pattern;
use super::rewrite::Space;
use super::upstream::Upstream;
use super::{Check, answer, problem, target};
use crate::algebra::{Method, Pattern, Shape};
use crate::checked::{self, End, Step};

/// A route as far as it is understood.
pub(super) struct Route<'a> {
    pub(super) written: &'a ast::Route,
    pub(super) methods: Vec<Method>,
    pub(super) pattern: pattern::Pattern<'a>,
    pub(super) steps: Vec<Step>,
    /// `None` where its terminal is missing or wrong.
    pub(super) end: Option<End>,
}

/// Reads a route. `None` where its requests are not known.
pub(super) fn check<'a>(
    check: &mut Check<'_>,
    written: &'a ast::Route,
    upstreams: &[Upstream<'_>],
) -> Option<Route<'a>> {
    let settings = settings(check, written);
    let upstream = upstream(check, written, upstreams);
    // Of a broken head only the names count.
    if written.broken {
        return None;
    }
    let methods = methods(&written.methods);
    let pattern = pattern::check(check, &written.pattern)?;
    let end = end(check, written, &pattern, upstream);
    let outer = upstream.and_then(|at| upstreams.get(at)).map_or(&[][..], |upstream| &upstream.settings);
    let steps = steps(check, written, &settings, outer);
    Some(Route { written, methods: methods?, pattern, steps, end })
}

impl Route<'_> {
    /// The typed route, once everything is known to be right.
    pub(super) fn checked(self, place: checked::Place) -> Option<checked::Route> {
        let names: Vec<&str> = self.methods.iter().map(|method| method.name()).collect();
        let label = format!("{} {}", names.join(", "), self.pattern.label);
        let Self { steps, end, .. } = self;
        Some(checked::Route { place, label, steps, end: end? })
    }

    /// The requests that it claims.
    pub(super) fn shape(&self) -> Shape {
        let pattern = self.written.pattern.span;
        let span = self.written.methods.span().map_or(pattern, |methods| methods.to(pattern));
        let (path, methods) = (self.pattern.set.clone(), self.methods.clone());
        Shape { span, hosts: vec![Pattern::every()], path, methods }
    }
}

fn settings(check: &mut Check<'_>, written: &ast::Route) -> Vec<Checked> {
    let Some(block) = &written.block else { return Vec::new() };
    let (settings, problems) = check_block(block, Place::Route, check.catalogue);
    check.problems.extend(problems);
    settings
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

/// The upstream that the route leads to, if it leads to one.
fn upstream(check: &mut Check<'_>, written: &ast::Route, upstreams: &[Upstream<'_>]) -> Option<usize> {
    let Some(terminal) = written.terminal() else {
        check.names.lose(Space::Upstream);
        return None;
    };
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
    upstreams.binary_search_by(|known| known.name.text.as_str().cmp(&name.text)).ok()
}

/// What the route does. `None` where that is not known.
fn end(
    check: &mut Check<'_>,
    written: &ast::Route,
    pattern: &pattern::Pattern<'_>,
    upstream: Option<usize>,
) -> Option<End> {
    match &written.terminal()?.kind {
        TerminalKind::Forward { path, .. } => {
            let target = path.as_ref().map(|template| target::path(check, template, pattern));
            Some(End::Forward { upstream: upstream?, target })
        }
        TerminalKind::Respond { status, body } => Some(answer::respond(*status, body.as_ref())),
        TerminalKind::Redirect { status, target } => {
            let location = target::location(check, target, pattern);
            Some(End::Redirect { status: status.code, location })
        }
    }
}

/// The policies that hold, in running order: those of the route, and for one that forwards also those of its upstream
/// and those that hold by themselves.
fn steps(check: &mut Check<'_>, written: &ast::Route, own: &[Checked], outer: &[Checked]) -> Vec<Step> {
    let terminal = written.terminal();
    let forwards = terminal.is_some_and(|terminal| matches!(terminal.kind, TerminalKind::Forward { .. }));
    let mut steps: Vec<Step> = Vec::new();
    for policy in check.catalogue.policies() {
        let [own, outer] = [own, outer].map(|settings| setting(settings, policy));
        if let (Some(own), Some(terminal), false) = (own, terminal, forwards || runs_alone(policy)) {
            check.problems.push(problem::setting_without_effect(policy.name, own.span, terminal.span));
        } else if forwards || own.is_some() {
            let values = policy.effective(own.map(|own| &own.values), outer.map(|outer| &outer.values));
            steps.extend(values.map(|values| step(policy, values)));
        }
    }
    // Stable: within a phase, the order of the catalogue.
    steps.sort_by_key(|step| step.policy.phase);
    steps
}

/// What the compiler would have to resolve in the values, there is none yet that a program can write.
fn step(policy: &'static Policy, values: Values) -> Step {
    let origin = values.span.into_iter().collect();
    Step { policy, values, resolved: Vec::new(), depth: 0, origin }
}

fn setting<'a>(settings: &'a [Checked], policy: &Policy) -> Option<&'a Checked> {
    settings.iter().find(|setting| setting.policy.is_some_and(|own| own.name == policy.name))
}

/// Whether a policy does something where nothing is forwarded.
fn runs_alone(policy: &Policy) -> bool {
    !matches!(policy.phase, Phase::Receive | Phase::Send | Phase::Call)
}
