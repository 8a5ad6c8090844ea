//! The way of a request into an upstream: past its breaker, and where it has as many as it may have, after a wait.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use super::client::Client;
use super::connection::After;
use super::deadline;
use super::forward::{come_back, refuse_early};
use crate::clock::{Micros, micros};
use crate::exchange::Exchange;
use crate::http1::request::Request;
use crate::reason::Reason;
use crate::upstream::Upstream;
use crate::upstream::permits::{Permit, Permits, Place, Queued};

/// Why a request cannot go to an upstream at once.
pub(super) enum Held {
    /// Nobody waits for its answer any more.
    Late,
    /// It has as many as it may have.
    Busy,
    /// It is left alone, for so long at least.
    Open(Micros),
}

/// Lets a request go to an upstream, if that needs no wait.
pub(super) fn enter(client: &Client, x: &mut Exchange, upstream: &Upstream) -> Result<(), Held> {
    if !deadline::receive(x, client.trusted) {
        return Err(Held::Late);
    }
    if let Some(permits) = upstream.permits() {
        x.permit = permits.take();
        if x.permit.is_none() {
            return Err(Held::Busy);
        }
    }
    x.pass = upstream.admit(client.worker.lately()).map_err(Held::Open)?;
    Ok(())
}

/// Waits until a request may go on, where that is worth it; else what follows the refusal.
pub(super) async fn hold(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    upstream: &Upstream,
    held: Held,
) -> Option<After> {
    let open = match (held, upstream.permits()) {
        (Held::Late, _) => return Some(refuse_early(client, x, request, Reason::UPSTREAM_TIMEOUT).await),
        (Held::Open(wait), _) => wait,
        (Held::Busy, None) => return None,
        // Nobody waits for what will not be asked.
        (Held::Busy, Some(permits)) => {
            if let Some(wait) = upstream.refuses(client.worker.lately()) {
                wait
            } else {
                match queue(client, x, upstream, permits).await {
                    Ok(permit) => x.permit = Some(permit),
                    Err((reason, cause)) => return Some(refuse(client, x, request, reason, cause).await),
                }
                match upstream.admit(client.worker.lately()) {
                    Ok(pass) => {
                        x.pass = pass;
                        return None;
                    }
                    Err(wait) => wait,
                }
            }
        }
    };
    Some(come_back(client, x, request, Reason::BREAKER_OPEN, open).await)
}

/// Refuses who has not got a permit.
async fn refuse(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    reason: Reason,
    cause: Option<io::ErrorKind>,
) -> After {
    x.record.cause = cause;
    match reason {
        Reason::CLIENT_CLOSED => {
            x.record.reason = Some(reason.word);
            After::Close
        }
        Reason::DRAINED => refuse_early(client, x, request, reason).await,
        _ => come_back(client, x, request, reason, 0).await,
    }
}

/// A permit, perhaps after a wait. An error says why there is none.
async fn queue(
    client: &mut Client,
    x: &mut Exchange,
    upstream: &Upstream,
    permits: &Arc<Permits>,
) -> Result<Permit, (Reason, Option<io::ErrorKind>)> {
    let waker = std::future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let place = match permits.queue(&waker) {
        Queued::Permit(permit) => return Ok(permit),
        Queued::Full => return Err((Reason::QUEUE_FULL, None)),
        Queued::Place(place) => place,
    };
    let result = wait(client, x, upstream, place).await;
    if matches!(result, Err((Reason::QUEUE_TIMEOUT, _))) {
        permits.was_late();
    }
    result
}

/// Waits until the place is the first and a permit is free. An error says why there is none.
async fn wait(
    client: &mut Client,
    x: &mut Exchange,
    upstream: &Upstream,
    mut place: Place,
) -> Result<Permit, (Reason, Option<io::ErrorKind>)> {
    let worker = Rc::clone(&client.worker);
    let begun = worker.now();
    let end = begun.saturating_add(upstream.patience()).min(x.record.asked.saturating_add(x.waits.total));
    client.park();
    client.slot.set(end);
    // A client that has closed its side may still wait for its answer, or may have gone: it is given a moment.
    let mut left = None;
    let result = std::future::poll_fn(|cx| {
        if let Some(permit) = place.claim() {
            return Poll::Ready(Ok(permit));
        }
        if client.slot.due() {
            return Poll::Ready(Err(if worker.cut.get() {
                (Reason::DRAINED, None)
            } else if left.is_some_and(|left| left < end) {
                (Reason::CLIENT_CLOSED, None)
            } else {
                (Reason::QUEUE_TIMEOUT, None)
            }));
        }
        if let Err(error) = client.poll_watch(cx) {
            return Poll::Ready(Err((Reason::CLIENT_CLOSED, Some(error.kind()))));
        }
        if client.ended && left.is_none() {
            let moment = worker.now().saturating_add(micros(worker.gateway.limits.half_closed));
            left = Some(moment);
            client.slot.set(moment.min(end));
        }
        Poll::Pending
    })
    .await;
    x.record.queued = Some(worker.now().saturating_sub(begun));
    result
}
