//! The settings that hold for a route, as steps: its own, those of the blocks around it, and those of its upstream.
//!
//! In which order they run is decided when they are lowered.

use std::rc::Rc;

use gatewright_dsl::ast::{self, TerminalKind};
use gatewright_dsl::policy::Who;
use gatewright_dsl::schema::{Around, Checked, Phase, Values};
use gatewright_dsl::{Policy, Span};

use super::around::Nested;
use super::join::{Item, Settings};
use super::upstream::Upstream;
use super::{Check, fit, problem, resolve, split, trail};
use crate::checked::{self, Step};

/// A route whose steps are asked for.
pub(super) struct Asked<'r, 'a> {
    pub(super) written: &'r ast::Route,
    /// What holds for it.
    pub(super) settings: &'r Settings,
    /// What it writes itself.
    pub(super) own: &'r [Rc<Item>],
    pub(super) upstream: Option<&'r Upstream<'a>>,
    /// Those that have its servers.
    pub(super) having: &'r [&'r Upstream<'a>],
}

/// All steps of a route, in the order of the catalogue. Where nothing is forwarded, what concerns an upstream does nothing.
pub(super) fn steps(check: &mut Check<'_>, asked: &Asked<'_, '_>, nested: &Nested<'_>) -> Vec<Step> {
    let terminal = asked.written.terminal();
    let is_forward = |way: &ast::Terminal| matches!(way.kind, TerminalKind::Forward { .. });
    let forwards = terminal.is_some_and(|terminal| terminal.ways().any(is_forward));
    let is_match = matches!(terminal.map(|terminal| &terminal.kind), Some(TerminalKind::Match(_)));
    let mut steps: Vec<Step> = Vec::new();
    let with_steps = |policy: &&Policy| !policy.part && policy.has_step();
    for policy in check.catalogue.policies().filter(|policy| with_steps(policy)) {
        // What reads the body does so whatever becomes of it.
        if forwards && is_match && is_of_call(policy) {
            // Each way has its own.
            continue;
        }
        let reads = |item: &Rc<Item>| policy.reads(&item.values).is_some();
        if forwards || policy.runs_alone() || asked.settings.of(policy).iter().any(reads) {
            let upstream = of_upstream(check, asked, policy);
            let inner = asked.settings.of(policy);
            if let [] | [_] = inner {
                steps.extend(one(check, policy, inner.first(), upstream, nested).filter(|step| {
                    // What holds by itself holds where something is forwarded.
                    forwards || !step.trails.is_empty()
                }));
            } else {
                let each = inner.iter().map(|item| step(check, item, item.values.clone(), nested));
                steps.extend(each);
            }
        } else if let (Some(own), Some(terminal)) = (own(asked, policy), terminal) {
            check.problems.push(problem::setting_without_effect(policy.name, own.span, terminal.span));
        }
    }
    accord(check, &steps, asked);
    steps
}

/// What the upstream of a route says of a policy, unless it is said that nothing of that holds.
fn of_upstream<'r, 'a>(
    check: &mut Check<'_>,
    asked: &Asked<'r, 'a>,
    policy: &Policy,
) -> Option<(&'r Upstream<'a>, &'r Checked)> {
    let upstream = asked.upstream?;
    let found = setting(&upstream.settings, policy);
    let Some(dropped) = asked.settings.dropped(policy) else { return Some((upstream, found?)) };
    // What could not be read may say something.
    if found.is_some() || upstream.is_broken {
        drops(check, dropped);
    }
    None
}

fn drops(check: &mut Check<'_>, at: Span) {
    if let Some((_, drops)) = check.drops.get_mut(&at) {
        *drops = true;
    }
}

/// What a route drops may be said by its upstream, where it is not known which that is.
pub(super) fn assume_dropped(check: &mut Check<'_>, settings: &Settings) {
    settings.all_dropped().for_each(|at| drops(check, at));
}

/// Whether it says how an upstream is called.
fn is_of_call(policy: &Policy) -> bool {
    policy.phase == Phase::Call && policy.either.is_none()
}

/// The steps of the call of one way of several: what the route says of calls over what the upstream of that way says.
pub(super) fn of_call(check: &mut Check<'_>, asked: &Asked<'_, '_>, nested: &Nested<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let calls = |policy: &&Policy| is_of_call(policy) && !policy.part && policy.has_step();
    for policy in check.catalogue.policies().filter(calls) {
        let upstream = of_upstream(check, asked, policy);
        steps.extend(one(check, policy, asked.settings.of(policy).first(), upstream, nested));
    }
    accord(check, &steps, asked);
    steps
}

/// Whether each of the steps can do what it says beside the others.
fn accord(check: &mut Check<'_>, steps: &[Step], asked: &Asked<'_, '_>) {
    let methods: Vec<&str> = match &asked.written.methods {
        ast::Methods::Any(_) => Vec::new(),
        ast::Methods::List(names) => names.iter().map(|name| name.text.as_str()).collect(),
    };
    let find = |name: &str| steps.iter().find(|step| step.policy.name == name).map(|step| &step.values);
    let parts = asked.having.iter().flat_map(|upstream| &upstream.parts);
    for step in steps.iter().chain(parts.filter_map(|part| part.step.as_ref())) {
        let Some(accord) = step.policy.accord else { continue };
        let is_own = own(asked, step.policy).is_some_and(|own| Some(own.span) == step.values.span);
        let around = Around { methods: is_own.then_some(&methods), find: &find };
        let mismatch = accord(&step.values, &around);
        check.problems.extend(mismatch.and_then(|mismatch| mismatch.problem(&step.values)));
    }
    fit::check(check, steps);
}

/// The steps of a call that a branch makes: what its upstream says of every call, or what holds by itself. Of a request they know
/// what is known of all.
pub(super) fn of_branch<'a>(
    check: &mut Check<'_>,
    (upstream, all): (&Upstream<'a>, &[Upstream<'a>]),
    nested: &Nested<'_>,
) -> Vec<Step> {
    split::uses(check, upstream, all);
    let mut steps: Vec<Step> = Vec::new();
    let calls = |policy: &&Policy| policy.phase == Phase::Call && !policy.part && policy.either.is_none();
    for policy in check.catalogue.policies().filter(calls) {
        let written = setting(&upstream.settings, policy).map(|setting| (upstream, setting));
        steps.extend(one(check, policy, None, written, nested));
    }
    let find = |name: &str| steps.iter().find(|step| step.policy.name == name).map(|step| &step.values);
    let having = upstream.of(all);
    let parts = having.iter().flat_map(|upstream| &upstream.parts).filter_map(|part| part.step.as_ref());
    for step in steps.iter().chain(parts) {
        let Some(accord) = step.policy.accord else { continue };
        let mismatch = accord(&step.values, &Around { methods: None, find: &find });
        check.problems.extend(mismatch.and_then(|mismatch| mismatch.problem(&step.values)));
    }
    fit::check(check, &steps);
    let params = Rc::clone(&check.params);
    let scope = resolve::scope(check, &params.scope, &[], &[]);
    resolve::steps(check, &scope, &mut steps);
    steps
}

/// The parts of an upstream: for each that there can be, what is written or what holds by itself. Of a request they know
/// what is known of all.
pub(super) fn parts(check: &mut Check<'_>, upstream: &ast::Name, settings: &[Checked]) -> Vec<checked::Part> {
    let mut found = Vec::new();
    let params = Rc::clone(&check.params);
    for policy in check.catalogue.policies().filter(|policy| policy.part) {
        let written = setting(settings, policy);
        let step = policy
            .effective(None, written.map(|setting| &setting.values))
            .map(|values| placeless(policy, values));
        let mut steps: Vec<Step> = step.into_iter().collect();
        for step in &mut steps {
            step.trails.extend(written.map(|setting| trail::of_upstream(check, upstream, setting)));
        }
        let scope = resolve::scope(check, &params.scope, &[], &[]);
        resolve::steps(check, &scope, &mut steps);
        found.push(checked::Part { policy, step: steps.pop() });
    }
    found
}

/// The setting by which a route takes both forms of its path, where one holds.
pub(super) fn either<'s>(check: &Check<'_>, settings: &'s Settings) -> Option<&'s Rc<Item>> {
    let policies = check.catalogue.policies().filter(|policy| policy.either.is_some());
    let mut items = policies.flat_map(|policy| settings.of(policy));
    items.find(|item| item.policy.takes_either(&item.values))
}

/// The setting that says who may come, where one holds.
pub(super) fn settled<'s>(check: &Check<'_>, settings: &'s Settings) -> Option<&'s Rc<Item>> {
    let mut policies = check.catalogue.policies().filter(|policy| policy.who.is_some_and(Who::settles));
    policies.find_map(|policy| settings.of(policy).first())
}

/// What runs for exchanges that no route has. Of a request only that is known which is known of all.
pub(super) fn outside(check: &mut Check<'_>, settings: &Settings, nested: &Nested<'_>) -> Vec<Step> {
    let with_steps = check.catalogue.policies().filter(|policy| policy.has_step());
    let items = with_steps.flat_map(|policy| settings.of(policy));
    let items: Vec<Rc<Item>> = items.cloned().collect();
    let mut steps: Vec<Step> =
        items.iter().map(|item| step(check, item, item.values.clone(), nested)).collect();
    let params = Rc::clone(&check.params);
    let scope = resolve::scope(check, &params.scope, &[], &steps);
    resolve::steps(check, &scope, &mut steps);
    steps
}

/// The step of a setting that stands once, or nowhere, around a route.
fn one(
    check: &mut Check<'_>,
    policy: &'static Policy,
    inner: Option<&Rc<Item>>,
    upstream: Option<(&Upstream<'_>, &Checked)>,
    nested: &Nested<'_>,
) -> Option<Step> {
    let outer = upstream.map(|(_, setting)| &setting.values);
    let values = policy.effective(inner.map(|item| &item.values), outer)?;
    let mut made = match inner {
        Some(item) => step(check, item, values, nested),
        None => placeless(policy, values),
    };
    made.trails.extend(upstream.map(|(of, setting)| trail::of_upstream(check, of.name, setting)));
    Some(made)
}

/// The step of values that stand in no block around a route: an upstream's, or what holds by itself.
fn placeless(policy: &'static Policy, values: Values) -> Step {
    let origin = values.span.into_iter().collect();
    Step { policy, origin, values, resolved: Vec::new(), depth: 0, trails: Vec::new() }
}

fn step(check: &mut Check<'_>, item: &Item, values: Values, nested: &Nested<'_>) -> Step {
    Step {
        policy: item.policy,
        values,
        resolved: Vec::new(),
        depth: nested.depth(item.written.around),
        origin: item.origin(),
        trails: vec![trail::of_item(check, item, nested)],
    }
}

fn own<'r>(asked: &Asked<'r, '_>, policy: &Policy) -> Option<&'r Rc<Item>> {
    asked.own.iter().find(|own| own.policy.name == policy.name)
}

fn setting<'a>(settings: &'a [Checked], policy: &Policy) -> Option<&'a Checked> {
    settings.iter().find(|setting| setting.policy.is_some_and(|own| own.name == policy.name))
}
