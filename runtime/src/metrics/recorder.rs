//! Which number an event adds to. All places are known before traffic, so that to find one is an index.

use std::collections::HashMap;
use std::sync::Arc;

use super::counters::{Counters, Row, STATED, class, number_of, route, server, worker};
use crate::clock::Micros;
use crate::exchange::{Exchange, Record};
use crate::program::Program;

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
    pub(super) row_of: Vec<usize>,
    /// For each row of routes the first route of its name.
    pub(super) names: Vec<usize>,
    /// For each server the number of its upstream, and what it is called there.
    pub(super) servers: Vec<(usize, &'static str)>,
    /// For each upstream its first server.
    pub(super) first: Vec<usize>,
}

/// What one worker counts.
#[derive(Debug)]
pub(crate) struct Recorder(Option<(Arc<Layout>, Arc<Counters>)>);

/// A try that is under way until this is dropped.
#[cfg(feature = "call")]
#[derive(Debug)]
pub(crate) struct Trying(Option<(Arc<Counters>, usize)>);

#[cfg(feature = "call")]
impl Drop for Trying {
    fn drop(&mut self) {
        let row = self.0.as_ref().and_then(|(counters, row)| counters.servers.get(*row));
        row.inspect(|row| row.add(server::ENDED, 1));
    }
}

impl Metrics {
    pub(crate) fn new(program: &Program, upstreams: &[Vec<&'static str>], workers: usize) -> Self {
        if program.admin.is_none() {
            return Self { layout: Arc::default(), workers: Vec::new() };
        }
        let layout = Layout::of(program, upstreams);
        // The last row is that of exchanges without a route.
        let (routes, servers) = (layout.names.len() + 1, layout.servers.len());
        let workers = (0..workers).map(|_| Arc::new(Counters::new(routes, servers))).collect();
        Self { layout: Arc::new(layout), workers }
    }

    /// What all workers have counted of something.
    pub(super) fn sum(&self, of: impl Fn(&Counters) -> u64) -> u64 {
        self.workers.iter().map(|counters| of(counters)).fold(0, u64::wrapping_add)
    }

    /// For the worker of this number.
    pub(crate) fn recorder(&self, worker: usize) -> Recorder {
        let counters = self.workers.get(worker);
        Recorder(counters.map(|counters| (Arc::clone(&self.layout), Arc::clone(counters))))
    }
}

impl Layout {
    fn of(program: &Program, upstreams: &[Vec<&'static str>]) -> Self {
        let mut layout = Self::default();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (number, route) in program.routes.iter().enumerate() {
            let row = *known.entry(program.label(route.label)).or_insert_with(|| {
                layout.names.push(number);
                layout.names.len() - 1
            });
            layout.row_of.push(row);
        }
        for (upstream, lines) in upstreams.iter().enumerate() {
            layout.first.push(layout.servers.len());
            layout.servers.extend(lines.iter().map(|line| (upstream, *line)));
        }
        layout
    }

    /// The row of the server that was asked last.
    fn server(&self, record: &Record) -> Option<usize> {
        let first = self.first.get(record.upstream? as usize)?;
        Some(first + usize::from(record.line))
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

    fn server(&self, record: &Record, count: impl FnOnce(&Row<{ server::WIDTH }>)) {
        if let Recorder(Some((layout, counters))) = self
            && let Some(row) = layout.server(record).and_then(|row| counters.servers.get(row))
        {
            count(row);
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

    /// Another try is about to begin: the one before, if there was one, is over.
    pub(crate) fn another(&self, record: &Record) {
        if record.tries > 0 {
            self.server(record, |row| row.add(server::ENDED, 1));
        }
    }

    /// A server is asked, or is to be reached.
    pub(crate) fn tried(&self, record: &Record) {
        self.server(record, |row| row.add(server::TRIES, 1));
    }

    /// A connection to a server is open, or cannot be.
    pub(crate) fn connected(&self, record: &Record, is_open: bool) {
        self.server(record, |row| row.add(if is_open { server::OPENED } else { server::FAILED }, 1));
    }

    /// The same of a try that may be given up at any moment.
    #[cfg(feature = "call")]
    pub(crate) fn trying(&self, record: &Record) -> Trying {
        self.tried(record);
        let Recorder(Some((layout, counters))) = self else { return Trying(None) };
        Trying(layout.server(record).map(|row| (Arc::clone(counters), row)))
    }

    /// A server has given no answer, or not all of it.
    pub(crate) fn unanswered(&self, record: &Record) {
        self.server(record, |row| row.add(server::UNANSWERED, 1));
    }

    /// The head of a server's final answer is there, whether or not the client is given it.
    pub(crate) fn answered(&self, record: &Record, status: u16) {
        self.server(record, |row| {
            row.add(server::STATUS + class(status), 1);
            row.observe(server::TIME, record.first.unwrap_or_default().saturating_sub(record.tried));
        });
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
            if number >= STATED.len() {
                counters.recent.add(now, x.route, number, record.status);
            }
        }
        self.another(record);
        counters.worker.add(worker::EXCHANGES, 1);
        if record.evicted > 0 {
            counters.worker.add(worker::EVICTED, record.evicted);
        }
    }
}
