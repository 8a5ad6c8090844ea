//! The tree of patterns as the flat tables that the runtime walks.
//!
//! It keeps the order of the tree: literals by hash, parameters by precedence. Methods at one end are made disjoint, so that
//! their order never matters.

use std::collections::BTreeMap;

use crate::algebra::{self, Method, Set, Trie};
use crate::checked::Route;
use crate::ir::{Edge, Kind, Label, Leaf, Node, Param, Router, Text};

/// Lays out the tables for routes in order of precedence; `labels` are their places in `text`.
pub(super) fn tables(routes: &[Route], labels: &[Label], text: &mut Text) -> Router {
    let mut trie = Trie::default();
    for (at, route) in routes.iter().enumerate() {
        for method in &route.methods {
            trie.insert(&route.pattern, *method, at);
        }
    }
    let mut layout = Layout { router: Router::default(), labels, text };
    layout.node(&trie.root);
    layout.router.methods = layout.router.leaves.iter().fold(0, |all, leaf| all | leaf.methods);
    layout.router
}

struct Layout<'a> {
    router: Router,
    labels: &'a [Label],
    text: &'a mut Text,
}

impl Layout<'_> {
    /// Lays out a node and what is below it; gives its number.
    fn node(&mut self, node: &algebra::Node) -> usize {
        let number = self.router.nodes.len();
        self.router.nodes.push(Node::default());
        let (here, here_count) = self.leaves(&node.here);
        let (rest, rest_count) = self.leaves(&node.rest);
        let (edges, edge_bits) = self.edges(&node.literals);
        let params = self.router.params.len();
        let param_count = node.params.len();
        self.router.params.extend(node.params.iter().map(|(set, _)| Param { kind: kind(set), node: 0 }));
        for (offset, (_, child)) in node.params.iter().enumerate() {
            let child = self.node(child);
            if let Some(param) = self.router.params.get_mut(params + offset) {
                param.node = child;
            }
        }
        if let Some(place) = self.router.nodes.get_mut(number) {
            *place = Node { edges, params, here, rest, edge_bits, param_count, here_count, rest_count };
        }
        number
    }

    /// One leaf for each route that wins a method here.
    fn leaves(&mut self, end: &algebra::End) -> (usize, usize) {
        let first = self.router.leaves.len();
        let mut won: BTreeMap<usize, u16> = BTreeMap::new();
        for method in Method::NAMED.into_iter().chain([Method::Any]) {
            if let Some(route) = end.winner(method) {
                *won.entry(route).or_default() |= method.own_bit();
            }
        }
        let count = won.len();
        self.router.leaves.extend(won.into_iter().map(|(route, methods)| Leaf { methods, route }));
        if count == 0 { (0, 0) } else { (first, count) }
    }

    /// The slots of a node's literals: at most half of them taken, unless there is only one.
    fn edges(&mut self, literals: &BTreeMap<String, algebra::Node>) -> (usize, Option<u32>) {
        let bits = match literals.len() {
            0 => return (0, None),
            1 => 0,
            many => (many * 2).next_power_of_two().trailing_zeros(),
        };
        let first = self.router.edges.len();
        let slots = 1_usize << bits;
        self.router.edges.resize(first + slots, None);
        for (segment, child) in literals {
            let hash = segment_hash(segment.as_bytes());
            let label =
                child.any_route().and_then(|route| self.labels.get(route)).copied().unwrap_or_default();
            let text = self.text.intern_within(label, segment);
            let node = self.node(child);
            self.fill(first, slots, Edge { hash, text, node });
        }
        (first, Some(bits))
    }

    /// Puts an edge into the first free slot from its own on.
    fn fill(&mut self, first: usize, slots: usize, edge: Edge) {
        let home = edge.hash as usize & (slots - 1);
        let free = (0..slots)
            .map(|step| first + ((home + step) & (slots - 1)))
            .find(|slot| self.router.edges.get(*slot).is_some_and(Option::is_none));
        if let Some(slot) = free.and_then(|slot| self.router.edges.get_mut(slot)) {
            *slot = Some(edge);
        }
    }
}

fn kind(set: &Set) -> Kind {
    match set {
        // INVARIANT: the tree keeps literals apart from parameters.
        Set::Literal(_) | Set::Any => Kind::Any,
        Set::Int { min, max } => Kind::Int { min: *min, max: *max },
        Set::Date => Kind::Date,
        Set::Uuid => Kind::Uuid,
    }
}

/// 32-bit FNV-1a, as in the runtime; emitted code asserts that both agree.
pub(crate) fn segment_hash(segment: &[u8]) -> u32 {
    segment.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
