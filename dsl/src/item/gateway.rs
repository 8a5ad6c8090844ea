//! The words of a `gateway` block. Policies that may stand there are not listed here.

use crate::schema::{At, Default, Join, Param, Row, Type};

/// Where the gateway listens.
pub const WORDS: &[Row] = &[LISTEN];

const LISTEN: Row = Row {
    name: "listen",
    summary: "an address on which clients are served",
    params: &[
        Param {
            name: "protocol",
            at: At::Position,
            ty: Type::Word(&["http"]),
            default: Default::Required,
            min: None,
            max: None,
            dynamic: false,
            doc: "what is spoken there",
        },
        Param {
            name: "address",
            at: At::Position,
            ty: Type::Addr,
            default: Default::Required,
            min: None,
            max: None,
            dynamic: true,
            doc: "address and port; a port alone means every address of the machine",
        },
    ],
    join: Join::All,
    required: true,
    ..Row::BLANK
};
