//! The row of `only`: which requests may come in. What a condition is, and how addresses are compared, is not said here.

use std::time::Duration;

use super::{Guard, Policy, Reason};
use crate::schema::{
    Amount, At, Default, Dynamic, Effect, Fact, Join, Mismatch, Param, Stage, Type, Value, Values, Want,
};

/// `only ip 10.0.0.0/8, 192.168.1.7` or `only if customer.sub == user status 404`
///
/// The runtime's type: `Config { ip: Some(Setting::Is(&[(…, 8), (…, 32)])), r#if: None, status: 403, retry_after: None,
/// state: Slot(0) }`
pub const ROW: Policy = Policy {
    name: "only",
    summary: "which requests are let in; all others are refused",
    reads: &[Fact::Client],
    params: &[
        ip("the networks and addresses from which requests may come"),
        Param::optional("if", At::Label, Type::Expr(Want::Bool, Stage::Request), "what must hold"),
        status("the status of the refusal"),
        RETRY_AFTER,
    ],
    join: Join::All,
    answers: &[Reason {
        status_of: Some("status"),
        ..Reason::new("not_allowed", 403, "a request is not one of those that `only` lets in")
    }],
    check: Some(says_one_thing),
    home: "policy::only",
    state: Some("policy::only::State"),
    guard: Some(Guard::Lets),
    effect: Effect { amounts: &[Amount::wider("ip"), Amount::neither("retry_after")], ..Effect::GUARD },
    ..Policy::BLANK
};

/// Where from: several networks, or the name of a parameter that is a list of them.
pub(super) const fn ip(doc: &'static str) -> Param {
    Param {
        name: "ip",
        at: At::Label,
        ty: Type::List(&Type::Net),
        default: Default::Absent,
        min: None,
        max: None,
        dynamic: Dynamic::Live,
        doc,
    }
}

pub(super) const fn status(doc: &'static str) -> Param {
    Param {
        name: "status",
        at: At::Label,
        ty: Type::Status(400, 503),
        default: Default::Is(Value::Status(403)),
        min: None,
        max: None,
        dynamic: Dynamic::No,
        doc,
    }
}

/// For a refusal that is over some time.
pub(super) const RETRY_AFTER: Param = Param {
    name: "retry_after",
    at: At::Label,
    ty: Type::Duration,
    default: Default::Absent,
    min: Some(Value::Duration(Duration::from_secs(1))),
    max: Some(Value::Duration(Duration::from_hours(24))),
    dynamic: Dynamic::Live,
    doc: "after how long whoever is refused may come again: `Retry-After`",
};

/// A guard asks for an address or for a condition. What refuses on purpose is no failure of a server.
pub(super) fn says_one_thing(values: &Values) -> Option<Mismatch> {
    let (ip, condition) = (values.written("ip"), values.written("if"));
    if let Some(Value::Status(status @ 500..=502)) = values.value("status") {
        return Some(Mismatch {
            help: Some("write `503` for what is closed for a time, or a status below 500".into()),
            ..Mismatch::conflict(
                "status",
                format!("`{status}` says that a server has failed"),
                "refuses on purpose",
            )
        });
    }
    match (ip, condition) {
        (Some(_), Some(_)) => Some(Mismatch {
            because: Some(("ip", "and this is the other".into())),
            help: Some(format!("write two settings: `{0} ip …` and `{0} if …`", values.word)),
            ..Mismatch::conflict("if", format!("`{}` asks two things at once", values.word), "one of them")
        }),
        (None, None) => Some(Mismatch {
            help: Some(format!("write `{0} ip 10.0.0.0/8` or `{0} if CONDITION`", values.word)),
            ..Mismatch::conflict("ip", format!("`{}` asks for nothing", values.word), "expected `ip` or `if`")
        }),
        _ => None,
    }
}
