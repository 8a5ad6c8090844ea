//! The words of an `upstream` block. Policies that may stand there are not listed here.

use crate::schema::ty::Bounds;
use std::net::IpAddr;

use crate::schema::{At, Default, Join, Mismatch, Param, Row, Type, Value, Values};

/// How a server is spoken to; behind `http+srv` stands a name whose SRV records say where servers are (RFC 2782).
pub const SCHEMES: &[&str] = &["http", SERVICE];

/// The scheme of servers that SRV records name.
pub const SERVICE: &str = "http+srv";

/// Where the servers are.
pub const WORDS: &[Row] = &[SERVER];

const SERVER: Row = Row {
    name: "server",
    summary: "one or more servers that answer alike",
    params: &[
        Param {
            name: "url",
            at: At::Position,
            ty: Type::List(&Type::Origin(SCHEMES)),
            default: Default::Required,
            min: None,
            max: None,
            dynamic: true,
            doc: "scheme, host and port, without a path; `http+srv` with a name whose SRV records say where servers are",
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
        Param::flag("optional", "the gateway starts even where their names cannot be found"),
    ],
    join: Join::All,
    required: true,
    check: Some(has_names),
    ..Row::BLANK
};

/// An address is always known.
fn has_names(values: &Values) -> Option<Mismatch> {
    let urls = match values.value("url") {
        Some(Value::List(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => return None,
    };
    let is_address = |url: &Value| matches!(url, Value::Url(url) if url.host.parse::<IpAddr>().is_ok());
    let is_optional = values.value("optional") == Some(&Value::Bool(true));
    (is_optional && urls.iter().all(is_address)).then(|| Mismatch {
        help: Some("leave `optional` out".into()),
        ..Mismatch::conflict(
            "optional",
            "nothing has to be found here".to_owned(),
            "each of these servers has an address",
        )
    })
}
