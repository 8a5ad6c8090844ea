//! The server behind the gateways of the pages: it answers with what it received, so that a page can show what a server
//! sees. Some last segments of a path make it do something else; `docs/README.md` lists them.

use std::io::Result;
use std::sync::Arc;

use gatewright_tests::server::{Connection, Server};
use gatewright_tests::wire::Message;
use rustls::ServerConfig;
use serde_json::{Map, Value, json};

/// Starts it.
pub fn start() -> Server {
    Server::new(serve)
}

/// The same over TLS.
pub fn secure(tls: Arc<ServerConfig>) -> Server {
    Server::secure(tls, serve)
}

fn serve(connection: &mut Connection) -> Result<()> {
    loop {
        let request = connection.request()?;
        answer(connection, &request)?;
    }
}

fn answer(connection: &mut Connection, request: &Message) -> Result<()> {
    let path = request.target().split('?').next().unwrap_or_default();
    match path.rsplit('/').next().unwrap_or_default() {
        "slow" => connection.wait(),
        "close" => Err(std::io::ErrorKind::ConnectionAborted.into()),
        "verify" => verify(connection, request),
        "garbage" => connection.write("this is not HTTP\r\n\r\n"),
        "hop" => {
            let body = "ok\n";
            connection.write(format!(
                "HTTP/1.1 200 OK\r\nServer: echo\r\nX-Private: 1\r\nConnection: x-private\r\nKeep-Alive: timeout=5\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ))
        }
        last => {
            let status = last.strip_prefix("status-").and_then(|status| status.parse().ok()).unwrap_or(200);
            seen(connection, request, status)
        }
    }
}

/// Answers as a server does that is asked who may come: `ada` may, and others may not.
fn verify(connection: &mut Connection, request: &Message) -> Result<()> {
    let (status, fields) = match request.field("authorization").as_deref() {
        Some("Bearer ada") => ("204 No Content", "X-User: ada\r\nX-Groups: press, buyers\r\n"),
        Some(_) => ("403 Forbidden", "Content-Length: 0\r\n"),
        None => ("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"sessions\"\r\nContent-Length: 0\r\n"),
    };
    connection.write(format!("HTTP/1.1 {status}\r\n{fields}\r\n"))
}

/// Answers with the request as JSON.
fn seen(connection: &mut Connection, request: &Message, status: u16) -> Result<()> {
    let (path, query) = match request.target().split_once('?') {
        Some((path, query)) => (path, Value::from(query)),
        None => (request.target(), Value::Null),
    };
    let mut headers = Map::new();
    for (name, value) in &request.fields {
        let value = String::from_utf8_lossy(value).into_owned();
        let whole = match headers.get(&name.to_lowercase()) {
            Some(Value::String(before)) => format!("{before}, {value}"),
            _ => value,
        };
        headers.insert(name.to_lowercase(), whole.into());
    }
    let method = request.line.split(' ').next().unwrap_or_default();
    let report = json!({
        "method": method, "path": path, "query": query, "headers": headers, "body": String::from_utf8_lossy(&request.body),
    });
    let report = report.to_string();
    let body = if method == "HEAD" || status == 204 { "" } else { &report };
    let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", report.len()) };
    connection.write(format!(
        "HTTP/1.1 {status} Said\r\nServer: echo\r\nContent-Type: application/json\r\n{length}\r\n{body}"
    ))
}
