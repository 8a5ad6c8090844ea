//! The row of `header`: a field of the request's head that a route declares. How it is read is the runtime's.

use super::{Policy, query};
use crate::schema::{At, Effect, Fact, Join, Param, Source, Type};

/// `header x-tenant: uuid as tenant`
///
/// It shares the runtime's type, and the step, with `query`: `Item::Header { field: Field { … } }`
pub const ROW: Policy = Policy {
    name: "header",
    summary: "a field of the request's head, its type, and what it is where it is not sent",
    reads: &[Fact::Head],
    params: &[Param::required(
        "field",
        At::Position,
        Type::Field(Source::Header),
        "name, in lower case, and type; `= default` where it may be missing, `as other` for another name in expressions",
    )],
    join: Join::Name,
    key: &["field"],
    answers: &[query::WRONG_FIELDS],
    home: "policy::query",
    merges: true,
    effect: Effect::GUARD,
    ..Policy::BLANK
};
