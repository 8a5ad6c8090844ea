//! One request and its answer.

use crate::policy;
use crate::terminal::{Forward, Redirect, Respond};

/// One request and its answer.
#[derive(Debug)]
pub struct Exchange {
    /// The waits of the route.
    pub timeout: &'static policy::timeout::Config,
    /// Largest request body, in bytes.
    pub body_max: u64,
}

/// What happens after a step.
#[derive(Debug)]
pub enum Flow {
    /// The next step of the chain runs.
    Next,
    /// The chain ends: forward.
    Forward(&'static Forward),
    /// The chain ends: respond.
    Respond(&'static Respond),
    /// The chain ends: redirect.
    Redirect(&'static Redirect),
}
