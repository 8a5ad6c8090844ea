//! What the tests of a gateway can reach: its routes, the refusals of its settings, the branches of its aggregations and the arms of its
//! matches. It is read from what is emitted; which of it was reached, the compiled gateway says.
//!
//! A gateway says it in marks: `3` is its route of that number, `3/1` an arm of that route, `3+0` a branch that has brought its value, `3~0`
//! one whose server has said that there is nothing, `3-0` one that has failed, `3:limited` and `3/1:limited` a refusal of which nobody knows whose
//! it was, `3:limited@2` one of the step of that number, `3:wrong_fields@query=size` one for the sake of a declared field. `runtime/src/tested.rs`
//! writes them.

use std::collections::{BTreeMap, BTreeSet};

use crate::checked::Place;
use crate::ir::{By, Called, Program, Reach, Refusal, Route};

/// One thing that tests can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Which one, in words.
    pub what: String,
    /// Where it is written.
    pub place: Place,
    /// Each of these says that it was reached.
    pub marks: BTreeSet<String>,
}

/// What tests can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// A route.
    Route,
    /// A reason for which settings refuse.
    Refusal,
    /// A branch that brings its value, one that brings nothing, or one that fails.
    Branch,
    /// A way of a `match`.
    Arm,
}

impl PartKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Route, Self::Refusal, Self::Branch, Self::Arm];

    /// One of them in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Refusal => "refusal",
            Self::Branch => "branch",
            Self::Arm => "arm",
        }
    }

    /// Several of them in a word.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Route => "routes",
            Self::Refusal => "refusals",
            Self::Branch => "branches",
            Self::Arm => "arms",
        }
    }
}

type Key = (Place, PartKind, String);

/// All that there is to reach, in the order of the text. What stands in one place is one thing, however many routes it holds for.
pub(crate) fn parts(program: &Program) -> Vec<Part> {
    let mut found: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    for (number, route) in program.routes.iter().enumerate() {
        for (key, marks) in of_route(program, number, route) {
            found.entry(key).or_default().extend(marks);
        }
    }
    found.into_iter().map(|((place, kind, what), marks)| Part { kind, what, place, marks }).collect()
}

fn of_route(program: &Program, number: usize, route: &Route) -> Vec<(Key, Vec<String>)> {
    let Reach { refusals, branches, arms } = &route.reach;
    let label = program.text.at(route.label).to_owned();
    let mut found = vec![((route.place.clone(), PartKind::Route, label), vec![number.to_string()])];
    for refusal in refusals {
        // Behind an arm it may still be the route's own; an arm that refuses for the same reason is one itself.
        let others = arms
            .iter()
            .enumerate()
            .filter(|(_, arm)| !arm.refusals.iter().any(|other| other.reason == refusal.reason));
        let behind = others.map(|(arm, _)| format!("{number}/{arm}:{}", refusal.reason));
        let marks = marks(&number.to_string(), refusal).into_iter().chain(behind);
        found.extend(of_refusal(refusal).map(|key| (key, marks.collect())));
    }
    for (branch, Called { name, place, is_optional }) in branches.iter().enumerate() {
        let nothing = is_optional.then_some(("brings nothing", '~'));
        for (says, sign) in [("brings its value", '+'), ("fails", '-')].into_iter().chain(nothing) {
            let key = (place.clone(), PartKind::Branch, format!("{name} {says}"));
            found.push((key, vec![format!("{number}{sign}{branch}")]));
        }
    }
    for (arm, way) in arms.iter().enumerate() {
        let own = format!("{number}/{arm}");
        for refusal in &way.refusals {
            found.extend(of_refusal(refusal).map(|key| (key, marks(&own, refusal))));
        }
        found.push(((way.place.clone(), PartKind::Arm, way.shown.clone()), vec![own]));
    }
    found
}

/// What says that it was this refusal: the setting by its step or its field, or the reason alone where nobody knows which setting it was.
fn marks(of: &str, Refusal { reason, places: _, by }: &Refusal) -> Vec<String> {
    let exact = match by {
        By::Step(step) => format!("{of}:{reason}@{step}"),
        By::Field(word, name) => format!("{of}:{reason}@{word}={}", escaped(name)),
    };
    vec![exact, format!("{of}:{reason}")]
}

/// A name without blanks, as `runtime/src/tested.rs` writes it.
fn escaped(name: &str) -> String {
    let shown = |byte: u8| {
        if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    name.bytes().map(shown).collect()
}

/// `limit 2/m per customer.sub: limited`; of what is one step and written in several places, all of them.
fn of_refusal(Refusal { reason, places, by: _ }: &Refusal) -> Option<Key> {
    let (first, _) = places.first()?;
    let texts: Vec<&str> = places.iter().map(|(_, text)| text.as_str()).collect();
    Some((first.clone(), PartKind::Refusal, format!("{}: {reason}", texts.join(", "))))
}
