//! An answer of the admin listener: what every one of them says to a browser, so that none can be framed, sniffed, kept or made to
//! run what is not the gateway's own.

use crate::reason::phrase;

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const JSON: &str = "application/json";
pub(super) const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const EVENTS: &str = "text/event-stream";

/// What every answer says (CSP level 3; Fetch; Referrer Policy; RFC 9111 section 5.2.2.5). Only files of this listener are loaded, and
/// nothing that stands in the page itself is run.
const ALWAYS: &str = "Cache-Control: no-store\r\n\
    Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Connection: close\r\n";

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
    /// The methods that the path has, where it has not the one that was asked for.
    pub(crate) allow: &'static str,
}

impl Answer {
    pub(super) fn of(kind: &'static str, body: String) -> Self {
        Self { status: 200, kind, body, allow: "" }
    }

    pub(super) fn plain(status: u16, text: &str) -> Self {
        Self { status, kind: TEXT, body: format!("{text}\n"), allow: "" }
    }

    /// Of which nothing more is to be said.
    pub(super) fn status(status: u16) -> Self {
        Self::plain(status, phrase(status))
    }

    /// What goes over the wire.
    pub(super) fn bytes(&self, bodiless: bool) -> Vec<u8> {
        let Self { status, kind, body, allow } = self;
        let more = match status {
            405 => format!("Allow: {allow}\r\n"),
            503 => "Retry-After: 2\r\n".to_owned(),
            _ => String::new(),
        };
        let mut out = format!(
            "HTTP/1.1 {status} {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{more}{ALWAYS}\r\n",
            phrase(*status),
            body.len()
        );
        if !bodiless {
            out.push_str(body);
        }
        out.into_bytes()
    }
}

/// The head of an answer whose body goes on until the connection ends.
pub(super) fn endless(kind: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{ALWAYS}\r\n")
}
