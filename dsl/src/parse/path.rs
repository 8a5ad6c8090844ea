//! Path patterns and path templates.

use super::expression::Built;
use super::reader::Reader;
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Capture, Pattern, Segment, Template, TemplatePart, Type, Value, ValueKind};
use crate::problem::path as problem;
use crate::problem::syntax;
use crate::source::Span;

/// A stretch of a path as the grammar gives it.
enum Part {
    /// Text with quotes and escapes resolved.
    Text(Span, String),
    Capture(Capture),
    Value(Built),
}

/// What is gathered between two slashes.
#[derive(Default)]
struct Gathered {
    text: Option<(Span, String)>,
    capture: Option<Capture>,
}

impl Reader<'_> {
    /// A pattern; `None` if one of its captures could not be read, which is then reported.
    pub(super) fn pattern(&mut self, pair: Pair<'_>) -> Option<Pattern> {
        let span = self.span(&pair);
        let parts = self.parts(pair, false)?;
        let mut segments: Vec<Segment> = Vec::new();
        let mut gathered = Gathered::default();
        let mut first = true;
        let mut whole = true;
        for part in parts {
            match part {
                Part::Capture(capture) => {
                    if gathered.capture.is_some()
                        || gathered.text.as_ref().is_some_and(|(_, text)| !text.is_empty())
                    {
                        self.report(problem::partial_capture(capture.span));
                        whole = false;
                    }
                    gathered.capture = Some(capture);
                }
                Part::Value(..) => {}
                Part::Text(at, text) => {
                    // Offsets are exact unless escapes have made the text shorter than its source.
                    let exact = self.slice(at) == text;
                    let mut offset = at.start;
                    for (index, piece) in text.split('/').enumerate() {
                        if index > 0 && !first {
                            let gathered = std::mem::take(&mut gathered);
                            if self.is_group(&gathered, false) {
                                whole = false;
                            } else {
                                segments.push(self.segment(gathered, span, at.start));
                            }
                        }
                        first &= index == 0;
                        let here = Span { start: offset, end: offset + piece.len(), ..at };
                        offset += piece.len() + 1;
                        if let (Some(capture), false) = (&gathered.capture, piece.is_empty()) {
                            self.report(problem::partial_capture(capture.span));
                            whole = false;
                        } else {
                            gathered.text = Some((if exact { here } else { at }, piece.to_owned()));
                        }
                    }
                }
            }
        }
        whole &= !self.is_group(&gathered, true);
        if !whole {
            return None;
        }
        segments.push(self.segment(gathered, span, span.end));
        self.normal_form(span, &segments);
        whole &= self.captures(&segments);
        whole.then_some(Pattern { span, segments })
    }

    /// Whether a segment holds a group as regular expressions have it; reports it if so.
    fn is_group(&mut self, gathered: &Gathered, last: bool) -> bool {
        let Some((span, raw)) = gathered.text.as_ref().filter(|_| gathered.capture.is_none()) else {
            return false;
        };
        let found = [('(', ')'), ('[', ']')].into_iter().find_map(|(open, close)| {
            let (from, to) = (raw.find(open)?, raw.rfind(close)?);
            let inner = raw.get(from + 1..to)?;
            let whole = from == 0 && raw.get(to + 1..)?.bytes().all(|byte| b"*+?".contains(&byte));
            let is_regex = open == '[' || inner.contains(['*', '+', '\\', '[', '|', '^', '$']);
            (whole || is_regex).then_some((inner, whole))
        });
        let Some((inner, whole)) = found else { return false };
        let capture = match inner {
            _ if inner.contains("0-9") || inner.contains("\\d") || raw.starts_with("[0-9") => "{id: int}",
            ".*" | ".+" if last => "{rest: path}",
            _ => "{name}",
        };
        self.report(problem::foreign_group(*span, raw, capture, whole));
        true
    }

    fn segment(&mut self, gathered: Gathered, pattern: Span, at: usize) -> Segment {
        if let Some(capture) = gathered.capture {
            return Segment::Capture(capture);
        }
        let (span, raw) = gathered.text.unwrap_or((Span { start: at, end: at, ..pattern }, String::new()));
        match decode(&raw) {
            Ok(text) => Segment::Literal { span, text },
            Err(flaw) => {
                self.report(flaw.problem(span));
                Segment::Literal { span, text: raw }
            }
        }
    }

    /// Text that normalisation would change, with the text that it would become.
    fn normal_form(&mut self, pattern: Span, segments: &[Segment]) {
        let mut normal: Vec<&str> = Vec::new();
        let mut changed = false;
        let last = segments.len().saturating_sub(1);
        let mut respelt = Vec::with_capacity(segments.len());
        for segment in segments {
            let raw = match segment {
                Segment::Literal { span, .. } => self.slice(*span),
                Segment::Capture(capture) => self.slice(capture.span),
            };
            let spelt = match segment {
                Segment::Literal { .. } => unescape_unreserved(raw),
                Segment::Capture(_) => raw.to_owned(),
            };
            changed |= spelt != raw;
            respelt.push(spelt);
        }
        for (index, spelt) in respelt.iter().enumerate() {
            match spelt.as_str() {
                "" if index != last => changed = true,
                "." | ".." => {
                    changed = true;
                    if spelt == ".." {
                        normal.pop();
                    }
                    if index == last {
                        normal.push("");
                    }
                }
                text => normal.push(text),
            }
        }
        if changed {
            let quote = if self.slice(pattern).starts_with('"') { "\"" } else { "" };
            let canonical = format!("{quote}/{}{quote}", normal.join("/"));
            self.report(problem::path_not_canonical(pattern, &canonical));
        }
    }

    /// Whether no segment was meant to be a capture, and is none.
    fn captures(&mut self, segments: &[Segment]) -> bool {
        let mut whole = true;
        let mut seen: Vec<&Capture> = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let Segment::Capture(capture) = segment else {
                whole &= !self.wildcard(segment, index + 1 == segments.len());
                continue;
            };
            if let Some(first) = seen.iter().find(|other| other.name.text == capture.name.text) {
                self.report(problem::repeated_capture(
                    capture.name.span,
                    first.name.span,
                    &capture.name.text,
                ));
            }
            if index + 1 < segments.len() && is_rest(capture) {
                self.report(problem::rest_not_last(capture.span));
            }
            seen.push(capture);
        }
        whole
    }

    /// Captures as other systems write them would match nothing but themselves.
    fn wildcard(&mut self, segment: &Segment, last: bool) -> bool {
        let Segment::Literal { span, text } = segment else { return false };
        let raw = self.slice(*span);
        match raw.strip_prefix(':') {
            Some(name) if !name.is_empty() => {
                self.report(problem::foreign_wildcard(*span, text, &format!("{{{name}}}")));
            }
            _ if matches!(raw, "*" | "**") => {
                let capture = if last { "{rest: path}" } else { "{name}" };
                self.report(problem::foreign_wildcard(*span, text, capture));
            }
            _ => return false,
        }
        true
    }

    /// Values as other systems write them would be sent as they stand. Whether there is one. `value`: one of this language follows.
    fn is_foreign(&mut self, span: Span, text: &str, value: bool) -> bool {
        let mut at = 0;
        let mut found = problem::foreign_variable(text);
        for (index, piece) in text.split('/').enumerate() {
            let named = piece.strip_prefix(':').is_some_and(|name| {
                name.starts_with(|c: char| c.is_ascii_alphabetic())
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            });
            if index > 0 && (named || matches!(piece, "*" | "**")) {
                found = found.or(Some((at, piece.len())));
            }
            at += piece.len() + 1;
        }
        let found =
            found.or_else(|| (value && text.ends_with('$')).then_some((text.len().saturating_sub(1), 1)));
        let Some((at, length)) = found else { return false };
        // Offsets are exact unless escapes have made the text shorter than its source.
        let here = Span { start: span.start + at, end: span.start + at + length, ..span };
        let here = if self.slice(span) == text { here } else { span };
        self.report(problem::foreign_value(here, text.get(at..at + length).unwrap_or_default()));
        true
    }

    /// A template, with the height of the values in it; `None` if one of them could not be read, which is then reported.
    pub(super) fn template(&mut self, pair: Pair<'_>) -> Option<(Template, usize)> {
        let span = self.span(&pair);
        let (mut parts, mut highest) = (Vec::new(), 0);
        let mut all = self.parts(pair, true)?.into_iter().peekable();
        let mut whole = true;
        while let Some(part) = all.next() {
            parts.push(match part {
                Part::Text(span, text) => {
                    whole &= !self.is_foreign(span, &text, matches!(all.peek(), Some(Part::Value(_))));
                    if let Err(flaw) = decode_keeping_slashes(&text) {
                        self.report(flaw.problem(span));
                    }
                    TemplatePart::Literal { span, text }
                }
                Part::Value(Built { value, height }) => {
                    highest = highest.max(height);
                    TemplatePart::Value(value)
                }
                Part::Capture(_) => continue,
            });
        }
        whole.then_some((Template { span, parts }, highest))
    }

    /// `{name}` or `{name: type}`
    pub(super) fn capture(&mut self, pair: Pair<'_>) -> Option<Capture> {
        let span = self.span(&pair);
        let (mut name, mut ty, mut whole) = (None, None, true);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::capture_name => name = Some(self.chosen_name(&inner)),
                Rule::r#type => {
                    ty = self.ty(inner);
                    whole &= ty.is_some();
                }
                Rule::access => {
                    let at = self.span(&inner);
                    self.report(syntax::unexpected_text(at, self.slice(at), "`}`"));
                    whole = false;
                }
                _ => {}
            }
        }
        Some(Capture { span, name: name.filter(|_| whole)?, ty })
    }

    /// `{name}` or `{name.field}`, where a path is sent. Any other value there is read as that of a string.
    fn placeholder(&mut self, pair: Pair<'_>) -> Option<Built> {
        let mut value: Option<Value> = None;
        let mut height = 0;
        for inner in pair.into_inner() {
            let at = self.span(&inner);
            match inner.as_rule() {
                Rule::capture_name => {
                    let name = self.chosen_name(&inner);
                    value = Some(Value { span: at, kind: ValueKind::Word(name.text) });
                }
                Rule::access => {
                    let of = value.take()?;
                    let name = self.name(&inner.into_inner().next()?);
                    let span = of.span.to(at);
                    value = Some(Value { span, kind: ValueKind::Access(Box::new(of), name) });
                    height += 1;
                }
                Rule::r#type => {
                    let start = value.as_ref().map_or(at.start, |value| value.span.end);
                    let at = self.trimmed(Span { start, ..at });
                    self.report(syntax::unexpected_text(at, self.slice(at), "`}`"));
                }
                _ => {}
            }
        }
        self.built(value.as_ref()?.span, height, value?.kind)
    }

    fn parts(&mut self, pair: Pair<'_>, template: bool) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut whole = true;
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::path_text => parts.push(Part::Text(span, part.as_str().to_owned())),
                Rule::quoted_text => {
                    let text = self.unescaped(span);
                    parts.push(Part::Text(span, text));
                }
                Rule::bare_path | Rule::quoted_path => match self.parts(part, template) {
                    Some(inner) => parts.extend(inner),
                    None => whole = false,
                },
                Rule::bad_capture if template => match self.interpolated(span) {
                    Some(value) => parts.push(Part::Value(value)),
                    None => whole = false,
                },
                Rule::bad_capture => {
                    self.explain(Rule::strict_capture, span.start, span, END);
                    whole = false;
                }
                Rule::capture if template => parts.extend(self.placeholder(part).map(Part::Value)),
                Rule::capture => match self.capture(part) {
                    Some(capture) => parts.push(Part::Capture(capture)),
                    None => whole = false,
                },
                _ => {}
            }
        }
        whole.then_some(parts)
    }
}

/// Whether a capture takes the rest of the path.
pub(super) fn is_rest(capture: &Capture) -> bool {
    capture.ty.as_ref().and_then(Type::name).is_some_and(|name| name.text == "path")
}

/// Why a path holds what no request can.
enum Flaw {
    Query(usize),
    Impossible(&'static str),
}

impl Flaw {
    fn problem(&self, span: Span) -> crate::problem::Problem {
        match self {
            Self::Query(at) => {
                let start = (span.start + at).min(span.end);
                problem::query_in_path(Span { start, ..span })
            }
            Self::Impossible(why) => problem::impossible_path(span, why),
        }
    }
}

/// The decoded text of one segment.
fn decode(raw: &str) -> Result<String, Flaw> {
    decode_bytes(raw, false)
}

fn decode_keeping_slashes(raw: &str) -> Result<String, Flaw> {
    decode_bytes(raw, true)
}

fn decode_bytes(raw: &str, template: bool) -> Result<String, Flaw> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let (value, encoded) = if byte == b'%' {
            let digits = raw.get(at + 1..at + 3).filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()));
            let Some(value) = digits.and_then(|it| u8::from_str_radix(it, 16).ok()) else {
                return Err(Flaw::Impossible(
                    "`%` needs two hexadecimal digits behind it; itself it is written `%25`",
                ));
            };
            bytes.next();
            bytes.next();
            (value, true)
        } else {
            (byte, false)
        };
        match value {
            // In a template they may be meant: a redirect's target has a query. Its own check decides.
            b'?' if !encoded && !template => return Err(Flaw::Query(at)),
            b'#' if !encoded && !template => {
                return Err(Flaw::Impossible("a fragment is never sent to a server"));
            }
            b'/' if encoded => return Err(Flaw::Impossible("a request with an encoded slash is refused")),
            b'\\' => return Err(Flaw::Impossible("a request with a backslash is refused")),
            b';' => return Err(Flaw::Impossible("a request with `;` in its path is refused")),
            0..=31 | 127 => return Err(Flaw::Impossible("a request with a control character is refused")),
            _ => decoded.push(value),
        }
    }
    String::from_utf8(decoded).map_err(|_| Flaw::Impossible("a request whose path is no UTF-8 is refused"))
}

/// Decodes the escapes that need none, as normalisation does.
fn unescape_unreserved(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            text.push(char::from(byte));
            rest = after.get(2..).unwrap_or_default();
        } else {
            text.push('%');
            rest = after;
        }
    }
    text.push_str(rest);
    text
}
