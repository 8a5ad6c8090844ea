//! One limit at work: governor's generic cell rate algorithm on our store and our clock.
//!
//! What governor leaves to its callers is kept here: an interval is rounded up, never down, so that no rate is exceeded in
//! the long run; and the product of interval and burst fits its nanoseconds.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};

use super::key::Key;
use super::store::{Ask, Pace, Shared, Store};
use crate::clock::Clock;
use crate::head::write_number;
use crate::memory::Tables;

/// The longest time in which a budget may fill: 100 years, far within governor's 64 bits of nanoseconds.
const LONGEST: u64 = 100 * 365 * 86_400 * SECOND;
const SECOND: u64 = 1_000_000_000;

/// One limit at work.
#[derive(Debug)]
pub(super) struct Limiter {
    governor: RateLimiter<Ask, Shared, Ticks, StateInformationMiddleware>,
    store: Arc<Store>,
    clock: Ticks,
    /// The moment from which the store counts.
    began: u64,
    pace: Pace,
    /// What it was made of.
    declared: Declared,
    pub(super) burst: u32,
    /// What every answer says of the limit, up to what differs.
    told: Box<[u8]>,
}

/// The rate and the burst of a limit, as they are declared.
pub(super) type Declared = ((u64, Duration), Option<u64>);

/// What a limit says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may go on.
    Admitted {
        /// How many more may follow at once.
        remaining: u32,
        /// Nanoseconds until the budget is whole again.
        whole: u64,
        /// The key's time, with which [`Limiter::give_back`] knows what was counted.
        time: u64,
    },
    /// It may not.
    Refused {
        /// Until the next one may.
        wait: Duration,
        /// The key is banned.
        banned: bool,
    },
}

/// The gateway's clock, as governor wants to see it.
#[derive(Clone, Debug)]
struct Ticks(Clock);

impl Ticks {
    fn nanos(&self) -> u64 {
        self.0.now().saturating_mul(1_000)
    }
}

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.nanos())
    }
}

impl Limiter {
    /// With room for so many keys, and no more than these tables leave to it, where memory is bounded.
    pub(super) fn new(clock: &Clock, declared: Declared, keys: usize, tables: Option<&Arc<Tables>>) -> Self {
        let ticks = Ticks(clock.clone());
        let began = ticks.nanos();
        let store = Store::new(keys, tables.map(|tables| (tables, clock, began)));
        Self::of(ticks, declared, store, began)
    }

    /// The same cells with another rate and another burst.
    pub(super) fn paced(&self, declared: Declared) -> Self {
        let other = Self::of(self.clock.clone(), declared, Arc::clone(&self.store), self.began);
        self.store.ease(self.earliest(), other.pace);
        other
    }

    /// Whether it is of this rate and this burst.
    pub(super) fn is(&self, declared: Declared) -> bool {
        self.declared == declared
    }

    fn of(clock: Ticks, declared: Declared, store: Arc<Store>, began: u64) -> Self {
        let ((count, per), burst) = declared;
        let per = u64::try_from(per.as_nanos()).unwrap_or(u64::MAX).clamp(1, LONGEST);
        let interval = per.div_ceil(count.max(1));
        let burst = burst.unwrap_or(count).clamp(1, LONGEST / interval);
        let burst = NonZeroU32::new(u32::try_from(burst).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
        let tolerance = interval * u64::from(burst.get() - 1);
        // Governor counts from a moment of its own, which is not earlier than this.
        let pace = Pace { interval, tolerance, began: clock.nanos().saturating_sub(began) };
        store.paced(pace);
        let shared = Shared(Arc::clone(&store), pace);
        // INVARIANT: the interval is at least one nanosecond, so that there is a quota of it.
        let quota = Quota::with_period(Duration::from_nanos(interval))
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        let governor = RateLimiter::new(quota, shared, clock.clone());
        Self { governor, store, clock, began, pace, declared, burst: burst.get(), told: Box::default() }
    }

    /// With the name under which clients are told of it.
    pub(super) fn named(mut self, number: u32) -> Self {
        let (burst, window) = (self.burst, self.window());
        let told = format!(
            "RateLimit-Policy: \"limit-{number}\";q={burst};w={window}\r\nRateLimit: \"limit-{number}\";r="
        );
        self.told = told.into_bytes().into();
        self
    }

    /// Appends the fields that say where a client stands (draft-ietf-httpapi-ratelimit-headers-10), and to whom it is
    /// refused, when to come again (RFC 9110 section 10.2.3).
    pub(super) fn tell(&self, verdict: Verdict, out: &mut Vec<u8>) {
        let (remaining, reset) = match verdict {
            Verdict::Admitted { remaining, whole, .. } => (remaining, whole.div_ceil(SECOND)),
            Verdict::Refused { wait, .. } => (0, seconds(wait)),
        };
        out.extend_from_slice(&self.told);
        write_number(u64::from(remaining), out);
        out.extend_from_slice(b";t=");
        write_number(reset, out);
        out.extend_from_slice(b"\r\n");
        if let Verdict::Refused { wait, .. } = verdict {
            out.extend_from_slice(b"Retry-After: ");
            write_number(seconds(wait).max(1), out);
            out.extend_from_slice(b"\r\n");
        }
    }

    pub(super) fn key(&self, text: &[u8]) -> Key {
        self.store.key(text)
    }

    /// Cells that were forgotten before their time.
    pub(super) fn evicted(&self) -> u64 {
        self.store.evicted()
    }

    /// Seconds in which the whole budget fills, rounded up.
    pub(super) fn window(&self) -> u64 {
        self.pace.interval.saturating_mul(u64::from(self.burst)).div_ceil(SECOND)
    }

    /// What one request costs, for [`Self::give_back`].
    pub(super) fn cost(&self) -> u64 {
        self.pace.interval
    }

    /// Counts a request, if it may go on.
    pub(super) fn spend(&self, key: Key) -> Verdict {
        self.ask(key, true)
    }

    /// Whether a request could go on; nothing is counted.
    pub(super) fn look(&self, key: Key) -> Verdict {
        self.ask(key, false)
    }

    fn ask(&self, key: Key, spends: bool) -> Verdict {
        let ask = Ask { key, spends, time: Cell::new(0), now: Cell::new(0), banned: Cell::new(false) };
        match self.governor.check_key(&ask) {
            Ok(state) => {
                let time = ask.time.get();
                let whole = time.saturating_sub(ask.now.get());
                let looked = u32::from(!spends);
                let remaining = state.remaining_burst_capacity().saturating_add(looked).min(self.burst);
                Verdict::Admitted { remaining, whole, time }
            }
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                Verdict::Refused { wait, banned: ask.banned.get() }
            }
        }
    }

    /// Refuses a key for so long from now.
    pub(super) fn ban(&self, key: &Key, length: Duration) {
        let length = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX).min(LONGEST);
        let now = self.earliest();
        self.store.ban(key, now.saturating_add(length), now, self.pace);
    }

    /// Gives back what was counted for a request that was refused all the same.
    pub(super) fn give_back(&self, key: &Key, time: u64, cost: u64) {
        self.store.give_back(key, time, cost);
    }

    /// The time of the store, not later than governor's.
    fn earliest(&self) -> u64 {
        self.clock.nanos().saturating_sub(self.began)
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
