//! Stated answers: their body as the bytes that will be sent, or as the expression that makes them.
//!
//! JSON is written here, once, in compact form; nothing is left to do at run time. That a value is JSON, and that a status
//! may have a body, was checked by the parser.

use std::fmt::Write as _;

use gatewright_dsl::ast::{AnswerBody, Entry, Status, Terminal, TerminalKind, Value, ValueKind};
use gatewright_dsl::schema::{Stage, Want};

use super::Check;
use super::expr::scope::Scope;
use super::expr::{self, Asked};
use super::file;
use super::line::Lines;
use crate::checked::{End, Said, Told};
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

/// Where what is answered is written.
pub(super) fn told(lines: &Lines<'_>, terminal: &Terminal) -> Told {
    let mut told = Told::new();
    match &terminal.kind {
        TerminalKind::Respond { body, .. } => {
            told.insert(String::new(), lines.place(terminal.span));
            if let Some(AnswerBody::Json(value)) = body {
                parts(lines, value, "", &mut told);
            }
        }
        TerminalKind::Aggregate(of) => {
            if let Some((span, value)) = &of.answer {
                told.insert(String::new(), lines.place(*span));
                parts(lines, value, "", &mut told);
            }
        }
        _ => {}
    }
    told
}

/// The fields of a record, and of what is made of each item of a list.
fn parts(lines: &Lines<'_>, value: &Value, path: &str, told: &mut Told) {
    let (entries, path) = match &value.kind {
        ValueKind::Shape(of, entries) if matches!(of.kind, ValueKind::Each(_)) => {
            (entries, format!("{path}[*]"))
        }
        ValueKind::Record(entries) | ValueKind::Shape(_, entries) => (entries, path.to_owned()),
        _ => return,
    };
    for entry in entries {
        let dot = if path.is_empty() { "" } else { "." };
        let own = format!("{path}{dot}{}", entry.name.text);
        parts(lines, &entry.value, &own, told);
        told.insert(own, lines.place(entry.name.span));
    }
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
