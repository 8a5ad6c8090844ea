//! Segments of a path, read eight bytes at a time, and the hash by which literal ones are found.

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

/// A segment of a path, read eight bytes at a time.
pub(super) struct Segment {
    pub(super) len: usize,
    /// Its first eight bytes, padded with zeros.
    pub(super) word: u64,
    /// Of a segment longer than that, the state of its [`segment_hash`].
    state: u64,
}

impl Segment {
    /// What stands in `path` from `at` to the next slash.
    pub(super) fn first(path: &[u8], at: usize) -> Self {
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
    pub(super) fn hash(&self) -> u32 {
        finish(if self.len <= 8 { fold(0, self.word) } else { self.state })
    }
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
}
