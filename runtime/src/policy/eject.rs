//! `eject`: when a server that fails is left out for a while. Who counts, and where, stands where upstreams are.

use std::time::Duration;

use crate::cause::{self, Cause};
use crate::clock::{Micros, micros};
use crate::reason::Reason;

/// The patience with the servers of an upstream.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// So many failures, one directly after the other.
    pub after: u32,
    /// How long the first time.
    pub r#for: Duration,
    /// How long at most.
    pub up_to: Duration,
    /// So many millionths of the servers are out at the same time at most; one of two or more in any case.
    pub share: u32,
    /// What is a failure; `None`: everything but an answer, and 500 to 599.
    pub on: Option<&'static [Cause]>,
}

impl Config {
    /// Whether an answer of this status is a failure.
    pub(crate) fn counts_status(&self, status: u16) -> bool {
        cause::names_status(self.on, status)
    }

    /// Whether it is one that there is no answer, for this reason.
    pub(crate) fn counts(&self, reason: Reason) -> bool {
        cause::names_failure(self.on, reason)
    }

    /// How long a server is out the n-th time in a row, counted from 1.
    pub(crate) fn time(&self, times: u32) -> Micros {
        micros(self.r#for).saturating_mul(u64::from(times)).min(micros(self.up_to))
    }

    /// How many of so many servers may be out at the same time.
    pub(crate) fn most(&self, servers: usize) -> usize {
        let share = servers as u64 * u64::from(self.share) / 1_000_000;
        usize::try_from(share).unwrap_or(servers).max(usize::from(servers > 1)).min(servers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(share: u32) -> Config {
        let (r#for, up_to) = (Duration::from_secs(30), Duration::from_secs(70));
        Config { after: 5, r#for, up_to, share, on: None }
    }

    #[test]
    fn each_time_is_longer_up_to_the_longest() {
        assert_eq!([1, 2, 3, 1_000].map(|times| config(1).time(times) / 1_000_000), [30, 60, 70, 70]);
    }

    #[test]
    fn the_share_is_rounded_down_and_the_only_server_stays() {
        assert_eq!([1, 2, 3, 4, 10].map(|servers| config(500_000).most(servers)), [0, 1, 1, 2, 5]);
        assert_eq!([1, 2, 10].map(|servers| config(1).most(servers)), [0, 1, 1]);
        assert_eq!([1, 2].map(|servers| config(1_000_000).most(servers)), [1, 2]);
    }

    #[test]
    fn failures_are_what_is_no_answer_and_what_only_servers_say() {
        let standard = config(1);
        assert!(standard.counts(Reason::UPSTREAM_CLOSED) && standard.counts_status(500));
        assert!(!standard.counts_status(429));
        let only = Config { on: Some(&[Cause::Status(503), Cause::Reason("connect_failure")]), ..standard };
        assert!(only.counts(Reason::UPSTREAM_REFUSED) && !only.counts(Reason::UPSTREAM_CLOSED));
        assert!(only.counts_status(503) && !only.counts_status(500));
    }
}
