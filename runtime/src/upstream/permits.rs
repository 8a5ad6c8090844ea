//! How many requests an upstream has at once, counted for the whole process, and the queue of those who wait.
//!
//! To take a permit or to give it back is one number changed, as long as nobody waits. Only who waits, leaves the queue or
//! gives a permit to somebody in it takes a lock, for as long as it takes to find the first of the queue.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::policy::concurrency::Config;

/// One who waits.
const WAITING: u64 = 1;
/// One permit that is taken.
const TAKEN: u64 = 1 << 32;

/// The permits of one upstream.
#[derive(Debug)]
pub(crate) struct Permits {
    /// So many at once.
    most: u32,
    /// So many more may wait.
    room: u32,
    /// The upper half: permits that are taken; the lower half: how many wait. Whoever finds a permit free with nobody
    /// waiting takes it; where somebody waits, all permits are taken.
    word: AtomicU64,
    queue: Mutex<Queue>,
    /// How many were refused since nobody more could wait.
    full: AtomicU64,
    /// How many have waited for too long.
    late: AtomicU64,
}

/// Those who wait, by number: the lowest has waited longest, whichever worker it is of.
#[derive(Debug, Default)]
struct Queue {
    next: u64,
    waiting: BTreeMap<u64, (Arc<AtomicBool>, Waker)>,
}

/// The right to have a request at the upstream; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Permits>);

/// A place in the queue; left when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    permits: Arc<Permits>,
    number: u64,
    granted: Arc<AtomicBool>,
    claimed: bool,
}

/// What somebody gets who comes when all permits may be taken.
#[derive(Debug)]
pub(crate) enum Queued {
    /// A permit: one has become free meanwhile.
    Permit(Permit),
    Place(Place),
    /// Nothing.
    Full,
}

impl Permits {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            most: config.most,
            room: config.queue.unwrap_or(0),
            word: AtomicU64::new(0),
            queue: Mutex::default(),
            full: AtomicU64::new(0),
            late: AtomicU64::new(0),
        }
    }

    /// Takes a permit where one is free and nobody waits for it.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Permit> {
        let free = |word: u64| (waiting(word) == 0 && taken(word) < self.most).then(|| word + TAKEN);
        let took = self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, free);
        took.ok().map(|_| Permit(Arc::clone(self)))
    }

    /// Waits behind all others, if there is room; `waker` is woken when a permit is there.
    pub(crate) fn queue(self: &Arc<Self>, waker: &Waker) -> Queued {
        let mut queue = self.lock();
        if let Some(permit) = self.take() {
            return Queued::Permit(permit);
        }
        // A permit may become free at this very moment. Then nobody waits yet, and it is taken; or one does, and this is
        // not changed by anybody without the lock.
        let room = |word: u64| (waiting(word) < self.room && !self.is_free(word)).then(|| word + WAITING);
        loop {
            if self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, room).is_ok() {
                break;
            }
            if let Some(permit) = self.take() {
                return Queued::Permit(permit);
            }
            if waiting(self.word.load(Ordering::Acquire)) >= self.room {
                self.full.fetch_add(1, Ordering::Relaxed);
                return Queued::Full;
            }
        }
        let number = queue.next;
        queue.next += 1;
        let granted = Arc::new(AtomicBool::new(false));
        queue.waiting.insert(number, (Arc::clone(&granted), waker.clone()));
        drop(queue);
        Queued::Place(Place { permits: Arc::clone(self), number, granted, claimed: false })
    }

    /// Somebody has waited for too long.
    pub(crate) fn was_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    fn is_free(&self, word: u64) -> bool {
        waiting(word) == 0 && taken(word) < self.most
    }

    /// Gives a permit to the first who waits, or back.
    fn give(&self) {
        let back = |word: u64| (waiting(word) == 0).then(|| word - TAKEN);
        if self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, back).is_ok() {
            return;
        }
        let mut queue = self.lock();
        let Some((_, (granted, waker))) = queue.waiting.pop_first() else {
            // Who waited has left. With the lock nobody else comes.
            self.word.fetch_sub(TAKEN, Ordering::AcqRel);
            return;
        };
        self.word.fetch_sub(WAITING, Ordering::AcqRel);
        granted.store(true, Ordering::Release);
        drop(queue);
        waker.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // INVARIANT: nothing that panics is done under the lock, so that what it guards is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(any(feature = "admin", test))]
impl Permits {
    /// How many permits are taken.
    pub(crate) fn taken(&self) -> u32 {
        taken(self.word.load(Ordering::Acquire))
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> u32 {
        waiting(self.word.load(Ordering::Acquire))
    }

    /// How many there are, and how many more may wait.
    #[cfg(feature = "admin")]
    pub(crate) fn bounds(&self) -> (u32, u32) {
        (self.most, self.room)
    }

    /// How many were refused since nobody more could wait.
    pub(crate) fn full(&self) -> u64 {
        self.full.load(Ordering::Relaxed)
    }

    /// How many have waited for too long.
    #[cfg(feature = "admin")]
    pub(crate) fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }
}

fn taken(word: u64) -> u32 {
    u32::try_from(word >> 32).unwrap_or(u32::MAX)
}

fn waiting(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

impl Place {
    /// The permit, once it is there.
    pub(crate) fn claim(&mut self) -> Option<Permit> {
        (!self.claimed && self.granted.load(Ordering::Acquire)).then(|| {
            self.claimed = true;
            Permit(Arc::clone(&self.permits))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.claimed {
            return;
        }
        let left = {
            let mut queue = self.permits.lock();
            let left = queue.waiting.remove(&self.number).is_some();
            if left {
                self.permits.word.fetch_sub(WAITING, Ordering::AcqRel);
            }
            left
        };
        if !left {
            // It was given a permit at the last moment.
            self.permits.give();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.give();
    }
}

#[cfg(test)]
mod tests;
