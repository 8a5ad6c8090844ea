//! What all exchanges of one gateway share: its clock, its parameters, and the states of those steps that remember something.
//!
//! It is made once, before the first connection, and hangs from the one `Gateway` value. It knows no step.

use std::any::Any;
use std::sync::Arc;

use tokio::sync::watch;

use crate::auth::Verifier;
use crate::clock::Clock;
use crate::live::Live;
use crate::memory::Memory;
use crate::params::Params;
use crate::program::{Outside, Program, Route, Walk};

/// What one step remembers between exchanges, on any worker.
pub type State = Box<dyn Any + Send + Sync>;

/// Makes what one step remembers: an entry of [`Program::states`].
pub type NewState = fn() -> State;

/// The number of a state: an index into [`Program::states`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub u32);

/// Makes the state of a step.
#[must_use]
pub fn new_state<S: Default + Send + Sync + 'static>() -> State {
    Box::new(S::default())
}

/// What all exchanges of one gateway share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    /// What start-up has set, and live values as they were then.
    pub(crate) params: Arc<Params>,
    /// What may change since.
    pub(crate) live: Option<Live>,
    pub(crate) program: &'static Program,
    /// The memory of the process, where it is bounded.
    pub(crate) memory: Option<Arc<Memory>>,
    states: Vec<State>,
    /// By the numbers of [`Program::auths`].
    pub(crate) auths: Vec<Box<dyn Verifier>>,
    /// Counts how often an operator has asked for files to be read again.
    asked: watch::Sender<u64>,
    /// What a test has reached.
    #[cfg(feature = "tested")]
    pub(crate) reached: crate::tested::Reached,
}

impl Shared {
    pub(crate) fn new(
        program: &'static Program,
        (params, memory): (Arc<Params>, Option<Arc<Memory>>),
        (live, asked): (Option<Live>, watch::Sender<u64>),
        clock: Clock,
        auths: Vec<Box<dyn Verifier>>,
    ) -> Arc<Self> {
        let states = program.states.iter().map(|make| make()).collect();
        Arc::new(Self {
            clock,
            params,
            live,
            program,
            memory,
            states,
            auths,
            asked,
            #[cfg(feature = "tested")]
            reached: crate::tested::Reached::default(),
        })
    }

    /// Has all files read again that are looked at, as they stand.
    pub(crate) fn reread(&self) {
        if let Some(live) = &self.live {
            live.asked.notify_one();
        }
        self.asked.send_modify(|asked| *asked += 1);
    }

    /// The state of a number; `None` where it is of another type, which emitted code never asks for.
    pub(crate) fn state<S: 'static>(&self, slot: Slot) -> Option<&S> {
        self.states.get(slot.0 as usize)?.downcast_ref()
    }

    /// The field in which each exchange has an id.
    pub(crate) fn request_id(&self) -> Option<&'static str> {
        self.program.request_id
    }

    /// The steps of exchanges that no route has.
    pub(crate) fn outside(&self) -> Option<Walk> {
        let Outside { chain, record } = self.program.outside?;
        Some(Walk { chain: self.program.chains.get(usize::from(chain))?, record })
    }

    /// The steps of a route's exchanges.
    pub(crate) fn walk(&self, route: u32) -> Option<Walk> {
        let Route { chain, record, .. } = self.program.routes.get(route as usize)?;
        Some(Walk { chain: self.program.chains.get(usize::from(*chain))?, record: *record })
    }
}
