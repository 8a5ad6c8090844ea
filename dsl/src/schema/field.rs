//! Names of header fields that something of a program writes.

use super::Mismatch;
use super::arguments::reported;
use crate::problem::Problem;
use crate::problem::setting::PROTECTED_FIELD;
use crate::source::Span;

/// The field in which cookies stand.
pub const COOKIES: &str = "cookie";

/// What frames a message or says how it came here is written by the gateway alone (RFC 9110 section 7.6.1).
pub(crate) const PROTECTED: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// What is wrong with the name of a field that a request of the gateway's own has.
#[must_use]
pub fn of_own_request(name: &str, at: Span) -> Option<Problem> {
    may_be_written(name, PROTECTED).map(|mismatch| reported(&mismatch, |_| at))
}

/// What is wrong with the name of a header field in a row of edits, with the parameter `name`.
pub(crate) fn may_be_written(name: &str, protected: &[&str]) -> Option<Mismatch> {
    if protected.contains(&name) {
        return Some(Mismatch {
            kind: &PROTECTED_FIELD,
            help: Some("leave it out".into()),
            ..Mismatch::conflict(
                "name",
                format!("`{name}` is written by the gateway alone"),
                "cannot be changed",
            )
        });
    }
    Mismatch::of_field("name", name)
}
