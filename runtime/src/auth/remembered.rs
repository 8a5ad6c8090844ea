//! Credentials that were verified, for as long as that holds. Only a hash of each is kept, and no more than there is room for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::Principal;

/// Parts of it, each with a lock of its own.
const SHARDS: usize = 16;

type Hash = [u8; 32];

/// Who each token is from, and the second until which that holds.
type Shard = Mutex<HashMap<Hash, (Arc<Principal>, i64)>>;

#[derive(Debug)]
pub(crate) struct Remembered {
    shards: Vec<Shard>,
    /// Tokens that one part may have.
    most: usize,
    /// How often all was forgotten.
    epoch: AtomicU64,
}

impl Remembered {
    /// With room for so many.
    pub(crate) fn new(most: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashMap::new())).collect();
        Self { shards, most: most.div_ceil(SHARDS), epoch: AtomicU64::new(0) }
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
            shard.retain(|_, (_, until)| now < *until);
        }
        if shard.len() >= self.most {
            shard.clear();
        }
        shard.insert(hash, (Arc::clone(who), until));
    }

    /// Forgets all of them.
    #[cfg(any(feature = "jwt", test))]
    pub(crate) fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_holds_and_never_more_than_it_has_room_for() {
        let kept = Remembered::new(32);
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
}
