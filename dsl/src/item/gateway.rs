//! The words of a `gateway` block. Policies that may stand there are not listed here.

use crate::schema::{At, Default, Join, Param, Row, Type};

/// Where the gateway listens, and what it records.
pub const WORDS: &[Row] = &[LISTEN, LOG];

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
            dynamic: false,
            doc: "address and port; a port alone means every address of the machine",
        },
    ],
    join: Join::All,
    required: true,
    ..Row::BLANK
};

const LOG: Row = Row {
    name: "log",
    summary: "whether requests are written to the access log",
    params: &[Param {
        name: "what",
        at: At::Position,
        ty: Type::Word(&["none"]),
        default: Default::Required,
        min: None,
        max: None,
        dynamic: false,
        doc: "`none` writes nothing",
    }],
    ..Row::BLANK
};
