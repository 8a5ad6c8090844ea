//! Moves one request to a server and its answer to the client, both directions at once, in one task.
//!
//! Each direction has at most one buffer, which it holds only while the other socket does not take its bytes. An
//! answer may begin, and end, while the request is still on its way.

use std::io;
use std::task::{Context, Poll};

use tokio::net::TcpStream;

use super::client::{Client, poll_read, poll_write};
use crate::buffer::Buffer;
use crate::clock::{Micros, micros};
use crate::exchange::Exchange;
use crate::http1::body::{Reader, Writer};
use crate::http1::chunk::Broken;
use crate::http1::framing::Length;
use crate::http1::request::Request;
use crate::http1::response::{self, Homeward, Response};
use crate::reason::Reason;

/// Bodies up to this size leave in one buffer with their head; longer ones beside it, in one vectored write.
const FLAT: usize = 4096;

/// How a relay ends.
#[derive(Debug)]
pub(crate) enum End {
    /// The whole answer has left.
    Done,
    /// The connection was used before and died before anything happened on it: the request may be sent once more.
    Stale,
    /// It failed; where no answer has begun, one with this reason can be given.
    Failed(Reason, Option<io::ErrorKind>),
    /// The client is gone.
    Gone(Option<io::ErrorKind>),
}

/// A step of one direction.
enum Step {
    /// Something moved.
    Moved,
    /// Nothing can move now.
    Waits,
}

/// One exchange with one server.
pub(crate) struct Relay<'a> {
    pub(crate) client: &'a mut Client,
    pub(crate) x: &'a mut Exchange,
    pub(crate) request: Request,
    pub(crate) server: TcpStream,
    /// The connection has carried a request before.
    pub(crate) reused: bool,
    up: Up,
    down: Down,
    idle: Micros,
    /// When the answer's head is due, as long as the client has nothing more to send.
    due: Micros,
}

/// The way to the server.
struct Up {
    reader: Reader,
    writer: Writer,
    pending: Option<Buffer>,
    /// The end of a chunked body that did not fit the buffer.
    tail: Vec<u8>,
    /// Bytes of `x.onward` that have left.
    sent: usize,
    stage: Stage,
    /// Bytes of the body have been taken from the client, which cannot be taken again.
    taken: bool,
    /// The server, not the client, is waited for.
    blocked: bool,
}

/// How far a direction is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Body,
    Done,
    /// The server takes no more; its answer may still come.
    Broken,
}

/// The way to the client.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about an answer")]
struct Down {
    reader: Reader,
    writer: Writer,
    /// Bytes from the server: of its head at first, then data to send.
    buffer: Option<Buffer>,
    /// Bytes of `x.homeward` that have left.
    sent: usize,
    stage: Stage,
    /// Anything has come from the server.
    begun: bool,
    interim: u32,
    /// The answer's own word, or what it takes of the rest, that this connection is not used again.
    server_last: bool,
    /// The client's connection is not used again.
    client_last: bool,
    blocked: bool,
    progress: bool,
}

impl<'a> Relay<'a> {
    /// `x.onward` holds the head; the request's body, if any, begins with what the client's buffer holds.
    pub(crate) fn new(
        client: &'a mut Client,
        x: &'a mut Exchange,
        request: Request,
        server: TcpStream,
        reused: bool,
    ) -> Self {
        let (total, idle) = x.timeout.map_or((0, 0), |timeout| (micros(timeout.total), micros(timeout.idle)));
        let up = Up {
            reader: Reader::new(request.length),
            writer: if request.length == Length::Chunked {
                Writer::ChunkedWithTrailers
            } else {
                Writer::Plain
            },
            pending: None,
            tail: Vec::new(),
            sent: 0,
            stage: Stage::Body,
            taken: false,
            blocked: false,
        };
        let down = Down {
            reader: Reader::new(Length::None),
            writer: Writer::Plain,
            buffer: None,
            sent: 0,
            stage: Stage::Head,
            begun: false,
            interim: 0,
            server_last: false,
            client_last: false,
            blocked: false,
            progress: false,
        };
        let due = x.record.asked.saturating_add(total);
        client.slot.set(due);
        Self { client, x, request, server, reused, up, down, idle, due }
    }

    /// The server's connection, if it can carry another request; whether the client's cannot; and whether the whole
    /// request has arrived.
    pub(crate) fn finish(self) -> (Option<TcpStream>, bool, bool) {
        // An interim answer that is cut in the middle cannot be followed by another answer.
        self.client.answering |= self.down.sent > 0 && self.down.sent < self.x.homeward.len();
        let sent = self.up.stage == Stage::Done;
        let complete = sent || self.up.reader.done();
        let server = (sent && !self.down.server_last).then_some(self.server);
        (server, self.down.client_last || !complete, complete)
    }

    /// Moves what can be moved.
    pub(crate) fn poll(&mut self, cx: &mut Context) -> Poll<End> {
        if self.client.slot.due() {
            return Poll::Ready(self.timed_out());
        }
        match self.poll_both(cx) {
            Ok(()) if self.down.stage == Stage::Done => Poll::Ready(End::Done),
            Ok(()) => Poll::Pending,
            Err(end) => Poll::Ready(end),
        }
    }

    /// Neither direction waits for the other, so each goes as far as it can. The reactor's budget bounds both.
    fn poll_both(&mut self, cx: &mut Context) -> Result<(), End> {
        while matches!(self.poll_up(cx)?, Step::Moved) {}
        while matches!(self.poll_down(cx)?, Step::Moved) {
            if self.down.stage == Stage::Done {
                return Ok(());
            }
        }
        if matches!(self.up.stage, Stage::Done | Stage::Broken) {
            self.client.park();
            self.client.poll_watch(cx).map_err(|error| End::Gone(Some(error.kind())))?;
        }
        self.extend();
        Ok(())
    }

    /// After progress, the wait for more begins anew: with the answer under way, or the request still being sent.
    fn extend(&mut self) {
        if std::mem::take(&mut self.down.progress)
            && (self.down.stage == Stage::Body || self.up.stage == Stage::Body)
        {
            let now = self.client.worker.now();
            self.client.slot.set(now.saturating_add(self.idle));
        }
    }

    fn timed_out(&self) -> End {
        if self.client.worker.cut.get() {
            return End::Failed(Reason::DRAINED, None);
        }
        let reason = match (self.down.stage, self.up.stage) {
            (Stage::Head, Stage::Body) if self.up.blocked => Reason::UPSTREAM_STALLED,
            (Stage::Head, Stage::Body) => Reason::BODY_TIMEOUT,
            (Stage::Head, _) => Reason::UPSTREAM_TIMEOUT,
            _ if self.down.blocked => Reason::CLIENT_STALLED,
            _ => Reason::UPSTREAM_STALLED,
        };
        End::Failed(reason, None)
    }

    /// One step of the request: write what is pending, else get more of the body.
    fn poll_up(&mut self, cx: &mut Context) -> Result<Step, End> {
        if self.up.stage != Stage::Body {
            return Ok(Step::Waits);
        }
        // The part of the body that came with the head leaves with it.
        if self.up.sent == 0 && self.up.pending.is_none() && self.client.holds() && !self.up.reader.done() {
            let buffer = self.client.take();
            self.load(buffer)?;
        }
        let head = self.x.onward.get(self.up.sent..).unwrap_or_default();
        let body = self.up.pending.as_ref().map_or(&[][..], Buffer::held);
        if !head.is_empty() || !body.is_empty() {
            return match poll_write(&mut self.server, cx, head, body) {
                Poll::Pending => {
                    self.up.blocked = true;
                    Ok(Step::Waits)
                }
                Poll::Ready(Ok(count)) => {
                    let of_head = count.min(head.len());
                    self.up.sent += of_head;
                    if let Some(buffer) = &mut self.up.pending {
                        buffer.consume(count - of_head);
                    }
                    self.up.blocked = false;
                    self.down.progress = true;
                    Ok(Step::Moved)
                }
                Poll::Ready(Err(error)) => self.refused(&error),
            };
        }
        if let Some(buffer) = self.up.pending.take() {
            self.client.worker.buffers.give(buffer);
        }
        if !self.up.tail.is_empty() {
            let mut buffer = self.client.worker.buffers.take();
            buffer.append(&std::mem::take(&mut self.up.tail));
            self.up.pending = Some(buffer);
            return Ok(Step::Moved);
        }
        if self.up.reader.done() {
            self.uploaded();
            return Ok(Step::Moved);
        }
        if self.client.holds() {
            let buffer = self.client.take();
            self.load(buffer)?;
            return Ok(Step::Moved);
        }
        match self.client.poll_fill(cx) {
            Poll::Pending => Ok(Step::Waits),
            Poll::Ready(Ok(0)) => Err(End::Gone(None)),
            Poll::Ready(Ok(_)) => Ok(Step::Moved),
            Poll::Ready(Err(error)) => Err(End::Gone(Some(error.kind()))),
        }
    }

    /// The whole request has left: from here on the answer is waited for.
    fn uploaded(&mut self) {
        self.up.stage = Stage::Done;
        if self.down.stage == Stage::Head && self.request.length != Length::None {
            // The time in which the client was sending does not count.
            let worker = &self.client.worker;
            let total = self.due.saturating_sub(self.x.record.asked);
            self.client.slot.set(worker.now().saturating_add(total));
        }
    }

    /// Makes what the client sent ready to be written.
    fn load(&mut self, mut buffer: Buffer) -> Result<(), End> {
        let client = &mut *self.client;
        self.up.taken = true;
        let read = self.up.reader.read(&mut buffer, |beyond| client.keep(beyond));
        self.x.record.received = self.up.reader.total;
        if let Err(broken) = read {
            return Err(End::Failed(
                if broken == Broken::Chunk { Reason::CHUNK_INVALID } else { Reason::TRAILER_INVALID },
                None,
            ));
        }
        if self.up.reader.total > self.x.body_max {
            return Err(End::Failed(Reason::BODY_TOO_LARGE, None));
        }
        self.up.reader.frame(self.up.writer, &mut buffer, &mut self.up.tail);
        if buffer.is_empty() {
            self.client.worker.buffers.give(buffer);
        } else if self.up.sent == 0 && buffer.len() <= FLAT {
            self.x.onward.extend_from_slice(buffer.held());
            self.client.worker.buffers.give(buffer);
        } else {
            self.up.pending = Some(buffer);
        }
        Ok(())
    }

    /// The server takes no more bytes. It may have answered before that, so the answer is still looked for.
    fn refused(&mut self, error: &io::Error) -> Result<Step, End> {
        if self.reused && self.up.sent == 0 && !self.up.taken {
            return Err(End::Stale);
        }
        self.up.stage = Stage::Broken;
        if let Some(buffer) = self.up.pending.take() {
            self.client.worker.buffers.give(buffer);
        }
        self.x.record.cause = Some(error.kind());
        if self.down.stage == Stage::Head {
            self.client.slot.set(self.client.worker.now().saturating_add(self.idle));
        }
        Ok(Step::Moved)
    }

    /// One step of the answer: write what is pending, else get more.
    fn poll_down(&mut self, cx: &mut Context) -> Result<Step, End> {
        let head = self.x.homeward.get(self.down.sent..).unwrap_or_default();
        let in_body = self.down.stage == Stage::Body;
        let body = self.down.buffer.as_ref().filter(|_| in_body).map_or(&[][..], Buffer::held);
        if !head.is_empty() || !body.is_empty() {
            return match poll_write(&mut self.client.stream, cx, head, body) {
                Poll::Pending => {
                    self.down.blocked = true;
                    Ok(Step::Waits)
                }
                Poll::Ready(Ok(count)) => {
                    let of_head = count.min(head.len());
                    self.down.sent += of_head;
                    if let (Some(buffer), true) = (&mut self.down.buffer, in_body) {
                        buffer.consume(count - of_head);
                    }
                    self.down.blocked = false;
                    self.down.progress = true;
                    Ok(Step::Moved)
                }
                Poll::Ready(Err(error)) => Err(End::Gone(Some(error.kind()))),
            };
        }
        if self.down.sent > 0 {
            self.x.homeward.clear();
            self.down.sent = 0;
        }
        if in_body {
            if let Some(buffer) = self.down.buffer.take() {
                self.client.worker.buffers.give(buffer);
            }
            if self.down.reader.done() {
                self.down.stage = Stage::Done;
                return Ok(Step::Moved);
            }
        }
        self.poll_server(cx)
    }

    /// Reads from the server.
    fn poll_server(&mut self, cx: &mut Context) -> Result<Step, End> {
        let mut buffer = self.down.buffer.take().unwrap_or_else(|| self.client.worker.buffers.take());
        match poll_read(&mut self.server, cx, buffer.room()) {
            Poll::Pending => {
                if buffer.is_empty() {
                    self.client.worker.buffers.give(buffer);
                } else {
                    self.down.buffer = Some(buffer);
                }
                Ok(Step::Waits)
            }
            Poll::Ready(Ok(0)) => self.server_closed(buffer, None),
            Poll::Ready(Err(error)) => self.server_closed(buffer, Some(error.kind())),
            Poll::Ready(Ok(count)) => {
                buffer.end += count;
                self.down.progress = true;
                self.down.begun = true;
                match self.down.stage {
                    Stage::Head => self.read_head(buffer)?,
                    _ => self.read_body(buffer)?,
                }
                Ok(Step::Moved)
            }
        }
    }

    fn server_closed(&mut self, mut buffer: Buffer, cause: Option<io::ErrorKind>) -> Result<Step, End> {
        if self.down.stage == Stage::Head {
            self.client.worker.buffers.give(buffer);
            let replayable = self.x.head.method.idempotent() && self.request.length == Length::None;
            return Err(if self.reused && !self.down.begun && replayable {
                End::Stale
            } else {
                End::Failed(Reason::UPSTREAM_CLOSED, cause.or(self.x.record.cause))
            });
        }
        self.down.server_last = true;
        if cause.is_some() || !self.down.reader.close() {
            self.client.worker.buffers.give(buffer);
            return Err(End::Failed(Reason::UPSTREAM_TRUNCATED, cause));
        }
        let mut tail = Vec::new();
        self.down.reader.frame(self.down.writer, &mut buffer, &mut tail);
        self.down.buffer = Some(buffer);
        Ok(Step::Moved)
    }

    /// Reads the head of the answer, and those of interim answers before it.
    fn read_head(&mut self, mut buffer: Buffer) -> Result<(), End> {
        let failed = |reason| End::Failed(reason, None);
        loop {
            let limits = &self.client.worker.gateway.limits;
            let read =
                response::read(buffer.held(), self.x.head.method, &mut self.x.fields).map_err(failed)?;
            let Some(response) = read else {
                if buffer.len() > limits.head_bytes {
                    return Err(failed(Reason::UPSTREAM_HEAD_TOO_LARGE));
                }
                buffer.compact();
                self.down.buffer = Some(buffer);
                return Ok(());
            };
            if response.len > limits.head_bytes {
                return Err(failed(Reason::UPSTREAM_HEAD_TOO_LARGE));
            }
            if response.status >= 200 {
                return self.begin_answer(buffer, response);
            }
            self.down.interim += 1;
            if response.status == 101 {
                return Err(failed(Reason::UPSTREAM_UPGRADED));
            }
            if self.down.interim > limits.interim {
                return Err(failed(Reason::UPSTREAM_MALFORMED));
            }
            if self.x.head.latest {
                let homeward = Homeward { length: Length::None, last: false, date: b"" };
                response::write(buffer.held(), &self.x.fields, &response, &homeward, &mut self.x.homeward);
            }
            buffer.consume(response.len);
        }
    }

    /// The final answer has begun: decides how it reaches the client.
    fn begin_answer(&mut self, mut buffer: Buffer, response: Response) -> Result<(), End> {
        let client = &mut *self.client;
        let worker = &client.worker;
        let latest = self.x.head.latest;
        let (length, writer) = match response.length {
            Length::Chunked if latest && self.request.trailers => {
                (Length::Chunked, Writer::ChunkedWithTrailers)
            }
            Length::Chunked | Length::UntilClose if latest => (Length::Chunked, Writer::Chunked),
            Length::Chunked | Length::UntilClose => (Length::UntilClose, Writer::Plain),
            known => (known, Writer::Plain),
        };
        let uploaded = self.up.stage == Stage::Done || self.up.stage == Stage::Body && self.up.reader.done();
        self.down.client_last = self.request.last
            || length == Length::UntilClose
            || !uploaded
            || client.ended
            || client.retiring();
        self.down.server_last = response.last;
        self.down.reader = Reader::new(response.length);
        self.down.writer = writer;
        self.x.record.status = response.status;
        let last = self.down.client_last;
        worker.date(|date| {
            let homeward = Homeward { length, last, date };
            response::write(buffer.held(), &self.x.fields, &response, &homeward, &mut self.x.homeward);
        });
        client.answering = true;
        client.unframed = length == Length::UntilClose;
        self.down.stage = Stage::Body;
        buffer.consume(response.len);
        let read = self.read_body(buffer);
        if read.is_err() && self.down.sent == 0 {
            // Nothing of this answer has left, so another can still be given.
            self.x.homeward.clear();
            self.client.answering = false;
        }
        read
    }

    /// Makes what the server sent ready to be written.
    fn read_body(&mut self, mut buffer: Buffer) -> Result<(), End> {
        let mut more = false;
        let read = self.down.reader.read(&mut buffer, |_| more = true);
        // Bytes behind an answer that nobody asked for: the connection has lost its framing.
        self.down.server_last |= more;
        self.x.record.sent = self.down.reader.total;
        if read.is_err() {
            self.client.worker.buffers.give(buffer);
            return Err(End::Failed(Reason::UPSTREAM_TRUNCATED, None));
        }
        let mut tail = Vec::new();
        self.down.reader.frame(self.down.writer, &mut buffer, &mut tail);
        if !tail.is_empty() && !buffer.append(&tail) {
            // Only trailers are that long, and then the buffer holds no whole read.
            buffer.compact();
            self.x.homeward.extend_from_slice(buffer.held());
            self.x.homeward.extend_from_slice(&tail);
            buffer.consume(buffer.len());
        }
        if buffer.len() <= FLAT {
            self.x.homeward.extend_from_slice(buffer.held());
            self.client.worker.buffers.give(buffer);
        } else {
            self.down.buffer = Some(buffer);
        }
        Ok(())
    }
}
