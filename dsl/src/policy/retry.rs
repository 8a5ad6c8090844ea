//! The row of `retry`: when a request that failed is sent once more. What may be sent again is the runtime's to know.

use super::{Fit, Policy};
use crate::ast::Percent;
use crate::problem::accord::NOT_REPEATABLE;
use crate::schema::ty::{FAILURES, UNSENT};
use crate::schema::{
    Amount, Around, At, Cause, Default, Dynamic, Effect, Mismatch, Param, Phase, Place, Sense, Type, Value,
    Values, ty::Bounds,
};
use std::time::Duration;

/// `retry 2 on connect_failure, 503 budget 20% at_least 3 backoff 25ms up_to 250ms idempotent "idempotency-key"`
///
/// The runtime's type: `Config { times: 2, on: &[Cause::Reason("connect_failure"), Cause::Status(503)], budget: 200_000,
/// at_least: 3, backoff: …, up_to: …, idempotent: Some("idempotency-key") }`
pub const ROW: Policy = Policy {
    name: "retry",
    summary: "when a request that failed is sent once more",
    phase: Phase::Call,
    params: &[
        Param {
            name: "times",
            at: At::Position,
            ty: Type::Int(Bounds::NONE),
            default: Default::Required,
            min: Some(Value::Int(1)),
            max: Some(Value::Int(10)),
            dynamic: Dynamic::No,
            doc: "how often at most, after the first time",
        },
        Param::required("on", At::Label, Type::List(&Type::Failure), "after what"),
        Param {
            name: "budget",
            at: At::Label,
            ty: Type::Percent,
            default: Default::Is(Value::Percent(Percent(200_000))),
            min: Some(Value::Percent(Percent(0))),
            max: Some(Value::Percent(Percent(1_000_000))),
            dynamic: Dynamic::No,
            doc: "how much more is sent to the upstream at most, for each of its requests",
        },
        Param {
            name: "at_least",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Is(Value::Int(3)),
            min: Some(Value::Int(0)),
            max: Some(Value::Int(1_000)),
            dynamic: Dynamic::No,
            doc: "how many in ten seconds the budget allows in any case",
        },
        pause("backoff", 25, "how long the first wait is at most; each further one twice as long"),
        pause("up_to", 250, "how long any wait is at most"),
        Param::optional(
            "idempotent",
            At::Label,
            Type::Name,
            "the field that tells a server what it has had already: with it, requests of every method are sent again",
        ),
    ],
    places: &[Place::Upstream, Place::Group, Place::Host, Place::Policy, Place::Route],
    check: Some(holds_together),
    accord: Some(fits),
    fits: &[Fit { times: Some("times"), of: "timeout", part: "each", whole: "total" }],
    repeats: Some(seen),
    home: "policy::retry",
    effect: Effect {
        there: Sense::Wider,
        amounts: &[
            Amount::wider("times"),
            Amount::wider("on"),
            Amount::wider("budget"),
            Amount::wider("at_least"),
            Amount::neither("backoff"),
            Amount::neither("up_to"),
        ],
        ..Effect::UNSAID
    },
    ..Policy::BLANK
};

const fn pause(name: &'static str, default: u64, doc: &'static str) -> Param {
    Param {
        name,
        at: At::Label,
        ty: Type::Duration,
        default: Default::Is(Value::Duration(Duration::from_millis(default))),
        min: Some(Value::Duration(Duration::from_millis(1))),
        max: Some(Value::Duration(Duration::from_mins(1))),
        dynamic: Dynamic::No,
        doc,
    }
}

fn holds_together(values: &Values) -> Option<Mismatch> {
    if let Some(Value::Text(name)) = values.written("idempotent")
        && let Some(mismatch) = Mismatch::of_field("idempotent", name)
    {
        return Some(mismatch);
    }
    if let Some(Value::List(causes)) = values.written("on")
        && let Some(twice) = twice(causes)
    {
        return Some(Mismatch {
            help: Some("once is enough".into()),
            ..Mismatch::conflict("on", format!("`{twice}` stands here twice"), "")
        });
    }
    let (Some(Value::Duration(first)), Some(Value::Duration(most))) =
        (values.value("backoff"), values.value("up_to"))
    else {
        return None;
    };
    let param = if values.written("up_to").is_some() { "up_to" } else { "backoff" };
    (first > most).then(|| Mismatch {
        help: Some("make `backoff` shorter, or `up_to` longer".into()),
        ..Mismatch::conflict(param, "the first wait is longer than the longest", "")
    })
}

/// Whether the further tries can ever be made: they have the time, and the methods of the route allow them.
fn fits(values: &Values, around: &Around<'_>) -> Option<Mismatch> {
    let Some(Value::Int(times)) = values.value("times") else { return None };
    if let Some(methods) = around.methods
        && !methods.is_empty()
        && methods.iter().all(|method| !IDEMPOTENT.contains(method))
        && values.written("idempotent").is_none()
        && let Some(Value::List(causes)) = values.value("on")
        && let Some(cause) = causes.iter().find(|cause| !is_unsent(cause))
    {
        return Some(Mismatch {
            kind: &NOT_REPEATABLE,
            help: Some(
                "retry on `connect_failure` alone, or name the field by which a server knows what it has had: `idempotent \"idempotency-key\"`".into(),
            ),
            ..Mismatch::conflict(
                "on",
                format!("after `{cause}` a {} may have had its effect already", methods.join(" or ")),
                "it would never be sent again",
            )
        });
    }
    let timeout = (around.find)("timeout")?;
    let (Some(Value::Duration(each)), Some(Value::Duration(total))) =
        (timeout.written("each"), timeout.value("total"))
    else {
        return None;
    };
    let tries = u32::try_from(*times).ok()?.checked_add(1)?;
    let needed = each.checked_mul(tries)?;
    (needed > *total).then(|| Mismatch {
        help: Some(format!(
            "a `timeout` of {} or more, an `each` of {} or less, or fewer tries",
            Value::Duration(needed),
            Value::Duration(floor(*total / tries))
        )),
        ..Mismatch::settings(
            "times",
            format!(
                "{tries} tries of {} each do not fit into a `timeout` of {}",
                Value::Duration(*each),
                Value::Duration(*total)
            ),
            "the last of them can never be made",
        )
    })
}

/// RFC 9110 section 9.2.2; what a route can name.
const IDEMPOTENT: &[&str] = &["GET", "HEAD", "PUT", "DELETE", "OPTIONS"];

/// Whether no server has seen the request.
fn is_unsent(cause: &Value) -> bool {
    let Value::Cause(Cause::Reason(reason)) = cause else { return false };
    FAILURES.iter().take(UNSENT).any(|unsent| unsent == reason)
}

/// How often at most servers see one request with this method: a try that no server has seen does not count.
fn seen(values: &Values, method: &str) -> u32 {
    let is_sent_again = IDEMPOTENT.contains(&method) || values.written("idempotent").is_some();
    let (Some(Value::Int(times)), Some(Value::List(causes)), true) =
        (values.value("times"), values.value("on"), is_sent_again)
    else {
        return 1;
    };
    if causes.iter().all(is_unsent) { 1 } else { u32::try_from(*times).unwrap_or(u32::MAX).saturating_add(1) }
}

/// In whole milliseconds, as it would be written.
fn floor(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// What stands in a list of failures more than once.
pub(super) fn twice(causes: &[Value]) -> Option<String> {
    let mut seen: Vec<&Cause> = Vec::new();
    for value in causes {
        let Value::Cause(cause) = value else { continue };
        if seen.contains(&cause) {
            return Some(value.to_string());
        }
        seen.push(cause);
    }
    None
}
