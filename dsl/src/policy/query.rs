//! The row of `query`: a field of the query that a route declares. How a query is read is the runtime's.

use super::{Policy, Reason};
use crate::schema::{At, Effect, Fact, Join, Param, Source, Type};

/// `query page: int(1..) = 1`
///
/// The runtime's type, which `header` and `cookie` share: `Config { items: &[Item::Query { field: Field { name: "page",
/// required: false, many: false, check: …, expected: "int(1..)" } }, …] }`
pub const ROW: Policy = Policy {
    name: "query",
    summary: "a field of the query, its type, and what it is where it is not sent",
    reads: &[Fact::Head],
    params: &[Param::required(
        "field",
        At::Position,
        Type::Field(Source::Query),
        "name and type; `= default` where it may be missing, `as other` for another name in expressions",
    )],
    join: Join::Name,
    key: &["field"],
    answers: &[WRONG_FIELDS],
    home: "policy::query",
    merges: true,
    effect: Effect::GUARD,
    ..Policy::BLANK
};

/// What fields of all kinds have in common: one answer tells of all that is wrong.
pub(super) const WRONG_FIELDS: Reason = Reason::new(
    "wrong_fields",
    400,
    "a declared field is missing, is not of its type, or stands there more than once",
);
