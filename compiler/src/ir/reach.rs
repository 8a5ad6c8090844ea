//! What tests can reach of a route. It stands beside what is emitted, and nothing of it is.

use crate::checked::Place;

/// What tests can reach of a route beside the route itself.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) refusals: Vec<Refusal>,
    /// By number.
    pub(crate) branches: Vec<Called>,
    /// By number.
    pub(crate) arms: Vec<Way>,
}

/// A reason for which a setting refuses, or several that run as one step.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static str,
    /// Where they stand, sorted, and what they say.
    pub(crate) places: Vec<(Place, String)>,
    pub(crate) by: By,
}

/// What says that it was this one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// The number of its step in the chain.
    Step(usize),
    /// The word of the setting and the name of the field that it declares: `query` and `size`.
    Field(&'static str, String),
}

/// A branch of an `aggregate`.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) name: String,
    /// Where it begins.
    pub(crate) place: Place,
    /// Whether its server may say that there is nothing.
    pub(crate) is_optional: bool,
}

/// A way of a `match`.
#[derive(Debug)]
pub(crate) struct Way {
    /// Its values as they are written; none: `else`.
    pub(crate) shown: String,
    pub(crate) place: Place,
    pub(crate) refusals: Vec<Refusal>,
}
