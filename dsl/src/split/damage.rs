//! Comments, strings and paths: skipped where they are whole; reported and blanked out where they are not.

use super::token::{self, Endless};
use super::{Remark, Scan};
use crate::ast::Comment;
use crate::problem::text;

impl Scan<'_> {
    pub(super) fn comment(&mut self) {
        let end = self.line_end();
        let raw = self.source.text.get(self.at..end).unwrap_or_default();
        let doc = raw.starts_with("///") && !raw.starts_with("////");
        let text = raw.trim_start_matches('/').trim().to_owned();
        let comment = Comment { span: self.span(self.at, self.at + raw.trim_end().len()), text, doc };
        if !self.begun {
            self.waiting.push(self.out.comments.len());
        }
        self.out.comments.push(Remark { comment, before: None });
        self.forbidden(self.at, end);
        self.blank(self.at, end);
        self.at = end;
    }

    /// A `/* … */`; without an end it is no comment.
    pub(super) fn block_comment(&mut self) -> bool {
        let rest = self.source.text.get(self.at + 2..).unwrap_or_default();
        if self.no_comment_end {
            return false;
        }
        // In `/a/*/b` the stars are habit, and the path is refused as such.
        let ends = rest.match_indices("*/").map(|(at, _)| at);
        let Some(length) = ends.into_iter().find(|at| !rest.get(..*at).is_some_and(|it| it.ends_with('/')))
        else {
            // Nothing further on has one either: the rest of the text is searched only once.
            self.no_comment_end = true;
            return false;
        };
        let end = self.at + 2 + length + 2;
        self.report(text::wrong_comment(self.span(self.at, end), self.span(self.at, end), "/* */"));
        self.blank(self.at, end);
        self.at = end;
        true
    }

    pub(super) fn misplaced_slashes(&mut self) {
        let start = self.token_start();
        if self.byte(self.at.wrapping_sub(1)) == Some(b':') {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let end = self.at + rest.iter().position(|b| b" \t\r\n;,{}".contains(b)).unwrap_or(rest.len());
            let url = self.source.text.get(start..end).unwrap_or_default();
            let before = self.source.text.get(..start).unwrap_or_default().trim_end();
            let say = if before.ends_with("->") { text::unquoted_target } else { text::unquoted_url };
            self.report(say(self.span(start, end), url));
            self.damage(self.at);
            self.blank(self.at, end);
            self.at = end;
        } else {
            let end = self.line_end();
            self.report(text::misplaced_comment(self.span(self.at, self.at + 2)));
            self.blank(self.at, end);
            self.at = end;
        }
    }

    pub(super) fn string(&mut self) {
        let start = self.at;
        let raw = token::is_raw(self.bytes, start);
        let end = if raw {
            token::raw_string_end(self.bytes, start).ok_or(Endless::Line)
        } else {
            token::string_end(self.bytes, start, self.depth())
        };
        match end {
            Ok(end) => self.skip(end),
            Err(Endless::Depth(at)) => self.too_deep(at),
            Err(Endless::Brace(brace)) if let Some(end) = token::plain_string_end(self.bytes, start) => {
                self.report(text::unclosed_interpolation(self.span(brace, brace + 1), self.span(start, end)));
                self.damage(self.at);
                for at in start..end {
                    if self.byte(at).is_some_and(|byte| matches!(byte, b'{' | b'}' | b'\\')) {
                        self.blank(at, at + 1);
                    }
                }
                // An escaped quote would close the string, now that its backslash is gone.
                for at in start + 1..end - 1 {
                    if self.byte(at) == Some(b'"') {
                        self.blank(at, at + 1);
                    }
                }
                self.skip(end);
            }
            Err(_) => {
                let end = self.line_end();
                let text = self.bytes.get(start..end).unwrap_or_default().trim_ascii_end();
                let last = start + text.len();
                self.swallowed |= text.iter().any(|byte| b"{}()[]".contains(byte));
                self.report(text::unclosed_string(self.span(start, last)));
                self.damage(self.at);
                self.forbidden(start, end);
                self.blank(start, end);
                // An empty string stands for it, as wide as what it stands for.
                if last - start >= 2 {
                    self.put(start, b'"');
                    self.put(last - 1, b'"');
                }
                self.at = end;
            }
        }
    }

    pub(super) fn path(&mut self) {
        match token::path_end(self.bytes, self.at, self.depth()) {
            Ok(end) => self.skip(end),
            Err(Endless::Depth(at)) => self.too_deep(at),
            Err(Endless::Line | Endless::Brace(_)) => {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let mut end = self.at + rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                let open =
                    rest.iter().take(end - self.at).rposition(|byte| *byte == b'{').unwrap_or_default();
                // `/{id: uuid -> app`: the type belongs to what is lost.
                if rest.get(end - self.at - 1) == Some(&b':') {
                    let tail = self.bytes.get(end..).unwrap_or_default();
                    let gap = tail.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                    let word = tail.iter().skip(gap).take_while(|byte| byte.is_ascii_alphanumeric()).count();
                    end += gap + word;
                }
                self.report(text::unclosed_capture(self.span(self.at + open, self.at + open + 1)));
                self.damage(self.at);
                for at in self.at..end {
                    if self.byte(at).is_some_and(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii()) {
                        self.put(at, b'/');
                    }
                }
                self.at = end;
            }
        }
    }

    /// Reports characters that may not stand anywhere, and blanks them out.
    pub(super) fn forbidden(&mut self, start: usize, end: usize) {
        let text = self.source.text.get(start..end).unwrap_or_default();
        for (offset, char) in text.char_indices() {
            let bidi = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
            if bidi
                || char == '\u{feff}'
                || (char.is_control() && !matches!(char, '\t' | '\r'))
                || (char == '\r' && !self.ends_line(start + offset))
            {
                let at = start + offset;
                self.report(text::forbidden_character(self.span(at, at + char.len_utf8()), char));
                self.damage(self.at);
                self.blank(at, at + char.len_utf8());
            }
        }
    }

    pub(super) fn ends_line(&self, at: usize) -> bool {
        self.byte(at + 1) == Some(b'\n')
    }

    pub(super) fn skip(&mut self, end: usize) {
        self.forbidden(self.at, end);
        self.at = end;
    }
}
