//! Targets: the path that is sent to an upstream, and the place that a redirect leads to.
//!
//! It joins the captures of a pattern by name; at run time they have numbers only.

use std::collections::BTreeSet;

use gatewright_dsl::ast::{Name, Target, Template, TemplatePart, Value, ValueKind};
use gatewright_dsl::problem::path::rest_not_last;

use super::expr::scope::Scope;
use super::path::{normal_form, spell_query, spell_written};
use super::pattern::{Capture, Pattern, Takes};
use super::{Check, problem};
use crate::checked::Piece;

/// The path that is sent. Every capture must be used: what the pattern takes and the target drops is lost.
pub(super) fn path(
    check: &mut Check<'_>,
    template: &Template,
    (pattern, scope): (&Pattern<'_>, &Scope<'_>),
) -> Vec<Piece> {
    let filled = fill(check, template, pattern);
    let is_known = |name: &String| pattern.captures.iter().any(|capture| capture.name.text == *name);
    for capture in pattern.captures.iter().filter(|capture| !capture.is_outer) {
        let name = &capture.name.text;
        // An expression may be what it is captured for.
        let is_used = filled.used.contains(name.as_str()) || scope.is_used(name);
        // Where a name is unknown, the one that was meant is not called unused as well.
        if filled.used.iter().all(is_known) && !is_used {
            check.problems.push(problem::unused_capture(name, capture.name.span, template.span));
        }
    }
    filled.pieces
}

/// Where a redirect leads. Captures may be dropped there.
pub(super) fn location(check: &mut Check<'_>, target: &Target, pattern: &Pattern<'_>) -> Vec<Piece> {
    match target {
        Target::Url(text) => vec![Piece::Text(text.value.clone())],
        Target::Path(template) => fill(check, template, pattern).pieces,
    }
}

/// A template whose captures have been found.
#[derive(Default)]
struct Filled {
    pieces: Vec<Piece>,
    used: BTreeSet<String>,
    /// The path as it would be written in canonical spelling.
    shown: String,
    /// What follows the first `?` or `#`.
    query: Option<String>,
}

fn fill(check: &mut Check<'_>, template: &Template, pattern: &Pattern<'_>) -> Filled {
    let mut filled = Filled::default();
    for (at, part) in template.parts.iter().enumerate() {
        match part {
            TemplatePart::Literal { text, .. } => filled.literal(text),
            TemplatePart::Value(value) => {
                let Some(name) = name(check, value) else { continue };
                let is_last = at + 1 == template.parts.len();
                let found = capture(check, &name, pattern, is_last, filled.query.is_some());
                filled.capture(name.text, found);
            }
        }
    }
    if let Some(normal) = normal_form(&filled.shown) {
        let quote = if check.slice(template.span).starts_with('"') { "\"" } else { "" };
        let normal = format!("{quote}{normal}{}{quote}", filled.query.as_deref().unwrap_or_default());
        check.problems.push(problem::target_not_normal(template.span, &normal));
    }
    filled
}

/// The name in a piece of a target. Nothing else is known there.
fn name(check: &mut Check<'_>, value: &Value) -> Option<Name> {
    if let ValueKind::Word(text) = &value.kind {
        return Some(Name { span: value.span, text: text.clone() });
    }
    let written = check.slice(value.span);
    check.problems.push(problem::unknown_capture(written, value.span, std::iter::empty()));
    None
}

/// The capture that a target names, if it can stand there.
fn capture<'p>(
    check: &mut Check<'_>,
    name: &Name,
    pattern: &'p Pattern<'_>,
    is_last: bool,
    is_in_query: bool,
) -> Option<&'p Capture<'p>> {
    let Some(found) = pattern.captures.iter().find(|known| known.name.text == name.text) else {
        let known = pattern.captures.iter().map(|known| known.name.text.as_str());
        check.problems.push(problem::unknown_capture(&name.text, name.span, known));
        return None;
    };
    if is_in_query {
        check.problems.push(problem::capture_in_query(&name.text, name.span));
    } else if found.is_rest && !is_last {
        // It may be empty, and two slashes would meet.
        check.problems.push(rest_not_last(name.span));
    }
    Some(found)
}

impl Filled {
    fn literal(&mut self, text: &str) {
        let path = if self.query.is_some() { "" } else { text.split(['?', '#']).next().unwrap_or_default() };
        let spelled = spell_written(path);
        self.shown.push_str(&spelled);
        self.text(&spelled);
        let query = spell_query(text.get(path.len()..).unwrap_or_default());
        if !query.is_empty() {
            self.text(&query);
            self.query.get_or_insert_default().push_str(&query);
        }
    }

    fn capture(&mut self, name: String, found: Option<&Capture<'_>>) {
        self.shown.extend(["{", name.as_str(), "}"]);
        self.used.insert(name);
        match found.map(|capture| &capture.takes) {
            Some(Takes::Known(text)) => self.text(text),
            Some(Takes::Noted(number)) => self.pieces.push(Piece::Capture(*number)),
            None => {}
        }
    }

    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}
