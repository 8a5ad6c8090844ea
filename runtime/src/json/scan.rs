//! The tokens of JSON (RFC 8259), each where it stands. It is total: no text makes it panic or recurse without bound.

use super::value::{decimal, int};
use crate::scope::Decimal;

/// How deeply arrays and objects may be nested.
const MOST_LEVELS: u32 = 64;

/// Why a text is no JSON that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// Not by the grammar of RFC 8259.
    Grammar,
    /// Nested too deeply.
    Depth,
    /// More values than a text of its length may have.
    Values,
    /// There is no room for what would be known of it.
    Full,
}

/// A place in a text, and what stands in front of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    pub(super) at: usize,
}

/// A string between its quotes, escapes and all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted<'t> {
    pub(super) raw: &'t str,
    pub(super) is_escaped: bool,
}

/// A number, as it stands there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<'t> {
    text: &'t [u8],
    is_negative: bool,
    /// Digits in front of the point.
    whole: usize,
    /// Digits behind the point.
    fraction: usize,
    has_exponent: bool,
    /// All digits but those of an exponent, as one number, if it is one.
    digits: i64,
}

impl Number<'_> {
    /// So many digits are a number in any case.
    const FEW: usize = 18;

    /// The number without a fraction and an exponent that it is; `None` where it is none, or beyond what a number can be.
    pub(super) fn int(&self) -> Option<i64> {
        if self.fraction > 0 || self.has_exponent {
            return None;
        }
        if self.whole <= Self::FEW {
            return Some(if self.is_negative { -self.digits } else { self.digits });
        }
        int(self.text)
    }

    /// The number, what is finer than 10⁻⁹ cut off. `None` where it is beyond what a number can be.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        const PLACES: [i64; 10] =
            [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
        let is_plain = !self.has_exponent && self.whole + self.fraction <= Self::FEW;
        let Some(place) = PLACES.get(self.fraction).filter(|_| is_plain) else { return decimal(self.text) };
        let units = i128::from(self.digits) * i128::from(*place);
        Some(Decimal(if self.is_negative { -units } else { units }))
    }
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes over blanks, and says what is next.
    pub(super) fn next(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.peek()
    }

    /// Passes over one byte, if it is this.
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let is_it = self.next() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    /// Passes over all of these bytes, if they are next.
    pub(super) fn takes_all(&mut self, bytes: &[u8]) -> bool {
        self.next();
        let is_it = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(bytes));
        self.at += if is_it { bytes.len() } else { 0 };
        is_it
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.takes(byte) { Ok(()) } else { Err(Malformed::Grammar) }
    }

    /// `true`, `false` or `null`.
    pub(super) fn word(&mut self, word: &[u8]) -> Result<(), Malformed> {
        if self.takes_all(word) { Ok(()) } else { Err(Malformed::Grammar) }
    }

    /// A string, whose quote is next.
    pub(super) fn string(&mut self) -> Result<Quoted<'t>, Malformed> {
        let start = self.at + 1;
        let is_escaped = self.pass()?;
        Ok(Quoted { raw: self.text.get(start..self.at - 1).unwrap_or_default(), is_escaped })
    }

    /// Passes over a string, whose quote is next. Whether it has escapes.
    pub(super) fn pass(&mut self) -> Result<bool, Malformed> {
        self.at += 1;
        let mut is_escaped = false;
        loop {
            self.at += plain(self.bytes.get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(is_escaped);
                }
                Some(b'\\') => {
                    is_escaped = true;
                    self.escape()?;
                }
                _ => return Err(Malformed::Grammar),
            }
        }
    }

    /// An escape, whose backslash is next. Half of a surrogate pair stands for nothing.
    fn escape(&mut self) -> Result<(), Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (_, len) = unescape(rest).ok_or(Malformed::Grammar)?;
        self.at += len;
        Ok(())
    }

    /// A number, whose first byte is next.
    pub(super) fn number(&mut self) -> Result<Number<'t>, Malformed> {
        let start = self.at;
        let is_negative = self.peek() == Some(b'-');
        self.at += usize::from(is_negative);
        let mut digits = 0;
        let whole = self.digits(&mut digits);
        match whole {
            0 => return Err(Malformed::Grammar),
            count if count > 1 && self.bytes.get(self.at - count) == Some(&b'0') => {
                self.at -= count - 1;
                return Err(Malformed::Grammar);
            }
            _ => {}
        }
        let mut fraction = 0;
        if self.peek() == Some(b'.') {
            self.at += 1;
            fraction = self.digits(&mut digits);
            if fraction == 0 {
                return Err(Malformed::Grammar);
            }
        }
        let has_exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if has_exponent {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits(&mut 0) == 0 {
                return Err(Malformed::Grammar);
            }
        }
        let text = self.bytes.get(start..self.at).unwrap_or_default();
        Ok(Number { text, is_negative, whole, fraction, has_exponent, digits })
    }

    /// How many digits are next, which are put behind those that `all` is. What is too long wraps around.
    fn digits(&mut self, all: &mut i64) -> usize {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            *all = all.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        self.at - start
    }

    /// Passes over a value that nobody wants. `level` is how many arrays and objects are around it.
    pub(super) fn skip(&mut self, level: u32) -> Result<(), Malformed> {
        match self.next() {
            Some(b'"') => self.pass().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number().map(|_| ()),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'[') => {
                let level = deeper(level)?;
                self.at += 1;
                if self.takes(b']') {
                    return Ok(());
                }
                loop {
                    self.skip(level)?;
                    if !self.takes(b',') {
                        return self.expect(b']');
                    }
                }
            }
            Some(b'{') => {
                let level = deeper(level)?;
                self.at += 1;
                if self.takes(b'}') {
                    return Ok(());
                }
                loop {
                    if self.next() != Some(b'"') {
                        return Err(Malformed::Grammar);
                    }
                    self.pass()?;
                    self.expect(b':')?;
                    self.skip(level)?;
                    if !self.takes(b',') {
                        return self.expect(b'}');
                    }
                }
            }
            _ => Err(Malformed::Grammar),
        }
    }
}

/// One level further in.
pub(super) fn deeper(level: u32) -> Result<u32, Malformed> {
    if level < MOST_LEVELS { Ok(level + 1) } else { Err(Malformed::Depth) }
}

/// The number of bytes in front of the first that ends a string, begins an escape or may not stand in one; eight are looked
/// at together.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, _) = bytes.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let ends =
            has_zero(word ^ (ONES * u64::from(b'"'))) | has_zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if ends != 0 {
            // The lowest mark is exact; those above it may be carried.
            return at + (ends.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

/// What the escape at the front of `bytes` stands for, and how long it is.
pub(super) fn unescape(bytes: &[u8]) -> Option<(char, usize)> {
    let plain = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let high = unit(bytes)?;
            if !(0xd800..0xdc00).contains(&high) {
                return Some((char::from_u32(high)?, 6));
            }
            let behind = bytes.get(6..).filter(|behind| behind.starts_with(b"\\u"))?;
            let low = unit(behind).filter(|low| (0xdc00..0xe000).contains(low))?;
            return Some((char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 12));
        }
        _ => return None,
    };
    Some((plain, 2))
}

/// The four digits of `\uXXXX`.
fn unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(2..6)?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}
