//! The problems of text and settings: everything that can be wrong before names are resolved.

use super::Kind;

/// The kinds of problem that this crate reports.
pub const KINDS: &[Kind] = &[];
