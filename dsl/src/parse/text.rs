//! Strings: escapes resolved, braces refused.

use super::reader::Reader;
use crate::problem::syntax;
use crate::source::Span;

/// A problem in a string, at bytes of the raw text.
enum Flaw {
    Escape(usize, usize),
    Brace(usize),
}

impl Reader<'_> {
    /// What a string says. `span` covers it with its quotes. Braces are text only if escaped.
    pub(super) fn string(&mut self, span: Span) -> String {
        let raw = self.slice(span);
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        self.unescaped(Span { start: span.start + 1, end: span.start + 1 + inner.len(), ..span })
    }

    /// Text between quotes, with its escapes resolved.
    pub(super) fn unescaped(&mut self, span: Span) -> String {
        let (text, flaws) = unescape(self.slice(span));
        let mut braces = 0;
        for flaw in flaws {
            match flaw {
                Flaw::Escape(start, end) => {
                    let at = Span { start: span.start + start, end: span.start + end, ..span };
                    self.report(syntax::unknown_escape(at, self.slice(at)));
                }
                Flaw::Brace(at) => {
                    braces += 1;
                    if braces == 1 {
                        let at = Span { start: span.start + at, end: span.start + at + 1, ..span };
                        self.report(syntax::unsupported_interpolation(at));
                    }
                }
            }
        }
        text
    }
}

fn unescape(raw: &str) -> (String, Vec<Flaw>) {
    let mut text = String::with_capacity(raw.len());
    let mut flaws = Vec::new();
    let mut chars = raw.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '{' => flaws.push(Flaw::Brace(at)),
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
