//! The words of an `upstream` block. Policies that may stand there are not listed here.

use crate::schema::ty::Bounds;
use crate::schema::{At, Default, Join, Param, Row, Type, Value};

/// Where the servers are.
pub const WORDS: &[Row] = &[SERVER];

const SERVER: Row = Row {
    name: "server",
    summary: "one or more servers that answer alike",
    params: &[
        Param {
            name: "url",
            at: At::Position,
            ty: Type::List(&Type::Origin(&["http"])),
            default: Default::Required,
            min: None,
            max: None,
            dynamic: true,
            doc: "scheme, host and port, without a path",
        },
        Param {
            name: "weight",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Is(Value::Int(1)),
            min: Some(Value::Int(1)),
            max: Some(Value::Int(1_000)),
            dynamic: false,
            doc: "the share of the requests that each of them gets, beside the weights of the others",
        },
        Param::flag("backup", "they are asked only where no other server is in"),
    ],
    join: Join::All,
    required: true,
    ..Row::BLANK
};
