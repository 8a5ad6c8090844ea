//! The row of `health`: how servers are asked whether they are well. Who asks, and when, is the runtime's.

use super::Policy;
use crate::ast::Percent;
use crate::schema::{
    Amount, At, Default, Depends, Dynamic, Effect, Mismatch, Param, Phase, Place, Type, Value, Values,
    ty::Bounds,
};
use std::time::Duration;

/// `health GET /healthz every 5s within 1s window 8 threshold 6 jitter 10% status 204 host "orders"`
///
/// The runtime's type: `Config { path: "/healthz", every: …, within: …, window: 8, threshold: 6, jitter: 100_000, status: None,
/// host: None }`
pub const ROW: Policy = Policy {
    name: "health",
    summary: "how servers are asked whether they are well",
    phase: Phase::Call,
    params: &[
        Param::required("method", At::Position, Type::Word(&["GET"]), "how"),
        Param::required("path", At::Position, Type::Path, "what for, perhaps with a query"),
        Param {
            name: "every",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Is(Value::Duration(Duration::from_secs(5))),
            min: Some(Value::Duration(Duration::from_millis(100))),
            max: Some(Value::Duration(Duration::from_hours(1))),
            dynamic: Dynamic::No,
            doc: "how often each server is asked",
        },
        Param {
            name: "within",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Is(Value::Duration(Duration::from_secs(1))),
            min: Some(Value::Duration(Duration::from_millis(1))),
            max: Some(Value::Duration(Duration::from_mins(1))),
            dynamic: Dynamic::No,
            doc: "how long an answer may take, its connection included",
        },
        count("window", 8, 32, "of how many answers the last are looked at"),
        count("threshold", 3, 32, "how many of them must be good"),
        Param {
            name: "jitter",
            at: At::Label,
            ty: Type::Percent,
            default: Default::Is(Value::Percent(Percent(100_000))),
            min: Some(Value::Percent(Percent(0))),
            max: Some(Value::Percent(Percent(500_000))),
            dynamic: Dynamic::No,
            doc: "by how much of `every` an interval is longer or shorter, so that not all ask at once",
        },
        Param::optional(
            "status",
            At::Label,
            Type::Status(200, 599),
            "the one good status; 200 to 299 where it is not written",
        ),
        Param::optional(
            "host",
            At::Label,
            Type::String(Bounds { min: Some(1), max: Some(255) }),
            "what `Host` says; the server's own authority where it is not written",
        ),
    ],
    places: &[Place::Upstream],
    depends: &[Depends::open(
        "the answers of the servers",
        "a server without one is left out, and `gatewright_upstream_in` counts the others",
    )],
    check: Some(holds_together),
    home: "policy::health",
    hooks: &[],
    part: true,
    returns: true,
    // A server that is not well is left out. How the answers of a window come to that is no matter of more or less.
    effect: Effect {
        amounts: &[Amount::neither("jitter"), Amount::wider("within"), Amount::narrower("threshold")],
        ..Effect::GUARD
    },
    ..Policy::BLANK
};

const fn count(name: &'static str, default: i64, most: i64, doc: &'static str) -> Param {
    Param {
        name,
        at: At::Label,
        ty: Type::Int(Bounds::NONE),
        default: Default::Is(Value::Int(default)),
        min: Some(Value::Int(1)),
        max: Some(Value::Int(most)),
        dynamic: Dynamic::No,
        doc,
    }
}

fn holds_together(values: &Values) -> Option<Mismatch> {
    if let Some(Value::Text(path)) = values.value("path")
        && !is_target(path)
    {
        return Some(Mismatch {
            help: Some("write a path such as `/healthz`, as it stands in a request".into()),
            ..Mismatch::conflict("path", format!("no server can be asked for `{}`", path.escape_debug()), "")
        });
    }
    if let Some(Value::Text(host)) = values.written("host")
        && !host.bytes().all(|byte| byte.is_ascii_graphic() && !b"/\\?#@\"<>".contains(&byte))
    {
        return Some(Mismatch {
            help: Some("write a name and perhaps a port, such as `\"orders.internal\"`".into()),
            ..Mismatch::conflict("host", format!("no host is called `{}`", host.escape_debug()), "")
        });
    }
    if let (Some(Value::Int(window)), Some(Value::Int(threshold))) =
        (values.value("window"), values.value("threshold"))
        && threshold > window
    {
        let param = if values.written("threshold").is_some() { "threshold" } else { "window" };
        return Some(Mismatch {
            help: Some("make `threshold` smaller, or `window` larger".into()),
            ..Mismatch::conflict(
                param,
                format!("of {window} answers, {threshold} can never be good"),
                "no server would ever be in",
            )
        });
    }
    let (Some(Value::Duration(every)), Some(Value::Duration(within))) =
        (values.value("every"), values.value("within"))
    else {
        return None;
    };
    let param = if values.written("within").is_some() { "within" } else { "every" };
    (within > every).then(|| Mismatch {
        help: Some("make `within` shorter, or `every` longer".into()),
        ..Mismatch::conflict(param, "a server would be asked again before it could have answered", "")
    })
}

/// RFC 9112 section 3.2.1: an absolute path and perhaps a query, in characters that can stand there.
pub(crate) fn is_target(path: &str) -> bool {
    path.len() <= 1024
        && path.starts_with('/')
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&byte))
}
