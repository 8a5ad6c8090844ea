//! Moves one request to a server and its answer to the client, both directions at once, in one task.
//!
//! Each direction has at most one buffer, which it holds only while the other socket does not take its bytes. An
//! answer may begin, and end, while the request is still on its way.

mod down;
mod up;

use std::io;
use std::task::{Context, Poll};

use self::down::Down;
use self::up::Up;
use super::client::Client;
use super::worker::Left;
use crate::clock::{Micros, micros};
use crate::exchange::Exchange;
use crate::http1::framing::Length;
use crate::http1::request::Request;
use crate::link::Link;
use crate::policy::retry;
use crate::reason::Reason;
use crate::upstream::{Server, Upstream};

/// Bodies up to this size leave in one buffer with their head; longer ones beside it, in one vectored write.
const FLAT: usize = 4096;

/// Who has been waited for so long has perhaps cost a server its patience.
const HELD_UP: Micros = 500_000;

/// How a relay ends.
#[derive(Debug)]
pub(crate) enum End {
    /// The whole answer has left.
    Done,
    /// The connection was used before and died before anything happened on it: the request may be sent once more.
    Stale,
    /// It failed; where no answer has begun, one with this reason can be given.
    Failed(Reason, Option<io::ErrorKind>),
    /// The client is gone.
    Gone(Option<io::ErrorKind>),
    /// The server has answered, and its answer is one to be followed by another try, after so many seconds at least.
    Again(u64),
}

/// Which server is asked, and what else there is to know of that.
#[derive(Clone, Copy)]
pub(crate) struct To<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) server: &'a Server,
    /// The connection has carried a request before.
    pub(crate) reused: bool,
    /// How this may be followed by another try, if it may.
    pub(crate) retry: Option<&'static retry::Config>,
    /// When the server has to have answered, whatever the time for all tries is.
    pub(crate) by: Micros,
}

/// What is left when a relay has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The server's connection, if it can carry another request.
    pub(crate) server: Option<Left>,
    /// The client's cannot.
    pub(crate) last: bool,
    /// The whole request has arrived.
    pub(crate) complete: bool,
}

/// A step of one direction.
enum Step {
    /// Something moved.
    Moved,
    /// Nothing can move now.
    Waits,
}

/// One exchange with one server.
pub(crate) struct Relay<'a> {
    pub(crate) client: &'a mut Client,
    pub(crate) x: &'a mut Exchange,
    pub(crate) request: Request,
    pub(crate) server: Link,
    pub(crate) to: To<'a>,
    up: Up,
    down: Down,
    idle: Micros,
    /// When the answer's head is due, as long as the client has nothing more to send.
    due: Micros,
    /// Until when it is waited for although the client has closed its side.
    left: Option<Micros>,
    /// Since when the client is waited for, and how many bytes had moved then.
    pace: Option<(Micros, u64)>,
}

/// How far a direction is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Body,
    Done,
    /// The server takes no more; its answer may still come.
    Broken,
}

impl<'a> Relay<'a> {
    /// `x.onward` holds the head; the request's body, if any, begins with what the client's buffer holds.
    pub(crate) fn new(
        client: &'a mut Client,
        x: &'a mut Exchange,
        request: Request,
        server: Link,
        to: To<'a>,
    ) -> Self {
        let idle = x.waits.idle;
        let due = x.record.asked.saturating_add(x.waits.total).min(to.by);
        client.slot.set(due);
        // What stands behind the head has been taken from the client by a try before.
        let length = if x.onward.len() > x.onward_head { Length::None } else { request.length };
        let (up, down) = (Up::new(length), Down::new());
        Self { client, x, request, server, to, up, down, idle, due, left: None, pace: None }
    }

    /// Whether the server could be sent the same once more: all of it is still there, and it would do no harm.
    pub(crate) fn can_be_repeated(&self) -> bool {
        let is_harmless = self.x.head.method.idempotent()
            || self
                .to
                .retry
                .and_then(|retry| retry.idempotent)
                .is_some_and(|name| self.x.head.field(name).next().is_some());
        is_harmless && self.up.is_whole()
    }

    /// The server's connection, if it can carry another request; whether the client's cannot; and whether the whole
    /// request has arrived.
    pub(crate) fn finish(self) -> Finished {
        // An interim answer that is cut in the middle cannot be followed by another answer.
        self.client.answering |= self.down.sent > 0 && self.down.sent < self.x.homeward.len();
        let sent = self.up.stage == Stage::Done;
        let complete = sent || self.up.reader.done();
        let (idle, suspect) = (self.down.server_idle, self.down.suspect);
        let server = (sent && !self.down.server_last).then_some(Left { stream: self.server, idle, suspect });
        Finished { server, last: self.down.client_last || !complete, complete }
    }

    /// Moves what can be moved.
    pub(crate) fn poll(&mut self, cx: &mut Context) -> Poll<End> {
        if self.client.slot.due() {
            return Poll::Ready(self.timed_out());
        }
        match self.poll_both(cx) {
            Ok(()) if self.down.stage == Stage::Done => Poll::Ready(End::Done),
            Ok(()) => Poll::Pending,
            Err(end) => Poll::Ready(end),
        }
    }

    /// Neither direction waits for the other, so each goes as far as it can. The reactor's budget bounds both.
    fn poll_both(&mut self, cx: &mut Context) -> Result<(), End> {
        while matches!(self.poll_up(cx)?, Step::Moved) {}
        while matches!(self.poll_down(cx)?, Step::Moved) {
            if self.down.stage == Stage::Done {
                return Ok(());
            }
        }
        if matches!(self.up.stage, Stage::Done | Stage::Broken) {
            self.client.park();
            self.client.poll_watch(cx).map_err(|error| End::Gone(Some(error.kind())))?;
            self.half_closed();
        }
        self.extend();
        Ok(())
    }

    /// A client that has closed its side may still wait for its answer, or may have gone: it is given a moment.
    fn half_closed(&mut self) {
        if self.client.ended && self.left.is_none() && self.down.stage == Stage::Head {
            let worker = &self.client.worker;
            let end = worker.now() + micros(worker.gateway.limits.half_closed);
            self.left = Some(end);
            // The whole wait may be over before that.
            self.client.slot.set(end.min(self.due));
        }
    }

    /// After progress, the wait for more begins anew: with the answer under way, or the request still being sent. A
    /// client that is waited for has to keep up a pace, or single bytes would hold a connection for ever.
    fn extend(&mut self) {
        if !std::mem::take(&mut self.down.progress)
            || (self.down.stage != Stage::Body && self.up.stage != Stage::Body)
        {
            return;
        }
        let worker = &self.client.worker;
        let now = worker.now();
        let idle = now.saturating_add(self.idle);
        let Some((moved, _)) = self.by_client() else {
            self.pace = None;
            self.client.slot.set(idle);
            return;
        };
        let limits = &worker.gateway.limits;
        let (since, before) = *self.pace.get_or_insert((now, moved));
        let earned = moved.saturating_sub(before).saturating_mul(1_000_000) / limits.body_rate.max(1);
        self.client.slot.set(idle.min(since + micros(limits.body_grace) + earned));
    }

    /// Where the client is waited for: how many bytes have moved so far, and why it ends where no more do.
    fn by_client(&self) -> Option<(u64, Reason)> {
        if self.up.stage == Stage::Body && !self.up.blocked {
            Some((self.up.reader.total, Reason::BODY_TIMEOUT))
        } else if self.down.stage == Stage::Body && self.down.blocked {
            Some((self.down.left, Reason::CLIENT_STALLED))
        } else {
            None
        }
    }

    /// Whether the client has been waited for so long that a server may have given up for that.
    pub(crate) fn is_held_up(&self) -> bool {
        let now = self.client.worker.now();
        self.pace.is_some_and(|(since, _)| now.saturating_sub(since) >= HELD_UP)
    }

    fn timed_out(&self) -> End {
        if self.client.worker.cut.get() {
            return End::Failed(Reason::DRAINED, None);
        }
        if self.down.stage == Stage::Head && self.left.is_some_and(|left| left < self.due) {
            return End::Gone(None);
        }
        let reason = self.by_client().map(|(_, reason)| reason);
        let of_server = if self.down.stage == Stage::Head && self.up.stage != Stage::Body {
            Reason::UPSTREAM_TIMEOUT
        } else {
            Reason::UPSTREAM_STALLED
        };
        End::Failed(reason.unwrap_or(of_server), None)
    }
}
