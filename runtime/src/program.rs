//! What a compiled gateway is: constant tables that emitted code fills in and the data plane reads.
//!
//! It holds no state and no behaviour; all state hangs from one `Gateway` value made at start-up.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::access_log::LogLine;
use crate::auth::Auth;
use crate::exchange::{Exchange, Flow, Own};
use crate::params::{Param, Secret, Setting};
use crate::policy;
use crate::route::Router;
use crate::shared::NewState;
use crate::terminal::{Respond, Write};

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
    /// Which of them share requests out to others.
    pub splits: &'static [Split],
    /// How a path and a method find their route.
    pub router: Router,
    /// The conditions of routes and floors; [`crate::route::Leaf::when`] counts from 0 here.
    pub conditions: &'static [fn(&Exchange) -> bool],
    /// All routes, in order of precedence; [`crate::route::Leaf::route`] counts from 0 here.
    pub routes: &'static [Route],
    /// The files that declare routes.
    pub files: &'static [Label],
    /// One entry for each distinct sequence of steps.
    pub chains: &'static [Chain],
    /// What steps remember between exchanges; [`crate::shared::Slot`] counts from 0 here. Each is made once.
    pub states: &'static [NewState],
    /// The steps of exchanges that no route has.
    pub outside: Option<Outside>,
    /// All names and literal segments, one after the other; [`Label`] and [`crate::route::Edge`] point into it.
    pub text: &'static str,
    /// How it is found out who asks.
    pub auths: &'static [Auth],
    /// What may be set at start-up.
    pub params: &'static [Param],
    /// What must be given at start-up, and is never shown.
    pub secrets: &'static [Secret],
    /// Whether a line is written for each exchange.
    pub access_log: AccessLog,
    /// Whose word about a client is believed; nobody's where there are none.
    pub trusted_proxies: Option<TrustedProxies>,
    /// The field, in lower case, in which each exchange has an id.
    pub request_id: Option<&'static str>,
    /// Where it is asked about itself.
    pub admin: Option<Admin>,
    /// Where spans of exchanges are sent to.
    pub trace: Option<Trace>,
    /// How it ends when it is told to stop, where that is said.
    pub drain: Option<Drain>,
    /// How much it takes at once, where that is said.
    pub capacity: Option<Capacity>,
    /// How names are looked up.
    pub dns: Option<Dns>,
    /// Whether parameters may give servers that are spoken to over TLS.
    pub tls: bool,
    /// Times that must fit into others, where parameters give one of them.
    pub fits: &'static [Fit],
}

/// An upstream that shares requests out to others.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    /// Its index into [`Program::upstreams`]; it has no servers.
    pub upstream: u32,
    /// The key by which; without one, each request is drawn for.
    pub by: Option<Write>,
    /// What the others get.
    pub shares: &'static [Share],
}

/// What one upstream gets.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Its index into [`Program::upstreams`].
    pub upstream: u32,
    /// Its share beside those of the others; from 0 to 1,000.
    pub weight: Setting<i64>,
    /// Whose requests go there whatever the weights are.
    pub pin: Option<fn(&Exchange) -> bool>,
}

/// An upstream that is asked by the gateway itself, and what is said of every call there.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Its index into [`Program::upstreams`].
    pub upstream: u32,
    /// Index into [`Program::chains`].
    pub chain: u16,
    /// Index into the records of that chain.
    pub record: u32,
}

/// How much a gateway takes at once.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Connections of clients; from 64 to 10,000,000.
    pub connections: Option<Setting<i64>>,
    /// Requests under way; from 16 to 10,000,000.
    pub in_flight: Option<Setting<i64>>,
    /// Bytes of memory of the process; from 32 MiB to 1 TiB.
    pub memory: Option<Setting<u64>>,
    /// After how long a request that is refused may come again; from 1 s to 1 h.
    pub retry_after: Setting<Duration>,
}

/// How a gateway that is told to stop ends.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// How long open connections have until they are cut; from 1 s to 24 h.
    pub within: Setting<Duration>,
    /// How long before that further clients are still served, at most 10 min.
    pub wait: Setting<Duration>,
}

/// Spans that are sent to a collector.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    /// Where it is: a URL without a path.
    pub to: Setting<&'static str>,
    /// A PEM file of the certificates that are believed there; `None`: those that the machine believes.
    pub roots: Option<&'static str>,
    /// A PEM file of the gateway's own certificate, followed by those between it and its root.
    pub certificate: Option<&'static str>,
    /// A PEM file of that certificate's key.
    pub key: Option<&'static str>,
    /// What writes the key as PEM, where no file holds it.
    pub secret: Option<Write>,
    /// Whether a parameter may give one that is spoken to over TLS.
    pub tls: bool,
    /// How many traces that begin here are recorded, of a million.
    pub sample: Setting<u32>,
    /// Every client's trace is continued, and not only those of trusted proxies.
    pub everyone: bool,
}

/// How names are looked up.
#[derive(Clone, Copy, Debug)]
pub struct Dns {
    /// The name servers; none: those of the machine.
    pub servers: &'static [SocketAddr],
    /// The shortest time until a name is asked for again.
    pub min_ttl: Duration,
    /// The longest.
    pub max_ttl: Duration,
    /// How long one name server may take for one answer.
    pub within: Duration,
    /// How often all of them are asked.
    pub attempts: u32,
    /// How long addresses are good where nobody answers.
    pub stale: Duration,
}

/// Two times of a route: the first, so many times, must fit into the second.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// How many times.
    pub times: u32,
    /// The setting that both are of.
    pub of: &'static str,
    /// What they are called there.
    pub names: [&'static str; 2],
    /// What must fit.
    pub part: Setting<Duration>,
    /// Into what.
    pub whole: Setting<Duration>,
    /// A route that has both: an index into [`Program::routes`].
    pub route: u32,
}

/// A listener for operators, apart from traffic.
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    /// Address and port.
    pub address: Setting<SocketAddr>,
    /// The file in which live values are kept that are changed there.
    pub keep: Option<Setting<&'static str>>,
}

impl Program {
    /// The text of a label.
    pub(crate) fn label(&self, label: Label) -> &'static str {
        let start = label.start as usize;
        self.text.get(start..start + usize::from(label.len)).unwrap_or_default()
    }
}

/// Proxies in front of the gateway.
#[derive(Clone, Copy, Debug)]
pub struct TrustedProxies {
    /// Their networks: an address, and the number of bits that count.
    pub proxies: Setting<&'static [(IpAddr, u8)]>,
    /// Where they say who the client is.
    pub by: SaidBy,
}

/// The field in which proxies say who the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidBy {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// A plain HTTP listener.
#[derive(Clone, Copy, Debug)]
pub struct Listener {
    /// Address and port. `[::]` accepts IPv4 as well, and falls back to `0.0.0.0` where the machine has no IPv6.
    pub address: Setting<SocketAddr>,
}

/// A group of servers that answer alike.
#[derive(Clone, Copy, Debug)]
pub struct Upstream {
    /// The name after the word `upstream`.
    pub name: &'static str,
    /// At least one that is no backup.
    pub servers: &'static [Server],
    /// Which of them comes next.
    pub balance: policy::balance::Config,
    /// How they are asked whether they are well.
    pub health: Option<policy::health::Config>,
    /// When one of them is left out for a while.
    pub eject: Option<policy::eject::Config>,
    /// How many requests all of them have at once.
    pub concurrency: Option<policy::concurrency::Config>,
    /// When all of them are left alone for a while.
    pub breaker: Option<policy::breaker::Config>,
    /// How they are spoken to over TLS, where that is said: then all of them are.
    pub tls: Option<policy::tls::Config>,
    /// Fields, in lower case, in which routes tell it who asks. What a client sends in them goes no further.
    pub identity: &'static [&'static str],
}

/// One server of an upstream, spoken to in HTTP/1.1.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Where it is.
    pub at: At,
    /// Its share of the requests, beside those of the others: at least 1.
    pub weight: u32,
    /// It is asked only where no other server is in.
    pub backup: bool,
    /// The gateway starts even where its name cannot be found.
    pub optional: bool,
}

/// Where a server is.
#[derive(Clone, Copy, Debug)]
pub enum At {
    /// Here.
    Is {
        /// Address and port.
        address: SocketAddr,
        /// What `Host` says: the authority as written in the server's URL.
        authority: &'static str,
        /// It is spoken to over TLS.
        tls: bool,
    },
    /// Wherever the addresses of a name are.
    #[cfg(feature = "dns")]
    Name {
        /// The name, in lower case.
        host: &'static str,
        /// The port of each of them.
        port: u16,
        /// What `Host` says: the authority as written in the server's URL.
        authority: &'static str,
        /// It is spoken to over TLS.
        tls: bool,
    },
    /// Wherever the SRV records of a name say (RFC 2782).
    #[cfg(feature = "dns")]
    Service {
        /// The name, in lower case; `Host` says it too.
        name: &'static str,
        /// It is spoken to over TLS.
        tls: bool,
    },
    /// Where the parameter of this number says: a URL, or several, each of which is a server.
    Param(u16),
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

/// The steps of exchanges that no route has: unreadable heads, unknown paths. Of these only the hooks behind the request
/// are called.
#[derive(Clone, Copy, Debug)]
pub struct Outside {
    /// Index into [`Program::chains`].
    pub chain: u16,
    /// Index into the records of that chain.
    pub record: u32,
}

/// A distinct sequence of steps, shared by all routes that have it. A hook that no step of it has is `None`.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Runs the steps for a request, in order, with the record of the given index.
    pub request: fn(&mut Exchange, u32) -> Flow,
    /// Goes on behind the step that has asked for the request's body, when that is there.
    pub body: Option<fn(&mut Exchange, u32) -> Flow>,
    /// Shows the steps the head of the answer before it leaves for the client.
    pub response: Option<fn(&mut Exchange, u32)>,
    /// Asks the steps for another answer than the refusal that the gateway is about to give.
    pub own: Option<OwnHook>,
    /// Asks the steps whether the exchange has a line in the access log, and what else stands in it.
    pub log: Option<fn(&Exchange, u32, &mut LogLine) -> bool>,
}

/// What answers in a refusal's place, if anything does.
pub type OwnHook = fn(&mut Exchange, u32, Own) -> Option<&'static Respond>;

/// A chain, and the record that it is run with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) chain: &'static Chain,
    pub(crate) record: u32,
}

/// Whether a line is written for each exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// `log none`.
    Off,
    /// One line for each exchange, to standard output.
    On,
    /// One line for each exchange, to this file.
    File(Setting<&'static str>),
}

#[cfg(test)]
impl Program {
    /// A gateway that does nothing.
    pub(crate) const EMPTY: Self = Self {
        name: "g",
        source_hash: "",
        listeners: &[],
        upstreams: &[],
        splits: &[],
        router: Router {
            nodes: &[],
            edges: &[],
            params: &[],
            kinds: &[],
            leaves: &[],
            methods: 0,
            hosts: crate::route::NONE,
        },
        conditions: &[],
        routes: &[],
        files: &[],
        chains: &[],
        states: &[],
        outside: None,
        text: "",
        auths: &[],
        params: &[],
        secrets: &[],
        access_log: AccessLog::Off,
        trusted_proxies: None,
        request_id: None,
        admin: None,
        drain: None,
        capacity: None,
        trace: None,
        dns: None,
        tls: false,
        fits: &[],
    };
}
