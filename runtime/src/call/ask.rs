//! One request of the gateway's own on one connection, and the answer to it: what is wanted of its fields, and its body as a whole.

use std::io;
use std::task::{Context, Poll};

use super::{Calling, Failed, Reply};
use crate::buffer::Buffer;
use crate::exchange::Exchange;
use crate::head::{Field, Method, retry_after};
use crate::http1::body::Reader;
use crate::http1::framing::Length;
use crate::http1::response::{self, Response};
use crate::link::Link;
use crate::policy::retry;
use crate::reason::Reason;
use crate::upstream::Server;

/// What of an answer that is no success is read, so that its connection can be used again.
const PASSED_OVER: u64 = 64 * 1024;

/// How it ends with one server.
pub(super) enum End {
    Done,
    Stale,
    Again(u64),
    Failed(Failed),
}

/// One request on one connection.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about an answer")]
pub(super) struct Asking<'a> {
    calling: &'a Calling<'a>,
    stream: Link,
    server: &'a Server,
    is_reused: bool,
    /// How this may be followed by another try, if it may.
    retry: Option<&'static retry::Config>,
    /// Bytes of the request that have left.
    sent: usize,
    /// The server takes more of them.
    takes: bool,
    /// Why it takes none.
    cause: Option<io::ErrorKind>,
    buffer: Option<Buffer>,
    /// Anything has come.
    begun: bool,
    interim: u32,
    head: Option<Response>,
    reader: Reader,
    reply: Reply,
    /// Bytes have come behind the answer.
    is_surplus: bool,
}

/// What is left of it.
pub(super) struct Asked {
    pub(super) stream: Link,
    pub(super) head: Option<Response>,
    pub(super) reply: Reply,
    /// Nothing more belongs to it, and nothing else has come.
    pub(super) is_over: bool,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        calling: &'a Calling<'a>,
        stream: Link,
        server: &'a Server,
        (is_reused, retry): (bool, Option<&'static retry::Config>),
    ) -> Self {
        Self {
            calling,
            stream,
            server,
            is_reused,
            retry,
            sent: 0,
            takes: true,
            cause: None,
            buffer: None,
            begun: false,
            interim: 0,
            head: None,
            reader: Reader::new(Length::None),
            reply: Reply {
                status: 0,
                fields: Vec::new(),
                #[cfg(feature = "json")]
                body: Vec::new(),
            },
            is_surplus: false,
        }
    }

    pub(super) fn finish(mut self, x: &Exchange) -> Asked {
        if let Some(buffer) = self.buffer.take() {
            self.calling.worker.buffers.give(buffer);
        }
        let is_over = self.reader.done() && !self.is_surplus && self.sent == x.onward.len();
        let Self { stream, head, reply, .. } = self;
        Asked { stream, head, reply, is_over }
    }

    pub(super) fn poll(&mut self, x: &mut Exchange, cx: &mut Context) -> Poll<End> {
        let worker = self.calling.worker;
        if self.calling.slot.due() {
            return Poll::Ready(End::Failed(self.late()));
        }
        loop {
            // A server may answer before it has all of it, or without taking it.
            while let Some(rest) = x.onward.get(self.sent..).filter(|rest| !rest.is_empty() && self.takes) {
                match self.stream.poll_write(cx, rest, b"") {
                    Poll::Ready(Ok(count)) => self.sent += count,
                    // It had died before anything of the request left: no server has seen it, whatever its method.
                    Poll::Ready(Err(_)) if self.is_reused && !self.begun && self.sent == 0 => {
                        return Poll::Ready(End::Stale);
                    }
                    Poll::Ready(Err(error)) => {
                        self.takes = false;
                        self.cause = Some(error.kind());
                    }
                    Poll::Pending => break,
                }
            }
            let mut buffer = self.buffer.take().unwrap_or_else(|| worker.buffers.take());
            match self.stream.poll_read(&worker.turn, cx, buffer.room()) {
                Poll::Pending => {
                    if buffer.is_empty() {
                        worker.buffers.give(buffer);
                    } else {
                        self.buffer = Some(buffer);
                    }
                    return Poll::Pending;
                }
                Poll::Ready(Ok(0)) => {
                    worker.buffers.give(buffer);
                    return Poll::Ready(self.closed(x, None));
                }
                Poll::Ready(Err(error)) => {
                    worker.buffers.give(buffer);
                    return Poll::Ready(self.closed(x, Some(error.kind())));
                }
                Poll::Ready(Ok(count)) => {
                    buffer.end += count;
                    self.begun = true;
                    let end =
                        if self.head.is_some() { self.load(x, buffer) } else { self.read_head(x, buffer) };
                    if let Some(end) = end {
                        return Poll::Ready(end);
                    }
                }
            }
        }
    }

    fn late(&self) -> Failed {
        let worker = self.calling.worker;
        if worker.cut.get() {
            return (Reason::DRAINED, None);
        }
        let is_over = worker.now() >= self.calling.wanted.end;
        (
            if self.head.is_none() || is_over { Reason::UPSTREAM_TIMEOUT } else { Reason::UPSTREAM_STALLED },
            None,
        )
    }

    fn closed(&mut self, x: &mut Exchange, cause: Option<io::ErrorKind>) -> End {
        x.record.why = self.stream.why();
        match self.head {
            None if self.is_reused && !self.begun && self.calling.wanted.method.idempotent() => End::Stale,
            None => End::Failed((Reason::UPSTREAM_CLOSED, cause.or(self.cause))),
            Some(_) if cause.is_none() && self.reader.close() => End::Done,
            Some(_) => End::Failed((Reason::UPSTREAM_TRUNCATED, cause)),
        }
    }

    /// Reads the head of the answer, and passes over those of interim answers before it.
    fn read_head(&mut self, x: &mut Exchange, mut buffer: Buffer) -> Option<End> {
        let worker = self.calling.worker;
        let limits = &worker.gateway.limits;
        let failed = |buffer, reason| {
            worker.buffers.give(buffer);
            Some(End::Failed((reason, None)))
        };
        loop {
            let response = match response::read(buffer.held(), Method::Get, &mut x.fields) {
                Err(reason) => return failed(buffer, reason),
                Ok(None) if buffer.len() > limits.head_bytes => {
                    return failed(buffer, Reason::UPSTREAM_HEAD_TOO_LARGE);
                }
                Ok(None) => {
                    buffer.compact();
                    self.buffer = Some(buffer);
                    return None;
                }
                Ok(Some(response)) if response.len > limits.head_bytes => {
                    return failed(buffer, Reason::UPSTREAM_HEAD_TOO_LARGE);
                }
                Ok(Some(response)) => response,
            };
            if response.status >= 200 {
                return self.begin(x, buffer, response);
            }
            self.interim += 1;
            if response.status == 101 {
                return failed(buffer, Reason::UPSTREAM_UPGRADED);
            }
            if self.interim > limits.interim {
                return failed(buffer, Reason::UPSTREAM_MALFORMED);
            }
            buffer.consume(response.len);
        }
    }

    /// The final answer has begun.
    fn begin(&mut self, x: &mut Exchange, mut buffer: Buffer, response: Response) -> Option<End> {
        let Calling { worker, upstream, wanted, .. } = *self.calling;
        let now = worker.now();
        x.record.first = Some(now);
        x.trace.answered(response.status);
        worker.metrics.answered(&x.record, response.status);
        upstream.answered(self.server, response.status, now);
        let field = |name: &'static str| {
            let bytes = buffer.held();
            let is_it = move |field: &&Field| field.name.of(bytes).eq_ignore_ascii_case(name.as_bytes());
            x.fields.iter().filter(is_it).map(move |field| field.value.of(bytes))
        };
        let retry =
            self.retry.filter(|retry| retry.wants_status(response.status) && self.calling.can_be_repeated(x));
        let wait = retry.and_then(|retry| {
            let wait = retry_after(buffer.held(), &x.fields);
            let in_time = now.saturating_add(wait.saturating_mul(1_000_000)) < self.calling.due(x);
            (in_time && upstream.spend(retry, now)).then_some(wait)
        });
        self.reply.status = response.status;
        for name in self.calling.wanted.names() {
            self.reply.fields.extend(field(name).map(|value| (name, Box::from(value))));
        }
        if wait.is_none() {
            upstream.settled(x.pass.as_ref(), response.status, now);
        }
        self.head = Some(response);
        self.reader = Reader::new(response.length);
        buffer.consume(response.len);
        // From here on it has to go on, and to be over in time.
        self.calling.slot.set(now.saturating_add(x.waits.idle).min(wanted.end));
        let loaded = self.load(x, buffer);
        match wait {
            // Its connection is kept where all of it is there.
            Some(wait) => Some(End::Again(wait)),
            None => loaded,
        }
    }

    /// Takes what has arrived of the body.
    fn load(&mut self, x: &mut Exchange, mut buffer: Buffer) -> Option<End> {
        let Calling { worker, slot, wanted, .. } = *self.calling;
        let mut is_surplus = false;
        let read = self.reader.read(&mut buffer, |_| is_surplus = true);
        self.is_surplus |= is_surplus;
        let status = self.head.map_or(0, |head| head.status);
        let is_success = (200..300).contains(&status);
        let is_kept = is_success && wanted.is_kept;
        let result = if read.is_err() {
            Some(End::Failed((Reason::UPSTREAM_TRUNCATED, None)))
        } else if is_success && self.reader.total > wanted.max {
            Some(End::Failed((Reason::BRANCH_TOO_LARGE, None)))
        } else if is_kept && !self.keep(x, buffer.held()) {
            Some(End::Failed((Reason::BODIES_FULL, None)))
        } else {
            let is_enough = !is_success && self.reader.total > PASSED_OVER;
            (self.reader.done() || is_enough).then_some(End::Done)
        };
        worker.buffers.give(buffer);
        if result.is_none() {
            slot.set(worker.now().saturating_add(x.waits.idle).min(wanted.end));
        }
        result
    }

    /// Keeps bytes of a body; `false` where there is no room for them.
    #[cfg(feature = "json")]
    fn keep(&mut self, x: &mut Exchange, bytes: &[u8]) -> bool {
        let has_room = x.room.take(bytes.len() as u64);
        if has_room {
            self.reply.body.extend_from_slice(bytes);
        }
        has_room
    }

    /// Without a reader, nobody keeps any.
    #[cfg(not(feature = "json"))]
    #[allow(clippy::unused_self, reason = "the other one keeps them")]
    fn keep(&mut self, _: &mut Exchange, _: &[u8]) -> bool {
        true
    }
}
