//! What is done: the type that a gateway fills in, and its step.

use gatewright_runtime::exchange::{Exchange, Flow};
use gatewright_runtime::reason::Reason;

/// What stands in `gateway.gw`: a field for each parameter of the row.
#[derive(Debug)]
pub struct Config {
    /// How the `User-Agent` of a program begins that is turned away.
    pub refuse: &'static [&'static str],
}

impl Config {
    /// The step: runs before anything is sent.
    pub fn request(&self, x: &mut Exchange) -> Flow {
        let begins = |agent: &[u8]| self.refuse.iter().any(|refused| agent.starts_with(refused.as_bytes()));
        if x.head().field("user-agent").any(begins) { Flow::Refuse(Reason::DENIED) } else { Flow::Next }
    }
}
