//! Routes as sets of requests: which of two wins, whether they collide, and a request that proves it.
//!
//! It knows segments, patterns and methods, and one total order: path segments from the left, then the method; at the
//! first difference the smaller set wins. It knows no source text and raises no problems; `check` does.

mod conflict;
mod matcher;
mod method;
mod pattern;
mod segment;
mod trie;
mod witness;

#[cfg(test)]
pub(crate) mod oracle;

pub(crate) use conflict::conflicts;
pub(crate) use matcher::matches;
pub(crate) use method::Method;
pub(crate) use pattern::Pattern;
pub(crate) use segment::Set;
pub(crate) use trie::{End, Node, Trie};

/// How two sets lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// No common member.
    Disjoint,
    /// The same members.
    Equal,
    /// The first lies strictly inside the second.
    Inside,
    /// The second lies strictly inside the first.
    Around,
    /// Common members, and each has members of its own.
    Crossing,
}

impl Relation {
    /// The same statement with the two sets exchanged.
    pub(crate) fn flipped(self) -> Self {
        match self {
            Self::Inside => Self::Around,
            Self::Around => Self::Inside,
            same => same,
        }
    }
}

/// What two routes are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No request matches both.
    Disjoint,
    /// The first wins every request that both match.
    First,
    /// The second does.
    Second,
    /// They match the same requests.
    Duplicate,
    /// They share requests, and neither is more specific.
    Ambiguous,
}

/// A route with one method, as a set of requests.
#[derive(Clone, Debug)]
pub(crate) struct Single<'a> {
    pub(crate) pattern: &'a Pattern,
    pub(crate) method: Method,
}

/// Compares two routes. The verdict depends on nothing but these two.
pub(crate) fn verdict(a: &Single<'_>, b: &Single<'_>) -> Verdict {
    let method = a.method.relation(b.method);
    let path = a.pattern.relation(b.pattern);
    match (path, method) {
        (Relation::Disjoint, _) | (_, Relation::Disjoint) => Verdict::Disjoint,
        (Relation::Inside, _) | (Relation::Equal, Relation::Inside) => Verdict::First,
        (Relation::Around, _) | (Relation::Equal, Relation::Around) => Verdict::Second,
        (Relation::Equal, Relation::Equal) => Verdict::Duplicate,
        (Relation::Crossing, _) | (Relation::Equal, Relation::Crossing) => Verdict::Ambiguous,
    }
}
