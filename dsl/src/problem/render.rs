//! Shows problems: as text for people, as JSON for tools. It adds nothing to what the problem says.

use super::Problem;
use crate::source::Source;

/// Whether text carries terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Escape sequences are written.
    On,
    /// Plain text.
    Off,
}

/// Problems as text, each ended by an empty line. `sources` is indexed by the spans' file numbers.
#[must_use]
pub fn text(problems: &[Problem], sources: &[Source], colour: Colour) -> String {
    let _ = (problems, sources, colour);
    String::new()
}

/// One problem as JSON: `{name, severity, message, labels, help, fix, witness}`.
#[must_use]
pub fn json(problem: &Problem, sources: &[Source]) -> serde_json::Value {
    let _ = (problem, sources);
    serde_json::Value::Null
}
