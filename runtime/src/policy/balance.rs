//! `balance`: which server of an upstream comes next. How it is found stands where upstreams are.

use std::time::Duration;

use crate::terminal::Write;

/// The order of an upstream's servers.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How one is chosen.
    pub way: Way,
    /// The key of [`Way::Hash`].
    pub by: Option<Write>,
    /// How long a server that is back gets less than its share.
    pub slow_start: Option<Duration>,
    /// Where less than so many millionths of the servers are in, all are asked.
    pub panic: u32,
}

/// How a server is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In turns.
    RoundRobin,
    /// Of two that are drawn, the one with fewer requests.
    LeastRequests,
    /// The same one for the same key.
    Hash,
}

impl Config {
    /// In turns, and nothing else.
    pub const TURNS: Self = Self { way: Way::RoundRobin, by: None, slow_start: None, panic: 500_000 };
}
