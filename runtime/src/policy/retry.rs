//! `retry`: when a request that failed is sent once more. It only says what is wanted; what may be sent again is known
//! where requests are sent.

use std::time::Duration;

use crate::cause::Cause;
use crate::clock::{Micros, micros};
use crate::exchange::{Exchange, Flow};
use crate::reason::Reason;

/// The further tries of one route.
#[derive(Debug)]
pub struct Config {
    /// How many at most.
    pub times: u32,
    /// After what.
    pub on: &'static [Cause],
    /// For each request to the upstream, so many millionths of one more.
    pub budget: u32,
    /// So many in ten seconds in any case.
    pub at_least: u32,
    /// The longest first pause; each further one may be twice as long.
    pub backoff: Duration,
    /// The longest pause.
    pub up_to: Duration,
    /// A request of any method that has this field may be sent again.
    pub idempotent: Option<&'static str>,
}

impl Config {
    /// Sets the further tries of this exchange.
    pub fn request(&'static self, exchange: &mut Exchange) -> Flow {
        exchange.retry = Some(self);
        Flow::Next
    }

    /// Whether an answer of this status is to be followed by another try.
    pub(crate) fn wants_status(&self, status: u16) -> bool {
        self.on.iter().any(|cause| cause.is_status(status))
    }

    /// Whether the lack of an answer is.
    pub(crate) fn wants(&self, reason: Reason) -> bool {
        self.on.iter().any(|cause| cause.is_failure(reason))
    }

    /// The longest pause before the n-th further try, counted from 0.
    pub(crate) fn pause(&self, tries: u32) -> Micros {
        let most = micros(self.up_to);
        micros(self.backoff).checked_shl(tries.min(32)).map_or(most, |pause| pause.min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let config = Config {
            times: 9,
            on: &[],
            budget: 0,
            at_least: 0,
            backoff: Duration::from_millis(25),
            up_to: Duration::from_millis(250),
            idempotent: None,
        };
        let pauses: Vec<_> = (0..6).map(|tries| config.pause(tries) / 1_000).collect();
        assert_eq!(pauses, [25, 50, 100, 200, 250, 250]);
        assert_eq!(config.pause(u32::MAX), 250_000);
    }
}
