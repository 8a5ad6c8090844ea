//! The row of `response`: what is changed on the way to the client. How a head is written is the runtime's.

use super::{Hook, Policy, request};
use crate::schema::{At, Fact, Join, Mismatch, Param, Phase, Row, Stage, Type, Value, Values, Want};

/// `response { set header "x-frame-options" = "DENY"; remove header "server" }`
///
/// The runtime's type: `Config { items: &[Item::Set { name: "x-frame-options", value: … }, Item::Remove { name: "server" }] }`
pub const ROW: Policy = Policy {
    name: "response",
    summary: "what is changed in the head of the answer on the way to the client",
    phase: Phase::Answer,
    reads: &[Fact::Response],
    join: Join::Name,
    block: &[
        edit("set", "one value in the place of all of that name", WRITTEN),
        edit("add", "one value more of that name", WRITTEN),
        edit("default", "a value where the answer has none of that name", WRITTEN),
        edit("remove", "all of that name", NAMED),
    ],
    answers: &[request::EDIT_INVALID],
    hooks: &[Hook::Response],
    home: "policy::response",
    merges: true,
    ..Policy::BLANK
};

const fn edit(name: &'static str, summary: &'static str, params: &'static [Param]) -> Row {
    let (join, key, check) = (Join::Name, &["name"], Some(names_a_field as _));
    Row { name, summary, params, join, key, check, ..Row::BLANK }
}

const WRITTEN: &[Param] = &[PART, NAME, VALUE];
const NAMED: &[Param] = &[PART, NAME];
const PART: Param = Param::required("part", At::Position, Type::Word(&["header"]), "a field of the head");
const NAME: Param = Param::required("name", At::Position, Type::Name, "its name, in lower case");
const VALUE: Param = Param::required(
    "value",
    At::Assigned,
    Type::Expr(Want::Offer, Stage::Response),
    "its value; with `?? none` behind it there may be none",
);

/// What frames a message, and what says how it came here.
const PROTECTED: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "proxy-status",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

fn names_a_field(values: &Values) -> Option<Mismatch> {
    match values.value("name") {
        Some(Value::Text(name)) => crate::schema::field::may_be_written(name, PROTECTED),
        _ => None,
    }
}
