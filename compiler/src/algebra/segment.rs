//! The set of texts that one path segment may be.
//!
//! All texts are in canonical spelling: what needs no escape is raw, everything else is `%XX`. Sets compare by their
//! members, never by how they were written, so `int(5..5)` is the literal `5`.

use std::cmp::Ordering;

use super::Relation;

/// The texts that one path segment may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    /// One text, in canonical spelling; it may be empty.
    Literal(String),
    /// `0|-?[1-9][0-9]*`, with both bounds included.
    Int { min: i64, max: i64 },
    /// A valid day, `YYYY-MM-DD`.
    Date,
    /// 8-4-4-4-12 hexadecimal digits, either case.
    Uuid,
    /// Any text but the empty one.
    Any,
}

impl Set {
    /// The integers from `min` to `max`, which must not be empty.
    pub(crate) fn int(min: i64, max: i64) -> Self {
        if min == max { Self::Literal(min.to_string()) } else { Self::Int { min, max } }
    }

    /// Whether a text in canonical spelling is a member.
    pub(crate) fn contains(&self, text: &str) -> bool {
        match self {
            Self::Literal(own) => own == text,
            Self::Int { min, max } => int(text).is_some_and(|value| (*min..=*max).contains(&value)),
            Self::Date => is_date(text.as_bytes()),
            Self::Uuid => is_uuid(text.as_bytes()),
            Self::Any => !text.is_empty(),
        }
    }

    pub(crate) fn relation(&self, other: &Self) -> Relation {
        match (self, other) {
            (Self::Literal(a), Self::Literal(b)) => {
                if a == b {
                    Relation::Equal
                } else {
                    Relation::Disjoint
                }
            }
            (Self::Literal(text), set) => {
                if set.contains(text) {
                    Relation::Inside
                } else {
                    Relation::Disjoint
                }
            }
            (_, Self::Literal(_)) => other.relation(self).flipped(),
            (Self::Int { min: a, max: b }, Self::Int { min: c, max: d }) => ranges((*a, *b), (*c, *d)),
            (Self::Date, Self::Date) | (Self::Uuid, Self::Uuid) | (Self::Any, Self::Any) => Relation::Equal,
            (_, Self::Any) => Relation::Inside,
            (Self::Any, _) => Relation::Around,
            // An integer has a minus only in front, a day has two inside, and a uuid has 36 characters.
            _ => Relation::Disjoint,
        }
    }

    /// A total order in which a set stands before every set that includes it.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Literal(a), Self::Literal(b)) => a.cmp(b),
            (Self::Int { min: a, max: b }, Self::Int { min: c, max: d }) => {
                (b.abs_diff(*a), a).cmp(&(d.abs_diff(*c), c))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// Some common members of two sets, the plainest first: the shortest, then the smallest. Empty if they are disjoint.
    pub(crate) fn common(&self, other: &Self) -> Vec<String> {
        let mut members = match (self, other) {
            (Self::Int { min: a, max: b }, Self::Int { min: c, max: d }) => int_members(*a.max(c), *b.min(d)),
            (Self::Any, set) | (set, _) if !matches!(set, Self::Any) => set.members(),
            (_, set) => set.members(),
        };
        members.retain(|text| self.contains(text) && other.contains(text));
        members
    }

    /// Some members, the plainest first.
    fn members(&self) -> Vec<String> {
        let fixed: &[&str] = match self {
            Self::Literal(text) => return vec![text.clone()],
            Self::Int { min, max } => return int_members(*min, *max),
            Self::Date => &["2000-01-01", "2000-01-02", "2001-01-01", "2004-02-29"],
            Self::Uuid => &[
                "00000000-0000-0000-0000-000000000000",
                "00000000-0000-0000-0000-000000000001",
                "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10",
            ],
            Self::Any => &["0", "a", "b", "x", "aa", "a.b", "some", "any-thing"],
        };
        fixed.iter().map(|text| (*text).to_owned()).collect()
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Int { .. } => 1,
            Self::Date => 2,
            Self::Uuid => 3,
            Self::Any => 4,
        }
    }
}

fn ranges((a, b): (i64, i64), (c, d): (i64, i64)) -> Relation {
    if b < c || d < a {
        Relation::Disjoint
    } else if (a, b) == (c, d) {
        Relation::Equal
    } else if c <= a && b <= d {
        Relation::Inside
    } else if a <= c && d <= b {
        Relation::Around
    } else {
        Relation::Crossing
    }
}

fn int_members(min: i64, max: i64) -> Vec<String> {
    let nearest_to_zero = 0.clamp(min, max.max(min));
    let mut values = vec![nearest_to_zero];
    values.extend([1, 2, 3, 7, 42, min, max].iter().filter(|value| (min..=max).contains(value)));
    values.extend(nearest_to_zero.checked_add(1).filter(|value| *value <= max));
    values.dedup();
    values.iter().map(i64::to_string).collect()
}

/// The value of a text that is spelled as an integer: no sign but a minus, no leading zero, no `-0`.
fn int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = match digits.as_bytes() {
        [b'0'] => !text.starts_with('-'),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if plain { text.parse().ok() } else { None }
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_date(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return false };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let (Some(year), Some(month), Some(day)) =
        (number(&[*y1, *y2, *y3, *y4]), number(&[*m1, *m2]), number(&[*d1, *d2]))
    else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10";

    fn literal(text: &str) -> Set {
        Set::Literal(text.to_owned())
    }

    #[test]
    fn an_integer_is_spelled_in_one_way() {
        let all = Set::int(i64::MIN, i64::MAX);
        for text in ["0", "7", "-7", "10", "9223372036854775807", "-9223372036854775808"] {
            assert!(all.contains(text), "{text}");
        }
        for text in ["", "-", "-0", "01", "+1", "1.0", "9223372036854775808", "a", "1a", "%31"] {
            assert!(!all.contains(text), "{text}");
        }
    }

    #[test]
    fn a_range_of_one_is_a_literal() {
        assert_eq!(Set::int(5, 5), literal("5"));
        assert_eq!(Set::int(5, 5).relation(&Set::int(1, 9)), Relation::Inside);
    }

    #[test]
    fn ranges_nest_cross_or_part() {
        let check = |a: (i64, i64), b: (i64, i64), expected| {
            assert_eq!(Set::int(a.0, a.1).relation(&Set::int(b.0, b.1)), expected, "{a:?} {b:?}");
            assert_eq!(Set::int(b.0, b.1).relation(&Set::int(a.0, a.1)), expected.flipped(), "{b:?} {a:?}");
        };
        check((1, 50), (1, 100), Relation::Inside);
        check((1, 50), (10, 99), Relation::Crossing);
        check((1, 50), (51, 99), Relation::Disjoint);
        check((1, 50), (1, 50), Relation::Equal);
        check((i64::MIN, i64::MAX), (0, 1), Relation::Around);
    }

    #[test]
    fn days_follow_the_calendar() {
        for text in ["2024-02-29", "2000-02-29", "1999-12-31"] {
            assert!(Set::Date.contains(text), "{text}");
        }
        for text in
            ["2023-02-29", "1900-02-29", "2024-00-01", "2024-13-01", "2024-04-31", "2024-1-01", "24-01-01"]
        {
            assert!(!Set::Date.contains(text), "{text}");
        }
    }

    #[test]
    fn a_literal_lies_inside_the_types_that_accept_it() {
        assert_eq!(literal(UUID).relation(&Set::Uuid), Relation::Inside);
        assert_eq!(literal("").relation(&Set::Any), Relation::Disjoint);
        assert_eq!(Set::Any.relation(&literal("x")), Relation::Around);
        assert_eq!(Set::Uuid.relation(&Set::Date), Relation::Disjoint);
    }

    #[test]
    fn common_members_are_members_of_both() {
        let sets = [
            literal("7"),
            literal(""),
            Set::int(-9, -3),
            Set::int(1, 50),
            Set::int(10, 99),
            Set::Date,
            Set::Uuid,
            Set::Any,
        ];
        for a in &sets {
            for b in &sets {
                let common = a.common(b);
                assert_eq!(common.is_empty(), a.relation(b) == Relation::Disjoint, "{a:?} {b:?}");
                assert!(common.iter().all(|text| a.contains(text) && b.contains(text)));
            }
        }
        assert_eq!(Set::int(1, 50).common(&Set::int(10, 99)).first().map(String::as_str), Some("10"));
    }

    #[test]
    fn the_smaller_set_stands_first() {
        let sets = [
            literal("7"),
            Set::int(1, 50),
            Set::int(1, 100),
            Set::int(i64::MIN, i64::MAX),
            Set::Date,
            Set::Uuid,
            Set::Any,
        ];
        for (at, a) in sets.iter().enumerate() {
            for (bt, b) in sets.iter().enumerate() {
                assert_eq!(a.precedence(b), at.cmp(&bt), "{a:?} {b:?}");
            }
        }
    }
}
