//! What one worker owns: its share of everything, so that the hot path shares nothing.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::Gateway;
use super::socket::Turn;
use crate::buffer::Buffers;
use crate::clock::{self, Micros, micros};
use crate::exchange::Exchange;
use crate::http1::request;
use crate::link::Link;
use crate::metrics::Recorder;
use crate::request_id::Ids;
use crate::sweep::Sweep;
use crate::trace::Tracer;
use crate::upstream::Present;
use crate::upstream::pool::Pool;

/// Exchanges that a worker keeps for the next requests.
const KEPT: usize = 256;

/// A connection to a server that has carried an exchange and can carry another.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) stream: Link,
    /// Seconds for which the server says that it keeps it.
    pub(crate) idle: Option<u64>,
    /// Its last answer announced a body that must not come, and may come all the same.
    pub(crate) suspect: bool,
}

/// One worker's share.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) buffers: Buffers,
    pub(crate) sweep: Rc<Sweep>,
    pub(crate) turn: Turn,
    /// [`request::via`] of this gateway.
    pub(crate) via: String,
    pub(crate) upstreams: Vec<Present>,
    /// No new connections; answers say `Connection: close`.
    pub(crate) draining: Cell<bool>,
    /// Whatever is still open is cut.
    pub(crate) cut: Cell<bool>,
    /// Open client connections.
    pub(crate) open: Cell<usize>,
    pub(crate) log: RefCell<crate::access_log::Lines>,
    pub(crate) ids: Ids,
    pub(crate) metrics: Recorder,
    pub(crate) tracer: Tracer,
    /// Somebody wants to know when things happen.
    pub(crate) watched: bool,
    #[allow(
        clippy::vec_box,
        reason = "lent out one by one; moving the box is cheaper than moving the exchange"
    )]
    exchanges: RefCell<Vec<Box<Exchange>>>,
    date: RefCell<(Micros, String)>,
    lately: Cell<Micros>,
}

impl Worker {
    /// The worker of a number, from 0.
    pub(crate) fn new(gateway: &Arc<Gateway>, number: usize) -> Self {
        let known = gateway.program.upstreams.iter().zip(&gateway.sets);
        let upstreams = known.map(|(declared, set)| Present::new(declared, set));
        let tracer = Tracer::new(&gateway.tracing);
        let (log, metrics) = (gateway.log.lines(), gateway.metrics.recorder(number));
        Self {
            watched: log.wanted() || metrics.is_on() || tracer.is_on(),
            buffers: Buffers::default(),
            sweep: Rc::new(Sweep::new(gateway.clock.clone())),
            turn: Turn::default(),
            via: request::via(gateway.program.name),
            upstreams: upstreams.collect(),
            draining: Cell::new(false),
            cut: Cell::new(false),
            open: Cell::new(0),
            log: RefCell::new(log),
            ids: Ids::default(),
            metrics,
            tracer,
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
        let shared = &self.gateway.shared;
        let kept = self.exchanges.borrow_mut().pop();
        let mut exchange = kept.unwrap_or_else(|| Box::new(Exchange::of(shared)));
        exchange.walk = shared.outside();
        exchange
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
        let mut next = u64::MAX;
        for upstream in &self.upstreams {
            next = upstream.get().pools().map(|pool| pool.expire(now)).fold(next, u64::min);
        }
        next.min(self.log.borrow_mut().flush(now))
    }

    /// Keeps an upstream connection for the next request.
    pub(crate) fn keep(&self, pool: &Pool, left: Left) {
        let limits = &self.gateway.limits;
        let idle = left.idle.map_or(u64::MAX, |seconds| seconds.saturating_mul(1_000_000));
        // What is due is reckoned from a moment that is not over.
        let now = if left.suspect { self.now() } else { self.lately() };
        let until = now + micros(limits.upstream_idle).min(idle);
        pool.keep(left, (now, until), limits.upstream_kept);
        self.sweep.look_at(until);
    }
}
