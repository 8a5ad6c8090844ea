//! Routes as sets of requests: which of two wins, whether they collide, and a request that proves it.
//!
//! It knows hosts, paths and methods, and one total order: labels of the host from the right, path segments from the left,
//! then the method, then the condition; at the first difference the smaller set wins. It reads no source text and raises no
//! problems; `check` does.

mod automaton;
mod condition;
mod conditions;
mod conflict;
#[cfg(test)]
mod enumeration;
mod hands;
mod language;
mod matcher;
mod method;
mod order;
mod pattern;
mod reach;
mod segment;
mod shape;
mod trie;
mod width;
mod witness;

#[cfg(test)]
pub(crate) mod oracle;

pub(crate) use automaton::{Automaton, MOST_STATES, Refusal};
pub(crate) use condition::{Condition, Field, Formula, MOST as MOST_WAYS, TooComplex, Values};
pub(crate) use conditions::Conditions;
pub(crate) use conflict::conflicts;
pub(crate) use hands::{Side, hands};
pub(crate) use language::{Languages, Refused};
pub(crate) use matcher::matches;
pub(crate) use method::Method;
pub(crate) use pattern::Pattern;
pub(crate) use reach::unreached;
pub(crate) use segment::Set;
pub(crate) use shape::{Floor, RouteSet, Shape};
pub(crate) use trie::{End, Node, Paths, Trie};
pub(crate) use width::{MOST as MOST_PLACES, TooWide, too_wide};
pub(crate) use witness::{Witness, address, request};

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

/// A route with one host and one method, as a set of requests.
#[derive(Clone, Debug)]
pub(crate) struct Single {
    pub(crate) host: Pattern,
    pub(crate) path: Pattern,
    pub(crate) method: Method,
    /// The number of its condition among [`Conditions`].
    pub(crate) when: usize,
}

/// Compares two routes. The verdict depends on nothing but these two.
pub(crate) fn verdict(conditions: &Conditions, a: &Single, b: &Single) -> Verdict {
    let components = [
        a.host.relation(&b.host),
        a.path.relation(&b.path),
        a.method.relation(b.method),
        conditions.relation(a.when, b.when),
    ];
    if components.contains(&Relation::Disjoint) {
        return Verdict::Disjoint;
    }
    match components.into_iter().find(|relation| *relation != Relation::Equal) {
        None => Verdict::Duplicate,
        Some(Relation::Inside) => Verdict::First,
        Some(Relation::Around) => Verdict::Second,
        Some(_) => Verdict::Ambiguous,
    }
}
