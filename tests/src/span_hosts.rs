//! Gateways that send spans to a collector that has a name, or that start-up says, compiled from `gateways/span_hosts.gw` and
//! `gateways/front_given.gw`.

use std::net::SocketAddr;

use gatewright_runtime::generated::{AccessLog, Dns, Listener, Program, Setting, Trace};

use crate::program::ANYWHERE;

mod named {
    include!(concat!(env!("OUT_DIR"), "/span_hosts.rs"));
}

mod given {
    include!(concat!(env!("OUT_DIR"), "/front_given.rs"));
}

/// The name of the collector.
pub const HOST: &str = "collector.example.com";
/// Its port.
pub const PORT: u16 = 4318;

/// As it was compiled.
pub fn span_hosts() -> &'static Program {
    &named::PROGRAM
}

/// The same with another URL.
pub fn span_hosts_to(url: &'static str, roots: Option<&'static str>) -> &'static Program {
    let trace = named::PROGRAM.trace.map(|trace| Trace { to: Setting::Is(url), roots, ..trace });
    Box::leak(Box::new(Program { trace, ..named::PROGRAM }))
}

/// The same at any free port, without an admin listener and a log, with the certificate that is shown and its key, and with the name
/// server that is asked.
pub fn span_hosts_at(
    url: &'static str,
    roots: Option<&'static str>,
    [certificate, key]: [Option<&'static str>; 2],
    names: SocketAddr,
) -> &'static Program {
    let program = span_hosts_to(url, roots);
    let trace = program.trace.map(|trace| Trace { certificate, key, ..trace });
    let dns = program.dns.map(|dns| Dns { servers: vec![names].leak(), ..dns });
    let listeners = vec![Listener { address: Setting::Is(ANYWHERE) }].leak();
    Box::leak(Box::new(Program {
        dns,
        listeners,
        trace,
        admin: None,
        access_log: AccessLog::Off,
        ..*program
    }))
}

/// A gateway whose collector and whose file of the log start-up says.
pub fn front_given() -> &'static Program {
    &given::PROGRAM
}

/// The same, where a collector is spoken to over TLS.
pub fn front_given_with_roots() -> &'static Program {
    let trace = given::PROGRAM.trace.map(|trace| Trace { roots: Some("roots.pem"), tls: true, ..trace });
    Box::leak(Box::new(Program { trace, ..given::PROGRAM }))
}

/// The same, where the gateway shows who it is.
pub fn front_given_with_certificate() -> &'static Program {
    let (certificate, key) = (Some("gateway.pem"), Some("gateway.key"));
    let trace = given::PROGRAM.trace.map(|trace| Trace { certificate, key, tls: true, ..trace });
    Box::leak(Box::new(Program { trace, ..given::PROGRAM }))
}

/// The same at any free port.
pub fn front_given_at() -> &'static Program {
    let listeners = vec![Listener { address: Setting::Is(ANYWHERE) }].leak();
    Box::leak(Box::new(Program { listeners, admin: None, ..given::PROGRAM }))
}
