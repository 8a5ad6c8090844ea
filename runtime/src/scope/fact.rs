//! What is known of an exchange when it is over, under the names of the members of its line in the access log.

use std::borrow::Cow;
use std::net::SocketAddr;

use super::Text;
use crate::clock;
use crate::exchange::Exchange;

/// When it ended, in UTC, to the second.
#[must_use]
pub fn time(_: &Exchange) -> Text<'_> {
    Cow::Owned(clock::timestamp(clock::unix_seconds()).into_bytes())
}

/// The id of the trace that it belongs to.
#[must_use]
pub fn trace_id(x: &Exchange) -> Text<'_> {
    Cow::Owned(x.trace.ids().map(|ids| ids.0.to_vec()).unwrap_or_default())
}

/// The id of its own span.
#[must_use]
pub fn span_id(x: &Exchange) -> Text<'_> {
    Cow::Owned(x.trace.ids().map(|ids| ids.1.to_vec()).unwrap_or_default())
}

/// The route as it is written.
#[must_use]
pub fn route(x: &Exchange) -> Option<Text<'_>> {
    Some(Cow::Borrowed(x.route_label()?.as_bytes()))
}

/// The status that the client got; 0 where no answer has left.
#[must_use]
pub fn status(x: &Exchange) -> i64 {
    i64::from(x.record.status)
}

/// Why the gateway answered itself, or gave up.
#[must_use]
pub fn reason(x: &Exchange) -> Option<Text<'_>> {
    word(x.record.reason)
}

/// What would have been the reason, were a limit not only tried.
#[must_use]
pub fn dry_run(x: &Exchange) -> Option<Text<'_>> {
    word(x.record.dry_run)
}

/// Budgets that a limit had to forget before their time.
#[must_use]
pub fn evicted(x: &Exchange) -> i64 {
    number(x.record.evicted)
}

/// The error of the system behind the reason, or what a function of the operator's says of its failure.
#[must_use]
pub fn cause(x: &Exchange) -> Option<Text<'_>> {
    #[cfg(feature = "handler")]
    if !x.told.is_empty() {
        return Some(Cow::Borrowed(x.told.as_bytes()));
    }
    if let Some(why) = x.record.why {
        return Some(Cow::Borrowed(why.as_bytes()));
    }
    Some(Cow::Owned(x.record.cause?.to_string().into_bytes()))
}

/// The branch whose failure is the answer.
#[must_use]
pub fn branch(x: &Exchange) -> Option<Text<'_>> {
    word(x.record.branch.map(|branch| branch.name))
}

/// The branches that have fallen back, and why.
#[must_use]
pub fn incomplete(x: &Exchange) -> Option<Text<'_>> {
    (!x.incomplete.is_empty()).then(|| Cow::Borrowed(&*x.incomplete))
}

/// The upstream that was asked.
#[must_use]
pub fn upstream(x: &Exchange) -> Option<Text<'_>> {
    word(x.upstream_name())
}

/// Which of its servers was asked last.
#[must_use]
pub fn server(x: &Exchange) -> Option<SocketAddr> {
    x.record.asked_last().1
}

/// How many servers were asked, or tried to be reached.
#[must_use]
pub fn tries(x: &Exchange) -> i64 {
    i64::from(x.record.tries)
}

/// Bytes of the request's body.
#[must_use]
pub fn received(x: &Exchange) -> i64 {
    number(x.record.received)
}

/// Bytes of the answer's body.
#[must_use]
pub fn sent(x: &Exchange) -> i64 {
    number(x.record.sent)
}

/// How long it has waited until the upstream could have it.
#[must_use]
pub fn queue_microseconds(x: &Exchange) -> Option<i64> {
    x.record.queued.map(number)
}

/// How long the connections took that were opened for it.
#[must_use]
pub fn connect_microseconds(x: &Exchange) -> Option<i64> {
    x.record.connect.map(number)
}

/// From the first byte of the request until the head of the server's answer was there.
#[must_use]
pub fn first_byte_microseconds(x: &Exchange) -> Option<i64> {
    x.record.first.map(|first| number(first.saturating_sub(x.record.started)))
}

/// From the first byte of the request to the end.
#[must_use]
pub fn microseconds(x: &Exchange) -> i64 {
    number(x.record.ended.saturating_sub(x.record.started))
}

fn word(word: Option<&'static str>) -> Option<Text<'static>> {
    word.map(|word| Cow::Borrowed(word.as_bytes()))
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
