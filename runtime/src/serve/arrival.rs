//! A wait for what tells in a moment who a request is from: a key that its token names and that is being fetched, a password that is
//! being verified, a server that is asked.

use std::io::ErrorKind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use super::client::Client;
#[cfg(feature = "forward")]
use super::question;
use crate::auth::{Later, Over, Settled};
#[cfg(feature = "forward")]
use crate::call::Call;
use crate::exchange::{Exchange, Flow};
use crate::reason::Reason;

/// Runs the chain of a request, and notes what it comes to. Whether it refuses somebody who may be known in a moment.
pub(super) fn run(x: &mut Exchange) -> bool {
    let flow = x.walk.map_or(Flow::Next, |walk| (walk.chain.request)(x, walk.record));
    let waits = !x.awaited.is_empty() && matches!(flow, Flow::Refuse(_));
    x.flow = Some(flow);
    waits
}

/// Waits, and runs the chain once more, whatever has come. Each `auth` is waited for once, so that this ends.
///
/// # Errors
///
/// The client has gone.
pub(super) async fn wait(client: &mut Client, x: &mut Exchange) -> Result<(), Option<ErrorKind>> {
    loop {
        arrives(client, x).await?;
        x.again();
        if client.worker.cut.get() {
            x.flow = Some(Flow::Refuse(Reason::DRAINED));
            return Ok(());
        }
        if !run(x) {
            return Ok(());
        }
    }
}

/// What is waited for.
enum Wait {
    Told(Pin<Box<dyn Future<Output = Option<Settled>>>>),
    #[cfg(feature = "forward")]
    Asked(Call),
}

/// Waits until all is told, the time for it is over, or the client has gone.
async fn arrives(client: &mut Client, x: &mut Exchange) -> Result<(), Option<ErrorKind>> {
    let worker = Rc::clone(&client.worker);
    client.park();
    let now = worker.now();
    let mut awaited = Vec::with_capacity(x.awaited.len());
    for (number, Later { over, within, .. }) in std::mem::take(&mut x.awaited) {
        let end = now.saturating_add(within);
        match over {
            Over::Told(over) => awaited.push((number, end, Wait::Told(over))),
            #[cfg(feature = "forward")]
            Over::Asked(question) => match question::ask(client, x, *question, end) {
                // It ends by itself, and whom it has asked is told.
                Ok(call) => awaited.push((number, u64::MAX, Wait::Asked(call))),
                Err(failed) => question::answered(&worker, x, number, Err(failed)),
            },
        }
    }
    let set = |client: &Client, ends: Option<u64>| ends.into_iter().for_each(|end| client.slot.set(end));
    set(client, awaited.iter().map(|(_, end, _)| *end).min());
    std::future::poll_fn(|cx| {
        awaited.retain_mut(|(number, _, wait)| match wait {
            Wait::Told(over) => match over.as_mut().poll(cx) {
                Poll::Ready(settled) => {
                    x.settled.push((*number, settled));
                    false
                }
                Poll::Pending => true,
            },
            #[cfg(feature = "forward")]
            Wait::Asked(call) => match call.as_mut().poll(cx) {
                Poll::Ready((sub, result)) => {
                    question::over(&worker, x, sub);
                    question::answered(&worker, x, *number, result);
                    false
                }
                Poll::Pending => true,
            },
        });
        if let Err(error) = client.poll_watch(cx) {
            return Poll::Ready(Err(Some(error.kind())));
        }
        if client.slot.due() {
            let now = if worker.cut.get() { u64::MAX } else { worker.now() };
            awaited.retain(|(number, end, _)| {
                if *end <= now {
                    x.settled.push((*number, None));
                }
                *end > now
            });
            set(client, awaited.iter().map(|(_, end, _)| *end).min());
        }
        if awaited.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}
