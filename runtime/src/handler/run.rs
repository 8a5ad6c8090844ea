//! Runs what was called, until it answers, its time is over, or the client has gone.

use std::io;
use std::rc::Rc;
use std::task::Poll;

use super::{Answer, Failed, Handler};
use crate::answer;
use crate::clock::micros;
use crate::exchange::Exchange;
use crate::http1::request::Request;
use crate::reason::Reason;
use crate::serve::client::{Client, Waiting};
use crate::serve::connection::{After, own};

/// How it ended.
enum End {
    Answered(Answer),
    Failed(Failed),
    Refused(Reason),
    Gone(Option<io::ErrorKind>),
}

/// Calls the function, and answers.
pub(crate) async fn run(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    handler: &'static Handler,
) -> After {
    let worker = Rc::clone(&client.worker);
    let waker = std::future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let slot = worker.sweep.slot(waker);
    slot.set(worker.now().saturating_add(micros(handler.within)));
    let mut waiting = Waiting::new(client);
    let mut running = (handler.call)(x);
    let end = std::future::poll_fn(|cx| {
        if let Err(cause) = waiting.poll(client, cx) {
            return Poll::Ready(End::Gone(cause));
        }
        match running.as_mut().poll(cx) {
            Poll::Ready(Ok(answer)) => Poll::Ready(End::Answered(answer)),
            Poll::Ready(Err(failed)) => Poll::Ready(End::Failed(failed)),
            Poll::Pending if slot.due() && worker.cut.get() => Poll::Ready(End::Refused(Reason::DRAINED)),
            Poll::Pending if slot.due() => Poll::Ready(End::Refused(Reason::HANDLER_TIMEOUT)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    // Whatever it waited for is of no use any more.
    drop(running);
    match end {
        End::Answered(Answer(response)) => {
            own(client, x, request, |x, voice| answer::handled(x, &response, voice)).await
        }
        End::Failed(Failed(why)) => {
            x.told = why;
            own(client, x, request, |x, voice| answer::refuse(x, Reason::HANDLER_FAILED, None, voice)).await
        }
        End::Refused(reason) => {
            own(client, x, request, |x, voice| answer::refuse(x, reason, None, voice)).await
        }
        End::Gone(cause) => {
            x.record.reason = Some(Reason::CLIENT_CLOSED.word);
            x.record.cause = cause;
            After::Close
        }
    }
}
