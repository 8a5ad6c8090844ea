//! An answer of the gateway's own leaves: at the client's pace, as long as it keeps one up.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::client::Client;
use super::socket::poll_write;
use crate::answer::Voice;
use crate::clock::{Micros, micros};
use crate::exchange::Exchange;
use crate::reason::Reason;

/// How far it is.
struct Leaving {
    /// Bytes that have left.
    sent: usize,
    /// Some have left since it was last waited for, or it has not been waited for at all.
    stirs: bool,
    /// When the client was first waited for; [`Micros::MAX`] where it has not been.
    since: Micros,
    /// What had left by then.
    before: usize,
}

/// Writes an answer and waits until it has left, or the client has stopped reading. Whether all of it has left.
pub(super) async fn leave(
    client: &mut Client,
    x: &mut Exchange,
    last: bool,
    write: impl FnOnce(&mut Exchange, &Voice),
) -> bool {
    let worker = Rc::clone(&client.worker);
    x.homeward.clear();
    worker.now();
    worker.date(|date| write(x, &Voice { name: worker.gateway.program.name, date, last }));
    client.answering = true;
    let mut leaving = Leaving { sent: 0, stirs: true, since: Micros::MAX, before: 0 };
    let written = std::future::poll_fn(|cx| leaving.poll(client, x, cx)).await;
    if leaving.since != Micros::MAX {
        worker.now();
    }
    if let Err((reason, cause)) = written {
        let head = (x.homeward.len() as u64).saturating_sub(x.record.sent);
        x.record.sent = (leaving.sent as u64).saturating_sub(head);
        // Why a request was refused is not forgotten because its client has gone.
        if x.record.refusal.is_none() || reason == Reason::DRAINED {
            x.record.reason = Some(reason.word);
        }
        x.record.cause = cause;
        client.reset_when_closed();
    }
    written.is_ok()
}

impl Leaving {
    fn poll(
        &mut self,
        client: &Client,
        x: &Exchange,
        cx: &mut Context,
    ) -> Poll<Result<(), (Reason, Option<io::ErrorKind>)>> {
        while let Some(rest) = x.homeward.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match poll_write(&client.stream, cx, rest, b"") {
                Poll::Ready(Ok(count)) => {
                    self.sent += count;
                    self.stirs = true;
                }
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(Err((Reason::CLIENT_CLOSED, Some(error.kind()))));
                }
                Poll::Pending => return self.wait(client),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Each progress makes the wait begin anew, within what the pace has earned.
    fn wait(&mut self, client: &Client) -> Poll<Result<(), (Reason, Option<io::ErrorKind>)>> {
        let worker = &client.worker;
        let is_cut = worker.cut.get();
        // What is said while connections are cut has its time too, once.
        let is_first = self.since == Micros::MAX;
        if std::mem::take(&mut self.stirs) && (is_first || !is_cut) {
            let (now, limits) = (worker.now(), &worker.gateway.limits);
            if is_first {
                (self.since, self.before) = (now, self.sent);
            }
            let earned = (self.sent.saturating_sub(self.before) as u64).saturating_mul(1_000_000);
            let paced = self.since + micros(limits.body_grace) + earned / limits.body_rate.max(1);
            client.slot.set(paced.min(now.saturating_add(micros(limits.write))));
        } else if client.slot.due() {
            let reason = if is_cut { Reason::DRAINED } else { Reason::CLIENT_STALLED };
            return Poll::Ready(Err((reason, None)));
        }
        Poll::Pending
    }
}
