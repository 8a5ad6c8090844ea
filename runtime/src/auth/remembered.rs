//! Credentials that were verified, for as long as that holds. Only a hash of each is kept, and no more than there is room for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::Principal;
use crate::memory::{Share, Table, Tables};

/// Parts of it, each with a lock of its own.
const SHARDS: usize = 16;

type Hash = [u8; 32];

/// Who each token is from, and the second until which that holds.
type Entries = HashMap<Hash, (Arc<Principal>, i64)>;
type Shard = Mutex<Entries>;

#[derive(Debug)]
pub(crate) struct Remembered {
    shards: Vec<Shard>,
    /// Tokens that one part may have.
    most: usize,
    /// How often all was forgotten.
    epoch: AtomicU64,
    bounded: Option<Bounded>,
}

/// What the memory of the process is counted with, where that is bounded.
struct Bounded {
    share: Share,
    /// The present second.
    now: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl std::fmt::Debug for Bounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bounded").field("share", &self.share).finish_non_exhaustive()
    }
}

/// Bytes of an entry at most, beside what is said of who it is: its share of a table that is copied into one of twice the size.
const ENTRY: u64 = 256;

impl Remembered {
    /// With room for so many, and no more than these tables leave to it, where memory is bounded; what has expired is known there by
    /// the present second.
    pub(crate) fn new(
        most: usize,
        tables: Option<(&Arc<Tables>, impl Fn() -> i64 + Send + Sync + 'static)>,
    ) -> Arc<Self> {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashMap::new())).collect();
        let (tables, now) = tables.unzip();
        let bounded =
            tables.zip(now).map(|(tables, now)| Bounded { share: tables.share(), now: Box::new(now) });
        let all = Arc::new(Self { shards, most: most.div_ceil(SHARDS), epoch: AtomicU64::new(0), bounded });
        if let Some(tables) = tables {
            let table: Arc<dyn Table> = Arc::clone(&all) as _;
            tables.enter(Arc::downgrade(&table));
        }
        all
    }

    fn shard(&self, hash: &Hash) -> Option<&Shard> {
        self.shards.get(usize::from(hash.last()? % 16))
    }

    /// Who a token is from, if that is known and holds at this second.
    pub(crate) fn find(&self, hash: &Hash, now: i64) -> Option<Arc<Principal>> {
        let shard = self.shard(hash)?.lock().unwrap_or_else(PoisonError::into_inner);
        shard.get(hash).filter(|(_, until)| now < *until).map(|(who, _)| Arc::clone(who))
    }

    /// How often all was forgotten by now. Whoever verifies asks for it first.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Keeps who a token is from, unless all was forgotten since an epoch: then it was verified with what holds no more. Where there is no
    /// room, what has expired goes, or else everything.
    pub(crate) fn keep(&self, hash: Hash, who: &Arc<Principal>, (until, now): (i64, i64), epoch: u64) {
        let Some(shard) = self.shard(&hash) else { return };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever forgets counts first, and comes to this part later.
        if self.epoch() != epoch {
            return;
        }
        if shard.len() >= self.most {
            self.forget(&mut shard, Some(now));
        }
        if shard.len() >= self.most {
            self.forget(&mut shard, None);
        }
        if !self.has_room(&mut shard, who, now) {
            return;
        }
        if let (Some((before, _)), Some(bounded)) =
            (shard.insert(hash, (Arc::clone(who), until)), &self.bounded)
        {
            bounded.share.give(bytes(&before));
        }
    }

    /// Whether memory is there for one entry more, if need be after others have gone. What is not remembered is verified again.
    fn has_room(&self, shard: &mut Entries, who: &Principal, now: i64) -> bool {
        let Some(Bounded { share, .. }) = &self.bounded else { return true };
        let bytes = bytes(who);
        [Some(now), None].into_iter().any(|expired_at| {
            share.take(bytes) || {
                self.forget(shard, expired_at);
                share.take(bytes)
            }
        })
    }

    /// Forgets what has expired by a second, or everything.
    fn forget(&self, shard: &mut Entries, expired_at: Option<i64>) {
        let mut freed = 0;
        shard.retain(|_, (who, until)| {
            let stays = expired_at.is_some_and(|now| now < *until);
            if !stays && self.bounded.is_some() {
                freed += bytes(who);
            }
            stays
        });
        if let Some(Bounded { share, .. }) = &self.bounded {
            shard.shrink_to_fit();
            share.give(freed);
        }
    }

    /// Forgets all of them.
    #[cfg(any(feature = "jwt", test))]
    pub(crate) fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        for shard in &self.shards {
            self.forget(&mut shard.lock().unwrap_or_else(PoisonError::into_inner), None);
        }
    }
}

/// Bytes that an entry takes.
fn bytes(who: &Principal) -> u64 {
    ENTRY.saturating_add(who.bytes())
}

impl Table for Remembered {
    fn tidy(&self) {
        let Some(Bounded { now, .. }) = &self.bounded else { return };
        let now = now();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            if shard.values().any(|(_, until)| *until <= now) {
                self.forget(&mut shard, Some(now));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_holds_and_never_more_than_it_has_room_for() {
        let kept = Remembered::new(32, None::<(&Arc<Tables>, fn() -> i64)>);
        let who = Arc::new(Principal::default());
        let hash = |n: u8| {
            let mut hash = [0; 32];
            hash[0] = n;
            hash
        };
        kept.keep(hash(1), &who, (100, 0), 0);
        assert!(kept.find(&hash(1), 99).is_some());
        assert!(kept.find(&hash(1), 100).is_none() && kept.find(&hash(2), 0).is_none());
        // All of these are of one shard, which has room for two.
        kept.keep(hash(2), &who, (200, 150), 0);
        kept.keep(hash(3), &who, (200, 150), 0);
        assert!(kept.find(&hash(2), 150).is_some(), "what had expired went first");
        kept.keep(hash(4), &who, (200, 150), 0);
        assert!(kept.find(&hash(2), 150).is_none() && kept.find(&hash(4), 150).is_some());
        kept.clear();
        assert!(kept.find(&hash(4), 150).is_none());
        kept.keep(hash(4), &who, (200, 150), 0);
        assert!(kept.find(&hash(4), 150).is_none(), "it was verified before all was forgotten");
        kept.keep(hash(4), &who, (200, 150), kept.epoch());
        assert!(kept.find(&hash(4), 150).is_some());
    }

    #[test]
    fn where_memory_is_bounded_others_go_and_all_of_it_is_free_at_last() {
        static NOW: AtomicU64 = AtomicU64::new(0);
        let now = || i64::try_from(NOW.load(Ordering::Relaxed)).unwrap();
        let tables = Tables::new(6_000, 0);
        let kept = Remembered::new(1_000, Some((&tables, now)));
        let who = Arc::new(Principal::default());
        let hash = |n: u8| [n; 32];
        let keep = |n: u8, until| kept.keep(hash(n), &who, (until, 0), kept.epoch());
        for n in 0..200 {
            keep(n, 100);
            assert!(tables.told().0 <= 3_000);
        }
        assert!(tables.told().0 > 1_000, "{}", tables.told().0);
        assert!(kept.find(&hash(199), 50).is_some());
        // The same once more takes nothing more.
        let before = tables.told().0;
        keep(199, 200);
        assert!(tables.told().0 <= before);
        NOW.store(150, Ordering::Relaxed);
        tables.tidy();
        assert!(kept.find(&hash(199), 150).is_some());
        assert!(tables.told().0 < 600);
        kept.clear();
        assert_eq!(tables.told().0, 0);
        keep(1, 200);
        drop(kept);
        assert_eq!(tables.told().0, 0);
        // Without any room nobody is known again, and that is all.
        let tables = Tables::new(0, 0);
        let kept = Remembered::new(1_000, Some((&tables, now)));
        kept.keep(hash(1), &who, (200, 0), kept.epoch());
        assert!(kept.find(&hash(1), 0).is_none());
    }
}
