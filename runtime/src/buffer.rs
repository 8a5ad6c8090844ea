//! Large buffers, lent to a connection only while it holds bytes that cannot move on.

use std::cell::RefCell;

/// Bytes of one buffer. About 80 KiB: a 64 KiB body and its head move in one read and one write.
pub(crate) const SIZE: usize = 80 * 1024;

/// Bytes kept free in front of what is read, for the size line of a chunk.
pub(crate) const FRONT: usize = 18;

/// Bytes kept free behind what is read, for the end of a chunk and of a body.
pub(crate) const BACK: usize = 8;

/// Unlent buffers that a worker keeps.
const KEPT: usize = 8;

/// The buffers of one worker.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    free: RefCell<Vec<Box<[u8]>>>,
}

/// A buffer, of which the part from `start` to `end` holds bytes.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Box<[u8]>,
    /// First byte held.
    pub(crate) start: usize,
    /// Behind the last byte held; at most `SIZE - BACK` after a read.
    pub(crate) end: usize,
}

impl Buffers {
    /// An empty buffer.
    pub(crate) fn take(&self) -> Buffer {
        let bytes = self.free.borrow_mut().pop().unwrap_or_else(|| vec![0; SIZE].into_boxed_slice());
        Buffer { bytes, start: FRONT, end: FRONT }
    }

    /// Takes a buffer back.
    pub(crate) fn give(&self, buffer: Buffer) {
        let mut free = self.free.borrow_mut();
        if free.len() < KEPT {
            free.push(buffer.bytes);
        }
    }
}

impl Buffer {
    /// The bytes held.
    pub(crate) fn held(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The bytes held, for changes in place.
    pub(crate) fn held_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.start..self.end).unwrap_or_default()
    }

    /// Number of bytes held.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Room behind the bytes held, `BACK` excepted.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.end..SIZE - BACK).unwrap_or_default()
    }

    /// Drops bytes from the front.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Appends bytes; false where they do not fit.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> bool {
        match self.bytes.get_mut(self.end..self.end + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.end += bytes.len();
                true
            }
            None => false,
        }
    }

    /// Puts bytes in front of those held; false where they do not fit.
    pub(crate) fn prepend(&mut self, bytes: &[u8]) -> bool {
        let Some(start) = self.start.checked_sub(bytes.len()) else { return false };
        match self.bytes.get_mut(start..self.start) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.start = start;
                true
            }
            None => false,
        }
    }

    /// Moves the bytes held to the front, so that there is the most room behind them.
    pub(crate) fn compact(&mut self) {
        if self.start > FRONT {
            self.bytes.copy_within(self.start..self.end, FRONT);
            self.end -= self.start - FRONT;
            self.start = FRONT;
        }
    }
}
