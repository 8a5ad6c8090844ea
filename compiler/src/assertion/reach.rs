//! Which routes can win a request to a host or under a path, read from the router's tables: a walk in the order in which
//! requests walk, that stops where nothing is left for what comes later.
//!
//! It may find a route that a request never reaches, where conditions or parameters of two routes meet; it never misses one.

use std::collections::BTreeMap;

use super::Part;
use crate::explain::{accepts, literal};
use crate::ir::{Kind, Leaf, Node, Program, To};

/// For each route the methods by which requests come to it.
pub(super) type Reached = BTreeMap<usize, u16>;

/// All methods.
const ALL: u16 = 0x1ff;

/// The routes that can win a request to such a host, labels from the right, for a path at or below such segments.
pub(super) fn reached(program: &Program, on: Option<&[Part]>, under: Option<&[Part]>) -> Reached {
    let mut walk = Walk { program, under: under.unwrap_or_default(), reached: Reached::new() };
    let mut left = Left::ALL;
    if let Some(root) = program.router.hosts {
        match on {
            Some(labels) => walk.hosts(root, labels, &mut left, true),
            None => walk.every_host(root),
        }
    }
    walk.descend(0, walk.under, &mut left, true);
    walk.reached
}

/// What nothing before has taken: methods.
#[derive(Clone, Copy)]
struct Left {
    /// Of requests for the prefix itself.
    at: u16,
    /// Of those for what is below it.
    below: u16,
}

impl Left {
    const ALL: Self = Self { at: ALL, below: ALL };
}

struct Walk<'a> {
    program: &'a Program,
    under: &'a [Part],
    reached: Reached,
}

/// Where a part leads: a node, and whether every request goes there that the part means.
type Way = (usize, bool);

impl<'a> Walk<'a> {
    fn node(&self, number: usize) -> Option<&'a Node> {
        self.program.router.nodes.get(number)
    }

    fn here(&self, node: &Node) -> &'a [Leaf] {
        let leaves = &self.program.router.leaves;
        leaves.get(node.leaves..node.leaves + node.here_count).unwrap_or_default()
    }

    fn rest(&self, node: &Node) -> &'a [Leaf] {
        let (leaves, first) = (&self.program.router.leaves, node.leaves + node.here_count);
        leaves.get(first..first + node.rest_count).unwrap_or_default()
    }

    /// Where a part leads, or where everything leads, in the order of the tables.
    fn ways(&self, node: &Node, part: Option<&Part>) -> Vec<Way> {
        let router = &self.program.router;
        let slots = node.edge_bits.map_or(0, |bits| 1_usize << bits);
        let edges = router.edges.get(node.edges..node.edges + slots).unwrap_or_default().iter().flatten();
        let text = match part {
            Some(Part::Text(text)) => Some(text.as_str()),
            Some(Part::Any) | None => None,
        };
        let is_it =
            |key, len| text.is_none_or(|text| literal(self.program, key, len).as_deref() == Some(text));
        let literals = edges.filter(|edge| is_it(edge.key, edge.len)).map(|edge| (edge.node, text.is_some()));
        let params = router.params.get(node.params..node.params + node.param_count).unwrap_or_default();
        let params = params.iter().filter_map(|param| {
            let kind = router.kinds.get(param.kind)?;
            let is_whole = text.is_some() || matches!(kind, Kind::Any);
            text.is_none_or(|text| accepts(kind, text)).then_some((param.node, is_whole))
        });
        literals.chain(params).collect()
    }

    /// Behind a host. Whether it is sure that every request meant comes there says whether it takes anything away.
    fn hosts(&mut self, number: usize, labels: &[Part], left: &mut Left, is_sure: bool) {
        let Some(node) = self.node(number) else { return };
        let Some((first, others)) = labels.split_first() else {
            for leaf in self.here(node) {
                if let To::Paths(root) = leaf.to {
                    self.descend(root, self.under, left, is_sure);
                }
            }
            return;
        };
        for (next, is_whole) in self.ways(node, Some(first)) {
            self.hosts(next, others, left, is_sure && is_whole);
        }
    }

    /// Behind each host by itself: what one takes is left for the others.
    fn every_host(&mut self, number: usize) {
        let Some(node) = self.node(number) else { return };
        for leaf in self.here(node) {
            if let To::Paths(root) = leaf.to {
                self.descend(root, self.under, &mut Left::ALL.clone(), true);
            }
        }
        for (next, _) in self.ways(node, None) {
            self.every_host(next);
        }
    }

    fn descend(&mut self, number: usize, parts: &[Part], left: &mut Left, is_sure: bool) {
        let Some(node) = self.node(number) else { return };
        let Some((first, others)) = parts.split_first() else { return self.at(node, left, is_sure) };
        for (next, is_whole) in self.ways(node, Some(first)) {
            self.descend(next, others, left, is_sure && is_whole);
        }
        // What goes on with any segments goes on with those that are left of the prefix.
        for leaf in self.rest(node) {
            self.take(leaf, left.at | left.below);
            if is_sure {
                left.at &= !taken(leaf);
                left.below &= !taken(leaf);
            }
        }
    }

    /// At the node where the prefix ends.
    fn at(&mut self, node: &Node, left: &mut Left, is_sure: bool) {
        for leaf in self.here(node) {
            self.take(leaf, left.at);
            if is_sure {
                left.at &= !taken(leaf);
            }
        }
        for (next, _) in self.ways(node, None) {
            self.below(next, left.below);
        }
        for leaf in self.rest(node) {
            self.take(leaf, left.below);
            if is_sure {
                left.below &= !taken(leaf);
            }
        }
    }

    /// Everything below.
    fn below(&mut self, number: usize, open: u16) {
        let Some(node) = self.node(number) else { return };
        for leaf in self.here(node).iter().chain(self.rest(node)) {
            self.take(leaf, open);
        }
        for (next, _) in self.ways(node, None) {
            self.below(next, open);
        }
    }

    fn take(&mut self, leaf: &Leaf, open: u16) {
        let bits = leaf.methods & open;
        if let (To::Route(route), true) = (leaf.to, bits != 0) {
            *self.reached.entry(route).or_default() |= bits;
        }
    }
}

/// The methods that an end leaves nothing of for what comes later.
fn taken(leaf: &Leaf) -> u16 {
    match (leaf.when, leaf.to) {
        (None, To::Floor) => ALL,
        (None, To::Route(_)) => leaf.methods,
        _ => 0,
    }
}
