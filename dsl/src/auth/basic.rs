//! `auth NAME basic`: a name and a password (RFC 7617). Of each password only a slow hash is written down.

mod hash;

use std::time::Duration;

use super::Kind;
use crate::schema::depends;
use crate::schema::{
    At, Default, Depends, Dynamic, Effect, Join, Mismatch, Param, Reason, Row, Type, Value, Values,
    ty::Bounds,
};

/// `auth staff basic { user "ada" hash "$argon2id$…"; users "staff.users"; verify 2 queue 64 within 2s; claims Person }`
///
/// The runtime's type: `Config { items: &[Item::User { … }, Item::Users { … }, Item::Verify { … }, Item::Remember { … }] }`
pub const KIND: Kind = Kind {
    name: "basic",
    summary: "a name and a password (RFC 7617)",
    words: &[USER, USERS, super::CLAIMS, super::LOGGED, VERIFY, REMEMBER],
    one_of: &["user", "users"],
    own: &["name"],
    answers: &[
        Reason::new("passwords_full", 503, "as many passwords wait to be verified as `verify … queue` says")
            .not_in_tests(),
        Reason::new("passwords_timeout", 503, "a password was not verified within `verify … within`")
            .not_in_tests(),
    ],
    depends: &[
        depends::FILES,
        Depends::closed("a thread that verifies passwords", &["passwords_full", "passwords_timeout"]),
    ],
    feature: "basic",
    home: "auth::basic",
    ..Kind::BLANK
};

const USER: Row = Row {
    name: "user",
    summary: "somebody who has a password",
    params: &[
        Param::required(
            "name",
            At::Position,
            Type::String(Bounds { min: Some(1), max: Some(128) }),
            "the name: what `.name` says",
        ),
        Param::required(
            "hash",
            At::Label,
            Type::String(Bounds::NONE),
            "the hash of the password: `$argon2id$…` or `$2b$…`",
        ),
        Param {
            name: "given",
            at: At::Named,
            ty: Type::Record,
            default: Default::Absent,
            min: None,
            max: None,
            dynamic: Dynamic::No,
            doc: "what else is known of this one, as `claims` declares it: `team = \"press\"`",
        },
    ],
    join: Join::Name,
    key: &["name"],
    check: Some(has_a_name_and_a_hash),
    effect: Effect::ADMITS,
    ..Row::BLANK
};

const USERS: Row = Row {
    name: "users",
    summary: "a file with one user a line, read when the gateway starts, and again when it changes",
    params: &[Param::required(
        "path",
        At::Position,
        Type::String(Bounds { min: Some(1), max: Some(1024) }),
        "where the file is when the gateway starts",
    )],
    join: Join::All,
    effect: Effect::ADMITS,
    ..Row::BLANK
};

const VERIFY: Row = Row {
    name: "verify",
    summary: "how many passwords are verified at once, beside the workers; each takes a thread and the memory that its hash says",
    params: &[
        whole("threads", At::Position, 2, (1, 16), "how many at once"),
        whole("queue", At::Label, 64, (1, 10_000), "how many more may wait for that"),
        Param {
            name: "within",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Is(Value::Duration(Duration::from_secs(2))),
            min: Some(Value::Duration(Duration::from_millis(100))),
            max: Some(Value::Duration(Duration::from_secs(30))),
            dynamic: Dynamic::No,
            doc: "how long a request waits at most",
        },
    ],
    effect: Effect::NEITHER,
    ..Row::BLANK
};

const REMEMBER: Row = Row {
    name: "remember",
    summary: "for how long somebody whose password was verified is known again without that",
    params: &[
        Param {
            name: "time",
            at: At::Position,
            ty: Type::Duration,
            default: Default::Is(Value::Duration(Duration::from_mins(5))),
            min: Some(Value::Duration(Duration::from_secs(1))),
            max: Some(Value::Duration(Duration::from_hours(24))),
            dynamic: Dynamic::No,
            doc: "how long",
        },
        whole("most", At::Label, 10_000, (16, 1_000_000), "how many at most"),
        Param::flag("off", "nobody: each request costs a hash"),
    ],
    check: Some(remembers_or_not),
    effect: Effect::NEITHER,
    ..Row::BLANK
};

const fn whole(name: &'static str, at: At, default: i64, (min, max): (i64, i64), doc: &'static str) -> Param {
    Param {
        name,
        at,
        ty: Type::Int(Bounds::NONE),
        default: Default::Is(Value::Int(default)),
        min: Some(Value::Int(min)),
        max: Some(Value::Int(max)),
        dynamic: Dynamic::No,
        doc,
    }
}

fn has_a_name_and_a_hash(values: &Values) -> Option<Mismatch> {
    // RFC 7617 section 2: a client could not say such a name.
    if let Some(Value::Text(name)) = values.value("name")
        && name.contains(|c: char| c == ':' || c.is_control())
    {
        return Some(Mismatch {
            help: Some("RFC 7617 puts a colon between name and password".into()),
            ..Mismatch::conflict(
                "name",
                "a name has no colon and no control character",
                "nobody could log in",
            )
        });
    }
    let Some(Value::Text(text)) = values.value("hash") else { return None };
    let wrong = hash::wrong(text)?;
    Some(Mismatch { help: Some(wrong.help.into()), ..Mismatch::conflict("hash", wrong.message, "") })
}

fn remembers_or_not(values: &Values) -> Option<Mismatch> {
    let other = ["time", "most"].into_iter().find(|name| values.written(name).is_some())?;
    values.written("off")?;
    Some(Mismatch {
        because: Some((other, "and this says how".into())),
        help: Some("leave one of the two out".into()),
        ..Mismatch::conflict("off", "nobody is remembered, or so", "nobody")
    })
}
