//! Runs the branches of an answer, each as soon as it can, and makes the answer when all of them are over.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::cache::Cache;
use super::fan::Fan;
use super::vary::Vary;
use super::{Aggregate, Branch, Failure, unread_for};
use crate::answer;
use crate::call::{self, Call, Failed, Reply, Wanted};
use crate::clock::{Micros, micros};
use crate::exchange::{Exchange, Failing};
use crate::head::{Method, write_number};
use crate::http1::request::Request;
use crate::json::{self, Document};
use crate::program;
use crate::reason::Reason;
use crate::serve::client::{Client, Waiting};
use crate::serve::connection::{After, own};
use crate::serve::room::Taken;
use crate::serve::worker::Worker;
use crate::target;

/// The field that names the branches that have fallen back, and why.
const INCOMPLETE: &str = "X-Incomplete";

/// The fields of an answer that say how and for whom it may be kept, and whether it can be read.
const READ: &[&str] = &["cache-control", "age", "vary", "content-encoding"];

/// How far a branch is.
enum State {
    /// For values of others.
    Waiting,
    Running(Call),
    /// One for each of several values.
    Fanned(Box<Fan>),
    Over,
}

/// How it ends without an answer of its own.
enum End {
    /// With a reason, and perhaps another status than that of the reason.
    Refused(Reason, Option<std::io::ErrorKind>),
    Gone(Option<std::io::ErrorKind>),
}

struct Running<'a> {
    worker: Rc<Worker>,
    plan: &'static Aggregate,
    states: Vec<State>,
    /// The branches that are over, a bit for each.
    over: u16,
    end: Micros,
    cache: Cache,
    vary: Vary,
    /// What has fallen back, as a field says it.
    incomplete: Vec<u8>,
    /// The upstream and the server of the call that was over last.
    asked: (Option<u32>, Option<std::net::SocketAddr>),
    x: &'a mut Exchange,
}

/// Asks all, and answers.
pub(crate) async fn run(
    client: &mut Client,
    x: &mut Exchange,
    request: Request,
    plan: &'static Aggregate,
) -> After {
    let worker = Rc::clone(&client.worker);
    let values = plan.branches.iter().filter(|branch| branch.each.is_some()).count();
    x.documents.resize_with(plan.branches.len() + values + 1, || None);
    let end = until(&worker, plan.within);
    let mut waiting = Waiting::new(client);
    let mut running = Running {
        states: plan.branches.iter().map(|_| State::Waiting).collect(),
        worker: Rc::clone(&worker),
        plan,
        over: 0,
        end,
        cache: Cache::ANY,
        vary: Vary::default(),
        incomplete: Vec::new(),
        asked: (None, None),
        x: &mut *x,
    };
    let result = std::future::poll_fn(|cx| match waiting.poll(client, cx) {
        Err(cause) => Poll::Ready(Err(End::Gone(cause))),
        Ok(()) => running.poll(cx),
    })
    .await;
    // What is still under way is of no use any more: its connections are closed, and its places are free.
    let Running { cache, vary, incomplete, states, .. } = running;
    drop(states);
    match result {
        Ok(()) => {
            let mut body = Vec::new();
            (plan.answer)(x, &mut body);
            let cache = if incomplete.is_empty() { cache } else { Cache::NEVER };
            // Where it was asked who it is from, it is for nobody else, whatever has come of that.
            let is_for_all = x.principals.is_empty() && x.credentials.is_empty();
            let cache = if is_for_all { cache } else { cache.private() };
            let mut control = Vec::new();
            cache.write(&mut control);
            let vary = vary.value();
            x.incomplete = incomplete;
            own(client, x, request, |x, voice| {
                let incomplete = std::mem::take(&mut x.incomplete);
                let mut fields: Vec<(&str, &[u8])> = vec![("Cache-Control", &control)];
                if let Some(vary) = &vary {
                    fields.push(("Vary", vary));
                }
                if !incomplete.is_empty() {
                    fields.push((INCOMPLETE, &incomplete));
                }
                answer::made(x, &body, &fields, voice);
                x.incomplete = incomplete;
            })
            .await
        }
        Err(End::Gone(cause)) => {
            x.record.reason = Some(Reason::CLIENT_CLOSED.word);
            x.record.cause = cause;
            After::Close
        }
        Err(End::Refused(reason, cause)) => {
            x.record.cause = cause;
            own(client, x, request, |x, voice| answer::refuse(x, reason, None, voice)).await
        }
    }
}

impl Running<'_> {
    /// Each goes as far as it can. What one has brought may be what another has waited for.
    fn poll(&mut self, cx: &mut Context) -> Poll<Result<(), End>> {
        loop {
            let mut has_moved = false;
            for (at, branch) in self.plan.branches.iter().enumerate() {
                let Some(place) = self.states.get_mut(at) else { continue };
                let state = match std::mem::replace(place, State::Over) {
                    State::Waiting if branch.needs & !self.over == 0 => {
                        has_moved = true;
                        self.start(at, branch)
                    }
                    State::Running(mut call) => match call.as_mut().poll(cx) {
                        Poll::Pending => Ok(State::Running(call)),
                        Poll::Ready((sub, result)) => {
                            has_moved = true;
                            let result = self.take(branch, sub, result).map(|found| {
                                found.map(|(document, room)| {
                                    self.x.room.join(room);
                                    document
                                })
                            });
                            self.settle(at, branch, result)
                        }
                    },
                    State::Fanned(fan) => {
                        let (state, moved) = self.fan(at, branch, fan, cx);
                        has_moved |= moved;
                        state
                    }
                    other => Ok(other),
                };
                match (state, self.states.get_mut(at)) {
                    (Err(end), _) => return Poll::Ready(Err(end)),
                    (Ok(state), Some(place)) => *place = state,
                    (Ok(_), None) => {}
                }
            }
            if self.states.iter().all(|state| matches!(state, State::Over)) {
                return Poll::Ready(Ok(()));
            }
            if !has_moved {
                return Poll::Pending;
            }
        }
    }

    /// A branch has what it needs.
    fn start(&mut self, at: usize, branch: &'static Branch) -> Result<State, End> {
        let end = branch.within.map_or(self.end, |within| until(&self.worker, within).min(self.end));
        let Some(each) = &branch.each else {
            return match self.begin(branch, end) {
                Ok(call) => Ok(State::Running(call)),
                Err(failed) => self.settle(at, branch, Err((failed, 0))),
            };
        };
        match Fan::new(each, self.x, &self.worker.gateway.room, end) {
            Ok(fan) => Ok(State::Fanned(Box::new(fan))),
            Err(reason) => {
                self.asked = (None, None);
                let reason = if branch.needs == 0 && reason == Reason::BRANCH_TOO_MANY {
                    Reason { status: 400, ..reason }
                } else {
                    reason
                };
                self.settle(at, branch, Err(((reason, None), 0)))
            }
        }
    }

    /// Goes on with the calls of a branch that has several, and says whether anything has moved.
    fn fan(
        &mut self,
        at: usize,
        branch: &'static Branch,
        mut fan: Box<Fan>,
        cx: &mut Context,
    ) -> (Result<State, End>, bool) {
        let mut has_moved = false;
        loop {
            while let Some(value) = fan.next(self.x) {
                has_moved = true;
                match self.begin(branch, fan.end) {
                    Ok(call) => fan.open.push((value, call)),
                    Err(failed) => {
                        #[cfg(feature = "tested")]
                        self.x.reach(format_args!("-{at}"));
                        if let Err(end) = self.one_failed(branch, &mut fan, value, (failed, 0)) {
                            return (Err(end), true);
                        }
                    }
                }
            }
            let mut number = 0;
            let before = fan.open.len();
            while let Some((value, call)) = fan.open.get_mut(number) {
                let value = *value;
                let Poll::Ready((sub, result)) = call.as_mut().poll(cx) else {
                    number += 1;
                    continue;
                };
                has_moved = true;
                drop(fan.open.swap_remove(number));
                match self.take(branch, sub, result) {
                    // There is nothing under this value.
                    Ok(None) => {
                        #[cfg(feature = "tested")]
                        self.x.reach(format_args!("~{at}"));
                    }
                    Ok(Some((document, room))) => {
                        #[cfg(feature = "tested")]
                        self.x.reach(format_args!("+{at}"));
                        fan.room.join(room);
                        fan.put(value, document.into_bytes());
                    }
                    Err(failed) => {
                        #[cfg(feature = "tested")]
                        self.x.reach(format_args!("-{at}"));
                        if let Err(end) = self.one_failed(branch, &mut fan, value, failed) {
                            return (Err(end), true);
                        }
                    }
                }
            }
            if fan.is_over() {
                self.asked = (None, None);
                let joined = fan.join(branch).map_err(|reason| ((reason, None), 0));
                let joined = joined.map(|(document, room)| {
                    self.x.room.join(room);
                    Some(document)
                });
                return (self.settle(at, branch, joined), true);
            }
            // Where one is over, another may begin.
            if fan.open.len() == before {
                return (Ok(State::Fanned(fan)), has_moved);
            }
        }
    }

    /// The call for one of several values has failed.
    fn one_failed(
        &mut self,
        branch: &'static Branch,
        fan: &mut Fan,
        value: usize,
        (failed, status): (Failed, u16),
    ) -> Result<(), End> {
        match branch.failure {
            Failure::Required(passed) => return Err(self.refused(branch, passed, failed, status)),
            Failure::Value(text) => fan.put(value, text.as_bytes().to_vec()),
            Failure::Skip => {}
        }
        if !fan.failed.contains(&failed.0.word) {
            fan.failed.push(failed.0.word);
            self.lacks(branch, failed.0);
        }
        Ok(())
    }

    /// Makes a call of a branch: an exchange of its own, of which the upstream says how it is called.
    fn begin(&mut self, branch: &'static Branch, end: Micros) -> Result<Call, Failed> {
        self.asked = (None, None);
        let (worker, x) = (&self.worker, &mut *self.x);
        // What a server has said is no fault of the client's.
        let of_server = |reason: Reason| match reason {
            Reason::BODIES_FULL => reason,
            reason => Reason { status: 502, ..reason },
        };
        target::make(branch.target, x)
            .map_err(|reason| (if branch.needs == 0 { reason } else { of_server(reason) }, None))?;
        let Branch { upstream, chain, record, .. } = *branch;
        let (number, mut sub) =
            call::begin(worker, x, program::Call { upstream, chain, record }, branch.method)?;
        std::mem::swap(&mut sub.made, &mut x.made);
        sub.room = worker.gateway.room.enter();
        let body = match send(branch, x, &mut sub) {
            Ok(body) => body,
            Err(reason) => {
                worker.done(sub);
                return Err((if branch.needs == 0 { reason } else { of_server(reason) }, None));
            }
        };
        let Branch { max, method, .. } = *branch;
        let within = branch.within.unwrap_or(self.plan.within).min(self.plan.within);
        let whole = micros(within);
        let wanted = Wanted { end, whole, max, method, body, is_kept: true, fields: READ, claims: &[] };
        Ok(Box::pin(call::call(Rc::clone(worker), number, sub, wanted)))
    }

    /// Takes from a call that is over what is to be kept of it, and the room that it takes; nothing, where the server says that there
    /// is nothing and may say so.
    fn take(
        &mut self,
        branch: &'static Branch,
        mut sub: Box<Exchange>,
        result: Result<Reply, Failed>,
    ) -> Result<Option<(Document, Taken)>, (Failed, u16)> {
        let x = &mut *self.x;
        x.record.tries += sub.record.tries;
        self.asked = (sub.record.upstream, sub.record.server);
        x.record.why = sub.record.why.or(x.record.why);
        self.worker.tracer.joined(x, &mut sub);
        let read = match result {
            Err(failed) => Err((failed, 0)),
            Ok(reply) => {
                let cache = Cache::read(reply.field("cache-control"), reply.field("age").next());
                let vary = Vary::read(reply.field("vary"));
                match read(branch, reply, &mut sub.room) {
                    Err((reason, status)) => Err(((reason, None), status)),
                    Ok(found) => {
                        self.cache = self.cache.and(cache);
                        self.vary.and(&vary);
                        Ok(found.map(|document| (document, std::mem::take(&mut sub.room))))
                    }
                }
            }
        };
        self.worker.done(sub);
        read
    }

    /// A branch is over: its value is there, or what stands in its place; or the whole has failed. Beside a failure stands the
    /// status of an answer that is no success.
    fn settle(
        &mut self,
        at: usize,
        branch: &'static Branch,
        result: Result<Option<Document>, (Failed, u16)>,
    ) -> Result<State, End> {
        self.over |= 1 << at;
        let (failed, status) = match result {
            Ok(found) => {
                // Of several, each has said so.
                #[cfg(feature = "tested")]
                if branch.each.is_none() {
                    let sign = if found.is_some() { '+' } else { '~' };
                    self.x.reach(format_args!("{sign}{at}"));
                }
                if let Some(document) = found {
                    self.put(at, document);
                }
                return Ok(State::Over);
            }
            Err(failed) => failed,
        };
        #[cfg(feature = "tested")]
        self.x.reach(format_args!("-{at}"));
        let text = match branch.failure {
            Failure::Required(passed) => return Err(self.refused(branch, passed, failed, status)),
            // Of several, none is there.
            Failure::Value(_) | Failure::Skip if branch.each.is_some() => Some("{}"),
            Failure::Value(text) => Some(text),
            Failure::Skip => None,
        };
        // INVARIANT: the compiler has found it to be of the type.
        if let Some(document) =
            text.and_then(|text| Document::read(text.as_bytes().to_vec(), branch.shape).ok())
        {
            self.put(at, document);
        }
        self.lacks(branch, failed.0);
        Ok(State::Over)
    }

    /// What a client hears where one that is required has failed.
    fn refused(
        &mut self,
        branch: &'static Branch,
        passed: &[u16],
        (reason, cause): Failed,
        status: u16,
    ) -> End {
        let (upstream, server) = self.asked;
        self.x.record.branch = Some(Failing { name: branch.name, upstream, server });
        let reason = if passed.contains(&status) { Reason { status, ..reason } } else { reason };
        End::Refused(reason, cause)
    }

    /// The answer lacks something.
    fn lacks(&mut self, branch: &Branch, reason: Reason) {
        let before = if self.incomplete.is_empty() { "" } else { ", " };
        for part in [before, branch.name, "=", reason.word] {
            self.incomplete.extend_from_slice(part.as_bytes());
        }
    }

    fn put(&mut self, at: usize, document: Document) {
        // The first document is the request's body.
        if let Some(place) = self.x.documents.get_mut(at + 1) {
            *place = Some(document);
        }
    }
}

/// Notes what is sent beside the path: the lines of the head, of which those that the branch has take the place of the gateway's
/// own, and the body, which is given back.
fn send(branch: &Branch, x: &Exchange, sub: &mut Exchange) -> Result<Vec<u8>, Reason> {
    for (name, value) in branch.headers {
        sub.edits.drop_lines(name);
        if !sub.edits.offer_line(name, |out| value(x, out)) {
            return Err(Reason::EDIT_INVALID);
        }
    }
    let edits = &mut sub.edits;
    let mut say = |name: &str, lower: &str, value: &[u8]| {
        if !edits.has_line(lower) {
            edits.add_line(name, |out| out.extend_from_slice(value));
        }
    };
    say("Accept", "accept", b"application/json");
    let mut body = Vec::new();
    if let Some(write) = branch.body {
        write(x, &mut body);
        say("Content-Type", "content-type", b"application/json");
    }
    // RFC 9110 section 8.6: of these methods a body is expected, and that there is none is said.
    if branch.body.is_some() || matches!(branch.method, Method::Post | Method::Put | Method::Patch) {
        let mut length = Vec::new();
        write_number(body.len() as u64, &mut length);
        say("Content-Length", "content-length", &length);
    }
    if sub.room.take(body.len() as u64) { Ok(body) } else { Err(Reason::BODIES_FULL) }
}

/// What an answer brings, of which room for the text is taken already; nothing, where its server says that there is nothing and may
/// say so. Beside a reason stands the status of an answer that is no success.
fn read(branch: &Branch, reply: Reply, room: &mut Taken) -> Result<Option<Document>, (Reason, u16)> {
    let status = reply.status;
    if !(200..300).contains(&status) {
        return Err((Reason::BRANCH_STATUS, status));
    }
    let length = reply.body.len();
    // RFC 9110 sections 15.3.5 and 15.3.6.
    if matches!(status, 204 | 205) && length == 0 {
        return if branch.is_optional { Ok(None) } else { Err((Reason::BRANCH_EMPTY, 0)) };
    }
    if is_coded(&reply) {
        return Err((Reason::BRANCH_UNREADABLE, 0));
    }
    if branch.is_optional && json::is_null(&reply.body) {
        return Ok(None);
    }
    let shape = branch.each.as_ref().map_or(branch.shape, |each| each.answer);
    match Document::read_in(reply.body, shape, room) {
        Ok(document) => Ok(Some(document)),
        Err(unread) => Err((unread_for(&unread), 0)),
    }
}

/// Whether an answer is in a coding, so that nobody here can read it.
fn is_coded(reply: &Reply) -> bool {
    let is_plain = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"identity");
    !reply.field("content-encoding").all(is_plain)
}

/// How long a whole may take, from now.
fn until(worker: &Worker, time: Duration) -> Micros {
    worker.now().saturating_add(micros(time))
}
