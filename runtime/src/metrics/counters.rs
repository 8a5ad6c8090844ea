//! The numbers of one worker, and where each of them stands.

use std::sync::atomic::{AtomicU64, Ordering};

use super::recent::Recent;
use crate::clock::Micros;
use crate::reason::Reason;

/// Upper ends of the buckets of times, in microseconds; behind the last is one more, without an end.
pub(super) const BOUNDS: [Micros; 15] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 30_000_000,
];

/// The same in seconds, as they are written.
pub(super) const BOUNDS_TEXT: [&str; 15] = [
    "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5",
    "10", "30",
];

/// Buckets of a histogram.
pub(super) const BUCKETS: usize = BOUNDS.len() + 1;

/// Why the gateway answers, where it does not refuse: first, since they are the most frequent.
pub(super) const STATED: [&str; 3] = ["respond", "redirect", "options"];

/// How many reasons there are.
pub(super) const REASONS: usize = STATED.len() + Reason::ALL.len();

/// The word of a reason, by number.
pub(super) fn reason(number: usize) -> &'static str {
    let refusal = |number: usize| Reason::ALL.get(number).map(|reason| reason.word);
    STATED.get(number).copied().or_else(|| refusal(number - STATED.len())).unwrap_or_default()
}

/// A number that one thread writes and others read.
#[derive(Debug, Default)]
struct Cell(AtomicU64);

/// Numbers that no row of another worker shares a cache line with; two lines, since processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Row<const N: usize>([Cell; N]);

impl<const N: usize> Row<N> {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| Cell::default()))
    }

    /// Adds to a number. Only the row's own thread may: there is no need to lock the line for it.
    pub(super) fn add(&self, at: usize, count: u64) {
        if let Some(Cell(cell)) = self.0.get(at) {
            cell.store(cell.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
        }
    }

    pub(super) fn get(&self, at: usize) -> u64 {
        self.0.get(at).map_or(0, |Cell(cell)| cell.load(Ordering::Relaxed))
    }

    /// Counts a time in the histogram that begins at `at` with its sum.
    pub(super) fn observe(&self, at: usize, time: Micros) {
        self.add(at, time);
        self.add(at + 1 + BOUNDS.iter().filter(|bound| time > **bound).count(), 1);
    }
}

/// What is counted for each route.
pub(super) mod route {
    use super::BUCKETS;

    /// Answers by class: 1 is `2xx`; 0 is none.
    pub(in crate::metrics) const STATUS: usize = 0;
    pub(in crate::metrics) const RECEIVED: usize = 5;
    pub(in crate::metrics) const SENT: usize = 6;
    /// A histogram.
    pub(in crate::metrics) const TIME: usize = 7;
    pub(in crate::metrics) const WIDTH: usize = TIME + 1 + BUCKETS;
}

/// What is counted for each server of an upstream.
pub(super) mod server {
    use super::BUCKETS;

    /// Answers by class: 1 is `2xx`.
    pub(in crate::metrics) const STATUS: usize = 0;
    pub(in crate::metrics) const TRIES: usize = 5;
    pub(in crate::metrics) const OPENED: usize = 6;
    pub(in crate::metrics) const FAILED: usize = 7;
    /// Tries that are over, however they have ended.
    pub(in crate::metrics) const ENDED: usize = 8;
    /// Tries without an answer, or without all of it, by the server's doing.
    pub(in crate::metrics) const UNANSWERED: usize = 9;
    /// A histogram.
    pub(in crate::metrics) const TIME: usize = 10;
    pub(in crate::metrics) const WIDTH: usize = TIME + 1 + BUCKETS;
}

/// What is counted for the worker itself.
pub(super) mod worker {
    pub(in crate::metrics) const ACCEPTED: usize = 0;
    pub(in crate::metrics) const CLOSED: usize = 1;
    pub(in crate::metrics) const EXCHANGES: usize = 2;
    pub(in crate::metrics) const EVICTED: usize = 3;
    pub(in crate::metrics) const WIDTH: usize = 4;
}

/// All numbers of one worker.
#[derive(Debug)]
pub(super) struct Counters {
    /// One for each name of a route, and one for exchanges without a route.
    pub(super) routes: Vec<Row<{ route::WIDTH }>>,
    pub(super) servers: Vec<Row<{ server::WIDTH }>>,
    pub(super) reasons: Row<REASONS>,
    pub(super) worker: Row<{ worker::WIDTH }>,
    pub(super) recent: Recent,
}

impl Counters {
    pub(super) fn new(routes: usize, servers: usize) -> Self {
        Self {
            routes: (0..routes).map(|_| Row::new()).collect(),
            servers: (0..servers).map(|_| Row::new()).collect(),
            reasons: Row::new(),
            worker: Row::new(),
            recent: Recent::default(),
        }
    }
}

/// The number of a reason, which is probably that of this refusal. Only what the gateway answers itself has one.
pub(super) fn number_of(reason: &str, refusal: Option<u16>) -> Option<usize> {
    // To look for one among all is many times dearer than to count it.
    if let Some(number) = refusal
        && Reason::ALL.get(usize::from(number)).is_some_and(|known| known.word == reason)
    {
        return Some(STATED.len() + usize::from(number));
    }
    let stated = STATED.iter().position(|word| *word == reason);
    stated.or_else(|| Some(STATED.len() + Reason::ALL.iter().position(|known| known.word == reason)?))
}

/// The class of a status: 1 is `2xx`, 0 is none.
pub(super) fn class(status: u16) -> usize {
    usize::from(status / 100).saturating_sub(1).min(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_counted_in_the_first_bucket_that_holds_it() {
        for (time, bucket) in
            [(0, 0), (500, 0), (501, 1), (1_000, 1), (30_000_000, 14), (30_000_001, 15), (u64::MAX, 15)]
        {
            let row = Row::<{ route::WIDTH }>::new();
            row.observe(route::TIME, time);
            assert_eq!(row.get(route::TIME), time);
            for at in 0..BUCKETS {
                assert_eq!(row.get(route::TIME + 1 + at), u64::from(at == bucket), "{time} in {at}");
            }
        }
    }

    #[test]
    fn the_bounds_are_written_as_they_are() {
        for (bound, text) in BOUNDS.iter().zip(BOUNDS_TEXT) {
            let seconds: f64 = text.parse().unwrap();
            assert!((seconds * 1e6 - f64::from(u32::try_from(*bound).unwrap())).abs() < 1e-6, "{text}");
        }
    }

    #[test]
    fn every_reason_has_a_number_of_its_own() {
        for number in 0..REASONS {
            for refusal in
                [None, Some(0), Some(9), Some(u16::MAX), u16::try_from(number.saturating_sub(3)).ok()]
            {
                assert_eq!(number_of(reason(number), refusal), Some(number));
            }
        }
        assert_eq!(number_of("other", Some(0)), None);
    }

    #[test]
    fn statuses_have_classes() {
        let classes = [0, 200, 204, 302, 404, 499, 503, 599].map(class);
        assert_eq!(classes, [0, 1, 1, 2, 3, 3, 4, 4]);
    }

    #[test]
    fn rows_share_no_cache_line() {
        assert_eq!(align_of::<Row<1>>(), 128);
        assert_eq!(size_of::<Row<1>>() % 128, 0);
    }
}
