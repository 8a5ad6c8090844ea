//! The row of `balance`: which server of an upstream comes next. How they are counted is the runtime's.

use super::Policy;
use crate::ast::Percent;
use crate::schema::{
    Amount, At, Default, Depends, Dynamic, Effect, Mismatch, Param, Phase, Place, Stage, Type, Value, Values,
    Want,
};
use std::borrow::Cow;
use std::time::Duration;

/// `balance hash by request.header("x-user") ?? "" slow_start 30s panic 50%`
///
/// The runtime's type: `Config { way: Way::Hash, by: Some(…), slow_start: Some(…), panic: 500_000 }`
pub const ROW: Policy = Policy {
    name: "balance",
    summary: "which server comes next",
    phase: Phase::Call,
    params: &[
        Param {
            name: "way",
            at: At::Position,
            ty: Type::Choice(&["round_robin", "least_requests", "hash"]),
            default: Default::Is(Value::Word(Cow::Borrowed("round_robin"))),
            min: None,
            max: None,
            dynamic: Dynamic::No,
            doc: "in turns, the one with fewer requests of two that are drawn, or the same one for the same key",
        },
        Param::optional("by", At::Label, Type::Expr(Want::Key, Stage::Request), "the key of `hash`"),
        Param {
            name: "slow_start",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Absent,
            min: Some(Value::Duration(Duration::from_secs(1))),
            max: Some(Value::Duration(Duration::from_hours(1))),
            dynamic: Dynamic::No,
            doc: "how long a server that is back gets less than its share",
        },
        Param {
            name: "panic",
            at: At::Label,
            ty: Type::Percent,
            default: Default::Is(Value::Percent(Percent(500_000))),
            min: Some(Value::Percent(Percent(0))),
            max: Some(Value::Percent(Percent(1_000_000))),
            dynamic: Dynamic::No,
            doc: "where fewer servers than this are in, all are asked: so many cannot be wrong at once",
        },
    ],
    places: &[Place::Upstream],
    always: true,
    answers: &[super::Reason::new("upstream_unavailable", 503, "no server is in, and `panic` does not hold")],
    depends: &[Depends::closed(
        "a server that is in, or so few of them that `panic` has all asked",
        &["upstream_unavailable"],
    )],
    check: Some(holds_together),
    home: "policy::balance",
    hooks: &[],
    part: true,
    on_return: Some("slow_start"),
    effect: Effect { amounts: &[Amount::neither("slow_start"), Amount::wider("panic")], ..Effect::UNSAID },
    ..Policy::BLANK
};

/// A key belongs to `hash`, and to nothing else.
fn holds_together(values: &Values) -> Option<Mismatch> {
    let hashes = matches!(values.value("way"), Some(Value::Word(way)) if way == "hash");
    match (hashes, values.written("by").is_some()) {
        (true, false) => Some(Mismatch {
            help: Some("say what decides: `hash by client.ip`".into()),
            ..Mismatch::conflict("way", "`hash` without a key", "expected `by` beside it")
        }),
        (false, true) => Some(Mismatch {
            because: Some(("way", "this asks for no key".into())),
            help: Some("write `balance hash by …`, or leave `by` out".into()),
            ..Mismatch::conflict("by", "only `hash` chooses by a key", "")
        }),
        _ => None,
    }
}
