//! `auth NAME forward`: a server that is asked about each request. How it is asked is the runtime's.

use std::time::Duration;

use super::{AUTHORIZATION, Kind};
use crate::policy::health::is_target;
use crate::problem::setting::PROTECTED_FIELD;
use crate::schema::field::PROTECTED;
use crate::schema::{
    At, Default, Depends, Dynamic, Mismatch, Param, Reason, Row, Type, Value, Values, ty::Bounds,
};

/// `auth caller forward { ask sessions /verify within 500ms; credential "authorization"; send "cookie"; refuse 401, 403 with
/// "www-authenticate"; claims Caller }`
///
/// The runtime's type: `Config { items: &[Item::Ask { upstream: "sessions", path: "/verify", within: … }, Item::Credential {
/// names: &[…] }, Item::Send { names: &[…], none: false }, Item::Refuse { statuses: &[401, 403], with: &[…] }] }`
pub const KIND: Kind = Kind {
    name: "forward",
    summary: "whatever a server that is asked about each request goes by",
    words: &[ASK, CREDENTIAL, SEND, REFUSE, super::CLAIMS, super::LOGGED],
    check: Some(sends_each_once),
    fields: credentials,
    claim: |wire| Mismatch::of_field("type", &wire.to_ascii_lowercase()),
    answers: &[
        Reason {
            status_of: Some("statuses"),
            ..Reason::new("auth_refused", 403, "the server that is asked refuses, with a status of `refuse`")
        },
        Reason::new("auth_unavailable", 503, "the server that is asked cannot be, or answers with a `5xx`"),
        Reason::new("auth_timeout", 503, "it has not answered within `ask … within`"),
        Reason::new(
            "auth_unreadable",
            503,
            "its answer is none: of another status, too large, or without what `claims` needs",
        ),
    ],
    depends: &[Depends::closed(
        "the server that is asked",
        &["auth_unavailable", "auth_timeout", "auth_unreadable"],
    )],
    feature: "forward",
    home: "auth::forward",
    ..Kind::BLANK
};

const CREDENTIALS: &[Value] = &[text(AUTHORIZATION)];
const SENT: &[Value] = &[text("cookie")];
const REFUSING: &[Value] = &[Value::Status(401), Value::Status(403)];
const TOLD: &[Value] = &[text("www-authenticate")];

const fn text(text: &'static str) -> Value {
    Value::Text(std::borrow::Cow::Borrowed(text))
}

const NAMES: Type = Type::List(&Type::String(Bounds { min: Some(1), max: Some(64) }));

const ASK: Row = Row {
    name: "ask",
    summary: "which server is asked, with a GET that says of the request what it is",
    params: &[
        Param::required(
            "upstream",
            At::Position,
            Type::Upstream,
            "its upstream, with all that this says of calls",
        ),
        Param::required("path", At::Position, Type::Path, "what it is asked for, perhaps with a query"),
        Param {
            name: "within",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Is(Value::Duration(Duration::from_secs(1))),
            min: Some(Value::Duration(Duration::from_millis(10))),
            max: Some(Value::Duration(Duration::from_secs(30))),
            dynamic: Dynamic::No,
            doc: "how long that may take, with all tries",
        },
    ],
    required: true,
    check: Some(asks_for_a_target),
    ..Row::BLANK
};

const CREDENTIAL: Row = Row {
    name: "credential",
    summary: "the fields in which a request says who it is from: it is asked with them, and they go no further",
    params: &[list("names", At::Position, CREDENTIALS, "names of fields, in lower case")],
    check: Some(may_be_asked_with),
    ..Row::BLANK
};

const SEND: Row = Row {
    name: "send",
    summary: "fields more that it is asked with; they go on to the server of the route as well",
    params: &[
        list("names", At::Position, SENT, "names of fields, in lower case"),
        Param::flag("none", "no others"),
    ],
    check: Some(may_be_asked_with),
    ..Row::BLANK
};

const REFUSE: Row = Row {
    name: "refuse",
    summary: "the statuses of its answers that refuse, and are the client's",
    params: &[
        Param {
            name: "statuses",
            at: At::Position,
            ty: Type::List(&Type::Status(300, 499)),
            default: Default::List(REFUSING),
            min: None,
            max: None,
            dynamic: Dynamic::No,
            doc: "those; a success lets in, and all others are 503",
        },
        list("with", At::Label, TOLD, "the fields of such an answer that the client is given"),
    ],
    check: Some(may_refuse),
    ..Row::BLANK
};

const fn list(name: &'static str, at: At, default: &'static [Value], doc: &'static str) -> Param {
    Param {
        name,
        at,
        ty: NAMES,
        default: Default::List(default),
        min: None,
        max: None,
        dynamic: Dynamic::No,
        doc,
    }
}

/// Fields that are about one message or one connection, or that the gateway writes into its own answers.
const OWN: &[&str] = &["allow", "content-encoding", "content-type", "date", "proxy-status"];

fn texts<'v>(values: &'v Values, param: &str) -> impl Iterator<Item = &'v str> {
    let list = if let Some(Value::List(list)) = values.value(param) { list.as_slice() } else { &[] };
    list.iter().filter_map(|value| if let Value::Text(text) = value { Some(&**text) } else { None })
}

fn asks_for_a_target(values: &Values) -> Option<Mismatch> {
    let Some(Value::Text(path)) = values.value("path") else { return None };
    (!is_target(path)).then(|| Mismatch {
        help: Some("write it as it is to be sent, such as `/verify`".into()),
        ..Mismatch::conflict("path", format!("`{path}` cannot be asked for"), "no target of a request")
    })
}

/// What the gateway says by itself is not said by a client.
fn may_be_asked_with(values: &Values) -> Option<Mismatch> {
    if values.written("none").is_some() && values.written("names").is_some() {
        return Some(Mismatch {
            because: Some(("names", "and these are some".into())),
            help: Some("leave one of the two out".into()),
            ..Mismatch::conflict("none", "nothing more is sent, or this", "nothing")
        });
    }
    texts(values, "names").find_map(|name| {
        if PROTECTED.contains(&name) || name.starts_with("x-forwarded-") {
            return Some(protected("names", name));
        }
        Mismatch::of_field("names", name)
    })
}

fn protected(param: &'static str, name: &str) -> Mismatch {
    Mismatch {
        kind: &PROTECTED_FIELD,
        help: Some("leave it out".into()),
        ..Mismatch::conflict(
            param,
            format!("`{name}` is written by the gateway alone"),
            "cannot be taken over",
        )
    }
}

fn may_refuse(values: &Values) -> Option<Mismatch> {
    let list = if let Some(Value::List(list)) = values.value("statuses") { list.as_slice() } else { &[] };
    let leads = |status: u16| matches!(status, 301 | 302 | 303 | 307 | 308);
    for value in list {
        let Value::Status(status) = value else { continue };
        if *status < 400 && !leads(*status) {
            return Some(Mismatch {
                help: Some("of those below 400, `301`, `302`, `303`, `307` and `308` lead somewhere".into()),
                ..Mismatch::conflict("statuses", format!("`{status}` refuses nothing"), "")
            });
        }
        if leads(*status) && !texts(values, "with").any(|name| name == "location") {
            return Some(Mismatch {
                help: Some("add `location` to `with`".into()),
                ..Mismatch::conflict(
                    "statuses",
                    format!("a client that is given a `{status}` is to go where `location` says"),
                    "it would not be told where",
                )
            });
        }
    }
    texts(values, "with").find_map(|name| {
        if PROTECTED.contains(&name) || OWN.contains(&name) {
            return Some(protected("with", name));
        }
        Mismatch::of_field("with", name)
    })
}

/// The fields that hold credentials.
fn credentials<'v>(settings: &[&'v Values]) -> Vec<&'v str> {
    match settings.iter().find(|values| values.word == CREDENTIAL.name) {
        Some(values) => texts(values, "names").collect(),
        None => vec![AUTHORIZATION],
    }
}

/// A field is a credential and goes no further, or it goes on; it is not both.
fn sends_each_once<'v>(settings: &[&'v Values]) -> Option<(&'v Values, Mismatch)> {
    let credentials = credentials(settings);
    let send = *settings.iter().find(|values| values.word == SEND.name)?;
    if send.written("none").is_some() {
        return None;
    }
    let twice = texts(send, "names").find(|name| credentials.contains(name))?;
    let mismatch = Mismatch {
        help: Some("leave it out here: it is asked with all the same".into()),
        ..Mismatch::conflict(
            "names",
            format!("`{twice}` is a credential, which goes no further, and is to go on"),
            "",
        )
    };
    Some((send, mismatch))
}
