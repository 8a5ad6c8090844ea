//! What one worker owns: its share of everything, so that the hot path shares nothing.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::Gateway;
use crate::buffer::Buffers;
use crate::clock::{self, Micros, micros};
use crate::exchange::Exchange;
use crate::sweep::Sweep;
use crate::upstream::Upstream;

/// Exchanges that a worker keeps for the next requests.
const KEPT: usize = 256;

/// One worker's share.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) buffers: Buffers,
    pub(crate) sweep: Rc<Sweep>,
    pub(crate) upstreams: Vec<Upstream>,
    /// No new connections; answers say `Connection: close`.
    pub(crate) draining: Cell<bool>,
    /// Whatever is still open is cut.
    pub(crate) cut: Cell<bool>,
    /// Open client connections.
    pub(crate) open: Cell<usize>,
    pub(crate) log: RefCell<crate::access_log::Lines>,
    #[allow(
        clippy::vec_box,
        reason = "lent out one by one; moving the box is cheaper than moving the exchange"
    )]
    exchanges: RefCell<Vec<Box<Exchange>>>,
    date: RefCell<(Micros, String)>,
    lately: Cell<Micros>,
}

impl Worker {
    pub(crate) fn new(gateway: &Arc<Gateway>) -> Self {
        let upstreams = gateway
            .program
            .upstreams
            .iter()
            .map(|declared| Upstream::new(declared, |server| gateway.place(server)));
        Self {
            buffers: Buffers::default(),
            sweep: Rc::new(Sweep::new(gateway.clock.clone())),
            upstreams: upstreams.collect(),
            draining: Cell::new(false),
            cut: Cell::new(false),
            open: Cell::new(0),
            log: RefCell::new(gateway.log.lines()),
            exchanges: RefCell::default(),
            date: RefCell::default(),
            lately: Cell::default(),
            gateway: Arc::clone(gateway),
        }
    }

    /// The present time.
    pub(crate) fn now(&self) -> Micros {
        let now = self.gateway.clock.now();
        self.lately.set(now);
        now
    }

    /// The time when it was last asked for: close enough where that was moments ago.
    pub(crate) fn lately(&self) -> Micros {
        self.lately.get()
    }

    /// An empty exchange.
    pub(crate) fn exchange(&self) -> Box<Exchange> {
        self.exchanges.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes an exchange back.
    pub(crate) fn done(&self, mut exchange: Box<Exchange>) {
        let mut exchanges = self.exchanges.borrow_mut();
        if exchanges.len() < KEPT {
            exchange.clear();
            exchanges.push(exchange);
        }
    }

    /// Gives the date of the day to `use_it`; written anew once a second.
    pub(crate) fn date<T>(&self, use_it: impl FnOnce(&[u8]) -> T) -> T {
        let now = self.lately();
        let mut date = self.date.borrow_mut();
        if date.1.is_empty() || now.saturating_sub(date.0) >= 1_000_000 {
            *date = (now, clock::http_date(clock::unix_seconds()));
        }
        use_it(date.1.as_bytes())
    }

    /// Closes upstream connections that have been unused too long, and hands the log's lines on; answers when to do
    /// so again.
    pub(crate) fn tidy(&self, now: Micros) -> Micros {
        let pools = self.upstreams.iter().flat_map(Upstream::pools);
        let next = pools.map(|pool| pool.expire(now)).min().unwrap_or(u64::MAX);
        next.min(self.log.borrow_mut().flush(now))
    }

    /// Keeps an upstream connection for the next request.
    pub(crate) fn keep(
        &self,
        pool: &crate::upstream::pool::Pool,
        stream: tokio::net::TcpStream,
        now: Micros,
    ) {
        let limits = &self.gateway.limits;
        let until = now + micros(limits.upstream_idle);
        pool.keep(stream, until, limits.upstream_kept);
        self.sweep.look_at(until);
    }
}
