//! The set of texts that one path segment, or one label of a host, may be.
//!
//! All texts are in canonical spelling: what needs no escape is raw, everything else is `%XX`. Sets compare by their
//! members, never by how they were written: `int(5..5)` is the literal `5`. Simple kinds are compared by themselves; where a
//! regular expression takes part, automata are.

use std::rc::Rc;

use super::Relation;
use super::language::{self, Language};
use crate::check::path;

/// The texts that one path segment may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Set {
    /// One text, in canonical spelling; it may be empty.
    Literal(String),
    /// `0|-?[1-9][0-9]*`, with both bounds included.
    Int { min: i64, max: i64 },
    /// These texts, in canonical spelling and sorted: two at least, at most [`language::FEW`].
    OneOf(Rc<[String]>),
    /// A valid day, `YYYY-MM-DD`.
    Date,
    /// 8-4-4-4-12 hexadecimal digits, either case.
    Uuid,
    /// As many Unicode scalars, both bounds included; at least one.
    Length { min: u32, max: Option<u32> },
    /// More than [`language::FEW`] texts, and not all.
    Regular(Rc<Language>),
    /// Any text but the empty one.
    Any,
}

impl Set {
    /// The integers from `min` to `max`, which must not be empty.
    pub(crate) fn int(min: i64, max: i64) -> Self {
        if min == max { Self::Literal(min.to_string()) } else { Self::Int { min, max } }
    }

    /// Texts in canonical spelling. `None` where there are none.
    pub(super) fn one_of(mut texts: Vec<String>) -> Option<Self> {
        texts.sort_unstable();
        texts.dedup();
        if let [text] = texts.as_slice() {
            return Some(Self::Literal(text.clone()));
        }
        let mut numbers =
            texts.iter().map(|text| int(text)).collect::<Option<Vec<i64>>>().unwrap_or_default();
        numbers.sort_unstable();
        match (numbers.first(), numbers.last()) {
            (Some(min), Some(max)) if usize::try_from(max.abs_diff(*min)) == Ok(numbers.len() - 1) => {
                Some(Self::int(*min, *max))
            }
            _ => (!texts.is_empty()).then(|| Self::OneOf(texts.into())),
        }
    }

    /// Whether a text in canonical spelling is a member.
    pub(crate) fn contains(&self, text: &str) -> bool {
        match self {
            Self::Literal(own) => own == text,
            Self::Int { min, max } => int(text).is_some_and(|value| (*min..=*max).contains(&value)),
            Self::OneOf(texts) => texts.binary_search_by(|own| own.as_str().cmp(text)).is_ok(),
            Self::Date => is_date(text.as_bytes()),
            Self::Uuid => is_uuid(text.as_bytes()),
            Self::Length { min, max } => {
                let count = scalars(text);
                count >= *min && max.is_none_or(|max| count <= max)
            }
            Self::Regular(language) => language.contains(text),
            Self::Any => !text.is_empty(),
        }
    }

    /// Whether the members are the same, at little cost where no expression takes part.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Regular(_), _) | (_, Self::Regular(_)) => self.relation(other) == Relation::Equal,
            _ => self == other,
        }
    }

    pub(crate) fn relation(&self, other: &Self) -> Relation {
        if self == other {
            return Relation::Equal;
        }
        match (self, other) {
            (Self::Literal(_), Self::Literal(_)) => Relation::Disjoint,
            (Self::Literal(text), set) => {
                if set.contains(text) {
                    Relation::Inside
                } else {
                    Relation::Disjoint
                }
            }
            (Self::Int { min: a, max: b }, Self::Int { min: c, max: d }) => ranges((*a, *b), (*c, *d)),
            (Self::OneOf(texts), set) => few(texts, set),
            (_, Self::Literal(_) | Self::OneOf(_)) => other.relation(self).flipped(),
            (_, Self::Any) => Relation::Inside,
            (Self::Any, _) => Relation::Around,
            (Self::Regular(language), set) => language.relation(set),
            (Self::Length { min: a, max: b }, Self::Length { min: c, max: d }) => {
                let end = |max: &Option<u32>| max.map_or(i64::MAX, i64::from);
                ranges((i64::from(*a), end(b)), (i64::from(*c), end(d)))
            }
            (Self::Int { min, max }, Self::Length { .. }) => within(&int_lengths(*min, *max), other),
            (Self::Date, Self::Length { .. }) => within(&[10], other),
            (Self::Uuid, Self::Length { .. }) => within(&[36], other),
            // An integer has a minus only in front, a day has two inside, and a uuid has 36 characters.
            (Self::Int { .. } | Self::Date | Self::Uuid, Self::Int { .. } | Self::Date | Self::Uuid) => {
                Relation::Disjoint
            }
            _ => other.relation(self).flipped(),
        }
    }

    /// Some common members of two sets, the plainest first: the shortest, then the smallest. Empty if they are disjoint.
    pub(crate) fn common(&self, other: &Self) -> Vec<String> {
        let mut members = match (self, other) {
            (Self::Literal(text), _) | (_, Self::Literal(text)) => vec![text.clone()],
            (Self::OneOf(texts), _) | (_, Self::OneOf(texts)) => {
                let mut texts = texts.to_vec();
                texts.sort_by_key(String::len);
                texts
            }
            (Self::Int { min: a, max: b }, Self::Int { min: c, max: d }) => int_members(*a.max(c), *b.min(d)),
            (Self::Any, set) | (set, Self::Any) => set.members(),
            (a, b) => {
                let mut members = a.members();
                members.extend(b.members());
                members
            }
        };
        members.retain(|text| self.contains(text) && other.contains(text));
        if members.is_empty() && self.relation(other) != Relation::Disjoint {
            members = language::common(self, other);
        }
        members
    }

    /// Some members, the plainest first.
    pub(crate) fn members(&self) -> Vec<String> {
        let fixed: &[&str] = match self {
            Self::Literal(text) => return vec![text.clone()],
            Self::Int { min, max } => return int_members(*min, *max),
            Self::OneOf(_) => return self.common(self),
            Self::Length { min, .. } => {
                return ["0", "a", "b", "x"].iter().map(|text| text.repeat(*min as usize)).collect();
            }
            Self::Regular(language) => return language.members(),
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
}

/// How a list of texts lies to a set that is no literal.
fn few(texts: &Rc<[String]>, set: &Set) -> Relation {
    let inside = texts.iter().filter(|text| set.contains(text)).count();
    let size = match set {
        Set::OneOf(others) => Some(others.len()),
        Set::Int { min, max } => {
            usize::try_from(max.abs_diff(*min)).ok().and_then(|steps| steps.checked_add(1))
        }
        // All others have more members than any list.
        _ => None,
    };
    match (inside == 0, inside == texts.len(), Some(inside) == size) {
        (true, ..) => Relation::Disjoint,
        (_, true, true) => Relation::Equal,
        (_, true, false) => Relation::Inside,
        (_, false, true) => Relation::Around,
        (_, false, false) => Relation::Crossing,
    }
}

/// How texts of these lengths lie to a set of all texts of some lengths.
fn within(lengths: &[u32], set: &Set) -> Relation {
    let Set::Length { min, max } = set else { return Relation::Disjoint };
    let inside =
        lengths.iter().filter(|length| *length >= min && max.is_none_or(|max| **length <= max)).count();
    match inside {
        0 => Relation::Disjoint,
        some if some == lengths.len() => Relation::Inside,
        _ => Relation::Crossing,
    }
}

/// The lengths of the integers of a range, as they are written.
fn int_lengths(min: i64, max: i64) -> Vec<u32> {
    let digits = |value: i64| value.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
    let mut lengths = Vec::new();
    if max >= 0 {
        lengths.extend(digits(min.max(0))..=digits(max));
    }
    if min < 0 {
        lengths.extend((digits(max.min(-1))..=digits(min)).map(|digits| digits + 1));
    }
    lengths
}

fn scalars(text: &str) -> u32 {
    // An escape is one byte, and only those that do not continue a character begin one.
    let count = path::bytes(text).filter(|byte| byte & 0xc0 != 0x80).count();
    u32::try_from(count).unwrap_or(u32::MAX)
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
    fn a_list_of_texts_is_what_its_members_are() {
        let one_of =
            |texts: &[&str]| Set::one_of(texts.iter().map(|text| (*text).to_owned()).collect()).unwrap();
        assert_eq!(one_of(&["b", "b"]), literal("b"));
        assert_eq!(one_of(&["2", "1", "3"]), Set::int(1, 3));
        assert_eq!(one_of(&["2", "1", "x"]).relation(&Set::int(1, 2)), Relation::Around);
        assert_eq!(one_of(&["2", "a"]).relation(&one_of(&["a", "b"])), Relation::Crossing);
        assert_eq!(one_of(&["2", "a"]).relation(&Set::Any), Relation::Inside);
        assert_eq!(one_of(&["2", "a"]).relation(&Set::Uuid), Relation::Disjoint);
        assert_eq!(Set::one_of(Vec::new()), None);
    }

    #[test]
    fn lengths_count_characters() {
        let length = |min, max| Set::Length { min, max };
        assert!(length(2, Some(2)).contains("%C3%A4a") && !length(2, Some(2)).contains("%C3%A4"));
        assert_eq!(length(1, Some(3)).relation(&length(2, None)), Relation::Crossing);
        assert_eq!(Set::int(-9, 99).relation(&length(1, Some(2))), Relation::Inside);
        assert_eq!(Set::int(-10, 99).relation(&length(1, Some(2))), Relation::Crossing);
        assert_eq!(Set::int(100, 200).relation(&length(1, Some(2))), Relation::Disjoint);
        assert_eq!(Set::Date.relation(&length(10, Some(10))), Relation::Inside);
        assert_eq!(length(1, Some(35)).relation(&Set::Uuid), Relation::Disjoint);
    }
}
