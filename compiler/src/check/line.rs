//! Places as people count them, found without reading a text again for each.
//!
//! It knows lines only; columns are the renderer's.

use gatewright_dsl::{Source, Span};

use crate::checked::Place;

/// Where the lines of all sources begin.
pub(super) struct Lines<'a> {
    sources: Vec<(&'a str, Vec<usize>)>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(sources: &'a [Source]) -> Self {
        let ends = |source: &'a Source| source.text.match_indices('\n').map(|(at, _)| at).collect();
        Self { sources: sources.iter().map(|source| (source.name.as_str(), ends(source))).collect() }
    }

    /// The place where a span begins.
    pub(super) fn place(&self, span: Span) -> Place {
        let source = usize::try_from(span.file).ok().and_then(|file| self.sources.get(file));
        let Some((file, ends)) = source else { return Place { file: String::new(), line: 0 } };
        let line = ends.partition_point(|end| *end < span.start) + 1;
        Place { file: (*file).to_owned(), line: u32::try_from(line).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let sources = [Source::new("a.gw", "a\nbc\n\nd")];
        let lines = Lines::of(&sources);
        let line = |at| lines.place(Span::new(0, at, at)).line;
        assert_eq!([line(0), line(1), line(2), line(4), line(5), line(6)], [1, 1, 2, 2, 3, 4]);
    }
}
