//! The words of a `gateway` block. Policies that may stand there are not listed here.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use super::upstream::GIVEN;
use crate::Problem;
use crate::ast::Percent;
use crate::policy::request::may_be_carried;
use crate::problem::setting::{MISSING_ARGUMENT, TRUSTS_EVERYONE, WRONG_TYPE, wrong_type};
use crate::schema::certificate;
use crate::schema::ty::Bounds;
use crate::schema::{At, Default, Dynamic, Join, Mismatch, Param, Row, Type, Value, Values};
use crate::source::Span;

/// Where the gateway listens, whom it believes, and how it names requests.
pub const WORDS: &[Row] =
    &[LISTEN, CRATE, ADMIN, DNS, TRUSTED, REQUEST_ID, ACCESS_LOG, TRACE, DRAIN, CAPACITY];

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
            dynamic: Dynamic::No,
            doc: "what is spoken there",
        },
        Param {
            name: "address",
            at: At::Position,
            ty: Type::Addr,
            default: Default::Required,
            min: None,
            max: None,
            dynamic: Dynamic::Start,
            doc: "address and port; a port alone means every address of the machine",
        },
        Param::optional(
            "plaintext",
            At::Label,
            Type::String(Bounds { min: Some(1), max: Some(256) }),
            "why what clients say of themselves may be read on its way here; needed where an `auth` is declared",
        ),
    ],
    join: Join::All,
    required: true,
    ..Row::BLANK
};

/// `crate fraud "fraud"`
const CRATE: Row = Row {
    name: "crate",
    summary: "a crate of one's own whose functions answer requests",
    params: &[
        Param::required("name", At::Position, Type::Name, "the crate's name, as Rust writes it"),
        Param::required(
            "folder",
            At::Position,
            Type::String(Bounds { min: Some(1), max: Some(1_024) }),
            "the folder of its `Cargo.toml`, from the folder of this file",
        ),
    ],
    join: Join::Name,
    key: &["name"],
    ..Row::BLANK
};

/// The feature of the runtime that `admin` needs.
pub const ADMIN_FEATURE: &str = "admin";

const ADMIN: Row = Row {
    name: "admin",
    summary: "an address on which the gateway tells operators of itself: a live page, metrics, health, readiness, build",
    params: &[
        Param {
            name: "address",
            at: At::Position,
            ty: Type::Addr,
            default: Default::Required,
            min: None,
            max: None,
            dynamic: Dynamic::Start,
            doc: "address and port; a port alone means every address of the machine",
        },
        Param {
            name: "keep",
            at: At::Label,
            ty: Type::String(Bounds::NONE),
            default: Default::Absent,
            min: None,
            max: None,
            dynamic: Dynamic::Start,
            doc: "the absolute path of a file in which live values that are changed here are kept: they hold after a stop and a start too",
        },
    ],
    check: Some(keeps_in_a_file),
    ..Row::BLANK
};

fn keeps_in_a_file(values: &Values) -> Option<Mismatch> {
    is_whole_path(values, "keep", KEPT_PATH)
}

const KEPT_PATH: &str = "write the whole path: `\"/var/lib/shop/live.json\"`";

/// The problem of a path of kept values that is none, where it stands in the default of a parameter.
#[must_use]
pub fn no_kept_file(path: &str, span: Span) -> Problem {
    wrong_type(span, "the absolute path of a file", &format!("{path:?}")).help(KEPT_PATH)
}

/// The feature of the runtime that names of servers need.
pub const DNS_FEATURE: &str = "dns";

/// `dns servers 10.0.0.2:53, 10.0.0.3:53 min_ttl 1s max_ttl 5m within 2s attempts 2 stale 24h`
pub const DNS: Row = Row {
    name: "dns",
    summary: "how the names of servers are looked up",
    params: &[
        Param::optional(
            "servers",
            At::Label,
            Type::List(&Type::Addr),
            "the name servers, in the order in which they are asked; those of `/etc/resolv.conf` where none is written",
        ),
        time(
            "min_ttl",
            1,
            (100, 3_600_000),
            "the shortest time until a name is looked up again, whatever its TTL is",
        ),
        time("max_ttl", 300, (1_000, 86_400_000), "the longest"),
        time("within", 2, (10, 10_000), "how long one name server may take for one answer"),
        Param {
            name: "attempts",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Is(Value::Int(2)),
            min: Some(Value::Int(1)),
            max: Some(Value::Int(5)),
            dynamic: Dynamic::No,
            doc: "how often all name servers are asked, one after the other, until one answers",
        },
        time(
            "stale",
            86_400,
            (1_000, 2_592_000_000),
            "how long addresses are used where no name server answers",
        ),
    ],
    bare: true,
    check: Some(asks_somebody),
    ..Row::BLANK
};

/// Seconds by default; from and to in milliseconds.
const fn time(name: &'static str, default: u64, (min, max): (u64, u64), doc: &'static str) -> Param {
    Param {
        name,
        at: At::Label,
        ty: Type::Duration,
        default: Default::Is(Value::Duration(Duration::from_secs(default))),
        min: Some(Value::Duration(Duration::from_millis(min))),
        max: Some(Value::Duration(Duration::from_millis(max))),
        dynamic: Dynamic::No,
        doc,
    }
}

fn asks_somebody(values: &Values) -> Option<Mismatch> {
    let servers = match values.value("servers") {
        Some(Value::List(servers)) => servers.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    if servers.iter().any(|server| matches!(server, Value::Addr(addr) if addr.ip.is_none())) {
        return Some(Mismatch {
            help: Some("write the address of the name server: `127.0.0.1:53`".into()),
            ..Mismatch::conflict("servers", "a port alone is no name server", "")
        });
    }
    let (Some(Value::Duration(min)), Some(Value::Duration(max))) =
        (values.value("min_ttl"), values.value("max_ttl"))
    else {
        return None;
    };
    let param = if values.written("min_ttl").is_some() { "min_ttl" } else { "max_ttl" };
    (min > max).then(|| Mismatch {
        help: Some("make `min_ttl` shorter, or `max_ttl` longer".into()),
        ..Mismatch::conflict(param, "the shortest time is longer than the longest", "")
    })
}

const TRUSTED: Row = Row {
    name: "trusted",
    summary: "proxies in front of the gateway, whose word about a client is believed",
    params: &[
        Param {
            name: "proxies",
            at: At::Label,
            ty: Type::List(&Type::Net),
            default: Default::Required,
            min: None,
            max: None,
            dynamic: Dynamic::Start,
            doc: "their networks and addresses",
        },
        Param {
            name: "by",
            at: At::Label,
            ty: Type::Word(&["x_forwarded_for", "forwarded"]),
            default: Default::Is(Value::Word(Cow::Borrowed("x_forwarded_for"))),
            min: None,
            max: None,
            dynamic: Dynamic::No,
            doc: "the field in which they say who the client is",
        },
    ],
    check: Some(trusts_somebody),
    ..Row::BLANK
};

/// Who believes everybody lets every client say that it has any address.
fn trusts_somebody(values: &Values) -> Option<Mismatch> {
    let Some(Value::List(networks)) = values.value("proxies") else { return None };
    let everyone = networks.iter().find(|network| is_everyone(network))?;
    let (message, label, help) = words_of(everyone);
    Some(Mismatch {
        kind: &TRUSTS_EVERYONE,
        help: Some(help),
        ..Mismatch::conflict("proxies", message, label)
    })
}

/// Whether a network is every address of a family.
#[must_use]
pub fn is_everyone(network: &Value) -> bool {
    matches!(network, Value::Cidr(_, 0))
}

/// The problem of a network of proxies that [`is_everyone`], where it stands in the default of a parameter.
#[must_use]
pub fn trusts_everyone(everyone: &Value, span: Span) -> Problem {
    let (message, label, help) = words_of(everyone);
    Problem::error(&TRUSTS_EVERYONE, message).at(span, label).help(help)
}

/// The message, what is said at its place, and what to do.
fn words_of(everyone: &Value) -> (String, &'static str, String) {
    let proper = if matches!(everyone, Value::Cidr(IpAddr::V4(_), _)) { "10.0.0.0/8" } else { "fd00::/8" };
    (
        format!("`{everyone}` is everybody: each client could say that it has any address"),
        "these are no proxies alone",
        format!("name the networks of the proxies alone, such as `{proper}`"),
    )
}

const DRAIN: Row = Row {
    name: "drain",
    summary: "how a gateway that is told to stop ends",
    params: &[
        Param {
            name: "within",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Required,
            min: Some(Value::Duration(Duration::from_secs(1))),
            max: Some(Value::Duration(Duration::from_hours(24))),
            dynamic: Dynamic::Start,
            doc: "how long open connections have until they are cut",
        },
        Param {
            name: "wait",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Is(Value::Duration(Duration::ZERO)),
            min: None,
            max: Some(Value::Duration(Duration::from_mins(10))),
            dynamic: Dynamic::Start,
            doc: "how long before that further clients are still served, while `/readyz` says 503 already",
        },
    ],
    ..Row::BLANK
};

const CAPACITY: Row = Row {
    name: "capacity",
    summary: "how much a gateway takes at once",
    params: &[
        Param {
            name: "connections",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Absent,
            min: Some(Value::Int(64)),
            max: Some(Value::Int(10_000_000)),
            dynamic: Dynamic::Start,
            doc: "how many clients are connected; further ones wait in the kernel's queue",
        },
        Param {
            name: "in_flight",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Absent,
            min: Some(Value::Int(16)),
            max: Some(Value::Int(10_000_000)),
            dynamic: Dynamic::Start,
            doc: "how many requests are under way; further ones are refused with 503",
        },
        Param {
            name: "memory",
            at: At::Label,
            ty: Type::Size,
            default: Default::Absent,
            min: Some(Value::Size(32 << 20)),
            max: Some(Value::Size(1 << 40)),
            dynamic: Dynamic::Start,
            doc: "how much memory the process takes at most; it bounds the other two where they are not written",
        },
        Param {
            name: "retry_after",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Is(Value::Duration(Duration::from_secs(1))),
            min: Some(Value::Duration(Duration::from_secs(1))),
            max: Some(Value::Duration(Duration::from_hours(1))),
            dynamic: Dynamic::Start,
            doc: "after how long a request that is refused may come again",
        },
    ],
    check: Some(bounds_something),
    ..Row::BLANK
};

fn bounds_something(values: &Values) -> Option<Mismatch> {
    let bounds = ["connections", "in_flight", "memory"];
    bounds.iter().all(|name| values.written(name).is_none()).then(|| Mismatch {
        kind: &MISSING_ARGUMENT,
        help: Some("write `capacity in_flight 5000`, or `capacity memory 512MiB`".to_owned()),
        ..Mismatch::conflict(
            "connections",
            "`capacity` bounds nothing",
            "expected `connections`, `in_flight` or `memory`",
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
    params: &[Param {
        name: "path",
        at: At::Position,
        ty: Type::String(Bounds::NONE),
        default: Default::Required,
        min: None,
        max: None,
        dynamic: Dynamic::Start,
        doc: "an absolute path",
    }],
    check: Some(names_a_file),
    ..Row::BLANK
};

/// Whether a text can be the absolute path of a file.
#[must_use]
pub fn is_file(path: &str) -> bool {
    path.starts_with('/') && !path.ends_with('/') && !path.chars().any(char::is_control)
}

/// Where a relative path leads is decided by whoever starts the gateway.
fn names_a_file(values: &Values) -> Option<Mismatch> {
    is_whole_path(values, "path", WHOLE_PATH)
}

fn is_whole_path(values: &Values, param: &'static str, help: &str) -> Option<Mismatch> {
    let Some(Value::Text(path)) = values.value(param) else { return None };
    (!is_file(path)).then(|| Mismatch {
        kind: &WRONG_TYPE,
        help: Some(help.into()),
        ..Mismatch::conflict(param, format!("expected the absolute path of a file, found {path:?}"), "")
    })
}

const WHOLE_PATH: &str = "write the whole path: `\"/var/log/shop/access.log\"`";

/// The problem of a path of the access log that is none, where it stands in the default of a parameter.
#[must_use]
pub fn no_file(path: &str, span: Span) -> Problem {
    wrong_type(span, "the absolute path of a file", &format!("{path:?}")).help(WHOLE_PATH)
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
            ty: Type::Origin(GIVEN),
            default: Default::Required,
            min: None,
            max: None,
            dynamic: Dynamic::Start,
            doc: "the collector that takes OTLP over HTTP: scheme, host and port; `https` over TLS; `/v1/traces` is asked there",
        },
        certificate::ROOTS,
        certificate::CERTIFICATE,
        certificate::KEY,
        certificate::SECRET,
        Param {
            name: "sample",
            at: At::Label,
            ty: Type::Percent,
            default: Default::Required,
            min: Some(Value::Percent(Percent(0))),
            max: Some(Value::Percent(Percent(1_000_000))),
            dynamic: Dynamic::Start,
            doc: "how many traces that begin here are recorded; of one that is continued, its parent says it",
        },
        Param {
            name: "continue",
            at: At::Label,
            ty: Type::Word(&["trusted", "everyone"]),
            default: Default::Is(Value::Word(Cow::Borrowed("trusted"))),
            min: None,
            max: None,
            dynamic: Dynamic::No,
            doc: "whose traces are continued: those of trusted proxies, or those of every client",
        },
    ],
    check: Some(says_of_tls),
    ..Row::BLANK
};

/// Of a URL that a parameter gives, whoever knows it says whether it is plain.
fn says_of_tls(values: &Values) -> Option<Mismatch> {
    let is_plain = matches!(values.value("to"), Some(Value::Url(url)) if url.scheme == "http");
    let plain = if is_plain { certificate::is_for_nobody(values, "to") } else { None };
    plain.or_else(|| certificate::holds_together(values))
}
