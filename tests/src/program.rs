//! The gateway under test, compiled from `gateways/protocol.gw`.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use gatewright_runtime::generated::Program;

include!(concat!(env!("OUT_DIR"), "/protocol.rs"));

/// The declared address of the app.
pub const APP: SocketAddr = local(9000);
/// The declared address of a server that is not there.
pub const DEAD: SocketAddr = local(9001);
/// The declared addresses of two servers that answer alike.
pub const PAIR: [SocketAddr; 2] = [local(9002), local(9003)];

const fn local(port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// The gateway under test, named `tested`.
pub fn program() -> &'static Program {
    &PROGRAM
}

/// What emitted code sees: all that it may name, and a policy that fails as a bug would.
pub(crate) mod door {
    pub(crate) use gatewright_runtime::generated::*;

    pub(crate) mod policy {
        pub(crate) use gatewright_runtime::generated::policy::*;

        pub(crate) mod panics {
            use gatewright_runtime::generated::{Exchange, Flow};

            #[derive(Debug)]
            pub(crate) struct Config {}

            impl Config {
                #[allow(clippy::unused_self, reason = "the shape of a step")]
                pub(crate) fn request(&'static self, _: &mut Exchange) -> Flow {
                    panic!("as the route says")
                }
            }
        }
    }
}
