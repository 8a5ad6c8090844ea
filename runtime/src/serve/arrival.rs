//! A wait for what may tell in a moment who a request is from: a key that its token names, and that is being fetched.

use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::client::Client;
use crate::exchange::{Exchange, Flow};

/// Runs the chain of a request, and notes what it comes to. Whether it refuses somebody who may be known in a moment.
pub(super) fn run(x: &mut Exchange) -> bool {
    let flow = x.walk.map_or(Flow::Next, |walk| (walk.chain.request)(x, walk.record));
    let waits = x.awaited.is_some() && matches!(flow, Flow::Refuse(_));
    x.flow = Some(flow);
    waits
}

/// Waits, and runs the chain once more, whatever has come.
pub(super) async fn wait(client: &mut Client, x: &mut Exchange) {
    arrives(client, x).await;
    x.again();
    run(x);
}

/// Waits until there is news, the time for it is over, or the client has gone.
async fn arrives(client: &mut Client, x: &mut Exchange) {
    let Some(mut awaited) = x.awaited.take() else { return };
    let worker = Rc::clone(&client.worker);
    client.park();
    client.slot.set(worker.now().saturating_add(awaited.within));
    let mut over = pin!(awaited.over.changed());
    std::future::poll_fn(|cx| {
        // An error means that nothing will come.
        let has_come = over.as_mut().poll(cx).is_ready();
        if has_come || client.slot.due() || client.poll_watch(cx).is_err() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}
