//! Where what has changed is written, of things that do not belong to one route.

use gatewright_dsl::Span;

use super::{Meaning, Said};
use crate::checked::Declaration;

impl Meaning {
    /// The line where something begins, with the text of it.
    pub(super) fn said(&self, span: Span) -> Option<Said> {
        let source = self.sources.get(usize::try_from(span.file).ok()?)?;
        let text = source.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let line = u32::try_from(source.position(span.start).line).unwrap_or(u32::MAX);
        Some(Said { file: source.name.clone(), line, text })
    }

    /// The head of a declaration.
    pub(super) fn head(&self, word: &'static str, name: &str) -> Vec<Said> {
        self.declaration(word, name).and_then(|it| self.said(it.head)).into_iter().collect()
    }

    /// The settings with a word in the block of a declaration, in order.
    pub(super) fn settings(&self, (word, name): (&'static str, &str), setting: &str) -> Vec<Said> {
        let settings = self.declaration(word, name).map(|it| it.settings.as_slice()).unwrap_or_default();
        let own = settings.iter().filter(|(own, _)| own == setting);
        own.filter_map(|(_, span)| self.said(*span)).collect()
    }

    fn declaration(&self, word: &'static str, name: &str) -> Option<&Declaration> {
        self.declared.get(&(word, name.to_owned()))
    }
}
