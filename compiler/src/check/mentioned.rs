//! Names in what is refused: nobody knows what a line was meant to say, so nothing that it names is called unused.

use std::collections::BTreeSet;

use gatewright_dsl::{Problem, Span};

use super::{Check, source};

/// Leaves out what is called unused, and stands by its name in a line with a problem.
pub(super) fn forgive(check: &Check<'_>, unused: &mut Vec<Problem>) {
    if unused.is_empty() {
        return;
    }
    let lines: BTreeSet<Span> = check.problems.iter().filter_map(|it| line(check, it.span()?)).collect();
    let is_named = |at: Span| {
        let name = check.slice(at);
        lines.iter().any(|line| names(check, *line, name).any(|place| place != at))
    };
    unused.retain(|problem| !problem.span().is_some_and(is_named));
}

/// Leaves out that a name is unknown, where a line with another problem was to declare it: `name: type` or `name = …`.
pub(super) fn forgive_unknown(check: &mut Check<'_>) {
    let is_unknown = |problem: &Problem| problem.name == "unknown_name";
    if !check.problems.iter().any(is_unknown) {
        return;
    }
    let wrong = check.problems.iter().filter(|problem| !is_unknown(problem));
    let lines: BTreeSet<Span> = wrong.filter_map(|it| line(check, it.span()?)).collect();
    let is_declared = |at: Span| {
        let name = check.slice(at);
        let behind = |line: Span, place: Span| check.slice(Span { start: place.end, ..line }).trim_start();
        let declares =
            |text: &str| text.starts_with([':', '=']) && !text.starts_with("==") && !text.starts_with("=>");
        // What is declared is unknown for another reason, as a test's `param` of a name that is a `live`.
        !name.is_empty()
            && !check.names.has(super::rewrite::Space::Value, name)
            && lines.iter().any(|line| names(check, *line, name).any(|place| declares(behind(*line, place))))
    };
    let forgiven: Vec<bool> =
        check.problems.iter().map(|it| is_unknown(it) && it.span().is_some_and(is_declared)).collect();
    let mut forgiven = forgiven.into_iter();
    check.problems.retain(|_| !forgiven.next().unwrap_or_default());
}

/// The whole line in which something begins.
fn line(check: &Check<'_>, at: Span) -> Option<Span> {
    let text = &source(check.sources, at)?.text;
    let start = text.get(..at.start)?.rfind('\n').map_or(0, |end| end + 1);
    let end = text.get(at.start..)?.find('\n').map_or(text.len(), |end| at.start + end);
    Some(Span { start, end, ..at })
}

/// Where a line has this very name.
fn names<'c>(check: &'c Check<'_>, line: Span, name: &'c str) -> impl Iterator<Item = Span> + 'c {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let text = check.slice(line);
    text.match_indices(name).filter_map(move |(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let behind = text.get(at + name.len()..)?.chars().next();
        let is_whole = !before.is_some_and(is_part) && !behind.is_some_and(is_part);
        let start = line.start + at;
        is_whole.then_some(Span { start, end: start + name.len(), ..line })
    })
}
