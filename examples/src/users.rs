//! The users service: one user, with what the service saw of the request; a slow answer, a streamed one, an echo.

use std::io::{self, Read};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use crate::orders::is_plain;
use crate::reply::Reply;
use crate::request::Request;

const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");
const STREAMED_LINES: u32 = 5;

/// Answers one request.
///
/// # Errors
/// When the client cannot be read from or written to.
pub fn answer(request: &Request, body: &mut dyn Read, reply: Reply<'_, TcpStream>) -> io::Result<()> {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/slow") => {
            sleep(Duration::from_secs(3));
            reply.send(200, &[TEXT], b"that took three seconds\n")
        }
        ("GET" | "HEAD", "/stream") => stream(reply),
        ("POST", "/echo") => echo(request, body, reply),
        ("GET" | "HEAD", path) => match path.strip_prefix("/users/") {
            Some(id) if is_plain(id) => reply.json(200, &user(id, request)),
            _ => reply.json(404, r#"{"error":"no such user"}"#),
        },
        _ => reply.json(405, r#"{"error":"not allowed"}"#),
    }
}

fn stream(reply: Reply<'_, TcpStream>) -> io::Result<()> {
    let mut chunks = reply.stream(200, &[TEXT])?;
    for line in 1..=STREAMED_LINES {
        chunks.chunk(format!("line {line} of {STREAMED_LINES}\n").as_bytes())?;
        sleep(Duration::from_millis(300));
    }
    chunks.finish()
}

/// Sends back each piece as it arrives, so that both directions are busy at once.
fn echo(request: &Request, body: &mut dyn Read, reply: Reply<'_, TcpStream>) -> io::Result<()> {
    let kind = request.header("content-type").unwrap_or("application/octet-stream");
    let mut piece = vec![0; 16 * 1024];
    // The first piece is read before the head is sent: `100 Continue` cannot follow a final status.
    let mut count = body.read(&mut piece)?;
    let mut chunks = reply.stream(200, &[("Content-Type", kind)])?;
    while count > 0 {
        chunks.chunk(piece.get(..count).unwrap_or_default())?;
        count = body.read(&mut piece)?;
    }
    chunks.finish()
}

/// A user, and which names and addresses the gateway told the service.
fn user(id: &str, request: &Request) -> String {
    let seen = ["host", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
    let seen: Vec<String> = seen
        .iter()
        .filter_map(|name| request.header(name).map(|value| format!(r#""{name}":{}"#, quoted(value))))
        .collect();
    format!(r#"{{"id":"{id}","name":"Ada","seen":{{{}}}}}"#, seen.join(","))
}

/// A JSON string. Control characters never get here: the head was refused for them, but for the tab.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t"))
}
