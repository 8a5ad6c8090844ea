//! The life of a client's connection: one request after the other, until either side has had enough.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::net::TcpStream;

use super::arrival;
use super::client::Client;
use super::forward;
use super::identity::{identify, identify_unread};
use super::leave::leave;
use super::worker::Worker;
use crate::answer::{self, Voice};
use crate::buffer::SIZE;
use crate::clock::micros;
use crate::exchange::{Exchange, Flow};
use crate::http1::framing::Length;
use crate::http1::request::{self, Request};
use crate::reason::Reason;
use crate::route::{Found, method};

/// What follows an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The next request.
    Next,
    /// Nothing: the connection is closed.
    Close,
    /// It is closed once the client has had the time to read the answer.
    Linger,
}

/// What the wait for a request has brought.
enum Received {
    Request(Box<Exchange>, Request),
    /// It cannot be read; the answer ends the connection.
    Refused(Box<Exchange>, Reason),
    /// The client has gone or has been quiet for too long.
    Nothing,
}

/// Serves a connection to its end.
pub(crate) async fn serve(worker: Rc<Worker>, stream: TcpStream, peer: std::net::SocketAddr) {
    let waker = std::future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let slot = worker.sweep.slot(waker);
    worker.now();
    let mut client = Client::new(worker, stream, slot, peer);
    loop {
        let (mut x, after) = match receive(&mut client).await {
            Received::Nothing => break,
            Received::Refused(mut x, reason) => {
                identify_unread(&client, &mut x);
                let after = refuse(&mut client, &mut x, reason, None, After::Linger).await;
                (x, after)
            }
            Received::Request(mut x, request) => {
                let after = contained(&mut client, &mut x, request).await;
                (x, after)
            }
        };
        client.served += 1;
        record(&client, &mut x);
        let worker = &client.worker;
        // An exchange that was unwound may have left anything behind.
        if x.record.reason == Some(Reason::PANIC.word) {
            drop(x);
        } else {
            worker.done(x);
        }
        match after {
            After::Next => client.answering = false,
            After::Close => break,
            After::Linger => return linger(&mut client).await,
        }
    }
}

/// Waits for a request's head.
async fn receive(client: &mut Client) -> Received {
    let worker = Rc::clone(&client.worker);
    let limits = &worker.gateway.limits;
    let mut x: Option<Box<Exchange>> = None;
    let mut scanned = 0;
    let mut look = client.holds();
    // The time was asked for when the last answer left, or when the connection was accepted. Whatever deadline the
    // exchange before had is over.
    let wait = if look { limits.head } else { limits.keep_alive };
    client.slot.set(worker.lately() + micros(wait));
    std::future::poll_fn(|cx| {
        if client.slot.due() {
            let late = |x: Box<Exchange>| Received::Refused(x, Reason::HEAD_TIMEOUT);
            let waits = x.take().filter(|_| !worker.cut.get());
            return Poll::Ready(waits.map_or(Received::Nothing, late));
        }
        loop {
            if look {
                look = false;
                let started = x.is_some();
                let mut exchange = x.take().unwrap_or_else(|| worker.exchange());
                if !started {
                    exchange.record.started = worker.now();
                    exchange.client = client.ip;
                }
                match read_head(client, &mut exchange, &mut scanned, limits.head_bytes) {
                    Ok(Some(request)) => {
                        let began = exchange.record.started;
                        exchange.record.asked = if started { worker.now() } else { began };
                        return Poll::Ready(Received::Request(exchange, request));
                    }
                    Err(reason) => return Poll::Ready(Received::Refused(exchange, reason)),
                    Ok(None) if !client.holds() => worker.done(exchange),
                    Ok(None) => {
                        if !started {
                            client.slot.set(exchange.record.started + micros(limits.head));
                        }
                        x = Some(exchange);
                    }
                }
            }
            match client.poll_fill(cx, limits.head_bytes) {
                Poll::Ready(Ok(1..)) => look = true,
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Received::Nothing),
                Poll::Pending => {
                    client.park();
                    return Poll::Pending;
                }
            }
        }
    })
    .await
}

/// Reads a head from what has arrived. `scanned` bytes are known to hold no end of one.
fn read_head(
    client: &mut Client,
    x: &mut Exchange,
    scanned: &mut usize,
    most: usize,
) -> Result<Option<Request>, Reason> {
    let mut buffer = client.take();
    // RFC 9112 section 2.2: a blank line before the request line is passed over.
    while *scanned == 0 && buffer.held().starts_with(b"\r\n") {
        buffer.consume(2);
    }
    let held = buffer.held();
    let from = scanned.saturating_sub(3);
    let read = if *scanned == 0 || ends(held.get(from..).unwrap_or_default()) {
        request::read(held, &mut x.head)
    } else {
        Ok(None)
    };
    *scanned = held.len();
    let result = match read {
        Ok(Some(request)) if request.len > most => Err(too_large(held, most)),
        Ok(None) if held.len() > most => Err(too_large(held, most)),
        other => other,
    };
    if let Ok(Some(request)) = &result {
        buffer.consume(request.len);
    }
    client.input = Some(buffer);
    result
}

/// A request line that alone is over the bound is so because of its target.
fn too_large(held: &[u8], most: usize) -> Reason {
    let line = held.get(..most).is_some_and(|start| start.contains(&b'\n'));
    if line { Reason::HEAD_TOO_LARGE } else { Reason::TARGET_TOO_LONG }
}

/// Whether a head may end in these bytes.
fn ends(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

/// Runs an exchange; a panic in it ends the exchange and the connection, and nothing else.
async fn contained(client: &mut Client, x: &mut Exchange, request: Request) -> After {
    let result = {
        let mut exchange = pin!(exchange(client, x, request));
        std::future::poll_fn(|cx: &mut Context| {
            match catch_unwind(AssertUnwindSafe(|| exchange.as_mut().poll(cx))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(after)) => Poll::Ready(Ok(after)),
                Err(_) => Poll::Ready(Err(())),
            }
        })
        .await
    };
    if let Ok(after) = result {
        after
    } else {
        x.homeward.clear();
        x.unsay();
        // A step that panicked might do so again.
        x.walk = None;
        x.record.reason = Some(Reason::PANIC.word);
        if client.answering {
            client.break_off();
            After::Close
        } else {
            refuse(client, x, Reason::PANIC, None, After::Linger).await
        }
    }
}

/// One request: finds its route, runs the chain, and does what the chain says.
async fn exchange(client: &mut Client, x: &mut Exchange, request: Request) -> After {
    x.catch_up();
    if let Err(reason) = identify(client, x) {
        return own(client, x, request, |x, voice| answer::refuse(x, reason, None, voice)).await;
    }
    let worker = Rc::clone(&client.worker);
    if let Some(capacity) = &worker.gateway.capacity {
        x.admission = capacity.admit();
        if x.admission.is_none() {
            capacity.say_when(x);
            return own(client, x, request, |x, voice| answer::refuse(x, Reason::OVERLOADED, None, voice))
                .await;
        }
    }
    let program = worker.gateway.program;
    let bit = answer::method_bit(x.head.method);
    let found =
        if request.asterisk { Found::OtherMethods(program.router.methods) } else { x.find(program, bit) };
    let route = match found {
        Found::Route(route) => route,
        Found::OtherMethods(methods) if bit == method::OPTIONS => {
            return own(client, x, request, |x, voice| answer::options(x, methods, voice)).await;
        }
        Found::OtherMethods(methods) => {
            return own(client, x, request, |x, voice| {
                answer::refuse(x, Reason::METHOD_NOT_ALLOWED, Some(methods), voice);
            })
            .await;
        }
        Found::Nothing => {
            return own(client, x, request, |x, voice| answer::refuse(x, Reason::NOT_FOUND, None, voice))
                .await;
        }
    };
    x.route = Some(route);
    #[cfg(feature = "tested")]
    x.reach(format_args!(""));
    x.walk = worker.gateway.shared.walk(route);
    let waits = arrival::run(x);
    match x.flow.take().unwrap_or(Flow::Next) {
        // Boxed, so that an idle connection does not carry the room of a busy one.
        Flow::Forward(to) => Box::pin(forward::forward(client, x, request, to)).await,
        _ if waits => Box::pin(late(client, x, request)).await,
        #[cfg(feature = "json")]
        Flow::Aggregate(plan) => Box::pin(crate::aggregate::run(client, x, request, plan)).await,
        #[cfg(feature = "json")]
        Flow::Body(max) => Box::pin(super::body::then(client, x, request, max)).await,
        #[cfg(feature = "handler")]
        Flow::Handler(handler) => Box::pin(crate::handler::run(client, x, request, handler)).await,
        flow => own(client, x, request, |x, voice| state(x, &flow, voice)).await,
    }
}

/// The end of a request of which it may be known in a moment whom it is from.
async fn late(client: &mut Client, x: &mut Exchange, request: Request) -> After {
    if let Err(cause) = arrival::wait(client, x).await {
        x.record.reason = Some(Reason::CLIENT_CLOSED.word);
        x.record.cause = cause;
        return After::Close;
    }
    match x.flow.take().unwrap_or(Flow::Next) {
        Flow::Forward(to) => forward::forward(client, x, request, to).await,
        #[cfg(feature = "json")]
        Flow::Aggregate(plan) => crate::aggregate::run(client, x, request, plan).await,
        #[cfg(feature = "json")]
        Flow::Body(max) => super::body::then(client, x, request, max).await,
        #[cfg(feature = "handler")]
        Flow::Handler(handler) => crate::handler::run(client, x, request, handler).await,
        flow => own(client, x, request, |x, voice| state(x, &flow, voice)).await,
    }
}

/// Writes the answer of a chain that ends without asking anybody.
pub(super) fn state(x: &mut Exchange, flow: &Flow, voice: &Voice) {
    match flow {
        Flow::Respond(respond) => answer::respond(x, respond, voice),
        Flow::Redirect(to) => answer::redirect(x, to, voice),
        Flow::Refuse(reason) => answer::refuse(x, *reason, None, voice),
        // Every emitted chain ends with a terminal, and asks for the body once.
        _ => answer::refuse(x, Reason::PANIC, None, voice),
    }
}

/// Gives an answer of the gateway's own to a request of which nothing but the head was needed. A body of moderate,
/// stated length is read and dropped, so that the connection can go on.
pub(crate) async fn own(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    write: impl FnOnce(&mut Exchange, &Voice),
) -> After {
    let left = match request.length {
        Length::None => Some(0),
        Length::Fixed(length) if length <= client.worker.gateway.limits.discard_bytes && !request.expect => {
            Some(length)
        }
        _ => None,
    };
    let last = request.last || left.is_none() || client.is_leaving() || client.retiring();
    if !leave(client, x, last, write).await {
        return After::Close;
    }
    match left {
        Some(0) if !last => After::Next,
        Some(left) if !last => {
            if discard(client, left).await {
                After::Next
            } else {
                After::Close
            }
        }
        Some(0) => after_last(client),
        _ => After::Linger,
    }
}

/// What follows a whole answer that is the connection's last. A client that has sent more, such as further requests
/// at once, is not reset while the answer is on its way.
pub(crate) fn after_last(client: &Client) -> After {
    if client.holds() { After::Linger } else { After::Close }
}

/// Refuses; the connection ends afterwards.
pub(crate) async fn refuse(
    client: &mut Client,
    x: &mut Exchange,
    reason: Reason,
    cause: Option<std::io::ErrorKind>,
    after: After,
) -> After {
    x.record.cause = cause;
    let said = leave(client, x, true, |x, voice| answer::refuse(x, reason, None, voice)).await;
    if said { after } else { After::Close }
}

/// Reads and drops the rest of a body. Whether all of it came.
async fn discard(client: &mut Client, length: u64) -> bool {
    let worker = Rc::clone(&client.worker);
    client.slot.set(worker.now() + micros(worker.gateway.limits.head));
    let mut left = length;
    std::future::poll_fn(|cx| {
        loop {
            if client.holds() {
                let mut buffer = client.take();
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                buffer.consume(take);
                left -= take as u64;
                client.input = Some(buffer);
            }
            if left == 0 {
                return Poll::Ready(true);
            }
            if client.slot.due() {
                return Poll::Ready(false);
            }
            match client.poll_fill_body(cx, left) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(_) => return Poll::Ready(false),
                Poll::Pending => {
                    client.park();
                    return Poll::Pending;
                }
            }
        }
    })
    .await
}

/// Closes the sending side and drops what still arrives, for a moment: a socket that is closed with bytes unread is
/// reset, and the client could lose the answer (RFC 9112 section 9.6).
async fn linger(client: &mut Client) {
    let worker = Rc::clone(&client.worker);
    let limits = &worker.gateway.limits;
    let now = worker.now();
    let end = now + micros(limits.linger_most);
    client.slot.set(now + micros(limits.linger));
    let mut shut = false;
    std::future::poll_fn(|cx| {
        if !shut {
            shut = true;
            let sock = socket2::SockRef::from(&client.stream);
            if sock.shutdown(std::net::Shutdown::Write).is_err() {
                return Poll::Ready(());
            }
        }
        loop {
            if client.slot.due() {
                return Poll::Ready(());
            }
            let mut buffer = client.take();
            buffer.consume(buffer.len());
            client.input = Some(buffer);
            match client.poll_fill(cx, SIZE) {
                Poll::Ready(Ok(1..)) if worker.cut.get() => {}
                Poll::Ready(Ok(1..)) => client.slot.set(end.min(worker.now() + micros(limits.linger))),
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    client.park();
                    return Poll::Pending;
                }
            }
        }
    })
    .await;
}

/// Counts an exchange that is over, and writes the access log's line.
fn record(client: &Client, x: &mut Exchange) {
    let worker = &client.worker;
    if worker.cut.get() && x.record.reason == Some(Reason::DRAINED.word) {
        worker.gateway.cuts_one();
    }
    if !worker.watched {
        return;
    }
    // Where a server's answer has gone through, the time was asked for a moment ago.
    let is_known = x.record.first.is_some() && x.record.reason.is_none();
    let now = if is_known { worker.lately() } else { worker.now() };
    x.record.ended = now;
    worker.metrics.exchange(x, now);
    let mut log = worker.log.borrow_mut();
    if log.wanted() {
        let due = log.add(worker.gateway.program, x, client.address(), now);
        worker.sweep.look_at(due);
    }
    drop(log);
    worker.tracer.finish(x, client.ip);
}

#[cfg(test)]
mod tests {
    use super::serve;

    fn size<A, B, C, F>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn an_idle_connection_is_small() {
        assert!(size(serve) <= 816, "{}", size(serve));
    }
}
