//! What is written so far, where its lines begin, and which comments have not been written yet.

use crate::ast::Comment;
use crate::source::{Source, Span};

/// The longest line that is still joined.
const WIDTH: usize = 100;
/// How much further in a block is.
pub(super) const STEP: usize = 2;
/// How much further in the second line of a statement is, so that it does not look like a block.
const CONTINUED: usize = 4;

pub(super) struct Printer<'a> {
    pub(super) source: &'a Source,
    /// The text with comments blanked out.
    pub(super) clean: &'a str,
    comments: &'a [Comment],
    /// The first comment that is not written yet.
    next: usize,
    /// Where the lines of the source end.
    line_ends: Vec<usize>,
    out: String,
    /// Where the present line begins in `out`, and how far in its text begins.
    line: usize,
    pub(super) line_indent: usize,
    /// How far in the statement or item at hand begins.
    pub(super) indent: usize,
    /// Where in the source the last thing ended that stands on a line of its own.
    last_end: Option<usize>,
    /// The last line is a doc comment, which stands directly above what it describes.
    after_doc: bool,
    /// Everything goes onto one line; whether it still fits.
    pub(super) flat: bool,
    fits: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(source: &'a Source, clean: &'a str, comments: &'a [Comment]) -> Self {
        let line_ends = source.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at);
        Self {
            source,
            clean,
            comments,
            next: 0,
            line_ends: line_ends.collect(),
            out: String::with_capacity(source.text.len()),
            line: 0,
            line_indent: 0,
            indent: 0,
            last_end: None,
            after_doc: false,
            flat: false,
            fits: true,
        }
    }

    /// The text, with the comments that are left and one line end behind it.
    pub(super) fn finish(mut self) -> String {
        self.remarks_before(usize::MAX);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }

    pub(super) fn push(&mut self, text: &str) {
        if self.flat {
            self.fits &= self.column() + text.len() <= WIDTH * 4;
            if !self.fits {
                return;
            }
        }
        self.out.push_str(text);
    }

    /// What is written at a place of the source.
    pub(super) fn copy(&mut self, span: Span) {
        let text = self.source.slice(span);
        self.push(text);
    }

    /// Begins a line.
    pub(super) fn begin_line(&mut self, indent: usize) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.line = self.out.len();
        self.line_indent = indent;
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// Begins a line of the statement that is being written.
    pub(super) fn continue_line(&mut self) {
        self.begin_line(self.indent + CONTINUED);
    }

    /// Begins a line, or goes on behind a blank, as the source does between two places.
    pub(super) fn break_or_blank(&mut self, from: usize, to: usize) {
        if !self.flat && self.breaks(from, to) {
            self.continue_line();
        } else {
            self.push(" ");
        }
    }

    /// The same between the parts of a head, where comments may stand.
    pub(super) fn next_part(&mut self, from: usize, to: usize) {
        if self.flat || !(self.breaks(from, to) || self.has_remark(from, to)) {
            self.push(" ");
            return;
        }
        self.last_end = Some(from);
        self.remark_behind(from, to);
        self.indent += CONTINUED;
        self.remarks_before(to);
        self.indent -= CONTINUED;
        self.continue_line();
    }

    /// One statement of the file or of a block, with the comments above and behind it.
    pub(super) fn statement(&mut self, span: Span, next: Option<Span>, print: impl FnOnce(&mut Self)) {
        self.item(span, |printer| {
            print(printer);
            printer.remark_behind(span.end, next.map_or(usize::MAX, |next| next.start));
        });
    }

    /// Something that has lines of its own, with the comments above it.
    pub(super) fn item(&mut self, span: Span, print: impl FnOnce(&mut Self)) {
        self.remarks_before(span.start);
        self.separate(span.start);
        self.begin_line(self.indent);
        self.last_end = Some(span.end);
        print(self);
        self.last_end = self.last_end.max(Some(span.end));
        self.after_doc = false;
    }

    /// What stands between two brackets, one thing on each line, and the comments before the second.
    pub(super) fn inside(&mut self, close: usize, print: impl FnOnce(&mut Self)) {
        let outer = (self.indent, self.line_indent);
        self.indent = self.line_indent + STEP;
        self.last_end = None;
        print(self);
        self.remarks_before(close);
        (self.indent, self.line_indent) = outer;
        self.begin_line(self.line_indent);
    }

    /// Writes something onto one line, if it fits; else nothing of it.
    pub(super) fn on_one_line(&mut self, print: impl FnOnce(&mut Self)) -> bool {
        let before = self.out.len();
        (self.flat, self.fits) = (true, true);
        print(self);
        self.flat = false;
        let is_done = self.fits && self.column() <= WIDTH;
        if !is_done {
            self.out.truncate(before);
        }
        is_done
    }

    /// Whether the source has a line end between two places.
    pub(super) fn breaks(&self, from: usize, to: usize) -> bool {
        let first = self.line_ends.partition_point(|at| *at < from);
        self.line_ends.get(first).is_some_and(|at| *at < to)
    }

    /// Whether a comment that is not written yet stands between two places.
    pub(super) fn has_remark(&self, from: usize, to: usize) -> bool {
        let ahead = self.comments.get(self.next..).unwrap_or_default();
        let first = ahead.partition_point(|comment| comment.span.start < from);
        ahead.get(first).is_some_and(|comment| comment.span.start < to)
    }

    /// Writes the comment that shares the line of what ends at a place, if it stands before another.
    pub(super) fn remark_behind(&mut self, end: usize, limit: usize) {
        let Some(comment) = self.comments.get(self.next) else { return };
        let start = comment.span.start;
        if start >= limit || self.breaks(end, start) {
            return;
        }
        self.push(" ");
        self.remark(comment);
    }

    /// Writes all comments before a place, each on a line of its own.
    fn remarks_before(&mut self, end: usize) {
        while let Some(comment) = self.comments.get(self.next).filter(|comment| comment.span.start < end) {
            self.separate(comment.span.start);
            self.begin_line(self.indent);
            self.remark(comment);
        }
    }

    fn remark(&mut self, comment: &Comment) {
        self.next += 1;
        self.out.push_str(if comment.doc { "///" } else { "//" });
        if !comment.text.is_empty() {
            self.out.push(' ');
            self.out.push_str(&comment.text);
        }
        self.last_end = Some(comment.span.end);
        self.after_doc = comment.doc;
    }

    /// Leaves one line empty where the source leaves some, but not at the beginning of a block.
    fn separate(&mut self, start: usize) {
        let Some(end) = self.last_end.filter(|_| !self.after_doc) else { return };
        let first = self.line_ends.partition_point(|at| *at < end);
        let between = self.line_ends.iter().skip(first).take(2).filter(|at| **at < start).count();
        if between == 2 {
            self.out.push('\n');
        }
    }

    fn column(&self) -> usize {
        self.out.get(self.line..).unwrap_or_default().chars().count()
    }
}
