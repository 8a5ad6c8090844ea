//! The orders service: a list, one order, and a place to post new ones, which it does not keep.

use std::io::{self, Read};
use std::net::TcpStream;

use crate::reply::Reply;
use crate::request::Request;

const BODY_MAX: u64 = 1024 * 1024;
const LIST: &str = r#"[{"id":"1","status":"shipped"},{"id":"2","status":"packed"}]"#;

/// Answers one request.
///
/// # Errors
/// When the client cannot be read from or written to.
pub fn answer(request: &Request, body: &mut dyn Read, reply: Reply<'_, TcpStream>) -> io::Result<()> {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/v2/orders") => reply.json(200, LIST),
        ("POST", "/v2/orders") => accept(request, body, reply),
        ("GET" | "HEAD", path) => match path.strip_prefix("/v2/orders/") {
            Some(id) if is_plain(id) => reply.json(200, &format!(r#"{{"id":"{id}","status":"shipped"}}"#)),
            _ => reply.json(404, r#"{"error":"no such order"}"#),
        },
        _ => reply.json(405, r#"{"error":"not allowed"}"#),
    }
}

/// Answers with what was posted, in the type it was posted in.
fn accept(request: &Request, body: &mut dyn Read, reply: Reply<'_, TcpStream>) -> io::Result<()> {
    let mut order = Vec::new();
    body.take(BODY_MAX + 1).read_to_end(&mut order)?;
    if order.len() as u64 > BODY_MAX {
        return reply.json(413, r#"{"error":"an order is at most 1 MiB"}"#);
    }
    let kind = request.header("content-type").unwrap_or("application/octet-stream");
    reply.send(201, &[("Content-Type", kind), ("Location", "/v2/orders/3")], &order)
}

/// Whether a name can stand in JSON text as it is.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
