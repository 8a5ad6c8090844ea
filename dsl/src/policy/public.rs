//! The row of `public`: that anybody may come. It has no step: it only says so where a program asks who comes elsewhere.

use super::{Policy, Who};

/// `public`
pub const ROW: Policy = Policy {
    name: "public",
    summary: "anybody may come, and nobody is asked who they are",
    hooks: &[],
    who: Some(Who::Anybody),
    ..Policy::BLANK
};
