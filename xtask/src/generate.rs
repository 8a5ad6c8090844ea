//! `cargo xtask generate`: what the pages take from the code. The tests of the pages hold both against each other, and so
//! they also write: this task only says which of the two they do.

use crate::cargo::cargo;

/// Whether pages are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Check,
}

/// The tests that compare something which they can also write: a package, and words behind `cargo test`.
const COMPARISONS: &[(&str, &[&str])] = &[
    ("gatewright-tests", &["--test", "pages"]),
    ("gatewright-dsl", &["--test", "pages"]),
    ("gatewright-compiler", &["--test", "pages"]),
];

/// Runs every comparison.
///
/// # Errors
/// When something cannot be written, or would have been changed.
pub(crate) fn run(mode: Mode) -> Result<(), String> {
    for (package, words) in COMPARISONS {
        let mut command = cargo();
        command.args(["test", "--quiet", "--package", package]).args(*words);
        match mode {
            // One test after the other: two of them may write one page.
            Mode::Write => command.env("UPDATE", "1").args(["--", "--test-threads=1"]),
            Mode::Check => command.env_remove("UPDATE"),
        };
        let status = command.status().map_err(|error| format!("cargo cannot be started: {error}"))?;
        if !status.success() {
            return Err(match mode {
                Mode::Write => "a page is wrong in a way that cannot be written anew".into(),
                Mode::Check => "a page is not what the code says: run `cargo xtask generate`".to_owned(),
            });
        }
    }
    Ok(())
}
