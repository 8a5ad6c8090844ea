//! Brackets: which are open, which are never closed, which close nothing, and which one is to blame.

use super::token::MAX_DEPTH;
use super::{Open, Scan};
use crate::parse::declaration::is_declaration;
use crate::problem::text;
use crate::source::Span;

impl Scan<'_> {
    pub(super) fn open(&mut self, byte: u8) {
        if self.depth() >= MAX_DEPTH {
            self.too_deep(self.at);
            return;
        }
        let folds = byte != b'{' || self.folds() || self.begins_record();
        let (at, indent, holds_routes, ifs) = (self.at, self.indent, self.holds_routes, self.ifs);
        self.stack.push(Open { at, byte, indent, holds_routes, folds, ifs });
        self.at += 1;
    }

    pub(super) fn close(&mut self, byte: u8) {
        let opener = match byte {
            b'}' => b'{',
            b')' => b'(',
            _ => b'[',
        };
        // A brace closes the round and square ones that were forgotten inside it; those never close a brace.
        let known = self
            .stack
            .iter()
            .rposition(|open| open.byte == opener)
            .filter(|index| byte == b'}' || self.stack.iter().skip(*index).all(|open| open.byte != b'{'));
        let Some(index) = known else {
            if !self.swallowed {
                self.report(text::stray_brace(self.span(self.at, self.at + 1), char::from(byte)));
            }
            self.blank(self.at, self.at + 1);
            self.at += 1;
            return;
        };
        for open in self.stack.split_off(index + 1) {
            self.unclosed(open, None);
            self.blank(open.at, open.at + 1);
            self.unfold(open.at);
        }
        if let Some(open) = self.stack.pop() {
            let first = self.bytes.get(self.line..self.at).unwrap_or_default().trim_ascii().is_empty();
            if byte == b'}' && first && self.indent != open.indent && self.crooked.is_none() {
                self.crooked = Some((open, self.at));
            }
            // A capture of a host is no block.
            let capture =
                self.byte(self.at + 1) == Some(b'.') || self.byte(open.at.wrapping_sub(1)) == Some(b'.');
            self.has_block |= self.stack.is_empty() && byte == b'}' && !open.folds && !capture;
            self.ifs = open.ifs;
        }
        self.at += 1;
    }

    /// Closes what is still open, at the end or before a word that can only stand at the top.
    pub(super) fn close_all(&mut self, before: Option<Span>) {
        let open = std::mem::take(&mut self.stack);
        let missing = open.iter().filter(|open| open.byte == b'{').count();
        for open in open.iter().filter(|open| open.byte != b'{') {
            self.blank(open.at, open.at + 1);
            self.unfold(open.at);
        }
        if let Some(innermost) = open.last() {
            match self.crooked {
                Some((blamed, by)) if innermost.byte == b'{' => {
                    let by = self.span(by, by + 1);
                    if !self.swallowed {
                        self.damage(blamed.at);
                        // A record that takes other statements in is no record.
                        if blamed.folds {
                            self.out.damaged.push((blamed.at, by.end));
                        }
                        self.report(
                            text::unclosed_brace(self.span(blamed.at, blamed.at + 1), '{')
                                .because(by, "closed only here, by a `}` of another indentation"),
                        );
                    }
                }
                _ => self.unclosed(*innermost, before),
            }
        }
        if let Some(piece) = self.out.pieces.last_mut() {
            piece.missing = missing;
        }
    }

    pub(super) fn unclosed(&mut self, open: Open, before: Option<Span>) {
        if self.swallowed {
            return;
        }
        let problem = text::unclosed_brace(self.span(open.at, open.at + 1), char::from(open.byte));
        self.report(match before {
            Some(span) => problem.because(span, "this begins while it is still open"),
            None => problem,
        });
        // The others are blanked out, so what they held is no longer what it was.
        if open.byte != b'{' {
            self.damage(open.at);
        }
    }

    /// Gives up the declaration: skips the rest of the text up to the next word at column 0.
    pub(super) fn too_deep(&mut self, at: usize) {
        let outermost = self.stack.first().map_or(at, |open| open.at);
        self.report(text::too_deep(self.span(at, at + 1), self.span(outermost, outermost + 1), MAX_DEPTH));
        self.stack.clear();
        (self.ifs, self.angles) = (0, 0);
        if let Some(piece) = self.out.pieces.last_mut() {
            piece.too_deep = true;
        }
        while let Some(byte) = self.byte(self.at) {
            if byte == b'\n' {
                self.next_line();
                let word = self.word();
                if is_declaration(word) {
                    break;
                }
            } else {
                self.at += 1;
            }
        }
    }
}
