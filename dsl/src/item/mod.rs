//! The words that belong to one kind of declaration and are no policies, and which declaration has which.

pub mod gateway;
pub mod upstream;

use crate::schema::{Place, Row};

/// The declaration's own words.
#[must_use]
pub const fn words(place: Place) -> &'static [Row] {
    match place {
        Place::Gateway => gateway::WORDS,
        Place::Upstream => upstream::WORDS,
        Place::Group | Place::Host | Place::Policy | Place::Route => &[],
    }
}
