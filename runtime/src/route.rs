//! Which route wins: constant tables that form a trie over path segments, and the walk through them.
//!
//! The tables are emitted in order of precedence; the walk knows no rule of its own but "literal, then
//! parameters in their order, then rest", and that a leaf counts only where it has the method. Paths are compared
//! in canonical spelling, byte for byte.

use std::ops::Range;

/// No node, no entry.
pub const NONE: u32 = u32::MAX;

/// The tables of a router.
#[derive(Clone, Copy, Debug)]
pub struct Router {
    /// All nodes; the first is the root, which stands before the first segment.
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

/// Hash of a literal segment, eight bytes at a time. The compiler lays the tables out with the same function, and
/// emitted code asserts at compile time that both agree.
#[must_use]
pub const fn segment_hash(segment: &[u8]) -> u32 {
    let mut state = 0;
    let mut rest = segment;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        state = fold(state, u64::from_le_bytes(*word));
        rest = tail;
    }
    if !rest.is_empty() {
        let mut word = 0;
        while let [head @ .., last] = rest {
            word = word << 8 | *last as u64;
            rest = head;
        }
        state = fold(state, word);
    }
    finish(state)
}

const fn fold(state: u64, word: u64) -> u64 {
    (state.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[allow(clippy::cast_possible_truncation, reason = "the upper half fits")]
const fn finish(state: u64) -> u32 {
    (state >> 32) as u32
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
    spans: [(u32, u32); Captures::MOST],
}

impl Captures {
    /// Captures that one route can have.
    pub const MOST: usize = 16;

    /// The text of the n-th capture.
    #[must_use]
    pub fn at(self, index: u8, path: &[u8]) -> &[u8] {
        let (start, end) = self.spans.get(usize::from(index)).copied().unwrap_or_default();
        path.get(start as usize..end as usize).unwrap_or_default()
    }

    fn set(&mut self, index: usize, start: usize, end: usize) {
        // A canonical path is at most three times as long as a head, which is bounded far below 4 GiB.
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        if let Some(span) = self.spans.get_mut(index) {
            *span = (narrow(start), narrow(end));
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
        }
        None
    }
}

/// A segment of a path, read eight bytes at a time.
struct Segment {
    len: usize,
    /// Its first eight bytes, padded with zeros.
    word: u64,
    /// Of a segment longer than that, the state of its [`segment_hash`].
    state: u64,
}

impl Segment {
    /// What stands in `path` from `at` to the next slash.
    fn first(path: &[u8], at: usize) -> Self {
        let (word, len) = Self::part(path, at);
        if len < 8 { Self { len, word, state: 0 } } else { Self::long(path, at, word) }
    }

    /// The bytes from `at` to the next slash, at most eight, as one number, and how many they are.
    fn part(path: &[u8], at: usize) -> (u64, usize) {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let rest = path.get(at..).unwrap_or_default();
        let (word, most) = match (rest.first_chunk::<8>(), path.last_chunk::<8>()) {
            (Some(word), _) => (u64::from_le_bytes(*word), 8),
            // The last eight bytes of the path, without those before `at`.
            (None, Some(last)) if !rest.is_empty() => {
                (u64::from_le_bytes(*last) >> (64 - 8 * rest.len()), rest.len())
            }
            _ => (rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)), rest.len()),
        };
        let zeros = word ^ (ONES * 0x2f);
        // The lowest bit set marks the first zero byte; only those above it may be wrong.
        let marks = zeros.wrapping_sub(ONES) & !zeros & (ONES << 7);
        if marks == 0 {
            return (word, most);
        }
        let bits = marks.trailing_zeros() & !7;
        (word & ((1 << bits) - 1), bits as usize / 8)
    }

    #[cold]
    fn long(path: &[u8], at: usize, word: u64) -> Self {
        let (mut len, mut state) = (8, fold(0, word));
        loop {
            let (next, count) = Self::part(path, at + len);
            if count > 0 {
                state = fold(state, next);
            }
            len += count;
            if count < 8 {
                return Self { len, word, state };
            }
        }
    }

    /// Its [`segment_hash`].
    fn hash(&self) -> u32 {
        finish(if self.len <= 8 { fold(0, self.word) } else { self.state })
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
    fn a_segment_ends_at_its_slash_wherever_that_is() {
        for text in
            ["", "a", "items", "exactly8", "ninechars", "sixteen-chars-ok", "more than sixteen characters"]
        {
            for behind in ["", "/", "/x", "/a-longer-tail/with/more"] {
                for before in ["", "/", "/longer/than/eight/"] {
                    let path = format!("{before}{text}{behind}");
                    let segment = Segment::first(path.as_bytes(), before.len());
                    let expected = (text.len(), segment_hash(text.as_bytes()));
                    assert_eq!((segment.len, segment.hash()), expected, "{path}");
                }
            }
        }
    }

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
