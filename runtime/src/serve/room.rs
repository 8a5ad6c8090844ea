//! The room that whole bodies and answers may take of the process: one number for all workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// All of it.
#[derive(Debug)]
pub(crate) struct Room {
    taken: AtomicU64,
    most: u64,
}

/// What one exchange takes; it is free again when this is dropped. Without a room, as in tests of single steps, nothing is
/// counted.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    room: Option<Arc<Room>>,
    bytes: u64,
}

impl Room {
    pub(crate) fn new(most: u64) -> Arc<Self> {
        Arc::new(Self { taken: AtomicU64::new(0), most })
    }

    /// For what it is, how much is taken, and how much there is.
    #[cfg(feature = "admin")]
    pub(crate) fn told(&self) -> (&'static str, u64, u64) {
        ("bodies", self.taken.load(Ordering::Relaxed), self.most)
    }

    /// Nothing of it, so far.
    pub(crate) fn enter(self: &Arc<Self>) -> Taken {
        Taken { room: Some(Arc::clone(self)), bytes: 0 }
    }
}

impl Taken {
    /// Takes so many bytes more; `false`, and nothing is taken, where they are not free.
    pub(crate) fn take(&mut self, bytes: u64) -> bool {
        let Some(room) = &self.room else { return true };
        let before = room.taken.fetch_add(bytes, Ordering::Relaxed);
        let is_free = before.saturating_add(bytes) <= room.most;
        if is_free {
            self.bytes += bytes;
        } else {
            room.taken.fetch_sub(bytes, Ordering::Relaxed);
        }
        is_free
    }
}

impl Taken {
    /// Whether so many bytes are free now. Nothing is taken.
    pub(crate) fn is_free(&self, bytes: u64) -> bool {
        let taken = |room: &Arc<Room>| room.taken.load(Ordering::Relaxed);
        self.room.as_ref().is_none_or(|room| taken(room).saturating_add(bytes) <= room.most)
    }

    /// Nothing of the same room, so far.
    pub(crate) fn beside(&self) -> Self {
        Self { room: self.room.clone(), bytes: 0 }
    }

    /// Takes over what another has taken of the same room.
    pub(crate) fn join(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
        if self.room.is_none() {
            self.room = other.room.take();
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(room) = &self.room {
            room.taken.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_free_again_when_nobody_needs_it() {
        let room = Room::new(10);
        let (mut first, mut second) = (room.enter(), room.enter());
        assert!(first.take(6) && !second.take(5) && second.take(4) && !first.take(1));
        assert!(first.is_free(0) && !first.is_free(1) && !first.is_free(u64::MAX));
        drop(first);
        assert!(second.take(6) && !second.take(1));
        assert!(Taken::default().take(u64::MAX));
    }
}
