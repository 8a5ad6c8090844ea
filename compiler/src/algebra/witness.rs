//! A request that two routes match: the shortest, plainest one, preferably one that no third route takes away.
//!
//! Every witness is checked against both patterns by [`matches`], which shares no code with the algebra. One that failed
//! would not be shown.

use super::trie::Trie;
use super::{Method, Set, Single, matches};

/// A concrete request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    pub(crate) method: Method,
    pub(crate) path: String,
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method.name(), self.path)
    }
}

/// As many attempts as sets name members.
const ATTEMPTS: usize = 8;

/// A request that both routes match; each comes with its number.
pub(super) fn of(
    trie: &Trie,
    (a, first): (&Single<'_>, usize),
    (b, second): (&Single<'_>, usize),
) -> Option<Witness> {
    let method = a.method.common(b.method)?;
    let choices = choices(a, b);
    let mut plainest = None;
    for attempt in 0..ATTEMPTS {
        let segments: Vec<&str> =
            choices.iter().map(|members| member(members, attempt)).collect::<Option<_>>()?;
        let path = format!("/{}", segments.join("/"));
        if !(matches(a.pattern, &path) && matches(b.pattern, &path)) {
            continue;
        }
        let winner = trie.winner(&segments, method);
        let witness = Witness { method, path };
        if winner == Some(first) || winner == Some(second) {
            return Some(witness);
        }
        plainest.get_or_insert(witness);
    }
    plainest
}

/// Common members for each segment of a path that both match.
fn choices(a: &Single<'_>, b: &Single<'_>) -> Vec<Vec<String>> {
    let (own, others) = (&a.pattern.segments, &b.pattern.segments);
    let mut choices: Vec<Vec<String>> = own.iter().zip(others).map(|(a, b)| a.common(b)).collect();
    let longer = if own.len() > others.len() { own } else { others };
    let beyond = longer.iter().skip(choices.len()).map(|set| set.common(set));
    choices.extend(beyond);
    if a.pattern.rest && b.pattern.rest {
        choices.push(Set::Any.common(&Set::Any));
    }
    choices
}

fn member(members: &[String], attempt: usize) -> Option<&str> {
    members.get(attempt.min(members.len().checked_sub(1)?)).map(String::as_str)
}
