//! The servers behind the gateway, as one worker sees them: which is next, and the connections kept for it.

pub(crate) mod pool;

use std::cell::Cell;
use std::net::SocketAddr;

use crate::http1::request;
use crate::program;

use pool::Pool;

/// One server of an upstream.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// What a head says to it: [`request::host`].
    pub(crate) host: String,
    pub(crate) pool: Pool,
}

/// One upstream of one worker.
#[derive(Debug)]
pub(crate) struct Upstream {
    servers: Vec<Server>,
    next: Cell<usize>,
}

impl Upstream {
    /// `place` says where a declared server really is.
    pub(crate) fn new(
        declared: &program::Upstream,
        place: impl Fn(program::Server) -> program::Server,
    ) -> Self {
        let server = |declared: &program::Server| {
            let program::Server { address, authority } = place(*declared);
            Server { address, host: request::host(authority), pool: Pool::default() }
        };
        let servers = declared.servers.iter().map(server).collect();
        Self { servers, next: Cell::new(0) }
    }

    /// The servers in the order in which a request tries them: round robin, each once.
    pub(crate) fn turn(&self) -> impl Iterator<Item = &Server> {
        let first = self.next.get();
        if self.servers.len() > 1 {
            self.next.set((first + 1) % self.servers.len());
        }
        let (behind, from) = self.servers.split_at_checked(first).unwrap_or((&[], &self.servers));
        from.iter().chain(behind)
    }

    /// The pools of all servers.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.servers.iter().map(|server| &server.pool)
    }
}
