//! One text that holds all names and segments of a program, each once.
//!
//! It only looks for whole pieces and for pieces inside a given one; it is no compressor.

use std::collections::BTreeMap;

/// A piece of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) start: usize,
    pub(crate) len: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Text {
    all: String,
    known: BTreeMap<String, Label>,
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        &self.all
    }

    /// The piece at a place.
    pub(crate) fn at(&self, label: Label) -> &str {
        self.all.get(label.start..label.start + label.len).unwrap_or_default()
    }

    /// The place of a piece, which is added where it is new.
    pub(crate) fn intern(&mut self, piece: &str) -> Label {
        if let Some(label) = self.known.get(piece) {
            return *label;
        }
        let label = Label { start: self.all.len(), len: piece.len() };
        self.all.push_str(piece);
        self.known.insert(piece.to_owned(), label);
        label
    }

    /// The same, but a piece that stands inside `label` takes no room of its own.
    pub(crate) fn intern_within(&mut self, label: Label, piece: &str) -> Label {
        if let Some(known) = self.known.get(piece) {
            return *known;
        }
        match self.at(label).find(piece) {
            Some(at) => {
                let found = Label { start: label.start + at, len: piece.len() };
                self.known.insert(piece.to_owned(), found);
                found
            }
            None => self.intern(piece),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_stands_there_once() {
        let mut text = Text::default();
        let whole = text.intern("GET /orders/{id}");
        let segment = text.intern_within(whole, "orders");
        assert_eq!(text.intern("orders"), segment);
        let other = text.intern_within(whole, "users");
        assert_eq!(text.as_str(), "GET /orders/{id}users");
        assert_eq!(other, Label { start: 16, len: 5 });
    }
}
