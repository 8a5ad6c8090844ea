//! What happens after a step of a chain.

use crate::reason::Reason;
use crate::terminal::{Forward, Redirect, Respond};

/// What happens after a step.
#[derive(Debug)]
pub enum Flow {
    /// The next step of the chain runs.
    Next,
    /// The chain goes on when the request's body is there, of at most so many bytes.
    #[cfg(feature = "json")]
    Body(u64),
    /// The chain ends: the gateway refuses.
    Refuse(Reason),
    /// The chain ends: forward.
    Forward(&'static Forward),
    /// The chain ends: respond.
    Respond(&'static Respond),
    /// The chain ends: several calls become one answer.
    #[cfg(feature = "json")]
    Aggregate(&'static crate::aggregate::Aggregate),
    /// The chain ends: a function of the operator's answers.
    #[cfg(feature = "handler")]
    Handler(&'static crate::handler::Handler),
    /// The chain ends: redirect.
    Redirect(&'static Redirect),
}

impl Flow {
    /// The same, of the step of this number in its chain.
    #[cfg(not(feature = "tested"))]
    #[inline]
    #[must_use]
    pub fn at(self, _: &mut crate::exchange::Exchange, _: usize) -> Self {
        self
    }
}
