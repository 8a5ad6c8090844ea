//! The row of `concurrency`: how many requests an upstream has at once. Who waits for a place, and how, is the runtime's.

use super::{Policy, Reason};
use crate::schema::{
    Amount, Around, At, Default, Depends, Dynamic, Effect, Mismatch, Param, Phase, Place, Type, Value,
    Values, ty::Bounds,
};
use std::time::Duration;

/// `concurrency 200 queue 100 within 250ms`
///
/// The runtime's type: `Config { most: 200, queue: Some(100), within: … }`
pub const ROW: Policy = Policy {
    name: "concurrency",
    summary: "how many requests an upstream has at once",
    phase: Phase::Call,
    params: &[
        Param {
            name: "most",
            at: At::Position,
            ty: Type::Int(Bounds::NONE),
            default: Default::Required,
            min: Some(Value::Int(1)),
            max: Some(Value::Int(1_000_000)),
            dynamic: Dynamic::No,
            doc: "how many at most",
        },
        Param {
            name: "queue",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Absent,
            min: Some(Value::Int(1)),
            max: Some(Value::Int(100_000)),
            dynamic: Dynamic::No,
            doc: "how many more may wait for a place; nobody waits where it is not written",
        },
        Param {
            name: "within",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Is(Value::Duration(Duration::from_secs(1))),
            min: Some(Value::Duration(Duration::from_millis(1))),
            max: Some(Value::Duration(Duration::from_mins(1))),
            dynamic: Dynamic::No,
            doc: "how long they wait at most",
        },
    ],
    places: &[Place::Upstream],
    answers: &[
        Reason::new("queue_full", 503, "all places are taken, and those for waiting too"),
        Reason {
            with: Some("queue"),
            ..Reason::new("queue_timeout", 503, "no place was free within `within`")
        },
    ],
    depends: &[Depends::closed(
        "a place at the upstream, or one in its queue",
        &["queue_full", "queue_timeout"],
    )],
    check: Some(holds_together),
    accord: Some(fits),
    home: "policy::concurrency",
    hooks: &[],
    part: true,
    effect: Effect {
        amounts: &[Amount::wider("most"), Amount::wider("queue").or_least(), Amount::wider("within")],
        ..Effect::GUARD
    },
    ..Policy::BLANK
};

/// A time to wait belongs to a queue.
fn holds_together(values: &Values) -> Option<Mismatch> {
    (values.written("within").is_some() && values.written("queue").is_none()).then(|| Mismatch {
        help: Some("write `queue …` in front of it, or leave it out".into()),
        ..Mismatch::conflict("within", "nobody waits without a `queue`", "this would have no effect")
    })
}

/// Whether a request that has waited for as long as it may can still be answered.
fn fits(values: &Values, around: &Around<'_>) -> Option<Mismatch> {
    let Some(Value::Duration(within)) = values.written("within") else { return None };
    let Some(Value::Duration(total)) = (around.find)("timeout")?.value("total") else { return None };
    (within >= total).then(|| Mismatch {
        help: Some(format!("a `within` of less than {}, or a longer `timeout`", Value::Duration(*total))),
        ..Mismatch::settings(
            "within",
            format!(
                "a request may wait for {}, and has to be answered within {}",
                Value::Duration(*within),
                Value::Duration(*total)
            ),
            "who waits for so long is never answered",
        )
    })
}
