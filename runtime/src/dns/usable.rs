//! Which of the addresses that a name server gives are used. What it says is not the operator's word: an answer must not
//! lead requests to the gateway itself, or to what is no one machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::place::reaches;

/// What is known of addresses.
#[derive(Clone, Debug)]
pub(super) struct Usable {
    /// Pairs of a found and the real address.
    pub(super) moved: Vec<(SocketAddr, SocketAddr)>,
    /// Where the gateway itself listens.
    pub(super) listeners: Vec<SocketAddr>,
}

impl Usable {
    /// Where a server really is, and otherwise why it is not used.
    pub(super) fn place(&self, found: SocketAddr) -> Result<SocketAddr, &'static str> {
        let ip = found.ip();
        let is_one = match ip {
            IpAddr::V4(ip) => !ip.is_broadcast(),
            IpAddr::V6(_) => true,
        };
        if ip.is_unspecified() || ip.is_multicast() || !is_one {
            return Err("the address of no machine");
        }
        if self.listeners.iter().any(|listener| is_listener(found, *listener)) {
            return Err("this gateway itself");
        }
        let moved = self.moved.iter().find(|(declared, _)| *declared == found);
        let real = moved.map_or(found, |(_, real)| *real);
        if has_route(real) { Ok(real) } else { Err("no route leads there") }
    }
}

/// What is sent to an address of this machine arrives at who listens at all of them.
fn is_listener(server: SocketAddr, listener: SocketAddr) -> bool {
    reaches(server, listener)
        || listener.ip().is_unspecified() && listener.port() == server.port() && is_here(server.ip())
}

/// Only an address of this machine can be bound.
fn is_here(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// Nothing is sent by it: the kernel only looks whether there is a way (RFC 6724 section 4 does the same). A machine
/// without IPv6 is so spared half of its tries.
fn has_route(to: SocketAddr) -> bool {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(to)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_leads_neither_to_the_gateway_nor_to_nobody() {
        let listeners = ["[::]:8080", "127.0.0.1:9090"].map(|text| text.parse().unwrap()).to_vec();
        let moved = vec![("10.0.0.1:81".parse().unwrap(), "127.0.0.1:82".parse().unwrap())];
        let usable = Usable { moved, listeners };
        let place = |text: &str| usable.place(text.parse().unwrap()).map(|at| at.to_string());
        for own in ["127.0.0.1:8080", "127.0.0.5:8080", "127.0.0.1:9090"] {
            assert_eq!(place(own), Err("this gateway itself"), "{own}");
        }
        for nobody in ["0.0.0.0:81", "[::]:81", "224.0.0.1:81", "255.255.255.255:81", "[ff02::1]:81"] {
            assert_eq!(place(nobody), Err("the address of no machine"), "{nobody}");
        }
        assert_eq!(place("127.0.0.1:81"), Ok("127.0.0.1:81".to_owned()));
        assert_eq!(place("127.0.0.2:9090"), Ok("127.0.0.2:9090".to_owned()));
        assert_eq!(place("10.0.0.1:81"), Ok("127.0.0.1:82".to_owned()));
    }
}
