//! The tree of hosts and patterns as the flat tables that the runtime walks.
//!
//! It keeps the order of the tree: literals by hash, parameters and leaves by precedence.

use std::collections::BTreeMap;

use crate::algebra::{self, End, Paths, RouteSet, Set, Trie};
use crate::ir::{Edge, Kind, Label, Leaf, Node, Param, Router, Text, To};

/// What the tables are laid out from, beside the claims.
pub(super) struct Names<'a> {
    /// For each route, its place in `text`.
    pub(super) labels: &'a [Label],
    pub(super) text: &'a mut Text,
    /// For each claim with a condition, the number of the function that asks it.
    pub(super) conditions: &'a dyn Fn(usize) -> Option<usize>,
}

/// Lays out the tables for routes in order of precedence.
pub(super) fn tables(claims: &RouteSet, names: Names<'_>) -> Router {
    let trie = Trie::of(claims);
    let mut layout = Layout { router: Router::default(), kinds: BTreeMap::new(), names };
    // The first node is the root of what has no host, even where nothing is without one.
    let nothing = algebra::Node::default();
    layout.node(trie.hosts.rest.0.as_deref().unwrap_or(&nothing));
    if trie.hosts.children().next().is_some() {
        layout.router.hosts = Some(layout.node(&trie.hosts));
    }
    let methods = claims.routes.iter().flat_map(|route| &route.methods);
    layout.router.methods = methods.fold(0, |all, method| all | method.bits());
    layout.router
}

struct Layout<'a> {
    router: Router,
    /// Where each language stands among the distinct ones.
    kinds: BTreeMap<Kind, usize>,
    names: Names<'a>,
}

/// What can stand at the end of a pattern.
trait Place: Default {
    /// Lays out the leaves of what ends at a node and of what goes on behind it: where they begin, and how many of each.
    fn leaves(here: &Self, rest: &Self, layout: &mut Layout<'_>) -> (usize, usize, usize);
    /// Some route in it.
    fn any_route(&self) -> Option<usize>;
}

impl Place for End {
    fn leaves(here: &Self, rest: &Self, layout: &mut Layout<'_>) -> (usize, usize, usize) {
        let first = layout.router.leaves.len();
        (first, layout.end(here), layout.end(rest))
    }

    fn any_route(&self) -> Option<usize> {
        self.routes.first().map(|claim| claim.route)
    }
}

impl Place for Paths {
    /// The rest, which only the root has, is every host: the first node.
    fn leaves(here: &Self, _: &Self, layout: &mut Layout<'_>) -> (usize, usize, usize) {
        let root = here.0.as_ref().map(|root| layout.node(root));
        let first = layout.router.leaves.len();
        layout.router.leaves.extend(root.map(|root| Leaf { methods: 0, when: None, to: To::Paths(root) }));
        (first, usize::from(root.is_some()), 0)
    }

    fn any_route(&self) -> Option<usize> {
        self.0.as_ref().and_then(|root| any_route(root))
    }
}

/// Some route at or below a node.
fn any_route<E: Place>(node: &algebra::Node<E>) -> Option<usize> {
    node.here.any_route().or_else(|| node.rest.any_route()).or_else(|| node.children().find_map(any_route))
}

impl Layout<'_> {
    /// Lays out a node and what is below it; gives its number.
    fn node<E: Place>(&mut self, node: &algebra::Node<E>) -> usize {
        let number = self.router.nodes.len();
        self.router.nodes.push(Node::default());
        let (leaves, here_count, rest_count) = E::leaves(&node.here, &node.rest, self);
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
        *self.kinds.entry(kind).or_insert_with_key(|kind| {
            kinds.push(kind.clone());
            kinds.len() - 1
        })
    }

    /// The leaves of one end; how many there are. A method that is won for certain is left out of all that come later.
    fn end(&mut self, end: &End) -> usize {
        let mut taken = 0;
        let mut leaves: Vec<Leaf> = Vec::new();
        for claim in &end.routes {
            let methods = claim.method.bits() & !taken;
            let when = (self.names.conditions)(claim.route);
            if when.is_none() {
                taken |= methods;
            }
            let to = To::Route(claim.route);
            // Of two leaves of one route, the later one can stand where the first does if nothing between depends on more.
            let is_certain = when.is_none() && leaves.iter().all(|leaf| leaf.when.is_none());
            let mut earlier = leaves.iter_mut();
            match if is_certain { earlier.find(|leaf| leaf.to == to) } else { None } {
                _ if methods == 0 => {}
                Some(leaf) => leaf.methods |= methods,
                None => leaves.push(Leaf { methods, when, to }),
            }
        }
        for floor in &end.floors {
            let when = (self.names.conditions)(floor.route);
            let is_covered = |leaf: &Leaf| leaf.to == To::Floor && (leaf.when.is_none() || leaf.when == when);
            if !leaves.iter().any(is_covered) {
                leaves.push(Leaf { methods: 0, when, to: To::Floor });
            }
        }
        let count = leaves.len();
        self.router.leaves.extend(leaves);
        count
    }

    /// The slots of a node's literals: at most three quarters of them taken, unless there is only one.
    fn edges<E: Place>(&mut self, literals: &BTreeMap<String, algebra::Node<E>>) -> (usize, Option<u32>) {
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
                let Names { labels, text, .. } = &mut self.names;
                let label = any_route(child).and_then(|route| labels.get(route)).copied().unwrap_or_default();
                // INVARIANT: all text together is far below 4 GiB, since a source is bounded.
                [hash, u32::try_from(text.intern_within(label, segment).start).unwrap_or(u32::MAX)]
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
        Set::OneOf(texts) => Kind::OneOf(texts.to_vec()),
        Set::Date => Kind::Date,
        Set::Uuid => Kind::Uuid,
        Set::Length { min, max } => Kind::Length { min: *min, max: max.unwrap_or(u32::MAX) },
        Set::Regular(language) => Kind::Regular(language.automaton().clone()),
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
