//! From any description of states to an automaton: follows what can be reached, byte by byte.

use std::collections::BTreeMap;

use super::{Automaton, MOST_STATES, TooLarge};

/// Bytes in classes of those that no description tells apart. Classes are numbered by their smallest byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Alphabet {
    classes: Vec<u8>,
    /// The smallest byte of each class.
    smallest: Vec<u8>,
}

impl Alphabet {
    /// The coarsest classes that tell these ranges, both ends included, from everything else.
    pub(crate) fn cut(ranges: impl Iterator<Item = (u8, u8)>) -> Self {
        let mut begins = [false; 257];
        for (first, last) in ranges {
            for at in [usize::from(first), usize::from(last) + 1] {
                if let Some(begins) = begins.get_mut(at) {
                    *begins = true;
                }
            }
        }
        let mut number = 0_u16;
        let classes = (0..=255_usize).map(|byte| {
            number += u16::from(byte > 0 && begins.get(byte) == Some(&true));
            number
        });
        Self::of(classes.collect())
    }

    /// The classes that tell apart what one of two tells apart.
    pub(crate) fn joined(&self, other: &Self) -> Self {
        let mut known = BTreeMap::new();
        let pairs = self.classes.iter().zip(&other.classes);
        Self::of(
            pairs
                .map(|pair| {
                    let count = known.len();
                    u16::try_from(*known.entry(pair).or_insert(count)).unwrap_or_default()
                })
                .collect(),
        )
    }

    /// Fewer classes, after the number that each one is given.
    pub(super) fn merged(&self, numbers: &[usize]) -> Self {
        let number = |class: &u8| numbers.get(usize::from(*class)).copied().unwrap_or_default();
        Self::of(self.classes.iter().map(|class| u16::try_from(number(class)).unwrap_or_default()).collect())
    }

    /// Numbers the classes anew, by their smallest byte.
    fn of(numbers: Vec<u16>) -> Self {
        let (mut names, mut smallest) = (BTreeMap::new(), Vec::new());
        let mut classes = Vec::with_capacity(256);
        for (byte, number) in (0..=255_u8).zip(numbers) {
            let class = *names.entry(number).or_insert_with(|| {
                smallest.push(byte);
                u8::try_from(smallest.len() - 1).unwrap_or(u8::MAX)
            });
            classes.push(class);
        }
        Self { classes, smallest }
    }

    pub(super) fn len(&self) -> usize {
        self.smallest.len()
    }

    pub(super) fn class(&self, byte: u8) -> usize {
        self.classes.get(usize::from(byte)).copied().map_or(0, usize::from)
    }

    pub(super) fn classes(&self) -> &[u8] {
        &self.classes
    }

    /// A byte of each class.
    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> {
        self.smallest.iter().copied()
    }
}

impl Automaton {
    /// The automaton of what `accepts` of the states that `step` leads to from `start`; `None` is a dead end.
    pub(crate) fn explore<S: Ord + Clone>(
        alphabet: &Alphabet,
        start: S,
        step: impl Fn(&S, u8) -> Option<S>,
        accepts: impl Fn(&S) -> bool,
    ) -> Result<Self, TooLarge> {
        let mut numbers: BTreeMap<Option<S>, u16> = BTreeMap::from([(Some(start.clone()), 0)]);
        let mut states = vec![Some(start)];
        let (mut next, mut accepting) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(state) = states.get(at).cloned() {
            accepting.push(state.as_ref().is_some_and(&accepts));
            for byte in alphabet.bytes() {
                let following = state.as_ref().and_then(|state| step(state, byte));
                let number = match numbers.get(&following) {
                    Some(number) => *number,
                    None if states.len() > MOST_STATES => return Err(TooLarge),
                    None => {
                        let number = u16::try_from(states.len()).map_err(|_| TooLarge)?;
                        numbers.insert(following.clone(), number);
                        states.push(following);
                        number
                    }
                };
                next.push(number);
            }
            at += 1;
        }
        Ok(Self { alphabet: alphabet.clone(), next, accepting }.minimal())
    }
}
