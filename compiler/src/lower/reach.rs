//! What tests can reach of a route beside the route itself: refusals of settings that are written, branches and arms.
//!
//! It is taken from the steps before they become numbers, since only they know what was written.

use std::collections::BTreeMap;

use gatewright_dsl::schema::InTests;

use crate::check::principals;
use crate::checked::{Arm, Auth, Branch, Match, Place, Route, Step};
use crate::ir::{Called, Reach, Refusal, Way};
use crate::routes::written;
use crate::ty::Ty;

/// What there is to reach of a route.
pub(super) fn of(route: &Route, auths: &[Auth]) -> Reach {
    let branches = route.aggregate.iter().flat_map(|aggregate| &aggregate.branches);
    Reach {
        refusals: refusals(&route.steps, auths),
        branches: branches.map(called).collect(),
        arms: route.arms.iter().flat_map(|found| ways(found, auths)).collect(),
    }
}

fn called(branch: &Branch) -> Called {
    Called { name: branch.name.clone(), place: branch.place.clone(), is_optional: branch.is_optional }
}

fn ways(found: &Match, auths: &[Auth]) -> Vec<Way> {
    let is_text = !matches!(found.on.expr.ty, Ty::Bool | Ty::Int(_));
    let way = |arm: &Arm| Way {
        shown: written::listed(&arm.values, is_text),
        place: arm.place.clone(),
        refusals: refusals(&arm.steps, auths),
    };
    found.arms.iter().map(way).collect()
}

/// The reasons with which these steps refuse because of what is written. Several that refuse for one reason are not told apart: a
/// request that is refused is so by one of them.
fn refusals(steps: &[Step], auths: &[Auth]) -> Vec<Refusal> {
    let mut found: BTreeMap<&'static str, BTreeMap<Place, String>> = BTreeMap::new();
    for step in steps {
        let own = step.policy.answers.iter().filter(|reason| reason.is_tested(&step.values));
        let names = step.policy.who.map(|_| principals(&step.values)).unwrap_or_default();
        let asked = names.iter().filter_map(|name| auths.iter().find(|auth| auth.name == name.text));
        let of_kinds = asked.flat_map(|auth| auth.kind.answers);
        // What a kind of `auth` answers is not up to the setting that asks for it.
        let of_kinds = of_kinds.filter(|reason| reason.in_tests == InTests::Yes);
        for reason in own.chain(of_kinds) {
            for trail in &step.trails {
                found.entry(reason.name).or_default().insert(trail.place.clone(), trail.text.clone());
            }
        }
    }
    let refusal =
        |(reason, places): (_, BTreeMap<_, _>)| Refusal { reason, places: places.into_iter().collect() };
    found.into_iter().map(refusal).collect()
}
