//! What is noted of an exchange while it runs: its ids, and, where it is recorded, each try.
//!
//! Nothing is allocated for an exchange that is not recorded.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

use super::context::{self, Parent, put_hex};
use super::export::{Counts, Tracing};
use crate::clock::Micros;
use crate::edit::Edits;
use crate::exchange::Exchange;
use crate::head::Head;
use crate::reason::Reason;

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// Bytes of a path or a name that are kept; what is longer is cut.
const LONGEST: usize = 1024;
/// Tries of one exchange that are kept.
const MOST_TRIES: usize = 16;

/// The trace of one exchange.
#[allow(clippy::struct_field_names, reason = "of two ids, which is which")]
#[derive(Debug, Default)]
pub(crate) struct Trace {
    is_on: bool,
    is_recorded: bool,
    trace_id: [u8; 16],
    /// Of the exchange's own span.
    span_id: [u8; 8],
    parent: Option<[u8; 8]>,
    /// Of one that is recorded: what the parent says in `tracestate`.
    state: Vec<u8>,
    tries: Vec<Try>,
    /// The next try is of this number, from 0.
    next: u32,
}

/// A server that was asked, or was to be reached.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) span_id: [u8; 8],
    /// How many were before it.
    pub(super) number: u32,
    pub(super) started: Micros,
    pub(super) ended: Option<Micros>,
    pub(super) upstream: Option<u32>,
    pub(super) server: Option<SocketAddr>,
    /// 0: there was no head of an answer.
    pub(super) status: u16,
    pub(super) failed: Option<&'static str>,
    /// The path that it was sent, without the query.
    pub(super) path: Vec<u8>,
}

/// An exchange that is over and recorded.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) parent: Option<[u8; 8]>,
    pub(super) state: Vec<u8>,
    pub(super) started: Micros,
    pub(super) ended: Micros,
    pub(super) method: Vec<u8>,
    pub(super) host: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) route: Option<u32>,
    /// 0: no answer has left.
    pub(super) status: u16,
    pub(super) reason: Option<&'static str>,
    pub(super) client: IpAddr,
    pub(super) peer: IpAddr,
    pub(super) tries: Vec<Try>,
}

impl Finished {
    /// How many spans it is.
    pub(super) fn spans(&self) -> u64 {
        1 + self.tries.len() as u64
    }
}

/// One worker's way to begin and end traces.
#[derive(Debug)]
pub(crate) struct Tracer {
    to: Option<SyncSender<Box<Finished>>>,
    counts: Arc<Counts>,
    everyone: bool,
    /// A trace that begins here is recorded where half of its id is below this.
    below: u128,
    /// With keys of the machine's randomness, and others for each worker.
    random: RandomState,
    count: Cell<u64>,
    /// What makes other bits of a count and of what was drawn.
    trace_key: u64,
    span_key: u64,
}

impl Tracer {
    /// For one worker.
    pub(crate) fn new(tracing: &Tracing) -> Self {
        let random = RandomState::default();
        Self {
            to: tracing.to.clone(),
            counts: Arc::clone(&tracing.counts),
            everyone: tracing.everyone,
            below: (u128::from(tracing.sample) << 64).div_ceil(1_000_000),
            trace_key: random.hash_one("trace"),
            span_key: random.hash_one("span"),
            random,
            count: Cell::new(0),
        }
    }

    /// Whether exchanges have traces.
    pub(crate) fn is_on(&self) -> bool {
        self.to.is_some()
    }

    /// 64 bits, of which nobody can tell the next, and which are never all zero.
    fn draw(&self) -> u64 {
        let number = self.count.get().wrapping_add(1);
        self.count.set(number);
        self.random.hash_one(number).max(1)
    }

    /// Finds the trace of an exchange whose head has been read, and tells it to the servers that will be asked.
    pub(crate) fn begin(&self, x: &mut Exchange, is_trusted: bool) {
        if !self.is_on() {
            return;
        }
        let (has_parent, has_state) = take_fields(&mut x.head, &mut x.edits);
        let believed = has_parent && (is_trusted || self.everyone);
        let parent = if believed { context::parent(x.head.field(PARENT)) } else { None };
        self.start(x, parent);
        let Exchange { head, edits, trace, .. } = x;
        edits.add_line(PARENT, |out| out.extend_from_slice(&trace.text()));
        if has_state && parent.is_some() && context::is_state(head.field(STATE)) {
            edits.add_line(STATE, |out| context::write_state(head.field(STATE), out));
            if trace.is_recorded {
                context::write_state(head.field(STATE), &mut trace.state);
                if trace.state.len() > LONGEST {
                    // A part of it could be taken for the whole.
                    trace.state = Vec::new();
                }
            }
        }
    }

    /// The same for one whose head cannot be read: nothing in it is believed.
    pub(crate) fn begin_unread(&self, x: &mut Exchange) {
        if self.is_on() {
            self.start(x, None);
        }
    }

    fn start(&self, x: &mut Exchange, parent: Option<Parent>) {
        let trace = &mut x.trace;
        trace.is_on = true;
        let drawn = self.draw();
        trace.span_id = mix(drawn ^ self.span_key).max(1).to_be_bytes();
        if let Some(parent) = parent {
            trace.trace_id = parent.trace_id;
            trace.parent = Some(parent.span_id);
            trace.is_recorded = parent.sampled;
        } else {
            // The first half is another for each trace of this worker, whatever the second is.
            let first = mix(self.count.get() ^ self.trace_key);
            trace.trace_id = (u128::from(first) << 64 | u128::from(drawn)).to_be_bytes();
            trace.is_recorded = u128::from(drawn) < self.below;
        }
    }

    /// A server is asked, or is to be reached.
    pub(crate) fn tries(&self, x: &mut Exchange, now: Micros) {
        let Exchange { trace, edits, record, .. } = x;
        if !trace.is_recorded {
            return;
        }
        let number = trace.next;
        trace.next += 1;
        if trace.tries.len() >= MOST_TRIES {
            self.counts.lose(1);
            return;
        }
        let span_id = self.draw().to_be_bytes();
        trace.stamp(span_id, &mut edits.lines);
        trace.tries.push(Try {
            span_id,
            number,
            started: now,
            ended: None,
            upstream: record.upstream,
            server: record.server,
            status: 0,
            failed: None,
            path: Vec::new(),
        });
    }

    /// A call of an exchange is an exchange of its own for a while: it belongs to the same trace, and says so to servers.
    #[cfg(feature = "call")]
    pub(crate) fn branch(&self, x: &Exchange, sub: &mut Exchange) {
        if !self.is_on() {
            return;
        }
        let Trace { is_on, is_recorded, trace_id, span_id, .. } = x.trace;
        sub.trace = Trace { is_on, is_recorded, trace_id, span_id, ..Trace::default() };
        for name in [PARENT, STATE] {
            sub.edits.copy_lines(&x.edits, name);
        }
    }

    /// Such a call is over: its tries are those of the exchange.
    #[cfg(feature = "call")]
    pub(crate) fn joined(&self, x: &mut Exchange, sub: &mut Exchange) {
        let room = MOST_TRIES.saturating_sub(x.trace.tries.len());
        let lost = sub.trace.tries.len().saturating_sub(room);
        sub.trace.tries.truncate(room);
        x.trace.tries.append(&mut sub.trace.tries);
        if lost > 0 {
            self.counts.lose(lost as u64);
        }
    }

    /// An exchange is over: hands on what is noted of it.
    pub(crate) fn finish(&self, x: &mut Exchange, peer: IpAddr) {
        let Some(to) = self.to.as_ref().filter(|_| x.trace.is_recorded) else { return };
        let finished = Box::new(Finished {
            trace_id: x.trace.trace_id,
            span_id: x.trace.span_id,
            parent: x.trace.parent,
            state: std::mem::take(&mut x.trace.state),
            started: x.record.started,
            ended: x.record.ended,
            method: cut(x.head.method_text()),
            host: cut(x.head.host()),
            path: cut(x.head.path()),
            route: x.route,
            status: x.record.status,
            reason: x.record.reason,
            client: x.client,
            peer,
            tries: std::mem::take(&mut x.trace.tries),
        });
        if let Err(TrySendError::Full(lost) | TrySendError::Disconnected(lost)) = to.try_send(finished) {
            self.counts.lose(lost.spans());
        }
    }
}

/// Spreads what differs over all bits; no two numbers give the same (the last step of `MurmurHash3`).
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

/// Takes the fields of a trace away from what is sent on; whether they are there.
fn take_fields(head: &mut Head, edits: &mut Edits) -> (bool, bool) {
    let Head { fields, bytes, .. } = &*head;
    let (mut has_parent, mut has_state) = (false, false);
    for field in fields {
        let name = field.name.of(bytes);
        has_parent |= name.eq_ignore_ascii_case(PARENT.as_bytes());
        has_state |= name.eq_ignore_ascii_case(STATE.as_bytes());
    }
    for name in [PARENT, STATE] {
        edits.take(head, name);
    }
    (has_parent, has_state)
}

fn cut(text: &[u8]) -> Vec<u8> {
    text.get(..LONGEST).unwrap_or(text).to_vec()
}

impl Trace {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        if self.is_on {
            *self = Self::default();
        }
    }

    /// The ids of trace and span as digits, if there are any.
    pub(crate) fn ids(&self) -> Option<([u8; 32], [u8; 16])> {
        let (mut trace, mut span) = ([0; 32], [0; 16]);
        put_hex(&self.trace_id, &mut trace);
        put_hex(&self.span_id, &mut span);
        self.is_on.then_some((trace, span))
    }

    /// The value of `traceparent`, with the exchange's own span.
    fn text(&self) -> [u8; context::LENGTH] {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        let ids = [(3..35, &self.trace_id[..]), (36..52, &self.span_id[..])];
        for (place, id) in ids {
            put_hex(id, text.get_mut(place).unwrap_or_default());
        }
        let [.., last] = &mut text;
        *last += u8::from(self.is_recorded);
        text
    }

    /// Puts another span into the line that servers are told. Where a route has put its own in that place, there is none.
    fn stamp(&self, span_id: [u8; 8], lines: &mut [u8]) {
        const START: &[u8] = b"traceparent: 00-";
        let mut trace_id = [0; 32];
        put_hex(&self.trace_id, &mut trace_id);
        let at = lines
            .windows(START.len() + 32)
            .position(|line| line.strip_prefix(START).is_some_and(|id| id == trace_id));
        let Some(at) = at.map(|at| at + START.len() + 33) else { return };
        put_hex(&span_id, lines.get_mut(at..at + 16).unwrap_or_default());
    }

    /// The try that is under way, if it is kept.
    fn open(&mut self) -> Option<&mut Try> {
        self.tries.last_mut().filter(|last| last.ended.is_none())
    }

    /// The head of the request is written.
    pub(crate) fn asked(&mut self, head: &[u8]) {
        if let Some(last) = self.open() {
            let target = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
            last.path = cut(target.split(|byte| *byte == b'?').next().unwrap_or_default());
        }
    }

    /// The head of a server's answer is there.
    pub(crate) fn answered(&mut self, status: u16) {
        if let Some(last) = self.open() {
            last.status = status;
        }
    }

    /// A try is over.
    pub(crate) fn tried(&mut self, now: Micros, failed: Option<&'static str>) {
        if let Some(last) = self.open() {
            last.ended = Some(now);
            last.failed = failed;
        }
    }

    /// The kept connection that it was sent over had died.
    pub(crate) fn stale(&mut self, now: Micros) {
        self.tried(now, Some(Reason::UPSTREAM_CLOSED.word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracer(sample: u32, everyone: bool) -> Tracer {
        let (to, _) = std::sync::mpsc::sync_channel(1);
        Tracer::new(&Tracing { to: Some(to), counts: Arc::default(), everyone, sample })
    }

    fn begun(tracer: &Tracer, lines: &str, trusted: bool) -> Exchange {
        let mut x = Exchange::reading(&format!("GET / HTTP/1.1\nHost: a\n{lines}"));
        tracer.begin(&mut x, trusted);
        x
    }

    #[test]
    fn a_share_of_the_traces_that_begin_here_is_recorded() {
        for (sample, low, high) in
            [(0, 0, 0), (1_000_000, 10_000, 10_000), (500_000, 4_700, 5_300), (10_000, 50, 160)]
        {
            let tracer = tracer(sample, false);
            let recorded = (0..10_000).filter(|_| begun(&tracer, "", false).trace.is_recorded).count();
            assert!((low..=high).contains(&recorded), "{sample}: {recorded}");
        }
    }

    #[test]
    fn a_parent_decides_where_it_is_believed() {
        let never = tracer(0, false);
        let parent =
            "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\ntracestate: a=1\n";
        let x = begun(&never, parent, true);
        assert!(x.trace.is_recorded && x.trace.parent.is_some());
        let sent = x.sent();
        assert!(sent.contains("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{sent}");
        assert!(!sent.contains("00f067aa0ba902b7") && sent.contains("tracestate: a=1"), "{sent}");
        let x = begun(&never, parent, false);
        assert!(!x.trace.is_recorded && x.trace.parent.is_none());
        let sent = x.sent();
        assert!(!sent.contains("4bf92f35") && !sent.contains("tracestate"), "{sent}");
        assert!(sent.contains("-00\n"), "it is told all the same: {sent}");
        assert!(begun(&tracer(0, true), parent, false).trace.is_recorded);
    }

    #[test]
    fn what_is_not_recorded_keeps_nothing() {
        let tracer = tracer(0, true);
        let parent =
            "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00\ntracestate: a=1\n";
        let mut x = begun(&tracer, parent, false);
        tracer.tries(&mut x, 1);
        x.trace.asked(b"GET /x HTTP/1.1");
        tracer.finish(&mut x, IpAddr::from([127, 0, 0, 1]));
        assert_eq!((x.trace.state.capacity(), x.trace.tries.capacity()), (0, 0));
        assert_eq!(tracer.counts.dropped(), 0);
    }

    #[test]
    fn every_part_of_every_id_is_new() {
        let mut seen = std::collections::HashSet::new();
        for tracer in [tracer(0, false), tracer(0, false)] {
            for _ in 0..1000 {
                let trace = begun(&tracer, "", false).trace;
                let (first, second) = trace.trace_id.split_at(8);
                for part in [first, second, &trace.span_id[..]] {
                    assert!(part != [0; 8] && seen.insert(part.to_vec()), "{trace:?}");
                }
            }
        }
    }

    #[test]
    fn each_try_has_a_span_and_a_line_of_the_routes_own_is_left() {
        let tracer = tracer(1_000_000, false);
        let mut x = begun(&tracer, "", false);
        let first = x.sent();
        tracer.tries(&mut x, 1);
        let second = x.sent();
        tracer.tries(&mut x, 2);
        let third = x.sent();
        assert!(first != second && second != third && first.len() == third.len(), "{first}{second}{third}");
        x.edits.drop_lines(PARENT);
        x.edits.add_line(PARENT, |out| out.extend_from_slice(b"00-own"));
        tracer.tries(&mut x, 3);
        assert!(x.sent().contains("traceparent: 00-own\n"));
        for now in 0..100 {
            tracer.tries(&mut x, now);
            x.trace.asked(format!("GET /{now} HTTP/1.1").as_bytes());
            x.trace.tried(now, None);
        }
        assert_eq!(x.trace.tries[MOST_TRIES - 1].path, b"/12", "what is not kept changes nothing that is");
        assert_eq!((x.trace.tries.len(), tracer.counts.dropped()), (MOST_TRIES, 87));
    }
}
