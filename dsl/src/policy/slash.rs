//! The row of `slash`: whether a path is the same with a slash at its end. Which paths that comes to is the compiler's.

use super::Policy;
use crate::schema::{At, Param, Place, Type};

/// `slash either`
///
/// It decides which requests a route takes, and has no step.
pub const ROW: Policy = Policy {
    name: "slash",
    summary: "whether a path is also taken with a slash at its end, or without the one that it has",
    params: &[Param::required(
        "form",
        At::Position,
        Type::Word(&["either", "strict"]),
        "`either` takes both forms; `strict` takes the one that is written, as where nothing is said",
    )],
    places: &[Place::Gateway, Place::Group, Place::Host, Place::Policy, Place::Route],
    hooks: &[],
    either: Some("either"),
    ..Policy::BLANK
};
