//! The calls of a branch that is one call for each of several values: which of them there are, and the map that their answers
//! become.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Branch, Each, unread_for};
use crate::call::Call;
use crate::clock::Micros;
use crate::exchange::Exchange;
use crate::json::Document;
use crate::reason::Reason;
use crate::serve::room::{Room, Taken};

/// Calls of one branch that are under way at once.
const AT_ONCE: usize = 16;

/// How far such a branch is.
pub(super) struct Fan {
    each: &'static Each,
    /// When all of it has to be over.
    pub(super) end: Micros,
    /// The values that there are calls for, each as its text, in their order.
    wanted: Vec<Vec<u8>>,
    /// How many of these have begun.
    begun: usize,
    /// Those that are under way.
    pub(super) open: Vec<(usize, Call)>,
    /// The texts of the answers.
    found: Vec<Option<Vec<u8>>>,
    /// The room that they take.
    pub(super) room: Taken,
    /// Why some of them have failed.
    pub(super) failed: Vec<&'static str>,
}

impl Fan {
    /// The values as they are now; of those that are the same, the first.
    pub(super) fn new(
        each: &'static Each,
        x: &Exchange,
        room: &Arc<Room>,
        end: Micros,
    ) -> Result<Self, Reason> {
        let mut text = Vec::new();
        (each.list)(x, &mut text);
        // Only as long as it is looked at.
        let mut aside = room.enter();
        if !aside.take(text.len() as u64) {
            return Err(Reason::BODIES_FULL);
        }
        // INVARIANT: it has been written from values of this type.
        let values = Document::read_in(text, each.items, &mut aside).map_err(|unread| unread_for(&unread))?;
        let (mut seen, mut wanted) = (HashSet::new(), Vec::new());
        for value in values.root().items() {
            let mut raw = value.raw().to_vec();
            if each.folds {
                raw.make_ascii_lowercase();
            }
            // What tells two of them apart: the text between the quotes, or a number as it is written.
            let mut key = if raw.first() == Some(&b'"') { value.text().into_owned() } else { raw.clone() };
            if each.folds {
                key.make_ascii_lowercase();
            }
            if seen.insert(key) {
                wanted.push(raw);
            }
            if wanted.len() > usize::from(each.most) {
                return Err(Reason::BRANCH_TOO_MANY);
            }
        }
        let mut room = room.enter();
        if !room.take(wanted.iter().map(Vec::len).sum::<usize>() as u64) {
            return Err(Reason::BODIES_FULL);
        }
        let found = wanted.iter().map(|_| None).collect();
        Ok(Self { each, end, wanted, begun: 0, open: Vec::new(), found, room, failed: Vec::new() })
    }

    /// The next value for which a call may begin; it is where expressions look for it from now on.
    pub(super) fn next(&mut self, x: &mut Exchange) -> Option<usize> {
        let value = self.wanted.get(self.begun).filter(|_| self.open.len() < AT_ONCE)?;
        if let Some(place) = x.documents.get_mut(usize::from(self.each.document)) {
            // INVARIANT: it is a value of a list that has been read as such.
            *place = Document::read(value.clone(), self.each.item).ok();
        }
        self.begun += 1;
        Some(self.begun - 1)
    }

    /// One of them has an answer.
    pub(super) fn put(&mut self, at: usize, text: Vec<u8>) {
        if let Some(place) = self.found.get_mut(at) {
            *place = Some(text);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.begun == self.wanted.len() && self.open.is_empty()
    }

    /// All answers as one: a map, in the order of the values.
    pub(super) fn join(mut self, branch: &Branch) -> Result<(Document, Taken), Reason> {
        let parts = self.wanted.iter().chain(self.found.iter().flatten());
        // Beside each pair stand two quotes, a colon and a comma.
        let length = parts.map(|part| part.len() + 2).sum::<usize>() + 2;
        if !self.room.take(length as u64) {
            return Err(Reason::BODIES_FULL);
        }
        let mut text = Vec::with_capacity(length);
        text.push(b'{');
        for (value, found) in self.wanted.iter().zip(&mut self.found) {
            let Some(found) = found.take() else { continue };
            if text.len() > 1 {
                text.push(b',');
            }
            let quote: &[u8] = if value.first() == Some(&b'"') { b"" } else { b"\"" };
            for part in [quote, value, quote, b":", &found] {
                text.extend_from_slice(part);
            }
        }
        text.push(b'}');
        let whole =
            Document::read_in(text, branch.shape, &mut self.room).map_err(|unread| unread_for(&unread))?;
        Ok((whole, self.room))
    }
}
