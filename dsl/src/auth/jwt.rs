//! `auth NAME jwt`: signed tokens (RFC 7519). How a signature is verified is the runtime's.

use std::time::Duration;

use super::Kind;
use crate::schema::certificate;
use crate::schema::depends;
use crate::schema::url;
use crate::schema::{
    Amount, At, Default, Depends, Dynamic, Effect, Join, Mismatch, Param, Row, Type, Url, Value, Values,
    ty::Bounds,
};

/// `auth customer jwt { issuer "https://id.example/"; audience "shop"; accept ES256; keys "keys.json"; claims Customer }`
///
/// The runtime's type: `Config { items: &[Item::Issuer { names: &[…] }, Item::Audience { … }, Item::Accept { … }, …] }`
pub const KIND: Kind = Kind {
    name: "jwt",
    summary: "a token that an issuer has signed (RFC 7519)",
    words: &[ISSUER, AUDIENCE, ACCEPT, KEYS, KEY, super::CLAIMS, super::LOGGED, LEEWAY, TOKEN, REMEMBER],
    one_of: &["keys", "key"],
    check: Some(has_keys_for_what_it_accepts),
    depends: &[
        depends::FILES,
        Depends::closed(
            "keys: where they are fetched and cannot be, the last ones are used for `keep`",
            &["identity_unavailable"],
        ),
    ],
    nests: true,
    feature: "jwt",
    home: "auth::jwt",
    ..Kind::BLANK
};

/// Those with a secret, which whoever verifies a token can sign with.
const SYMMETRIC: &[&str] = &["HS256", "HS384", "HS512"];

const ALGORITHMS: &[&str] = &[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
    "ES512", "EdDSA",
];

const ISSUER: Row = Row {
    name: "issuer",
    summary: "who may have made a token: what its `iss` says",
    params: &[names("one of these, letter by letter")],
    required: true,
    effect: Effect { amounts: &[Amount::wider("names")], ..Effect::UNSAID },
    ..Row::BLANK
};

const AUDIENCE: Row = Row {
    name: "audience",
    summary: "for whom a token may be: one of what its `aud` says",
    params: &[names("one of these, letter by letter")],
    required: true,
    effect: Effect { amounts: &[Amount::wider("names")], ..Effect::UNSAID },
    ..Row::BLANK
};

const fn names(doc: &'static str) -> Param {
    let text = Type::List(&Type::String(Bounds { min: Some(1), max: Some(1024) }));
    Param::required("names", At::Position, text, doc)
}

const ACCEPT: Row = Row {
    name: "accept",
    summary: "by which algorithms a token may be signed (RFC 7518, RFC 8037)",
    params: &[Param::required(
        "algorithms",
        At::Position,
        Type::List(&Type::Word(ALGORITHMS)),
        "those with a public key, or those with a secret, never both",
    )],
    required: true,
    check: Some(is_of_one_family),
    effect: Effect { amounts: &[Amount::wider("algorithms")], ..Effect::UNSAID },
    ..Row::BLANK
};

const KEYS: Row = Row {
    name: "keys",
    summary: "where public keys are: a file, or a URL; a JWK set (RFC 7517), or PEM",
    params: &[
        Param::required(
            "from",
            At::Position,
            Type::String(Bounds { min: Some(1), max: Some(1024) }),
            "the path of a file, which is read again when it changes, or a URL with `https` or `http`",
        ),
        certificate::ROOTS,
        certificate::CERTIFICATE,
        certificate::KEY,
        certificate::SECRET,
        time("keep", 86_400, (60, 2_592_000), "of a URL: how long the keys that were fetched last are used"),
        time("every", 300, (10, 86_400), "of a URL: how often they are fetched"),
        time(
            "cool_down",
            10,
            (1, 600),
            "of a URL: how long at least between two fetches, however many unknown keys tokens name",
        ),
        time("within", 2, (1, 30), "of a URL: how long one fetch may take"),
    ],
    join: Join::All,
    check: Some(is_a_place_of_keys),
    asks: Some(fetched),
    effect: Effect {
        amounts: &[
            Amount::wider("keep"),
            Amount::neither("every"),
            Amount::neither("cool_down"),
            Amount::neither("within"),
        ],
        ..Effect::ADMITS
    },
    ..Row::BLANK
};

const fn time(name: &'static str, seconds: u64, (min, max): (u64, u64), doc: &'static str) -> Param {
    Param {
        name,
        at: At::Label,
        ty: Type::Duration,
        default: Default::Is(Value::Duration(Duration::from_secs(seconds))),
        min: Some(Value::Duration(Duration::from_secs(min))),
        max: Some(Value::Duration(Duration::from_secs(max))),
        dynamic: Dynamic::No,
        doc,
    }
}

const KEY: Row = Row {
    name: "key",
    summary: "one key, bound to one algorithm",
    params: &[
        Param::optional(
            "id",
            At::Position,
            Type::String(Bounds { min: Some(1), max: Some(256) }),
            "what `kid` of a token says; without it, the key is for any",
        ),
        Param::required("for", At::Label, Type::Word(ALGORITHMS), "the algorithm"),
        Param::optional(
            "spki",
            At::Label,
            Type::String(Bounds { min: Some(1), max: Some(4096) }),
            "a public key: what stands between the lines of its PEM, on one line",
        ),
        Param::optional("secret", At::Label, Type::Secret, "a secret, at least as long as the hash"),
    ],
    join: Join::All,
    check: Some(is_of_its_algorithm),
    effect: Effect::ADMITS,
    ..Row::BLANK
};

const LEEWAY: Row = Row {
    name: "leeway",
    summary: "by how much the clocks of issuer and gateway may differ",
    params: &[Param {
        name: "time",
        at: At::Position,
        ty: Type::Duration,
        default: Default::Is(Value::Duration(Duration::ZERO)),
        min: Some(Value::Duration(Duration::ZERO)),
        max: Some(Value::Duration(Duration::from_mins(5))),
        dynamic: Dynamic::No,
        doc: "whole seconds; `exp` and `nbf` are held against the clock with it",
    }],
    check: Some(is_of_whole_seconds),
    effect: Effect { amounts: &[Amount::wider("time")], ..Effect::UNSAID },
    ..Row::BLANK
};

const TOKEN: Row = Row {
    name: "token",
    summary: "what is read of a token",
    params: &[Param {
        name: "max",
        at: At::Label,
        ty: Type::Size,
        default: Default::Is(Value::Size(8 << 10)),
        min: Some(Value::Size(256)),
        max: Some(Value::Size(32 << 10)),
        dynamic: Dynamic::No,
        doc: "a longer one is refused unread",
    }],
    effect: Effect { amounts: &[Amount::wider("max")], ..Effect::UNSAID },
    ..Row::BLANK
};

const REMEMBER: Row = Row {
    name: "remember",
    summary: "how many verified tokens are known again, each until it expires",
    params: &[
        Param {
            name: "most",
            at: At::Position,
            ty: Type::Int(Bounds::NONE),
            default: Default::Is(Value::Int(10_000)),
            min: Some(Value::Int(16)),
            max: Some(Value::Int(1_000_000)),
            dynamic: Dynamic::No,
            doc: "how many at most",
        },
        Param::flag("off", "none: the signature of each is verified with each request"),
    ],
    check: Some(remembers_or_not),
    effect: Effect::NEITHER,
    ..Row::BLANK
};

fn is_symmetric(name: &str) -> bool {
    SYMMETRIC.contains(&name)
}

/// Who could sign with a public key as if it were a secret would be anybody (RFC 8725 section 2.1).
fn is_of_one_family(values: &Values) -> Option<Mismatch> {
    let Some(Value::List(algorithms)) = values.value("algorithms") else { return None };
    let names: Vec<String> = algorithms.iter().map(ToString::to_string).collect();
    let (secret, public) =
        (names.iter().find(|name| is_symmetric(name))?, names.iter().find(|name| !is_symmetric(name))?);
    Some(Mismatch {
        help: Some("write two `auth`s, and `require any` where both may come".into()),
        ..Mismatch::conflict(
            "algorithms",
            format!("`{secret}` has a secret and `{public}` a public key, and one `auth` has one of the two"),
            "a public key could be taken for a secret",
        )
    })
}

/// What stands behind a URL.
const FETCHED: &[&str] = &["https", "http"];

/// Where keys are fetched from, where they are.
fn fetched(values: &Values) -> Option<(&'static str, Url)> {
    let Some(Value::Text(from)) = values.value("from") else { return None };
    from.contains("://").then(|| url::parse(from, FETCHED).ok()).flatten().map(|url| ("from", url))
}

/// A file is looked at once a second; a URL is fetched. Over TLS, somebody has to be believed.
fn is_a_place_of_keys(values: &Values) -> Option<Mismatch> {
    let Some(Value::Text(from)) = values.value("from") else { return None };
    if !from.contains("://") {
        let times = ["keep", "every", "cool_down", "within"];
        let mut labels = certificate::LABELS.into_iter().chain(times);
        let label = labels.find(|it| values.written(it).is_some())?;
        return Some(Mismatch {
            because: Some(("from", "this is a file".into())),
            help: Some("leave it out".into()),
            ..Mismatch::conflict(label, format!("a file is read when it changes, and has no `{label}`"), "")
        });
    }
    let url = match url::parse(from, FETCHED) {
        Ok(url) => url,
        Err(found) => {
            return Some(Mismatch {
                help: Some(
                    "write a URL such as `\"https://id.example.com/jwks.json\"`, or the path of a file"
                        .into(),
                ),
                ..Mismatch::conflict(
                    "from",
                    format!("keys are fetched over `https` or `http`, found {found}"),
                    "",
                )
            });
        }
    };
    let plain = if url.scheme == "http" { certificate::is_for_nobody(values, "from") } else { None };
    if let Some(mismatch) = plain.or_else(|| certificate::holds_together(values)) {
        return Some(mismatch);
    }
    let time = |name: &str| match values.value(name) {
        Some(Value::Duration(time)) => *time,
        _ => Duration::ZERO,
    };
    (time("keep") < time("every")).then(|| Mismatch {
        because: Some(("every", "when the next are fetched".into())),
        help: Some("make `keep` longer, or `every` shorter".into()),
        ..Mismatch::conflict(
            "keep",
            "keys would be too old before they are fetched again",
            "how long they are used",
        )
    })
}

fn is_of_its_algorithm(values: &Values) -> Option<Mismatch> {
    let Some(Value::Word(name)) = values.value("for") else { return None };
    let (spki, secret) = (values.written("spki").is_some(), values.written("secret").is_some());
    let (wanted, other) = if is_symmetric(name) { ("secret", "spki") } else { ("spki", "secret") };
    let (has, has_other) = if is_symmetric(name) { (secret, spki) } else { (spki, secret) };
    if has_other {
        return Some(Mismatch {
            because: Some(("for", format!("this takes a `{wanted}`"))),
            help: Some(format!("write `{wanted} …`")),
            ..Mismatch::conflict(other, format!("a key for `{name}` has no `{other}`"), "")
        });
    }
    if let Some(Value::Text(text)) = values.written("spki") {
        let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
        let letters = text.len().saturating_sub(padding);
        if !text.len().is_multiple_of(4) || padding > 2 || !text.bytes().take(letters).all(is_letter) {
            return Some(Mismatch {
                help: Some(
                    "write what stands between the lines of `openssl pkey -pubout`, without line ends".into(),
                ),
                ..Mismatch::conflict("spki", "this is not base64 with its padding", "no key")
            });
        }
    }
    (!has).then(|| Mismatch {
        help: Some(format!("write `{wanted} …` behind it")),
        ..Mismatch::conflict("for", format!("a key for `{name}` needs its `{wanted}`"), "")
    })
}

fn is_of_whole_seconds(values: &Values) -> Option<Mismatch> {
    let Some(Value::Duration(time)) = values.value("time") else { return None };
    (time.subsec_nanos() != 0).then(|| Mismatch {
        help: Some("write `1s`, `30s`".into()),
        ..Mismatch::conflict("time", "tokens say their times in seconds", "expected whole seconds")
    })
}

fn remembers_or_not(values: &Values) -> Option<Mismatch> {
    let both = values.written("most").is_some() && values.written("off").is_some();
    both.then(|| Mismatch {
        because: Some(("most", "and this says how many".into())),
        help: Some("leave one of the two out".into()),
        ..Mismatch::conflict("off", "none are remembered, or so many", "none")
    })
}

/// Each key is for an algorithm that is accepted; a file has public keys only.
fn has_keys_for_what_it_accepts<'v>(settings: &[&'v Values]) -> Option<(&'v Values, Mismatch)> {
    let accept = settings.iter().find(|values| values.word == ACCEPT.name)?;
    let Some(Value::List(accepted)) = accept.value("algorithms") else { return None };
    let accepted: Vec<String> = accepted.iter().map(ToString::to_string).collect();
    for values in settings {
        if values.word == KEY.name
            && let Some(Value::Word(name)) = values.value("for")
            && !accepted.iter().any(|known| known == name)
        {
            let mismatch = Mismatch {
                help: Some(format!("add it to `accept {}`, or leave the key out", accepted.join(", "))),
                ..Mismatch::conflict(
                    "for",
                    format!("`{name}` is not accepted"),
                    "a key that no token may use",
                )
            };
            return Some((values, mismatch));
        }
        if values.word == KEYS.name && accepted.iter().all(|name| is_symmetric(name)) {
            let mismatch = Mismatch {
                help: Some("write `key for HS256 secret NAME`, and declare `secret NAME`".into()),
                ..Mismatch::conflict("from", "a secret does not stand in a file of public keys", "")
            };
            return Some((values, mismatch));
        }
    }
    None
}
