//! Forwards a request: chooses a server, gets a connection to it, and relays; once more where a kept connection had
//! died, and with the next server where one cannot be reached.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;

use tokio::net::TcpStream;

use super::client::Client;
use super::connection::{After, after_last, own, refuse};
use super::relay::{End, Relay};
use crate::answer::{self, write_pieces};
use crate::clock::micros;
use crate::exchange::Exchange;
use crate::http1::framing::Length;
use crate::http1::request::{self, Onward, Request};
use crate::reason::Reason;
use crate::terminal::{Forward, Target};
use crate::upstream::Server;
use crate::upstream::pool::Pool;

/// Forwards and sees the answer through. What is rare is boxed, so that this future is small enough to be allocated
/// without a search.
pub(crate) async fn forward(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    to: &'static Forward,
) -> After {
    if matches!(request.length, Length::Fixed(length) if length > x.body_max) {
        return Box::pin(refuse_early(client, x, request, Reason::BODY_TOO_LARGE)).await;
    }
    let worker = Rc::clone(&client.worker);
    let Some(upstream) = worker.upstreams.get(to.upstream as usize) else {
        return Box::pin(refuse_early(client, x, request, Reason::PANIC)).await;
    };
    x.record.upstream = Some(to.upstream);
    let mut unreached = (Reason::UPSTREAM_REFUSED, None);
    for server in upstream.turn() {
        let pool = &server.pool;
        x.record.server = Some(server.address);
        x.record.tries += 1;
        worker.metrics.tried(to.upstream, server.address);
        let kept = pool.take();
        let reused = kept.is_some();
        let stream = match kept {
            Some(stream) => stream,
            None => match Box::pin(connect(client, x, server.address)).await {
                Ok(stream) => stream,
                Err(failure) => {
                    unreached = failure;
                    if worker.cut.get() || late(client, x) {
                        break;
                    }
                    continue;
                }
            },
        };
        write_head(client, x, &request, server, to);
        return match converse(client, x, request, Link { stream, reused, pool }).await {
            Some(after) => after,
            // The kept connection had died unused: the request goes over a fresh one.
            None => match Box::pin(connect_again(client, x, server.address)).await {
                Ok(stream) => {
                    x.homeward.clear();
                    converse(client, x, request, Link { stream, reused: false, pool })
                        .await
                        .unwrap_or(After::Close)
                }
                Err((reason, cause)) => Box::pin(give_up(client, x, request, reason, cause)).await,
            },
        };
    }
    let (reason, cause) = unreached;
    Box::pin(give_up(client, x, request, reason, cause)).await
}

/// Whether the time for the whole exchange is over.
fn late(client: &Client, x: &Exchange) -> bool {
    let total = x.timeout.map_or(0, |timeout| micros(timeout.total));
    client.worker.now() >= x.record.asked.saturating_add(total)
}

fn write_head(client: &Client, x: &mut Exchange, request: &Request, server: &Server, to: &Forward) {
    let onward = Onward {
        host: &server.host,
        forwarding: if x.forwarding.is_empty() { client.forwarding.as_bytes() } else { &x.forwarding },
        via: &client.worker.via,
        length: request.length,
        trailers: request.trailers,
        edits: &x.edits,
    };
    let mut out = std::mem::take(&mut x.onward);
    out.clear();
    let target = |out: &mut Vec<u8>| match to.target {
        Target::Same => out.extend_from_slice(x.head.path()),
        Target::Template(pieces) => write_pieces(pieces, x, out),
    };
    request::write(&x.head, &onward, target, &mut out);
    x.onward = out;
}

/// A connection to a server, and the pool that it came from or goes to.
struct Link<'a> {
    stream: TcpStream,
    reused: bool,
    pool: &'a Pool,
}

/// Relays over one connection. `None`: it had died before anything happened on it.
async fn converse(client: &mut Client, x: &mut Exchange, request: Request, link: Link<'_>) -> Option<After> {
    let Link { stream, reused, pool } = link;
    x.record.tried = client.worker.lately();
    let (end, server, last, complete) = {
        let mut relay = Relay::new(client, x, request, stream, reused);
        let end = std::future::poll_fn(|cx| relay.poll(cx)).await;
        let (server, last, complete) = relay.finish();
        (end, server, last, complete)
    };
    Some(match end {
        End::Stale => return None,
        End::Done => {
            // What follows takes the time from here.
            client.worker.now();
            if let Some(server) = server {
                client.worker.keep(pool, server);
            }
            match (last, complete) {
                (false, _) => After::Next,
                (true, true) => after_last(client),
                (true, false) => After::Linger,
            }
        }
        End::Gone(cause) => {
            x.record.reason = Some(Reason::CLIENT_CLOSED.word);
            x.record.cause = cause;
            After::Close
        }
        End::Failed(reason, cause) if client.answering => {
            x.record.reason = Some(reason.word);
            x.record.cause = cause;
            if reason == Reason::CLIENT_STALLED {
                client.reset_when_closed();
            }
            client.break_off();
            After::Close
        }
        End::Failed(reason, cause) if complete => Box::pin(give_up(client, x, request, reason, cause)).await,
        End::Failed(reason, cause) => Box::pin(refuse(client, x, reason, cause, After::Linger)).await,
    })
}

/// Refuses a request whose body is, or is not, still to come.
async fn give_up(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    reason: Reason,
    cause: Option<io::ErrorKind>,
) -> After {
    x.record.cause = cause;
    let sent = x.record.received > 0;
    if sent {
        return refuse(client, x, reason, cause, After::Linger).await;
    }
    refuse_early(client, x, request, reason).await
}

/// Refuses a request of which nothing but the head was needed.
async fn refuse_early(client: &mut Client, x: &mut Exchange, request: Request, reason: Reason) -> After {
    own(client, x, request, |x, voice| answer::refuse(x, reason, None, voice)).await
}

/// Opens a connection to a server that was asked before.
async fn connect_again(
    client: &mut Client,
    x: &mut Exchange,
    address: SocketAddr,
) -> Result<TcpStream, (Reason, Option<io::ErrorKind>)> {
    x.record.tries += 1;
    client.worker.metrics.tried(x.record.upstream.unwrap_or(u32::MAX), address);
    connect(client, x, address).await
}

/// Opens a connection within the route's bound.
async fn connect(
    client: &mut Client,
    x: &mut Exchange,
    address: SocketAddr,
) -> Result<TcpStream, (Reason, Option<io::ErrorKind>)> {
    let worker = Rc::clone(&client.worker);
    client.park();
    let (total, within) =
        x.timeout.map_or((0, 0), |timeout| (micros(timeout.total), micros(timeout.connect)));
    let end = x.record.asked.saturating_add(total);
    let begun = worker.now();
    client.slot.set(begun.saturating_add(within).min(end));
    let mut connecting = std::pin::pin!(TcpStream::connect(address));
    let result = std::future::poll_fn(|cx| {
        if client.slot.due() {
            return Poll::Ready(None);
        }
        connecting.as_mut().poll(cx).map(Some)
    })
    .await;
    let took = worker.now().saturating_sub(begun);
    x.record.connect = Some(x.record.connect.unwrap_or(0).saturating_add(took));
    let is_open = matches!(result, Some(Ok(_)));
    worker.metrics.connected(x.record.upstream, address, is_open);
    match result {
        None if worker.cut.get() => Err((Reason::DRAINED, None)),
        None => Err((Reason::UPSTREAM_CONNECT_TIMEOUT, None)),
        Some(Ok(stream)) => {
            // Only a hint: without it the connection works, somewhat later.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Some(Err(error)) => {
            let reason = match error.kind() {
                io::ErrorKind::ConnectionRefused => Reason::UPSTREAM_REFUSED,
                io::ErrorKind::TimedOut => Reason::UPSTREAM_CONNECT_TIMEOUT,
                _ => Reason::UPSTREAM_UNREACHABLE,
            };
            Err((reason, Some(error.kind())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::forward;

    fn size<A, B, C, D, F>(_: impl Fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_request_under_way_takes_little_room() {
        assert!(size(forward) <= 1_000, "{}", size(forward));
    }
}
