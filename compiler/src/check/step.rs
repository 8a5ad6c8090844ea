//! The settings that hold for a route, as steps: its own, those of the blocks around it, and those of its upstream.
//!
//! In which order they run is decided when they are lowered.

use std::rc::Rc;

use gatewright_dsl::Policy;
use gatewright_dsl::ast::{self, TerminalKind};
use gatewright_dsl::schema::{Checked, Phase, Values};

use super::around::Nested;
use super::join::{Item, Settings};
use super::upstream::Upstream;
use super::{Check, problem, resolve, trail};
use crate::checked::Step;

/// A route whose steps are asked for.
pub(super) struct Asked<'r, 'a> {
    pub(super) written: &'r ast::Route,
    /// What holds for it.
    pub(super) settings: &'r Settings,
    /// What it writes itself.
    pub(super) own: &'r [Rc<Item>],
    pub(super) upstream: Option<&'r Upstream<'a>>,
}

/// All steps of a route, in the order of the catalogue. Where nothing is forwarded, what concerns an upstream does nothing.
pub(super) fn steps(check: &mut Check<'_>, asked: &Asked<'_, '_>, nested: &Nested<'_>) -> Vec<Step> {
    let terminal = asked.written.terminal();
    let forwards = terminal.is_some_and(|terminal| matches!(terminal.kind, TerminalKind::Forward { .. }));
    let mut steps: Vec<Step> = Vec::new();
    for policy in check.catalogue.policies() {
        if forwards || runs_alone(policy) {
            let upstream = asked.upstream.and_then(|it| Some((it, setting(&it.settings, policy)?)));
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
    steps
}

/// What runs for exchanges that no route has. Of a request only that is known which is known of all.
pub(super) fn outside(check: &mut Check<'_>, settings: &Settings, nested: &Nested<'_>) -> Vec<Step> {
    let items = check.catalogue.policies().flat_map(|policy| settings.of(policy));
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
        None => Step {
            policy,
            origin: values.span.into_iter().collect(),
            values,
            resolved: Vec::new(),
            depth: 0,
            trails: Vec::new(),
        },
    };
    made.trails.extend(upstream.map(|(of, setting)| trail::of_upstream(check, of, setting)));
    Some(made)
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

/// Whether a policy does something where nothing is forwarded.
fn runs_alone(policy: &Policy) -> bool {
    !matches!(policy.phase, Phase::Receive | Phase::Send | Phase::Call)
}
