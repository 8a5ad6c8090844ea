//! Accepts connections and keeps them for many requests, one thread each. What is answered is up to the handler.

use std::io::{self, BufReader, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::reply::Reply;
use crate::request::{Body, Request};

/// Of a body that the handler left unread, at most this much is read to keep the connection.
const LEFTOVER_MAX: u64 = 1024 * 1024;

/// What answers requests.
pub type Handler = fn(&Request, &mut dyn Read, Reply<'_, TcpStream>) -> io::Result<()>;

/// Serves until the listener fails; `name` begins the line that is written to standard error for each request.
///
/// # Errors
/// When a connection cannot be accepted.
pub fn serve(name: &'static str, listener: &TcpListener, handler: Handler) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        thread::spawn(move || {
            // What fails here is one client's connection; there is nobody to tell but the log.
            if let Err(error) = converse(name, stream, handler) {
                eprintln!("{name}: connection closed: {error}");
            }
        });
    }
}

fn converse(name: &str, stream: TcpStream, handler: Handler) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut from = BufReader::new(stream.try_clone()?);
    let mut to = stream;
    loop {
        let request = match Request::read(&mut from) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) => return refuse(error, &mut to),
        };
        eprintln!("{name}: {} {}", request.method, request.path);
        let interim = to.try_clone()?;
        let mut body = match Body::of(&request, &mut from, interim) {
            Ok(body) => body,
            Err(error) => return refuse(error, &mut to),
        };
        handler(&request, &mut body, Reply::new(&request.method, &mut to))?;
        // A client that asked first and got its answer may never send the body: close instead of waiting.
        if !body.is_done() && request.says("expect", "100-continue") {
            return Ok(());
        }
        io::copy(&mut (&mut body).take(LEFTOVER_MAX), &mut io::sink())?;
        if !body.is_done() || request.says("connection", "close") {
            return Ok(());
        }
    }
}

fn refuse(error: io::Error, to: &mut TcpStream) -> io::Result<()> {
    if error.kind() == ErrorKind::InvalidData {
        let text = format!("{error}\n");
        Reply::new("", to).send(400, &[("Connection", "close")], text.as_bytes())?;
    }
    Err(error)
}
