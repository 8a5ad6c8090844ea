//! Lines that belong together: a value in brackets, and a line that begins with an operator. The ends between them are
//! folded, so that the grammar sees one line. What leads further in without a bracket is counted here too.

use super::token::MAX_DEPTH;
use super::{FOLD, Scan};
use crate::problem::{Problem, text};

/// A line that begins with one of these continues the one above. A blank must follow.
const WORDS: &[&str] = &["and", "or", "in", "has", "is"];

/// The same for these, whatever follows.
const SIGNS: &[&str] = &["=>", "|", "??", "==", "!=", "<", ">"];

/// Behind these, a brace begins a record.
const BEFORE_RECORD: &[&str] = &[
    "=", "=>", "==", "!=", "<", "<=", ">", ">=", "??", "+", "-", "and", "or", "not", "in", "has", "then",
    "else",
];

impl Scan<'_> {
    /// Called at the first text of a line: folds the ends of lines before it if it continues the text above. Whether
    /// it does so by an operator, outside of all brackets.
    pub(super) fn fold_lines(&mut self) -> bool {
        let continues = self.is_operator_at(self.at) && self.out.pieces.last().is_some();
        if !continues && !self.folds() {
            self.end_value();
            return false;
        }
        self.remarks_between(continues);
        for byte in self.clean.get_mut(self.text_end..self.at).unwrap_or_default() {
            match byte {
                b'\n' => *byte = FOLD,
                b'\r' => *byte = b' ',
                _ => {}
            }
        }
        continues && self.stack.is_empty()
    }

    /// Every `if` that began here has ended.
    fn end_value(&mut self) {
        self.ifs = self.stack.last().map_or(0, |open| open.ifs);
        self.angles = 0;
    }

    /// Lets lines end again behind a bracket that is never closed.
    pub(super) fn unfold(&mut self, from: usize) {
        // Where the next text begins; a line that begins with an operator still goes on.
        let mut next = self.at;
        for at in (from..self.at).rev() {
            match self.byte(at) {
                Some(b'\n') if !self.is_operator_at(next) => self.put(at, b'\n'),
                Some(b' ' | b'\t' | b'\r' | b'\n') | None => {}
                Some(_) => next = at,
            }
        }
        // Nothing was a part of a value there. Problems come in the order of the text, but for a few.
        let is_before = |it: &Problem| it.span().is_none_or(|at| at.start < from);
        let first = self.out.problems.iter().rposition(is_before).map_or(0, |at| at + 1);
        let within = self.out.problems.split_off(first);
        self.out.problems.extend(within.into_iter().filter(|it| it.name != text::COMMENT_IN_VALUE.name));
    }

    /// Reports a comment between two parts of a value. Between the items of a bracket it belongs to one of them.
    fn remarks_between(&mut self, continues: bool) {
        let first = self.out.comments.partition_point(|it| it.comment.span.start < self.text_end);
        let Some(span) = self.out.comments.get(first).map(|remark| remark.comment.span) else { return };
        let before = self.text_end.checked_sub(1).and_then(|at| self.byte(at));
        let between_items = before.is_some_and(|byte| b",([{".contains(&byte))
            || self.byte(self.at).is_some_and(|byte| b",)]}".contains(&byte));
        // A group or a key is one value.
        let holds_one = self.stack.last().is_some_and(|open| {
            let before = self.byte(open.at.wrapping_sub(1));
            let is_behind =
                before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_)]}\"".contains(&byte));
            open.at > 0
                && match open.byte {
                    b'(' => !is_behind,
                    b'[' => is_behind,
                    _ => false,
                }
        });
        if continues || holds_one || !between_items {
            self.report(text::comment_in_value(span));
        }
    }

    /// Whether lines may end anywhere here.
    pub(super) fn folds(&self) -> bool {
        self.stack.last().is_some_and(|open| open.folds)
    }

    /// How far in the text is: what is open, and what leads further in without a bracket.
    pub(super) fn depth(&self) -> usize {
        self.stack.len() + self.ifs + self.angles
    }

    fn is_operator_at(&self, at: usize) -> bool {
        let rest = self.source.text.get(at..).unwrap_or_default();
        let ends = |rest: &str| rest.starts_with([' ', '\t', '\r', '\n']) || rest.is_empty();
        let word = self.word_at(at);
        match rest.as_bytes() {
            [b'+' | b'-', ..] => rest.get(1..).is_some_and(ends),
            [b'.', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'_' | b'{'),
            _ if word == "not" => rest.get(3..).is_some_and(|rest| {
                let next = rest.trim_start_matches([' ', '\t']);
                ends(rest) && next.strip_prefix("in").is_some_and(ends)
            }),
            _ if WORDS.contains(&word) => rest.get(word.len()..).is_some_and(ends),
            _ => SIGNS.iter().any(|sign| rest.starts_with(sign)),
        }
    }

    /// Whether the brace here is a record's, by what stands before it on its line.
    pub(super) fn begins_record(&self) -> bool {
        let before =
            self.source.text.get(self.line..self.at).unwrap_or_default().trim_end_matches([' ', '\t']);
        let token = before.rsplit([' ', '\t', '(', '[', '{', ',']).next().unwrap_or_default();
        let is_status = |token: &str| token.len() == 3 && token.bytes().all(|byte| byte.is_ascii_digit());
        if before.trim_start().strip_prefix("as ").is_some_and(|name| name.trim_start() == token) {
            return true;
        }
        if matches!(token, "json" | "body" | "contains") || is_status(token) {
            // Elsewhere they may be names.
            let above = before.get(..before.len() - token.len()).unwrap_or_default();
            let last = above.rsplit([' ', '\t']).find(|token| !token.is_empty()).unwrap_or_default();
            let behind_path = !is_status(token) && (last.starts_with('/') || last.ends_with('"'));
            return last == "=>" || behind_path || token == "json" && is_status(last);
        }
        let is_word =
            |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let field = token.strip_suffix(':');
        before.ends_with(',')
            // A shape; `1.. {` is a range and a block.
            || (self.byte(self.at.wrapping_sub(1)) == Some(b'.') && !before.ends_with(".."))
            || BEFORE_RECORD.contains(&token)
            || field.is_some_and(|name| name.ends_with('"') || (!name.is_empty() && is_word(name)))
    }

    /// Text that is no bracket, string, path or comment.
    pub(super) fn other(&mut self) {
        let rest = self.source.text.get(self.at..).unwrap_or_default();
        let first = rest.chars().next().unwrap_or(' ');
        let mut width = first.len_utf8();
        let before = self.byte(self.at.wrapping_sub(1));
        match first {
            ',' | ';' => self.end_value(),
            '<' if before.is_some_and(|byte| byte.is_ascii_alphanumeric()) => self.angles += 1,
            '>' => self.angles = self.angles.saturating_sub(1),
            _ if first.is_ascii_alphabetic() => {
                let word = self.word();
                // `re"` begins a string whose reading looks back at the word.
                width = word.len();
                self.ifs += usize::from(word == "if");
            }
            _ => {}
        }
        if before.is_none_or(|byte| byte.is_ascii_whitespace() || byte == b',') && first != '<' {
            self.angles = 0;
        }
        if self.depth() > MAX_DEPTH {
            self.too_deep(self.at);
            return;
        }
        self.forbidden(self.at, self.at + width);
        self.at += width;
    }
}
