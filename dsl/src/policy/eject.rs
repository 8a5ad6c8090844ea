//! The row of `eject`: when a server that fails is left out for a while. How failures are counted is the runtime's.

use super::{Policy, retry};
use crate::ast::Percent;
use crate::schema::{
    Amount, At, Cause, Default, Dynamic, Effect, Mismatch, Param, Phase, Place, Type, Value, Values,
    ty::Bounds,
};
use std::time::Duration;

/// `eject after 5 for 30s up_to 5m share 50% on connect_failure, 5xx`
///
/// The runtime's type: `Config { after: 5, r#for: …, up_to: …, share: 500_000, on: Some(&[…]) }`
pub const ROW: Policy = Policy {
    name: "eject",
    summary: "when a server that fails is left out for a while",
    phase: Phase::Call,
    params: &[
        Param {
            name: "after",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Is(Value::Int(5)),
            min: Some(Value::Int(1)),
            max: Some(Value::Int(1_000)),
            dynamic: Dynamic::No,
            doc: "how many failures, one directly after the other",
        },
        span("for", 30, "how long the first time; the second time twice as long, and so on"),
        span("up_to", 300, "how long at most"),
        Param {
            name: "share",
            at: At::Label,
            ty: Type::Percent,
            default: Default::Is(Value::Percent(Percent(500_000))),
            min: Some(Value::Percent(Percent(1))),
            max: Some(Value::Percent(Percent(1_000_000))),
            dynamic: Dynamic::No,
            doc: "how many of the servers at most are left out at the same time; one of two or more in any case",
        },
        Param::optional(
            "on",
            At::Label,
            Type::List(&Type::Failure),
            "what is a failure; where it is not written, everything but an answer, and 500 to 599",
        ),
    ],
    places: &[Place::Upstream],
    check: Some(holds_together),
    home: "policy::eject",
    hooks: &[],
    part: true,
    returns: true,
    // A server that is left out is asked for less.
    effect: Effect {
        amounts: &[
            Amount::wider("after"),
            Amount::narrower("for"),
            Amount::narrower("up_to"),
            Amount::narrower("share"),
            Amount::narrower("on"),
        ],
        ..Effect::GUARD
    },
    ..Policy::BLANK
};

const fn span(name: &'static str, default: u64, doc: &'static str) -> Param {
    Param {
        name,
        at: At::Label,
        ty: Type::Duration,
        default: Default::Is(Value::Duration(Duration::from_secs(default))),
        min: Some(Value::Duration(Duration::from_secs(1))),
        max: Some(Value::Duration(Duration::from_hours(24))),
        dynamic: Dynamic::No,
        doc,
    }
}

fn holds_together(values: &Values) -> Option<Mismatch> {
    if let Some(mismatch) = names_failures(values) {
        return Some(mismatch);
    }
    let (Some(Value::Duration(first)), Some(Value::Duration(most))) =
        (values.value("for"), values.value("up_to"))
    else {
        return None;
    };
    let param = if values.written("for").is_some() { "for" } else { "up_to" };
    (first > most).then(|| Mismatch {
        help: Some("make `for` shorter, or `up_to` longer".into()),
        ..Mismatch::conflict(param, "the first time is longer than the longest", "")
    })
}

/// What counts against a server is said once, and is of the server.
pub(super) fn names_failures(values: &Values) -> Option<Mismatch> {
    if let Some(Value::List(causes)) = values.written("on")
        && let Some(twice) = retry::twice(causes)
    {
        return Some(Mismatch {
            help: Some("once is enough".into()),
            ..Mismatch::conflict("on", format!("`{twice}` stands here twice"), "")
        });
    }
    if let Some(Value::List(causes)) = values.written("on")
        && let Some(Value::Cause(Cause::Status(status))) =
            causes.iter().find(|it| matches!(it, Value::Cause(Cause::Status(status)) if *status < 500))
    {
        let message = format!("{status} says something of the request, not of the server");
        return Some(Mismatch {
            help: Some("one client could shut out all others: name statuses from 500 on".into()),
            ..Mismatch::conflict("on", message, "")
        });
    }
    None
}
