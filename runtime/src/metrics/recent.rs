//! The last refusals of one worker: when, why and of which route, and nothing that a client has sent.
//!
//! Only refusals write here. The worker never waits for who reads: an entry that may be half replaced is not read.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Micros;

/// Refusals that are remembered of each worker, and one that is being replaced.
pub(super) const KEPT: usize = 64;
/// The same, as they are numbered.
const KEPT_LONG: u64 = KEPT as u64;

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// How many there were before, of the same worker.
    pub(crate) number: u64,
    pub(crate) at: Micros,
    /// An index into the routes of the program.
    pub(crate) route: Option<u32>,
    /// The number of the reason.
    pub(super) reason: usize,
    /// 0: no answer has left.
    pub(crate) status: u16,
}

/// What one thread writes and others read.
#[derive(Debug)]
pub(super) struct Recent {
    /// How many there were.
    count: AtomicU64,
    slots: [Slot; KEPT],
}

#[derive(Debug, Default)]
struct Slot {
    at: AtomicU64,
    /// The route plus one in the upper half, then the reason, then the status.
    what: AtomicU64,
}

impl Default for Recent {
    fn default() -> Self {
        Self { count: AtomicU64::new(0), slots: std::array::from_fn(|_| Slot::default()) }
    }
}

impl Recent {
    /// Remembers one more. Only the worker itself may.
    pub(super) fn add(&self, at: Micros, route: Option<u32>, reason: usize, status: u16) {
        let count = self.count.load(Ordering::Relaxed);
        let Some(slot) = self.slots.get(place(count)) else { return };
        let route = route.map_or(0, |route| u64::from(route) + 1);
        // Released, so that who sees one of them sees the count before it as well.
        slot.at.store(at, Ordering::Release);
        slot.what.store(route << 32 | (reason as u64 & 0xffff) << 16 | u64::from(status), Ordering::Release);
        self.count.store(count + 1, Ordering::Release);
    }

    /// Those that are remembered, the oldest first.
    pub(super) fn read(&self) -> Vec<Refused> {
        let count = self.count.load(Ordering::Acquire);
        let read: Vec<Refused> =
            (count.saturating_sub(KEPT_LONG)..count).filter_map(|number| self.slot(number)).collect();
        // What the worker has replaced meanwhile is left out, and the one that it may be about to replace.
        let after = self.count.load(Ordering::Acquire);
        read.into_iter().filter(|refused| refused.number + KEPT_LONG > after).collect()
    }

    fn slot(&self, number: u64) -> Option<Refused> {
        let slot = self.slots.get(place(number))?;
        let (at, what) = (slot.at.load(Ordering::Acquire), slot.what.load(Ordering::Acquire));
        Some(Refused {
            number,
            at,
            route: u32::try_from(what >> 32).ok()?.checked_sub(1),
            reason: usize::try_from(what >> 16 & 0xffff).ok()?,
            status: u16::try_from(what & 0xffff).ok()?,
        })
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number % KEPT_LONG).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_remembered_as_they_were() {
        let recent = Recent::default();
        assert_eq!(recent.read(), []);
        recent.add(7, Some(u32::MAX - 1), 57, 503);
        recent.add(9, None, 3, 0);
        let first = Refused { number: 0, at: 7, route: Some(u32::MAX - 1), reason: 57, status: 503 };
        assert_eq!(recent.read(), [first, Refused { number: 1, at: 9, route: None, reason: 3, status: 0 }]);
        for at in 10..1_000 {
            recent.add(at, Some(1), 4, 404);
        }
        let read = recent.read();
        assert_eq!((read.len(), read.last().unwrap().at, read.first().unwrap().at), (KEPT - 1, 999, 937));
    }

    #[test]
    fn what_is_replaced_while_it_is_read_is_left_out() {
        let recent = Recent::default();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for at in 0..200_000_u32 {
                    recent.add(u64::from(at), Some(at), 3, 404);
                }
            });
            while !writer.is_finished() {
                for refused in recent.read() {
                    assert_eq!(
                        (refused.number, refused.route.map(u64::from)),
                        (refused.at, Some(refused.at))
                    );
                }
            }
        });
    }
}
