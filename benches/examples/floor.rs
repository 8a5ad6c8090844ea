//! A relay that parses nothing: what a machine asks of anything that stands between a client and a server.
//!
//! It hands on bytes as they come, on one thread, with a connection to the server for each of the client's. It is no
//! gateway and keeps no bound; it shows which part of a gateway's figure is the kernel's, and nobody's to save.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what it cannot do ends it")]

use std::collections::HashMap;
use std::env;
use std::io::{ErrorKind, Read as _, Result, Write as _};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const ACCEPT: Token = Token(0);
const BUFFER: usize = 80 * 1024;

/// One direction: what was read on one side and is not yet written on the other.
#[derive(Default)]
struct Way {
    waits: Vec<u8>,
}

impl Way {
    /// Hands on what there is. `false` at the end of either side.
    fn pass(&mut self, from: &mut TcpStream, to: &mut TcpStream, buffer: &mut [u8]) -> Result<bool> {
        if !self.waits.is_empty() {
            let wrote = written(to, &self.waits)?;
            self.waits.drain(..wrote);
        }
        while self.waits.is_empty() {
            let read = match from.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(e) => return Err(e),
            };
            let wrote = written(to, &buffer[..read])?;
            self.waits.extend_from_slice(&buffer[wrote..read]);
            // A short read has emptied the socket: the next bytes are a new event.
            if read < buffer.len() {
                return Ok(true);
            }
        }
        Ok(true)
    }
}

/// How much of it the socket took.
fn written(to: &mut TcpStream, bytes: &[u8]) -> Result<usize> {
    let mut wrote = 0;
    while wrote < bytes.len() {
        match to.write(&bytes[wrote..]) {
            Ok(more) => wrote += more,
            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
            Err(e) => return Err(e),
        }
    }
    Ok(wrote)
}

struct Pair {
    client: TcpStream,
    server: TcpStream,
    up: Way,
    down: Way,
}

fn main() -> Result<()> {
    let port: u16 = env::var("BENCH_PORT").expect("BENCH_PORT").parse().expect("a port");
    let server = env::var("BENCH_UPSTREAM").expect("BENCH_UPSTREAM").parse().expect("an address");
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port).into())?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, ACCEPT, Interest::READABLE)?;
    let mut pairs: HashMap<usize, Pair> = HashMap::new();
    let mut next = 1;
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; BUFFER];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == ACCEPT {
                while let Ok((mut client, _)) = listener.accept() {
                    let mut server = TcpStream::connect(server)?;
                    client.set_nodelay(true)?;
                    server.set_nodelay(true)?;
                    let both = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut client, Token(next * 2), both)?;
                    poll.registry().register(&mut server, Token(next * 2 + 1), both)?;
                    pairs.insert(next, Pair { client, server, up: Way::default(), down: Way::default() });
                    next += 1;
                }
                continue;
            }
            let Token(token) = event.token();
            let Some(Pair { client, server, up, down }) = pairs.get_mut(&(token / 2)) else { continue };
            let client_s = token.is_multiple_of(2);
            let (comes, leaves) = (event.is_readable(), event.is_writable());
            let mut goes_on = true;
            if if client_s { comes } else { leaves && !up.waits.is_empty() } {
                goes_on &= up.pass(client, server, &mut buffer).unwrap_or(false);
            }
            if if client_s { leaves && !down.waits.is_empty() } else { comes } {
                goes_on &= down.pass(server, client, &mut buffer).unwrap_or(false);
            }
            if !goes_on {
                pairs.remove(&(token / 2));
            }
        }
    }
}
