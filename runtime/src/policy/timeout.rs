//! `timeout`: how long an exchange may wait, and for what.

use std::time::Duration;

use crate::clock::{Micros, micros};
use crate::exchange::{Exchange, Flow, Waits};
use crate::params::Setting;

/// The waits of one route.
#[derive(Debug)]
pub struct Config {
    /// From the end of the request's head to the answer's head; it pauses while the client is still sending.
    pub total: Setting<Duration>,
    /// For each try's part of that, its connection included.
    pub each: Option<Setting<Duration>>,
    /// For a connection to a server.
    pub connect: Setting<Duration>,
    /// For the next byte of a body, in either direction.
    pub idle: Setting<Duration>,
    /// The field, in lower case, in which a server is told how long it has.
    pub forward: Option<&'static str>,
}

impl Config {
    /// Sets the waits of this exchange.
    pub fn request(&'static self, exchange: &mut Exchange) -> Flow {
        let wait = |setting: &Setting<Duration>| micros(setting.of(exchange));
        let total = wait(&self.total);
        exchange.waits = Waits {
            is_cut: false,
            since: 0,
            has_counted: false,
            total,
            whole: total,
            each: self.each.as_ref().map_or(Micros::MAX, wait),
            connect: wait(&self.connect),
            idle: wait(&self.idle),
            forward: self.forward,
        };
        Flow::Next
    }
}
