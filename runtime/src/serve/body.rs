//! Reads the body of a request as a whole, for a step that looks into it. Everything else streams.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::client::Client;
use super::connection::{After, own, refuse, state};
use super::forward;
use super::socket::poll_write;
use crate::aggregate;
use crate::answer;
use crate::clock::micros;
use crate::exchange::{Exchange, Flow};
use crate::head::Known;
use crate::http1::body::Reader;
use crate::http1::chunk::Broken;
use crate::http1::framing::Length;
use crate::http1::request::Request;
use crate::reason::Reason;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Why there is no body. What the client has still to send is not read.
type Missing = (Reason, Option<io::ErrorKind>);

/// Reads the body that a step has asked for, goes on with the chain, and does what that says.
pub(super) async fn then(client: &mut Client, x: &mut Exchange, mut request: Request, max: u64) -> After {
    match read(client, x, &mut request, max).await {
        Ok(()) => {}
        Err((Reason::CLIENT_CLOSED, cause)) => {
            x.record.reason = Some(Reason::CLIENT_CLOSED.word);
            x.record.cause = cause;
            return After::Close;
        }
        // Nothing of it has been read: a body of moderate size may be passed over.
        Err((reason, _)) if x.record.received == 0 => {
            return own(client, x, request, |x, voice| answer::refuse(x, reason, None, voice)).await;
        }
        Err((reason, cause)) => return refuse(client, x, reason, cause, After::Linger).await,
    }
    let flow = x.walk.and_then(|walk| Some(walk.chain.body?(x, walk.record)));
    match flow.unwrap_or(Flow::Next) {
        Flow::Forward(to) => forward::forward(client, x, request, to).await,
        Flow::Aggregate(plan) => aggregate::run(client, x, request, plan).await,
        #[cfg(feature = "handler")]
        Flow::Handler(handler) => crate::handler::run(client, x, request, handler).await,
        flow => own(client, x, request, |x, voice| state(x, &flow, voice)).await,
    }
}

/// Reads the body, of at most `max` bytes, to where [`super::forward`] takes it from. From then on the request counts as one
/// that has none.
async fn read(client: &mut Client, x: &mut Exchange, request: &mut Request, max: u64) -> Result<(), Missing> {
    let worker = Rc::clone(&client.worker);
    x.room = worker.gateway.room.enter();
    if let Length::Fixed(length) = request.length {
        if length > max {
            return Err((Reason::BODY_TOO_LARGE, None));
        }
        // What has not come takes nothing; what could not be kept is not waited for.
        if !x.room.is_free(length) {
            return Err((Reason::BODIES_FULL, None));
        }
    }
    let limits = &worker.gateway.limits;
    let begun = worker.now();
    let grace = begun + micros(limits.body_grace);
    client.slot.set(grace);
    let mut reading = Reading {
        reader: Reader::new(request.length),
        // Who waits to be told that the body is wanted is told by whoever wants it (RFC 9110 section 10.1.1).
        ahead: if request.expect { CONTINUE } else { b"" },
        max,
    };
    x.onward.clear();
    x.onward_head = 0;
    let result = std::future::poll_fn(|cx| {
        let moved = x.onward.len();
        let polled = reading.poll(client, x, cx);
        if polled.is_pending() {
            if client.slot.due() {
                return Poll::Ready(Err(late(client)));
            }
            if x.onward.len() > moved {
                let earned = (x.onward.len() as u64).saturating_mul(1_000_000) / limits.body_rate.max(1);
                client.slot.set(grace.saturating_add(earned));
            }
        }
        polled
    })
    .await;
    x.record.received = reading.reader.total;
    result?;
    for field in &mut x.head.fields {
        field.dropped |= field.known == Known::Expect;
    }
    request.expect = false;
    request.length = Length::None;
    // The time in which the client was sending is not the server's.
    x.record.asked = worker.now();
    Ok(())
}

fn late(client: &Client) -> Missing {
    (if client.worker.cut.get() { Reason::DRAINED } else { Reason::BODY_TIMEOUT }, None)
}

struct Reading {
    reader: Reader,
    /// What the client is told before it sends.
    ahead: &'static [u8],
    max: u64,
}

impl Reading {
    fn poll(&mut self, client: &mut Client, x: &mut Exchange, cx: &mut Context) -> Poll<Result<(), Missing>> {
        let gone = |error: io::Error| Poll::Ready(Err((Reason::CLIENT_CLOSED, Some(error.kind()))));
        // A client that has begun to send does not wait.
        if client.holds() && self.ahead.len() == CONTINUE.len() {
            self.ahead = b"";
        }
        while !self.ahead.is_empty() {
            match poll_write(&client.stream, cx, self.ahead, b"") {
                Poll::Ready(Ok(count)) => self.ahead = self.ahead.get(count..).unwrap_or_default(),
                Poll::Ready(Err(error)) => return gone(error),
                Poll::Pending => return Poll::Pending,
            }
        }
        loop {
            if client.holds()
                && let Err(reason) = self.load(client, x)
            {
                return Poll::Ready(Err((reason, None)));
            }
            if self.reader.done() {
                return Poll::Ready(Ok(()));
            }
            match client.poll_fill_body(cx, self.reader.certain()) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) => return Poll::Ready(Err((Reason::CLIENT_CLOSED, None))),
                Poll::Ready(Err(error)) => return gone(error),
                Poll::Pending => {
                    client.park();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Takes what has arrived.
    fn load(&mut self, client: &mut Client, x: &mut Exchange) -> Result<(), Reason> {
        let mut buffer = client.take();
        let read = self.reader.read(&mut buffer, |beyond| client.keep(beyond));
        let count = buffer.len() as u64;
        let result = match read {
            Err(Broken::Chunk) => Err(Reason::CHUNK_INVALID),
            Err(_) => Err(Reason::TRAILER_INVALID),
            Ok(()) if self.reader.total > self.max => Err(Reason::BODY_TOO_LARGE),
            Ok(()) if !x.room.take(count) => Err(Reason::BODIES_FULL),
            Ok(()) => {
                x.onward.extend_from_slice(buffer.held());
                Ok(())
            }
        };
        client.worker.buffers.give(buffer);
        result
    }
}
