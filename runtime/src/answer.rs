//! The answers that the gateway gives itself: refusals as problem documents (RFC 9457), and what routes state.

use crate::exchange::Exchange;
use crate::head::{Method, write_number};
use crate::reason::{Reason, phrase};
use crate::route::method;
use crate::terminal::{Piece, Redirect, Respond};

/// What all answers of a gateway say.
pub(crate) struct Voice<'a> {
    /// The gateway's name.
    pub(crate) name: &'a str,
    /// The date, as `Date` has it.
    pub(crate) date: &'a [u8],
    /// `Connection: close`.
    pub(crate) last: bool,
}

/// Writes a refusal into `homeward`. `allow` states the methods that the path has.
pub(crate) fn refuse(x: &mut Exchange, reason: Reason, allow: Option<u16>, voice: &Voice) {
    let body = format!(
        "{{\"type\":\"about:blank\",\"title\":\"{}\",\"status\":{},\"detail\":\"{}\",\"reason\":\"{}\"}}\n",
        phrase(reason.status),
        reason.status,
        reason.detail,
        reason.word
    );
    let more = |out: &mut Vec<u8>| {
        if let Some(methods) = allow {
            write_allow(methods, out);
        }
        out.extend_from_slice(b"Proxy-Status: ");
        // A structured token begins with a letter or an asterisk (RFC 8941 section 3.3.4).
        let token = voice.name.starts_with(|first: char| first.is_ascii_alphabetic());
        let quote: &[u8] = if token { b"" } else { b"\"" };
        for part in [
            quote,
            voice.name.as_bytes(),
            quote,
            b"; error=",
            reason.error.as_bytes(),
            b"; details=\"",
            reason.word.as_bytes(),
            b"\"\r\n",
        ] {
            out.extend_from_slice(part);
        }
    };
    let content = Content { status: reason.status, kind: "application/problem+json", body: body.as_bytes() };
    write(x, &content, more, voice);
    x.record.reason = Some(reason.word);
}

/// Writes the answer to OPTIONS that the method table gives.
pub(crate) fn options(x: &mut Exchange, methods: u16, voice: &Voice) {
    write(x, &Content { status: 204, kind: "", body: b"" }, |out| write_allow(methods, out), voice);
    x.record.reason = Some("options");
}

/// Writes what `respond` states.
pub(crate) fn respond(x: &mut Exchange, respond: &Respond, voice: &Voice) {
    let content =
        Content { status: respond.status, kind: respond.content_type, body: respond.body.as_bytes() };
    write(x, &content, |_| {}, voice);
    x.record.reason = Some("respond");
}

/// Writes what `redirect` states.
pub(crate) fn redirect(x: &mut Exchange, redirect: &Redirect, voice: &Voice) {
    let mut location = b"Location: ".to_vec();
    write_pieces(redirect.location, x, &mut location);
    location.extend_from_slice(b"\r\n");
    let content = Content { status: redirect.status, kind: "", body: b"" };
    write(x, &content, |out| out.extend_from_slice(&location), voice);
    x.record.reason = Some("redirect");
}

/// Appends a path template with the captures of the exchange.
pub(crate) fn write_pieces(pieces: &[Piece], x: &Exchange, out: &mut Vec<u8>) {
    for piece in pieces {
        out.extend_from_slice(match piece {
            Piece::Text(text) => text.as_bytes(),
            Piece::Capture(index) => x.capture(*index),
        });
    }
}

/// A whole answer but for its fields.
struct Content<'a> {
    status: u16,
    /// The media type; empty: no body.
    kind: &'static str,
    body: &'a [u8],
}

fn write(x: &mut Exchange, content: &Content, more: impl FnOnce(&mut Vec<u8>), voice: &Voice) {
    let Content { status, kind, body } = *content;
    let out = &mut x.homeward;
    out.extend_from_slice(b"HTTP/1.1 ");
    write_number(u64::from(status), out);
    out.push(b' ');
    out.extend_from_slice(phrase(status).as_bytes());
    out.extend_from_slice(b"\r\nDate: ");
    out.extend_from_slice(voice.date);
    out.extend_from_slice(b"\r\n");
    more(out);
    if !kind.is_empty() {
        out.extend_from_slice(b"Content-Type: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    // RFC 9110 section 8.6: no length where there can be no body.
    let bodiless = matches!(status, 204 | 304);
    if !bodiless {
        out.extend_from_slice(b"Content-Length: ");
        write_number(body.len() as u64, out);
        out.extend_from_slice(b"\r\n");
    }
    if voice.last {
        out.extend_from_slice(b"Connection: close\r\n");
    }
    out.extend_from_slice(b"\r\n");
    x.record.status = status;
    if !bodiless && x.head.method != Method::Head {
        out.extend_from_slice(body);
        x.record.sent = body.len() as u64;
    }
}

fn write_allow(methods: u16, out: &mut Vec<u8>) {
    const NAMES: [(u16, &str); 7] = [
        (method::GET, "GET"),
        (method::HEAD, "HEAD"),
        (method::POST, "POST"),
        (method::PUT, "PUT"),
        (method::DELETE, "DELETE"),
        (method::PATCH, "PATCH"),
        // Always: the method table answers it.
        (u16::MAX, "OPTIONS"),
    ];
    out.extend_from_slice(b"Allow: ");
    let mut first = true;
    for (bit, name) in NAMES {
        if methods & bit != 0 {
            if !first {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(name.as_bytes());
            first = false;
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// The bit of a method; 0 for those that no route takes by `*`.
pub(crate) fn method_bit(of: Method) -> u16 {
    match of {
        Method::Get => method::GET,
        Method::Head => method::HEAD,
        Method::Post => method::POST,
        Method::Put => method::PUT,
        Method::Delete => method::DELETE,
        Method::Patch => method::PATCH,
        Method::Options => method::OPTIONS,
        Method::Other => method::OTHER,
        Method::Trace | Method::Connect => 0,
    }
}
