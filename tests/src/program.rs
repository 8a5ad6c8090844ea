//! The gateway under test, compiled from `gateways/protocol.gw`.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::LazyLock;
use std::time::Duration;

use gatewright_runtime::generated::{
    AccessLog, Admin, At, Listener, Live, Parameter, Program, Server, Setting, Upstream, policy,
};

use crate::Cue;
use crate::certificates::Files;

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

mod expressions {
    include!(concat!(env!("OUT_DIR"), "/expressions.rs"));
}

/// A gateway whose answers are expressions, compiled from `gateways/expressions.gw`.
pub fn expressions() -> &'static Program {
    &expressions::PROGRAM
}

mod handled {
    include!(concat!(env!("OUT_DIR"), "/handled.rs"));
}

/// A gateway whose routes call functions of this crate, compiled from `gateways/handled.gw`.
pub fn handled() -> &'static Program {
    &handled::PROGRAM
}

mod upstreams {
    include!(concat!(env!("OUT_DIR"), "/upstreams.rs"));
}

/// The declared addresses of the servers of [`upstreams`].
pub const THREE: [SocketAddr; 3] = [local(9011), local(9012), local(9013)];
/// Those of the servers that are asked whether they are well.
pub const WATCHED: [SocketAddr; 3] = [local(9021), local(9022), local(9023)];

/// A gateway whose servers may fail, compiled from `gateways/upstreams.gw`.
pub fn upstreams() -> &'static Program {
    &upstreams::PROGRAM
}

mod traffic {
    include!(concat!(env!("OUT_DIR"), "/traffic.rs"));
}

/// A gateway behind proxies that it trusts, whose requests have ids, compiled from `gateways/traffic.gw`.
pub fn traffic() -> &'static Program {
    &traffic::PROGRAM
}

mod auth {
    include!(concat!(env!("OUT_DIR"), "/auth.rs"));
}

/// A gateway that asks who comes, compiled from `gateways/auth.gw`.
pub fn auth() -> &'static Program {
    &auth::PROGRAM
}

mod basic {
    include!(concat!(env!("OUT_DIR"), "/basic.rs"));
}

/// A gateway that asks for passwords, compiled from `gateways/basic.gw`.
pub fn basic() -> &'static Program {
    &basic::PROGRAM
}

mod charged {
    include!(concat!(env!("OUT_DIR"), "/charged.rs"));
}

/// A gateway with what takes memory, compiled from `gateways/charged.gw`.
pub fn charged() -> &'static Program {
    &charged::PROGRAM
}

/// The same elsewhere, which tells nobody of itself.
pub fn charged_at(listen: SocketAddr) -> &'static Program {
    Box::leak(Box::new(Program { admin: None, ..*moved(&charged::PROGRAM, listen, APP) }))
}

mod key_sets {
    include!(concat!(env!("OUT_DIR"), "/key_sets.rs"));
}

/// The declared addresses of the servers of keys of [`key_sets`].
pub const KEYS: [SocketAddr; 2] = [local(9031), local(9032)];

/// A gateway that fetches keys, compiled from `gateways/key_sets.gw`.
pub fn key_sets() -> &'static Program {
    &key_sets::PROGRAM
}

mod tokens {
    include!(concat!(env!("OUT_DIR"), "/tokens.rs"));
}

/// A gateway that takes signed tokens, compiled from `gateways/tokens.gw`.
pub fn tokens() -> &'static Program {
    &tokens::PROGRAM
}

mod recorded {
    include!(concat!(env!("OUT_DIR"), "/recorded.rs"));
}

/// A gateway that says how its lines are written, compiled from `gateways/recorded.gw`.
pub fn recorded() -> &'static Program {
    Box::leak(Box::new(Program { trace: None, ..recorded::PROGRAM }))
}

/// The declared address of the collector of [`traced`].
pub const COLLECTOR: SocketAddr = local(4318);

/// The same, with spans of every exchange.
pub fn traced() -> Program {
    recorded::PROGRAM
}

mod fields {
    include!(concat!(env!("OUT_DIR"), "/fields.rs"));
}

/// A gateway that declares, edits, guards and puts values into paths, compiled from `gateways/fields.gw`.
pub fn fields() -> &'static Program {
    &fields::PROGRAM
}

mod ways {
    include!(concat!(env!("OUT_DIR"), "/ways.rs"));
}

/// A gateway whose routes end in one way of several, compiled from `gateways/ways.gw`. Its servers are those of `APP` and the first of
/// `PAIR`.
pub fn ways() -> &'static Program {
    &ways::PROGRAM
}

mod aggregated {
    include!(concat!(env!("OUT_DIR"), "/aggregated.rs"));
}

/// The declared addresses of the servers of [`aggregated`]: users, orders, tips, one that is asked again, one of which there is little.
pub const BRANCHES: [SocketAddr; 5] = [local(9031), local(9032), local(9033), local(9034), local(9035)];

/// A gateway that reads bodies and makes answers of several, compiled from `gateways/aggregated.gw`.
pub fn aggregated() -> &'static Program {
    &aggregated::PROGRAM
}

mod asked {
    include!(concat!(env!("OUT_DIR"), "/asked.rs"));
}

/// The declared addresses of the servers that [`asked`] asks: the one that knows, and one that is asked again.
pub const ASKED: [SocketAddr; 2] = [local(9041), local(9042)];

/// A gateway that asks others who may come, compiled from `gateways/asked.gw`.
pub fn asked() -> &'static Program {
    &asked::PROGRAM
}

/// The same, where requests have ids and traces, and with an admin listener.
pub fn asked_and_recorded() -> &'static Program {
    let Program { request_id, trace, admin, .. } = recorded::PROGRAM;
    Box::leak(Box::new(Program { request_id, trace, admin, ..asked::PROGRAM }))
}

/// The same, where the server that knows is spoken to over TLS.
pub fn asked_over_tls(files: &Files) -> &'static Program {
    let secured = |server: &Server| match server.at {
        At::Is { address, authority, .. } => {
            Server { at: At::Is { address, authority, tls: true }, ..*server }
        }
        _ => *server,
    };
    let roots = Some(files.roots);
    let tls = policy::tls::Config { roots, certificate: None, key: None, secret: None, server_name: None };
    let upstreams = asked::PROGRAM.upstreams.iter().map(|upstream| match upstream.name {
        "sessions" => {
            let servers = upstream.servers.iter().map(secured).collect::<Vec<_>>();
            Upstream { servers: servers.leak(), tls: Some(tls), ..*upstream }
        }
        _ => *upstream,
    });
    Box::leak(Box::new(Program { upstreams: upstreams.collect::<Vec<_>>().leak(), ..asked::PROGRAM }))
}

mod replaced {
    include!(concat!(env!("OUT_DIR"), "/replaced.rs"));
}

/// A gateway with files that change, compiled from `gateways/replaced.gw`.
pub fn replaced() -> &'static Program {
    &replaced::PROGRAM
}

mod given {
    include!(concat!(env!("OUT_DIR"), "/given.rs"));
}

/// The declared address of the server of [`given`] that no parameter gives.
pub const WRITTEN: SocketAddr = local(9032);

/// A gateway whose places start-up says, compiled from `gateways/given.gw`.
pub fn given() -> &'static Program {
    &given::PROGRAM
}

mod names {
    include!(concat!(env!("OUT_DIR"), "/names.rs"));
}

/// A gateway whose servers have names, compiled from `gateways/names.gw`.
pub fn names() -> &'static Program {
    &names::PROGRAM
}

mod shop {
    include!(concat!(env!("OUT_DIR"), "/shop.rs"));
}

/// A gateway to be looked at while some of its servers fail, compiled from `gateways/shop.gw`.
pub fn shop() -> &'static Program {
    &shop::PROGRAM
}

mod live {
    include!(concat!(env!("OUT_DIR"), "/live.rs"));
}

/// A gateway of which much may change while it runs, compiled from `gateways/live.gw`.
pub fn live() -> &'static Program {
    &live::PROGRAM
}

mod split {
    include!(concat!(env!("OUT_DIR"), "/split.rs"));
}

/// The declared addresses of the servers of [`split`], in the order of their upstreams.
pub const SHARES: [SocketAddr; 3] = [local(9041), local(9042), local(9043)];

/// A gateway whose upstreams share requests out, compiled from `gateways/split.gw`.
pub fn split() -> &'static Program {
    &split::PROGRAM
}

mod tls {
    include!(concat!(env!("OUT_DIR"), "/tls.rs"));
}

/// The declared addresses of the servers of [`tls`].
pub const SECURE: [SocketAddr; 3] = [local(9051), local(9052), local(9053)];

/// A gateway whose servers are spoken to over TLS, compiled from `gateways/tls.gw`, with the files of these certificates.
pub fn tls(files: &Files) -> &'static Program {
    with_files(&tls::PROGRAM, files)
}

/// A program that finds its certificates in these files.
pub fn with_files(program: &'static Program, files: &Files) -> &'static Program {
    let config = |config: policy::tls::Config| policy::tls::Config {
        roots: Some(files.roots),
        certificate: config.certificate.map(|_| files.certificate),
        key: config.key.map(|_| files.key),
        ..config
    };
    let upstreams = program.upstreams.iter();
    let upstreams = upstreams.map(|upstream| Upstream { tls: upstream.tls.map(config), ..*upstream });
    Box::leak(Box::new(Program { upstreams: upstreams.collect::<Vec<_>>().leak(), ..*program }))
}

/// The gateway under test, named `tested`.
pub fn program() -> &'static Program {
    &PROGRAM
}

/// The same without an access log.
pub fn silent() -> &'static Program {
    Box::leak(Box::new(Program { access_log: AccessLog::Off, ..PROGRAM }))
}

/// Any free port of this machine.
pub const ANYWHERE: SocketAddr = local(0);

/// The same with another address of its own and of the app, for a process of its own.
pub fn at(listen: SocketAddr, app: SocketAddr) -> &'static Program {
    moved(&PROGRAM, listen, app)
}

/// [`live`], with a file of its own and an admin listener at any free port, which may keep in a file what it is told.
pub fn live_at(
    listen: SocketAddr,
    app: SocketAddr,
    file: &'static str,
    kept: Option<&'static str>,
) -> &'static Program {
    let params = live::PROGRAM.params.iter().map(|param| match param.live {
        Some(Live::File(_)) => Parameter { live: Some(Live::File(file)), ..*param },
        _ => *param,
    });
    let params = params.collect::<Vec<_>>().leak();
    let admin = Some(Admin { address: Setting::Is(ANYWHERE), keep: kept.map(Setting::Is) });
    Box::leak(Box::new(Program { params, admin, ..*moved(&live::PROGRAM, listen, app) }))
}

/// One at any free port whose `app` fails for such a time: where there is another server beside it, each of the two is left out after
/// three failures; else there is a breaker, which opens after four.
pub fn failing_at(app: SocketAddr, other: Option<SocketAddr>, time: Duration) -> &'static Program {
    let program = moved(&PROGRAM, ANYWHERE, app);
    let (over, share) = (Duration::from_secs(10), 500_000);
    let breaker =
        policy::breaker::Config { share, over, at_least: 4, r#for: time, jitter: 0, probes: 1, on: None };
    let eject = policy::eject::Config { after: 3, r#for: time, up_to: time, share, on: None };
    let upstreams = program.upstreams.iter().map(|upstream| {
        let first = upstream.servers.first();
        match (first.copied(), other, upstream.name) {
            (Some(first), Some(address), "app") => {
                let at = At::Is { address, authority: "other", tls: false };
                let servers = vec![first, Server { at, ..first }].leak();
                Upstream { servers, eject: Some(eject), ..*upstream }
            }
            (_, None, "app") => Upstream { breaker: Some(breaker), ..*upstream },
            _ => *upstream,
        }
    });
    Box::leak(Box::new(Program { upstreams: upstreams.collect::<Vec<_>>().leak(), ..*program }))
}

fn moved(program: &'static Program, listen: SocketAddr, app: SocketAddr) -> &'static Program {
    let place = |server: &Server| match server.at {
        At::Is { address: APP, authority, tls } => {
            Server { at: At::Is { address: app, authority, tls }, ..*server }
        }
        _ => *server,
    };
    let upstreams = program.upstreams.iter().map(|upstream| Upstream {
        servers: upstream.servers.iter().map(place).collect::<Vec<_>>().leak(),
        ..*upstream
    });
    Box::leak(Box::new(Program {
        listeners: vec![Listener { address: Setting::Is(listen) }].leak(),
        upstreams: upstreams.collect::<Vec<_>>().leak(),
        ..*program
    }))
}

/// Given by the step `pauses` when it is there.
pub static PAUSED: LazyLock<Cue> = LazyLock::new(Cue::default);
/// What it waits for.
pub static GO_ON: LazyLock<Cue> = LazyLock::new(Cue::default);

/// What emitted code sees: all that it may name, policies that fail as a bug would, and one that waits.
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

        pub(crate) mod pauses {
            use gatewright_runtime::generated::{Exchange, Flow};

            #[derive(Debug)]
            pub(crate) struct Config {}

            impl Config {
                #[allow(clippy::unused_self, reason = "the shape of a step")]
                pub(crate) fn request(&'static self, _: &mut Exchange) -> Flow {
                    crate::program::PAUSED.give();
                    // A test that gives nothing has failed for another reason.
                    let _ = crate::program::GO_ON.wait();
                    Flow::Next
                }
            }
        }

        pub(crate) mod bursts {
            use gatewright_runtime::generated::Exchange;

            #[derive(Debug)]
            pub(crate) struct Config {}

            impl Config {
                #[allow(clippy::unused_self, reason = "the shape of a step")]
                pub(crate) fn response(&'static self, _: &mut Exchange) {
                    panic!("as the route says, once there is an answer")
                }
            }
        }
    }
}
