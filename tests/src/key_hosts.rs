//! Gateways that fetch keys over TLS from a server that has a name, compiled from `gateways/key_hosts.gw`.

use std::net::SocketAddr;
use std::time::Duration;

use gatewright_runtime::generated::auth::jwt::{Config, Item};
use gatewright_runtime::generated::{Auth, Dns, Listener, Program, Setting};

use crate::program::ANYWHERE;

mod compiled {
    include!(concat!(env!("OUT_DIR"), "/key_hosts.rs"));
}

/// The name of the server of keys.
pub const HOST: &str = "login.example.com";
/// Its ports, with TLS and without.
pub const PORTS: [u16; 2] = [9033, 9034];

/// As it was compiled.
pub fn key_hosts() -> &'static Program {
    &compiled::PROGRAM
}

/// The same at any free port and with its first `auth` alone: with this URL, who is believed there, the certificate that is shown and its
/// key, and the name server that is asked. It fetches often, and gives a server little time.
pub fn key_hosts_at(
    url: &'static str,
    roots: Option<&'static str>,
    [certificate, key]: [Option<&'static str>; 2],
    names: SocketAddr,
) -> &'static Program {
    let program = &compiled::PROGRAM;
    let millis = Duration::from_millis;
    let keys = Item::Keys {
        from: url,
        roots,
        certificate,
        key,
        secret: None,
        keep: Duration::from_mins(1),
        every: millis(200),
        cool_down: millis(200),
        within: millis(400),
    };
    let items = vec![
        Item::Issuer { names: &["https://id.example/"] },
        Item::Audience { names: &["shop"] },
        Item::Accept { algorithms: &["RS256"] },
        Item::Leeway { time: Duration::ZERO },
        Item::Token { max: 8 << 10 },
        Item::Remember { most: 16, off: true },
        keys,
    ];
    let kind: &'static Config = Box::leak(Box::new(Config { items: items.leak() }));
    let auths: Vec<Auth> = program.auths.iter().take(1).map(|auth| Auth { kind, ..*auth }).collect();
    let dns = program.dns.map(|dns| Dns { servers: vec![names].leak(), ..dns });
    let listeners = vec![Listener { address: Setting::Is(ANYWHERE) }].leak();
    Box::leak(Box::new(Program { auths: auths.leak(), dns, listeners, ..*program }))
}
