//! The words of an `upstream` block. Policies that may stand there are not listed here.

use crate::schema::{At, Default, Join, Param, Row, Type};

/// Where the servers are.
pub const WORDS: &[Row] = &[SERVER];

const SERVER: Row = Row {
    name: "server",
    summary: "one or more servers that answer alike",
    params: &[Param {
        name: "url",
        at: At::Position,
        ty: Type::List(&Type::Origin(&["http"])),
        default: Default::Required,
        min: None,
        max: None,
        dynamic: false,
        doc: "scheme, host and port, without a path",
    }],
    join: Join::All,
    required: true,
    ..Row::BLANK
};
