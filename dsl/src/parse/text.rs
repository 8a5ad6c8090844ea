//! Strings: escapes resolved, values in braces read.

use super::expression::Built;
use super::reader::Reader;
use super::{Grammar, Rule};
use crate::ast::{TextPart, ValueKind};
use crate::problem::syntax;
use crate::source::Span;
use crate::split::token;
use pest::Parser;
use std::ops::Range;

/// A problem in a string, at bytes of the raw text.
enum Flaw {
    Escape(usize, usize),
}

impl Reader<'_> {
    /// What a string says, with the height of the values in it. `span` covers it with its quotes.
    pub(super) fn string(&mut self, span: Span) -> Option<(ValueKind, usize)> {
        let inner = self.between_quotes(span);
        let raw = self.slice(inner);
        let mut parts = Vec::new();
        let (mut highest, mut whole) = (0, true);
        for piece in pieces(raw) {
            let within =
                |at: &Range<usize>| Span { start: inner.start + at.start, end: inner.start + at.end, ..span };
            match piece {
                Piece::Text(at) => parts.push(TextPart::Literal(self.unescaped(within(&at)))),
                Piece::Value(at) => match self.interpolated(within(&at)) {
                    Some(Built { value, height }) => {
                        highest = highest.max(height + 1);
                        parts.push(TextPart::Value(value));
                    }
                    None => whole = false,
                },
            }
        }
        if !whole {
            return None;
        }
        Some(match parts.as_mut_slice() {
            [] => (ValueKind::Text(String::new()), 0),
            [TextPart::Literal(text)] => (ValueKind::Text(std::mem::take(text)), 0),
            _ => (ValueKind::Interpolated(parts), highest),
        })
    }

    /// The value between two braces of a string or a path; `span` covers the braces.
    pub(super) fn interpolated(&mut self, span: Span) -> Option<Built> {
        let inner = Span { start: span.start + 1, end: span.end - 1, ..span };
        if self.trimmed(inner).start == self.trimmed(inner).end {
            let help = "braces that are text are written `\\{` and `\\}`";
            self.report(syntax::missing_value(inner, "a value", "{").help(help));
            return None;
        }
        let is_read = Grammar::parse(Rule::strict_item, self.slice(inner)).is_ok();
        if !is_read {
            self.explain(Rule::strict_item, inner.start, inner, "a value");
            return None;
        }
        self.parse_apart(Rule::strict_item, inner, |reader, pair| {
            reader.nested(pair.into_inner().find(|part| part.as_rule() != Rule::line_end)?)
        })
    }

    /// What a string says that cannot hold values.
    pub(super) fn plain_string(&mut self, span: Span) -> String {
        let inner = self.between_quotes(span);
        let brace = pieces(self.slice(inner)).into_iter().find_map(|piece| match piece {
            Piece::Value(at) => Some(inner.start + at.start),
            Piece::Text(_) => None,
        });
        if let Some(at) = brace {
            self.report(syntax::unsupported_interpolation(Span { start: at, end: at + 1, ..span }));
        }
        self.unescaped(inner)
    }

    fn between_quotes(&self, span: Span) -> Span {
        let raw = self.slice(span);
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        Span { start: span.start + 1, end: span.start + 1 + inner.len(), ..span }
    }

    /// Text between quotes, with its escapes resolved.
    pub(super) fn unescaped(&mut self, span: Span) -> String {
        let (text, flaws) = unescape(self.slice(span));
        for Flaw::Escape(start, end) in flaws {
            let at = Span { start: span.start + start, end: span.start + end, ..span };
            self.report(syntax::unknown_escape(at, self.slice(at)));
        }
        text
    }
}

/// A stretch of what stands between two quotes.
enum Piece {
    Text(Range<usize>),
    /// Braces included.
    Value(Range<usize>),
}

fn pieces(raw: &str) -> Vec<Piece> {
    let bytes = raw.as_bytes();
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at = escape_end(bytes, at),
            // The splitter saw that each closes.
            b'{' => {
                if start < at {
                    pieces.push(Piece::Text(start..at));
                }
                start = token::brace_end(bytes, at, 0).unwrap_or(bytes.len());
                pieces.push(Piece::Value(at..start));
                at = start;
            }
            _ => at += 1,
        }
    }
    if start < bytes.len() {
        pieces.push(Piece::Text(start..bytes.len()));
    }
    pieces
}

/// The braces of `\u{…}` begin no value.
fn escape_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at + 2..).unwrap_or_default();
    if bytes.get(at + 1) == Some(&b'u') && rest.first() == Some(&b'{') {
        let digits = rest.iter().skip(1).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if rest.get(digits + 1) == Some(&b'}') {
            return at + 2 + digits + 2;
        }
    }
    (at + 2).min(bytes.len())
}

fn unescape(raw: &str) -> (String, Vec<Flaw>) {
    let mut text = String::with_capacity(raw.len());
    let mut flaws = Vec::new();
    let mut chars = raw.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => {
                let Some((next_at, next)) = chars.next() else {
                    flaws.push(Flaw::Escape(at, raw.len()));
                    break;
                };
                match next {
                    '"' | '\\' | '{' | '}' => text.push(next),
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    'u' => {
                        let rest = raw.get(next_at + 1..).unwrap_or_default();
                        let digits =
                            rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(it, _)| it);
                        let scalar = digits
                            .filter(|it| {
                                (1..=6).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_hexdigit())
                            })
                            .and_then(|it| u32::from_str_radix(it, 16).ok())
                            .and_then(char::from_u32);
                        let end = next_at + 1 + digits.map_or(0, |it| it.len() + 2);
                        match scalar {
                            Some(scalar) => text.push(scalar),
                            None => flaws.push(Flaw::Escape(at, end)),
                        }
                        while chars.next_if(|(at, _)| *at < end).is_some() {}
                    }
                    _ => flaws.push(Flaw::Escape(at, next_at + next.len_utf8())),
                }
            }
            _ => text.push(char),
        }
    }
    (text, flaws)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_every_escape() {
        let (text, flaws) = unescape(r#"a\"\\\n\r\t\{\}\u{e9}\u{1F600}"#);
        assert_eq!(text, "a\"\\\n\r\t{}é😀");
        assert!(flaws.is_empty());
    }

    #[test]
    fn refuses_what_is_no_escape() {
        for raw in [r"\x", r"\u{}", r"\u{d800}", r"\u{1234567}", r"\u12", r"\é"] {
            assert_eq!(unescape(raw).1.len(), 1, "{raw}");
        }
    }
}
