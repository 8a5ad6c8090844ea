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
    let mut hash = HASH_START;
    let mut rest = segment;
    while let [byte, tail @ ..] = rest {
        hash = hash_step(hash, *byte);
        rest = tail;
    }
    hash
}

const HASH_START: u32 = 0x811c_9dc5;

const fn hash_step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
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

/// Captures of one request: ranges of the canonical path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Captures {
    spans: [(u16, u16); Captures::MOST],
}

impl Captures {
    /// Captures that one route can have.
    pub const MOST: usize = 16;

    /// The text of the n-th capture.
    #[must_use]
    pub fn at(self, index: u8, path: &[u8]) -> &[u8] {
        let (start, end) = self.spans.get(usize::from(index)).copied().unwrap_or_default();
        path.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    fn set(&mut self, index: usize, start: usize, end: usize) {
        // A head, and so a path, is at most 32 KiB.
        if let (Some(span), Ok(start), Ok(end)) =
            (self.spans.get_mut(index), u16::try_from(start), u16::try_from(end))
        {
            *span = (start, end);
        }
    }
}

impl Router {
    /// Finds the route for a canonical path and a method bit.
    #[must_use]
    pub fn find(&self, text: &str, path: &[u8], method: u16, captures: &mut Captures) -> Found {
        let mut walk = Walk { router: self, text: text.as_bytes(), path, method, captures, allowed: 0 };
        match walk.node(0, 1, 0) {
            Some(route) => Found::Route(route),
            None if walk.allowed != 0 => Found::OtherMethods(walk.allowed),
            None => Found::Nothing,
        }
    }
}

/// The first segment of `rest`, and its [`segment_hash`], in one pass.
fn segment(rest: &[u8]) -> (&[u8], u32) {
    let mut hash = HASH_START;
    for (at, byte) in rest.iter().enumerate() {
        if *byte == b'/' {
            return (rest.get(..at).unwrap_or_default(), hash);
        }
        hash = hash_step(hash, *byte);
    }
    (rest, hash)
}

/// One walk, depth first. Its depth is that of the trie, which the compiler bounds.
struct Walk<'a> {
    router: &'a Router,
    text: &'a [u8],
    path: &'a [u8],
    method: u16,
    captures: &'a mut Captures,
    /// Methods of the leaves that were passed by.
    allowed: u16,
}

impl Walk<'_> {
    /// At `node`, with the next segment beginning at `at` and `taken` captures made.
    fn node(&mut self, node: u32, at: usize, taken: usize) -> Option<u32> {
        let node = self.router.nodes.get(node as usize)?;
        let (segment, hash) = segment(self.path.get(at..)?);
        let end = at + segment.len();
        if let Some(next) = self.literal(node, segment, hash)
            && let Some(route) = self.enter(next, end, taken)
        {
            return Some(route);
        }
        if node.param_count > 0 && !segment.is_empty() {
            for index in 0..u32::from(node.param_count) {
                let Some(param) = self.router.params.get((node.params + index) as usize) else { break };
                if param.kind.accepts(segment)
                    && let Some(route) = self.enter(param.node, end, taken + 1)
                {
                    self.captures.set(taken, at, end);
                    return Some(route);
                }
            }
        }
        let route = self.leaf(node.rest, node.rest_count)?;
        self.captures.set(taken, at, self.path.len());
        Some(route)
    }

    /// Behind a segment that ended at `end`.
    fn enter(&mut self, node: u32, end: usize, taken: usize) -> Option<u32> {
        if end == self.path.len() {
            let node = self.router.nodes.get(node as usize)?;
            self.leaf(node.here, node.here_count)
        } else {
            self.node(node, end + 1, taken)
        }
    }

    fn literal(&self, node: &Node, segment: &[u8], hash: u32) -> Option<u32> {
        if node.edge_bits == 255 {
            return None;
        }
        let mask = (1_u32 << node.edge_bits) - 1;
        let mut slot = hash & mask;
        loop {
            let edge = self.router.edges.get((node.edges + slot) as usize)?;
            if edge.node == NONE {
                return None;
            }
            let start = edge.start as usize;
            if usize::from(edge.len) == segment.len()
                && (mask == 0 || edge.hash == hash)
                && self.text.get(start..start + segment.len()) == Some(segment)
            {
                return Some(edge.node);
            }
            if mask == 0 {
                return None;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn leaf(&mut self, first: u32, count: u8) -> Option<u32> {
        for index in 0..u32::from(count) {
            let leaf = self.router.leaves.get((first + index) as usize)?;
            if leaf.methods & self.method != 0 {
                return Some(leaf.route);
            }
            self.allowed |= leaf.methods;
        }
        None
    }
}

impl Kind {
    /// Whether a segment that is not empty, in canonical spelling, is in the language.
    #[must_use]
    pub fn accepts(self, segment: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Int { min, max } => int(segment).is_some_and(|int| (min..=max).contains(&int)),
            Self::Uuid => uuid(segment),
            Self::Date => date(segment).is_some(),
        }
    }
}

/// `0|-?[1-9][0-9]*`, as far as it fits 64 bits.
fn int(segment: &[u8]) -> Option<i64> {
    let (negative, digits) = match segment {
        b"0" => return Some(0),
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.first().is_none_or(|digit| !matches!(digit, b'1'..=b'9')) || digits.len() > 19 {
        return None;
    }
    // Counted downwards, since there is one more negative number.
    let below = digits.iter().try_fold(0_i64, |sum, digit| {
        digit.is_ascii_digit().then(|| sum.checked_mul(10)?.checked_sub(i64::from(digit - b'0')))?
    })?;
    if negative { Some(below) } else { below.checked_neg() }
}

fn uuid(segment: &[u8]) -> bool {
    segment.len() == 36
        && segment.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn date(segment: &[u8]) -> Option<()> {
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = segment else { return None };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_u32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
    };
    let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_one_spelling() {
        let any = Kind::Int { min: i64::MIN, max: i64::MAX };
        for yes in ["0", "7", "-7", "10", "9223372036854775807", "-9223372036854775808"] {
            assert!(any.accepts(yes.as_bytes()), "{yes}");
        }
        for no in ["-0", "07", "+7", "-", "7a", "9223372036854775808", "99999999999999999999", "1.0"] {
            assert!(!any.accepts(no.as_bytes()), "{no}");
        }
        let bounded = Kind::Int { min: 1, max: 50 };
        assert!(
            bounded.accepts(b"1")
                && bounded.accepts(b"50")
                && !bounded.accepts(b"0")
                && !bounded.accepts(b"51")
        );
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        for yes in ["2024-02-29", "2000-02-29", "1999-12-31", "0001-01-01"] {
            assert!(Kind::Date.accepts(yes.as_bytes()), "{yes}");
        }
        for no in
            ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-4-1", "2024-01-00"]
        {
            assert!(!Kind::Date.accepts(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn uuids_have_36_characters_in_either_case() {
        assert!(Kind::Uuid.accepts(b"6f1c0d6e-2F63-4c11-9c54-0c8a3f1f7a10"));
        for no in ["6f1c0d6e2f634c119c540c8a3f1f7a10", "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a1g", ""] {
            assert!(!Kind::Uuid.accepts(no.as_bytes()), "{no}");
        }
    }
}
