//! The memory of tables that grow with what clients send: the counts of limits, and credentials that are remembered.
//!
//! All of them share it, and none takes more than it leaves to the others: so whatever is sent to one, every other finds room. A table
//! that gets no more makes do with what it has, as it does where it has as many entries as it may; which go then is its own business.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What a table may take that has a state of its own in the program, without asking: enough for a few entries of each of its parts.
const LEAST: u64 = 48 << 10;

/// All of it.
#[derive(Debug)]
pub(crate) struct Tables {
    most: u64,
    /// What tables have without asking.
    least: u64,
    taken: AtomicU64,
    all: Mutex<Vec<Weak<dyn Table>>>,
}

/// One table, or several that are one thing.
pub(crate) trait Table: std::fmt::Debug + Send + Sync {
    /// Forgets what says nothing any more, and gives back what is not needed.
    fn tidy(&self);
}

/// What one table has taken. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    tables: Arc<Tables>,
    own: AtomicU64,
}

impl Tables {
    /// So many bytes, beside what so many tables have without asking.
    pub(crate) fn new(most: u64, tables: usize) -> Arc<Self> {
        let least = LEAST.saturating_mul(tables as u64);
        Arc::new(Self { most, least, taken: AtomicU64::new(0), all: Mutex::default() })
    }

    /// How much is set aside.
    pub(crate) fn set_aside(&self) -> u64 {
        self.most.saturating_add(self.least)
    }

    /// Nothing of it, so far.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share { tables: Arc::clone(self), own: AtomicU64::new(0) }
    }

    /// Has a table tidied up now and then, as long as it is there.
    pub(crate) fn enter(&self, table: Weak<dyn Table>) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|table| table.strong_count() > 0);
        all.push(table);
    }

    /// Tidies all tables up.
    pub(crate) fn tidy(&self) {
        // None of them is held up by another: each may take a while.
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for table in all.iter().filter_map(Weak::upgrade) {
            table.tidy();
        }
    }

    /// What is taken, and how much there is.
    #[cfg(any(feature = "admin", test))]
    pub(crate) fn told(&self) -> (u64, u64) {
        (self.taken.load(Ordering::Relaxed), self.most)
    }
}

impl Share {
    /// Takes so many bytes more; `false`, and nothing is taken, where it would have more than it leaves to others.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let own = self.own.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let taken = self.tables.taken.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let is_fair = own <= self.tables.most.saturating_sub(taken);
        if !is_fair {
            self.give(bytes);
        }
        is_fair
    }

    /// Gives so many bytes back.
    pub(crate) fn give(&self, bytes: u64) {
        self.own.fetch_sub(bytes, Ordering::Relaxed);
        self.tables.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.tables.taken.fetch_sub(*self.own.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_takes_more_than_it_leaves_to_others() {
        let tables = Tables::new(120, 2);
        assert_eq!(tables.set_aside(), 120 + 2 * LEAST);
        let (one, other, third) = (tables.share(), tables.share(), tables.share());
        assert!(!one.take(61) && one.take(60) && !one.take(1));
        // Whoever comes later has as much as it leaves in its turn.
        assert!(!other.take(31) && other.take(30) && third.take(15) && !third.take(1));
        assert_eq!(tables.told(), (105, 120));
        one.give(60);
        assert!(other.take(10) && !other.take(33));
        drop((one, other, third));
        assert_eq!(tables.told(), (0, 120));
    }
}
