//! The row of `breaker`: when an upstream that fails is left alone for a while. How failures are counted is the runtime's.

use super::{Policy, Reason, eject};
use crate::ast::Percent;
use crate::schema::{
    Amount, At, Default, Depends, Dynamic, Effect, Param, Phase, Place, Type, Value, ty::Bounds,
};
use std::time::Duration;

/// `breaker share 50% over 10s at_least 20 for 5s jitter 10% probes 3 on connect_failure, 5xx`
///
/// The runtime's type: `Config { share: 500_000, over: …, at_least: 20, r#for: …, jitter: 100_000, probes: 3, on: Some(&[…]) }`
pub const ROW: Policy = Policy {
    name: "breaker",
    summary: "when an upstream that fails is left alone for a while",
    phase: Phase::Call,
    params: &[
        percent("share", 500_000, (1, 1_000_000), "which share of the requests fails when it opens"),
        span("over", 10, (1, 600), "of the requests of how long, to a tenth of it"),
        count("at_least", 20, 1_000_000, "of how many requests in that time at least"),
        span("for", 5, (1, 3_600), "how long it stays open"),
        percent("jitter", 100_000, (0, 500_000), "by how much of that it is longer or shorter, by chance"),
        count("probes", 3, 100, "how many requests then go through, all of which must succeed"),
        Param::optional(
            "on",
            At::Label,
            Type::List(&Type::Failure),
            "what is a failure; where it is not written, everything but an answer, and 500 to 599",
        ),
    ],
    places: &[Place::Upstream],
    answers: &[Reason::new("breaker_open", 503, "too many requests have failed, and `for` is not over")],
    depends: &[Depends::closed("an upstream that does not fail too often", &["breaker_open"])],
    check: Some(eject::names_failures),
    home: "policy::breaker",
    hooks: &[],
    part: true,
    effect: Effect {
        amounts: &[
            Amount::wider("share"),
            Amount::wider("at_least"),
            Amount::narrower("for"),
            Amount::neither("jitter"),
            Amount::narrower("on"),
        ],
        ..Effect::GUARD
    },
    ..Policy::BLANK
};

const fn span(name: &'static str, default: u64, bounds: (u64, u64), doc: &'static str) -> Param {
    Param {
        name,
        at: At::Label,
        ty: Type::Duration,
        default: Default::Is(Value::Duration(Duration::from_secs(default))),
        min: Some(Value::Duration(Duration::from_secs(bounds.0))),
        max: Some(Value::Duration(Duration::from_secs(bounds.1))),
        dynamic: Dynamic::No,
        doc,
    }
}

const fn percent(name: &'static str, default: u32, bounds: (u32, u32), doc: &'static str) -> Param {
    Param {
        name,
        at: At::Label,
        ty: Type::Percent,
        default: Default::Is(Value::Percent(Percent(default))),
        min: Some(Value::Percent(Percent(bounds.0))),
        max: Some(Value::Percent(Percent(bounds.1))),
        dynamic: Dynamic::No,
        doc,
    }
}

const fn count(name: &'static str, default: i64, most: i64, doc: &'static str) -> Param {
    Param {
        name,
        at: At::Label,
        ty: Type::Int(Bounds::NONE),
        default: Default::Is(Value::Int(default)),
        min: Some(Value::Int(1)),
        max: Some(Value::Int(most)),
        dynamic: Dynamic::No,
        doc,
    }
}
