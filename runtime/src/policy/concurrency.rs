//! `concurrency`: how many requests an upstream has at once. Who waits for a place, and how, stands where upstreams are.

use std::time::Duration;

/// The places of an upstream.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// So many requests at once.
    pub most: u32,
    /// So many more may wait; nobody, where it is not said.
    pub queue: Option<u32>,
    /// How long they wait at most.
    pub within: Duration,
}
