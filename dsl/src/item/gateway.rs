//! The words of a `gateway` block. Policies that may stand there are not listed here.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::ast::Percent;
use crate::policy::request::may_be_carried;
use crate::problem::setting::{TRUSTS_EVERYONE, WRONG_TYPE};
use crate::schema::ty::Bounds;
use crate::schema::{At, Default, Join, Mismatch, Param, Row, Type, Value, Values};

/// Where the gateway listens, whom it believes, and how it names requests.
pub const WORDS: &[Row] = &[LISTEN, ADMIN, TRUSTED, REQUEST_ID, ACCESS_LOG, TRACE];

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

/// The feature of the runtime that `admin` needs.
pub const ADMIN_FEATURE: &str = "admin";

const ADMIN: Row = Row {
    name: "admin",
    summary: "an address on which the gateway tells operators of itself: metrics, health, readiness, build",
    params: &[Param::required(
        "address",
        At::Position,
        Type::Addr,
        "address and port; a port alone means every address of the machine",
    )],
    ..Row::BLANK
};

const TRUSTED: Row = Row {
    name: "trusted",
    summary: "proxies in front of the gateway, whose word about a client is believed",
    params: &[
        Param::required("proxies", At::Label, Type::List(&Type::Net), "their networks and addresses"),
        Param {
            name: "by",
            at: At::Label,
            ty: Type::Word(&["x_forwarded_for", "forwarded"]),
            default: Default::Is(Value::Word(Cow::Borrowed("x_forwarded_for"))),
            min: None,
            max: None,
            dynamic: false,
            doc: "the field in which they say who the client is",
        },
    ],
    check: Some(trusts_somebody),
    ..Row::BLANK
};

/// Who believes everybody lets every client say that it has any address.
fn trusts_somebody(values: &Values) -> Option<Mismatch> {
    let Some(Value::List(networks)) = values.value("proxies") else { return None };
    let is_everyone = |network: &&Value| match network {
        Value::Cidr(_, 0) => true,
        // Every IPv4 address in the form of an IPv6 one.
        Value::Cidr(IpAddr::V6(six), bits) => *bits <= 96 && six.to_ipv4_mapped().is_some(),
        _ => false,
    };
    let everyone = networks.iter().find(is_everyone)?;
    Some(Mismatch {
        kind: &TRUSTS_EVERYONE,
        help: Some(format!(
            "name the networks of the proxies alone, such as `{}`",
            if matches!(everyone, Value::Cidr(IpAddr::V4(_), _)) { "10.0.0.0/8" } else { "fd00::/8" }
        )),
        ..Mismatch::conflict(
            "proxies",
            format!("`{everyone}` is everybody: each client could say that it has any address"),
            "these are no proxies alone",
        )
    })
}

/// The field that carries the id of a request where `request_id` names no other.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

const REQUEST_ID: Row = Row {
    name: "request_id",
    summary: "each request has an id, which server, client and access log are told",
    params: &[Param::optional(
        "header",
        At::Label,
        Type::Name,
        "the header field that carries it, in lower case; `x-request-id` where it is not written",
    )],
    check: Some(carries),
    ..Row::BLANK
};

fn carries(values: &Values) -> Option<Mismatch> {
    let Some(Value::Text(name)) = values.value("header") else { return None };
    may_be_carried("header", name)
}

const ACCESS_LOG: Row = Row {
    name: "access_log",
    summary: "the file that lines of the access log are written to, in the place of standard output",
    params: &[Param::required("path", At::Position, Type::String(Bounds::NONE), "an absolute path")],
    check: Some(names_a_file),
    ..Row::BLANK
};

/// Where a relative path leads is decided by whoever starts the gateway.
fn names_a_file(values: &Values) -> Option<Mismatch> {
    let Some(Value::Text(path)) = values.value("path") else { return None };
    let is_file = path.starts_with('/') && !path.ends_with('/') && !path.chars().any(char::is_control);
    (!is_file).then(|| Mismatch {
        kind: &WRONG_TYPE,
        help: Some("write the whole path: `\"/var/log/shop/access.log\"`".into()),
        ..Mismatch::conflict("path", format!("expected the absolute path of a file, found {path:?}"), "")
    })
}

/// The feature of the runtime that `trace` needs.
pub const TRACE_FEATURE: &str = "trace";

const TRACE: Row = Row {
    name: "trace",
    summary: "spans of requests are sent to a collector, and servers are told which trace theirs belong to",
    params: &[
        Param {
            name: "to",
            at: At::Label,
            ty: Type::Origin(&["http"]),
            default: Default::Required,
            min: None,
            max: None,
            dynamic: true,
            doc: "the collector that takes OTLP over HTTP: scheme, host and port; `/v1/traces` is asked there",
        },
        Param {
            name: "sample",
            at: At::Label,
            ty: Type::Percent,
            default: Default::Required,
            min: Some(Value::Percent(Percent(0))),
            max: Some(Value::Percent(Percent(1_000_000))),
            dynamic: true,
            doc: "how many traces that begin here are recorded; of one that is continued, its parent says it",
        },
        Param {
            name: "continue",
            at: At::Label,
            ty: Type::Word(&["trusted", "everyone"]),
            default: Default::Is(Value::Word(Cow::Borrowed("trusted"))),
            min: None,
            max: None,
            dynamic: false,
            doc: "whose traces are continued: those of trusted proxies, or those of every client",
        },
    ],
    ..Row::BLANK
};
