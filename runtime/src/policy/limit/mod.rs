//! `limit`: how many requests may come in a time, for each key or for all together.
//!
//! Exact over the whole process: one cell for each key, counted by every worker. A request that any limit refuses is
//! counted by none. It keeps no count beyond this process.

mod key;
mod limiter;
mod store;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use self::key::Key;
use self::limiter::{Declared, Limiter, Verdict};
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
    pub keys: Setting<i64>,
    /// Where the counts are.
    pub state: Slot,
}

/// The counts of one limit.
#[derive(Debug, Default)]
pub struct State {
    /// Made with the first request, when parameters are known.
    limiter: OnceLock<Limiter>,
    /// The one with the present rate, where that has changed since, and the generation of live values that says so.
    changed: RwLock<Option<(u64, Arc<Limiter>)>>,
}

/// A limit as one exchange sees it.
enum Present<'a> {
    First(&'a Limiter),
    Changed(Arc<Limiter>),
}

impl Deref for Present<'_> {
    type Target = Limiter;

    fn deref(&self) -> &Limiter {
        match self {
            Self::First(limiter) => limiter,
            Self::Changed(limiter) => limiter,
        }
    }
}

/// What a limit has said to a request, and whom it is about.
struct Asked {
    key: Key,
    verdict: Verdict,
    cost: u64,
    evicted: u64,
}

/// What one limit has admitted, and counted, for an exchange that may be refused yet.
#[derive(Debug)]
pub(crate) struct Charge {
    config: &'static Config,
    key: Key,
    time: u64,
    cost: u64,
}

impl Config {
    /// Counts the request, or refuses it and takes back what other limits have counted for it.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        // It has been asked and told, and its chain runs once more.
        if x.charges.iter().any(|charge| std::ptr::eq(charge.config, self)) {
            return Flow::Next;
        }
        let (mut text, mut said) = (std::mem::take(&mut x.scratch), std::mem::take(&mut x.said));
        let asked = self.ask(x, &mut text, &mut said);
        (x.scratch, x.said) = (text, said);
        // Outside of a gateway nothing is counted, and nothing is let through.
        let Some(Asked { key, verdict, cost, evicted }) = asked else { return Flow::Refuse(Reason::PANIC) };
        x.record.evicted += evicted;
        match verdict {
            Verdict::Admitted { time, .. } => {
                // Of what the answer decides nothing is counted yet, and nothing can be given back.
                let cost = if self.counting.is_none() { cost } else { 0 };
                x.charges.push(Charge { config: self, key, time, cost });
                Flow::Next
            }
            Verdict::Refused { banned, .. } if self.dry_run => {
                x.charges.push(Charge { config: self, key, time: 0, cost: 0 });
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
            let key = self.key(x, &limiter, &mut text);
            if let (Verdict::Refused { banned: false, .. }, Some(length)) = (limiter.spend(key), self.ban) {
                limiter.ban(&key, length.of(x));
            }
        }
        x.scratch = text;
    }

    /// The limit's word on this request; what the client is told is appended to `said`.
    fn ask(&'static self, x: &Exchange, text: &mut Vec<u8>, said: &mut Vec<u8>) -> Option<Asked> {
        let limiter = self.limiter(x)?;
        let key = self.key(x, &limiter, text);
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
        Some(Asked { key, verdict, cost: limiter.cost(), evicted: limiter.evicted() - before })
    }

    fn key(&self, x: &Exchange, limiter: &Limiter, text: &mut Vec<u8>) -> Key {
        text.clear();
        if let Some(per) = self.per {
            per(x, text);
        }
        limiter.key(text)
    }

    fn limiter<'a>(&self, x: &'a Exchange) -> Option<Present<'a>> {
        let shared = x.shared.as_ref()?;
        let state: &State = shared.state(self.state)?;
        let declared = || (self.rate.of(x), self.burst.and_then(|burst| u64::try_from(burst.of(x)).ok()));
        let first = state.limiter.get_or_init(|| {
            let keys = usize::try_from(self.keys.of(x)).unwrap_or(usize::MAX);
            let tables = shared.memory.as_ref().map(|memory| &memory.tables);
            Limiter::new(&shared.clock, declared(), keys, tables).named(self.state.0)
        });
        let is_written =
            self.rate.param().is_none() && self.burst.is_none_or(|burst| burst.param().is_none());
        if shared.live.is_none() || is_written {
            return Some(Present::First(first));
        }
        Some(self.present(state, first, (x.generation, declared())))
    }

    /// The limit with the rate of the latest generation that any exchange has come with: one that began before a change counts as
    /// those after it do. What was counted stays counted.
    fn present<'a>(
        &self,
        state: &State,
        first: &'a Limiter,
        (generation, declared): (u64, Declared),
    ) -> Present<'a> {
        let holds = |known: &Option<(u64, Arc<Limiter>)>| match known {
            Some((latest, limiter)) if generation <= *latest || limiter.is(declared) => {
                Some(Present::Changed(Arc::clone(limiter)))
            }
            None if first.is(declared) => Some(Present::First(first)),
            _ => None,
        };
        // A thread that panicked while it held the lock has left a whole limit behind.
        if let Some(present) = holds(&state.changed.read().unwrap_or_else(PoisonError::into_inner)) {
            return present;
        }
        let mut changed = state.changed.write().unwrap_or_else(PoisonError::into_inner);
        // Another worker may have been faster.
        if let Some(present) = holds(&changed) {
            return present;
        }
        let limiter = Arc::new(first.paced(declared).named(self.state.0));
        *changed = Some((generation, Arc::clone(&limiter)));
        Present::Changed(limiter)
    }
}

/// Takes back what limits have counted for a request that another limit refuses.
fn give_back(x: &mut Exchange) {
    let mut charges = std::mem::take(&mut x.charges);
    for Charge { config, key, time, cost } in charges.drain(..) {
        if let Some(limiter) = config.limiter(x) {
            limiter.give_back(&key, time, cost);
        }
    }
    x.charges = charges;
}

fn reason(banned: bool) -> Reason {
    if banned { Reason::BANNED } else { Reason::LIMITED }
}
