//! Which route wins: constant tables that form a trie over path segments, and the walk through them.
//!
//! The tables are emitted in order of precedence; the walk knows no rule of its own but "literal, then
//! parameters in their order, then rest", that a leaf counts only where it has the method and its condition holds, and that a
//! floor ends it. Where routes have hosts, a trie over the labels of the host, from the right, leads to a trie of paths for
//! each. Paths and hosts are compared in canonical spelling, byte for byte.

mod captures;
mod host;
mod kind;
mod segment;

use std::ops::Range;

pub use captures::Captures;
pub use host::canonical_host;
pub use kind::Kind;
use segment::Segment;
pub use segment::segment_hash;

/// No node, no entry.
pub const NONE: u32 = u32::MAX;

/// The tables of a router.
#[derive(Clone, Copy, Debug)]
pub struct Router {
    /// All nodes; the first is the root of the paths of routes without a host, and stands before the first segment.
    pub nodes: &'static [Node],
    /// Tables of literal segments: each node owns `1 << edge_bits` slots, addressed by the highest bits of
    /// [`segment_hash`], linear probing with wrap-around inside its own slots; at least one stays free unless there is
    /// only one slot.
    pub edges: &'static [Edge],
    /// Parameters, each node's in order of precedence.
    pub params: &'static [Param],
    /// The distinct languages of parameters.
    pub kinds: &'static [Kind],
    /// Leaves: for each node those of routes that end there, then those of routes whose rest begins there, each in order
    /// of precedence.
    pub leaves: &'static [Leaf],
    /// The methods of all routes together, for `OPTIONS *`.
    pub methods: u16,
    /// The root of hosts, which stands before the last label. [`NONE`]: no route has a host. Below it, the one leaf of a node
    /// has in the place of a route the root of the paths of that host.
    pub hosts: u32,
}

/// A place in a path.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// First slot in [`Router::edges`].
    pub edges: u32,
    /// First entry in [`Router::params`].
    pub params: u32,
    /// First entry in [`Router::leaves`].
    pub leaves: u32,
    /// Number of slots as a power of two; 255: no literal.
    pub edge_bits: u8,
    /// Number of parameters.
    pub param_count: u8,
    /// Number of leaves of routes that end here.
    pub here_count: u8,
    /// Number of leaves of routes whose rest begins here; they follow those that end here.
    pub rest_count: u8,
}

/// A literal segment in canonical spelling. An empty slot has `node == NONE`.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Up to eight bytes: the text itself, padded with zeros, as two little-endian numbers. Beyond: its
    /// [`segment_hash`], and where it begins in [`crate::program::Program::text`].
    pub key: [u32; 2],
    /// Its length.
    pub len: u16,
    /// Where it leads.
    pub node: u32,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// What it accepts: an index into [`Router::kinds`].
    pub kind: u32,
    /// Where it leads.
    pub node: u32,
}

/// A route at the end of a path, or a floor.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Bits of [`method`]; of a route with a condition, eight bits further up; none of a floor.
    pub methods: u16,
    /// Its condition, an index into [`crate::program::Program::conditions`]. [`ALWAYS`]: none.
    pub when: u16,
    /// Index into [`crate::program::Program::routes`]; [`NONE`] for a floor: nothing that comes later is looked at.
    pub route: u32,
}

/// No condition.
pub const ALWAYS: u16 = u16::MAX;

/// Bits of the methods that routes can name. `GET` in a route is `GET | HEAD`; `*` is [`method::ANY`].
pub mod method {
    /// GET.
    pub const GET: u16 = 1;
    /// HEAD.
    pub const HEAD: u16 = 1 << 1;
    /// POST.
    pub const POST: u16 = 1 << 2;
    /// PUT.
    pub const PUT: u16 = 1 << 3;
    /// DELETE.
    pub const DELETE: u16 = 1 << 4;
    /// PATCH.
    pub const PATCH: u16 = 1 << 5;
    /// OPTIONS.
    pub const OPTIONS: u16 = 1 << 6;
    /// Every method that has no bit of its own, CONNECT and TRACE excepted.
    pub const OTHER: u16 = 1 << 7;
    /// `*`: all of the above.
    pub const ANY: u16 = 0xff;
}

/// What a walk found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The index of the route.
    Route(u32),
    /// The path has routes, but none for the method; the union of their methods.
    OtherMethods(u16),
    /// No route has the path.
    Nothing,
}

/// What a walk is asked for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// As [`canonical_host`] writes it.
    pub host: &'a [u8],
    /// The canonical path.
    pub path: &'a [u8],
    /// One bit of [`method`], or none.
    pub method: u16,
    /// Whether the condition of a number holds.
    pub holds: &'a dyn Fn(u16) -> bool,
}

impl Router {
    /// Finds the route for a canonical path and a method bit, where routes have neither hosts nor conditions.
    #[must_use]
    pub fn find(&self, text: &str, path: &[u8], method: u16, captures: &mut Captures) -> Found {
        let asked = Asked { host: &[], path, method, holds: &|_| false };
        self.walk(text, &asked, captures).found(|walk| walk.node(0, 1, 0))
    }

    /// Finds the route for a request.
    #[must_use]
    pub fn find_where(&self, text: &str, asked: &Asked<'_>, captures: &mut Captures) -> Found {
        self.walk(text, asked, captures).found(|walk| {
            let root = (self.hosts != NONE && !asked.host.is_empty()).then_some(self.hosts);
            root.and_then(|root| walk.host(root, 0, 0)).or_else(|| walk.node(0, 1, 0))
        })
    }

    fn walk<'a>(&'a self, text: &'a str, asked: &Asked<'a>, captures: &'a mut Captures) -> Walk<'a> {
        let Asked { host, path, method, holds } = *asked;
        let text = text.as_bytes();
        Walk { router: self, text, path, host, method, holds, captures, allowed: 0, refused: false }
    }
}

/// One walk, depth first. Its depth is that of the trie, which the compiler bounds.
struct Walk<'a> {
    router: &'a Router,
    text: &'a [u8],
    path: &'a [u8],
    host: &'a [u8],
    method: u16,
    holds: &'a dyn Fn(u16) -> bool,
    captures: &'a mut Captures,
    /// Methods of the leaves that were passed by, in both places of [`Leaf::methods`].
    allowed: u16,
    /// Whether one of them had the method, but not its condition.
    refused: bool,
}

impl Walk<'_> {
    fn found(mut self, walk: impl FnOnce(&mut Self) -> Option<u32>) -> Found {
        match walk(&mut self) {
            Some(route) if route != NONE => Found::Route(route),
            _ if self.refused || self.allowed == 0 => Found::Nothing,
            _ => Found::OtherMethods((self.allowed | self.allowed >> 8) & method::ANY),
        }
    }

    /// At `node`, with the next segment beginning at `at` and `taken` captures made.
    fn node(&mut self, node: u32, at: usize, taken: usize) -> Option<u32> {
        let (mut at, mut taken) = (at, taken);
        let mut node = self.router.nodes.get(node as usize)?;
        let end = loop {
            let segment = Segment::first(self.path, at);
            let end = at + segment.len;
            // Where there is one way on, there is nothing to come back for.
            let next = match self.literal(node, &segment, at) {
                Some(next) if node.param_count == 0 && node.rest_count == 0 => next,
                Some(next) => {
                    if let Some(route) = self.enter(next, end, taken) {
                        return Some(route);
                    }
                    break end;
                }
                None if node.param_count == 1 && node.rest_count == 0 => {
                    let next = self.param(node.params, at..end)?;
                    self.captures.set(taken, at, end);
                    taken += 1;
                    next
                }
                None => break end,
            };
            node = self.router.nodes.get(next as usize)?;
            if end == self.path.len() {
                return self.leaf(node.leaves, node.here_count);
            }
            at = end + 1;
        };
        for index in 0..u32::from(node.param_count) {
            if let Some(next) = self.param(node.params + index, at..end)
                && let Some(route) = self.enter(next, end, taken + 1)
            {
                self.captures.set(taken, at, end);
                return Some(route);
            }
        }
        let route = self.leaf(node.leaves + u32::from(node.here_count), node.rest_count)?;
        self.captures.set(taken, at, self.path.len());
        Some(route)
    }

    /// Where a parameter leads, if it accepts a segment.
    fn param(&self, index: u32, segment: Range<usize>) -> Option<u32> {
        let param = self.router.params.get(index as usize)?;
        let kind = self.router.kinds.get(param.kind as usize)?;
        let text = self.path.get(segment)?;
        (!text.is_empty() && kind.accepts(text)).then_some(param.node)
    }

    /// Behind a segment that ended at `end`.
    fn enter(&mut self, node: u32, end: usize, taken: usize) -> Option<u32> {
        if end == self.path.len() {
            let node = self.router.nodes.get(node as usize)?;
            self.leaf(node.leaves, node.here_count)
        } else {
            self.node(node, end + 1, taken)
        }
    }

    #[allow(clippy::inline_always, reason = "a call costs as much as what it does")]
    #[inline(always)]
    fn literal(&self, node: &Node, segment: &Segment, at: usize) -> Option<u32> {
        match node.edge_bits {
            255 => None,
            0 => {
                let edge = self.router.edges.get(node.edges as usize)?;
                self.same(edge, segment, at).then_some(edge.node)
            }
            bits => {
                let mask = (1_u32 << bits) - 1;
                let mut slot = segment.hash() >> (32 - u32::from(bits));
                loop {
                    let edge = self.router.edges.get((node.edges + slot) as usize)?;
                    if edge.node == NONE {
                        return None;
                    }
                    if self.same(edge, segment, at) {
                        return Some(edge.node);
                    }
                    slot = (slot + 1) & mask;
                }
            }
        }
    }

    /// Whether an edge has the segment's text.
    fn same(&self, edge: &Edge, segment: &Segment, at: usize) -> bool {
        if usize::from(edge.len) != segment.len {
            return false;
        }
        let [low, high] = edge.key;
        if segment.len <= 8 {
            return u64::from(high) << 32 | u64::from(low) == segment.word;
        }
        let start = high as usize;
        low == segment.hash()
            && self.text.get(start..start + segment.len) == self.path.get(at..at + segment.len)
    }

    fn leaf(&mut self, first: u32, count: u8) -> Option<u32> {
        for index in 0..u32::from(count) {
            let leaf = self.router.leaves.get((first + index) as usize)?;
            if leaf.methods & self.method != 0 {
                return Some(leaf.route);
            }
            self.allowed |= leaf.methods;
            if leaf.methods & method::ANY == 0 && self.takes(*leaf) {
                return Some(leaf.route);
            }
        }
        None
    }

    /// Whether a floor, or a route with a condition, takes the request.
    #[cold]
    fn takes(&mut self, leaf: Leaf) -> bool {
        if leaf.route != NONE && leaf.methods >> 8 & self.method == 0 {
            return false;
        }
        let holds = leaf.when == ALWAYS || (self.holds)(leaf.when);
        self.refused |= !holds && leaf.route != NONE;
        holds
    }
}
