//! The servers of one upstream at present, as all workers see them. Where names are looked up it changes while the gateway
//! runs; everywhere else it is what it was at the start, and nothing is locked for it.

use std::sync::Arc;
#[cfg(feature = "dns")]
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use super::standing::Standings;
use crate::place::Place;
use crate::program;

/// Servers, and what is known of each of them, in the same order.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) places: Arc<[Place]>,
    pub(crate) standings: Arc<Standings>,
    /// How often there was another set before.
    #[cfg(feature = "dns")]
    pub(crate) generation: u32,
}

/// Where the present set is found.
#[derive(Debug)]
pub(crate) struct Published {
    #[cfg(feature = "dns")]
    generation: AtomicU32,
    #[cfg(feature = "dns")]
    set: Mutex<Set>,
    #[cfg(not(feature = "dns"))]
    set: Set,
}

impl Set {
    /// Servers of which nothing is known yet.
    pub(crate) fn new(places: Vec<Place>, declared: &program::Upstream) -> Self {
        Self {
            standings: Arc::new(Standings::new(places.len(), declared)),
            places: places.into(),
            #[cfg(feature = "dns")]
            generation: 0,
        }
    }
}

#[cfg(not(feature = "dns"))]
impl Published {
    pub(crate) fn new(set: Set) -> Self {
        Self { set }
    }

    pub(crate) fn get(&self) -> Set {
        self.set.clone()
    }
}

#[cfg(feature = "dns")]
impl Published {
    pub(crate) fn new(set: Set) -> Self {
        Self { generation: AtomicU32::new(set.generation), set: Mutex::new(set) }
    }

    pub(crate) fn get(&self) -> Set {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether that is still the present set: all that a worker asks for each request.
    pub(crate) fn is(&self, generation: u32) -> bool {
        // What the set is comes with the lock; a worker that sees the number a moment later sends one more request.
        self.generation.load(Ordering::Relaxed) == generation
    }

    /// Puts another set in the place of the present one.
    pub(crate) fn publish(&self, places: Vec<Place>, standings: Standings) {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = set.generation.wrapping_add(1);
        *set = Set { places: places.into(), standings: Arc::new(standings), generation };
        self.generation.store(generation, Ordering::Relaxed);
    }
}
