//! The answers that the gateway gives itself: refusals as problem documents (RFC 9457), and what routes state.

use std::borrow::Cow;

use crate::exchange::{Exchange, Own};
use crate::head::{Field, Known, Method, Span, write_fields, write_number};
use crate::policy::query::Violation;
use crate::reason::{Reason, phrase};
use crate::route::method;
use crate::target;
use crate::terminal::{Content, Redirect, Respond};

/// What all answers of a gateway say.
pub(crate) struct Voice<'a> {
    /// The gateway's name.
    pub(crate) name: &'a str,
    /// The date, as `Date` has it.
    pub(crate) date: &'a [u8],
    /// `Connection: close`.
    pub(crate) last: bool,
}

/// Writes a refusal into `homeward`, or what the route states in its place. `allow` states the methods that the path
/// has.
pub(crate) fn refuse(x: &mut Exchange, reason: Reason, allow: Option<u16>, voice: &Voice) {
    x.record.reason = Some(reason.word);
    x.record.refusal = Some(reason.number);
    #[cfg(feature = "tested")]
    x.reach_refusal(reason.word);
    let stated = x.walk.and_then(|walk| walk.chain.own?(x, walk.record, Own { reason }));
    let document;
    let (status, kind) = if let Some(respond) = stated {
        document = body_of(x, respond.body);
        (respond.status, respond.content_type)
    } else {
        document = Cow::Owned(problem(reason, x).into_bytes());
        (reason.status, "application/problem+json")
    };
    let whole = Whole { status, kind, body: document.as_ref() };
    let more = |lines: &mut Lines| {
        if let Some(methods) = allow {
            lines.add("Allow", |out| write_allow(methods, out));
        }
        lines.add("Proxy-Status", |out| write_proxy_status(reason, voice.name, out));
    };
    write(x, &whole, more, voice);
}

/// The problem document of a refusal. Values of the request never stand in it.
fn problem(reason: Reason, x: &Exchange) -> String {
    let mut document = format!(
        "{{\"type\":\"about:blank\",\"title\":\"{}\",\"status\":{},\"detail\":\"{}\",\"reason\":\"{}\"",
        phrase(reason.status),
        reason.status,
        reason.detail,
        reason.word
    );
    let whole = document.len();
    let begin = |document: &mut String| {
        document.push_str(if document.len() == whole { ",\"errors\":[" } else { "," });
    };
    for Violation { place, field, problem } in &x.violations {
        begin(&mut document);
        let parts = [("{\"in\":", *place), (",\"name\":", field.name), (",\"problem\":", *problem)];
        for (key, text) in parts.into_iter().chain([(",\"expected\":", field.expected)]) {
            document.push_str(key);
            push_string(text, &mut document);
        }
        document.push('}');
    }
    #[cfg(feature = "json")]
    for wrong in &x.wrongs {
        begin(&mut document);
        push_wrong(wrong, &mut document);
    }
    document.push_str(if document.len() == whole { "}\n" } else { "]}\n" });
    document
}

/// Appends what is wrong with a part of the body: where, and what is there instead, but not its value.
#[cfg(feature = "json")]
fn push_wrong(wrong: &crate::json::Violation, out: &mut String) {
    use crate::json::Found;
    let found = match wrong.found {
        Found::Malformed(at) => format!("no JSON from byte {at} on"),
        Found::Beyond(what, Some(length)) if what == "an array" => format!("{what} of {length}"),
        Found::Beyond(what, Some(length)) => format!("{what} of {length} characters"),
        Found::Other(what) | Found::Beyond(what, None) => what.to_owned(),
        Found::TooComplex | Found::Missing | Found::Repeated | Found::Unknown => String::new(),
    };
    let parts = [("{\"in\":\"body\",\"pointer\":", &*wrong.pointer), (",\"problem\":", wrong.found.word())];
    for (key, text) in parts.into_iter().chain([(",\"expected\":", wrong.expected)]) {
        out.push_str(key);
        push_string(text, out);
    }
    if !found.is_empty() {
        out.push_str(",\"found\":");
        push_string(&found, out);
    }
    out.push('}');
}

/// Appends a JSON string.
fn push_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        // A control character in a name is nobody's business.
        out.push(if c.is_control() { ' ' } else { c });
    }
    out.push('"');
}

fn write_proxy_status(reason: Reason, name: &str, out: &mut Vec<u8>) {
    // A structured token begins with a letter or an asterisk (RFC 8941 section 3.3.4).
    let token = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let quote: &[u8] = if token { b"" } else { b"\"" };
    for part in [
        quote,
        name.as_bytes(),
        quote,
        b"; error=",
        reason.error.as_bytes(),
        b"; details=\"",
        reason.word.as_bytes(),
        b"\"",
    ] {
        out.extend_from_slice(part);
    }
}

/// Writes the answer to OPTIONS that the method table gives.
pub(crate) fn options(x: &mut Exchange, methods: u16, voice: &Voice) {
    x.record.reason = Some("options");
    let more = |lines: &mut Lines| lines.add("Allow", |out| write_allow(methods, out));
    write(x, &Whole { status: 204, kind: "", body: b"" }, more, voice);
}

/// Writes what `respond` states.
pub(crate) fn respond(x: &mut Exchange, respond: &Respond, voice: &Voice) {
    x.record.reason = Some("respond");
    let body = body_of(x, respond.body);
    write(x, &Whole { status: respond.status, kind: respond.content_type, body: &body }, |_| {}, voice);
}

/// Writes an answer of JSON that was made of others, with fields of its own.
#[cfg(feature = "json")]
pub(crate) fn made(x: &mut Exchange, body: &[u8], fields: &[(&str, &[u8])], voice: &Voice) {
    x.record.reason = Some("aggregate");
    let more = |lines: &mut Lines| {
        for (name, value) in fields {
            lines.add(name, |out| out.extend_from_slice(value));
        }
    };
    write(x, &Whole { status: 200, kind: "application/json", body }, more, voice);
}

/// Writes what a function of the operator's answers.
#[cfg(feature = "handler")]
pub(crate) fn handled(x: &mut Exchange, response: &http::Response<Vec<u8>>, voice: &Voice) {
    x.record.reason = Some("handler");
    let status = response.status().as_u16();
    // RFC 9110 sections 15.3.6 and 15.4.5: no body, whatever was meant.
    let body = if matches!(status, 204 | 205 | 304) { &[] } else { response.body().as_slice() };
    let more = |lines: &mut Lines| {
        for (name, value) in response.headers() {
            lines.add(name.as_str(), |out| out.extend_from_slice(value.as_bytes()));
        }
    };
    write(x, &Whole { status, kind: "", body }, more, voice);
}

fn body_of(x: &Exchange, content: Content) -> Cow<'static, [u8]> {
    match content {
        Content::Nothing => Cow::Borrowed(b""),
        Content::Text(text) => Cow::Borrowed(text.as_bytes()),
        Content::Write(write) => {
            let mut body = Vec::new();
            write(x, &mut body);
            Cow::Owned(body)
        }
    }
}

/// Writes what `redirect` states.
pub(crate) fn redirect(x: &mut Exchange, redirect: &Redirect, voice: &Voice) {
    x.record.reason = Some("redirect");
    let mut location = Vec::new();
    target::write(&redirect.location, x, &mut location);
    let more = |lines: &mut Lines| lines.add("Location", |out| out.extend_from_slice(&location));
    write(x, &Whole { status: redirect.status, kind: "", body: b"" }, more, voice);
}

/// A whole answer but for its fields.
struct Whole<'a> {
    status: u16,
    /// The media type; empty: no body.
    kind: &'static str,
    body: &'a [u8],
}

/// Field lines of an answer of the gateway's own, in the same form as those of a server, so that steps see no difference.
struct Lines<'a> {
    bytes: &'a mut Vec<u8>,
    fields: &'a mut Vec<Field>,
}

impl Lines<'_> {
    fn add(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b": ");
        value(self.bytes);
        let end = self.bytes.len();
        self.bytes.extend_from_slice(b"\r\n");
        self.fields.push(Field {
            name: Span::new(start..start + name.len()),
            value: Span::new(start + name.len() + 2..end),
            end: Span::new(0..end + 2).end,
            known: Known::No,
            plain: true,
            dropped: false,
        });
    }
}

fn write(x: &mut Exchange, whole: &Whole, more: impl FnOnce(&mut Lines), voice: &Voice) {
    let Whole { status, kind, body } = *whole;
    x.answer.status = status;
    x.answer.bytes.clear();
    x.fields.clear();
    let mut lines = Lines { bytes: &mut x.answer.bytes, fields: &mut x.fields };
    lines.add("Date", |out| out.extend_from_slice(voice.date));
    more(&mut lines);
    if !kind.is_empty() {
        lines.add("Content-Type", |out| out.extend_from_slice(kind.as_bytes()));
    }
    if let Some((hook, record)) = x.walk.and_then(|walk| Some((walk.chain.response?, walk.record))) {
        hook(x, record);
        if let Some(reason) = x.fault.take() {
            // The steps cannot show this answer; the plain refusal is not shown to them.
            x.walk = None;
            x.unsay();
            return refuse(x, reason, None, voice);
        }
    }
    let out = &mut x.homeward;
    out.extend_from_slice(b"HTTP/1.1 ");
    write_number(u64::from(status), out);
    out.push(b' ');
    out.extend_from_slice(phrase(status).as_bytes());
    out.extend_from_slice(b"\r\n");
    write_fields(&x.answer.bytes, &x.fields, out);
    out.extend_from_slice(&x.said);
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
