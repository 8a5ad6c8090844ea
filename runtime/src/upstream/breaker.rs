//! The breaker of an upstream: one for the whole process, and no lock.
//!
//! Closed, it counts how requests end in ten rows, each a tenth of the time that is looked at; open, it lets nobody through;
//! half open, it lets a few through, whose end decides. All of its state is one word, so that no two workers ever see it
//! differently.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::clock::{Micros, micros};
use crate::policy::breaker::Config;

/// Rows of counts.
const ROWS: usize = 10;
/// The same, as ages are counted.
const LONG: i64 = 10;

/// The breaker of one upstream.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// See [`Word`].
    word: AtomicU64,
    rows: [Row; ROWS],
    /// When a probe was let through the last time.
    asked: AtomicU64,
    /// How often it has opened.
    opened: AtomicU64,
    /// How often it has closed again.
    closed: AtomicU64,
    /// Why it opened the last time: in the upper half how many requests had failed, in the lower half of how many; 0: a probe had.
    why: AtomicU64,
    /// How many requests it has refused.
    refused: AtomicU64,
    /// Told when it has opened or closed.
    news: Arc<Notify>,
}

/// What is counted in a tenth of the time: of each number the upper half says of which tenth, the lower half how many.
#[derive(Debug, Default)]
struct Row {
    all: AtomicU64,
    failed: AtomicU64,
}

/// Whether requests go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// All do.
    Closed,
    /// None does.
    Open,
    /// A few do.
    HalfOpen,
}

/// The state as one number: 2 bits say which, 8 how many probes are on their way, 8 how many have succeeded, and 46 until
/// when it is or was open the last time, in milliseconds. That time is of one opening only: by it, whoever went through
/// knows whether what it brings back is still asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Word {
    state: State,
    asked: u8,
    good: u8,
    until: u64,
}

/// A request that went through. Where it ends without a word, nothing is counted, and the place of a probe is free again.
#[derive(Debug)]
pub(crate) struct Pass {
    breaker: Arc<Breaker>,
    config: &'static Config,
    until: u64,
    stage: Cell<Stage>,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It is counted when it ends.
    Counted,
    /// It decides, with others, whether the breaker closes.
    Probe,
    /// It has succeeded, as far as was seen; whether it is among those that are counted.
    Good(bool),
    Over,
}

impl Word {
    fn of(number: u64) -> Self {
        let byte = |shift: u32| u8::try_from(number >> shift & 0xff).unwrap_or(u8::MAX);
        let state = match number >> 62 {
            0 => State::Closed,
            1 => State::Open,
            _ => State::HalfOpen,
        };
        Self { state, asked: byte(54), good: byte(46), until: number & ((1 << 46) - 1) }
    }

    fn number(self) -> u64 {
        let state = match self.state {
            State::Closed => 0,
            State::Open => 1,
            State::HalfOpen => 2,
        };
        state << 62 | u64::from(self.asked) << 54 | u64::from(self.good) << 46 | self.until
    }
}

impl Breaker {
    /// One that is closed, and tells when it no longer is.
    pub(crate) fn telling(news: &Arc<Notify>) -> Self {
        Self { news: Arc::clone(news), ..Self::default() }
    }

    /// Lets a request through, or says how long nobody is let through at least.
    pub(crate) fn admit(self: &Arc<Self>, config: &'static Config, now: Micros) -> Result<Pass, Micros> {
        let pass = |stage, until| Pass { breaker: Arc::clone(self), config, until, stage: Cell::new(stage) };
        let mut number = self.word.load(Ordering::Acquire);
        loop {
            let word = Word::of(number);
            let end = word.until.saturating_mul(1_000);
            let next = match word.state {
                State::Closed => return Ok(pass(Stage::Counted, word.until)),
                State::Open if now < end => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    return Err(end - now);
                }
                State::Open => Word { state: State::HalfOpen, asked: 1, good: 0, ..word },
                State::HalfOpen if u32::from(word.asked) + u32::from(word.good) < config.probes => {
                    Word { asked: word.asked + 1, ..word }
                }
                State::HalfOpen if self.takes_turn(config, now) => return Ok(pass(Stage::Probe, word.until)),
                State::HalfOpen => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    // When the probes end is known to nobody.
                    return Err(0);
                }
            };
            match self.replace(number, next) {
                Ok(()) => {
                    self.asked.fetch_max(now, Ordering::AcqRel);
                    return Ok(pass(Stage::Probe, word.until));
                }
                Err(other) => number = other,
            }
        }
    }

    /// Whether the probes take longer than it was open: then one more goes through, once in such a time. A client that is slow to send
    /// would keep all others out.
    fn takes_turn(&self, config: &Config, now: Micros) -> bool {
        let asked = self.asked.load(Ordering::Acquire);
        now.saturating_sub(asked) >= micros(config.r#for)
            && self.asked.compare_exchange(asked, now, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Refuses a request that has not asked yet, as long as it is open; answers for how long that is.
    pub(crate) fn refuses(&self, now: Micros) -> Option<Micros> {
        let word = Word::of(self.word.load(Ordering::Acquire));
        let end = word.until.saturating_mul(1_000);
        (word.state == State::Open && now < end).then(|| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            end - now
        })
    }

    /// Whether requests go through. A time that is over makes it half open, although nobody has come yet.
    pub(crate) fn state(&self, now: Micros) -> State {
        let word = Word::of(self.word.load(Ordering::Acquire));
        let is_over = word.state == State::Open && now >= word.until.saturating_mul(1_000);
        if is_over { State::HalfOpen } else { word.state }
    }

    /// How often its state has changed.
    pub(crate) fn changes(&self, now: Micros) -> u64 {
        // Behind each time that it opens comes one when it is half open.
        let opened = self.opened.load(Ordering::Acquire).saturating_mul(2);
        let is_open = u64::from(self.state(now) == State::Open);
        opened.saturating_add(self.closed.load(Ordering::Acquire)).saturating_sub(is_open)
    }

    /// Why it opened the last time: how many requests had failed, and of how many; nothing where a probe had.
    pub(crate) fn why(&self) -> Option<(u64, u64)> {
        let why = self.why.load(Ordering::Acquire);
        (why != 0).then_some((why >> 32, why & u64::from(u32::MAX)))
    }

    /// For how long it is open, if it is.
    pub(crate) fn open_for(&self, now: Micros) -> Micros {
        Word::of(self.word.load(Ordering::Acquire)).until.saturating_mul(1_000).saturating_sub(now)
    }

    /// How often it has opened.
    #[cfg(feature = "admin")]
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// How many requests it has refused.
    #[cfg(feature = "admin")]
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn replace(&self, number: u64, next: Word) -> Result<(), u64> {
        self.word.compare_exchange(number, next.number(), Ordering::AcqRel, Ordering::Acquire).map(drop)
    }

    /// Changes the state, if it is still that which a request went through in: `change` says to what, or that it stays; `why` is for one
    /// that opens.
    fn change(&self, until: u64, why: u64, change: impl Fn(Word) -> Option<Word>) {
        let mut number = self.word.load(Ordering::Acquire);
        loop {
            let word = Word::of(number);
            let Some(next) = Some(word).filter(|word| word.until == until).and_then(&change) else { return };
            if next.state == State::Closed && word.state != State::Closed {
                // What was counted before it opened is over. Nobody counts before it is closed, and only the last probe
                // closes it.
                for row in &self.rows {
                    row.all.store(0, Ordering::Release);
                    row.failed.store(0, Ordering::Release);
                }
            }
            match self.replace(number, next) {
                Ok(()) => return self.changed(word.state, next.state, why),
                Err(other) => number = other,
            }
        }
    }

    /// Counts a change of its state, and tells whoever listens.
    fn changed(&self, from: State, to: State, why: u64) {
        match to {
            State::Open => {
                self.why.store(why, Ordering::Release);
                self.opened.fetch_add(1, Ordering::AcqRel);
            }
            State::Closed if from != State::Closed => {
                self.closed.fetch_add(1, Ordering::AcqRel);
            }
            State::Closed | State::HalfOpen => return,
        }
        self.news.notify_one();
    }

    /// The tenth of a moment, never 0.
    fn tenth(config: &Config, now: Micros) -> u32 {
        let tenths = now / (micros(config.over) / ROWS as u64).max(1) + 1;
        u32::try_from(tenths & u64::from(u32::MAX)).unwrap_or(u32::MAX)
    }

    fn row(&self, tenth: u32) -> Option<&Row> {
        self.rows.get(tenth as usize % ROWS)
    }

    /// All requests of the time that is looked at, and those that have failed.
    pub(crate) fn counts(&self, config: &Config, now: Micros) -> (u64, u64) {
        let tenth = Self::tenth(config, now);
        let count = |number: &AtomicU64| {
            let number = number.load(Ordering::Acquire);
            let (of, count) = (number >> 32, number & u64::from(u32::MAX));
            // A worker may be a moment ahead of this one.
            let age = i64::from(tenth) - i64::try_from(of).unwrap_or(0);
            if of != 0 && age < LONG { count } else { 0 }
        };
        // A failure is counted among all before it is counted by itself.
        let failed = self.rows.iter().map(|row| count(&row.failed)).sum();
        (self.rows.iter().map(|row| count(&row.all)).sum(), failed)
    }
}

/// Counts one more of a tenth; what was counted of an earlier one is over. Who is late counts to the later one.
fn add(number: &AtomicU64, tenth: u32) {
    let one_more = |number: u64| {
        if number >> 32 >= u64::from(tenth) {
            Some(if number & u64::from(u32::MAX) == u64::from(u32::MAX) { number } else { number + 1 })
        } else {
            Some(u64::from(tenth) << 32 | 1)
        }
    };
    // It never fails: there is always a next number.
    let _ = number.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
}

impl Pass {
    /// A server has answered as it should.
    pub(crate) fn succeeded(&self, now: Micros) {
        match self.stage.get() {
            Stage::Counted => {
                self.stage.set(Stage::Good(true));
                if self.is_current()
                    && let Some(row) = self.breaker.row(Breaker::tenth(self.config, now))
                {
                    add(&row.all, Breaker::tenth(self.config, now));
                }
            }
            Stage::Probe => {
                self.stage.set(Stage::Good(false));
                let probes = self.config.probes;
                self.breaker.change(self.until, 0, |word| {
                    let (asked, good) = (word.asked.saturating_sub(1), word.good.saturating_add(1));
                    (word.state == State::HalfOpen).then_some(if u32::from(good) >= probes {
                        Word { state: State::Closed, asked: 0, good: 0, ..word }
                    } else {
                        Word { asked, good, ..word }
                    })
                });
            }
            Stage::Good(_) | Stage::Over => {}
        }
    }

    /// It has failed, perhaps behind the head of an answer. `time` is how long the breaker would be open then.
    pub(crate) fn failed(&self, now: Micros, time: Micros) {
        let stage = self.stage.replace(Stage::Over);
        let open = |word: Word| Word {
            state: State::Open,
            asked: 0,
            good: 0,
            // Later than any opening before, whoever's clock is behind.
            until: (now.saturating_add(time) / 1_000).max(word.until + 1),
        };
        match stage {
            Stage::Over => {}
            Stage::Probe => {
                self.breaker
                    .change(self.until, 0, |word| (word.state == State::HalfOpen).then(|| open(word)));
            }
            Stage::Counted | Stage::Good(_) => {
                if !self.is_current() {
                    return;
                }
                let tenth = Breaker::tenth(self.config, now);
                let Some(row) = self.breaker.row(tenth) else { return };
                if stage != Stage::Good(true) {
                    add(&row.all, tenth);
                }
                add(&row.failed, tenth);
                let (all, failed) = self.breaker.counts(self.config, now);
                if self.config.is_too_much(failed, all) {
                    let half = |count: u64| count.min(u64::from(u32::MAX));
                    let why = half(failed) << 32 | half(all);
                    self.breaker
                        .change(self.until, why, |word| (word.state == State::Closed).then(|| open(word)));
                }
            }
        }
    }

    /// Whether the breaker is closed as it was, or as it has become by this request and others.
    fn is_current(&self) -> bool {
        let word = Word::of(self.breaker.word.load(Ordering::Acquire));
        word.state == State::Closed && word.until == self.until
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.stage.get() == Stage::Probe {
            self.breaker.change(self.until, 0, |word| {
                let asked = word.asked.saturating_sub(1);
                (word.state == State::HalfOpen).then_some(Word { asked, ..word })
            });
        }
    }
}

#[cfg(test)]
mod tests;
