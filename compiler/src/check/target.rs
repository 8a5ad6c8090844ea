//! Targets: the path that is sent to an upstream, and the place that a redirect leads to.
//!
//! It joins the captures of a pattern by name; at run time they have numbers only. What else is known of a request becomes a
//! part of one segment, and a value that never could is refused here. Behind the `?` of a redirect any value can stand.

use std::collections::BTreeSet;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{Target, Template, TemplatePart, Value, ValueKind};
use gatewright_dsl::problem::path::rest_not_last;
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::{Stage, Want};

use super::expr::{self, Asked, scope};
use super::path::{normal_form, spell, spell_query, spell_written};
use super::pattern::{Capture, Pattern, Takes};
use super::{Check, problem};
use crate::checked::Piece;
use crate::ir::expr::{Constant, Expr, Kind, Part, Read};
use crate::ty::Ty;

type Names<'r, 'a> = (&'r Pattern<'a>, &'r scope::Scope<'r>);

/// The path that is sent. Every capture must be used: what the pattern takes and the target drops is lost.
pub(super) fn path(check: &mut Check<'_>, template: &Template, names: Names<'_, '_>) -> Vec<Piece> {
    let (pattern, scope) = names;
    let filled = fill(check, template, names);
    unused(check, pattern, scope, &filled.used, template.span);
    filled.pieces
}

/// The path that a branch asks for, perhaps with a query; and the names of captures that stand in it as they are.
pub(super) fn asked(
    check: &mut Check<'_>,
    template: &Template,
    names: Names<'_, '_>,
) -> (Vec<Piece>, BTreeSet<String>) {
    if check.slice(template.span).contains('#') {
        let problem = wrong_type(template.span, "a path, and perhaps a query", "a fragment behind `#`");
        check.problems.push(problem.help("leave it out: no server is sent one"));
    }
    let filled = fill(check, template, names);
    (filled.pieces, filled.used)
}

/// Every capture must be used: what the pattern takes and nobody reads is lost.
pub(super) fn unused(
    check: &mut Check<'_>,
    pattern: &Pattern<'_>,
    scope: &scope::Scope<'_>,
    used: &BTreeSet<String>,
    span: Span,
) {
    let is_known = |name: &String| pattern.captures.iter().any(|capture| capture.name.text == *name);
    for capture in pattern.captures.iter().filter(|capture| !capture.is_outer) {
        let name = &capture.name.text;
        // An expression may be what it is captured for.
        let is_used = used.contains(name.as_str()) || scope.is_used(name) || scope.is_used_around(name);
        // Where a name is unknown, the one that was meant is not called unused as well.
        if used.iter().all(is_known) && !is_used {
            check.problems.push(problem::unused_capture(name, capture.name.span, span));
        }
    }
}

/// Where a redirect leads. Captures may be dropped there.
pub(super) fn location(check: &mut Check<'_>, target: &Target, names: Names<'_, '_>) -> Vec<Piece> {
    match target {
        Target::Url(text) => vec![Piece::Text(text.value.clone())],
        Target::Path(template) => fill(check, template, names).pieces,
        Target::Elsewhere { origin, path, .. } => {
            let mut pieces = vec![Piece::Text(origin.clone())];
            pieces.extend(fill(check, path, names).pieces);
            pieces
        }
    }
}

/// The query of the request follows, as it came: behind a target that has none, and no fragment.
pub(super) fn followed(check: &mut Check<'_>, location: &mut Vec<Piece>, word: Span) {
    let has_own = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(['?', '#']));
    if location.iter().any(has_own) {
        let problem = wrong_type(word, "a target without `?` and `#` before `query`", "one with them");
        check
            .problems
            .push(problem.help("write the fields that it is to have, or `query` for those of the request"));
    }
    location.push(Piece::Asked);
}

/// A template whose values have been found.
#[derive(Default)]
struct Filled {
    pieces: Vec<Piece>,
    /// Captures that stand in it, and names that are unknown.
    used: BTreeSet<String>,
    /// The path as it would be written in canonical spelling; a value by its place among the parts.
    shown: String,
    /// What follows the first `?` or `#`.
    query: Option<String>,
}

fn fill(check: &mut Check<'_>, template: &Template, names: Names<'_, '_>) -> Filled {
    let mut filled = Filled::default();
    for (at, part) in template.parts.iter().enumerate() {
        match part {
            TemplatePart::Literal { text, .. } => filled.literal(text),
            TemplatePart::Value(value) => {
                let (place, is_last) = (filled.shown.len(), at + 1 == template.parts.len());
                filled.value(check, value, names, is_last);
                if filled.shown.len() == place {
                    filled.shown.extend(["{", &at.to_string(), "}"]);
                }
            }
        }
    }
    if let Some(mut normal) = normal_form(&filled.shown) {
        for (at, part) in template.parts.iter().enumerate() {
            if let TemplatePart::Value(value) = part {
                let written = format!("{{{}}}", check.slice(value.span));
                normal = normal.replace(&format!("{{{at}}}"), &written);
            }
        }
        let quote = if check.slice(template.span).starts_with('"') { "\"" } else { "" };
        let normal = format!("{quote}{normal}{}{quote}", filled.query.as_deref().unwrap_or_default());
        check.problems.push(problem::target_not_normal(template.span, &normal));
    }
    filled
}

impl Filled {
    /// A value, where one can stand.
    fn value(
        &mut self,
        check: &mut Check<'_>,
        value: &Value,
        (pattern, scope): Names<'_, '_>,
        is_last: bool,
    ) {
        let captured = |is: &dyn Fn(&Capture<'_>) -> bool| pattern.captures.iter().find(|known| is(known));
        if let ValueKind::Word(word) = &value.kind {
            let found = captured(&|known| known.name.text == *word);
            let known = scope.known();
            let is_name = known.contains(&word.as_str()) || scope::RESERVED.contains(&word.as_str());
            if let Some(found) = found {
                self.used.insert(word.clone());
                if self.query.is_none() {
                    return self.capture(check, value, found, is_last);
                }
            }
            if !is_name && found.is_none() {
                self.used.insert(word.clone());
                let names = pattern.captures.iter().map(|capture| capture.name.text.as_str());
                let problem = problem::unknown_capture(word, value.span, names.chain(known));
                check.problems.push(problem);
                return;
            }
        }
        let asked = Asked { want: Want::Text, stage: Stage::Request, takes_secret: false };
        let Some(function) = expr::function(scope, value, asked, &mut check.problems) else { return };
        if let Some(query) = &mut self.query {
            query.extend(["{", check.slice(value.span), "}"]);
            self.pieces.push(Piece::Query(function));
            return;
        }
        if let Kind::Read(Read::Capture(number)) = function.expr.kind
            && let Some(found) = captured(&|known| known.takes == Takes::Noted(number))
        {
            return self.capture(check, value, found, is_last);
        }
        if let Some(found) = slashes(&function.expr) {
            let problem = wrong_type(value.span, "a value that can be part of one segment", &found);
            let help = "the rest of a path is captured as `{rest: path}`, and stands last";
            check.problems.push(problem.help(help));
            return;
        }
        match function.expr.constant() {
            Some(Constant::Text(text)) => {
                let spelled = spell(text);
                self.shown.push_str(&spelled);
                self.text(&spelled);
            }
            _ => self.pieces.push(Piece::Value(function)),
        }
    }

    fn capture(&mut self, check: &mut Check<'_>, value: &Value, capture: &Capture<'_>, is_last: bool) {
        if capture.is_rest && !is_last {
            // It may be empty, and two slashes would meet.
            check.problems.push(rest_not_last(value.span));
        }
        match &capture.takes {
            Takes::Known(text) => self.text(text),
            Takes::Noted(number) => self.pieces.push(Piece::Capture(*number)),
        }
    }

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

    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

/// What a value is that has a slash, or something else that no segment can have, for every request.
fn slashes(expr: &Expr) -> Option<String> {
    let refused = |text: &str| text.chars().any(|c| matches!(c, '/' | '\\' | ';') || c.is_ascii_control());
    match (&expr.kind, &expr.ty) {
        (Kind::Read(Read::Path), _) => Some("a whole path".to_owned()),
        (_, ty @ (Ty::Path | Ty::Url | Ty::Cidr | Ty::Rate(_))) => Some(format!("`{ty}`")),
        (Kind::Constant(Constant::Text(text)), _) if refused(text) => Some(format!("the text {text:?}")),
        (Kind::Text(parts), _) => parts.iter().find_map(|part| match part {
            Part::Literal(text) if refused(text) => Some(format!("the text {text:?}")),
            Part::Literal(_) => None,
            Part::Value(of) => slashes(of),
        }),
        (Kind::If(_, then, otherwise), _) => slashes(then).and(slashes(otherwise)),
        _ => None,
    }
}
