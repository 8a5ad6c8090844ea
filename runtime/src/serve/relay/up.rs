//! The way to the server: the head, then the body as it arrives from the client.

use std::io;
use std::task::{Context, Poll};

use super::{End, FLAT, Relay, Stage, Step};
use crate::buffer::Buffer;
use crate::edit;
use crate::http1::body::{Reader, Writer};
use crate::http1::chunk::Broken;
use crate::http1::framing::Length;
use crate::reason::Reason;

/// The way to the server.
pub(super) struct Up {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    pub(super) pending: Option<Buffer>,
    /// The end of a chunked body that did not fit the buffer.
    pub(super) tail: Vec<u8>,
    /// Bytes of `x.onward` that have left.
    pub(super) sent: usize,
    pub(super) stage: Stage,
    /// Bytes of the body have been taken from the client, which cannot be taken again.
    pub(super) taken: bool,
    /// Some of it went through a buffer that is not kept.
    pub(super) streamed: bool,
    /// The server, not the client, is waited for.
    pub(super) blocked: bool,
}

impl Up {
    pub(super) fn new(length: Length) -> Self {
        let chunked = length == Length::Chunked;
        Self {
            reader: Reader::new(length),
            writer: if chunked { Writer::ChunkedWithTrailers } else { Writer::Plain },
            pending: None,
            tail: Vec::new(),
            sent: 0,
            stage: Stage::Body,
            taken: false,
            streamed: false,
            blocked: false,
        }
    }

    /// Whether what is to be sent is all there, in front of the first byte that is: nothing is still with the client, and
    /// nothing has left but from the bytes that are kept for the whole exchange.
    pub(super) fn is_whole(&self) -> bool {
        self.reader.done() && !self.streamed
    }
}

impl Relay<'_> {
    /// One step of the request: write what is pending, else get more of the body.
    pub(super) fn poll_up(&mut self, cx: &mut Context) -> Result<Step, End> {
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
            return match self.server.poll_write(cx, head, body) {
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
        let certain = self.up.reader.certain();
        match self.client.poll_fill_body(cx, certain) {
            Poll::Pending => Ok(Step::Waits),
            Poll::Ready(Ok(0)) => Err(End::Gone(None)),
            Poll::Ready(Ok(_)) => Ok(Step::Moved),
            Poll::Ready(Err(error)) => Err(End::Gone(Some(error.kind()))),
        }
    }

    /// The whole request has left: from here on the answer is waited for.
    fn uploaded(&mut self) {
        self.up.stage = Stage::Done;
        // A pace is kept anew for the answer.
        self.pace = None;
        if self.down.stage == Stage::Head && self.request.length != Length::None {
            // The time in which the client was sending does not count.
            self.x.waits.since = self.client.worker.now();
            self.due = self.x.waits.since.saturating_add(self.x.waits.total).min(self.to.by);
            self.client.slot.set(self.due);
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
        if !self.up.tail.is_empty() {
            for name in self.x.hidden() {
                edit::drop_lines_alike(name, &mut self.up.tail);
            }
            self.x.edits.drop_trailers(&mut self.up.tail);
        }
        if self.up.sent == 0 && !self.up.streamed && buffer.len() + self.up.tail.len() <= FLAT {
            self.x.onward.extend_from_slice(buffer.held());
            self.x.onward.append(&mut self.up.tail);
            self.client.worker.buffers.give(buffer);
        } else if buffer.is_empty() {
            self.client.worker.buffers.give(buffer);
        } else {
            self.up.streamed = true;
            self.up.pending = Some(buffer);
        }
        self.up.streamed |= !self.up.tail.is_empty();
        Ok(())
    }

    /// The server takes no more bytes. It may have answered before that, so the answer is still looked for.
    fn refused(&mut self, error: &io::Error) -> Result<Step, End> {
        if self.to.reused && self.up.sent == 0 && !self.up.taken {
            return Err(End::Stale);
        }
        self.up.stage = Stage::Broken;
        if let Some(buffer) = self.up.pending.take() {
            self.client.worker.buffers.give(buffer);
        }
        self.x.record.cause = Some(error.kind());
        self.x.record.why = self.server.why();
        if self.down.stage == Stage::Head {
            self.client.slot.set(self.client.worker.now().saturating_add(self.idle));
        }
        Ok(Step::Moved)
    }
}
