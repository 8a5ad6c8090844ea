//! A client's connection: its socket, its deadline, and the bytes that arrived before anybody wanted them.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::net::TcpStream;

use super::socket::{Awaited, poll_read, poll_readable};
use super::worker::Worker;
use crate::buffer::{Buffer, SIZE};
#[cfg(any(feature = "handler", feature = "json"))]
use crate::clock::{Micros, micros};
use crate::http1::request;
use crate::sweep::Slot;

/// A client's connection.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about a connection")]
pub(crate) struct Client {
    pub(crate) worker: Rc<Worker>,
    pub(crate) stream: TcpStream,
    awaited: Awaited,
    pub(crate) slot: Slot,
    /// The peer's address.
    pub(crate) ip: IpAddr,
    /// What it says of the clients behind it is believed.
    pub(crate) trusted: bool,
    /// What servers are told about the client; see [`Self::address`].
    pub(crate) forwarding: Box<str>,
    /// Bytes being worked on.
    pub(crate) input: Option<Buffer>,
    /// Bytes kept while nothing is being worked on; before those of `input`.
    ahead: Vec<u8>,
    /// The client has closed its side.
    pub(crate) ended: bool,
    /// The head of a final answer has begun to leave.
    pub(crate) answering: bool,
    /// Nothing but the end of the connection ends that answer's body.
    pub(crate) unframed: bool,
    pub(crate) served: u32,
}

/// A client whose answer is being made meanwhile.
#[cfg(any(feature = "handler", feature = "json"))]
#[derive(Debug)]
pub(crate) struct Waiting {
    /// It has closed its side, and is waited for a while.
    has_ended: bool,
}

#[cfg(any(feature = "handler", feature = "json"))]
impl Waiting {
    /// From now on, for as long as it takes: whatever makes the answer has a time of its own.
    pub(crate) fn new(client: &mut Client) -> Self {
        client.park();
        client.slot.set(Micros::MAX);
        Self { has_ended: false }
    }

    /// Looks after it.
    ///
    /// # Errors
    ///
    /// It has gone, with this error if there was one.
    pub(crate) fn poll(
        &mut self,
        client: &mut Client,
        cx: &mut Context,
    ) -> Result<(), Option<io::ErrorKind>> {
        client.poll_watch(cx).map_err(|error| Some(error.kind()))?;
        if self.has_ended && client.slot.due() && !client.worker.cut.get() {
            return Err(None);
        }
        if client.ended && !self.has_ended {
            self.has_ended = true;
            let worker = &client.worker;
            client.slot.set(worker.now().saturating_add(micros(worker.gateway.limits.half_closed)));
        }
        Ok(())
    }
}

impl Client {
    pub(crate) fn new(worker: Rc<Worker>, stream: TcpStream, slot: Slot, peer: SocketAddr) -> Self {
        // An IPv4 client of a dual-stack listener is an IPv4 client.
        let ip = peer.ip().to_canonical();
        let forwarding = request::forwarding(ip).into_boxed_str();
        let trusted = worker.gateway.proxies.as_ref().is_some_and(|proxies| proxies.trust(ip));
        Self {
            worker,
            stream,
            awaited: Awaited::default(),
            slot,
            ip,
            trusted,
            forwarding,
            input: None,
            ahead: Vec::new(),
            ended: false,
            answering: false,
            unframed: false,
            served: 0,
        }
    }

    /// The peer's address, as text.
    pub(crate) fn address(&self) -> &str {
        request::forwarded_for(&self.forwarding)
    }

    /// Reads what there is behind what is held, as long as that is not more than `most` bytes, so that what has to be
    /// kept is bounded. `Ok(0)`: the client has closed its side.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context, most: usize) -> Poll<io::Result<usize>> {
        // No buffer is taken for a socket that is known to be empty.
        if poll_readable(&self.stream, &self.awaited, cx)?.is_pending() {
            self.worker.turn.ends();
            return Poll::Pending;
        }
        let mut buffer = self.take();
        buffer.compact();
        // One byte more than is allowed shows that it is too much.
        let most = (most + 1).saturating_sub(buffer.len()).max(1);
        let room = buffer.room();
        let most = most.min(room.len());
        let read = poll_read(&self.stream, &self.worker.turn, cx, room.get_mut(..most).unwrap_or_default());
        if let Poll::Ready(Ok(count)) = read {
            buffer.end += count;
            self.ended |= count == 0;
        }
        if buffer.is_empty() {
            self.worker.buffers.give(buffer);
        } else {
            self.input = Some(buffer);
        }
        read
    }

    /// Reads what there is of a body of which `certain` bytes are still to come at least: behind them, no more than what
    /// may be kept until the next request is wanted.
    pub(crate) fn poll_fill_body(&mut self, cx: &mut Context, certain: u64) -> Poll<io::Result<usize>> {
        let ahead = self.worker.gateway.limits.head_bytes;
        let certain = usize::try_from(certain).unwrap_or(usize::MAX);
        self.poll_fill(cx, SIZE.min(certain.saturating_add(ahead)))
    }

    /// This connection takes no further request after the present one.
    pub(crate) fn retiring(&self) -> bool {
        self.worker.draining.get() || self.served + 1 >= self.worker.gateway.limits.requests
    }

    /// Where the client could take the end of the connection for the end of the body, it is reset instead.
    pub(crate) fn break_off(&self) {
        if self.unframed {
            self.reset_when_closed();
        }
    }

    /// The kernel keeps nothing for this client: bytes that it does not read would stay for minutes.
    pub(crate) fn reset_when_closed(&self) {
        // Only a hint: the connection ends either way.
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(std::time::Duration::ZERO));
    }

    /// The buffer being worked on, with whatever was kept in front.
    pub(crate) fn take(&mut self) -> Buffer {
        let mut buffer = self.input.take().unwrap_or_else(|| self.worker.buffers.take());
        if !self.ahead.is_empty() {
            // Kept bytes come from one buffer and `input` is empty then, so they fit.
            let ahead = std::mem::take(&mut self.ahead);
            buffer.append(&ahead);
        }
        buffer
    }

    /// Nothing will follow what has been asked.
    pub(crate) fn is_leaving(&self) -> bool {
        self.ended && !self.holds()
    }

    /// Bytes that have arrived and belong to nothing yet.
    pub(crate) fn holds(&self) -> bool {
        !self.ahead.is_empty() || self.input.as_ref().is_some_and(|input| !input.is_empty())
    }

    /// Keeps bytes for later.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.ahead.extend_from_slice(bytes);
    }

    /// Gives the buffer back before a wait; what it holds is kept in just the room that it needs.
    pub(crate) fn park(&mut self) {
        if let Some(buffer) = self.input.take() {
            if !buffer.is_empty() {
                self.ahead.extend_from_slice(buffer.held());
            }
            self.worker.buffers.give(buffer);
        }
    }

    /// While a server works: learns whether the client is still there. Bytes that arrive are kept, as many as the head of a request
    /// may have, so that what ends the connection behind them is seen. An error means that the client is gone; a closed side does
    /// not, since a client may close it and still wait for its answer.
    pub(crate) fn poll_watch(&mut self, cx: &mut Context) -> io::Result<()> {
        let most = self.worker.gateway.limits.head_bytes.min(SIZE);
        // What is kept stands in front of what is worked on.
        self.park();
        while !self.ended && self.ahead.len() < most {
            if poll_readable(&self.stream, &self.awaited, cx)?.is_pending() {
                return Ok(());
            }
            let mut bytes = [0_u8; 4096];
            let room = most - self.ahead.len();
            let room = bytes.get_mut(..room.min(4096)).unwrap_or_default();
            match poll_read(&self.stream, &self.worker.turn, cx, room) {
                Poll::Ready(Ok(0)) => self.ended = true,
                Poll::Ready(Ok(count)) => self.ahead.extend_from_slice(room.get(..count).unwrap_or_default()),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(()),
            }
        }
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.worker.open.set(self.worker.open.get().saturating_sub(1));
        self.worker.metrics.closed();
        if let Some(buffer) = self.input.take() {
            self.worker.buffers.give(buffer);
        }
    }
}
