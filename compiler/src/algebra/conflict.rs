//! Finds the pairs of routes that collide, without comparing every route with every other.
//!
//! Two routes collide either at the same place of the tree, with the same method, or below two parameters of one node
//! that cross. Everything else is disjoint or decided by the order.

use std::collections::BTreeSet;

use super::trie::{End, Node, Trie};
use super::witness::{self, Witness};
use super::{Method, Pattern, Relation, Single, Verdict, verdict};

/// More collisions than anyone reads; looking for further ones would cost more than it tells.
const MOST: usize = 1_000;

/// Two routes that match the same request, neither before the other.
#[derive(Debug)]
pub(crate) struct Conflict {
    /// The number of the route that stands first.
    pub(crate) first: usize,
    pub(crate) second: usize,
    /// Whether they match the very same requests; otherwise each has requests of its own.
    pub(crate) duplicate: bool,
    /// A request that both match.
    pub(crate) witness: Option<Witness>,
}

/// All collisions among routes, each given as a pattern and its methods, by number.
pub(crate) fn conflicts(trie: &Trie, routes: &[(&Pattern, &[Method])]) -> Vec<Conflict> {
    let mut search = Search::default();
    search.node(&trie.root);
    search.pairs.iter().filter_map(|&(first, second)| conflict(trie, routes, first, second)).collect()
}

/// The worst that two routes are to each other, over all their methods.
fn conflict(trie: &Trie, routes: &[(&Pattern, &[Method])], first: usize, second: usize) -> Option<Conflict> {
    let (a, b) = (routes.get(first)?, routes.get(second)?);
    let mut found = None;
    for &method_a in a.1 {
        for &method_b in b.1 {
            let (a, b) =
                (Single { pattern: a.0, method: method_a }, Single { pattern: b.0, method: method_b });
            let duplicate = match verdict(&a, &b) {
                Verdict::Duplicate => true,
                Verdict::Ambiguous => false,
                Verdict::Disjoint | Verdict::First | Verdict::Second => continue,
            };
            let witness = witness::of(trie, (&a, first), (&b, second));
            found.get_or_insert(Conflict { first, second, duplicate, witness });
        }
    }
    found
}

/// Candidates, in pairs of ascending numbers.
#[derive(Default)]
struct Search {
    pairs: BTreeSet<(usize, usize)>,
}

impl Search {
    fn node(&mut self, node: &Node) {
        self.same_end(&node.here);
        self.same_end(&node.rest);
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

    /// Routes with one and the same path: each further one of a method collides with the first.
    fn same_end(&mut self, end: &End) {
        for (at, (method, route)) in end.routes.iter().enumerate() {
            let earlier = end.routes.iter().take(at).find(|(other, first)| other == method && first != route);
            if let Some((_, first)) = earlier {
                self.pair(*first, *route);
            }
        }
    }

    /// All routes below two nodes that share a path and a method.
    fn below(&mut self, a: &Node, b: &Node) {
        if self.pairs.len() >= MOST {
            return;
        }
        self.ends(&a.here, &b.here);
        self.ends(&a.rest, &b.rest);
        self.rest(&a.rest, b);
        self.rest(&b.rest, a);
        for (text, child) in &a.literals {
            if let Some(other) = b.literals.get(text) {
                self.below(child, other);
            }
            for (_, other) in b.params.iter().filter(|(set, _)| set.contains(text)) {
                self.below(child, other);
            }
        }
        for (set, child) in &a.params {
            for (_, other) in b.literals.iter().filter(|(text, _)| set.contains(text)) {
                self.below(child, other);
            }
            for (_, other) in b.params.iter().filter(|(other, _)| set.relation(other) != Relation::Disjoint) {
                self.below(child, other);
            }
        }
    }

    /// A rest that begins at a node shares paths with everything below that node's segments.
    fn rest(&mut self, rest: &End, node: &Node) {
        if rest.routes.is_empty() || self.pairs.len() >= MOST {
            return;
        }
        for child in node.children() {
            self.ends(rest, &child.here);
            self.ends(rest, &child.rest);
            self.rest(rest, child);
        }
    }

    fn ends(&mut self, a: &End, b: &End) {
        for (method, route) in &a.routes {
            for (other_method, other) in &b.routes {
                if method.relation(*other_method) != Relation::Disjoint {
                    self.pair(*route, *other);
                }
            }
        }
    }

    fn pair(&mut self, a: usize, b: usize) {
        if a != b && self.pairs.len() < MOST {
            self.pairs.insert((a.min(b), a.max(b)));
        }
    }
}
