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
        let Look { found, ttl, failure, lacks } = look;
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
                self.take_part(found, lacks);
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

    /// Takes over a part of an answer: what was found of a kind takes the place of what there was of that kind, unless more may be missing
    /// of it. All else stays, as far as there is room behind what is fresh.
    fn take_part(&mut self, fresh: Vec<Found>, lacks: [bool; 2]) {
        let is_told = [false, true].map(|six| fresh.iter().any(|it| it.is_six == six));
        let old = std::mem::replace(&mut self.found, fresh);
        for it in old {
            let of = |[four, six]: [bool; 2]| if it.is_six { six } else { four };
            let stays = of(lacks) || !of(is_told);
            if stays && !self.found.iter().any(|other| other.address == it.address) {
                self.found.push(it);
            }
        }
        self.found.truncate(MOST);
        self.found.sort_unstable();
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

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: Dns = Dns {
        servers: &[],
        min_ttl: Duration::from_secs(1),
        max_ttl: Duration::from_mins(1),
        within: Duration::from_secs(1),
        attempts: 1,
        stale: Duration::from_hours(1),
    };

    /// Addresses of this machine, whatever kind they are said to be of.
    fn look(four: &[u8], six: &[u8], lacks: [bool; 2]) -> Look {
        let kinds = [(four, false), (six, true)];
        let found = kinds.iter().flat_map(|(all, is_six)| {
            all.iter().map(|last| Found {
                backup: false,
                address: ([127, 0, u8::from(*is_six), *last], 80).into(),
                weight: 1,
                is_six: *is_six,
            })
        });
        let failure = (lacks != [false; 2]).then(|| "SERVFAIL".to_owned());
        Look { found: found.collect(), failure, lacks, ..Look::default() }
    }

    fn known(looks: impl IntoIterator<Item = Look>) -> Vec<String> {
        let usable = Usable { moved: Vec::new(), listeners: Vec::new() };
        let mut known = Known::new(usable, CONFIG);
        for look in looks {
            known.take(look, 1);
        }
        known.found.iter().map(|it| it.address.ip().to_string()).collect()
    }

    #[test]
    fn the_half_that_was_answered_takes_the_place_of_its_own() {
        let first = || look(&[1, 2], &[1], [false; 2]);
        let [four, six, both] = [[true, false], [false, true], [true, true]];
        assert_eq!(known([first(), look(&[3], &[], six)]), ["127.0.0.3", "127.0.1.1"]);
        assert_eq!(known([first(), look(&[], &[2], four)]), ["127.0.0.1", "127.0.0.2", "127.0.1.2"]);
        assert_eq!(known([first(), look(&[], &[], both)]), ["127.0.0.1", "127.0.0.2", "127.0.1.1"]);
        // The addresses of one target are there, those of another may be.
        assert_eq!(
            known([first(), look(&[3], &[], both)]),
            ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.1.1"]
        );
        // That there are none of a kind takes nothing away, as long as the other is not known.
        assert_eq!(known([first(), look(&[], &[], six)]), ["127.0.0.1", "127.0.0.2", "127.0.1.1"]);
    }

    #[test]
    fn where_there_are_too_many_the_fresh_ones_stay() {
        let [old, fresh]: [Vec<u8>; 2] = [(1..=64).collect(), (101..=110).collect()];
        let now = known([look(&[], &old, [false; 2]), look(&fresh, &[], [false, true])]);
        assert_eq!(now.len(), MOST);
        assert!(fresh.iter().all(|last| now.contains(&format!("127.0.0.{last}"))), "{now:?}");
    }
}
