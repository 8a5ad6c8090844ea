//! The client of a test: one connection for each request, and the whole answer.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use gatewright_compiler::suite::{Ask, Body};

use super::wire::{Message, Wire};

/// How long an answer may take: longer than any time that a test can state.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came back, and after how long.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) message: Message,
    pub(crate) took: Duration,
}

/// Sends a request as it is written, and waits for the answer.
pub(crate) fn ask(gateway: SocketAddr, ask: &Ask) -> io::Result<Answer> {
    let stream = TcpStream::connect_timeout(&gateway, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut wire = Wire::new(stream);
    let begun = Instant::now();
    // A gateway that has answered early need not read the rest.
    let sent = wire.stream.write_all(&bytes(ask));
    let message = wire.answer(&ask.method).map_err(|error| sent.err().unwrap_or(error))?;
    Ok(Answer { message, took: begun.elapsed() })
}

fn bytes(ask: &Ask) -> Vec<u8> {
    let host = ask.host.as_deref().unwrap_or("localhost");
    let mut text = format!("{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n", ask.method, ask.target);
    text.push_str(&fields(&ask.headers, ask.body.as_ref()));
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(content(ask.body.as_ref()).as_bytes());
    bytes
}

/// The fields of a head, those of its body, and its end.
pub(crate) fn fields(headers: &[(String, String)], body: Option<&Body>) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if let Some(body) = body {
        let media = if body.is_json() { "application/json" } else { "text/plain; charset=utf-8" };
        if !headers.iter().any(|(name, _)| name == "content-type") {
            let _ = write!(text, "content-type: {media}\r\n");
        }
        let length = body.text().len();
        let _ = write!(text, "content-length: {length}\r\n");
    }
    text.push_str("\r\n");
    text
}

/// What a body says; nothing where there is none.
pub(crate) fn content(body: Option<&Body>) -> Cow<'_, str> {
    body.map(Body::text).unwrap_or_default()
}
