//! Fixed answers: their status, and their body as the bytes that will be sent.
//!
//! JSON is written here, once, in compact form; nothing is left to do at run time.

use std::fmt::Write;

use gatewright_dsl::ast::{AnswerBody, Entry, Status, Value, ValueKind};
use gatewright_dsl::problem::Problem;

use super::problem;
use crate::checked::End;

pub(super) fn respond(status: Status, body: Option<&AnswerBody>, problems: &mut Vec<Problem>) -> End {
    let span = body.map(|body| match body {
        AnswerBody::Json(value) => value.span,
        AnswerBody::Text(text) => text.span,
    });
    // RFC 9110, 15.3.5, 15.3.6 and 15.4.5.
    if let (204 | 205 | 304, Some(span)) = (status.code, span) {
        problems.push(problem::body_not_allowed(status.code, status.span, span));
    }
    let body = body.map(|body| match body {
        AnswerBody::Json(value) => {
            let mut text = String::new();
            json(value, &mut text, problems);
            ("application/json", text)
        }
        AnswerBody::Text(text) => ("text/plain; charset=utf-8", text.value.clone()),
    });
    End::Respond { status: status.code, body }
}

/// Writes a value in compact form.
fn json(value: &Value, out: &mut String, problems: &mut Vec<Problem>) {
    let found = match &value.kind {
        ValueKind::Bool(it) => return push(out, format_args!("{it}")),
        ValueKind::Int(it) => return push(out, format_args!("{it}")),
        ValueKind::Decimal(digits) => return out.push_str(digits),
        ValueKind::Text(text) => return string(text, out),
        ValueKind::List(items) => return list(items, out, problems),
        ValueKind::Record(entries) => return record(entries, out, problems),
        ValueKind::Duration(_) => "a duration",
        ValueKind::Size(_) => "a size",
        ValueKind::Rate(_) => "a rate",
        ValueKind::Percent(_) => "a percentage",
        ValueKind::Range(..) => "a range",
        ValueKind::Address(_) => "an address",
        ValueKind::Word(_) => "a bare word",
        ValueKind::Path(_) => "a bare path",
    };
    problems.push(problem::not_json(found, value.span));
}

fn list(items: &[Value], out: &mut String, problems: &mut Vec<Problem>) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        json(item, out, problems);
    }
    out.push(']');
}

fn record(entries: &[Entry], out: &mut String, problems: &mut Vec<Problem>) {
    out.push('{');
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(&entry.name.text, out);
        out.push(':');
        json(&entry.value, out, problems);
    }
    out.push('}');
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => push(out, format_args!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    let _ = out.write_fmt(text);
}
