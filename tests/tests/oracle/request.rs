//! Random requests that lie near the routes of a gateway: most match one of them, many only nearly.

use std::fmt::Write as _;

use gatewright_runtime::generated::method;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::matcher::{Route, Set};

/// A method and the decoded segments of a path.
#[derive(Debug)]
pub struct Request {
    pub method: &'static str,
    pub segments: Vec<String>,
}

const METHODS: [&str; 12] =
    ["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW", "TRACE", "CONNECT"];

/// What lies inside and just outside the types and literals of the random gateways.
const TEXTS: [&str; 30] = [
    "a",
    "A",
    "ab",
    "items",
    "exactly8",
    "exactly9",
    "longer-than-eight",
    "longer-than-eigh",
    "longer-than-eight-bytes",
    "0",
    "-0",
    "7",
    "07",
    "+7",
    "-3",
    "9",
    "10",
    "20",
    "42",
    "100",
    "101",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "2024-02-29",
    "2023-02-29",
    "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10",
    "6F1C0D6E-2F63-4C11-9C54-0C8A3F1F7A10",
    "a:b",
    "{x}",
];
/// Texts that a path spells with escapes, or that look like part of one.
const ODD: [&str; 6] = ["ä", "a b", "a%b", "%41", "?", "x\u{1}y"];

/// Requests without end, the same for the same seed and routes.
pub struct Requests<'a> {
    random: TestRng,
    routes: &'a [Route],
}

impl<'a> Requests<'a> {
    pub fn new(seed: u8, routes: &'a [Route]) -> Self {
        Self { random: TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]), routes }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random.next_u32() as usize % bound
    }

    fn text(&mut self) -> String {
        let odd = self.below(8) == 0;
        let choices: &[&str] = if odd { &ODD } else { &TEXTS };
        choices[self.below(choices.len())].to_owned()
    }

    /// A member of a set, unless none is found soon.
    fn member(&mut self, set: &Set) -> String {
        if let Set::Literal(text) = set {
            return text.clone();
        }
        (0..40).map(|_| self.text()).find(|text| set.has(text)).unwrap_or_default()
    }
}

impl Iterator for Requests<'_> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let route = &self.routes[self.below(self.routes.len())];
        let mut segments: Vec<String> = route.segments.iter().map(|set| self.member(set)).collect();
        for _ in 0..if route.rest { 1 + self.below(3) } else { 0 } {
            segments.push(self.text());
        }
        match self.below(8) {
            0 => segments.push(self.text()),
            1 => drop(segments.pop()),
            2 | 3 if !segments.is_empty() => {
                let at = self.below(segments.len());
                segments[at] = self.text();
            }
            4 => segments.push(String::new()),
            _ => {}
        }
        // Only the last segment of a canonical path may be empty.
        let last = segments.pop().unwrap_or_default();
        segments.retain(|segment| !segment.is_empty());
        segments.push(last);
        let own = METHODS.into_iter().find(|method| *method == route.method);
        let method = own.filter(|_| self.below(2) == 0).unwrap_or(METHODS[self.below(METHODS.len())]);
        Some(Request { method, segments })
    }
}

impl Request {
    /// The canonical path.
    pub fn path(&self) -> String {
        self.segments.iter().fold(String::new(), |path, segment| path + "/" + &encoded(segment))
    }

    /// Its method as the runtime sees it.
    pub fn bit(&self) -> u16 {
        bit(self.method)
    }
}

/// The bit of a request's method; CONNECT and TRACE have none.
pub fn bit(name: &str) -> u16 {
    match name {
        "GET" => method::GET,
        "HEAD" => method::HEAD,
        "POST" => method::POST,
        "PUT" => method::PUT,
        "DELETE" => method::DELETE,
        "PATCH" => method::PATCH,
        "OPTIONS" => method::OPTIONS,
        "CONNECT" | "TRACE" => 0,
        _ => method::OTHER,
    }
}

/// A segment in canonical spelling: what RFC 3986 allows as it is, but the semicolon, and all else as `%XX`.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").unwrap();
        }
        path
    })
}
