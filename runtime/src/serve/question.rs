//! What an `auth` asks of an upstream about one request: a call of its own, in the task of the client's connection.

use std::rc::Rc;

use super::client::Client;
use super::worker::Worker;
use crate::auth::forward::{Answered, LARGEST, Question};
use crate::call::{self, Call, Failed, Reply, Wanted};
use crate::clock::Micros;
use crate::exchange::Exchange;
use crate::head::Method;

/// Begins to ask.
pub(super) fn ask(client: &Client, x: &Exchange, question: Question, end: Micros) -> Result<Call, Failed> {
    let Question { to, target, lines, fields, claims } = question;
    let worker = &client.worker;
    let (number, mut sub) = call::begin(worker, x, to, Method::Get)?;
    sub.made.extend_from_slice(target.as_bytes());
    sub.edits.lines.extend_from_slice(&lines);
    let forwarding = if x.forwarding.is_empty() { client.forwarding.as_bytes() } else { &x.forwarding };
    sub.edits.lines.extend_from_slice(forwarding);
    let (method, body) = (Method::Get, Vec::new());
    let whole = end.saturating_sub(worker.now());
    let wanted = Wanted { end, whole, max: LARGEST, method, body, is_kept: false, fields, claims };
    Ok(Box::pin(call::call(Rc::clone(worker), number, sub, wanted)))
}

/// Takes over what is kept of a call that is over. Its tries are none of the route's.
pub(super) fn over(worker: &Worker, x: &mut Exchange, mut sub: Box<Exchange>) {
    x.record.why = sub.record.why.or(x.record.why);
    worker.tracer.joined(x, &mut sub);
    worker.done(sub);
}

/// Has the `auth` of a number read what was answered.
pub(super) fn answered(worker: &Worker, x: &mut Exchange, number: u16, result: Result<Reply, Failed>) {
    if let Err((_, cause)) = &result {
        x.record.cause = *cause;
    }
    let verifier = worker.gateway.shared.auths.get(usize::from(number));
    let settled = verifier.map(|verifier| verifier.answered(x, Answered(result)));
    x.settled.push((number, settled));
}
