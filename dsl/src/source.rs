//! Source texts and the spans that point into them. Reading files is the caller's work.

/// The largest text that is read, in bytes. More is refused as `too_large`.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// One file's text and the name shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The number that spans of this text carry: its index in the list of sources of one run.
    pub file: u32,
    /// The name shown in messages, usually a path as the operator wrote it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The only, or first, text of a run: its number is 0.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: 0, name: name.into(), text: text.into() }
    }

    /// The same text under another number. It must be the text's index in the run's list of sources.
    #[must_use]
    pub fn numbered(self, file: u32) -> Self {
        Self { file, ..self }
    }

    /// The text that a span covers; empty if the span is not of this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Line and column of a byte offset, both from 1; columns count Unicode scalars.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(..end).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Position { line, column }
    }
}

/// A place in a text as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in Unicode scalars, from 1.
    pub column: usize,
}

/// A range of bytes in one source text, end excluded. Ordered by file, then by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which source: its index in the run's list.
    pub file: u32,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// A span from its parts.
    #[must_use]
    pub const fn new(file: u32, start: usize, end: usize) -> Self {
        Self { file, start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span where this one ends.
    #[must_use]
    pub const fn after(self) -> Self {
        Self { file: self.file, start: self.end, end: self.end }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("a.gw", "é\nab é x");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        let at = source.text.find('x').unwrap();
        assert_eq!(source.position(at), Position { line: 2, column: 6 });
    }
}
