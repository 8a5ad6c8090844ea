//! What the whole process knows of an upstream's servers: whether they are in, and since when. Workers only read it for
//! each request; they write where something fails, or has failed before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

use super::breaker::Breaker;
use super::budget::Reserve;
use super::permits::Permits;
use crate::clock::Micros;
use crate::policy::eject;
use crate::program;

/// One upstream.
#[derive(Clone, Debug)]
pub(crate) struct Standings {
    pub(crate) servers: Vec<Arc<Standing>>,
    pub(crate) reserve: Arc<Reserve>,
    /// Where the upstream has so many.
    pub(crate) permits: Option<Arc<Permits>>,
    /// Where the upstream has one.
    pub(crate) breaker: Option<Arc<Breaker>>,
    /// Told when a server is left out or is so no longer, and when the breaker opens or closes.
    pub(crate) news: Arc<Notify>,
}

/// One server.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// It was asked whether it is well, and is not.
    down: AtomicBool,
    /// It is left out until then.
    out_until: AtomicU64,
    /// Failures since it last did what it should.
    failures: AtomicU32,
    /// How often in a row it was left out.
    times: AtomicU32,
    /// How often it was left out in all.
    ejected: AtomicU64,
    /// When it came back the last time; 0: it was never away.
    back: AtomicU64,
}

impl Standings {
    pub(crate) fn new(servers: usize, declared: &program::Upstream) -> Self {
        let news = Arc::<Notify>::default();
        Self {
            servers: (0..servers).map(|_| Arc::default()).collect(),
            reserve: Arc::default(),
            permits: declared.concurrency.as_ref().map(|config| Arc::new(Permits::new(config))),
            breaker: declared.breaker.is_some().then(|| Arc::new(Breaker::telling(&news))),
            news,
        }
    }

    /// A server has failed: it may be left out for a while. Whether it is so from now on.
    pub(crate) fn failed(&self, at: usize, config: &eject::Config, now: Micros) -> bool {
        let Some(server) = self.servers.get(at) else { return false };
        let failures = server.failures.fetch_add(1, Ordering::AcqRel) + 1;
        if failures < config.after || server.is_out(now) {
            return false;
        }
        let others = self.servers.iter().enumerate().filter(|(other, it)| *other != at && it.is_out(now));
        if others.count() + 1 > config.most(self.servers.len()) {
            return false;
        }
        server.leave_out(config, now);
        self.news.notify_one();
        true
    }
}

impl Standing {
    /// One that has come while requests were sent to others.
    #[cfg(feature = "dns")]
    pub(crate) fn newcomer(now: Micros) -> Self {
        Self { back: AtomicU64::new(now), ..Self::default() }
    }

    /// Whether it can be asked, as far as is known.
    pub(crate) fn is_in(&self, now: Micros) -> bool {
        !self.down.load(Ordering::Relaxed) && !self.is_out(now)
    }

    /// Whether it is left out after failures.
    pub(crate) fn is_out(&self, now: Micros) -> bool {
        now < self.out_until.load(Ordering::Relaxed)
    }

    /// Whether it was asked whether it is well, and is not.
    #[cfg(feature = "admin")]
    pub(crate) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// How often it has been left out, or has ceased to be.
    pub(crate) fn changes(&self, now: Micros) -> u64 {
        let times = self.ejected.load(Ordering::Acquire).saturating_mul(2);
        times.saturating_sub(u64::from(self.is_out(now)))
    }

    /// For how long it is left out.
    pub(crate) fn out_for(&self, now: Micros) -> Micros {
        self.out_until.load(Ordering::Relaxed).saturating_sub(now)
    }

    /// When it came back the last time, if it ever did.
    pub(crate) fn back(&self, now: Micros) -> Option<Micros> {
        let back = self.back.load(Ordering::Relaxed).max(self.out_until.load(Ordering::Relaxed));
        (back > 0 && back <= now).then_some(back)
    }

    /// It has done what it should.
    pub(crate) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Release);
        }
    }

    /// It was asked whether it is well. Whether that is news. One that is well is not left out any longer.
    pub(crate) fn set_down(&self, down: bool, now: Micros) -> bool {
        let is_news = self.down.swap(down, Ordering::AcqRel) != down;
        if is_news && !down {
            self.back.store(now, Ordering::Release);
            if self.is_out(now) {
                self.out_until.store(now, Ordering::Release);
            }
        }
        is_news
    }

    /// Each time in a row is longer; who was in for as long as it had been out begins anew.
    fn leave_out(&self, config: &eject::Config, now: Micros) {
        let before = self.times.load(Ordering::Acquire);
        let since = now.saturating_sub(self.out_until.load(Ordering::Acquire));
        let times = if before > 0 && since <= config.time(before) { before.saturating_add(1) } else { 1 };
        self.times.store(times, Ordering::Release);
        self.failures.store(0, Ordering::Release);
        self.out_until.store(now.saturating_add(config.time(times)), Ordering::Release);
        self.ejected.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SECOND: Micros = 1_000_000;

    fn config() -> eject::Config {
        let (r#for, up_to) = (Duration::from_secs(30), Duration::from_mins(5));
        eject::Config { after: 3, r#for, up_to, share: 500_000, on: None }
    }

    fn of(servers: usize) -> Standings {
        let upstream = program::Upstream {
            name: "",
            servers: &[],
            balance: crate::policy::balance::Config::TURNS,
            health: None,
            eject: Some(config()),
            concurrency: None,
            breaker: None,
            tls: None,
            identity: &[],
        };
        Standings::new(servers, &upstream)
    }

    fn fail(standings: &Standings, at: usize, times: u32, now: Micros) -> bool {
        (0..times).map(|_| standings.failed(at, &config(), now)).fold(false, |_, is_out| is_out)
    }

    #[test]
    fn failures_one_after_the_other_leave_a_server_out_for_a_while() {
        let all = of(2);
        assert!(!fail(&all, 0, 2, SECOND));
        all.servers[0].succeeded();
        assert!(!fail(&all, 0, 2, SECOND) && all.servers[0].is_in(SECOND));
        assert!(fail(&all, 0, 1, SECOND));
        assert!(!all.servers[0].is_in(30 * SECOND) && all.servers[0].is_in(31 * SECOND));
        assert_eq!(all.servers[0].back(30 * SECOND), None);
        assert_eq!(all.servers[0].back(40 * SECOND), Some(31 * SECOND));
    }

    #[test]
    fn each_time_in_a_row_is_longer_until_it_has_been_well_for_as_long() {
        let all = of(2);
        assert!(fail(&all, 0, 3, 0));
        assert!(fail(&all, 0, 3, 31 * SECOND));
        assert!(!all.servers[0].is_in(90 * SECOND) && all.servers[0].is_in(92 * SECOND));
        assert!(fail(&all, 0, 3, 200 * SECOND));
        assert!(all.servers[0].is_in(231 * SECOND), "60 s without a failure: it begins anew");
    }

    #[test]
    fn no_more_than_the_share_are_out_and_never_the_only_one() {
        let all = of(4);
        assert!((0..4).map(|at| fail(&all, at, 3, 0)).eq([true, true, false, false]));
        assert!(!fail(&of(1), 0, 100, 0));
    }

    #[test]
    fn each_time_that_a_server_is_left_out_and_each_end_of_it_is_a_change() {
        let all = of(2);
        let changes = |now| all.servers[0].changes(now);
        assert_eq!(changes(0), 0);
        assert!(fail(&all, 0, 3, 0));
        assert_eq!((changes(0), changes(30 * SECOND)), (1, 2));
        assert!(fail(&all, 0, 3, 31 * SECOND));
        assert_eq!((changes(31 * SECOND), changes(100 * SECOND)), (3, 4));
        assert_eq!(all.servers[1].changes(0), 0);
    }

    #[test]
    fn a_good_answer_to_a_question_ends_the_time_out() {
        let all = of(2);
        assert!(fail(&all, 0, 3, 0));
        assert!(all.servers[0].set_down(true, SECOND) && !all.servers[0].set_down(true, SECOND));
        assert!(all.servers[0].set_down(false, 2 * SECOND));
        assert!(all.servers[0].is_in(2 * SECOND));
        assert_eq!(all.servers[0].back(2 * SECOND), Some(2 * SECOND));
    }
}
