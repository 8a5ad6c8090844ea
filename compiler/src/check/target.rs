//! Targets: the path that is sent to an upstream, and the place that a redirect leads to.
//!
//! It joins the captures of a pattern by name; at run time they have numbers only.

use std::collections::BTreeSet;

use gatewright_dsl::ast::{Target, Template, TemplatePart, Text};

use super::path::spell_written;
use super::pattern::{Pattern, Takes};
use super::{Check, problem};
use crate::checked::Piece;

/// The path that is sent. Every capture must be used: what the pattern takes and the target drops is lost.
pub(super) fn path(check: &mut Check<'_>, template: &Template, pattern: &Pattern<'_>) -> Vec<Piece> {
    let (pieces, used) = fill(check, template, pattern);
    for capture in &pattern.captures {
        let name = &capture.name.text;
        if !used.contains(name.as_str()) {
            check.problems.push(problem::unused_capture(name, capture.name.span, template.span));
        }
    }
    pieces
}

/// Where a redirect leads. Captures may be dropped there.
pub(super) fn location(check: &mut Check<'_>, target: &Target, pattern: &Pattern<'_>) -> Vec<Piece> {
    match target {
        Target::Url(text) => url(check, text),
        Target::Path(template) => {
            let (pieces, _) = fill(check, template, pattern);
            if matches!(pieces.first(), Some(Piece::Text(text)) if text.starts_with("//")) {
                let found =
                    problem::redirect_target("two slashes would begin the name of a host", template.span);
                check.problems.push(found);
            }
            pieces
        }
    }
}

fn url(check: &mut Check<'_>, text: &Text) -> Vec<Piece> {
    let authority = ["https://", "http://"].iter().find_map(|scheme| text.value.strip_prefix(scheme));
    let why = match authority {
        None => Some("expected `https://`, `http://` or a path at its beginning"),
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '?', '#', ':']) => {
            Some("expected a host behind the scheme")
        }
        // RFC 3986 knows no other characters; a browser would guess.
        Some(_) if !text.value.bytes().all(is_of_a_url) => {
            Some("expected blanks and other special characters as `%XX`")
        }
        Some(_) => None,
    };
    if let Some(why) = why {
        check.problems.push(problem::redirect_target(why, text.span));
    }
    vec![Piece::Text(text.value.clone())]
}

fn is_of_a_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?#[]%".contains(&byte)
}

/// The pieces of a template, and the names that it uses.
fn fill<'a>(
    check: &mut Check<'_>,
    template: &'a Template,
    pattern: &Pattern<'_>,
) -> (Vec<Piece>, BTreeSet<&'a str>) {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut used = BTreeSet::new();
    for part in &template.parts {
        let piece = match part {
            TemplatePart::Literal { text, .. } => Piece::Text(spell_written(text)),
            TemplatePart::Capture(name) => {
                used.insert(name.text.as_str());
                let Some(capture) = pattern.captures.iter().find(|known| known.name.text == name.text) else {
                    let known = pattern.captures.iter().map(|known| known.name.text.as_str());
                    check.problems.push(problem::unknown_capture(&name.text, name.span, known));
                    continue;
                };
                match capture.takes.clone() {
                    Takes::Known(text) => Piece::Text(text),
                    Takes::Noted(number) => Piece::Capture(number),
                }
            }
        };
        match (pieces.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => pieces.push(piece),
        }
    }
    (pieces, used)
}
