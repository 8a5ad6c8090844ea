//! The languages that a parameter can have, and whether a segment is in one.

use crate::dfa::Dfa;

/// The language of a parameter, over decoded bytes.
#[derive(Clone, Copy, Debug)]
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
    /// One of these texts, in canonical spelling and sorted.
    OneOf(&'static [&'static str]),
    /// As many Unicode scalars; both bounds included.
    Length {
        /// Fewest.
        min: u32,
        /// Most.
        max: u32,
    },
    /// What an automaton accepts, decoded.
    Regular(&'static Dfa),
}

impl Kind {
    /// Whether a segment that is not empty, in canonical spelling, is in the language.
    #[must_use]
    #[inline]
    pub fn accepts(self, segment: &[u8]) -> bool {
        matches!(self, Self::Any) || self.holds(segment)
    }

    fn holds(self, segment: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Int { min, max } => int(segment).is_some_and(|int| (min..=max).contains(&int)),
            Self::Uuid => uuid(segment),
            Self::Date => date(segment).is_some(),
            Self::OneOf(texts) => texts.binary_search_by(|text| text.as_bytes().cmp(segment)).is_ok(),
            Self::Length { min, max } => (min..=max).contains(&scalars(segment)),
            Self::Regular(dfa) => dfa.accepts_spelled(segment),
        }
    }
}

/// How many characters a segment in canonical spelling stands for.
fn scalars(segment: &[u8]) -> u32 {
    let (mut count, mut rest) = (0, segment);
    loop {
        // An escape is one byte, and `%8X` to `%BX` only continue a character.
        let begins = !matches!(rest, [b'%', b'8' | b'9' | b'A' | b'B', ..]);
        rest = match rest {
            [b'%', _, _, rest @ ..] | [_, rest @ ..] => rest,
            [] => return count,
        };
        count += u32::from(begins);
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
    fn lengths_count_characters_and_not_escapes() {
        let kind = Kind::Length { min: 2, max: 3 };
        for yes in ["ab", "abc", "%C3%A4b", "%F0%9F%98%80%20%7F"] {
            assert!(kind.accepts(yes.as_bytes()), "{yes}");
        }
        for no in ["a", "%C3%A4", "abcd", "%20%20%20%20"] {
            assert!(!kind.accepts(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn a_list_holds_its_texts_and_no_others() {
        let kind = Kind::OneOf(&["a", "a%20b", "c"]);
        assert!(kind.accepts(b"a%20b") && kind.accepts(b"c") && !kind.accepts(b"b") && !kind.accepts(b"ab"));
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
