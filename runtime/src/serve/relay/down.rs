//! The way to the client: the head of the answer, interim ones before it, then the body as it arrives from the server.

use std::io;
use std::task::{Context, Poll};

use super::{End, FLAT, Relay, Stage, Step};
use crate::buffer::Buffer;
use crate::head::retry_after;
use crate::http1::body::{Reader, Writer};
use crate::http1::framing::Length;
use crate::http1::response::{self, Homeward, Response};
use crate::reason::Reason;
use crate::serve::socket::poll_write;

/// The way to the client.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about an answer")]
pub(super) struct Down {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    /// Bytes from the server: of its head at first, then data to send.
    pub(super) buffer: Option<Buffer>,
    /// Bytes of `x.homeward` that have left.
    pub(super) sent: usize,
    pub(super) stage: Stage,
    /// Anything has come from the server.
    pub(super) begun: bool,
    pub(super) interim: u32,
    /// The answer's own word, or what it takes of the rest, that this connection is not used again.
    pub(super) server_last: bool,
    /// How long the server says that it keeps the connection.
    pub(super) server_idle: Option<u64>,
    /// The answer announced a body that must not come.
    pub(super) suspect: bool,
    /// Bytes that have left for the client.
    pub(super) left: u64,
    /// The client's connection is not used again.
    pub(super) client_last: bool,
    pub(super) blocked: bool,
    pub(super) progress: bool,
}

impl Down {
    pub(super) fn new() -> Self {
        Self {
            reader: Reader::new(Length::None),
            writer: Writer::Plain,
            buffer: None,
            sent: 0,
            stage: Stage::Head,
            begun: false,
            interim: 0,
            server_last: false,
            server_idle: None,
            suspect: false,
            left: 0,
            client_last: false,
            blocked: false,
            progress: false,
        }
    }
}

impl Relay<'_> {
    /// One step of the answer: write what is pending, else get more.
    pub(super) fn poll_down(&mut self, cx: &mut Context) -> Result<Step, End> {
        let head = self.x.homeward.get(self.down.sent..).unwrap_or_default();
        let in_body = self.down.stage == Stage::Body;
        let body = self.down.buffer.as_ref().filter(|_| in_body).map_or(&[][..], Buffer::held);
        if !head.is_empty() || !body.is_empty() {
            return match poll_write(&self.client.stream, cx, head, body) {
                Poll::Pending => {
                    self.down.blocked = true;
                    Ok(Step::Waits)
                }
                Poll::Ready(Ok(count)) => {
                    let of_head = count.min(head.len());
                    self.down.sent += of_head;
                    self.down.left += count as u64;
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
        // No buffer is taken for a socket that is known to be empty.
        if self.down.buffer.is_none() && self.server.poll_nothing(cx) {
            self.client.worker.turn.ends();
            return Ok(Step::Waits);
        }
        let mut buffer = self.down.buffer.take().unwrap_or_else(|| self.client.worker.buffers.take());
        match self.server.poll_read(&self.client.worker.turn, cx, buffer.room()) {
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
        self.x.record.why = self.server.why();
        if self.down.stage == Stage::Head {
            self.client.worker.buffers.give(buffer);
            let replayable = self.x.head.method.idempotent() && self.up.is_whole();
            return Err(if self.to.reused && !self.down.begun && replayable {
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
                let homeward = Homeward { length: Length::None, last: false, date: b"", said: b"" };
                response::write(buffer.held(), &self.x.fields, &response, &homeward, &mut self.x.homeward);
            }
            buffer.consume(response.len);
        }
    }

    /// The final answer has begun: decides how it reaches the client.
    fn begin_answer(&mut self, mut buffer: Buffer, response: Response) -> Result<(), End> {
        let worker = &self.client.worker;
        // The clock is asked where somebody wants to know.
        if worker.watched {
            self.x.record.first = Some(worker.now());
        }
        self.x.trace.answered(response.status);
        worker.metrics.answered(&self.x.record, response.status);
        self.to.upstream.answered(self.to.server, response.status, worker.lately());
        if let Some(wait) = self.wait_for_another(&buffer, &response) {
            return Err(self.again(buffer, &response, wait));
        }
        let now = self.client.worker.lately();
        self.to.upstream.settled(self.x.pass.as_ref(), response.status, now);
        self.x.drop_foreign_id(buffer.held());
        if !self.begins_well(&buffer, &response) {
            return Err(End::Failed(Reason::UPSTREAM_TRUNCATED, None));
        }
        self.show_steps(&buffer, &response)?;
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
            || client.is_leaving()
            || client.retiring();
        self.down.server_last = response.last;
        self.down.server_idle = response.idle;
        self.down.suspect = response.stated.is_some_and(|stated| stated > 0);
        if !response.dated && !worker.watched {
            worker.now();
        }
        self.down.reader = Reader::new(response.length);
        self.down.writer = writer;
        self.x.record.status = response.status;
        let last = self.down.client_last;
        worker.date(|date| {
            let homeward = Homeward { length, last, date, said: &self.x.said };
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

    /// Whether this answer is not given to the client, since there will be another try; after how many seconds at least.
    fn wait_for_another(&self, buffer: &Buffer, response: &Response) -> Option<u64> {
        let retry = self.to.retry.filter(|retry| retry.wants_status(response.status))?;
        if self.down.interim > 0 || !self.can_be_repeated() {
            return None;
        }
        let wait = retry_after(buffer.held(), &self.x.fields);
        let worker = &self.client.worker;
        let end = self.x.record.asked.saturating_add(self.x.waits.total);
        let now = worker.now();
        // What the server asks for is granted, or nothing is.
        let in_time = now.saturating_add(wait.saturating_mul(1_000_000)) < end;
        (in_time && self.to.upstream.spend(retry, now)).then_some(wait)
    }

    /// Drops the answer. Its connection is kept where all of it is there.
    fn again(&mut self, mut buffer: Buffer, response: &Response, wait: u64) -> End {
        self.x.record.first = None;
        buffer.consume(response.len);
        let mut reader = Reader::new(response.length);
        let mut more = false;
        let read = reader.read(&mut buffer, |_| more = true);
        let is_over = read.is_ok() && reader.done() && !more && self.up.stage == Stage::Done;
        self.down.server_last = response.last || !is_over;
        self.down.server_idle = response.idle;
        self.down.suspect = response.stated.is_some_and(|stated| stated > 0);
        self.client.worker.buffers.give(buffer);
        End::Again(wait)
    }

    /// Whether what is there of the body can be given. Steps are not shown an answer that another takes the place of: what they count
    /// would count twice.
    fn begins_well(&self, buffer: &Buffer, response: &Response) -> bool {
        let is_shown = self.x.walk.is_some_and(|walk| walk.chain.response.is_some());
        if !is_shown || response.length != Length::Chunked {
            return true;
        }
        let mut body = self.client.worker.buffers.take();
        body.append(buffer.held().get(response.len..).unwrap_or_default());
        let read = Reader::new(response.length).read(&mut body, |_| ());
        self.client.worker.buffers.give(body);
        read.is_ok()
    }

    /// Shows the answer's head to the steps that want to see it.
    fn show_steps(&mut self, buffer: &Buffer, response: &Response) -> Result<(), End> {
        let x = &mut *self.x;
        let Some((hook, record)) = x.walk.and_then(|walk| Some((walk.chain.response?, walk.record))) else {
            return Ok(());
        };
        x.answer.status = response.status;
        x.answer.bytes.clear();
        x.answer.bytes.extend_from_slice(buffer.held().get(..response.len).unwrap_or_default());
        hook(x, record);
        x.fault.take().map_or(Ok(()), |reason| Err(End::Failed(reason, None)))
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
        if !tail.is_empty() {
            self.x.drop_trailers(&mut tail);
        }
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
