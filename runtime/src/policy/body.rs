//! `body any max SIZE`: how large a request body may be. It streams; nothing is buffered to enforce it.

use crate::exchange::{Exchange, Flow};
use crate::params::Setting;

/// The bound of one route.
#[derive(Debug)]
pub struct Config {
    /// Largest request body, in bytes.
    pub max: Setting<u64>,
}

impl Config {
    /// Sets the bound of this exchange; a body that declares more is refused before anything is forwarded.
    pub fn request(&'static self, exchange: &mut Exchange) -> Flow {
        exchange.body_max = self.max.of(exchange);
        Flow::Next
    }
}
