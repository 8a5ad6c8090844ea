//! A gateway that shows a certificate of its own to whom it asks for keys and whom it sends spans, compiled from
//! `gateways/own_certificate.gw`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use gatewright_runtime::generated::Program;

mod compiled {
    include!(concat!(env!("OUT_DIR"), "/own_certificate.rs"));
}

/// The declared address of the server of keys.
pub const KEYS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9061);
/// That of the collector.
pub const COLLECTOR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9062);

/// As it was compiled.
pub fn own_certificate() -> &'static Program {
    &compiled::PROGRAM
}
