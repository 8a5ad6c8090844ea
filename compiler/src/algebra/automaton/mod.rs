//! Exact sets of byte strings: total, minimal automata in one canonical form, so that equal sets are equal values.
//!
//! It knows no paths, hosts or types; [`super::language`] says which automaton a type has.

mod explore;
mod member;
mod minimal;
mod regex;
#[cfg(test)]
mod tests;

pub(crate) use explore::Alphabet;
pub(crate) use regex::Refusal;

use super::Relation;

/// States that an automaton may have; one with more is refused.
pub(crate) const MOST_STATES: usize = 10_000;

/// Pairs of states that a comparison looks at.
const MOST_PAIRS: usize = 1_000_000;

/// It would have more than [`MOST_STATES`] states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// A set of byte strings. The first state is the start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Automaton {
    alphabet: Alphabet,
    /// For each state as many as the alphabet has classes.
    next: Vec<u16>,
    accepting: Vec<bool>,
}

/// What two sets have in common, and each alone.
#[derive(Clone, Copy, Debug, Default)]
struct Overlap {
    both: bool,
    first: bool,
    second: bool,
}

impl Automaton {
    /// The set of these texts.
    pub(crate) fn any_of<T: AsRef<str>>(texts: &[T]) -> Result<Self, TooLarge> {
        let bytes = texts.iter().flat_map(|text| text.as_ref().bytes());
        let alphabet = Alphabet::cut(bytes.map(|byte| (byte, byte)));
        let all: Vec<usize> = (0..texts.len()).collect();
        let rest =
            |at: usize, from: usize| texts.get(at).and_then(|text| text.as_ref().as_bytes().get(from..));
        Self::explore(
            &alphabet,
            (0, all),
            |(from, left), byte| {
                let begins = |at: &usize| rest(*at, *from).is_some_and(|rest| rest.first() == Some(&byte));
                let left: Vec<usize> = left.iter().copied().filter(begins).collect();
                (!left.is_empty()).then_some((from + 1, left))
            },
            |(from, left)| left.iter().any(|at| rest(*at, *from) == Some(&[])),
        )
    }

    /// Everything that is in both.
    pub(crate) fn and(&self, other: &Self) -> Result<Self, TooLarge> {
        self.combine(other, |a, b| a && b)
    }

    /// Everything that is in one of them.
    pub(crate) fn or(&self, other: &Self) -> Result<Self, TooLarge> {
        self.combine(other, |a, b| a || b)
    }

    /// Everything that is here and not there.
    pub(crate) fn minus(&self, other: &Self) -> Result<Self, TooLarge> {
        self.combine(other, |a, b| a && !b)
    }

    fn combine(&self, other: &Self, keeps: impl Fn(bool, bool) -> bool) -> Result<Self, TooLarge> {
        let alphabet = self.alphabet.joined(&other.alphabet);
        Self::explore(
            &alphabet,
            (0, 0),
            |(a, b), byte| Some((self.step(*a, byte), other.step(*b, byte))),
            |(a, b)| keeps(self.accepts_in(*a), other.accepts_in(*b)),
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.accepting.contains(&true)
    }

    pub(crate) fn contains(&self, text: &[u8]) -> bool {
        self.accepts_in(text.iter().fold(0, |state, byte| self.step(state, *byte)))
    }

    /// How two sets lie to each other.
    pub(crate) fn relation(&self, other: &Self) -> Result<Relation, TooLarge> {
        if self == other {
            return Ok(if self.is_empty() { Relation::Disjoint } else { Relation::Equal });
        }
        let Overlap { both, first, second } = self.overlap(other)?;
        Ok(match (both, first, second) {
            (false, ..) => Relation::Disjoint,
            (true, false, false) => Relation::Equal,
            (true, false, true) => Relation::Inside,
            (true, true, false) => Relation::Around,
            (true, true, true) => Relation::Crossing,
        })
    }

    /// Walks both at once, through each pair of states that some text leads to.
    fn overlap(&self, other: &Self) -> Result<Overlap, TooLarge> {
        let alphabet = self.alphabet.joined(&other.alphabet);
        let mut found = Overlap::default();
        let mut seen =
            vec![false; self.accepting.len().saturating_mul(other.accepting.len()).min(MOST_PAIRS)];
        let mut open = vec![(0_u16, 0_u16)];
        while let Some((a, b)) = open.pop() {
            let pair = usize::from(a) * other.accepting.len() + usize::from(b);
            match seen.get_mut(pair) {
                Some(seen) if *seen => continue,
                Some(seen) => *seen = true,
                None => return Err(TooLarge),
            }
            let (first, second) = (self.accepts_in(a), other.accepts_in(b));
            found.both |= first && second;
            found.first |= first && !second;
            found.second |= second && !first;
            if found.both && found.first && found.second {
                break;
            }
            open.extend(alphabet.bytes().map(|byte| (self.step(a, byte), other.step(b, byte))));
        }
        Ok(found)
    }

    fn step(&self, state: u16, byte: u8) -> u16 {
        let at = usize::from(state) * self.alphabet.len() + self.alphabet.class(byte);
        // INVARIANT: `explore` made an entry for each state and class.
        self.next.get(at).copied().unwrap_or_default()
    }

    fn accepts_in(&self, state: u16) -> bool {
        self.accepting.get(usize::from(state)).copied().unwrap_or_default()
    }

    /// The tables that a gateway walks.
    pub(crate) fn tables(&self) -> Tables {
        // The accepting ones come last, so that one comparison tells them.
        let mut order: Vec<usize> = (0..self.accepting.len()).collect();
        order.sort_by_key(|state| self.accepting.get(*state));
        let mut place: Vec<usize> = vec![0; order.len()];
        for (at, state) in order.iter().enumerate() {
            if let Some(place) = place.get_mut(*state) {
                *place = at;
            }
        }
        let moved = |state: u16| place.get(usize::from(state)).copied().unwrap_or_default();
        let width = self.alphabet.len();
        let rows = order.iter().filter_map(|state| self.next.get(state * width..(state + 1) * width));
        Tables {
            classes: self.alphabet.classes().to_vec(),
            width,
            next: rows.flatten().map(|next| moved(*next)).collect(),
            start: moved(0),
            accepting: self.accepting.iter().filter(|accepting| !**accepting).count(),
        }
    }
}

/// An automaton as it is emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tables {
    /// The class of each byte.
    pub(crate) classes: Vec<u8>,
    /// Number of classes.
    pub(crate) width: usize,
    /// For each state and class, the state that follows.
    pub(crate) next: Vec<usize>,
    pub(crate) start: usize,
    /// The first state that accepts; those behind it accept too.
    pub(crate) accepting: usize,
}
