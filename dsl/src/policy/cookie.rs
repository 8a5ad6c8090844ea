//! The row of `cookie`: a cookie that a route declares. How cookies are read is the runtime's.

use super::{Policy, query};
use crate::schema::{At, Effect, Fact, Join, Param, Source, Type};

/// `cookie theme: "light" | "dark" = "light"`
///
/// It shares the runtime's type, and the step, with `query`: `Item::Cookie { field: Field { … } }`
pub const ROW: Policy = Policy {
    name: "cookie",
    summary: "a cookie, its type, and what it is where it is not sent",
    reads: &[Fact::Head],
    params: &[Param::required(
        "field",
        At::Position,
        Type::Field(Source::Cookie),
        "name and type; `= default` where it may be missing, `as other` for another name in expressions",
    )],
    join: Join::Name,
    key: &["field"],
    answers: &[query::WRONG_FIELDS],
    home: "policy::query",
    merges: true,
    effect: Effect::GUARD,
    ..Policy::BLANK
};
