//! The words of an `upstream` block. Policies that may stand there are not listed here.

use crate::schema::ty::Bounds;
use std::net::IpAddr;

use crate::schema::{At, Default, Dynamic, Join, Mismatch, Param, Row, Stage, Type, Value, Values, Want};

/// How a server is spoken to; behind `http+srv` and `https+srv` stands a name whose SRV records say where servers are (RFC 2782).
pub const SCHEMES: &[&str] = &["http", "https", "http+srv", "https+srv"];

/// The schemes of servers that start-up gives.
pub const GIVEN: &[&str] = &["http", "https"];

/// The feature of the runtime that servers need which are spoken to over TLS.
pub const TLS_FEATURE: &str = "tls";

/// Where the servers are, or which upstreams have them.
pub const WORDS: &[Row] = &[SERVER, SPLIT, CONTRACT, BEHIND];

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
            dynamic: Dynamic::Start,
            doc: "scheme, host and port, without a path; `https` over TLS; with `+srv` behind the scheme, a name whose SRV records say where servers are",
        },
        Param {
            name: "weight",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Is(Value::Int(1)),
            min: Some(Value::Int(1)),
            max: Some(Value::Int(1_000)),
            dynamic: Dynamic::No,
            doc: "the share of the requests that each of them gets, beside the weights of the others",
        },
        Param::flag("backup", "they are asked only where no other server is in"),
        Param::flag("optional", "the gateway starts even where their names cannot be found"),
    ],
    join: Join::All,
    check: Some(has_names),
    ..Row::BLANK
};

/// `contract openapi "orders.yaml"`
pub const CONTRACT: Row = Row {
    name: "contract",
    summary: "what the servers say of themselves: what is asked of them here is held against it",
    params: &[
        Param::required(
            "kind",
            At::Position,
            Type::Word(&["openapi"]),
            "OpenAPI 3.0 or 3.1, as JSON or YAML",
        ),
        Param::required(
            "file",
            At::Position,
            Type::String(Bounds { min: Some(1), max: Some(1_024) }),
            "the file, from the folder of this one",
        ),
    ],
    ..Row::BLANK
};

/// `behind gateway back_office amplification 9`, `behind tries 3`
pub const BEHIND: Row = Row {
    name: "behind",
    summary: "what else tries requests again on their way: tries of both multiply",
    params: &[
        Param::optional(
            "gateway",
            At::Label,
            Type::Name,
            "the servers are a gateway of this project, by its name: its own retries count",
        ),
        Param {
            name: "tries",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Absent,
            min: Some(Value::Int(1)),
            max: Some(Value::Int(1_000)),
            dynamic: Dynamic::No,
            doc: "how often at most the servers, or a proxy in front of them, try each request by themselves",
        },
        Param {
            name: "amplification",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Absent,
            min: Some(Value::Int(2)),
            max: Some(Value::Int(1_000_000)),
            dynamic: Dynamic::No,
            doc: "how often at most one request may arrive in all, where both try again",
        },
    ],
    check: Some(says_who_tries),
    ..Row::BLANK
};

/// Either who is there, or how often it tries.
fn says_who_tries(values: &Values) -> Option<Mismatch> {
    let is = |name: &str| values.written(name).is_some();
    let conflict = |param, message: &str, label: &str| {
        let help = "write `behind gateway NAME` for a gateway of this project, or `behind tries 3`";
        Some(Mismatch { help: Some(help.into()), ..Mismatch::conflict(param, message, label) })
    };
    match (is("gateway"), is("tries")) {
        (true, true) => {
            conflict("tries", "`behind` says two things at once", "how often a gateway tries is read from it")
        }
        (false, false) => {
            let param = if is("amplification") { "amplification" } else { "gateway" };
            conflict(param, "`behind` does not say what is there", "expected `gateway` or `tries`")
        }
        _ => None,
    }
}

/// `split orders_next weight 5 pin request.header("x-next") is set`, `split by request.cookie("visitor") ?? ""`
const SPLIT: Row = Row {
    name: "split",
    summary: "other upstreams between which requests are shared out, in the place of servers",
    params: &[
        Param::optional("to", At::Position, Type::Upstream, "an upstream that gets a share"),
        Param {
            name: "weight",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Absent,
            min: Some(Value::Int(0)),
            max: Some(Value::Int(1_000)),
            dynamic: Dynamic::Live,
            doc: "its share, beside the weights of the others; `0` is none",
        },
        Param::optional(
            "pin",
            At::Label,
            Type::Expr(Want::Bool, Stage::Request),
            "whose requests go there whatever the weights are",
        ),
        Param::optional(
            "by",
            At::Label,
            Type::Expr(Want::Key, Stage::Request),
            "the key by which requests are shared out: one key stays with one upstream; without it each request is drawn for",
        ),
    ],
    join: Join::All,
    check: Some(splits_one_thing),
    ..Row::BLANK
};

/// It names an upstream and its weight, or what all are shared out by.
fn splits_one_thing(values: &Values) -> Option<Mismatch> {
    let is = |name: &str| values.written(name).is_some();
    let conflict = |param, label: &'static str, message: &str, help: &str| {
        Some(Mismatch { help: Some(help.into()), ..Mismatch::conflict(param, message.to_owned(), label) })
    };
    let shares = "write `split orders_next weight 5`";
    match (is("to"), is("by")) {
        (true, true) => conflict(
            "by",
            "holds for all upstreams of the split",
            "`split` says two things at once",
            "write two settings: `split NAME weight 5` and `split by KEY`",
        ),
        (false, false) => {
            conflict("to", "expected an upstream, or `by`", "`split` names no upstream", shares)
        }
        (true, false) if !is("weight") => {
            conflict("weight", "expected `weight`", "`split` does not say how much", shares)
        }
        (false, true) if is("weight") || is("pin") => {
            let of = if is("weight") { "weight" } else { "pin" };
            conflict(of, "of which upstream?", "`split by` names no upstream", shares)
        }
        _ => None,
    }
}

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
