//! All patterns of a gateway in one tree of segments, so that only routes that can meet are compared.
//!
//! Sets with the same members share a node, and the parameters of a node stand in order of precedence: walking depth
//! first, literal, parameters, rest, finds the most specific route first. The runtime's tables are laid out from it.

use std::collections::BTreeMap;

use super::{Method, Pattern, Set};

/// The tree; what it holds are the numbers of routes.
#[derive(Debug, Default)]
pub(crate) struct Trie {
    pub(crate) root: Node,
}

/// A place in a path.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) literals: BTreeMap<String, Node>,
    /// In order of precedence.
    pub(crate) params: Vec<(Set, Node)>,
    /// Routes that end here.
    pub(crate) here: End,
    /// Routes whose rest begins here.
    pub(crate) rest: End,
}

/// The routes of one set of paths.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// Method and number, in order of insertion.
    pub(crate) routes: Vec<(Method, usize)>,
}

impl Trie {
    pub(crate) fn insert(&mut self, pattern: &Pattern, method: Method, route: usize) {
        let mut node = &mut self.root;
        for set in &pattern.segments {
            node = node.child(set);
        }
        let end = if pattern.rest { &mut node.rest } else { &mut node.here };
        end.routes.push((method, route));
    }

    /// The route that wins a request: the path's segments in canonical spelling, and a method that is not `*`.
    pub(crate) fn winner(&self, segments: &[&str], method: Method) -> Option<usize> {
        self.root.winner(segments, method)
    }
}

impl Node {
    fn child(&mut self, set: &Set) -> &mut Node {
        if let Set::Literal(text) = set {
            return self.literals.entry(text.clone()).or_default();
        }
        let at = match self.params.binary_search_by(|(known, _)| known.precedence(set)) {
            Ok(at) => at,
            Err(at) => {
                self.params.insert(at, (set.clone(), Self::default()));
                at
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the search has just found or made the entry")]
        &mut self.params[at].1
    }

    fn winner(&self, segments: &[&str], method: Method) -> Option<usize> {
        let Some((first, others)) = segments.split_first() else { return self.here.winner(method) };
        self.literals
            .get(*first)
            .and_then(|node| node.winner(others, method))
            .or_else(|| {
                let accepting = self.params.iter().filter(|(set, _)| set.contains(first));
                accepting.map(|(_, node)| node.winner(others, method)).find(Option::is_some).flatten()
            })
            .or_else(|| self.rest.winner(method))
    }
}

impl Node {
    pub(crate) fn children(&self) -> impl Iterator<Item = &Node> {
        self.literals.values().chain(self.params.iter().map(|(_, node)| node))
    }

    /// Some route at or below this node.
    pub(crate) fn any_route(&self) -> Option<usize> {
        let own = self.here.routes.first().or(self.rest.routes.first());
        own.map(|(_, route)| *route).or_else(|| self.children().find_map(Self::any_route))
    }

    /// The routes at and below this node, those that win before those that they win against.
    pub(crate) fn in_order(&self, order: &mut Vec<usize>) {
        self.here.in_order(order);
        for child in self.children() {
            child.in_order(order);
        }
        self.rest.in_order(order);
    }
}

impl End {
    fn in_order(&self, order: &mut Vec<usize>) {
        let mut routes = self.routes.clone();
        routes.sort_unstable();
        // A route with several methods stands where its most specific one does.
        for (_, route) in routes {
            if !order.iter().rev().take(Method::NAMED.len() + 1).any(|known| *known == route) {
                order.push(route);
            }
        }
    }

    /// The route with the smallest set of methods that holds this one.
    pub(crate) fn winner(&self, method: Method) -> Option<usize> {
        let bit = method.own_bit();
        let holding = self.routes.iter().filter(|(own, _)| own.bits() & bit != 0);
        holding.min_by_key(|(own, _)| *own).map(|(_, route)| *route)
    }
}
