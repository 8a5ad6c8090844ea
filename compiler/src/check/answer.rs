//! Fixed answers: their body as the bytes that will be sent.
//!
//! JSON is written here, once, in compact form; nothing is left to do at run time. That a value is JSON, and that a status
//! may have a body, was checked by the parser.

use std::fmt::Write;

use gatewright_dsl::ast::{AnswerBody, Entry, Status, Value, ValueKind};

use crate::checked::{End, Said};

pub(super) fn respond(status: Status, body: Option<&AnswerBody>) -> End {
    let body = body.map(|body| match body {
        AnswerBody::Json(value) => {
            let mut text = String::new();
            json(value, &mut text);
            ("application/json", Said::Text(text))
        }
        AnswerBody::Text(Value { kind: ValueKind::Text(text), .. }) => {
            ("text/plain; charset=utf-8", Said::Text(text.clone()))
        }
        // INVARIANT: `unknown` has refused it.
        AnswerBody::Text(_) | AnswerBody::File(_) => ("text/plain; charset=utf-8", Said::Text(String::new())),
    });
    End::Respond { status: status.code, body }
}

/// Writes a value in compact form.
fn json(value: &Value, out: &mut String) {
    match &value.kind {
        ValueKind::Bool(it) => push(out, format_args!("{it}")),
        ValueKind::Int(it) => push(out, format_args!("{it}")),
        ValueKind::Decimal(digits) => out.push_str(digits),
        ValueKind::Text(text) => string(text, out),
        ValueKind::List(items) => list(items, out),
        ValueKind::Record(entries) => record(entries, out),
        // INVARIANT: the parser or `unknown` has refused every other kind of value.
        _ => out.push_str("null"),
    }
}

fn list(items: &[Value], out: &mut String) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        json(item, out);
    }
    out.push(']');
}

fn record(entries: &[Entry], out: &mut String) {
    out.push('{');
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(&entry.name.text, out);
        out.push(':');
        json(&entry.value, out);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_json_demands() {
        let mut out = String::new();
        string("a\"b\\c\n\u{1}\u{e9}", &mut out);
        assert_eq!(out, "\"a\\\"b\\\\c\\n\\u0001\u{e9}\"");
    }
}
