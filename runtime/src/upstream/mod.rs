//! The servers behind the gateway, as one worker sees them: which is next, and the connections kept for it.

pub(crate) mod breaker;
pub(crate) mod budget;
mod choice;
pub(crate) mod permits;
pub(crate) mod pool;
pub(crate) mod set;
mod split;
pub(crate) mod standing;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
#[cfg(feature = "dns")]
use std::rc::Rc;
use std::sync::Arc;

use self::breaker::{Breaker, Pass, State};
use self::budget::Budget;
pub(crate) use self::choice::{draw, seed};
use self::permits::Permits;
use self::pool::Pool;
use self::set::Set;
use self::standing::Standings;
use crate::clock::{Micros, micros};
use crate::http1::request;
use crate::place::Place;
use crate::policy::retry;
use crate::program;
use crate::reason::Reason;
use crate::tls::Dial;

/// One server of an upstream.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// What a head says to it: [`request::host`].
    pub(crate) host: String,
    /// Its place among the servers of its upstream.
    pub(crate) index: u16,
    /// What names it in the program: [`Place::line`].
    pub(crate) line: u16,
    pub(crate) own: Kept,
    /// How it is spoken to over TLS, if it is.
    pub(crate) tls: Option<&'static Dial>,
    /// Its share of the requests, beside those of the others.
    weight: u32,
    /// It is asked only where no other server is in.
    backup: bool,
    /// What keys are held against: the same in every process.
    hash: u64,
}

/// What one worker has of a server, for as long as it is one.
#[cfg(feature = "dns")]
type Kept = Rc<Own>;
#[cfg(not(feature = "dns"))]
type Kept = Own;

/// What one worker has of a server.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub(crate) pool: Pool,
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
    budget: Earned,
    standings: Arc<Standings>,
    /// The set of servers that this is.
    #[cfg(feature = "dns")]
    generation: u32,
}

#[cfg(feature = "dns")]
type Earned = Rc<Budget>;
#[cfg(not(feature = "dns"))]
type Earned = Budget;

/// A request on its way to a server.
#[derive(Debug)]
pub(crate) struct Asking<'a>(&'a Cell<u32>);

impl Upstream {
    /// With these servers.
    pub(crate) fn new(declared: &'static program::Upstream, set: &Set) -> Self {
        Self::keeping(declared, set, |_| Kept::from(Own::default()))
    }

    /// The same, where something may be known of some servers already.
    fn keeping(declared: &'static program::Upstream, set: &Set, own: impl Fn(&Place) -> Kept) -> Self {
        let server = |(index, place): (u16, &Place)| {
            let Place { address, authority, weight, backup, line, tls, .. } = *place;
            Server {
                address,
                host: request::host(authority),
                index,
                line,
                tls,
                own: own(place),
                weight,
                backup,
                hash: identity(place),
            }
        };
        let servers: Vec<Server> = (0..).zip(set.places.iter()).map(server).collect();
        let alike = servers.iter().all(|server| server.weight == 1 && !server.backup);
        // Where nobody is ever out, only the addresses of names come back, or for the first time.
        let is_gentle = declared.balance.slow_start.is_some() && set.places.iter().any(|place| place.named);
        let plain = alike && !is_gentle && declared.health.is_none() && declared.eject.is_none();
        Self {
            declared,
            servers,
            plain,
            next: Cell::new(0),
            random: Cell::new(seed()),
            key: RefCell::default(),
            budget: Earned::default(),
            standings: Arc::clone(&set.standings),
            #[cfg(feature = "dns")]
            generation: set.generation,
        }
    }

    /// The same upstream with other servers. One that stays keeps its connections, its requests and its turn; the
    /// connections of one that goes are closed with the last exchange that knows it.
    #[cfg(feature = "dns")]
    fn with(&self, set: &Set) -> Self {
        let known = |place: &Place| {
            let server = self.servers.iter().find(|it| it.address == place.address && it.line == place.line);
            server.map(|server| Rc::clone(&server.own)).unwrap_or_default()
        };
        Self {
            next: Cell::new(self.next.get().min(set.places.len().saturating_sub(1))),
            random: Cell::new(self.random.get()),
            budget: Rc::clone(&self.budget),
            ..Self::keeping(self.declared, set, known)
        }
    }

    /// It has no server at all: its names have never been found, or have gone.
    pub(crate) fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// The pools of all servers.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.servers.iter().map(|server| &server.own.pool)
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
        let active = &self.own.active;
        active.set(active.get() + 1);
        Asking(active)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// What keys are held against: what is written in the program, and the address where a name has several.
fn identity(place: &Place) -> u64 {
    if place.named {
        choice::hash(place.address.to_string().as_bytes())
    } else {
        choice::hash(place.authority.as_bytes())
    }
}

/// Whether a server is to blame; the client's own doing says nothing of it.
pub(crate) fn is_of_server(reason: Reason) -> bool {
    reason.word.starts_with("upstream_")
}

/// An upstream as a worker finds it: with the servers that it has at present.
#[cfg(feature = "dns")]
#[derive(Debug)]
pub(crate) struct Present {
    now: RefCell<Rc<Upstream>>,
    published: Arc<set::Published>,
}

#[cfg(feature = "dns")]
impl Present {
    pub(crate) fn new(declared: &'static program::Upstream, published: &Arc<set::Published>) -> Self {
        let now = RefCell::new(Rc::new(Upstream::new(declared, &published.get())));
        Self { now, published: Arc::clone(published) }
    }

    /// The upstream, for as long as one exchange wants it.
    pub(crate) fn get(&self) -> Rc<Upstream> {
        let mut now = self.now.borrow_mut();
        if !self.published.is(now.generation) {
            *now = Rc::new(now.with(&self.published.get()));
        }
        Rc::clone(&now)
    }
}

/// The same where nothing is looked up: it never changes.
#[cfg(not(feature = "dns"))]
#[derive(Debug)]
pub(crate) struct Present(Upstream);

#[cfg(not(feature = "dns"))]
impl Present {
    pub(crate) fn new(declared: &'static program::Upstream, published: &Arc<set::Published>) -> Self {
        Self(Upstream::new(declared, &published.get()))
    }

    pub(crate) fn get(&self) -> &Upstream {
        &self.0
    }
}
