//! JSON: read in one pass into what the compiler asks for, and nothing else.
//!
//! A document is its bytes and a table of places in them, laid out after a [`Shape`] that the compiler has made of a type: a
//! field is found by its number, a text is borrowed where it has no escapes, and a number keeps the text that it came in.
//! Nobody makes a tree of values. What it knows of JSON is RFC 8259, read strictly.

pub mod body;
#[cfg(test)]
mod claim;
mod read;
mod scan;
mod shape;
#[cfg(test)]
mod tests;
mod value;
mod wrong;

pub use self::shape::{Form, Member, Need, Shape};
pub use self::value::{Item, comma, write};
pub(crate) use self::wrong::Unread;
pub use self::wrong::{Found, Violation};

use self::read::Node;
use crate::exchange::Exchange;
use crate::serve::room::Taken;

/// What was wrong with a text, of which so much is told at once.
pub(crate) const MOST_VIOLATIONS: usize = 20;

/// A text that has been read.
#[derive(Debug, Default)]
pub struct Document {
    bytes: Vec<u8>,
    /// The texts of defaults, in the place of members that were not there.
    defaults: Vec<u8>,
    nodes: Vec<Node>,
    root: Node,
}

impl Document {
    /// Reads a text as a value of a shape.
    ///
    /// # Errors
    ///
    /// What is wrong with it: all of it up to a bound, or the first of it where it is no JSON.
    pub fn read(bytes: Vec<u8>, shape: &'static Shape) -> Result<Self, Vec<Violation>> {
        Self::read_in(bytes, shape, &mut Taken::default()).map_err(|unread| match unread {
            Unread::Wrong(wrongs) => wrongs,
            // INVARIANT: without a room nothing is counted.
            Unread::Full => Vec::new(),
        })
    }

    /// The same in a room, of which is taken what the document takes beside its text, before it takes it.
    pub(crate) fn read_in(bytes: Vec<u8>, shape: &'static Shape, room: &mut Taken) -> Result<Self, Unread> {
        read::read(bytes, shape, room)
    }

    /// The whole value.
    #[must_use]
    pub fn root(&self) -> Item<'_> {
        Item::new(self, self.root)
    }

    /// The text, as it came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, as it came, of a document that nobody needs any more.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Bytes of memory that it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.capacity() + self.defaults.capacity() + self.nodes.capacity() * size_of::<Node>()
    }
}

/// Whether a text is `null`, and nothing else.
pub(crate) fn is_null(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let mut scan = scan::Scan::new(text);
    scan.next() == Some(b'n') && scan.word(b"null").is_ok() && scan.next().is_none()
}

/// The document of a number; `None` where there is none, or not yet.
#[must_use]
pub fn document(x: &Exchange, number: u16) -> Option<Item<'_>> {
    x.documents.get(usize::from(number))?.as_ref().map(Document::root)
}

/// A place that has been found to be there.
#[must_use]
pub fn found(item: Option<Item<'_>>) -> Item<'_> {
    // INVARIANT: a step has refused a request where it is not.
    item.unwrap_or(Item::NOTHING)
}

/// The same of one that is there whenever this is asked.
#[must_use]
pub fn known(x: &Exchange, number: u16) -> Item<'_> {
    // INVARIANT: emitted code asks for a document behind the step that has read it. Were it not so, the value would be absent.
    document(x, number).unwrap_or(Item::NOTHING)
}
