//! Which number an event adds to. All places are known before traffic, so that to find one is an index.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::counters::{Counters, class, number_of, route, server, worker};
use crate::clock::Micros;
use crate::exchange::{Exchange, Record};
use crate::program::{Program, Server};

/// What all workers count; each has its own numbers. Nothing where nobody can ask for them.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(super) layout: Arc<Layout>,
    pub(super) workers: Vec<Arc<Counters>>,
}

/// Where everything stands.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// For each route the row of its name: routes that only hosts or conditions tell apart share one.
    row_of: Vec<usize>,
    /// For each row of routes the first route of its name.
    pub(super) names: Vec<usize>,
    /// For each server its upstream, and where it is.
    pub(super) servers: Vec<Place>,
    /// For each upstream its first server.
    first: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Place {
    pub(super) upstream: usize,
    pub(super) declared: SocketAddr,
    real: SocketAddr,
}

/// What one worker counts.
#[derive(Debug)]
pub(crate) struct Recorder(Option<(Arc<Layout>, Arc<Counters>)>);

impl Metrics {
    pub(crate) fn new(program: &'static Program, workers: usize, place: impl Fn(Server) -> Server) -> Self {
        if program.admin.is_none() {
            return Self { layout: Arc::default(), workers: Vec::new() };
        }
        let layout = Layout::of(program, place);
        // The last row is that of exchanges without a route.
        let (routes, servers) = (layout.names.len() + 1, layout.servers.len());
        let workers = (0..workers).map(|_| Arc::new(Counters::new(routes, servers))).collect();
        Self { layout: Arc::new(layout), workers }
    }

    /// For the worker of this number.
    pub(crate) fn recorder(&self, worker: usize) -> Recorder {
        let counters = self.workers.get(worker);
        Recorder(counters.map(|counters| (Arc::clone(&self.layout), Arc::clone(counters))))
    }
}

impl Layout {
    fn of(program: &Program, place: impl Fn(Server) -> Server) -> Self {
        let mut layout = Self::default();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (number, route) in program.routes.iter().enumerate() {
            let row = *known.entry(program.label(route.label)).or_insert_with(|| {
                layout.names.push(number);
                layout.names.len() - 1
            });
            layout.row_of.push(row);
        }
        for (upstream, declared) in program.upstreams.iter().enumerate() {
            layout.first.push(layout.servers.len());
            let places = declared.servers.iter().map(|server| Place {
                upstream,
                declared: server.address,
                real: place(*server).address,
            });
            layout.servers.extend(places);
        }
        layout
    }

    /// An upstream has few servers.
    fn server(&self, upstream: u32, address: SocketAddr) -> Option<usize> {
        let first = *self.first.get(upstream as usize)?;
        let own = self.servers.get(first..)?.iter();
        let at =
            own.take_while(|place| place.upstream == upstream as usize).position(|it| it.real == address);
        Some(first + at?)
    }
}

impl Recorder {
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    fn worker(&self, at: usize, count: u64) {
        if let Recorder(Some((_, counters))) = self {
            counters.worker.add(at, count);
        }
    }

    fn server(&self, upstream: u32, address: SocketAddr, at: usize) {
        if let Recorder(Some((layout, counters))) = self
            && let Some(row) = layout.server(upstream, address).and_then(|row| counters.servers.get(row))
        {
            row.add(at, 1);
        }
    }

    /// A client has connected.
    pub(crate) fn accepted(&self) {
        self.worker(worker::ACCEPTED, 1);
    }

    /// A client's connection is closed.
    pub(crate) fn closed(&self) {
        self.worker(worker::CLOSED, 1);
    }

    /// A server is asked, or is to be reached.
    pub(crate) fn tried(&self, upstream: u32, address: SocketAddr) {
        self.server(upstream, address, server::TRIES);
    }

    /// A connection to a server is open, or cannot be.
    pub(crate) fn connected(&self, upstream: Option<u32>, address: SocketAddr, is_open: bool) {
        if let Some(upstream) = upstream {
            self.server(upstream, address, if is_open { server::OPENED } else { server::FAILED });
        }
    }

    /// The head of a server's final answer is there.
    pub(crate) fn answered(&self, record: &Record) {
        if let (Recorder(Some((layout, counters))), Some(upstream), Some(address), Some(first)) =
            (self, record.upstream, record.server, record.first)
            && let Some(row) = layout.server(upstream, address).and_then(|row| counters.servers.get(row))
        {
            row.add(server::STATUS + class(record.status), 1);
            row.observe(server::TIME, first.saturating_sub(record.tried));
        }
    }

    /// An exchange is over.
    pub(crate) fn exchange(&self, x: &Exchange, now: Micros) {
        let Recorder(Some((layout, counters))) = self else { return };
        let record = &x.record;
        let row = x.route.and_then(|route| layout.row_of.get(route as usize).copied());
        if let Some(row) = counters.routes.get(row.unwrap_or(layout.names.len())) {
            row.add(route::STATUS + class(record.status), 1);
            row.add(route::RECEIVED, record.received);
            row.add(route::SENT, record.sent);
            row.observe(route::TIME, now.saturating_sub(record.started));
        }
        if let Some(number) = record.reason.and_then(|reason| number_of(reason, record.refusal)) {
            counters.reasons.add(number, 1);
        }
        counters.worker.add(worker::EXCHANGES, 1);
        if record.evicted > 0 {
            counters.worker.add(worker::EVICTED, record.evicted);
        }
    }
}
