//! Features of the runtime that a gateway needs, each with a line that asks for it. Whoever builds the gateway switches on
//! these, and no others.

use gatewright_dsl::{Problem, Span};

use crate::check::problem;

/// A feature of the runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// As the runtime's manifest names it.
    pub name: &'static str,
    /// The first setting that needs it; none where something needs it that holds by itself.
    pub span: Option<Span>,
}

impl Feature {
    /// What to say where the package that the gateway is compiled in has not switched it on.
    #[must_use]
    pub fn missing(&self) -> Problem {
        problem::missing_feature(self.name, self.span)
    }
}
