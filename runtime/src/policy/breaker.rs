//! `breaker`: when an upstream that fails is left alone for a while. Who counts, and where, stands where upstreams are.

use std::time::Duration;

use crate::cause::{self, Cause};
use crate::clock::{Micros, micros};
use crate::reason::Reason;

/// The patience with an upstream.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// It opens where so many millionths of the requests fail.
    pub share: u32,
    /// Requests of this time are looked at, to a tenth of it.
    pub over: Duration,
    /// So many of them at least.
    pub at_least: u32,
    /// How long it stays open.
    pub r#for: Duration,
    /// So many millionths of that it is longer or shorter.
    pub jitter: u32,
    /// So many requests then go through, all of which must succeed.
    pub probes: u32,
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

    /// Whether so many of so many requests are too many.
    pub(crate) fn is_too_much(&self, failed: u64, all: u64) -> bool {
        let (failed, all) = (u128::from(failed), u128::from(all));
        all >= u128::from(self.at_least) && failed * 1_000_000 >= all * u128::from(self.share)
    }

    /// How long it stays open; `draw` gives a number from 0 to what it is asked for.
    pub(crate) fn time(&self, draw: impl FnOnce(u64) -> u64) -> Micros {
        let whole = micros(self.r#for);
        let jitter = u64::try_from(u128::from(whole) * u128::from(self.jitter) / 1_000_000).unwrap_or(0);
        (whole - jitter.min(whole)).saturating_add(draw(jitter.saturating_mul(2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: Config = Config {
        share: 500_000,
        over: Duration::from_secs(10),
        at_least: 4,
        r#for: Duration::from_secs(10),
        jitter: 100_000,
        probes: 1,
        on: None,
    };

    #[test]
    fn a_share_of_enough_requests_is_too_much() {
        assert!(CONFIG.is_too_much(2, 4) && CONFIG.is_too_much(4, 4));
        assert!(!CONFIG.is_too_much(3, 3) && !CONFIG.is_too_much(2, 5));
        let least = Config { share: 1, at_least: 1, ..CONFIG };
        assert!(least.is_too_much(1, 1_000_000) && !least.is_too_much(1, 1_000_001));
        assert!(!Config { share: 1_000_000, ..CONFIG }.is_too_much(3, 4));
    }

    #[test]
    fn the_time_is_longer_or_shorter_by_the_jitter() {
        assert_eq!((CONFIG.time(|_| 0), CONFIG.time(|most| most)), (9_000_000, 11_000_000));
        assert_eq!(Config { jitter: 0, ..CONFIG }.time(|most| most), 10_000_000);
    }
}
