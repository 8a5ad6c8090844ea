//! The one door: every path that emitted code may name.
//!
//! Emitted code names nothing else of this crate, so that everything behind the door may move. It does not hold
//! behaviour; it only re-exports.

pub use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
pub use std::process::ExitCode;
pub use std::time::Duration;

pub use crate::access_log::LogLine;
#[cfg(feature = "json")]
pub use crate::aggregate::{Aggregate, Branch, Each, Failure};
pub use crate::auth::{self, Auth, Claim};
pub use crate::cause::Cause;
pub use crate::dfa::Dfa;
pub use crate::exchange::{Exchange, Flow, Own};
#[cfg(feature = "handler")]
pub use crate::handler::{self, Handler};
#[cfg(feature = "json")]
pub use crate::head::Method;
#[cfg(feature = "json")]
pub use crate::json;
pub use crate::params::{Kind as ParamKind, Live, Param as Parameter, Secret, Setting};
pub use crate::policy;
pub use crate::policy::query::Field;
#[cfg(feature = "admin")]
pub use crate::program::Admin;
#[cfg(feature = "dns")]
pub use crate::program::Dns;
#[cfg(feature = "trace")]
pub use crate::program::Trace;
pub use crate::program::{
    AccessLog, At, Call, Capacity, Chain, Drain, Fit, Label, Listener, Outside, Program, Route, SaidBy,
    Server, Share, Split, TrustedProxies, Upstream,
};
pub use crate::route::{ALWAYS, Edge, Kind, Leaf, NONE, Node, Param, Router, method, segment_hash};
pub use crate::scope::{self, Decimal, Text, Time};
pub use crate::serve::{Options, Running, main, start};
pub use crate::shared::{NewState, Slot, State, new_state};
pub use crate::terminal::{Arm, Content, Forward, Match, Offer, Piece, Redirect, Respond, Target, Write};
#[cfg(feature = "tested")]
pub use crate::tested::main as tested;

/// Whether something holds for an exchange.
pub type Bool = fn(&Exchange) -> bool;

/// The shape of emitted code that this runtime understands. Emitted code asserts it at compile time, so that a
/// compiler and a runtime of different versions never meet in one binary.
pub const VERSION: u32 = 1;
