//! One look at the counters beside what they were a while ago: rates, shares, quantiles of times. Whole numbers throughout.

use std::time::Duration;

use super::counters::{BOUNDS, BUCKETS, REASONS, STATED, reason, route, server, worker};
use super::history::{Copy, History, Tally, route_times, server_times};
use super::recent::Refused;
use super::recorder::Metrics;
use crate::clock::{Micros, micros};

/// Times are told of so long at least.
const TIMES: Duration = Duration::from_mins(5);

/// What has numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A name of a route, by number; the one behind the last is that of exchanges without a route.
    Route(usize),
    Server(usize),
    Worker(usize),
}

/// A quantile of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantile {
    /// About that.
    Is(Micros),
    /// More than the longest that is told apart.
    Over(Micros),
}

/// The counters now, and before.
pub(crate) struct Look<'a> {
    metrics: &'a Metrics,
    history: &'a History,
    now: Copy,
}

impl<'a> Look<'a> {
    pub(crate) fn new(metrics: &'a Metrics, history: &'a History, now: Micros) -> Self {
        let mut copy = Copy::default();
        copy.take(metrics, now);
        Self { metrics, history, now: copy }
    }

    pub(crate) fn now(&self) -> Micros {
        self.now.at
    }

    /// How many names of routes there are; one row more is that of exchanges without a route.
    pub(crate) fn names(&self) -> &[usize] {
        &self.metrics.layout.names
    }

    /// The routes of a name, by number.
    pub(crate) fn routes_of(&self, name: usize) -> impl Iterator<Item = usize> {
        let all = self.metrics.layout.row_of.iter().enumerate();
        all.filter(move |(_, row)| **row == name).map(|(route, _)| route)
    }

    /// The servers of an upstream: the row of each, and what it is called.
    pub(crate) fn servers_of(&self, upstream: usize) -> impl Iterator<Item = (usize, &'static str)> {
        let first = self.metrics.layout.first.get(upstream).copied().unwrap_or(0);
        let all = self.metrics.layout.servers.iter().enumerate().skip(first);
        all.take_while(move |(_, (of, _))| *of == upstream).map(|(row, (_, name))| (row, *name))
    }

    pub(crate) fn workers(&self) -> usize {
        self.metrics.workers.len()
    }

    fn tally(&self, copy: &Copy, row: Row) -> Tally {
        let (routes, servers) = (self.metrics.layout.names.len() + 1, self.metrics.layout.servers.len());
        let at = match row {
            Row::Route(row) => row,
            Row::Server(row) => routes + row,
            Row::Worker(row) => routes + servers + row,
        };
        copy.rows.get(at).copied().unwrap_or_default()
    }

    fn before(&self, window: Duration) -> Option<&Copy> {
        self.history.before(self.now.at.saturating_sub(micros(window)))
    }

    /// How many there were in about so long, how many of them were failures, and how long that really was.
    pub(crate) fn counted(&self, row: Row, window: Duration) -> (u32, u32, Micros) {
        let Some(before) = self.before(window) else { return (0, 0, 0) };
        let (now, then) = (self.tally(&self.now, row), self.tally(before, row));
        let (count, failed) = (now.count.wrapping_sub(then.count), now.failed.wrapping_sub(then.failed));
        (count, failed, self.now.at.saturating_sub(before.at))
    }

    /// How many there were each second, in thousandths.
    pub(crate) fn rate(&self, row: Row, window: Duration) -> u64 {
        let (count, _, over) = self.counted(row, window);
        per_second(count, over)
    }

    /// The same of all routes together.
    pub(crate) fn whole(&self, window: Duration) -> (u32, u32, Micros) {
        (0..=self.names().len()).map(|row| self.counted(Row::Route(row), window)).fold(
            (0, 0, 0),
            |(count, failed, over), (more, bad, time)| {
                (count.wrapping_add(more), failed.wrapping_add(bad), over.max(time))
            },
        )
    }

    /// How many there were since the start, and how many of them were failures.
    pub(crate) fn total(&self, row: usize) -> (u64, u64) {
        let of =
            |at: usize| self.metrics.sum(|counters| counters.routes.get(row).map_or(0, |row| row.get(at)));
        ((0..5).map(|class| of(route::STATUS + class)).fold(0, u64::wrapping_add), of(route::STATUS + 4))
    }

    /// How many there were in each step of ten seconds, each second, in thousandths; the oldest first.
    pub(crate) fn steps(&self, row: Option<Row>) -> Vec<u64> {
        let count = |copy: &Copy| match row {
            Some(row) => self.tally(copy, row).count,
            None => copy
                .rows
                .iter()
                .take(self.names().len() + 1)
                .fold(0, |sum: u32, row| sum.wrapping_add(row.count)),
        };
        let copies: Vec<(Micros, u32)> = self.history.steps().map(|copy| (copy.at, count(copy))).collect();
        let steps = copies.iter().zip(copies.iter().skip(1));
        steps
            .map(|((from, had), (to, has))| per_second(has.wrapping_sub(*had), to.saturating_sub(*from)))
            .collect()
    }

    /// Quantiles, in hundredths, of the times of the last five minutes and not more than six; nothing where there were none.
    pub(crate) fn quantiles<const N: usize>(&self, row: Row, wanted: [u32; N]) -> [Option<Quantile>; N] {
        let before = self.history.times_before(self.now.at.saturating_sub(micros(TIMES)));
        let (now, at) = match row {
            Row::Route(row) => (route_times(self.metrics, row), row),
            Row::Server(row) => (server_times(self.metrics, row), self.metrics.layout.names.len() + 1 + row),
            Row::Worker(_) => return [None; N],
        };
        let then = before.and_then(|times| times.rows.get(at)).copied().unwrap_or_default();
        let counts: [u32; BUCKETS] = std::array::from_fn(|bucket| {
            let of = |row: &[u32; BUCKETS]| row.get(bucket).copied().unwrap_or_default();
            of(&now).wrapping_sub(of(&then))
        });
        wanted.map(|hundredths| quantile(&counts, hundredths))
    }

    /// Tries that are under way at a server.
    pub(crate) fn in_flight(&self, row: usize) -> u64 {
        self.metrics.in_flight(row)
    }

    /// Refusals of the last while by the number of their reason, which stands behind its word; then those since the start.
    pub(crate) fn refusals(&self, windows: [Duration; 3]) -> Vec<(&'static str, [u32; 3], u64)> {
        let before = windows.map(|window| self.before(window));
        let refusal = |number: usize| {
            let of = |copy: &Copy| copy.reasons.get(number).copied().unwrap_or_default();
            let now = of(&self.now);
            let counts = before.map(|before| before.map_or(0, |before| now.wrapping_sub(of(before))));
            (reason(number), counts, self.metrics.sum(|counters| counters.reasons.get(number)))
        };
        (STATED.len()..REASONS).map(refusal).filter(|(_, _, total)| *total > 0).collect()
    }

    /// The refusals that are remembered, with the number of their worker and the word of their reason; the latest first.
    pub(crate) fn recent(&self) -> Vec<(usize, Refused, &'static str)> {
        let workers = self.metrics.workers.iter().enumerate();
        let mut all: Vec<(usize, Refused, &'static str)> = workers
            .flat_map(|(worker, counters)| {
                counters.recent.read().into_iter().map(move |it| (worker, it, reason(it.reason)))
            })
            .collect();
        all.sort_by_key(|(worker, refused, _)| std::cmp::Reverse((refused.at, refused.number, *worker)));
        all
    }

    /// Connections of clients of a worker: open, and accepted since the start; then its exchanges.
    pub(crate) fn worker(&self, number: usize) -> (u64, u64, u64) {
        let Some(counters) = self.metrics.workers.get(number) else { return (0, 0, 0) };
        // The second is written later: read first, it is never the larger.
        let closed = counters.worker.get(worker::CLOSED);
        let accepted = counters.worker.get(worker::ACCEPTED);
        (accepted.saturating_sub(closed), accepted, counters.worker.get(worker::EXCHANGES))
    }

    /// How much of one processor the process has used, in thousandths.
    pub(crate) fn processor(&self, window: Duration) -> u64 {
        let Some(before) = self.before(window) else { return 0 };
        let over = self.now.at.saturating_sub(before.at);
        // Of less than a second nothing can be said.
        let spent = self.now.processor.saturating_sub(before.processor);
        if over < 1_000_000 { 0 } else { spent.saturating_mul(1_000) / over }
    }
}

impl Metrics {
    /// Tries that are under way at a server.
    pub(super) fn in_flight(&self, row: usize) -> u64 {
        let of = |at: usize| self.sum(|counters| counters.servers.get(row).map_or(0, |row| row.get(at)));
        // What has ended has begun before: read first, it is never the larger.
        let ended = of(server::ENDED);
        of(server::TRIES).saturating_sub(ended)
    }
}

/// So many in that time, each second, in thousandths.
pub(crate) fn per_second(count: u32, over: Micros) -> u64 {
    u64::from(count).saturating_mul(1_000_000_000).checked_div(over).unwrap_or(0)
}

/// As Prometheus finds it: within a bucket times are taken to be evenly spread.
fn quantile(counts: &[u32; BUCKETS], hundredths: u32) -> Option<Quantile> {
    let all: u64 = counts.iter().copied().map(u64::from).sum();
    if all == 0 {
        return None;
    }
    // In hundredths of an exchange.
    let rank = all * u64::from(hundredths);
    let (mut below, mut lower) = (0_u64, 0);
    for (count, upper) in counts.iter().zip(BOUNDS) {
        let count = u64::from(*count) * 100;
        if below + count >= rank && count > 0 {
            return Some(Quantile::Is(lower + (upper - lower) * (rank - below) / count));
        }
        below += count;
        lower = upper;
    }
    Some(Quantile::Over(lower))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Program;

    const SECOND: Micros = 1_000_000;

    /// One worker of a gateway without routes: what is counted has no route.
    fn metrics() -> Metrics {
        let address = crate::params::Setting::Is(([127, 0, 0, 1], 1).into());
        let program =
            Program { admin: Some(crate::program::Admin { address, keep: None }), ..Program::EMPTY };
        Metrics::new(&program, &[], 1)
    }

    fn count(metrics: &Metrics, good: u64, bad: u64) {
        let row = &metrics.workers[0].routes[0];
        row.add(route::STATUS + 1, good);
        row.add(route::STATUS + 4, bad);
    }

    #[test]
    fn a_rate_is_that_of_its_window() {
        let metrics = metrics();
        let mut history = History::new(&metrics, 0);
        for second in 1..=100 {
            count(&metrics, if second <= 60 { 10 } else { 4 }, 1);
            history.sample(&metrics, second * SECOND);
        }
        let look = Look::new(&metrics, &history, 100 * SECOND);
        let of = |seconds| look.counted(Row::Route(0), Duration::from_secs(seconds));
        assert_eq!(of(10), (50, 10, 10 * SECOND));
        assert_eq!(of(40), (200, 40, 40 * SECOND));
        assert_eq!(look.rate(Row::Route(0), Duration::from_secs(10)), 5_000);
        // It has not run for so long: what there is is told of.
        assert_eq!(of(300), (860, 100, 100 * SECOND));
        assert_eq!(
            look.steps(Some(Row::Route(0))),
            [11_000, 11_000, 11_000, 11_000, 11_000, 11_000, 5_000, 5_000, 5_000, 5_000]
        );
        assert_eq!(look.steps(None), look.steps(Some(Row::Route(0))));
    }

    #[test]
    fn what_is_kept_is_bounded_and_goes_back_a_quarter_of_an_hour() {
        let metrics = metrics();
        let mut history = History::new(&metrics, 0);
        for second in 1..=3_600 {
            count(&metrics, 1, 0);
            // Twice, as when somebody looks in between.
            history.sample(&metrics, second * SECOND + 3);
            history.sample(&metrics, second * SECOND + 999_000);
        }
        let look = Look::new(&metrics, &history, 3_600 * SECOND + 3);
        let of = |minutes| look.counted(Row::Route(0), Duration::from_mins(minutes));
        assert_eq!((of(1), of(15)), ((60, 0, 60 * SECOND), (900, 0, 900 * SECOND)));
        assert_eq!(of(600), (900, 0, 900 * SECOND));
        assert_eq!(look.steps(None).len(), 90);
        assert_eq!(history.due(), 3_601 * SECOND);
    }

    #[test]
    fn counters_that_begin_anew_are_no_burst() {
        let metrics = metrics();
        count(&metrics, u64::from(u32::MAX) - 1, 0);
        let history = History::new(&metrics, 0);
        count(&metrics, 7, 0);
        let look = Look::new(&metrics, &history, SECOND);
        assert_eq!(look.counted(Row::Route(0), Duration::from_secs(10)), (7, 0, SECOND));
        assert_eq!(look.total(0).0, u64::from(u32::MAX) + 6);
    }

    #[test]
    fn quantiles_are_those_of_prometheus() {
        let mut counts = [0; BUCKETS];
        assert_eq!(quantile(&counts, 50), None);
        // Ten times between 2.5 and 5 ms.
        counts[3] = 10;
        assert_eq!(quantile(&counts, 50), Some(Quantile::Is(3_750)));
        assert_eq!(quantile(&counts, 99), Some(Quantile::Is(4_975)));
        counts[15] = 10;
        assert_eq!(quantile(&counts, 50), Some(Quantile::Is(5_000)));
        assert_eq!(quantile(&counts, 99), Some(Quantile::Over(30_000_000)));
    }

    #[test]
    fn quantiles_are_of_the_last_minutes() {
        let metrics = metrics();
        let mut history = History::new(&metrics, 0);
        let row = &metrics.workers[0].routes[0];
        for minute in 1..=20 {
            row.observe(route::TIME, if minute <= 14 { 9_000_000 } else { 700 });
            history.sample(&metrics, minute * 60 * SECOND);
        }
        let look = Look::new(&metrics, &history, 20 * 60 * SECOND);
        assert_eq!(look.quantiles(Row::Route(0), [100]), [Some(Quantile::Is(1_000))]);
    }
}
