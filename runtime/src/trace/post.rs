//! One request to a collector: OTLP over HTTP/1.1, a body of protobuf, a connection of its own.

use crate::clock::Micros;
use crate::errand::{self, Messenger};

/// What is asked there.
pub(super) const PATH: &str = "/v1/traces";
/// Bytes of an answer's body that are read: it says which spans were not taken.
const BODY: usize = 64 * 1024;

/// What a collector has answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Seconds that it asks to be left alone.
    pub(super) retry_after: u64,
    /// Empty where it is long, or cut off.
    pub(super) body: Vec<u8>,
}

/// Sends a body.
pub(super) async fn post(
    messenger: &mut Messenger<'_>,
    body: &[u8],
    within: Micros,
) -> Result<Answer, String> {
    let agent = concat!("gatewright/", env!("CARGO_PKG_VERSION"));
    let take = async |answer: errand::Answer| {
        let (status, retry_after) = (answer.status, answer.retry_after);
        // What cannot be had says nothing of spans that were not taken.
        let is_taken = (200..300).contains(&status);
        let body = if is_taken { answer.body(BODY).await.unwrap_or_default() } else { Vec::new() };
        Ok(Answer { status, retry_after, body })
    };
    messenger.post((agent, "application/x-protobuf", body), within, take).await
}
