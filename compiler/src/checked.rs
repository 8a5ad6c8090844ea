//! The typed program: names resolved, values typed, defaults in. It exists only where no problem was found.
//!
//! It says what was meant, not what will run; that is `ir`.

mod collector;
mod ways;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use gatewright_dsl::auth::Kind;
use gatewright_dsl::schema::{Row, Value, Values};
use gatewright_dsl::{Policy, Span};

pub(crate) use self::collector::{OwnKey, Shown, Trace};
pub(crate) use self::ways::{Aggregate, Arm, Branch, Each, Failure, Match, Sent};
use crate::algebra::RouteSet;
use crate::assertion::Assertion;
use crate::ir::expr::{Constant, Expr, Function};
use crate::linked::Crate;
use crate::ty::Ty;

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) front: Front,
    /// Sorted by name.
    pub(crate) crates: Vec<Crate>,
    /// Those that are used, sorted by name.
    pub(crate) params: Vec<Param>,
    /// Those that are used, sorted by name.
    pub(crate) secrets: Vec<Secret>,
    /// Those that are used, sorted by name.
    pub(crate) auths: Vec<Auth>,
    /// Sorted by name.
    pub(crate) upstreams: Vec<Upstream>,
    /// The steps of exchanges that no route has.
    pub(crate) outside: Vec<Step>,
    /// In order of precedence.
    pub(crate) routes: Vec<Route>,
    /// What these routes claim, in the same order.
    pub(crate) claims: RouteSet,
    /// What is asserted of them.
    pub(crate) assertions: Vec<Assertion>,
    /// Where things are declared that have names.
    pub(crate) declared: Declared,
}

/// Where things are declared: by the word of the declaration and the name of the thing.
pub(crate) type Declared = BTreeMap<(&'static str, String), Declaration>;

/// Where one thing is declared.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    /// Its head.
    pub(crate) head: Span,
    /// The settings of its block with their words, in order.
    pub(crate) settings: Vec<(String, Span)>,
}

/// What holds for all requests, before they have a route.
#[derive(Clone, Debug, Default)]
pub(crate) struct Front {
    /// Whose word about a client is believed.
    pub(crate) trusted: Option<Trusted>,
    /// The field that carries the id of a request.
    pub(crate) request_id: Option<String>,
    /// The file of the access log, and the setting that says so.
    pub(crate) access_log: Option<(Given<String>, Span)>,
    /// Where spans are sent to.
    pub(crate) trace: Option<Trace>,
    /// Where the gateway is asked about itself, and the setting that says so.
    pub(crate) admin: Option<(Listener, Span)>,
    /// The file in which live values are kept that are changed there, and where it stands.
    pub(crate) kept: Option<(Given<String>, Span)>,
    pub(crate) drain: Option<Drain>,
    pub(crate) capacity: Option<Capacity>,
    /// How names of servers are looked up, and what asks for it.
    pub(crate) dns: Option<(Dns, Span)>,
    /// What first asks for TLS towards servers of upstreams, if anything does.
    pub(crate) tls: Option<Span>,
    /// What first asks for TLS towards others that the gateway itself asks or tells.
    pub(crate) tls_of_others: Option<Span>,
}

/// How names of servers are looked up.
#[derive(Clone, Debug)]
pub(crate) struct Dns {
    /// None: those of the machine.
    pub(crate) servers: Vec<SocketAddr>,
    pub(crate) min_ttl: Duration,
    pub(crate) max_ttl: Duration,
    pub(crate) within: Duration,
    pub(crate) attempts: u32,
    pub(crate) stale: Duration,
}

/// Proxies in front of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Trusted {
    /// Sorted: an address, and the number of bits that count.
    pub(crate) proxies: Given<Vec<(IpAddr, u8)>>,
    pub(crate) by: SaidBy,
}

/// How a gateway that is told to stop ends.
#[derive(Clone, Debug)]
pub(crate) struct Drain {
    /// How long open connections have.
    pub(crate) within: Given<Duration>,
    /// How long further clients are still served before.
    pub(crate) wait: Given<Duration>,
}

/// How much a gateway takes at once.
#[derive(Clone, Debug)]
pub(crate) struct Capacity {
    pub(crate) connections: Option<Given<i64>>,
    pub(crate) in_flight: Option<Given<i64>>,
    pub(crate) memory: Option<Given<u64>>,
    pub(crate) retry_after: Given<Duration>,
}

/// What is written, or said when the gateway starts.
#[derive(Clone, Debug)]
pub(crate) enum Given<T> {
    Is(T),
    /// The parameter of this name says it.
    Param(String),
}

/// Where proxies say who the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaidBy {
    XForwardedFor,
    Forwarded,
}

/// What start-up may set, or what may change while the gateway runs.
#[derive(Clone, Debug)]
pub(crate) struct Param {
    pub(crate) name: String,
    /// The lines above it.
    pub(crate) doc: String,
    pub(crate) ty: Ty,
    pub(crate) default: Option<Constant>,
    /// The smallest and the largest that the settings take in whose place it stands.
    pub(crate) least: Option<Value>,
    pub(crate) most: Option<Value>,
    /// How it may change while the gateway runs.
    pub(crate) live: Option<Live>,
}

/// How a value may change while the gateway runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    Admin,
    /// With the content of this file.
    File(String),
}

/// What start-up must be given, and nobody sees.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// The lines above it.
    pub(crate) doc: String,
}

/// How it is found out who asks.
#[derive(Clone, Debug)]
pub(crate) struct Auth {
    pub(crate) name: String,
    /// Where the name is declared.
    pub(crate) span: Span,
    pub(crate) kind: &'static Kind,
    /// Its words, those that are not written with their defaults.
    pub(crate) words: Vec<Word>,
    /// What is known of everybody, in the order in which it is kept.
    pub(crate) claims: Vec<Claim>,
    /// Those of them that may stand in the log.
    pub(crate) logged: Vec<String>,
    /// The upstreams that it asks, in the order of its words.
    pub(crate) calls: Vec<Call>,
}

/// An upstream that an `auth` asks.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Index into the upstreams.
    pub(crate) upstream: usize,
    /// What that says of every call, in the order of the catalogue.
    pub(crate) steps: Vec<Step>,
}

/// A setting of an `auth`.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) row: &'static Row,
    pub(crate) values: Values,
    /// What `wanted` of the row has become, in its order.
    pub(crate) resolved: Vec<Resolved>,
}

/// Something that is known of who asks.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) name: String,
    /// Where it comes from.
    pub(crate) wire: String,
    /// The names inside of that, the outermost first.
    pub(crate) inside: Vec<String>,
    /// What an expression reads.
    pub(crate) ty: Ty,
    /// The texts that stand for it where nothing is said of it.
    pub(crate) default: Option<Vec<String>>,
}

#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) name: String,
    pub(crate) servers: Vec<Server>,
    /// One for each that there can be.
    pub(crate) parts: Vec<Part>,
    /// Header fields that tell it who asks, sorted: nobody else sets them.
    pub(crate) identity: Vec<String>,
    /// Where others have the servers.
    pub(crate) split: Option<Split>,
}

/// How requests are shared out between upstreams.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    /// The key by which; without one, each request is drawn for.
    pub(crate) by: Option<(Function, Rc<Trail>)>,
    /// Sorted by the name of the upstream.
    pub(crate) shares: Vec<Share>,
}

/// What one of them gets.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    /// Index into the upstreams.
    pub(crate) upstream: usize,
    pub(crate) weight: Given<i64>,
    /// Whose requests go there whatever the weights are.
    pub(crate) pin: Option<Function>,
    pub(crate) trail: Rc<Trail>,
}

/// What an upstream has beside its servers.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) policy: &'static Policy,
    /// Where it is written, or holds by itself.
    pub(crate) step: Option<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) at: At,
    pub(crate) weight: u32,
    pub(crate) backup: bool,
    /// The gateway starts even where its name cannot be found.
    pub(crate) optional: bool,
    /// The setting that names it.
    pub(crate) span: Span,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Is {
        address: SocketAddr,
        authority: String,
        /// It is spoken to over TLS.
        tls: bool,
    },
    /// Wherever the addresses of a name are.
    Name { host: String, port: u16, authority: String, tls: bool },
    /// Wherever the SRV records of a name say.
    Service { name: String, tls: bool },
    /// The parameter of this name gives one server or several.
    Param(String),
}

impl At {
    /// Its address, where that is written.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Is { address, .. } => Some(*address),
            Self::Name { .. } | Self::Service { .. } | Self::Param(_) => None,
        }
    }

    /// Whether it is spoken to over TLS; `None`: a parameter says it.
    pub(crate) fn is_secured(&self) -> Option<bool> {
        match self {
            Self::Is { tls, .. } | Self::Name { tls, .. } | Self::Service { tls, .. } => Some(*tls),
            Self::Param(_) => None,
        }
    }
}

/// Where a gateway listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listener {
    Is(SocketAddr),
    /// The parameter of this name says it.
    Param(String),
}

#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) place: Place,
    /// Its head, for messages.
    pub(crate) head: Span,
    /// Methods and pattern in one spelling: `GET, POST /orders/{id: uuid}`.
    pub(crate) label: String,
    /// Where it is said that it takes the other form of its path too: with a slash at its end, or without.
    pub(crate) either: Option<Rc<Trail>>,
    /// What runs before the end, in running order.
    pub(crate) steps: Vec<Step>,
    pub(crate) end: End,
    /// What becomes one answer, where it ends so.
    pub(crate) aggregate: Option<Box<Aggregate>>,
    /// What is done for each value of something, where it ends so.
    pub(crate) arms: Option<Box<Match>>,
    /// Where its answer is written, if it states one or makes one of calls.
    pub(crate) told: Told,
}

/// Where the parts of an answer are written, each under its path, as `user.name` or `posts[*].title`; the whole under none.
pub(crate) type Told = BTreeMap<String, Place>;

/// Where a declaration begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A policy that holds for a route, with every value.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) policy: &'static Policy,
    pub(crate) values: Values,
    /// What `wanted` of the policy's row has become, in its order.
    pub(crate) resolved: Vec<Resolved>,
    /// How many blocks are around the one where it is written.
    pub(crate) depth: usize,
    /// Tells any two places apart where it may be written: the setting, and each `use` and `import` that it came through.
    pub(crate) origin: Vec<Span>,
    /// Where it was written: once or, where an upstream says the same word, twice; nowhere if it holds by itself.
    pub(crate) trails: Vec<Rc<Trail>>,
}

impl Step {
    /// Whether an exchange with it has no line in the access log.
    pub(crate) fn silences(&self) -> bool {
        self.policy.silences.is_some_and(|flag| self.values.written(flag).is_some())
    }
}

/// What the compiler has made of something in a row's values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resolved {
    Expr(Function),
    /// An expression for text or JSON whose value is known.
    Text(String),
    /// The media type of a file, and what it holds.
    File(&'static str, String),
    /// A declared field.
    Field {
        /// On the wire.
        name: String,
        /// Neither optional nor with a default.
        required: bool,
        /// A list, each element of the type.
        many: bool,
        ty: Ty,
        /// What stands for it where it is not there.
        default: Option<Constant>,
    },
    /// The parameter of this name.
    Param(String),
    /// The `auth` of this name.
    Auth(String),
    /// What is known of somebody: for each claim the texts of it, if anything is said of it.
    Claims(Vec<Option<Vec<String>>>),
    /// The type of what is read.
    Shape(Ty),
}

/// Where a setting was written, and how it came to a route.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trail {
    pub(crate) place: Place,
    /// The same place, for messages.
    pub(crate) span: Span,
    /// The setting as it is written there.
    pub(crate) text: String,
    /// What it came through, the outermost first: `group /api`, `use signed_in`, `upstream orders`.
    pub(crate) through: Vec<(String, Place)>,
}

/// How a route ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Forward {
        /// Index into the upstreams.
        upstream: usize,
        /// The path that is sent; without one, the path as it came.
        target: Option<Vec<Piece>>,
    },
    Respond {
        status: u16,
        /// Media type and content.
        body: Option<(&'static str, Said)>,
    },
    Redirect {
        status: u16,
        location: Vec<Piece>,
    },
    /// As the route says beside it.
    Aggregate,
    /// As the route says beside it.
    Match,
    Handler(Handler),
}

/// A function of the operator's that answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Handler {
    /// The crate, modules in it, and the function.
    pub(crate) path: Vec<String>,
    /// Where the path stands.
    pub(crate) span: Span,
    pub(crate) place: Place,
    pub(crate) arguments: Vec<Rc<Expr>>,
    pub(crate) within: Duration,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Said {
    /// The same for each request.
    Text(String),
    /// Made for each request.
    Expr(Function),
}

/// A part of a path that is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    /// Text in canonical spelling.
    Text(String),
    /// What the n-th capture of the pattern took.
    Capture(u8),
    /// A value, which becomes a part of one segment.
    Value(Function),
    /// A value behind the `?`.
    Query(Function),
    /// The query of the request as it came, with its `?`.
    Asked,
}

impl Piece {
    /// What makes it of a request.
    pub(crate) fn function(&self) -> Option<&Function> {
        match self {
            Self::Value(function) | Self::Query(function) => Some(function),
            Self::Text(_) | Self::Capture(_) | Self::Asked => None,
        }
    }
}
