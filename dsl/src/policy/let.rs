//! The row of `let`: a name for a value. What it stands for is put in the place of the name by the compiler.

use super::{Guard, Policy, Reason};
use crate::schema::{At, Effect, Join, Param, Type, Want};

/// `let plan = customer.plan ?? "free"` or `let t = tenants[tenant] else 404`
///
/// The runtime's type, where `else` is written: `Config { value: ("t", …), r#else: 404 }`
pub const ROW: Policy = Policy {
    name: "let",
    summary: "a name for a value",
    params: &[
        Param::required(
            "value",
            At::Position,
            Type::Binding(Want::IsSet),
            "the name, and what it stands for",
        ),
        Param::optional("else", At::Label, Type::Status(400, 599), "the answer where there is no such value"),
    ],
    join: Join::Name,
    key: &["value"],
    answers: &[Reason {
        status_of: Some("else"),
        with: Some("else"),
        ..Reason::new("value_missing", 404, "there is no value, and `else` says what then")
    }],
    home: "policy::let",
    acts: Some("else"),
    guard: Some(Guard::Lets),
    effect: Effect::GUARD,
    ..Policy::BLANK
};
