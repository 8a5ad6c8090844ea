//! What the tests of a gateway have reached of it: what there is, the compiler says; what was reached, the gateway.

use std::collections::BTreeSet;

use gatewright_compiler::suite::{Part, PartKind};
use serde_json::{Value, json};

use super::Outcome;

/// What was reached, of all that there is.
#[derive(Debug)]
pub(crate) struct Coverage<'s> {
    parts: Vec<(&'s Part, bool)>,
}

impl<'s> Coverage<'s> {
    pub(crate) fn of(parts: &'s [Part], outcomes: &[Outcome<'_>]) -> Self {
        let marks: BTreeSet<&String> = outcomes.iter().flat_map(|outcome| &outcome.reached).collect();
        let is_reached = |part: &Part| part.marks.iter().any(|mark| marks.contains(mark));
        Self { parts: parts.iter().map(|part| (part, is_reached(part))).collect() }
    }

    /// How many there are, and how many of them were reached.
    fn count(&self, kind: Option<PartKind>) -> (usize, usize) {
        let own = || self.parts.iter().filter(|(part, _)| kind.is_none_or(|kind| part.kind == kind));
        (own().filter(|(_, is_reached)| *is_reached).count(), own().count())
    }

    /// How much of all was reached, in whole percent, rounded down: 100 is everything.
    pub(crate) fn percent(&self) -> usize {
        let (reached, all) = self.count(None);
        (reached * 100).checked_div(all).unwrap_or(100)
    }

    /// What was not reached, in the order of the text.
    fn missed(&self) -> impl Iterator<Item = &'s Part> {
        self.parts.iter().filter(|(_, is_reached)| !is_reached).map(|(part, _)| *part)
    }

    /// `reached: 3 of 4 routes, 2 of 2 refusals: 83 %`
    pub(crate) fn summary(&self) -> String {
        let of_kind = |kind: PartKind| match self.count(Some(kind)) {
            (_, 0) => None,
            (reached, 1) => Some(format!("{reached} of 1 {}", kind.word())),
            (reached, all) => Some(format!("{reached} of {all} {}", kind.words())),
        };
        let kinds: Vec<String> = PartKind::ALL.into_iter().filter_map(of_kind).collect();
        format!("reached: {}: {} %", kinds.join(", "), self.percent())
    }

    /// A line for each that was not reached.
    pub(crate) fn list(&self) -> Vec<String> {
        let line = |part: &Part| {
            format!("{}:{}  {} {}", part.place.file, part.place.line, part.kind.word(), part.what)
        };
        self.missed().map(line).collect()
    }

    pub(crate) fn json(&self) -> Value {
        let of_kind = |kind| {
            let (reached, all) = self.count(Some(kind));
            json!({ "reached": reached, "all": all })
        };
        let missed = self.missed().map(|part| {
            let Part { kind, what, place, .. } = part;
            json!({ "kind": kind.word(), "what": what, "file": place.file, "line": place.line })
        });
        json!({
            "percent": self.percent(),
            "routes": of_kind(PartKind::Route),
            "refusals": of_kind(PartKind::Refusal),
            "branches": of_kind(PartKind::Branch),
            "arms": of_kind(PartKind::Arm),
            "missed": missed.collect::<Vec<_>>(),
        })
    }
}
