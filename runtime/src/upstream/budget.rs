//! How much more may be sent to an upstream than clients ask for. Each worker earns with its own requests; what is allowed
//! in any case is counted by all workers in one place.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::clock::Micros;
use crate::policy::retry;

/// One further try.
const ONE: u64 = 1_000_000;
/// What is saved at most, so that a quiet hour does not pay for a storm.
const MOST: u64 = 10 * ONE;
/// The time for which [`retry::Config::at_least`] is said.
const WINDOW: Micros = 10_000_000;

/// What one worker has earned for one upstream, in millionths of a try.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    earned: Cell<u64>,
}

/// What the process allows in any case, for one upstream.
#[derive(Debug, Default)]
pub(crate) struct Reserve {
    /// The window that is counted: time divided by [`WINDOW`].
    window: AtomicU64,
    used: AtomicU32,
}

impl Budget {
    /// A request of a client is about to be sent.
    pub(crate) fn earn(&self, config: &retry::Config) {
        self.earned.set((self.earned.get() + u64::from(config.budget)).min(MOST));
    }

    /// Takes one try, from what was earned or from the reserve; `false`: there is none.
    pub(crate) fn spend(&self, config: &retry::Config, reserve: &Reserve, now: Micros) -> bool {
        match self.earned.get().checked_sub(ONE) {
            Some(left) => {
                self.earned.set(left);
                true
            }
            None => reserve.spend(config.at_least, now),
        }
    }
}

impl Reserve {
    fn spend(&self, most: u32, now: Micros) -> bool {
        let window = now / WINDOW;
        let before = self.window.load(Ordering::Acquire);
        if before != window
            && self.window.compare_exchange(before, window, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            self.used.store(0, Ordering::Release);
        }
        let take = |used: u32| (used < most).then(|| used + 1);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const CONFIG: retry::Config = retry::Config {
        times: 3,
        on: &[],
        budget: 200_000,
        at_least: 3,
        backoff: Duration::ZERO,
        up_to: Duration::ZERO,
        idempotent: None,
    };

    #[test]
    fn a_fifth_is_sent_again_and_three_in_ten_seconds_in_any_case() {
        let (budget, reserve) = (Budget::default(), Reserve::default());
        let spent = |now| {
            let asked = (0..1_000).filter(|_| {
                budget.earn(&CONFIG);
                budget.spend(&CONFIG, &reserve, now)
            });
            asked.count()
        };
        assert_eq!(spent(WINDOW), 203);
        assert_eq!(spent(WINDOW + 1), 200);
        assert_eq!(spent(2 * WINDOW), 203);
    }

    #[test]
    fn little_is_saved() {
        let (budget, reserve) = (Budget::default(), Reserve::default());
        (0..1_000_000).for_each(|_| budget.earn(&CONFIG));
        let config = retry::Config { at_least: 0, ..CONFIG };
        assert_eq!((0..1_000).filter(|_| budget.spend(&config, &reserve, 0)).count(), 10);
    }
}
