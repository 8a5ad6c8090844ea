//! What tests can reach of a route beside the route itself: refusals of settings that are written, branches and arms.
//!
//! It is taken from the steps before they become numbers, since only they know what was written; where each has its place in the chain is
//! known afterwards.

use std::collections::BTreeMap;
use std::rc::Rc;

use gatewright_dsl::schema::InTests;

use crate::check::principals;
use crate::checked::{Arm, Auth, Branch, Match, Place, Resolved, Route, Step, Trail};
use crate::ir::{self, By, Called, Reach, Refusal, Trails, Way};
use crate::routes::written;
use crate::ty::Ty;

/// What there is to reach of a route, of which it is not known yet which step is which.
pub(super) struct Found {
    refusals: Vec<Refused>,
    branches: Vec<Called>,
    arms: Vec<(String, Place, Vec<Refused>)>,
}

/// A reason for which one setting refuses.
struct Refused {
    reason: &'static str,
    trail: Rc<Trail>,
    /// The word of the setting and the name of the field, where it declares one.
    field: Option<(&'static str, String)>,
}

/// What there is to reach of a route.
pub(super) fn of(route: &Route, auths: &[Auth]) -> Found {
    let branches = route.aggregate.iter().flat_map(|aggregate| &aggregate.branches);
    Found {
        refusals: refusals(&route.steps, auths),
        branches: branches.map(called).collect(),
        arms: route.arms.iter().flat_map(|found| ways(found, auths)).collect(),
    }
}

fn called(branch: &Branch) -> Called {
    Called { name: branch.name.clone(), place: branch.place.clone(), is_optional: branch.is_optional }
}

impl Found {
    /// The same once the route, and each of its arms, has a chain.
    pub(super) fn placed(self, trails: &Trails, arms: &[ir::Arm]) -> Reach {
        let Self { refusals, branches, arms: ways } = self;
        let ways = ways.into_iter().zip(arms);
        let way = |((shown, place, refusals), arm): ((String, Place, Vec<Refused>), &ir::Arm)| Way {
            shown,
            place,
            refusals: together(refusals, &arm.trails),
        };
        Reach { refusals: together(refusals, trails), branches, arms: ways.map(way).collect() }
    }
}

fn ways(found: &Match, auths: &[Auth]) -> Vec<(String, Place, Vec<Refused>)> {
    let is_text = !matches!(found.on.expr.ty, Ty::Bool | Ty::Int(_));
    let way =
        |arm: &Arm| (written::listed(&arm.values, is_text), arm.place.clone(), refusals(&arm.steps, auths));
    found.arms.iter().map(way).collect()
}

/// The reasons with which these steps refuse because of what is written.
fn refusals(steps: &[Step], auths: &[Auth]) -> Vec<Refused> {
    let mut found = Vec::new();
    for step in steps {
        let own = step.policy.answers.iter().filter(|reason| reason.is_tested(&step.values));
        let names = step.policy.who.map(|_| principals(&step.values)).unwrap_or_default();
        let asked = names.iter().filter_map(|name| auths.iter().find(|auth| auth.name == name.text));
        let of_kinds = asked.flat_map(|auth| auth.kind.answers);
        // What a kind of `auth` answers is not up to the setting that asks for it.
        let of_kinds = of_kinds.filter(|reason| reason.in_tests == InTests::Yes);
        let field = step.resolved.iter().find_map(|resolved| match resolved {
            Resolved::Field { name, .. } => Some((step.policy.name, name.clone())),
            _ => None,
        });
        for reason in own.chain(of_kinds) {
            found.extend(step.trails.iter().map(|trail| Refused {
                reason: reason.name,
                trail: Rc::clone(trail),
                field: field.clone(),
            }));
        }
    }
    found
}

/// What refuses for one reason as one step is one thing, unless each has a field of its own.
fn together(refusals: Vec<Refused>, trails: &Trails) -> Vec<Refusal> {
    let mut found: BTreeMap<(&'static str, By), BTreeMap<Place, String>> = BTreeMap::new();
    for Refused { reason, trail, field } in refusals {
        let step = || trails.iter().position(|own| own.iter().any(|own| Rc::ptr_eq(own, &trail)));
        let by = match field {
            Some((word, name)) => By::Field(word, name),
            // INVARIANT: what refuses is a step.
            None => By::Step(step().unwrap_or_default()),
        };
        found.entry((reason, by)).or_default().insert(trail.place.clone(), trail.text.clone());
    }
    let refusal = |((reason, by), places): ((_, By), BTreeMap<_, _>)| Refusal {
        reason,
        places: places.into_iter().collect(),
        by,
    };
    found.into_iter().map(refusal).collect()
}
