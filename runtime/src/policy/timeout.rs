//! `timeout`: how long an exchange may wait, and for what.

use std::time::Duration;

use crate::exchange::{Exchange, Flow};

/// The waits of one route.
#[derive(Debug)]
pub struct Config {
    /// From the end of the request's head to the answer's head; it pauses while the client is still sending.
    pub total: Duration,
    /// For each try's part of that, its connection included.
    pub each: Option<Duration>,
    /// For a connection to a server.
    pub connect: Duration,
    /// For the next byte of a body, in either direction.
    pub idle: Duration,
}

impl Config {
    /// Sets the waits of this exchange.
    pub fn request(&'static self, exchange: &mut Exchange) -> Flow {
        exchange.timeout = Some(self);
        Flow::Next
    }
}
