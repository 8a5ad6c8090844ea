//! Host patterns: `{tenant: Slug}.example.com`.

use super::path::is_rest;
use super::reader::Reader;
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Capture, HostLabel, HostPattern};
use crate::problem::path as problem;
use crate::problem::syntax;
use crate::source::Span;

/// The most bytes of a label, and of a whole name (RFC 1035, section 2.3.4).
const LABEL: usize = 63;
const NAME: usize = 253;

impl Reader<'_> {
    pub(super) fn hosts(&mut self, pair: Pair<'_>) -> Option<Vec<HostPattern>> {
        let mut patterns = Vec::new();
        let mut whole = true;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::trailing_comma {
                self.report(syntax::missing_value(self.span(&part).after(), "a host", ","));
                whole = false;
                continue;
            }
            match self.host_pattern(part) {
                Some(pattern) => patterns.push(pattern),
                None => whole = false,
            }
        }
        whole.then_some(patterns)
    }

    pub(super) fn host_pattern(&mut self, pair: Pair<'_>) -> Option<HostPattern> {
        let span = self.span(&pair);
        let before = self.problems.len();
        let mut labels: Vec<HostLabel> = Vec::new();
        // Whether the next piece begins a label.
        let mut fresh = true;
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::host_text => {
                    let mut start = at.start;
                    for (index, text) in part.as_str().split('.').enumerate() {
                        let here = Span { start, end: start + text.len(), ..at };
                        start = here.end + 1;
                        if index == 0 && !fresh {
                            if !text.is_empty() {
                                self.report(problem::partial_capture(here));
                            }
                            continue;
                        }
                        labels.push(HostLabel::Literal { span: here, text: text.to_owned() });
                    }
                    fresh = part.as_str().ends_with('.');
                    if fresh && at.end < span.end {
                        labels.pop();
                    }
                }
                Rule::capture => {
                    if !fresh {
                        self.report(problem::partial_capture(at));
                    }
                    fresh = false;
                    labels.extend(self.capture(part).map(HostLabel::Capture));
                }
                _ => {
                    fresh = false;
                    self.explain(Rule::strict_capture, at.start, at, END);
                }
            }
        }
        if self.problems.len() == before {
            self.host_labels(span, &labels);
        }
        (self.problems.len() == before).then_some(HostPattern { span, labels })
    }

    fn host_labels(&mut self, span: Span, labels: &[HostLabel]) {
        let written = self.slice(span);
        if matches!(written, "_" | "*") {
            self.report(problem::foreign_host(span, written));
            return;
        }
        if written.starts_with("*.") {
            let at = Span { end: span.start + 1, ..span };
            self.report(problem::foreign_wildcard(at, "*", "{name}"));
            return;
        }
        let mut seen: Vec<&Capture> = Vec::new();
        for label in labels {
            let HostLabel::Capture(capture) = label else { continue };
            if let Some(first) = seen.iter().find(|other| other.name.text == capture.name.text) {
                let name = &capture.name;
                self.report(problem::repeated_capture(name.span, first.name.span, &name.text));
            }
            if is_rest(capture) {
                self.report(problem::impossible_host(capture.span, "a label of a host holds no path"));
            }
            seen.push(capture);
        }
        let port = written.rfind(':').filter(|at| written.get(at + 1..).is_some_and(is_number));
        let name = port.and_then(|at| written.get(..at)).unwrap_or(written);
        let canonical = lower(name.trim_end_matches('.'), labels, span.start);
        if canonical != written && !canonical.is_empty() {
            self.report(problem::host_not_canonical(span, &canonical));
            return;
        }
        if let Some((at, why)) = labels.iter().find_map(impossible) {
            self.report(problem::impossible_host(at, why));
        } else if written.len() > NAME && seen.is_empty() {
            self.report(problem::impossible_host(span, "a name has at most 253 bytes"));
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name in lower case; captures as they are.
fn lower(name: &str, labels: &[HostLabel], start: usize) -> String {
    let captures: Vec<(usize, usize)> = labels
        .iter()
        .filter_map(|label| match label {
            HostLabel::Capture(capture) => Some((capture.span.start - start, capture.span.end - start)),
            HostLabel::Literal { .. } => None,
        })
        .collect();
    let in_capture = |at: usize| captures.iter().any(|(from, to)| (*from..*to).contains(&at));
    name.char_indices().map(|(at, c)| if in_capture(at) { c } else { c.to_ascii_lowercase() }).collect()
}

/// Why no host has such a label.
fn impossible(label: &HostLabel) -> Option<(Span, &'static str)> {
    let HostLabel::Literal { span, text } = label else { return None };
    let why = if text.is_empty() {
        "a label has at least one letter or digit"
    } else if text.len() > LABEL {
        "a label has at most 63 bytes"
    } else if !text.is_ascii() {
        "a name with other letters is written in punycode: `xn--…`"
    } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        "a label has letters, digits, `-` and `_`"
    } else if text.starts_with('-') || text.ends_with('-') {
        "a label does not begin or end with `-`"
    } else {
        return None;
    };
    Some((*span, why))
}
