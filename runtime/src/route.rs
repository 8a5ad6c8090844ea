//! Which route wins: constant tables that form a trie over path segments, and the walk through them.
//!
//! The tables are emitted in order of precedence; the walk knows no rule of its own but "literal, then
//! parameters in their order, then rest", and that a leaf counts only where it has the method. Paths are compared
//! in canonical spelling, byte for byte.

/// No node, no entry.
pub const NONE: u32 = u32::MAX;

/// The tables of a router.
#[derive(Debug)]
pub struct Router {
    /// All nodes; the first is the root, which stands before the first segment.
    pub nodes: &'static [Node],
    /// Tables of literal segments: each node owns `1 << edge_bits` slots, addressed by [`segment_hash`], linear
    /// probing with wrap-around inside its own slots, at most half full unless it is one slot.
    pub edges: &'static [Edge],
    /// Parameters, each node's in order of precedence.
    pub params: &'static [Param],
    /// Leaves, each node's in order of precedence.
    pub leaves: &'static [Leaf],
    /// The methods of all routes together, for `OPTIONS *`.
    pub methods: u16,
}

/// A place in a path.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// First slot in [`Router::edges`].
    pub edges: u32,
    /// First entry in [`Router::params`].
    pub params: u32,
    /// First leaf of routes that end here.
    pub here: u32,
    /// First leaf of routes whose rest begins here.
    pub rest: u32,
    /// Number of slots as a power of two; 255: no literal.
    pub edge_bits: u8,
    /// Number of parameters.
    pub param_count: u8,
    /// Number of leaves at `here`.
    pub here_count: u8,
    /// Number of leaves at `rest`.
    pub rest_count: u8,
}

/// A literal segment. An empty slot has `node == NONE`.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// [`segment_hash`] of the segment in canonical spelling.
    pub hash: u32,
    /// First byte of the segment in [`crate::program::Program::text`].
    pub start: u32,
    /// Its length.
    pub len: u16,
    /// Where it leads.
    pub node: u32,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// What it accepts.
    pub kind: Kind,
    /// Where it leads.
    pub node: u32,
}

/// The language of a parameter, over decoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any segment that is not empty.
    Any,
    /// `0|-?[1-9][0-9]*` within bounds, both included.
    Int {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// 8-4-4-4-12 hexadecimal digits, either case.
    Uuid,
    /// `YYYY-MM-DD`, a valid day of the proleptic Gregorian calendar.
    Date,
}

/// A route at the end of a path.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Bits of [`method`].
    pub methods: u16,
    /// Index into [`crate::program::Program::routes`].
    pub route: u32,
}

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

/// Hash of a literal segment: 32-bit FNV-1a. The compiler lays the tables out with the same function, and emitted
/// code asserts at compile time that both agree.
#[must_use]
pub const fn segment_hash(segment: &[u8]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    let mut rest = segment;
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ *byte as u32).wrapping_mul(0x0100_0193);
        rest = tail;
    }
    hash
}
