//! The tree of patterns as the flat tables that the runtime walks.
//!
//! It keeps the order of the tree: literals by hash, parameters by precedence. Methods at one end are made disjoint, so that
//! their order never matters.

use std::collections::BTreeMap;

use crate::algebra::{self, Method, RouteSet, Set, Trie};
use crate::ir::{Edge, Kind, Label, Leaf, Node, Param, Router, Text};

/// Lays out the tables for routes in order of precedence; `labels` are their places in `text`.
pub(super) fn tables(claims: &RouteSet, labels: &[Label], text: &mut Text) -> Router {
    let trie = Trie::of(claims);
    let mut layout = Layout { router: Router::default(), labels, text };
    if let Some(root) = &trie.hosts.rest.0 {
        layout.node(root);
    }
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
    fn node(&mut self, node: &algebra::Node<algebra::End>) -> usize {
        let number = self.router.nodes.len();
        self.router.nodes.push(Node::default());
        let leaves = self.router.leaves.len();
        let here_count = self.leaves(&node.here);
        let rest_count = self.leaves(&node.rest);
        let (edges, edge_bits) = self.edges(&node.literals);
        let params = self.router.params.len();
        let param_count = node.params.len();
        for (set, _) in &node.params {
            let kind = self.kind(kind(set));
            self.router.params.push(Param { kind, node: 0 });
        }
        for (offset, (_, child)) in node.params.iter().enumerate() {
            let child = self.node(child);
            if let Some(param) = self.router.params.get_mut(params + offset) {
                param.node = child;
            }
        }
        if let Some(place) = self.router.nodes.get_mut(number) {
            *place = Node { edges, params, leaves, edge_bits, param_count, here_count, rest_count };
        }
        number
    }

    /// The number of a language among the distinct ones.
    fn kind(&mut self, kind: Kind) -> usize {
        let kinds = &mut self.router.kinds;
        kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        })
    }

    /// One leaf for each route that wins a method here; how many there are.
    fn leaves(&mut self, end: &algebra::End) -> usize {
        let mut won: BTreeMap<usize, u16> = BTreeMap::new();
        for method in Method::NAMED.into_iter().chain([Method::Any]) {
            if let Some(route) = end.winner(method) {
                *won.entry(route).or_default() |= method.own_bit();
            }
        }
        let count = won.len();
        self.router.leaves.extend(won.into_iter().map(|(route, methods)| Leaf { methods, route }));
        count
    }

    /// The slots of a node's literals: at most three quarters of them taken, unless there is only one.
    fn edges(&mut self, literals: &BTreeMap<String, algebra::Node<algebra::End>>) -> (usize, Option<u32>) {
        let bits = match literals.len() {
            0 => return (0, None),
            1 => 0,
            many => many.saturating_mul(4).div_ceil(3).next_power_of_two().trailing_zeros(),
        };
        let first = self.router.edges.len();
        let slots = 1_usize << bits;
        self.router.edges.resize(first + slots, None);
        for (segment, child) in literals {
            let hash = segment_hash(segment.as_bytes());
            let key = short(segment.as_bytes()).unwrap_or_else(|| {
                let label =
                    child.any_route().and_then(|route| self.labels.get(route)).copied().unwrap_or_default();
                // INVARIANT: all text together is far below 4 GiB, since a source is bounded.
                [hash, u32::try_from(self.text.intern_within(label, segment).start).unwrap_or(u32::MAX)]
            });
            let node = self.node(child);
            self.fill((first, slots), hash, Edge { key, len: segment.len(), node });
        }
        (first, Some(bits))
    }

    /// Puts an edge into the first free slot from its own on.
    fn fill(&mut self, (first, slots): (usize, usize), hash: u32, edge: Edge) {
        // The highest bits are the best mixed ones of a product.
        let bits = slots.trailing_zeros();
        let home = if bits == 0 { 0 } else { (hash >> (32 - bits)) as usize };
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

/// A segment of at most eight bytes as the two numbers that the runtime reads it as.
pub(super) fn short(segment: &[u8]) -> Option<[u32; 2]> {
    let mut bytes = [0; 8];
    bytes.get_mut(..segment.len())?.copy_from_slice(segment);
    let word = u64::from_le_bytes(bytes);
    Some([low(word), low(word >> 32)])
}

/// Eight bytes at a time, as in the runtime; emitted code asserts that both agree.
pub(crate) fn segment_hash(segment: &[u8]) -> u32 {
    let state = segment.chunks(8).fold(0_u64, |state, chunk| {
        let word = chunk.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        (state.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    low(state >> 32)
}

#[allow(clippy::cast_possible_truncation, reason = "only the lower half is wanted")]
fn low(word: u64) -> u32 {
    word as u32
}
