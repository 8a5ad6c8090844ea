//! The servers behind the gateway, as one worker sees them: which is next, and the connections kept for it.

pub(crate) mod breaker;
pub(crate) mod budget;
mod choice;
pub(crate) mod permits;
pub(crate) mod pool;
pub(crate) mod standing;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;

use self::breaker::{Breaker, Pass, State};
use self::budget::Budget;
pub(crate) use self::choice::{draw, seed};
use self::permits::Permits;
use self::pool::Pool;
use self::standing::Standings;
use crate::clock::{Micros, micros};
use crate::http1::request;
use crate::place::Place;
use crate::policy::retry;
use crate::program;
use crate::reason::Reason;

/// One server of an upstream.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// What a head says to it: [`request::host`].
    pub(crate) host: String,
    pub(crate) pool: Pool,
    /// Its place among the servers of its upstream.
    pub(crate) index: u16,
    /// Its share of the requests, beside those of the others.
    weight: u32,
    /// It is asked only where no other server is in.
    backup: bool,
    /// What keys are held against: the same in every process.
    hash: u64,
    /// Requests of this worker that are on their way.
    active: Cell<u32>,
    /// How much it is behind its share, where turns are weighted.
    behind: Cell<i64>,
}

/// One upstream of one worker.
#[derive(Debug)]
pub(crate) struct Upstream {
    declared: &'static program::Upstream,
    servers: Vec<Server>,
    /// All servers are alike, and nothing is known of them.
    plain: bool,
    next: Cell<usize>,
    random: Cell<u64>,
    key: RefCell<Vec<u8>>,
    budget: Budget,
    standings: Arc<Standings>,
}

/// A request on its way to a server.
#[derive(Debug)]
pub(crate) struct Asking<'a>(&'a Cell<u32>);

impl Upstream {
    /// `places` are its servers; `standings` is what all workers know of them.
    pub(crate) fn new(
        declared: &'static program::Upstream,
        places: &[Place],
        standings: &Arc<Standings>,
    ) -> Self {
        let server = |(index, place): (u16, &Place)| {
            let Place { address, authority, weight, backup } = *place;
            Server {
                address,
                host: request::host(authority),
                pool: Pool::default(),
                index,
                weight,
                backup,
                hash: choice::hash(authority.as_bytes()),
                active: Cell::new(0),
                behind: Cell::new(0),
            }
        };
        let servers: Vec<Server> = (0..).zip(places).map(server).collect();
        let alike = servers.iter().all(|server| server.weight == 1 && !server.backup);
        let plain = alike && declared.health.is_none() && declared.eject.is_none();
        Self {
            declared,
            servers,
            plain,
            next: Cell::new(0),
            random: Cell::new(seed()),
            key: RefCell::default(),
            budget: Budget::default(),
            standings: Arc::clone(standings),
        }
    }

    /// The pools of all servers.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.servers.iter().map(|server| &server.pool)
    }

    /// Those who may have a request there at once, where they are counted.
    pub(crate) fn permits(&self) -> Option<&Arc<Permits>> {
        self.standings.permits.as_ref()
    }

    /// How long a request may wait for its permit.
    pub(crate) fn patience(&self) -> Micros {
        self.declared.concurrency.as_ref().map_or(0, |config| micros(config.within))
    }

    /// Whether nobody is let through now, for how long at least: known before a request waits for a permit.
    pub(crate) fn refuses(&self, now: Micros) -> Option<Micros> {
        self.standings.breaker.as_ref()?.refuses(now)
    }

    /// Lets a request to the servers, if the breaker does; else how long it is open at least.
    pub(crate) fn admit(&self, now: Micros) -> Result<Option<Pass>, Micros> {
        let (Some(config), Some(breaker)) = (&self.declared.breaker, &self.standings.breaker) else {
            return Ok(None);
        };
        breaker.admit(config, now).map(Some)
    }

    /// A request has its answer, of this status.
    pub(crate) fn settled(&self, pass: Option<&Pass>, status: u16, now: Micros) {
        let (Some(config), Some(pass)) = (&self.declared.breaker, pass) else { return };
        if config.counts_status(status) {
            pass.failed(now, config.time(|most| self.draw(most)));
        } else {
            pass.succeeded(now);
        }
    }

    /// A request has no answer, or not all of it.
    pub(crate) fn lost(&self, pass: Option<&Pass>, reason: Reason, now: Micros) {
        if let (Some(config), Some(pass)) = (&self.declared.breaker, pass)
            && is_of_server(reason)
            && config.counts(reason)
        {
            pass.failed(now, config.time(|most| self.draw(most)));
        }
    }

    /// A request of a client is about to be sent: it pays for further tries.
    pub(crate) fn earn(&self, retry: &retry::Config) {
        self.budget.earn(retry);
    }

    /// Takes a further try from the budget; `false`: it is used up, or the breaker would not let it through.
    pub(crate) fn spend(&self, retry: &retry::Config, now: Micros) -> bool {
        let is_closed = |breaker: &Arc<Breaker>| breaker.state(now) == State::Closed;
        self.standings.breaker.as_ref().is_none_or(is_closed)
            && self.budget.spend(retry, &self.standings.reserve, now)
    }

    /// A server has answered with this status.
    pub(crate) fn answered(&self, server: &Server, status: u16, now: Micros) {
        let Some(eject) = &self.declared.eject else { return };
        if eject.counts_status(status) {
            self.standings.failed(server.index.into(), eject, now);
        } else if let Some(standing) = self.standings.servers.get(usize::from(server.index)) {
            standing.succeeded();
        }
    }

    /// A server has given no answer.
    pub(crate) fn failed(&self, server: &Server, reason: Reason, now: Micros) {
        if let Some(eject) = &self.declared.eject
            && is_of_server(reason)
            && eject.counts(reason)
        {
            self.standings.failed(server.index.into(), eject, now);
        }
    }

    /// A number for pauses, from 0 to `most`.
    pub(crate) fn draw(&self, most: u64) -> u64 {
        draw(&self.random, most)
    }
}

impl Server {
    /// Counts a request on its way to it, until the result is dropped.
    pub(crate) fn ask(&self) -> Asking<'_> {
        self.active.set(self.active.get() + 1);
        Asking(&self.active)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// Whether a server is to blame; the client's own doing says nothing of it.
fn is_of_server(reason: Reason) -> bool {
    reason.word.starts_with("upstream_")
}
