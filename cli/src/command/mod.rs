//! One file for each verb. Exit status: 0 done, 1 the gateway has problems, 2 the command could not be carried out.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod new;
pub(crate) mod routes;
pub(crate) mod run;
pub(crate) mod test;

/// The gateway has problems.
pub(crate) const REFUSED: u8 = 1;
/// The command could not be carried out.
pub(crate) const FAILED: u8 = 2;
