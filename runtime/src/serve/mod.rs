//! Starts a gateway.

use std::process::ExitCode;

use crate::program::Program;

/// Runs a compiled gateway until it is told to stop.
#[must_use]
pub fn main(_program: &'static Program) -> ExitCode {
    ExitCode::SUCCESS
}
