//! Where a setting came from, for whoever asks why it holds: the place where it is written, and what it came through.

use std::rc::Rc;

use gatewright_dsl::Span;
use gatewright_dsl::ast;
use gatewright_dsl::schema::Checked;

use super::Check;
use super::around::Nested;
use super::join::Item;
use crate::checked::Trail;

/// The way of a setting to the routes of its block.
pub(super) fn of_item(check: &mut Check<'_>, item: &Item, nested: &Nested<'_>) -> Rc<Trail> {
    let key = (item.written.around, item.origin());
    if let Some(known) = check.trails.get(&key) {
        return Rc::clone(known);
    }
    let arounds = std::iter::successors(nested.arounds.get(item.written.around), |around| {
        nested.arounds.get(around.parent?)
    });
    let mut heads: Vec<Span> = arounds.filter_map(|around| around.head.span()).collect();
    heads.reverse();
    heads.extend(&item.uses);
    let trail = Rc::new(trail(check, item.span, &heads));
    check.trails.insert(key, Rc::clone(&trail));
    trail
}

/// The way of a setting of an upstream.
pub(super) fn of_upstream(check: &mut Check<'_>, upstream: &ast::Name, setting: &Checked) -> Rc<Trail> {
    let key = (usize::MAX, vec![setting.span]);
    if let Some(known) = check.trails.get(&key) {
        return Rc::clone(known);
    }
    let mut trail = trail(check, setting.span, &[]);
    let place = check.lines.place(upstream.span);
    trail.through.push((format!("upstream {}", upstream.text), place));
    let trail = Rc::new(trail);
    check.trails.insert(key, Rc::clone(&trail));
    trail
}

fn trail(check: &Check<'_>, at: Span, through: &[Span]) -> Trail {
    let shown = |span: Span| one_line(check.slice(span));
    let through = through.iter().map(|span| (shown(*span), check.lines.place(*span)));
    Trail { place: check.lines.place(at), span: at, text: shown(at), through: through.collect() }
}

/// A text with single blanks for all that is blank.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
