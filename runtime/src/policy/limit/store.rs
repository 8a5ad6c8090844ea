//! The cells of one limit: a map sharded by key, one atomic number for each key, bounded.
//!
//! The number is governor's: the theoretical arrival time of the generic cell rate algorithm, in nanoseconds. Its
//! arithmetic is governor's too; here is only where the numbers are, and which are forgotten.
//!
//! A cell whose time has passed says nothing, and goes first. Where none has, the cells with the least debt go, and the
//! shard remembers the most that it has forgotten so: a key that it does not know begins with that debt. So no budget is
//! ever given twice, however many keys somebody makes up; and the cell of whoever is near a limit is the last to go.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use governor::nanos::Nanos;
use governor::state::StateStore;

use super::key::{Hashed, Key, Secrets};
use crate::clock::Clock;
use crate::memory::{Share, Table, Tables};

/// Shards of a store that is not small.
const SHARDS: usize = 64;
/// Cells below which one shard more is not worth it.
const SHARD: usize = 256;
/// The part of a full shard that is freed at once, so that looking through it is paid for by many new keys.
const FREED: usize = 16;

/// Places of a shard's table that it has without asking for memory, where that is bounded.
const LEAST: usize = 8;

/// Marks the number of a key that is banned.
const BAN: u64 = 1 << 63;

/// The cells of one limit.
#[derive(Debug)]
pub(super) struct Store {
    shards: Box<[Shard]>,
    /// Cells that a shard has at most.
    most: usize,
    secrets: Secrets,
    /// Cells that were forgotten before their time.
    evicted: AtomicU64,
    bounded: Option<Bounded>,
}

/// What the memory of the process is counted with, where that is bounded.
#[derive(Debug)]
struct Bounded {
    share: Share,
    clock: Clock,
    /// The moment from which the store counts, in nanoseconds.
    began: u64,
    /// That of the pace that came last.
    tolerance: AtomicU64,
}

/// A part of the cells, alone on its line of a processor's cache.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard(RwLock<Cells>);

#[derive(Debug, Default)]
struct Cells {
    map: HashMap<Key, AtomicU64, BuildHasherDefault<Hashed>>,
    /// The latest time that was forgotten: the debt with which an unknown key begins.
    floor: u64,
    /// Cells that it may have now.
    most: usize,
    /// Places of its table, where the memory of the process is bounded.
    places: usize,
}

/// What a key is asked for, and what was found beside the answer.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) key: Key,
    /// Whether an admission is counted.
    pub(super) spends: bool,
    /// The key's time after an admission.
    pub(super) time: Cell<u64>,
    /// When it was admitted, as governor counts.
    pub(super) now: Cell<u64>,
    /// A refusal is due to a ban.
    pub(super) banned: Cell<bool>,
}

/// How fast a limit is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Nanoseconds that one request costs.
    pub(super) interval: u64,
    /// Nanoseconds that a key may be ahead of its rate.
    pub(super) tolerance: u64,
    /// The moment from which governor counts, on the clock of the store: a limit whose rate has changed began later.
    pub(super) began: u64,
}

/// A store as a limiter of one pace sees it.
#[derive(Clone, Debug)]
pub(super) struct Shared(pub(super) Arc<Store>, pub(super) Pace);

impl Store {
    /// At most `keys` cells, or a few more, since each shard has as many; and no more than these tables leave to it, where memory is
    /// bounded. With it comes the moment from which it counts.
    pub(super) fn new(keys: usize, tables: Option<(&Arc<Tables>, &Clock, u64)>) -> Arc<Self> {
        let shards = (keys / SHARD).next_power_of_two().clamp(1, SHARDS);
        let most = keys.div_ceil(shards).max(1);
        let (first, places) = if tables.is_some() { (most.min(LEAST / 2), LEAST) } else { (most, 0) };
        let cells = || Cells { most: first, places, ..Cells::default() };
        let store = Arc::new(Self {
            shards: (0..shards).map(|_| Shard(RwLock::new(cells()))).collect(),
            most,
            secrets: Secrets::default(),
            evicted: AtomicU64::new(0),
            bounded: tables.map(|(tables, clock, began)| Bounded {
                share: tables.share(),
                clock: clock.clone(),
                began,
                tolerance: AtomicU64::new(0),
            }),
        });
        if let Some((tables, ..)) = tables {
            let table: Arc<dyn Table> = Arc::clone(&store) as _;
            tables.enter(Arc::downgrade(&table));
        }
        store
    }

    /// From now on a limiter of this pace sees these cells.
    pub(super) fn paced(&self, pace: Pace) {
        if let Some(bounded) = &self.bounded {
            bounded.tolerance.store(pace.tolerance, Ordering::Relaxed);
        }
    }

    pub(super) fn key(&self, text: &[u8]) -> Key {
        self.secrets.key(text)
    }

    /// Cells that were forgotten before their time.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// From now on limiters of another pace see these cells. Nobody owes more than a whole budget of it: whoever has nothing left
    /// waits for one request of the new rate, and not for one of the old.
    pub(super) fn ease(&self, now: u64, pace: Pace) {
        let most = now.saturating_add(pace.interval).saturating_add(pace.tolerance);
        for shard in &self.shards {
            let mut cells = shard.write();
            cells.floor = cells.floor.min(most);
            for cell in cells.map.values_mut() {
                let held = cell.get_mut();
                if *held & BAN == 0 {
                    *held = (*held).min(most);
                }
            }
        }
    }

    /// Refuses a key until a time, unless it is refused for longer already; its budget is empty then. `now` is not later
    /// than the limiter's own.
    pub(super) fn ban(&self, key: &Key, until: u64, now: u64, pace: Pace) {
        let later = |held: u64| Some(BAN | until.max(pace.owed(held).saturating_sub(pace.tolerance)));
        let shard = self.shard(key);
        if let Some(cell) = shard.read().map.get(key) {
            // It never fails: the closure always has a value.
            let _ = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, later);
            return;
        }
        let mut cells = shard.write();
        self.make_room(&mut cells, now, pace);
        let _ = cells.map.entry(*key).or_default().fetch_update(Ordering::AcqRel, Ordering::Acquire, later);
    }

    /// Gives back what was counted for a request that was refused all the same. `time` is the key's time after it was
    /// counted, and `cost` what was; if anything else has been counted since, it stays counted, since nobody can say then what time has paid.
    pub(super) fn give_back(&self, key: &Key, time: u64, cost: u64) {
        if let Some(cell) = self.shard(key).read().map.get(key) {
            let before = time.saturating_sub(cost);
            // Where it fails, something else has been counted.
            let _ = cell.compare_exchange(time, before, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    fn shard(&self, key: &Key) -> &Shard {
        // INVARIANT: there is at least one shard, and the number of shards is a power of two.
        self.shards.get(key.shard(self.shards.len())).unwrap_or_else(|| unreachable!("a shard for each key"))
    }

    /// Makes sure that one cell more has room.
    fn make_room(&self, cells: &mut Cells, now: u64, pace: Pace) {
        if cells.map.len() < cells.most {
            return;
        }
        cells.map.retain(|_, cell| pace.owed(*cell.get_mut()) > now);
        let wanted = cells.most - (cells.most / FREED).max(1);
        let Some(surplus) = cells.map.len().checked_sub(wanted).filter(|surplus| *surplus > 0) else {
            return;
        };
        if self.grow(cells) {
            return;
        }
        let mut times: Vec<u64> = cells.map.values_mut().map(|cell| pace.owed(*cell.get_mut())).collect();
        let (_, latest, _) = times.select_nth_unstable(surplus - 1);
        let latest = *latest;
        let mut left = surplus;
        cells.map.retain(|_, cell| {
            let goes = left > 0 && pace.owed(*cell.get_mut()) <= latest;
            left -= usize::from(goes);
            !goes
        });
        cells.floor = cells.floor.max(latest);
        self.evicted.fetch_add(surplus as u64, Ordering::Relaxed);
    }

    /// Whether a shard has got twice the places, where memory is bounded. While it moves it has both tables.
    fn grow(&self, cells: &mut Cells) -> bool {
        let Some(Bounded { share, .. }) = &self.bounded else { return false };
        let places = cells.places.saturating_mul(2);
        if cells.most >= self.most || !share.take(bytes(places)) {
            return false;
        }
        let before = std::mem::replace(&mut cells.places, places);
        cells.most = (places / 2).min(self.most);
        cells.map.reserve(cells.most.saturating_sub(cells.map.len()));
        share.give(bytes(before));
        true
    }
}

/// Bytes of a shard's table beyond that which it has without asking: no more than half of its places are taken, so that none is ever made
/// larger by itself.
fn bytes(places: usize) -> u64 {
    // Beside each place is one byte that says what is there.
    if places > LEAST { (places as u64).saturating_mul(size_of::<(Key, AtomicU64)>() as u64 + 1) } else { 0 }
}

impl Table for Store {
    fn tidy(&self) {
        let Some(Bounded { share, clock, began, tolerance }) = &self.bounded else { return };
        let now = clock.now().saturating_mul(1_000).saturating_sub(*began);
        let pace = Pace { interval: 0, tolerance: tolerance.load(Ordering::Relaxed), began: 0 };
        for shard in &self.shards {
            if shard.read().places <= LEAST {
                continue;
            }
            let mut cells = shard.write();
            cells.map.retain(|_, cell| pace.owed(*cell.get_mut()) > now);
            let mut places = cells.places;
            // It would not grow again at once.
            while places > LEAST && cells.map.len() <= places / 8 {
                places /= 2;
            }
            if places < cells.places {
                let before = std::mem::replace(&mut cells.places, places);
                cells.most = (places / 2).min(self.most);
                let most = cells.most;
                cells.map.shrink_to(most);
                share.give(bytes(before) - bytes(places));
            }
        }
    }
}

impl Pace {
    /// Asks governor, and counts if it admits.
    fn count<T, E>(
        self,
        cell: &AtomicU64,
        ask: &Ask,
        measure: &impl Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    ) -> Result<T, E> {
        let mut held = cell.load(Ordering::Acquire);
        loop {
            ask.banned.set(held & BAN != 0);
            let owed = self.owed(held);
            let (outcome, next) = measure(Some(self.told(owed)))?;
            let next = self.kept(next);
            ask.now.set(self.began_at(owed, next).unwrap_or_else(|| self.now(measure)));
            if !ask.spends {
                ask.time.set(owed);
                return Ok(outcome);
            }
            match cell.compare_exchange_weak(held, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    ask.time.set(next);
                    return Ok(outcome);
                }
                Err(other) => held = other,
            }
        }
    }

    /// Until when a cell owes something: a ban ends with an empty budget.
    fn owed(self, held: u64) -> u64 {
        if held & BAN == 0 { held } else { (held & !BAN).saturating_add(self.tolerance) }
    }

    /// The time of a question by what it led to: a key that owes nothing any more owes one interval from then. Where it owed something
    /// yet, that counts on, and says nothing of the time.
    fn began_at(self, owed: u64, next: u64) -> Option<u64> {
        next.checked_sub(self.interval).filter(|time| *time > owed)
    }

    /// The time of the present question, which governor does not tell: a key without debt is admitted at any time, and
    /// then owes one interval from now.
    fn now<T, E>(self, measure: &impl Fn(Option<Nanos>) -> Result<(T, Nanos), E>) -> u64 {
        measure(None).map_or(0, |(_, next)| self.kept(next).saturating_sub(self.interval))
    }

    /// A time of the store, as governor counts.
    fn told(self, time: u64) -> Nanos {
        Nanos::from(time.saturating_sub(self.began))
    }

    /// A time of governor's, as the store counts.
    fn kept(self, time: Nanos) -> u64 {
        time.as_u64().saturating_add(self.began)
    }
}

impl StateStore for Shared {
    type Key = Ask;

    fn measure_and_replace<T, F, E>(&self, ask: &Ask, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Self(store, pace) = self;
        let pace = *pace;
        let shard = store.shard(&ask.key);
        {
            let cells = shard.read();
            if let Some(cell) = cells.map.get(&ask.key) {
                return pace.count(cell, ask, &measure);
            }
            if !ask.spends {
                ask.time.set(cells.floor);
                ask.now.set(pace.now(&measure));
                return measure(Some(pace.told(cells.floor))).map(|(outcome, _)| outcome);
            }
        }
        let mut cells = shard.write();
        // Another worker may have been faster.
        if let Some(cell) = cells.map.get(&ask.key) {
            return pace.count(cell, ask, &measure);
        }
        ask.now.set(pace.now(&measure));
        store.make_room(&mut cells, ask.now.get(), pace);
        let (outcome, next) = measure(Some(pace.told(cells.floor)))?;
        let next = pace.kept(next);
        ask.time.set(next);
        cells.map.insert(ask.key, AtomicU64::new(next));
        Ok(outcome)
    }
}

impl Shard {
    /// A thread that panicked while it held the lock has left whole cells behind.
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Cells> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Cells> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for Ask {
    fn eq(&self, other: &Self) -> bool {
        (self.key, self.spends) == (other.key, other.spends)
    }
}

impl Eq for Ask {}

impl Hash for Ask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
