//! One request to a collector: OTLP over HTTP/1.1, a body of protobuf, a connection of its own.

use std::io;
use std::net::SocketAddr;

use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::head::Method;
use crate::http1::framing::Length;
use crate::http1::response;

/// Bytes of an answer's head that are read.
const HEAD: usize = 16 * 1024;
/// Bytes of an answer's body that are read: it says which spans were not taken.
const BODY: usize = 64 * 1024;

/// What a collector has answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Seconds that it asks to be left alone.
    pub(super) retry_after: Option<u64>,
    /// Empty where it is long, or of a length that is not stated.
    pub(super) body: Vec<u8>,
}

/// Sends a body to `/v1/traces`.
pub(super) async fn post(to: SocketAddr, authority: &str, body: &[u8]) -> Result<Answer, String> {
    let said = |error: io::Error| error.kind().to_string();
    let stream = TcpStream::connect(to).await.map_err(said)?;
    let asked = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: gatewright/{}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION"),
        body.len()
    );
    for mut left in [asked.as_bytes(), body] {
        while !left.is_empty() {
            let sent = stream.async_io(Interest::WRITABLE, || stream.try_write(left)).await;
            left = left.get(sent.map_err(said)?..).unwrap_or_default();
        }
    }
    let (mut held, mut fields) = (Vec::new(), Vec::new());
    loop {
        let read =
            response::read(&held, Method::Post, &mut fields).map_err(|reason| reason.word.to_owned())?;
        match read {
            Some(response) if response.status < 200 => {
                held.drain(..response.len);
            }
            Some(response) => {
                let retry_after = fields.iter().find_map(|field| {
                    let is_it = field.name.of(&held).eq_ignore_ascii_case(b"retry-after");
                    std::str::from_utf8(field.value.of(&held)).ok()?.trim().parse().ok().filter(|_| is_it)
                });
                let length = match response.length {
                    Length::Fixed(length) => usize::try_from(length).ok().filter(|length| *length <= BODY),
                    _ => None,
                };
                let mut body = held.split_off(response.len.min(held.len()));
                while let Some(length) = length.filter(|length| body.len() < *length) {
                    let before = body.len();
                    more(&stream, &mut body).await?;
                    if body.len() == before || body.len() > length {
                        break;
                    }
                }
                body.truncate(length.unwrap_or(0));
                return Ok(Answer { status: response.status, retry_after, body });
            }
            None if held.len() > HEAD => return Err("its head is too large".to_owned()),
            None => {
                let before = held.len();
                more(&stream, &mut held).await?;
                if held.len() == before {
                    return Err("the connection was closed".to_owned());
                }
            }
        }
    }
}

/// Appends what there is; nothing, where there will be no more.
async fn more(stream: &TcpStream, held: &mut Vec<u8>) -> Result<(), String> {
    let mut room = [0_u8; 4096];
    let count = stream.async_io(Interest::READABLE, || stream.try_read(&mut room)).await;
    let count = count.map_err(|error| error.kind().to_string())?;
    held.extend_from_slice(room.get(..count).unwrap_or_default());
    Ok(())
}
