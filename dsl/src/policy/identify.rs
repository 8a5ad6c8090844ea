//! The row of `identify`: who is known where a request says it, on a route that takes others too.

use super::require::{INVALID, NAMES, UNAVAILABLE, repeated};
use super::{Policy, Who};
use crate::schema::{Amount, Effect, Fact, Mismatch, Phase, Value, Values};

/// `identify customer`
///
/// The runtime's type: `Config { names: &[0] }`
pub const ROW: Policy = Policy {
    name: "identify",
    summary: "who is known where a request says it; one that says nothing is let in",
    phase: Phase::Identify,
    reads: &[Fact::Head],
    gives: &[Fact::Principal],
    params: &[NAMES],
    answers: &[INVALID, UNAVAILABLE],
    check: Some(says_whom),
    home: "policy::identify",
    who: Some(Who::Perhaps),
    effect: Effect { amounts: &[Amount::narrower("names")], ..Effect::GUARD },
    ..Policy::BLANK
};

fn says_whom(values: &Values) -> Option<Mismatch> {
    match values.value("names") {
        Some(Value::List(names)) => repeated(names),
        _ => None,
    }
}
