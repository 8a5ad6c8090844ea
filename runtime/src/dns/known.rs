//! What is known of a name by the looks so far: which of its addresses are used, for how long, and what a look that fails or is
//! denied takes away. It neither looks nor tells anybody.

use std::time::Duration;

use super::Outcome;
use super::look::{Found, Look};
use super::usable::Usable;
use crate::clock::{Micros, micros};
use crate::program::Dns;

/// Addresses that one name may have.
const MOST: usize = 64;
/// The longest pause after a look that failed, unless the shortest time between two is longer.
const PAUSE: Duration = Duration::from_secs(30);
/// Addresses that a line for the operator shows.
pub(super) const SHOWN: usize = 8;

/// What is known of one name.
#[derive(Debug)]
pub(super) struct Known {
    usable: Usable,
    config: Dns,
    /// Its servers, where they really are.
    pub(super) found: Vec<Found>,
    /// When the name servers last said all of it.
    good: Micros,
    /// Looks that failed, one after the other.
    pub(super) failures: u32,
    /// Looks that found the name denied, one after the other.
    pub(super) denials: u32,
    /// Addresses that are not used, as they were last told.
    unused: String,
}

/// What has come of a look.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) outcome: Outcome,
    /// After how long the next is due; never at once.
    pub(super) after: Micros,
    /// What was wrong with it.
    pub(super) why: String,
    /// Addresses that are not used, where that is news.
    pub(super) unused: Option<String>,
}

impl Known {
    pub(super) fn new(usable: Usable, config: Dns) -> Self {
        let (found, unused) = (Vec::new(), String::new());
        Self { usable, config, found, good: 0, failures: 0, denials: 0, unused }
    }

    /// Takes over what a look has found. Failures and denials are counted here, and forgotten by whoever has told that they are over.
    pub(super) fn take(&mut self, look: Look, now: Micros) -> Taken {
        let Look { found, ttl, failure } = look;
        let denied = found.is_empty() && failure.is_none();
        let (found, unused) = self.used(found);
        let failure = failure.or_else(|| {
            (found.is_empty() && !denied)
                .then(|| format!("there are only addresses that are not used: {unused}"))
        });
        let is_news = unused != self.unused && !unused.is_empty();
        self.unused.clone_from(&unused);
        let is_stale = now.saturating_sub(self.good) > micros(self.config.stale);
        let (min, max) = (micros(self.config.min_ttl), micros(self.config.max_ttl));
        let lasts = ttl.map_or(min, |seconds| u64::from(seconds) * 1_000_000).clamp(min, max.max(min));
        let (outcome, after, why) = if let Some(failure) = failure {
            self.failures = self.failures.saturating_add(1);
            if self.found.is_empty() || is_stale {
                self.found = found;
            } else {
                // A part of the answer takes nothing away.
                let is_new = |it: &Found| !self.found.iter().any(|old| old.address == it.address);
                let new: Vec<Found> = found.into_iter().filter(is_new).collect();
                self.found.extend(new);
                self.found.truncate(MOST);
            }
            let most = micros(PAUSE).max(min);
            let pause = min.saturating_mul(1 << (self.failures - 1).min(20)).min(most);
            (Outcome::Failed, pause, failure)
        } else if denied {
            (self.failures, self.denials) = (0, self.denials.saturating_add(1));
            // A name that was good a moment ago is asked for once more, since one wrong word would stop all traffic.
            let is_believed = self.denials > 1 || self.found.is_empty();
            if is_believed {
                self.found.clear();
            }
            (Outcome::Denied, if is_believed { lasts } else { min }, "the name servers know none".to_owned())
        } else {
            (self.good, self.found) = (now, found);
            (Outcome::Found, lasts, String::new())
        };
        Taken { outcome, after: after.max(1), why, unused: is_news.then_some(unused) }
    }

    /// What is used of an answer, in an order that does not change with it, and what is not.
    fn used(&self, found: Vec<Found>) -> (Vec<Found>, String) {
        let (mut used, mut unused) = (Vec::new(), Vec::new());
        for found in found {
            match self.usable.place(found.address) {
                Ok(address) => used.push(Found { address, ..found }),
                Err(why) => unused.push(format!("{} ({why})", found.address)),
            }
        }
        // Those of one address: the one that is asked first.
        used.sort_unstable();
        let mut once: Vec<Found> = Vec::new();
        for found in used {
            if !once.iter().any(|other| other.address == found.address) {
                once.push(found);
            }
        }
        if once.len() > MOST {
            unused.push(format!("{} more than {MOST}", once.len() - MOST));
            once.truncate(MOST);
        }
        unused.sort();
        unused.truncate(SHOWN);
        (once, unused.join(", "))
    }
}
