//! One file for each verb. Exit status: 0 done, 1 the gateway has problems, 2 the command could not be carried out.

pub(crate) mod build;
pub(crate) mod check;

use std::process::ExitCode;

/// The gateway has problems.
const REFUSED: u8 = 1;
/// The command could not be carried out.
const FAILED: u8 = 2;

/// Says on one line why nothing was done, and on the next what to do.
fn fail(why: &str, help: &str) -> ExitCode {
    eprintln!("error: {why}");
    if !help.is_empty() {
        eprintln!("  = help: {help}");
    }
    ExitCode::from(FAILED)
}
