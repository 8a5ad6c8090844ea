//! How the names of a gateway are looked up: whom to ask, with what patience, and which answers are used.

use std::net::SocketAddr;

use super::ask::{self, Asker};
use super::usable::Usable;
use crate::clock::Clock;
use crate::program::{Dns, Program};

/// Where the machine says which name servers it has.
const RESOLV: &str = "/etc/resolv.conf";

/// How names are looked up.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    pub(super) asker: Asker,
    pub(super) usable: Usable,
    pub(super) config: Dns,
}

impl Lookup {
    /// What the program says of it; nothing where it has no names. `server` stands in the place of all name servers, `moved` is pairs of
    /// a found and the real address, `listeners` is where the gateway itself listens.
    pub(crate) fn new(
        program: &Program,
        clock: &Clock,
        server: Option<SocketAddr>,
        moved: &[(SocketAddr, SocketAddr)],
        listeners: Vec<SocketAddr>,
    ) -> Option<Self> {
        let config = program.dns?;
        let servers = match (server, config.servers) {
            (Some(server), _) => vec![server],
            (None, []) => ask::of_machine(&std::fs::read_to_string(RESOLV).unwrap_or_default()),
            (None, servers) => servers.to_vec(),
        };
        let Dns { within, attempts, .. } = config;
        let asker = Asker { servers, within, attempts, clock: clock.clone() };
        Some(Self { asker, usable: Usable { moved: moved.to_vec(), listeners }, config })
    }
}
