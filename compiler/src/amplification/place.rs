//! Routes by the texts in their paths, so that of ten thousand only those are looked at that a path may meet.

use std::collections::BTreeMap;

use crate::algebra::{Pattern, Set};
use crate::check::Way;

/// Segments that are looked at to find routes.
const DEEP: usize = 8;

/// The numbers of routes, in order, by a text that their path has at one place; those of routes that have none there apart.
pub(super) struct Places<'p> {
    all: Vec<usize>,
    by: [Place<'p>; DEEP],
}

/// One segment of all paths.
#[derive(Default)]
struct Place<'p> {
    texts: BTreeMap<&'p str, Vec<usize>>,
    others: Vec<usize>,
}

impl<'p> Places<'p> {
    pub(super) fn of(ways: &'p [Way]) -> Self {
        let mut by: [Place<'p>; DEEP] = Default::default();
        for (number, way) in ways.iter().enumerate() {
            for (place, Place { texts, others }) in by.iter_mut().enumerate() {
                let segments = way.paths.iter().map(|path| path.segments.get(place));
                let mut said: Vec<Option<&str>> = segments
                    .map(|segment| match segment {
                        Some(Set::Literal(text)) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                said.sort_unstable();
                said.dedup();
                if said.contains(&None) {
                    others.push(number);
                    continue;
                }
                for text in said.into_iter().flatten() {
                    texts.entry(text).or_default().push(number);
                }
            }
        }
        Self { all: (0..ways.len()).collect(), by }
    }

    /// The routes that a path may meet, in order.
    pub(super) fn meeting(&self, path: &Pattern) -> Vec<usize> {
        let fewest = path.segments.iter().zip(&self.by).filter_map(|(segment, Place { texts, others })| {
            let Set::Literal(text) = segment else { return None };
            let own = texts.get(text.as_str()).map(Vec::as_slice).unwrap_or_default();
            Some((own, others.as_slice()))
        });
        let Some((own, others)) = fewest.min_by_key(|(own, others)| own.len() + others.len()) else {
            return self.all.clone();
        };
        let mut both: Vec<usize> = own.iter().chain(others).copied().collect();
        both.sort_unstable();
        both
    }
}
