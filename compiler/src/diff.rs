//! What changes in meaning between two gateways: for whom a request is answered otherwise, and what an operator must do.
//!
//! It reads what will run, and the requests that routes claim; never the text. No policy is known by name: what a change of a
//! setting means is said by its row, and where a row does not say it, the change counts as one that may break something.

mod aggregate;
mod alike;
mod content;
mod end;
mod front;
mod gather;
mod part;
mod place;
mod proof;
mod route;
mod setting;
#[cfg(test)]
mod tests;
mod told;

use std::fmt;

use gatewright_dsl::schema::Sense;
use gatewright_dsl::{Catalogue, Source};

use crate::algebra::Side;
use crate::assertion::Assertion;
use crate::checked::{Declared, Place, Trail};
use crate::routes::Plan;
use crate::suite::Test;

/// A gateway that can be held against another.
#[derive(Debug)]
pub struct Meaning {
    pub(crate) plan: Plan,
    pub(crate) claims: Side,
    /// What is proved of its routes.
    pub(crate) assertions: Vec<Assertion>,
    /// What is tried with it.
    pub(crate) tests: Vec<Test>,
    pub(crate) declared: Declared,
    /// All texts that were read, by the number that spans carry.
    pub(crate) sources: Vec<Source>,
}

impl Meaning {
    /// The name of the gateway.
    #[must_use]
    pub fn name(&self) -> &str {
        self.plan.name()
    }
}

/// What a change means, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A request is answered otherwise, or is refused that need not have been, or the gateway does not start as it did.
    Breaking,
    /// Something is different, and nothing is known of what that means: it may break something.
    Changed,
    /// More is let through, or proved of less.
    Widening,
    /// Less is let through.
    Narrowing,
    /// Every request is answered as before.
    Neutral,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it means.
    pub class: Class,
    /// What kind of change it is: `route_removed`, say.
    pub kind: &'static str,
    /// What it is about: routes, or one other thing. Sorted; one at least.
    pub about: Vec<String>,
    /// What is so now, in one sentence: lower case, names in backticks.
    pub what: String,
    /// Where it was said before.
    pub before: Vec<Said>,
    /// Where it is said now.
    pub after: Vec<Said>,
    /// A request for which it is so.
    pub witness: Option<String>,
}

/// A line of a program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What stands there, as it is written, or a name for it.
    pub text: String,
}

impl Class {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] =
        [Self::Breaking, Self::Changed, Self::Widening, Self::Narrowing, Self::Neutral];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Changed => "changed",
            Self::Widening => "widening",
            Self::Narrowing => "narrowing",
            Self::Neutral => "neutral",
        }
    }

    /// What becomes of something of this sense.
    const fn of(sense: Sense) -> Self {
        match sense {
            Sense::Unsaid => Self::Changed,
            Sense::Wider => Self::Widening,
            Sense::Narrower => Self::Narrowing,
            Sense::Neither => Self::Neutral,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Said {
    fn of(text: impl Into<String>, place: &Place) -> Self {
        Self { file: place.file.clone(), line: place.line, text: text.into() }
    }

    fn trail(trail: &Trail) -> Self {
        Self::of(&trail.text, &trail.place)
    }
}

/// Everything that changes from one gateway to another: the worst first, and then in an order that follows from the meaning of
/// both programs alone.
#[must_use]
pub fn diff(before: &Meaning, after: &Meaning, catalogue: &Catalogue) -> Vec<Change> {
    let pair = part::Pair::of(before, after, catalogue);
    let mut changes = part::changes(&pair);
    changes.extend(proof::changes(&pair));
    changes.extend(route::changes(&pair));
    gather::gathered(changes)
}
