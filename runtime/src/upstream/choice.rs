//! Which server a request is sent to: of those that are in and that it has not tried, by turns, by load or by a key.

use std::cell::Cell;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};

use super::{Server, Upstream};
use crate::clock::{Micros, micros};
use crate::exchange::Exchange;
use crate::policy::balance::Way;

/// A whole share. A server that is coming back has less of it.
const WHOLE: u64 = 1_000;
/// The least share of a server that has just come back.
const LEAST: u64 = 100;

/// Which servers can be chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    /// Those that are in and no backup.
    In,
    /// Backups that are in.
    Backups,
    /// All but backups, whatever is known of them.
    All,
}

impl Upstream {
    /// The server to try next. `None`: there is none that this exchange has not tried.
    pub(crate) fn choose(&self, x: &Exchange, now: Micros) -> Option<&Server> {
        if self.plain && self.declared.balance.way == Way::RoundRobin {
            return self.next_in_turn(x);
        }
        let among = self.among(x, now);
        let can = |server: &&Server| {
            !x.tried.contains(&server.index)
                && match among {
                    Among::In => !server.backup && self.is_in(server, now),
                    Among::Backups => server.backup && self.is_in(server, now),
                    Among::All => !server.backup,
                }
        };
        let candidates = || self.servers.iter().filter(can);
        match self.declared.balance.way {
            Way::RoundRobin => self.most_behind(candidates(), now),
            Way::LeastRequests => self.least(&candidates(), now),
            Way::Hash => self.of_key(x, candidates(), now),
        }
    }

    /// Where all servers are alike and nothing is known of them.
    fn next_in_turn(&self, x: &Exchange) -> Option<&Server> {
        if let [only] = self.servers.as_slice() {
            return x.tried.is_empty().then_some(only);
        }
        let first = self.next.get();
        let (behind, from) = self.servers.split_at_checked(first).unwrap_or((&[], &self.servers));
        let server = from.iter().chain(behind).find(|server| !x.tried.contains(&server.index))?;
        // A server that was passed over has had its turn.
        if x.tried.is_empty() {
            self.next.set((usize::from(server.index) + 1) % self.servers.len());
        }
        Some(server)
    }

    fn is_in(&self, server: &Server, now: Micros) -> bool {
        self.standings.servers.get(usize::from(server.index)).is_none_or(|standing| standing.is_in(now))
    }

    /// Which servers are looked at: what is known may be wrong where it is said of most of them at once.
    fn among(&self, x: &Exchange, now: Micros) -> Among {
        let is_in = |server: &&Server| self.is_in(server, now);
        let own = || self.servers.iter().filter(|server| !server.backup);
        let (all, usable) = (own().count() as u64, own().filter(is_in).count() as u64);
        let is_left = |server: &Server| !x.tried.contains(&server.index);
        let mut backups = self.servers.iter().filter(|server| server.backup).filter(is_in);
        let panics = usable * 1_000_000 < all * u64::from(self.declared.balance.panic);
        if panics && !backups.clone().any(|_| true) {
            Among::All
        } else if own().filter(is_in).any(is_left) || !backups.any(is_left) {
            Among::In
        } else {
            Among::Backups
        }
    }

    /// A server's share, less where it has just come back.
    fn share(&self, server: &Server, now: Micros) -> u64 {
        let whole = u64::from(server.weight) * WHOLE;
        let Some(window) = self.declared.balance.slow_start.map(micros) else { return whole };
        let standing = self.standings.servers.get(usize::from(server.index));
        let Some(back) = standing.and_then(|standing| standing.back(now)) else { return whole };
        let since = now.saturating_sub(back).min(window);
        gentle(whole, since, window).max(u64::from(server.weight) * LEAST)
    }

    /// In turns, each as often as its share says, and evenly spread: every server falls behind by its share, and the one
    /// that is furthest behind is asked, which puts it ahead by all shares together.
    fn most_behind<'a>(
        &self,
        candidates: impl Iterator<Item = &'a Server>,
        now: Micros,
    ) -> Option<&'a Server> {
        let (mut total, mut chosen): (i64, Option<&Server>) = (0, None);
        for server in candidates {
            let share = i64::try_from(self.share(server, now)).unwrap_or(i64::MAX / 4);
            total += share;
            server.own.behind.set(server.own.behind.get() + share);
            if chosen.is_none_or(|chosen| server.own.behind.get() > chosen.own.behind.get()) {
                chosen = Some(server);
            }
        }
        let chosen = chosen?;
        chosen.own.behind.set(chosen.own.behind.get() - total);
        Some(chosen)
    }

    /// Of two that are drawn, the one with fewer requests for its share.
    fn least<'a>(
        &self,
        candidates: &(impl Iterator<Item = &'a Server> + Clone),
        now: Micros,
    ) -> Option<&'a Server> {
        let count = candidates.clone().count();
        let last = u64::try_from(count).ok()?.checked_sub(1)?;
        let at = |number: u64| candidates.clone().nth(usize::try_from(number).ok()?);
        let first = self.draw(last);
        if last == 0 {
            return at(0);
        }
        // One of the others.
        let second = (first + 1 + self.draw(last - 1)) % (last + 1);
        let (a, b) = (at(first)?, at(second)?);
        let load = |server: &Server, other: &Server| {
            u128::from(server.own.active.get() + 1) * u128::from(self.share(other, now))
        };
        Some(if load(b, a) < load(a, b) { b } else { a })
    }

    /// The server for a key: each has a lot for it, and the highest wins, so that a server that goes or comes moves only
    /// the keys that are its own (highest random weight).
    fn of_key<'a>(
        &self,
        x: &Exchange,
        candidates: impl Iterator<Item = &'a Server>,
        now: Micros,
    ) -> Option<&'a Server> {
        let key = {
            let mut key = self.key.borrow_mut();
            key.clear();
            if let Some(write) = self.declared.balance.by {
                write(x, &mut key);
            }
            hash(&key)
        };
        let lots = candidates.map(|server| (lot(key, server.hash, self.share(server, now)), server));
        lots.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, server)| server)
    }
}

/// The part of a share that a server has by now of one that grows over a time: never more than the whole.
fn gentle(whole: u64, since: Micros, window: Micros) -> u64 {
    // A weight times that of an SRV record, times an hour, is more than 64 bits hold.
    let part = u128::from(whole) * u128::from(since) / u128::from(window.max(1));
    u64::try_from(part).unwrap_or(whole)
}

/// A lot that is high the more often, the greater the share.
#[allow(clippy::cast_precision_loss, reason = "53 bits of a hash are enough")]
pub(super) fn lot(key: u64, whose: u64, share: u64) -> f64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(key);
    hasher.write_u64(whose);
    let drawn = ((hasher.finish() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    share as f64 / -drawn.ln()
}

/// The same for the same bytes in every process of one build.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Where the numbers of a worker begin.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish() | 1
}

/// A number from 0 to `most`. Good enough to spread load; nothing is kept secret by it. (xorshift64*)
pub(crate) fn draw(state: &Cell<u64>, most: u64) -> u64 {
    let mut it = state.get();
    it ^= it >> 12;
    it ^= it << 25;
    it ^= it >> 27;
    state.set(it);
    let high = u128::from(it.wrapping_mul(0x2545_f491_4f6c_dd1d));
    u64::try_from((high * (u128::from(most) + 1)) >> 64).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_share_grows_over_the_longest_time() {
        let (whole, hour) = (1_000 * 65_535 * WHOLE, 3_600 * 1_000_000);
        assert_eq!(gentle(whole, hour / 2, hour), whole / 2);
        assert_eq!((gentle(whole, 0, hour), gentle(whole, hour, hour)), (0, whole));
    }
}
