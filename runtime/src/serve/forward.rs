//! Forwards a request: chooses a server, gets a connection to it, and relays; once more where a kept connection had
//! died, and with the next server where one cannot be reached.

use std::borrow::Borrow;
use std::io;
use std::rc::Rc;
use std::task::Poll;

use super::client::Client;
use super::connection::{After, after_last, own, refuse};
use super::deadline;
use super::queue;
use super::relay::{End, Finished, Relay, To};
use super::worker::Worker;
use crate::answer;
use crate::cause::is_connect_failure;
use crate::clock::Micros;
use crate::exchange::Exchange;
use crate::head::write_number;
use crate::http1::framing::Length;
use crate::http1::request::{self, Onward, Request};
use crate::link::Link;
use crate::reason::Reason;
use crate::sweep::Slot;
use crate::target;
use crate::terminal::Forward;
use crate::upstream::{Server, Upstream, is_of_server};

/// Which upstream a request really goes to: another one, where the one that is named shares its requests out.
pub(crate) fn shared_out(worker: &Worker, x: &Exchange, number: u32) -> u32 {
    let program = worker.gateway.program;
    let split = program.splits.iter().find(|split| split.upstream == number);
    let sharing = split.and_then(|split| Some((split, worker.upstreams.get(number as usize)?)));
    sharing.map_or(number, |(split, sharing)| sharing.get().share_out(split, x, program))
}

/// Forwards and sees the answer through. What is rare is boxed, so that this future is small enough to be allocated
/// without a search.
pub(crate) async fn forward(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    to: &'static Forward,
) -> After {
    if let Some(reason) = in_vain(client, x, &request) {
        return Box::pin(refuse_early(client, x, request, reason)).await;
    }
    let worker = Rc::clone(&client.worker);
    let number = shared_out(&worker, x, to.upstream);
    x.record.upstream = Some(number);
    let Some(upstream) = worker.upstreams.get(number as usize) else {
        return Box::pin(refuse_early(client, x, request, Reason::PANIC)).await;
    };
    let held = upstream.get();
    let upstream: &Upstream = Borrow::borrow(&held);
    if let Err(held) = queue::enter(client, x, upstream)
        && let Some(after) = Box::pin(queue::hold(client, x, request, upstream, held)).await
    {
        return after;
    }
    x.retry.inspect(|retry| upstream.earn(retry));
    let mut failure = (Reason::UPSTREAM_UNAVAILABLE, None);
    let (mut tries, mut again) = (0, false);
    loop {
        let Some(server) = choose(upstream, x, worker.lately(), &mut again) else {
            if upstream.is_empty() {
                failure.0 = Reason::UPSTREAM_UNRESOLVED;
            }
            // Each of them has been tried, and has not taken the connection.
            if Box::pin(once_more(client, x, upstream, failure.0, &mut tries)).await {
                x.tried.clear();
                continue;
            }
            break;
        };
        x.tried.push(server.index);
        let (asking, by) = (server.ask(), each(client, x));
        let mut kept = server.own.pool.take(worker.lately());
        // A kept connection that breaks takes of its time as well.
        x.waits.since = worker.lately();
        let turn = loop {
            begin(&worker, x, server);
            let reused = kept.is_some();
            let stream = match kept.take() {
                Some(stream) => stream,
                None => match Box::pin(connect(client, x, server, by)).await {
                    Ok(stream) => stream,
                    Err((reason, cause)) => break Turn::Failed(reason, cause),
                },
            };
            deadline::tell(x, worker.lately(), by);
            write_head(client, x, &request, server, to);
            let retry = x.retry.filter(|retry| tries < retry.times);
            match converse(client, x, request, stream, To { upstream, server, reused, retry, by }).await {
                // The kept connection had died unused: the request goes over a fresh one.
                Turn::Stale => {
                    x.homeward.clear();
                    x.trace.stale(worker.lately());
                }
                turn => break turn,
            }
        };
        drop(asking);
        match turn {
            Turn::Over(after) => {
                x.trace.tried(worker.lately(), x.record.reason);
                return after;
            }
            // Only a kept connection is stale, and of those there was one.
            Turn::Stale => break,
            Turn::Again(wait) => {
                x.homeward.clear();
                x.trace.tried(worker.lately(), None);
                tries += 1;
                match Box::pin(pause(client, x, upstream, wait, tries)).await {
                    Ok(()) => again = true,
                    Err(over) => {
                        failure = over;
                        break;
                    }
                }
            }
            Turn::Failed(reason, cause) => {
                blame(client, x, (upstream, server), reason);
                x.trace.tried(worker.lately(), Some(reason.word));
                failure = (reason, cause);
                if worker.cut.get() || late(client, x) {
                    break;
                }
                // A server that does not take the connection is passed over; whatever else happened is not so harmless.
                if !is_connect_failure(reason) {
                    if !Box::pin(once_more(client, x, upstream, reason, &mut tries)).await {
                        break;
                    }
                    x.homeward.clear();
                    again = true;
                }
            }
        }
    }
    let (reason, cause) = failure;
    if x.record.server.is_some() && (x.waits.has_counted || x.waits.counts(reason, worker.lately())) {
        upstream.lost(x.pass.as_ref(), reason, worker.lately());
    }
    Box::pin(give_up(client, x, request, reason, cause)).await
}

/// Why no server is asked, whatever there are.
fn in_vain(client: &Client, x: &Exchange, request: &Request) -> Option<Reason> {
    match request.length {
        Length::Fixed(length) if length > x.body_max => Some(Reason::BODY_TOO_LARGE),
        // What was waited for before may have taken all the time. That for a body begins when it has ended.
        Length::None if !x.settled.is_empty() && late(client, x) => Some(Reason::UPSTREAM_TIMEOUT),
        _ => None,
    }
}

/// A server is about to be asked.
fn begin(worker: &Worker, x: &mut Exchange, server: &Server) {
    worker.metrics.another(&x.record);
    x.record.server = Some(server.address);
    x.record.line = server.line;
    x.record.tries += 1;
    x.record.why = None;
    worker.metrics.tried(&x.record);
    worker.tracer.tries(x, worker.lately());
}

/// Counts against a server that it gave no answer, where that is its doing.
fn blame(client: &Client, x: &mut Exchange, (upstream, server): (&Upstream, &Server), reason: Reason) {
    let now = client.worker.lately();
    if !x.waits.counts(reason, now) {
        return;
    }
    upstream.failed(server, reason, now);
    if is_of_server(reason) {
        x.waits.has_counted = true;
        client.worker.metrics.unanswered(&x.record);
    }
}

/// The server that is asked next.
pub(crate) fn choose<'a>(
    upstream: &'a Upstream,
    x: &mut Exchange,
    now: Micros,
    again: &mut bool,
) -> Option<&'a Server> {
    let chosen = upstream.choose(x, now);
    if chosen.is_none() && std::mem::take(again) {
        // After one has failed another is better; where there is none, the same.
        x.tried.clear();
        return upstream.choose(x, now);
    }
    chosen
}

/// How it went with one server.
enum Turn {
    /// The exchange is over.
    Over(After),
    /// The connection was a kept one and had died before anything happened on it.
    Stale,
    /// The server's answer is to be followed by another try, after so many seconds at least.
    Again(u64),
    /// There is no answer, and the request could be sent to another server.
    Failed(Reason, Option<io::ErrorKind>),
}

/// Whether there is another try after a failure; it returns when that may begin.
async fn once_more(
    client: &mut Client,
    x: &Exchange,
    upstream: &Upstream,
    reason: Reason,
    tries: &mut u32,
) -> bool {
    another(upstream, x, reason, tries, client.worker.now())
        && pause(client, x, upstream, 0, *tries).await.is_ok()
}

/// Whether there may be another try after a failure. It is counted then.
pub(crate) fn another(
    upstream: &Upstream,
    x: &Exchange,
    reason: Reason,
    tries: &mut u32,
    now: Micros,
) -> bool {
    let wanted = x.retry.filter(|retry| *tries < retry.times && retry.wants(reason));
    let may = wanted.is_some_and(|retry| upstream.spend(retry, now));
    *tries += u32::from(may);
    may
}

/// When the next of so many tries may begin: after so many seconds, as long as a server has asked for, and then not all at once.
/// Half of what is left of the time to `due` belongs to the try: a pause that used all of it up would cost the client the
/// answer that was there.
pub(crate) fn not_before(
    upstream: &Upstream,
    x: &Exchange,
    (seconds, tries): (u64, u32),
    (now, due): (Micros, Micros),
) -> Micros {
    let most = x.retry.map_or(0, |retry| retry.pause(tries.saturating_sub(1)));
    let earliest = now.saturating_add(seconds.saturating_mul(1_000_000));
    earliest.saturating_add(upstream.draw(most.min(due.saturating_sub(earliest) / 2)))
}

/// Waits before a try, as long as is drawn or the server has asked for. An error says why there will be none: the client has
/// gone, or the time is over.
async fn pause(
    client: &mut Client,
    x: &Exchange,
    upstream: &Upstream,
    seconds: u64,
    tries: u32,
) -> Result<(), (Reason, Option<io::ErrorKind>)> {
    let worker = Rc::clone(&client.worker);
    let due = x.record.asked.saturating_add(x.waits.total);
    let end = not_before(upstream, x, (seconds, tries), (worker.now(), due));
    client.park();
    client.slot.set(end);
    // A client that has only closed its side still waits.
    let gone = std::future::poll_fn(|cx| {
        if client.slot.due() {
            return Poll::Ready(None);
        }
        match client.poll_watch(cx) {
            Err(error) => Poll::Ready(Some(error.kind())),
            Ok(()) => Poll::Pending,
        }
    })
    .await;
    match gone {
        Some(kind) => Err((Reason::CLIENT_CLOSED, Some(kind))),
        None if worker.cut.get() => Err((Reason::DRAINED, None)),
        None if late(client, x) => Err((Reason::UPSTREAM_TIMEOUT, None)),
        None => Ok(()),
    }
}

/// When one try has to have an answer.
fn each(client: &Client, x: &Exchange) -> Micros {
    match x.waits.each {
        Micros::MAX => Micros::MAX,
        each => client.worker.now().saturating_add(each),
    }
}

/// Whether the time for the whole exchange is over.
fn late(client: &Client, x: &Exchange) -> bool {
    client.worker.now() >= x.record.asked.saturating_add(x.waits.total)
}

fn write_head(client: &Client, x: &mut Exchange, request: &Request, server: &Server, to: &Forward) {
    let body = x.onward.len().saturating_sub(x.onward_head);
    let length = match request.length {
        // It was read as a whole before.
        Length::None if body > 0 => Length::Fixed(body as u64),
        length => length,
    };
    let onward = Onward {
        host: &server.host,
        forwarding: if x.forwarding.is_empty() { client.forwarding.as_bytes() } else { &x.forwarding },
        via: &client.worker.via,
        length,
        trailers: request.trailers,
        edits: &x.edits,
    };
    // Behind the head stands what a try before has taken from the client.
    let body = x.onward.split_off(x.onward_head.min(x.onward.len()));
    let mut out = std::mem::take(&mut x.onward);
    out.clear();
    let target = |out: &mut Vec<u8>| target::write(&to.target, x, out);
    request::write(&x.head, &onward, target, &mut out);
    x.trace.asked(&out);
    x.onward_head = out.len();
    out.extend_from_slice(&body);
    x.onward = out;
}

/// Relays over one connection.
async fn converse(client: &mut Client, x: &mut Exchange, request: Request, stream: Link, to: To<'_>) -> Turn {
    x.record.tried = client.worker.lately();
    let (end, repeatable, is_held_up, Finished { server, last, complete }) = {
        let mut relay = Relay::new(client, x, request, stream, to);
        let end = std::future::poll_fn(|cx| relay.poll(cx)).await;
        let has_failed = matches!(end, End::Failed(..));
        let repeatable = has_failed && relay.can_be_repeated();
        (end, repeatable, has_failed && relay.is_held_up(), relay.finish())
    };
    Turn::Over(match end {
        End::Stale => return Turn::Stale,
        End::Again(wait) => {
            if let Some(server) = server {
                client.worker.keep(&to.server.own.pool, server);
            }
            return Turn::Again(wait);
        }
        End::Done => {
            // What follows takes the time from here.
            client.worker.now();
            if let Some(server) = server {
                client.worker.keep(&to.server.own.pool, server);
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
            // A server that gives up on a client that stalls is not to blame, or one client could shut it off from all.
            if !is_held_up {
                lost(client, x, to, reason);
            }
            x.record.reason = Some(reason.word);
            x.record.cause = cause;
            if reason == Reason::CLIENT_STALLED {
                client.reset_when_closed();
            }
            client.break_off();
            After::Close
        }
        End::Failed(reason, cause) if repeatable => return Turn::Failed(reason, cause),
        End::Failed(reason, cause) => {
            lost(client, x, to, reason);
            if complete {
                Box::pin(give_up(client, x, request, reason, cause)).await
            } else {
                Box::pin(refuse(client, x, reason, cause, After::Linger)).await
            }
        }
    })
}

/// There will be no other try: the failure counts for the upstream too.
fn lost(client: &Client, x: &mut Exchange, to: To<'_>, reason: Reason) {
    blame(client, x, (to.upstream, to.server), reason);
    let now = client.worker.lately();
    if x.waits.has_counted || x.waits.counts(reason, now) {
        to.upstream.lost(x.pass.as_ref(), reason, now);
    }
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
    if reason == Reason::CLIENT_CLOSED {
        x.record.reason = Some(reason.word);
        return After::Close;
    }
    let sent = x.record.received > 0 && request.length != Length::None;
    if sent {
        return refuse(client, x, reason, cause, After::Linger).await;
    }
    refuse_early(client, x, request, reason).await
}

/// Refuses a request of which nothing but the head was needed.
pub(super) async fn refuse_early(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    reason: Reason,
) -> After {
    own(client, x, request, |x, voice| answer::refuse(x, reason, None, voice)).await
}

/// Refuses a request that may come again, in so many microseconds at the earliest; nobody is told less than a second.
pub(super) async fn come_back(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    reason: Reason,
    wait: Micros,
) -> After {
    // RFC 9110 section 10.2.3.
    let mut seconds = Vec::new();
    write_number(wait.div_ceil(1_000_000).max(1), &mut seconds);
    x.say("Retry-After", &seconds);
    refuse_early(client, x, request, reason).await
}

/// Opens a connection within the route's bound.
async fn connect(
    client: &mut Client,
    x: &mut Exchange,
    server: &Server,
    by: Micros,
) -> Result<Link, (Reason, Option<io::ErrorKind>)> {
    client.park();
    open(&client.worker, &client.slot, x, server, by).await
}

/// The same for whoever waits with this slot.
pub(crate) async fn open(
    worker: &Worker,
    slot: &Slot,
    x: &mut Exchange,
    server: &Server,
    by: Micros,
) -> Result<Link, (Reason, Option<io::ErrorKind>)> {
    let end = x.record.asked.saturating_add(x.waits.total).min(by);
    let begun = worker.now();
    slot.set(begun.saturating_add(x.waits.connect).min(end));
    let mut connecting = std::pin::pin!(Link::open(server.address, server.tls));
    let result = std::future::poll_fn(|cx| {
        if slot.due() {
            return Poll::Ready(None);
        }
        connecting.as_mut().poll(cx).map(Some)
    })
    .await;
    let took = worker.now().saturating_sub(begun);
    x.record.connect = Some(x.record.connect.unwrap_or(0).saturating_add(took));
    let is_open = matches!(result, Some(Ok(_)));
    worker.metrics.connected(&x.record, is_open);
    match result {
        None if worker.cut.get() => Err((Reason::DRAINED, None)),
        None => Err((Reason::UPSTREAM_CONNECT_TIMEOUT, None)),
        Some(Ok(link)) => Ok(link),
        Some(Err(refused)) => {
            x.record.why = refused.why;
            Err((refused.reason, refused.cause))
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
