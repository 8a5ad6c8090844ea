//! One request to a collector: OTLP over HTTP/1.1, a body of protobuf, a connection of its own.

use std::net::SocketAddr;

use crate::errand::Errand;
use crate::head::Method;

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

/// Sends a body to `/v1/traces`.
pub(super) async fn post(address: SocketAddr, authority: &str, body: &[u8]) -> Result<Answer, String> {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: gatewright/{}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION"),
        body.len()
    );
    let answer = Errand { address, tls: None, method: Method::Post, head: &head, body }.run().await?;
    let (status, retry_after) = (answer.status, answer.retry_after);
    // What cannot be had says nothing of spans that were not taken.
    let is_taken = (200..300).contains(&status);
    let body = if is_taken { answer.body(BODY).await.unwrap_or_default() } else { Vec::new() };
    Ok(Answer { status, retry_after, body })
}
