//! The splitter in front of the grammar. It finds where each declaration begins, balances the brackets, collects the
//! comments, and blanks out what the grammar need not see. It knows strings, paths, comments and brackets, no more.

mod bracket;
mod damage;
mod line;
pub(crate) mod token;

use crate::ast::Comment;
use crate::parse::declaration::{self, NESTING, TOP};
use crate::problem::{Problem, text};
use crate::source::{MAX_BYTES, Source, Span};

/// Stands for the end of a line that the next line continues. No text holds one: the character is forbidden.
pub const FOLD: u8 = 0x0c;

/// A text, cut into declarations.
pub struct Split {
    /// The text with comments, stray brackets and other damage blanked out, and a [`FOLD`] for the end of each line
    /// that the next one continues. As long as the source, byte for byte.
    pub clean: String,
    /// The declarations, in order.
    pub pieces: Vec<Piece>,
    /// All comments, in order.
    pub comments: Vec<Remark>,
    /// What is wrong so far.
    pub problems: Vec<Problem>,
    /// Lines (as byte ranges, ascending) whose text is damaged: what the grammar finds there is not reported.
    pub damaged: Vec<(usize, usize)>,
}

/// A comment, and what it stands before.
pub struct Remark {
    /// The comment.
    pub comment: Comment,
    /// Where the next text begins, if the comment has its line to itself.
    pub before: Option<usize>,
}

/// One declaration's stretch of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// How many `}` must be added behind it.
    pub missing: usize,
    /// It has too many open brackets to be read.
    pub too_deep: bool,
}

/// Cuts a text.
pub fn split(source: &Source) -> Split {
    let mut scan = Scan::new(source);
    if source.text.len() > MAX_BYTES {
        scan.out.problems.push(text::too_large(Span::new(source.file, 0, 0), source.text.len()));
        return scan.out;
    }
    scan.run();
    scan.out.damaged.sort_unstable();
    scan.out.clean = String::from_utf8(scan.clean).unwrap_or_default();
    scan.out
}

/// A bracket that is open, or was.
#[derive(Clone, Copy)]
struct Open {
    at: usize,
    byte: u8,
    /// The indentation of its line.
    indent: usize,
    /// Whether its line begins with a word whose block holds routes.
    holds_routes: bool,
    /// Whether lines may end anywhere in it: it is round, square, or a record's.
    folds: bool,
    /// How many `if` were open where it stands.
    ifs: usize,
}

#[allow(clippy::struct_excessive_bools, reason = "facts about one position, each independent of the others")]
struct Scan<'a> {
    source: &'a Source,
    bytes: &'a [u8],
    clean: Vec<u8>,
    at: usize,
    indent: usize,
    line: usize,
    holds_routes: bool,
    /// Whether text other than comments has stood on this line.
    begun: bool,
    /// Where the last text ended that is no comment.
    text_end: usize,
    /// How many `if` have begun in this value, and how many `<` in this type: both lead further in.
    ifs: usize,
    angles: usize,
    stack: Vec<Open>,
    /// The block of this declaration with the first `}` that stood at another indentation, and that `}`.
    crooked: Option<(Open, usize)>,
    /// A string that never closes took a bracket with it: the count is worthless until the next declaration.
    swallowed: bool,
    /// Whether this declaration's block has ended.
    has_block: bool,
    /// No `*/` is left in the text.
    no_comment_end: bool,
    /// Comments whose next text is not known yet.
    waiting: Vec<usize>,
    out: Split,
}

impl<'a> Scan<'a> {
    fn new(source: &'a Source) -> Self {
        let out = Split {
            clean: String::new(),
            pieces: Vec::new(),
            comments: Vec::new(),
            problems: Vec::new(),
            damaged: Vec::new(),
        };
        Self {
            source,
            bytes: source.text.as_bytes(),
            clean: source.text.clone().into_bytes(),
            at: 0,
            indent: 0,
            line: 0,
            holds_routes: false,
            begun: false,
            text_end: 0,
            ifs: 0,
            angles: 0,
            stack: Vec::new(),
            crooked: None,
            swallowed: false,
            has_block: false,
            no_comment_end: false,
            waiting: Vec::new(),
            out,
        }
    }

    fn run(&mut self) {
        while let Some(byte) = self.byte(self.at) {
            match byte {
                b'\n' => self.next_line(),
                b' ' | b'\t' => self.at += 1,
                b'\r' if self.byte(self.at + 1) == Some(b'\n') => self.at += 1,
                b'/' if self.begins_comment() => self.comment(),
                _ => {
                    self.text_begins();
                    self.token(byte);
                    self.text_end = self.at;
                }
            }
        }
        self.close_all(None);
        self.end_piece(self.bytes.len());
    }

    fn next_line(&mut self) {
        self.at += 1;
        self.line = self.at;
        self.begun = false;
    }

    /// Called before each token that is no comment; works only on the first of a line.
    fn text_begins(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        let folds = self.fold_lines();
        for index in self.waiting.drain(..) {
            if let Some(remark) = self.out.comments.get_mut(index) {
                remark.before = Some(self.at);
            }
        }
        self.indent = self.at - self.line;
        let word = self.word();
        let nests =
            self.stack.iter().rev().find(|open| open.byte == b'{').is_some_and(|open| open.holds_routes);
        let closes = TOP.contains(&word) || (NESTING.contains(&word) && !nests);
        self.holds_routes = matches!(word, "group" | "host");
        if self.indent == 0 && closes && !self.stack.is_empty() {
            self.close_all(Some(Span::new(self.source.file, self.at, self.at + word.len())));
        }
        if self.stack.is_empty() && !folds && !self.continues(word) {
            self.end_piece(self.at);
            self.out.pieces.push(Piece { start: self.at, end: self.at, missing: 0, too_deep: false });
        }
    }

    /// Whether a line outside all brackets belongs to the declaration above it.
    fn continues(&self, word: &str) -> bool {
        let Some(piece) = self.out.pieces.last() else { return false };
        let terminal = matches!(word, "respond" | "redirect" | "handler" | "when")
            || self.bytes.get(self.at..self.at + 2) == Some(b"->");
        match self.byte(self.at) {
            // A stray one is blanked out, and must not cut a declaration in two.
            Some(b'}' | b')' | b']') => true,
            Some(b'{') => !self.has_block,
            _ => terminal && !self.has_block && declaration::is_route(self.word_at(piece.start)),
        }
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'"' => self.string(),
            b'/' if self.byte(self.at + 1) == Some(b'*') && self.block_comment() => {}
            b'/' if self.is_misplaced() => self.misplaced_slashes(),
            b'/' if self.begins_token() => self.path(),
            b'#' if self.begins_token() => {
                let end = self.line_end();
                self.report(text::wrong_comment(
                    self.span(self.at, end),
                    self.span(self.at, self.at + 1),
                    "#",
                ));
                self.blank(self.at, end);
                self.at = end;
            }
            b'{' | b'(' | b'[' => self.open(byte),
            b'}' | b')' | b']' => self.close(byte),
            _ => self.other(),
        }
    }

    fn end_piece(&mut self, end: usize) {
        if let Some(piece) = self.out.pieces.last_mut()
            && piece.end == piece.start
        {
            piece.end = end;
        }
        self.crooked = None;
        self.swallowed = false;
        self.has_block = false;
        self.ifs = 0;
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source.file, start, end)
    }

    fn report(&mut self, problem: Problem) {
        self.out.problems.push(problem);
    }

    fn put(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.clean.get_mut(at) {
            *place = byte;
        }
    }

    /// Lines stay lines.
    fn blank(&mut self, start: usize, end: usize) {
        for byte in self.clean.get_mut(start..end).unwrap_or_default() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }

    /// Marks the line of a place: what the grammar finds there is not what was written.
    fn damage(&mut self, at: usize) {
        if self.out.damaged.last().is_some_and(|(start, end)| (*start..=*end).contains(&at)) {
            return;
        }
        let before = self.bytes.get(..at).unwrap_or_default();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rest = self.bytes.get(at..).unwrap_or_default();
        let end = at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        self.out.damaged.push((start, end));
    }

    fn line_end(&self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
    }

    /// `//` at the start of a line or behind a blank.
    fn begins_comment(&self) -> bool {
        let free = self.at == 0 || self.byte(self.at - 1).is_some_and(|byte| byte.is_ascii_whitespace());
        free && self.byte(self.at + 1) == Some(b'/')
    }

    /// `//` behind other text. Behind a list's bracket or comma it may begin a path, which is then refused as such.
    fn is_misplaced(&self) -> bool {
        let opens = self.byte(self.at.wrapping_sub(1)).is_some_and(|byte| matches!(byte, b'{' | b';'));
        self.byte(self.at + 1) == Some(b'/') && (opens || !self.begins_token())
    }

    fn begins_token(&self) -> bool {
        self.at == 0 || self.byte(self.at - 1).is_some_and(|byte| b" \t\r\n([{,;".contains(&byte))
    }

    fn token_start(&self) -> usize {
        let before = self.bytes.get(..self.at).unwrap_or_default();
        before.iter().rposition(|byte| b" \t\r\n([{,;\"".contains(byte)).map_or(0, |at| at + 1)
    }

    fn word(&self) -> &'a str {
        self.word_at(self.at)
    }

    fn word_at(&self, at: usize) -> &'a str {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
            .count();
        self.source.text.get(at..at + length).unwrap_or_default()
    }
}
