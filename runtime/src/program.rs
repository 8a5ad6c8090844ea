//! What a compiled gateway is: constant tables that emitted code fills in and the data plane reads.
//!
//! It holds no state and no behaviour; all state hangs from one `Gateway` value made at start-up.

use std::net::SocketAddr;

use crate::exchange::{Exchange, Flow};
use crate::params::{Param, Secret};
use crate::route::Router;

/// One compiled gateway.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name after the word `gateway`; the pseudonym in `Via` and `Proxy-Status`.
    pub name: &'static str,
    /// Hash of the sources that the program was compiled from, in hexadecimal.
    pub source_hash: &'static str,
    /// Where it listens.
    pub listeners: &'static [Listener],
    /// Where it forwards to.
    pub upstreams: &'static [Upstream],
    /// How a path and a method find their route.
    pub router: Router,
    /// All routes, in order of precedence; [`crate::route::Leaf::route`] counts from 0 here.
    pub routes: &'static [Route],
    /// The files that declare routes.
    pub files: &'static [Label],
    /// One entry for each distinct sequence of steps.
    pub chains: &'static [Chain],
    /// All names and literal segments, one after the other; [`Label`] and [`crate::route::Edge`] point into it.
    pub text: &'static str,
    /// What may be set at start-up.
    pub params: &'static [Param],
    /// What must be given at start-up, and is never shown.
    pub secrets: &'static [Secret],
    /// Whether a line is written for each exchange.
    pub access_log: AccessLog,
}

/// A plain HTTP listener.
#[derive(Clone, Copy, Debug)]
pub struct Listener {
    /// Address and port. `[::]` accepts IPv4 as well, and falls back to `0.0.0.0` where the machine has no IPv6.
    pub address: SocketAddr,
}

/// A group of servers that answer alike.
#[derive(Debug)]
pub struct Upstream {
    /// The name after the word `upstream`.
    pub name: &'static str,
    /// At least one.
    pub servers: &'static [Server],
}

/// One server of an upstream, spoken to in plain HTTP/1.1.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Address and port.
    pub address: SocketAddr,
    /// What `Host` says: the authority as written in the server's URL.
    pub authority: &'static str,
}

/// A piece of [`Program::text`].
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// First byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u16,
}

/// One route: what differs between routes beyond the record of their chain.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// As written: `GET /orders/{id: uuid}`.
    pub label: Label,
    /// The file that declares it: an index into [`Program::files`].
    pub file: u16,
    /// Its line in that file, from 1.
    pub line: u32,
    /// Index into [`Program::chains`].
    pub chain: u16,
    /// Index into the records of that chain.
    pub record: u32,
}

/// A distinct sequence of steps, shared by all routes that have it.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Runs the steps for a request, in order, with the record of the given index.
    pub request: fn(&mut Exchange, u32) -> Flow,
}

/// Whether a line is written for each exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// `log none`.
    Off,
    /// One JSON line for each exchange, to standard output.
    On,
}
