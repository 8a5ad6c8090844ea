//! The canonical form: no two states and no two classes of bytes alike, states in the order in which they are first reached.
//!
//! States are parted as Hopcroft does it, always by the smaller half.

use std::collections::BTreeMap;

use super::Automaton;

impl Automaton {
    pub(super) fn minimal(self) -> Self {
        let parts = self.parts();
        let width = self.alphabet.len();
        let part = |state: u16| parts.get(usize::from(state)).copied().unwrap_or_default();
        // One state of each part stands for it; they are numbered as a walk from the start finds them.
        let mut representative = BTreeMap::new();
        for (state, part) in parts.iter().enumerate() {
            representative.entry(*part).or_insert(state);
        }
        let row = |part: usize| {
            let state = representative.get(&part).copied().unwrap_or_default();
            (state, self.next.get(state * width..(state + 1) * width).unwrap_or_default())
        };
        let (mut numbers, mut order) = (BTreeMap::from([(part(0), 0_u16)]), vec![part(0)]);
        let (mut rows, mut accepting): (Vec<Vec<u16>>, Vec<bool>) = (Vec::new(), Vec::new());
        while let Some(current) = order.get(rows.len()).copied() {
            let (state, next) = row(current);
            accepting.push(self.accepting.get(state).copied().unwrap_or_default());
            let numbered = next.iter().map(|next| {
                let part = part(*next);
                // INVARIANT: there are no more parts than states, and states are numbered in 16 bits.
                let number = u16::try_from(order.len()).unwrap_or(u16::MAX);
                *numbers.entry(part).or_insert_with(|| {
                    order.push(part);
                    number
                })
            });
            rows.push(numbered.collect());
        }
        Self::with_fewest_classes(&self, &rows, accepting)
    }

    /// Joins classes whose columns are equal.
    fn with_fewest_classes(&self, rows: &[Vec<u16>], accepting: Vec<bool>) -> Self {
        let mut known: BTreeMap<Vec<u16>, usize> = BTreeMap::new();
        let mut kept = Vec::new();
        let numbers: Vec<usize> = (0..self.alphabet.len())
            .map(|class| {
                let column: Vec<u16> = rows.iter().filter_map(|row| row.get(class).copied()).collect();
                let count = known.len();
                *known.entry(column).or_insert_with(|| {
                    kept.push(class);
                    count
                })
            })
            .collect();
        let next = rows.iter().flat_map(|row| kept.iter().filter_map(|class| row.get(*class).copied()));
        Self { alphabet: self.alphabet.merged(&numbers), next: next.collect(), accepting }
    }

    /// The part of each state: two are in one exactly if they accept the same texts.
    fn parts(&self) -> Vec<usize> {
        let before = self.before();
        let width = self.alphabet.len();
        let (yes, no): (Vec<usize>, Vec<usize>) =
            (0..self.accepting.len()).partition(|state| self.accepting.get(*state) == Some(&true));
        let mut part_of: Vec<usize> = self.accepting.iter().map(|yes| usize::from(!*yes)).collect();
        let mut parts = vec![yes, no];
        let mut open = vec![0, 1];
        let mut is_open = vec![true, true];
        while let Some(splitter) = open.pop() {
            if let Some(open) = is_open.get_mut(splitter) {
                *open = false;
            }
            let members = parts.get(splitter).cloned().unwrap_or_default();
            for class in 0..width {
                let mut hit: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for state in members.iter().flat_map(|member| before.of(*member, class)) {
                    if let Some(part) = part_of.get(*state) {
                        hit.entry(*part).or_default().push(*state);
                    }
                }
                for (part, inside) in hit {
                    let Some(members) = parts.get_mut(part) else { continue };
                    if inside.len() == members.len() {
                        continue;
                    }
                    let new = is_open.len();
                    for state in &inside {
                        if let Some(part) = part_of.get_mut(*state) {
                            *part = new;
                        }
                    }
                    members.retain(|state| part_of.get(*state) == Some(&part));
                    let is_smaller = inside.len() <= members.len();
                    parts.push(inside);
                    let was_open = is_open.get(part) == Some(&true);
                    is_open.push(was_open || is_smaller);
                    if was_open || is_smaller {
                        open.push(new);
                    } else {
                        open.push(part);
                        if let Some(open) = is_open.get_mut(part) {
                            *open = true;
                        }
                    }
                }
            }
        }
        part_of
    }

    /// All transitions backwards.
    fn before(&self) -> Before {
        let width = self.alphabet.len();
        let mut first = vec![0; self.next.len() + 1];
        let slot = |at: usize, next: u16| usize::from(next) * width + at % width;
        for (at, next) in self.next.iter().enumerate() {
            if let Some(count) = first.get_mut(slot(at, *next) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut first {
            sum += *count;
            *count = sum;
        }
        let mut free = first.clone();
        let mut states = vec![0; self.next.len()];
        for (at, next) in self.next.iter().enumerate() {
            if let Some(free) = free.get_mut(slot(at, *next)) {
                if let Some(state) = states.get_mut(*free) {
                    *state = at / width;
                }
                *free += 1;
            }
        }
        Before { width, first, states }
    }
}

/// For each state and class, the states from which it is reached.
struct Before {
    width: usize,
    /// Where the states of each begin.
    first: Vec<usize>,
    states: Vec<usize>,
}

impl Before {
    fn of(&self, state: usize, class: usize) -> &[usize] {
        let at = state * self.width + class;
        let (Some(first), Some(end)) = (self.first.get(at), self.first.get(at + 1)) else { return &[] };
        self.states.get(*first..*end).unwrap_or_default()
    }
}
