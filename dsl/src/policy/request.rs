//! The row of `request`: what is changed on the way to an upstream. How a head is written is the runtime's.

use super::{Policy, Reason};
use crate::problem::setting::PROTECTED_FIELD;
use crate::schema::field::{self, PROTECTED};
use crate::schema::{At, Fact, Join, Mismatch, Param, Phase, Row, Stage, Type, Value, Values};

/// `request { set header "x-customer" = customer.sub; remove query "debug" }`
///
/// The runtime's type: `Config { items: &[Item::Set { part: Part::Header, name: "x-customer", value: … },
/// Item::Remove { part: Part::Query, name: "debug" }] }`
pub const ROW: Policy = Policy {
    name: "request",
    summary: "what is changed in the head and the query on the way to the upstream",
    phase: Phase::Send,
    reads: &[Fact::Head],
    join: Join::Name,
    block: &[
        edit("set", "one value in the place of all of that name", WRITTEN),
        edit("add", "one value more of that name", WRITTEN),
        edit("default", "a value where the client sent none of that name", WRITTEN),
        Row { sends: None, ..edit("remove", "all of that name", NAMED) },
    ],
    answers: &[EDIT_INVALID],
    home: "policy::request",
    merges: true,
    ..Policy::BLANK
};

/// Only a value of the request can be such: those of answers were read as fields.
pub(super) const EDIT_INVALID: Reason = Reason::new(
    "edit_invalid",
    400,
    "a value that is to be written holds what no field may hold, such as a line break",
)
.not_in_tests();

const fn edit(name: &'static str, summary: &'static str, params: &'static [Param]) -> Row {
    let (join, key, check) = (Join::Name, &["part", "name"], Some(names_a_field as _));
    Row { name, summary, params, join, key, check, sends: Some(field_of), ..Row::BLANK }
}

/// The header field that an edit writes.
fn field_of(values: &Values) -> Option<&str> {
    match (values.value("part"), values.value("name")) {
        (Some(Value::Word(part)), Some(Value::Text(name))) if part == "header" => Some(name),
        _ => None,
    }
}

const WRITTEN: &[Param] = &[PART, NAME, VALUE];
const NAMED: &[Param] = &[PART, NAME];
const PART: Param = Param::required(
    "part",
    At::Position,
    Type::Choice(&["header", "query"]),
    "a field of the head, or of the query",
);
const NAME: Param =
    Param::required("name", At::Position, Type::Name, "its name; of a header field in lower case");
const VALUE: Param = Param::required(
    "value",
    At::Assigned,
    Type::Sent(Stage::Request),
    "its value; it may be a secret, and with `?? none` behind it there may be none",
);

/// A header field has a name that fields can have, and one that may be written.
fn names_a_field(values: &Values) -> Option<Mismatch> {
    match (values.value("part"), values.value("name")) {
        (Some(Value::Word(part)), Some(Value::Text(name))) if part == "header" => {
            field::may_be_written(name, PROTECTED)
        }
        _ => None,
    }
}

/// What is wrong with the name of a header field in which the gateway tells both sides something, in a row with this
/// parameter. Neither side may have another use for it.
pub(crate) fn may_be_carried(param: &'static str, name: &str) -> Option<Mismatch> {
    let lower = name.to_ascii_lowercase();
    let is_taken =
        PROTECTED.contains(&&*lower) || SPOKEN.contains(&&*lower) || lower.starts_with("x-forwarded-");
    if is_taken {
        return Some(Mismatch {
            kind: &PROTECTED_FIELD,
            help: Some("take a name that has no other use, such as `x-request-id`".into()),
            ..Mismatch::conflict(
                param,
                format!("`{lower}` has a use of its own"),
                "cannot carry anything else",
            )
        });
    }
    Mismatch::of_field(param, name)
}

/// Fields that every client, server or proxy may send for a purpose of their own.
const SPOKEN: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "forwarded",
    "location",
    "origin",
    "proxy",
    "proxy-status",
    "range",
    "set-cookie",
    "user-agent",
    "vary",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];
