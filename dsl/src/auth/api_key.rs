//! `auth NAME api_key`: long random texts that only their owners know. Of each only its SHA-256 is written down.

use super::Kind;
use crate::schema::depends;
use crate::schema::{
    At, Default, Dynamic, Effect, Join, Mismatch, Param, Row, Type, Value, Values, ty::Bounds,
};

/// `auth partner api_key { header "x-api-key"; key "acme" sha256 "9f86…"; keys "partners.keys"; claims Partner }`
///
/// The runtime's type: `Config { items: &[Item::Key { … }, Item::Keys { path: "partners.keys" }, Item::Header { … }] }`
pub const KIND: Kind = Kind {
    name: "api_key",
    summary: "a long random text that only its owner has",
    words: &[HEADER, KEY, KEYS, super::CLAIMS, super::LOGGED],
    one_of: &["key", "keys"],
    fields: fields_of,
    own: &["name"],
    depends: &[depends::FILES],
    feature: "api_key",
    home: "auth::api_key",
    ..Kind::BLANK
};

const HEADER: Row = Row {
    name: "header",
    summary: "the field of the head that holds the key; `Authorization: Bearer KEY` where it is not written",
    params: &[Param::optional(
        "name",
        At::Position,
        Type::String(Bounds { min: Some(1), max: Some(64) }),
        "its name, in lower case",
    )],
    check: Some(names_a_field),
    ..Row::BLANK
};

const KEY: Row = Row {
    name: "key",
    summary: "one key; an owner may have several at a time",
    params: &[
        Param::required(
            "owner",
            At::Position,
            Type::String(Bounds { min: Some(1), max: Some(128) }),
            "whose key it is: what `.name` says",
        ),
        Param::required(
            "sha256",
            At::Label,
            Type::String(Bounds::NONE),
            "the SHA-256 of the key, in hexadecimal",
        ),
        Param {
            name: "given",
            at: At::Named,
            ty: Type::Record,
            default: Default::Absent,
            min: None,
            max: None,
            dynamic: Dynamic::No,
            doc: "what else is known of its owner, as `claims` declares it: `plan = \"gold\"`",
        },
    ],
    join: Join::All,
    check: Some(is_a_hash),
    effect: Effect::ADMITS,
    ..Row::BLANK
};

const KEYS: Row = Row {
    name: "keys",
    summary: "a file with one key a line, read when the gateway starts, and again when it changes",
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

/// The field that holds the key.
fn fields_of<'v>(settings: &[&'v Values]) -> Vec<&'v str> {
    let header = settings.iter().find(|values| values.word == HEADER.name);
    vec![match header.and_then(|values| values.value("name")) {
        Some(Value::Text(name)) => name,
        _ => super::AUTHORIZATION,
    }]
}

fn is_a_hash(values: &Values) -> Option<Mismatch> {
    let Some(Value::Text(hash)) = values.value("sha256") else { return None };
    (hash.len() != 64 || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))).then(|| {
        Mismatch {
            help: Some("`printf %s KEY | sha256sum` prints it".into()),
            ..Mismatch::conflict("sha256", "expected 64 digits from `0` to `f`", "not the SHA-256 of a key")
        }
    })
}

fn names_a_field(values: &Values) -> Option<Mismatch> {
    match values.value("name") {
        Some(Value::Text(name)) => super::may_hold(name),
        _ => values.span.is_some().then(|| Mismatch {
            help: Some("leave it out for `Authorization: Bearer KEY`".into()),
            ..Mismatch::conflict("name", "`header` does not say which", "expected a name")
        }),
    }
}
