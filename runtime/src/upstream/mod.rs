//! The servers behind the gateway, as one worker sees them: which is next, and the connections kept for it.

pub(crate) mod pool;

use std::cell::Cell;

use crate::program::{self, Server};

use pool::Pool;

/// One upstream of one worker.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// With the pool of each.
    servers: Vec<(Server, Pool)>,
    next: Cell<usize>,
}

impl Upstream {
    /// `place` says where a declared server really is.
    pub(crate) fn new(declared: &program::Upstream, place: impl Fn(Server) -> Server) -> Self {
        let servers = declared.servers.iter().map(|server| (place(*server), Pool::default())).collect();
        Self { servers, next: Cell::new(0) }
    }

    /// The servers in the order in which a request tries them: round robin, each once.
    pub(crate) fn turn(&self) -> impl Iterator<Item = &(Server, Pool)> {
        let first = self.next.get();
        if self.servers.len() > 1 {
            self.next.set((first + 1) % self.servers.len());
        }
        let (behind, from) = self.servers.split_at_checked(first).unwrap_or((&[], &self.servers));
        from.iter().chain(behind)
    }

    /// The pools of all servers.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.servers.iter().map(|(_, pool)| pool)
    }
}
