//! The row of `deny`: which requests may not come in. It is the other side of `only`, and takes the same.

use super::{Guard, Policy, Reason, only};
use crate::schema::{Amount, At, Effect, Fact, Join, Param, Stage, Type, Want};

/// `deny ip 203.0.113.0/24` or `deny if request.header("x-debug") is set`
///
/// The runtime's type: `Config { ip: None, r#if: Some(…), status: 403, retry_after: None, state: Slot(0) }`
pub const ROW: Policy = Policy {
    name: "deny",
    summary: "which requests are refused",
    reads: &[Fact::Client],
    params: &[
        only::ip("the networks and addresses from which no request may come"),
        Param::optional("if", At::Label, Type::Expr(Want::Bool, Stage::Request), "what must not hold"),
        only::status("the status of the refusal"),
        only::RETRY_AFTER,
    ],
    join: Join::All,
    answers: &[Reason {
        status_of: Some("status"),
        ..Reason::new("denied", 403, "a request is one of those that `deny` refuses")
    }],
    check: Some(only::says_one_thing),
    home: "policy::deny",
    state: Some("policy::deny::State"),
    guard: Some(Guard::Refuses),
    effect: Effect { amounts: &[Amount::narrower("ip"), Amount::neither("retry_after")], ..Effect::GUARD },
    ..Policy::BLANK
};
