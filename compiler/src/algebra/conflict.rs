//! Finds the pairs of routes that collide, without comparing every route with every other.
//!
//! Two routes collide either at the same place of the tree, with the same method, or below two parameters of one node
//! that cross. Everything else is disjoint or decided by the order.

use std::collections::BTreeSet;

use super::trie::{Claim, End, Node, Paths, Trie};
use super::witness::{self, Witness};
use super::{Conditions, Relation, RouteSet, Verdict, verdict};

/// More collisions than anyone reads; looking for further ones would cost more than it tells.
const MOST: usize = 1_000;

/// Two claims on the same request, neither before the other.
#[derive(Debug)]
pub(crate) struct Conflict {
    /// The number of the claim that stands first.
    pub(crate) first: usize,
    pub(crate) second: usize,
    /// Whether they match the very same requests; otherwise each has requests of its own.
    pub(crate) duplicate: bool,
    /// A request that both match.
    pub(crate) witness: Option<Witness>,
}

/// All collisions among the claims of a gateway, by number.
pub(crate) fn conflicts(trie: &Trie, set: &RouteSet) -> Vec<Conflict> {
    let mut search = Search { conditions: &trie.conditions, pairs: BTreeSet::new() };
    search.node(&trie.hosts);
    search.pairs.iter().filter_map(|&(first, second)| conflict(trie, set, first, second)).collect()
}

/// The worst that two claims are to each other, over all their hosts and methods.
fn conflict(trie: &Trie, set: &RouteSet, first: usize, second: usize) -> Option<Conflict> {
    let singles = |number| set.singles(number, trie.conditions.number(number));
    let (own, others) = (singles(first), singles(second));
    let mut found = None;
    for a in &own {
        for b in &others {
            let duplicate = match verdict(&trie.conditions, a, b) {
                Verdict::Duplicate => true,
                Verdict::Ambiguous => false,
                Verdict::Disjoint | Verdict::First | Verdict::Second => continue,
            };
            let witness = witness::of(trie, (a, first), (b, second));
            found.get_or_insert(Conflict { first, second, duplicate, witness });
        }
    }
    found
}

/// Candidates, in pairs of ascending numbers.
struct Search<'a> {
    conditions: &'a Conditions,
    pairs: BTreeSet<(usize, usize)>,
}

/// What stands at the end of a pattern.
trait Place: Default {
    fn is_empty(&self) -> bool;
    /// Looks for pairs inside it.
    fn within(&self, search: &mut Search<'_>);
    /// Looks for pairs of it with another.
    fn with(&self, other: &Self, search: &mut Search<'_>);
}

impl Place for Paths {
    fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn within(&self, search: &mut Search<'_>) {
        if let Some(node) = &self.0 {
            search.node(node);
        }
    }

    fn with(&self, other: &Self, search: &mut Search<'_>) {
        if let (Some(a), Some(b)) = (&self.0, &other.0) {
            search.below(a, b);
        }
    }
}

impl Place for End {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    /// Routes with one and the same path: each further one of a method collides with the first.
    fn within(&self, search: &mut Search<'_>) {
        for (at, claim) in self.routes.iter().enumerate() {
            let collides = |other: &&Claim| {
                let relation = search.conditions.relation(other.when, claim.when);
                other.method == claim.method
                    && other.route != claim.route
                    && matches!(relation, Relation::Equal | Relation::Crossing)
            };
            if let Some(first) = self.routes.iter().take(at).find(collides) {
                search.pair(first.route, claim.route);
            }
        }
    }

    fn with(&self, other: &Self, search: &mut Search<'_>) {
        for claim in &self.routes {
            for other in &other.routes {
                search.meeting(claim, other);
            }
        }
        // Two floors that cross say the same.
        for (a, b) in [(self, other), (other, self)] {
            for floor in &a.floors {
                for claim in &b.routes {
                    search.meeting(floor, claim);
                }
            }
        }
    }
}

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.pairs.len() >= MOST
    }

    fn node<E: Place>(&mut self, node: &Node<E>) {
        node.here.within(self);
        node.rest.within(self);
        for (at, (set, child)) in node.params.iter().enumerate() {
            for (other, other_child) in node.params.iter().skip(at + 1) {
                if set.relation(other) == Relation::Crossing {
                    self.below(child, other_child);
                }
            }
        }
        for child in node.children() {
            self.node(child);
        }
    }

    /// All claims below two nodes that share a path and a method.
    fn below<E: Place>(&mut self, a: &Node<E>, b: &Node<E>) {
        if self.is_full() {
            return;
        }
        // Looking up is cheap, walking through is not.
        let (a, b) = if a.literals.len() <= b.literals.len() { (a, b) } else { (b, a) };
        a.here.with(&b.here, self);
        a.rest.with(&b.rest, self);
        self.rest(&a.rest, b);
        self.rest(&b.rest, a);
        for (text, child) in &a.literals {
            if let Some(other) = b.literals.get(text) {
                self.below(child, other);
            }
        }
        for (a, b) in [(a, b), (b, a)] {
            for (set, child) in &a.params {
                for (_, other) in b.literals.iter().filter(|(text, _)| set.contains(text)) {
                    self.below(child, other);
                }
            }
        }
        for (set, child) in &a.params {
            for (_, other) in b.params.iter().filter(|(other, _)| set.relation(other) != Relation::Disjoint) {
                self.below(child, other);
            }
        }
    }

    /// A rest that begins at a node shares paths with everything below that node's segments.
    fn rest<E: Place>(&mut self, rest: &E, node: &Node<E>) {
        if rest.is_empty() || self.is_full() {
            return;
        }
        for child in node.children() {
            rest.with(&child.here, self);
            rest.with(&child.rest, self);
            self.rest(rest, child);
        }
    }

    /// Notes two claims whose hosts and paths meet, if everything else does.
    fn meeting(&mut self, a: &Claim, b: &Claim) {
        let meets = a.method.relation(b.method) != Relation::Disjoint;
        if meets && self.conditions.relation(a.when, b.when) != Relation::Disjoint {
            self.pair(a.route, b.route);
        }
    }

    fn pair(&mut self, a: usize, b: usize) {
        if a != b && !self.is_full() {
            self.pairs.insert((a.min(b), a.max(b)));
        }
    }
}
