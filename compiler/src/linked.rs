//! What a gateway is linked with beside the runtime: crates of the operator's, of which functions answer. Whoever builds the gateway
//! makes them dependencies, and says in the words of the program what rustc has against a call.

use gatewright_dsl::{Problem, Span};

use crate::check::problem;

/// A crate of the operator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate {
    /// As Rust writes it.
    pub name: String,
    /// The folder of its manifest, from that of the project.
    pub folder: String,
    /// The setting that names it.
    pub span: Span,
}

/// A function in such a crate. The n-th is called by the function `handler_n` of the emitted code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// `fraud::score`
    pub path: String,
    /// Where that is written.
    pub span: Span,
}

impl Crate {
    /// What to say where the package that the gateway is compiled in does not depend on it.
    #[must_use]
    pub fn missing(&self) -> Problem {
        problem::missing_crate(&self.name, &self.folder, self.span)
    }
}

impl Handler {
    /// What to say where rustc refuses the call. `said` is what rustc says, one line each.
    #[must_use]
    pub fn refused(&self, said: &[String]) -> Problem {
        problem::handler_refused(&self.path, self.span, said)
    }
}
