//! What was counted a while ago, so that it can be said how much it is now: copies of the counters of a quarter of an hour, made by
//! the thread that answers operators.
//!
//! Workers know nothing of it. Copies are made each second, of which the last ones are kept, each ten seconds, of which those of a
//! quarter of an hour are kept, and of times each minute. Each row, which is a route, a server or a worker, takes [`PER_ROW`] bytes.

use super::counters::{BUCKETS, REASONS, route, server, worker};
use super::process;
use super::recorder::Metrics;
use crate::clock::Micros;

/// Between copies that are kept for seconds, and how many.
const FINE: (Micros, usize) = (1_000_000, 12);
/// Between copies that are kept for a quarter of an hour, and how many.
const COARSE: (Micros, usize) = (10_000_000, 91);
/// Between copies of times, and how many.
const TIMES: (Micros, usize) = (60_000_000, 7);

/// Bytes that are kept of each row: 1,272.
const PER_ROW: usize = (FINE.1 + COARSE.1) * size_of::<Tally>() + TIMES.1 * size_of::<[u32; BUCKETS]>();
const _: () = assert!(PER_ROW == 1_272);

/// How many, and how many of them were failures; both begin anew at 2³².
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) count: u32,
    pub(super) failed: u32,
}

/// All counters at one moment.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) at: Micros,
    /// Routes, then those without a route, then servers, then workers.
    pub(super) rows: Vec<Tally>,
    pub(super) reasons: [u32; REASONS],
    /// Processor time of the process, in microseconds.
    pub(super) processor: u64,
}

/// How long everything took until one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub(super) at: Micros,
    /// Routes, then those without a route, then servers.
    pub(super) rows: Vec<[u32; BUCKETS]>,
}

/// The last of something, as many as are kept; room that was once taken is used again.
#[derive(Debug)]
struct Ring<T> {
    kept: Vec<T>,
    most: usize,
    next: usize,
}

/// What was counted a while ago.
#[derive(Debug)]
pub(crate) struct History {
    last: Micros,
    fine: Ring<Copy>,
    coarse: Ring<Copy>,
    times: Ring<Times>,
}

impl Default for Copy {
    fn default() -> Self {
        Self { at: 0, rows: Vec::new(), reasons: [0; REASONS], processor: 0 }
    }
}

impl<T: Default> Ring<T> {
    fn new(most: usize) -> Self {
        Self { kept: Vec::new(), most, next: 0 }
    }

    /// The next place to write to; the oldest is forgotten.
    fn turn(&mut self) -> Option<&mut T> {
        if self.kept.len() < self.most {
            self.kept.push(T::default());
        }
        let at = self.next;
        self.next = (at + 1) % self.most.max(1);
        self.kept.get_mut(at)
    }

    /// The oldest first.
    fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        let (newer, older) = self.kept.split_at_checked(self.next).unwrap_or((&[], &self.kept));
        older.iter().chain(newer)
    }
}

impl History {
    /// Begins now.
    pub(crate) fn new(metrics: &Metrics, now: Micros) -> Self {
        let mut history = Self {
            last: now,
            fine: Ring::new(FINE.1),
            coarse: Ring::new(COARSE.1),
            times: Ring::new(TIMES.1),
        };
        for ring in [&mut history.fine, &mut history.coarse] {
            ring.turn().into_iter().for_each(|copy| copy.take(metrics, now));
        }
        history.times.turn().into_iter().for_each(|times| times.take(metrics, now));
        history
    }

    /// When the next copy is due.
    pub(crate) fn due(&self) -> Micros {
        (self.last / FINE.0 + 1) * FINE.0
    }

    /// Makes the copies that are due. To ask too often is no harm.
    pub(crate) fn sample(&mut self, metrics: &Metrics, now: Micros) {
        let is_due = |(step, _): (Micros, usize)| now / step > self.last / step;
        let (fine, coarse, times) = (is_due(FINE), is_due(COARSE), is_due(TIMES));
        if fine {
            self.last = now;
            self.fine.turn().into_iter().for_each(|copy| copy.take(metrics, now));
        }
        if coarse {
            self.coarse.turn().into_iter().for_each(|copy| copy.take(metrics, now));
        }
        if times {
            self.times.turn().into_iter().for_each(|times| times.take(metrics, now));
        }
    }

    /// The latest copy that is at least so old; the oldest where none is.
    pub(super) fn before(&self, at: Micros) -> Option<&Copy> {
        let old = |ring: &'_ Ring<Copy>| ring.kept.iter().filter(|copy| copy.at <= at).map(|it| it.at).max();
        let found = old(&self.fine).max(old(&self.coarse));
        let all = || self.fine.iter().chain(self.coarse.iter());
        match found {
            Some(found) => all().find(|copy| copy.at == found),
            None => all().min_by_key(|copy| copy.at),
        }
    }

    /// The same of times.
    pub(super) fn times_before(&self, at: Micros) -> Option<&Times> {
        self.times.iter().rev().find(|times| times.at <= at).or_else(|| self.times.iter().next())
    }

    /// Copies that are ten seconds apart, the oldest first.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Copy> {
        self.coarse.iter()
    }
}

impl Copy {
    pub(super) fn take(&mut self, metrics: &Metrics, now: Micros) {
        self.at = now;
        self.rows.clear();
        let tally = |of: &dyn Fn(usize) -> u64, failed: &[usize], count: &[usize]| {
            let sum = |at: &[usize]| at.iter().map(|at| of(*at)).fold(0, u64::wrapping_add);
            Tally { count: low(sum(count)), failed: low(sum(failed)) }
        };
        let routes = metrics.layout.names.len() + 1;
        let all: [usize; 5] = std::array::from_fn(|class| route::STATUS + class);
        self.rows.extend((0..routes).map(|row| {
            let of = |at| metrics.sum(|counters| counters.routes.get(row).map_or(0, |row| row.get(at)));
            tally(&of, &[route::STATUS + 4], &all)
        }));
        self.rows.extend((0..metrics.layout.servers.len()).map(|row| {
            let of = |at| metrics.sum(|counters| counters.servers.get(row).map_or(0, |row| row.get(at)));
            tally(&of, &[server::STATUS + 4, server::UNANSWERED], &[server::TRIES])
        }));
        self.rows.extend(
            metrics
                .workers
                .iter()
                .map(|counters| Tally { count: low(counters.worker.get(worker::EXCHANGES)), failed: 0 }),
        );
        for (number, reason) in self.reasons.iter_mut().enumerate() {
            *reason = low(metrics.sum(|counters| counters.reasons.get(number)));
        }
        self.processor = process::spent();
    }
}

impl Times {
    fn take(&mut self, metrics: &Metrics, now: Micros) {
        self.at = now;
        self.rows.clear();
        let routes = metrics.layout.names.len() + 1;
        self.rows.extend((0..routes).map(|row| route_times(metrics, row)));
        self.rows.extend((0..metrics.layout.servers.len()).map(|row| server_times(metrics, row)));
    }
}

/// The buckets of a route's times.
pub(super) fn route_times(metrics: &Metrics, row: usize) -> [u32; BUCKETS] {
    std::array::from_fn(|bucket| {
        let at = route::TIME + 1 + bucket;
        low(metrics.sum(|counters| counters.routes.get(row).map_or(0, |row| row.get(at))))
    })
}

/// The buckets of the times until a server's first byte.
pub(super) fn server_times(metrics: &Metrics, row: usize) -> [u32; BUCKETS] {
    std::array::from_fn(|bucket| {
        let at = server::TIME + 1 + bucket;
        low(metrics.sum(|counters| counters.servers.get(row).map_or(0, |row| row.get(at))))
    })
}

/// The lower half.
pub(super) fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}
