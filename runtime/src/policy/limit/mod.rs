//! `limit`: how many requests may come in a time, for each key or for all together.
//!
//! Exact over the whole process: one cell for each key, counted by every worker. A request that any limit refuses is
//! counted by none. It keeps no count beyond this process.

mod key;
mod limiter;
mod store;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;
use std::time::Duration;

use self::key::Key;
use self::limiter::{Limiter, Verdict};
use crate::exchange::{Exchange, Flow};
use crate::params::Setting;
use crate::reason::Reason;
use crate::shared::Slot;
use crate::terminal::Write;

/// One limit of a route or of what is around it.
#[derive(Debug)]
pub struct Config {
    /// So many in so long a time.
    pub rate: Setting<(u64, Duration)>,
    /// How many may come at once; `None`: as many as the rate counts.
    pub burst: Option<Setting<i64>>,
    /// What is counted by; `None`: all together.
    pub per: Option<Write>,
    /// Only exchanges are counted whose answer this holds for.
    pub counting: Option<fn(&Exchange) -> bool>,
    /// How long whoever is refused stays refused.
    pub ban: Option<Setting<Duration>>,
    /// Counts, and says in the log what it would refuse; refuses nothing.
    pub dry_run: bool,
    /// Keys that are remembered at most.
    pub keys: u64,
    /// Where the counts are.
    pub state: Slot,
}

/// The counts of one limit.
#[derive(Debug, Default)]
pub struct State {
    /// Made with the first request, when parameters are known.
    limiter: OnceLock<Limiter>,
}

/// What a limit has said to a request, and whom it is about.
struct Asked {
    key: Key,
    verdict: Verdict,
    evicted: u64,
}

/// What one limit has counted for an exchange that may be refused yet.
#[derive(Debug)]
pub(crate) struct Charge {
    config: &'static Config,
    key: Key,
    time: u64,
}

impl Config {
    /// Counts the request, or refuses it and takes back what other limits have counted for it.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        // It has been counted, and its chain runs once more.
        if x.charges.iter().any(|charge| std::ptr::eq(charge.config, self)) {
            return Flow::Next;
        }
        let (mut text, mut said) = (std::mem::take(&mut x.scratch), std::mem::take(&mut x.said));
        let asked = self.ask(x, &mut text, &mut said);
        (x.scratch, x.said) = (text, said);
        // Outside of a gateway nothing is counted, and nothing is let through.
        let Some(Asked { key, verdict, evicted }) = asked else { return Flow::Refuse(Reason::PANIC) };
        x.record.evicted += evicted;
        match verdict {
            Verdict::Admitted { time, .. } => {
                if self.counting.is_none() {
                    x.charges.push(Charge { config: self, key, time });
                }
                Flow::Next
            }
            Verdict::Refused { banned, .. } if self.dry_run => {
                x.record.dry_run = Some(reason(banned).word);
                Flow::Next
            }
            Verdict::Refused { banned, .. } => {
                give_back(x);
                x.limited = Some(self.state);
                Flow::Refuse(reason(banned))
            }
        }
    }

    /// Counts the exchange if its answer is of the kind that is counted. A refusal by this limit itself is not.
    pub fn response(&'static self, x: &mut Exchange) {
        if self.counting.is_none_or(|counting| x.limited == Some(self.state) || !counting(x)) {
            return;
        }
        let mut text = std::mem::take(&mut x.scratch);
        if let Some(limiter) = self.limiter(x) {
            let key = self.key(x, limiter, &mut text);
            if let (Verdict::Refused { banned: false, .. }, Some(length)) = (limiter.spend(key), self.ban) {
                limiter.ban(&key, length.of(x));
            }
        }
        x.scratch = text;
    }

    /// The limit's word on this request; what the client is told is appended to `said`.
    fn ask(&'static self, x: &Exchange, text: &mut Vec<u8>, said: &mut Vec<u8>) -> Option<Asked> {
        let limiter = self.limiter(x)?;
        let key = self.key(x, limiter, text);
        let before = limiter.evicted();
        let mut verdict = if self.counting.is_some() { limiter.look(key) } else { limiter.spend(key) };
        if let (Verdict::Refused { banned: false, wait }, Some(length)) = (verdict, self.ban) {
            let length = length.of(x);
            limiter.ban(&key, length);
            verdict = Verdict::Refused { wait: wait.max(length), banned: true };
        }
        // What is only tried is not told.
        if !self.dry_run {
            limiter.tell(verdict, said);
        }
        Some(Asked { key, verdict, evicted: limiter.evicted() - before })
    }

    fn key(&self, x: &Exchange, limiter: &Limiter, text: &mut Vec<u8>) -> Key {
        text.clear();
        if let Some(per) = self.per {
            per(x, text);
        }
        limiter.key(text)
    }

    fn limiter<'a>(&self, x: &'a Exchange) -> Option<&'a Limiter> {
        let shared = x.shared.as_ref()?;
        let state: &State = shared.state(self.state)?;
        let keys = usize::try_from(self.keys).unwrap_or(usize::MAX);
        Some(state.limiter.get_or_init(|| {
            let burst = self.burst.and_then(|burst| u64::try_from(burst.of(x)).ok());
            Limiter::new(&shared.clock, self.rate.of(x), burst, keys).named(self.state.0)
        }))
    }
}

/// Takes back what limits have counted for a request that another limit refuses.
fn give_back(x: &mut Exchange) {
    let mut charges = std::mem::take(&mut x.charges);
    for Charge { config, key, time } in charges.drain(..) {
        if let Some(limiter) = config.limiter(x) {
            limiter.give_back(&key, time);
        }
    }
    x.charges = charges;
}

fn reason(banned: bool) -> Reason {
    if banned { Reason::BANNED } else { Reason::LIMITED }
}
