//! Sets of texts and of requests, as lists of members that tell any two of them apart.

use std::sync::LazyLock;

use super::super::matcher;

/// A request, as far as a gateway decides by it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub method: &'static str,
    pub host: String,
    /// Of the host, from the right.
    pub labels: Vec<String>,
    /// Of the path, decoded.
    pub segments: Vec<String>,
    pub header: Option<&'static str>,
    pub query: Option<&'static str>,
    pub cookie: Option<&'static str>,
    pub ip: &'static str,
}

/// The texts that a segment or a label may have.
#[derive(Clone, Debug)]
pub enum Set {
    Literal(String),
    /// The n-th of [`NAMED`].
    Named(usize),
    /// One that the gateways without hosts have.
    Plain(matcher::Set),
    /// What is left of a path.
    Rest,
}

type OfText = fn(&str) -> bool;
type OfRequest = fn(&Asked) -> bool;

fn is_lower(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Types as they are written, and what is of them.
pub const NAMED: [(&str, OfText); 9] = [
    ("bool", |text| ["true", "false"].contains(&text)),
    ("string(re\"[a-z]+\")", is_lower),
    ("string(re\"[a-z]{2}-[0-9]+\")", |text| {
        text.split_once('-')
            .is_some_and(|(word, number)| is_lower(word) && word.len() == 2 && is_digits(number))
    }),
    ("string(re\"a|ab|items\")", |text| ["a", "ab", "items"].contains(&text)),
    ("string(re\"[0-9]{1,2}\")", |text| is_digits(text) && text.len() < 3),
    ("string(1..3)", |text| (1..=3).contains(&text.chars().count())),
    ("string(2..8)", |text| (2..=8).contains(&text.chars().count())),
    ("\"a\" | \"items\"", |text| ["a", "items"].contains(&text)),
    ("\"7\" | \"42\" | \"a\"", |text| ["7", "42", "a"].contains(&text)),
];

/// More labels of hosts that are types.
const LABELS: [(&str, OfText); 1] = [("\"eu\" | \"us\"", |text| ["eu", "us"].contains(&text))];

/// Of any two of the sets above that are not alike, one has one of these that the other lacks.
pub const TEXTS: [&str; 38] = [
    "a",
    "b",
    "ab",
    "abc",
    "abcd",
    "items",
    "true",
    "false",
    "eu",
    "us",
    "abcdefgh",
    "abcdefghi",
    "0",
    "4",
    "5",
    "7",
    "9",
    "10",
    "20",
    "21",
    "42",
    "99",
    "07",
    "-3",
    "100",
    "101",
    "2024-02-29",
    "2023-02-29",
    "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10",
    "ab-7",
    "ab-123456",
    "a-7",
    "A",
    "ä",
    "äöü",
    "longer-than-eight",
    "ab7",
    "-",
];

/// Conditions as they are written, and for which requests they hold.
pub const CONDITIONS: [(&str, OfRequest); 14] = [
    ("request.header(\"x-a\") is set", |x| x.header.is_some()),
    ("request.header(\"x-a\") is not set", |x| x.header.is_none()),
    ("request.header(\"x-a\") == \"1\"", |x| x.header == Some("1")),
    ("request.header(\"x-a\") in [\"1\", \"2\"]", |x| matches!(x.header, Some("1" | "2"))),
    ("not (request.header(\"x-a\") == \"1\")", |x| x.header != Some("1")),
    ("request.query(\"q\") is set", |x| x.query.is_some()),
    ("request.query(\"q\") == \"1\" and request.header(\"x-a\") is set", |x| {
        x.query == Some("1") && x.header.is_some()
    }),
    ("request.query(\"q\") is set or request.header(\"x-a\") == \"2\"", |x| {
        x.query.is_some() || x.header == Some("2")
    }),
    ("request.cookie(\"c\") == \"yes\"", |x| x.cookie == Some("yes")),
    ("(request.cookie(\"c\") ?? \"yes\") == \"yes\"", |x| x.cookie.unwrap_or("yes") == "yes"),
    ("client.ip in 127.0.0.0/8", |x| x.ip.starts_with("127.")),
    ("client.ip in [10.0.0.0/8, 127.0.0.1]", |x| x.ip.starts_with("10.") || x.ip == "127.0.0.1"),
    ("client.ip in 10.0.0.0/8 or request.query(\"q\") == \"1\"", |x| {
        x.ip.starts_with("10.") || x.query == Some("1")
    }),
    ("(request.query(\"q\") ?? \"\").length > 1", |x| x.query.unwrap_or("").len() > 1),
];

/// Requests that tell any two conditions apart.
pub fn worlds() -> &'static [Asked] {
    static ALL: LazyLock<Vec<Asked>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for header in [None, Some(""), Some("1"), Some("2"), Some("3")] {
            for query in [None, Some(""), Some("1"), Some("2"), Some("22")] {
                for cookie in [None, Some("yes"), Some("no")] {
                    for ip in ["127.0.0.1", "127.0.0.2", "10.0.0.1", "192.0.2.1"] {
                        all.push(Asked { header, query, cookie, ip, ..Asked::default() });
                    }
                }
            }
        }
        all
    });
    &ALL
}

impl Set {
    /// As a gateway writes it.
    pub fn read(written: &str) -> Self {
        let Some(inside) = written.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            let matcher::Set::Literal(text) = matcher::Set::read(written) else { unreachable!() };
            return Self::Literal(text);
        };
        let ty = inside.split_once(": ").map_or("", |(_, ty)| ty.trim());
        match NAMED.iter().chain(&LABELS).position(|(named, _)| *named == ty) {
            Some(at) => Self::Named(at),
            None if ty == "path" => Self::Rest,
            None => Self::Plain(matcher::Set::read(written)),
        }
    }

    pub fn has(&self, text: &str) -> bool {
        match self {
            Self::Literal(own) => own == text,
            Self::Named(at) => NAMED.iter().chain(&LABELS).nth(*at).unwrap().1(text),
            Self::Plain(set) => set.has(text),
            Self::Rest => true,
        }
    }

    /// Whether everything that it has is in the other.
    pub fn is_in(&self, other: &Self) -> bool {
        match self {
            // Also where a literal is none of the texts.
            Self::Literal(text) => other.has(text),
            _ if matches!(other, Self::Literal(_)) => false,
            _ => TEXTS.iter().all(|text| !self.has(text) || other.has(text)),
        }
    }

    /// Whether an answer of its route says what it took.
    pub fn captures(&self) -> bool {
        !matches!(self, Self::Literal(_))
    }
}
