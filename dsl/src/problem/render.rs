//! Shows problems: as text for people, as JSON for tools. It adds nothing to what the problem says.

use super::{Label, Problem, Severity};
use crate::source::{Source, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

/// Whether text carries terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Escape sequences are written.
    On,
    /// Plain text.
    Off,
}

/// Problems as text, with an empty line between two. `sources` is indexed by the spans' file numbers.
#[must_use]
pub fn text(problems: &[Problem], sources: &[Source], colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    };
    let shown: Vec<String> = problems.iter().map(|problem| one(problem, sources, &renderer)).collect();
    shown.join("\n")
}

fn one(problem: &Problem, sources: &[Source], renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
    };
    let title = level.primary_title(visible(&problem.message)).id(problem.name);
    let mut group = Group::with_title(title);
    // The primary label's file first, then the others in order.
    let mut files: Vec<u32> = problem.span().map(|span| span.file).into_iter().collect();
    for label in &problem.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    for file in files {
        let Some(source) = source(sources, file) else { continue };
        let labels: Vec<(&Label, Span)> = problem
            .labels
            .iter()
            .filter(|label| label.span.file == file)
            .map(|label| (label, within(source, label.span)))
            .collect();
        let window = window(source, &labels);
        let annotations = labels.iter().map(|(label, span)| {
            let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(span.start - window.start..span.end - window.start);
            if label.text.is_empty() { annotation } else { annotation.label(visible(&label.text)) }
        });
        let text = source.slice(window);
        let line = source.position(window.start).line;
        group =
            group.element(Snippet::source(text).line_start(line).path(&source.name).annotations(annotations));
    }
    if let Some(witness) = &problem.witness {
        group = group.element(Level::NOTE.with_name(Some("proof")).message(visible(witness)));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    let mut text = renderer.render(&[group]);
    text.push('\n');
    text
}

/// One problem as JSON: `{name, severity, message, labels, help, fix, witness}`. Byte offsets count from 0, lines and
/// columns (in Unicode scalars) from 1; what is absent is null.
#[must_use]
pub fn json(problem: &Problem, sources: &[Source]) -> Value {
    let labels: Vec<Value> = problem.labels.iter().map(|label| json_label(label, sources)).collect();
    let fix = problem.fix.as_ref().map(|fix| {
        let mut place = json_place(fix.span, sources);
        if let Value::Object(fields) = &mut place {
            fields.insert("replacement".into(), fix.replacement.clone().into());
        }
        place
    });
    json!({
        "name": problem.name,
        "severity": problem.severity.word(),
        "message": problem.message,
        "labels": labels,
        "help": problem.help,
        "fix": fix,
        "witness": problem.witness,
    })
}

fn json_label(label: &Label, sources: &[Source]) -> Value {
    let mut place = json_place(label.span, sources);
    if let Value::Object(fields) = &mut place {
        fields.insert("text".into(), label.text.clone().into());
    }
    place
}

fn json_place(span: Span, sources: &[Source]) -> Value {
    let position = source(sources, span.file).map(|source| (source, source.position(span.start)));
    json!({
        "file": position.map(|(source, _)| source.name.as_str()),
        "start": span.start,
        "end": span.end,
        "line": position.map(|(_, at)| at.line),
        "column": position.map(|(_, at)| at.column),
    })
}

pub(super) fn source(sources: &[Source], file: u32) -> Option<&Source> {
    sources.get(usize::try_from(file).ok()?)
}

/// The lines from the first label to the last: the renderer reads all it is given, however long.
fn window(source: &Source, labels: &[(&Label, Span)]) -> Span {
    let first = labels.iter().map(|(_, span)| span.start).min().unwrap_or_default();
    let last = labels.iter().map(|(_, span)| span.end).max().unwrap_or_default();
    let start = source.text.get(..first).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
    let end = source
        .text
        .get(last..)
        .and_then(|text| text.find('\n'))
        .map_or(source.text.len(), |at| last + at + 1);
    Span::new(source.file, start, end)
}

/// The span, moved onto whole characters of the text, so that rendering cannot fail.
fn within(source: &Source, span: Span) -> Span {
    let floor = |mut at: usize| {
        at = at.min(source.text.len());
        while !source.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    Span { start, end: floor(span.end).max(start), ..span }
}

/// Characters that move the cursor or turn the text around are shown as their names.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        {
            shown.extend(char.escape_unicode());
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::syntax;

    #[test]
    fn shows_place_message_and_help() {
        let source = Source::new("gateway.gw", "uptream app { }\n");
        let problem = syntax::unknown_word(Span::new(0, 0, 7), "declaration", "uptream", ["upstream"]);
        insta::assert_snapshot!(text(
            std::slice::from_ref(&problem),
            std::slice::from_ref(&source),
            Colour::Off
        ));
        let shown = serde_json::to_string_pretty(&json(&problem, &[source])).unwrap();
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_span_outside_the_text_does_no_harm() {
        let source = Source::new("a.gw", "é");
        let problem =
            syntax::missing_value(Span::new(0, 1, 99), "a value", ",").because(Span::new(7, 1, 2), "x");
        assert!(text(&[problem], &[source], Colour::On).contains("missing_value"));
    }
}
