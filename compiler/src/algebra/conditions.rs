//! All conditions of a gateway, each once and by number, and how they lie to each other: compared once for each pair.
//!
//! Number 0 is the one that always holds.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::condition::TooComplex;
use super::{Condition, Relation, RouteSet};

#[derive(Debug)]
pub(crate) struct Conditions {
    all: Vec<Condition>,
    /// For each claim, the number of its condition.
    of: Vec<usize>,
    known: RefCell<BTreeMap<(usize, usize), Relation>>,
    /// A pair that is too complex to be compared.
    beyond: Cell<Option<(usize, usize)>>,
}

impl Conditions {
    pub(crate) fn of(set: &RouteSet) -> Self {
        let mut numbers = BTreeMap::from([(Condition::always(), 0)]);
        let mut all = vec![Condition::always()];
        let conditions =
            set.routes.iter().map(|route| &route.when).chain(set.floors.iter().map(|floor| &floor.when));
        let of = conditions.map(|condition| {
            *numbers.entry(condition.clone()).or_insert_with(|| {
                all.push(condition.clone());
                all.len() - 1
            })
        });
        let of = of.collect();
        Self { all, of, known: RefCell::default(), beyond: Cell::default() }
    }

    /// The number of the condition of a claim.
    pub(crate) fn number(&self, claim: usize) -> usize {
        self.of.get(claim).copied().unwrap_or_default()
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Condition> {
        self.all.get(number)
    }

    pub(crate) fn relation(&self, a: usize, b: usize) -> Relation {
        if a == b {
            return Relation::Equal;
        }
        if a > b {
            return self.relation(b, a).flipped();
        }
        if let Some(known) = self.known.borrow().get(&(a, b)) {
            return *known;
        }
        let relation = match (self.get(a), self.get(b)) {
            (Some(first), Some(second)) => first.relation(second),
            _ => Err(TooComplex),
        };
        let relation = relation.unwrap_or_else(|TooComplex| {
            self.beyond.set(Some((a, b)));
            Relation::Crossing
        });
        self.known.borrow_mut().insert((a, b), relation);
        relation
    }

    /// A claim whose condition could not be compared with another.
    pub(crate) fn beyond(&self) -> Option<usize> {
        let (_, second) = self.beyond.get()?;
        self.of.iter().position(|number| *number == second)
    }
}
