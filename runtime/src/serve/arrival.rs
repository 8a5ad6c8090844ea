//! A wait for what may tell in a moment who a request is from: a key that its token names, and that is being fetched.

use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::client::Client;
use crate::exchange::{Exchange, Flow};

/// Runs the chain of a request; once more where somebody may be known after a wait.
pub(super) async fn run(client: &mut Client, x: &mut Exchange) -> Flow {
    let flow = chain(x);
    if !matches!(flow, Flow::Refuse(_)) || x.awaited.is_none() {
        return flow;
    }
    // Boxed, so that an idle connection does not carry its room.
    if Box::pin(arrives(client, x)).await {
        x.again();
        return chain(x);
    }
    flow
}

fn chain(x: &mut Exchange) -> Flow {
    x.walk.map_or(Flow::Next, |walk| (walk.chain.request)(x, walk.record))
}

/// Whether what is waited for has come in time, and somebody still waits.
async fn arrives(client: &mut Client, x: &mut Exchange) -> bool {
    let Some(mut awaited) = x.awaited.take() else { return false };
    let worker = Rc::clone(&client.worker);
    client.park();
    client.slot.set(worker.now().saturating_add(awaited.within));
    let mut over = pin!(awaited.over.changed());
    std::future::poll_fn(|cx| {
        if let Poll::Ready(over) = over.as_mut().poll(cx) {
            return Poll::Ready(over.is_ok());
        }
        if client.slot.due() || client.poll_watch(cx).is_err() {
            return Poll::Ready(false);
        }
        Poll::Pending
    })
    .await
}
