//! Stated answers: their body as the bytes that will be sent, or as the expression that makes them.
//!
//! JSON is written here, once, in compact form; nothing is left to do at run time. That a value is JSON, and that a status
//! may have a body, was checked by the parser.

use std::fmt::Write as _;

use gatewright_dsl::ast::{AnswerBody, Entry, Status, Value, ValueKind};
use gatewright_dsl::schema::{Stage, Want};

use super::Check;
use super::expr::scope::Scope;
use super::expr::{self, Asked};
use super::file;
use crate::checked::{End, Said};
use crate::json;

/// What a route states. `None` where it is not understood.
pub(super) fn respond(
    check: &mut Check<'_>,
    scope: &Scope<'_>,
    status: Status,
    body: Option<&AnswerBody>,
) -> Option<End> {
    let body = match body {
        None => None,
        Some(AnswerBody::Json(value)) => Some(("application/json", said(check, scope, value, Want::Json)?)),
        Some(AnswerBody::Text(value)) => {
            Some(("text/plain; charset=utf-8", said(check, scope, value, Want::Text)?))
        }
        Some(AnswerBody::File(path)) => {
            let (media, text) = file::read(check, path)?;
            Some((media, Said::Text(text)))
        }
    };
    Some(End::Respond { status: status.code, body })
}

fn said(check: &mut Check<'_>, scope: &Scope<'_>, value: &Value, want: Want) -> Option<Said> {
    if let Some(text) = known(value, want) {
        return Some(Said::Text(text));
    }
    let asked = Asked { want, stage: Stage::Request, takes_secret: false };
    expr::function(scope, value, asked, &mut check.problems).map(Said::Expr)
}

/// What is said for every request alike, where all of it is written out.
pub(super) fn known(value: &Value, want: Want) -> Option<String> {
    match (&value.kind, want) {
        (ValueKind::Text(text), Want::Text) => Some(text.clone()),
        (_, Want::Json) if is_literal(value) => {
            let mut text = String::new();
            write(value, &mut text);
            Some(text)
        }
        _ => None,
    }
}

fn is_literal(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Bool(_) | ValueKind::Int(_) | ValueKind::Decimal(_) | ValueKind::Text(_) => true,
        ValueKind::List(items) => items.iter().all(is_literal),
        ValueKind::Record(entries) => entries.iter().all(|entry| is_literal(&entry.value)),
        _ => false,
    }
}

/// Writes a value in compact form.
fn write(value: &Value, out: &mut String) {
    match &value.kind {
        ValueKind::Bool(it) => push(out, format_args!("{it}")),
        ValueKind::Int(it) => push(out, format_args!("{it}")),
        ValueKind::Decimal(digits) => out.push_str(digits),
        ValueKind::Text(text) => json::string(text, out),
        ValueKind::List(items) => list(items, out),
        ValueKind::Record(entries) => record(entries, out),
        // INVARIANT: it was asked whether all of it is written out.
        _ => out.push_str("null"),
    }
}

fn list(items: &[Value], out: &mut String) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}

fn record(entries: &[Entry], out: &mut String) {
    out.push('{');
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        json::string(&entry.name.text, out);
        out.push(':');
        write(&entry.value, out);
    }
    out.push('}');
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    let _ = out.write_fmt(text);
}
