//! The numbers of all workers as Prometheus reads them (text format 0.0.4).
//!
//! Every label is a name that stands in the program, so that there are never more series than the program has places.

use std::fmt::Write;
use std::sync::Arc;

use super::counters::{BOUNDS_TEXT, BUCKETS, Counters, REASONS, Row, reason, route, server, worker};
use super::process::Process;
use super::recorder::Metrics;
use crate::auth::Verifier;
use crate::clock::Micros;
use crate::live::Live;
use crate::program::Program;
use crate::upstream::breaker::{Breaker, State};
use crate::upstream::permits::Permits;
use crate::upstream::set::Published;

/// What is known beside the numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) now: Micros,
    /// The servers of each upstream, and what is known of them.
    pub(crate) sets: &'a [Arc<Published>],
    /// What is known of their names.
    #[cfg(feature = "dns")]
    pub(crate) names: Option<&'a crate::dns::Names>,
    /// When the gateway started, in seconds since the Unix epoch.
    pub(crate) started: u64,
    pub(crate) is_ready: bool,
    /// What may change while it runs.
    pub(crate) live: Option<&'a Live>,
    /// What is taken of bounded memory, and how much there is.
    pub(crate) memory: &'a [(&'static str, u64, u64)],
    /// Who finds out who asks, by the numbers of the program.
    pub(crate) auths: &'a [Box<dyn Verifier>],
    /// Lines of the access log that were dropped.
    pub(crate) dropped: u64,
    /// Spans that a collector has taken, and those that were dropped, where there are any.
    pub(crate) spans: Option<[u64; 2]>,
}

const CLASSES: [&str; 5] = ["none", "2xx", "3xx", "4xx", "5xx"];

/// The name of exchanges that no route has. A route's begins with a method, in capitals.
const NO_ROUTE: &str = "none";

impl Metrics {
    /// All families.
    pub(crate) fn text(&self, program: &Program, about: About<'_>) -> String {
        let mut out = Text { out: String::with_capacity(64 * 1024), metrics: self };
        out.routes(self, program);
        out.family(
            "gatewright_reasons_total",
            "counter",
            "Exchanges that the gateway answered itself or gave up, by reason.",
        );
        for number in 0..REASONS {
            let count = out.sum(|counters| counters.reasons.get(number));
            out.sample("gatewright_reasons_total", &[("reason", reason(number))], count);
        }
        out.servers(self, program, about);
        #[cfg(feature = "dns")]
        out.names(program, about.names, about.now);
        if let Some(live) = about.live {
            out.live(live);
        }
        out.files(program, about.auths);
        out.memory(about.memory);
        out.workers();
        out.one(
            "gatewright_log_lines_dropped_total",
            "counter",
            "Lines of the access log that were dropped.",
            about.dropped,
        );
        if let Some([exported, dropped]) = about.spans {
            let help = "Spans that the collector has taken.";
            out.one("gatewright_trace_spans_exported_total", "counter", help, exported);
            let help = "Spans that were dropped before the collector had them.";
            out.one("gatewright_trace_spans_dropped_total", "counter", help, dropped);
        }
        let evicted = out.sum(|counters| counters.worker.get(worker::EVICTED));
        let help = "Budgets of limits that were forgotten before their time.";
        out.one("gatewright_limit_evictions_total", "counter", help, evicted);
        let help = "1 while it takes requests, 0 once it is told to stop.";
        out.one("gatewright_ready", "gauge", help, u64::from(about.is_ready));
        out.family("gatewright_build_info", "gauge", "What this gateway was compiled from.");
        let labels = [
            ("gateway", program.name),
            ("version", env!("CARGO_PKG_VERSION")),
            ("sources", program.source_hash),
        ];
        out.sample("gatewright_build_info", &labels, 1);
        out.process(about.started);
        out.out
    }
}

pub(super) struct Text<'a> {
    out: String,
    metrics: &'a Metrics,
}

// Writing into a string cannot fail.
impl Text<'_> {
    /// What became of the files of who may come, where there are any.
    fn files(&mut self, program: &Program, auths: &[Box<dyn Verifier>]) {
        let all = program.auths.iter().zip(auths);
        let all: Vec<_> = all.filter_map(|(auth, own)| Some((auth.name, own.reads()?))).collect();
        if all.is_empty() {
            return;
        }
        let family = "gatewright_auth_reads_total";
        self.family(
            family,
            "counter",
            "Times that the files of an auth were read again, by what became of it.",
        );
        for (name, reads) in &all {
            self.sample(family, &[("auth", name), ("result", "used")], reads.used);
            self.sample(family, &[("auth", name), ("result", "refused")], reads.refused);
        }
        let family = "gatewright_auth_file_refused";
        let help = "1 while what a file of an auth says does not hold, and what was read last does.";
        self.family(family, "gauge", help);
        for (name, reads) in &all {
            self.sample(family, &[("auth", name)], reads.is_refused.into());
        }
    }

    /// What is taken of bounded memory, where that of the process is bounded.
    fn memory(&mut self, all: &[(&str, u64, u64)]) {
        if all.is_empty() {
            return;
        }
        let family = "gatewright_memory_taken_bytes";
        self.family(family, "gauge", "Memory that is taken of what is set aside for a purpose.");
        for (purpose, taken, _) in all {
            self.sample(family, &[("for", purpose)], *taken);
        }
        let family = "gatewright_memory_most_bytes";
        self.family(family, "gauge", "Memory that is set aside for a purpose.");
        for (purpose, _, most) in all {
            self.sample(family, &[("for", purpose)], *most);
        }
    }

    fn sum(&self, of: impl Fn(&Counters) -> u64) -> u64 {
        self.metrics.sum(of)
    }

    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(super) fn one(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.name(name, labels, &[]);
        let _ = writeln!(self.out, " {value}");
    }

    pub(super) fn seconds(&mut self, name: &str, labels: &[(&str, &str)], micros: u64) {
        self.name(name, labels, &[]);
        let _ = writeln!(self.out, " {}.{:06}", micros / 1_000_000, micros % 1_000_000);
    }

    fn name(&mut self, name: &str, labels: &[(&str, &str)], more: &[(&str, &str)]) {
        self.out.push_str(name);
        for (at, (label, value)) in labels.iter().chain(more).enumerate() {
            self.out.push_str(if at == 0 { "{" } else { "," });
            self.out.push_str(label);
            self.out.push_str("=\"");
            for c in value.chars() {
                match c {
                    '\\' => self.out.push_str("\\\\"),
                    '"' => self.out.push_str("\\\""),
                    '\n' => self.out.push_str("\\n"),
                    other => self.out.push(other),
                }
            }
            self.out.push('"');
        }
        if !labels.is_empty() || !more.is_empty() {
            self.out.push('}');
        }
    }

    /// A histogram whose sum stands at `at` of a row, and its buckets behind it.
    fn histogram<const N: usize>(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        at: usize,
        row: impl Fn(&Counters) -> Option<&Row<N>>,
    ) {
        let sum = |at: usize| self.sum(|counters| row(counters).map_or(0, |row| row.get(at)));
        let total = sum(at);
        let buckets: [u64; BUCKETS] = std::array::from_fn(|bucket| sum(at + 1 + bucket));
        let bucket = format!("{name}_bucket");
        let mut count = 0;
        for (own, bound) in buckets.iter().zip(BOUNDS_TEXT.into_iter().chain(["+Inf"])) {
            count += own;
            self.name(&bucket, labels, &[("le", bound)]);
            let _ = writeln!(self.out, " {count}");
        }
        self.seconds(&format!("{name}_sum"), labels, total);
        self.sample(&format!("{name}_count"), labels, count);
    }

    /// Routes that have been asked for; of thousands most may not be.
    fn routes(&mut self, metrics: &Metrics, program: &Program) {
        let name = |row: usize| {
            let number = metrics.layout.names.get(row)?;
            Some(program.label(program.routes.get(*number)?.label))
        };
        let rows: Vec<(usize, &str)> = (0..=metrics.layout.names.len())
            .filter(|row| (0..CLASSES.len()).any(|class| self.route(*row, route::STATUS + class) > 0))
            .map(|row| (row, name(row).unwrap_or(NO_ROUTE)))
            .collect();
        self.family("gatewright_requests_total", "counter", "Exchanges, by route and class of status.");
        for (row, name) in &rows {
            for (class, text) in CLASSES.iter().enumerate() {
                let count = self.route(*row, route::STATUS + class);
                self.sample("gatewright_requests_total", &[("route", name), ("status", text)], count);
            }
        }
        for (family, at, help) in [
            ("gatewright_received_bytes_total", route::RECEIVED, "Bytes of the bodies of requests."),
            ("gatewright_sent_bytes_total", route::SENT, "Bytes of the bodies of answers."),
        ] {
            self.family(family, "counter", help);
            for (row, name) in &rows {
                let count = self.route(*row, at);
                self.sample(family, &[("route", name)], count);
            }
        }
        let family = "gatewright_request_seconds";
        self.family(family, "histogram", "From the first byte of a request to the end of its exchange.");
        for (row, name) in &rows {
            self.histogram(family, &[("route", name)], route::TIME, |counters| counters.routes.get(*row));
        }
    }

    fn route(&self, row: usize, at: usize) -> u64 {
        self.sum(|counters| counters.routes.get(row).map_or(0, |row| row.get(at)))
    }

    fn servers(&mut self, metrics: &Metrics, program: &Program, about: About<'_>) {
        let servers = metrics.layout.servers.iter().enumerate().map(|(row, (upstream, server))| {
            (row, program.upstreams.get(*upstream).map_or("", |upstream| upstream.name), *server)
        });
        let servers: Vec<(usize, &str, &str)> = servers.collect();
        let sum = |text: &Self, row: usize, at: usize| {
            text.sum(|counters| counters.servers.get(row).map_or(0, |row| row.get(at)))
        };
        let family = "gatewright_upstream_tries_total";
        self.family(family, "counter", "Times that a server was asked, or was to be reached.");
        for (row, upstream, server) in &servers {
            let count = sum(self, *row, server::TRIES);
            self.sample(family, &[("upstream", upstream), ("server", server)], count);
        }
        let family = "gatewright_upstream_answers_total";
        self.family(family, "counter", "Answers of servers whose head was complete, by class of status.");
        for (row, upstream, server) in &servers {
            for (class, text) in CLASSES.iter().enumerate().skip(1) {
                let count = sum(self, *row, server::STATUS + class);
                self.sample(family, &[("upstream", upstream), ("server", server), ("status", text)], count);
            }
        }
        let family = "gatewright_upstream_connections_total";
        self.family(family, "counter", "Connections to servers that were opened, or could not be.");
        for (row, upstream, server) in &servers {
            for (result, at) in [("opened", server::OPENED), ("failed", server::FAILED)] {
                let count = sum(self, *row, at);
                self.sample(family, &[("upstream", upstream), ("server", server), ("result", result)], count);
            }
        }
        let family = "gatewright_upstream_unanswered_total";
        self.family(
            family,
            "counter",
            "Tries that a server has left without an answer, or without all of it.",
        );
        for (row, upstream, server) in &servers {
            let count = sum(self, *row, server::UNANSWERED);
            self.sample(family, &[("upstream", upstream), ("server", server)], count);
        }
        let family = "gatewright_upstream_in_flight";
        self.family(family, "gauge", "Tries that are under way at a server.");
        for (row, upstream, server) in &servers {
            let count = metrics.in_flight(*row);
            self.sample(family, &[("upstream", upstream), ("server", server)], count);
        }
        let family = "gatewright_upstream_in";
        self.family(
            family,
            "gauge",
            "Addresses of a server that can be asked: 0 while it is not well or left out.",
        );
        for (upstream, published) in about.sets.iter().enumerate() {
            let own = metrics.layout.servers.iter().filter(|(of, _)| *of == upstream);
            let (set, name) =
                (published.get(), program.upstreams.get(upstream).map_or("", |upstream| upstream.name));
            for (line, (_, server)) in (0_u16..).zip(own) {
                let all = set.places.iter().zip(&set.standings.servers);
                let is_in = all.filter(|(place, it)| place.line == line && it.is_in(about.now)).count();
                self.sample(family, &[("upstream", name), ("server", server)], is_in as u64);
            }
        }
        self.permits(program, about);
        self.breakers(program, about);
        let family = "gatewright_upstream_first_byte_seconds";
        self.family(family, "histogram", "From asking a server to the head of its answer.");
        for (row, upstream, server) in &servers {
            let labels = [("upstream", *upstream), ("server", *server)];
            self.histogram(family, &labels, server::TIME, |counters| counters.servers.get(*row));
        }
    }

    /// Of upstreams that have only so many requests at once.
    fn permits(&mut self, program: &Program, about: About<'_>) {
        let all = program.upstreams.iter().zip(about.sets);
        let all: Vec<(&str, Arc<Permits>)> = all
            .filter_map(|(upstream, it)| Some((upstream.name, it.get().standings.permits.clone()?)))
            .collect();
        if all.is_empty() {
            return;
        }
        for (family, help, of) in [
            (
                "gatewright_upstream_requests",
                "Requests that an upstream has, where they are counted.",
                Permits::taken as fn(&Permits) -> u32,
            ),
            (
                "gatewright_upstream_queue",
                "Requests that wait until an upstream can have them.",
                Permits::waiting,
            ),
        ] {
            self.family(family, "gauge", help);
            for (upstream, permits) in &all {
                self.sample(family, &[("upstream", upstream)], of(permits).into());
            }
        }
        let family = "gatewright_upstream_queue_refused_total";
        self.family(family, "counter", "Requests that an upstream could not have, by reason.");
        for (upstream, permits) in &all {
            for (reason, count) in [("queue_full", permits.full()), ("queue_timeout", permits.late())] {
                self.sample(family, &[("upstream", upstream), ("reason", reason)], count);
            }
        }
    }

    /// Of upstreams that have one.
    fn breakers(&mut self, program: &Program, about: About<'_>) {
        let all = program.upstreams.iter().zip(about.sets);
        let breakers: Vec<(&str, Arc<Breaker>)> = all
            .filter_map(|(upstream, it)| Some((upstream.name, it.get().standings.breaker.clone()?)))
            .collect();
        if breakers.is_empty() {
            return;
        }
        let family = "gatewright_upstream_breaker";
        self.family(family, "gauge", "1 for the state of the breaker of an upstream, 0 for the others.");
        for (upstream, breaker) in &breakers {
            for (name, state) in
                [("closed", State::Closed), ("open", State::Open), ("half_open", State::HalfOpen)]
            {
                let is_it = u64::from(breaker.state(about.now) == state);
                self.sample(family, &[("upstream", upstream), ("state", name)], is_it);
            }
        }
        let family = "gatewright_upstream_breaker_opened_total";
        self.family(family, "counter", "Times that the breaker of an upstream has opened.");
        for (upstream, breaker) in &breakers {
            self.sample(family, &[("upstream", upstream)], breaker.opened());
        }
        let family = "gatewright_upstream_breaker_refused_total";
        self.family(family, "counter", "Requests that the breaker of an upstream has refused.");
        for (upstream, breaker) in &breakers {
            self.sample(family, &[("upstream", upstream)], breaker.refused());
        }
    }

    fn workers(&mut self) {
        for (family, kind, help, of) in [
            (
                "gatewright_worker_requests_total",
                "counter",
                "Exchanges of a worker.",
                (|row| row.get(worker::EXCHANGES)) as fn(&Row<{ worker::WIDTH }>) -> u64,
            ),
            (
                "gatewright_worker_accepted_total",
                "counter",
                "Connections of clients that a worker has accepted.",
                |row| row.get(worker::ACCEPTED),
            ),
            (
                "gatewright_worker_connections",
                "gauge",
                "Connections of clients that a worker has open.",
                |row| {
                    // The second is written later: read first, it is never the larger.
                    let closed = row.get(worker::CLOSED);
                    row.get(worker::ACCEPTED).saturating_sub(closed)
                },
            ),
        ] {
            self.family(family, kind, help);
            for (number, counters) in self.metrics.workers.iter().enumerate() {
                self.sample(family, &[("worker", &number.to_string())], of(&counters.worker));
            }
        }
    }

    fn process(&mut self, started: u64) {
        let process = Process::read();
        self.family("process_cpu_seconds_total", "counter", "Processor time of all threads.");
        self.seconds("process_cpu_seconds_total", &[], process.processor);
        self.one("process_start_time_seconds", "gauge", "When it started, since the Unix epoch.", started);
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Memory that is resident.", process.resident),
            ("process_open_fds", "Open files and sockets.", process.open_files),
            ("process_max_fds", "How many of them there may be.", process.most_files),
        ] {
            if let Some(value) = value {
                self.one(name, "gauge", help, value);
            }
        }
    }
}
