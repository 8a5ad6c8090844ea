//! Conditions as sets of requests: for each field that is read, a set of texts or its absence, in disjunctive form.
//!
//! It does not know how a condition is written; what cannot be said by sets of texts is one unknown, named by its text.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Relation;
use super::automaton::{Automaton, TooLarge};

/// Alternatives that a condition may have.
pub(crate) const MOST: usize = 64;

/// Pieces that a comparison looks at.
const MOST_PIECES: usize = 20_000;

/// It has more than [`MOST`] alternatives, or cannot be compared in reasonable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooComplex;

impl From<TooLarge> for TooComplex {
    fn from(TooLarge: TooLarge) -> Self {
        Self
    }
}

/// Something that a condition reads.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    /// A field of the head, in lower case.
    Header(String),
    Query(String),
    Cookie(String),
    /// The client's address, as 128 binary digits.
    Ip,
    /// A parameter of the gateway.
    Param(String),
    /// A question that has no answer in sets of texts: present if it is true. Equal questions have equal keys.
    Unknown {
        key: String,
        shown: String,
    },
}

/// The values that a field may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Values {
    pub(crate) texts: Automaton,
    /// Whether it may be absent.
    pub(crate) absent: bool,
}

/// A condition as it is written.
#[derive(Clone, Debug)]
pub(crate) enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Not(Box<Formula>),
    Is(Field, Values),
}

/// Values of some fields at once; all others may be anything.
type Fields = BTreeMap<Field, Values>;

/// A set of requests, in disjunctive form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Condition {
    /// None of them is empty.
    ways: Rc<[Fields]>,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Field {}

impl PartialOrd for Field {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Field {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Field {
    /// What makes it the same field: not how it is shown.
    fn key(&self) -> (u8, &str) {
        match self {
            Self::Header(name) => (0, name),
            Self::Query(name) => (1, name),
            Self::Cookie(name) => (2, name),
            Self::Ip => (3, ""),
            Self::Param(name) => (4, name),
            Self::Unknown { key, .. } => (5, key),
        }
    }

    /// Everything that it can be.
    pub(crate) fn every(&self) -> Values {
        let all = if *self == Self::Ip { "[01]{128}" } else { ".*" };
        #[expect(clippy::expect_used, reason = "both are constants, and the tests make each")]
        let texts = Automaton::regex(all).expect("a small expression");
        Values { texts, absent: !matches!(self, Self::Ip | Self::Param(_)) }
    }
}

impl Values {
    /// These texts alone.
    pub(crate) fn texts(texts: Automaton) -> Self {
        Self { texts, absent: false }
    }

    fn is_empty(&self) -> bool {
        !self.absent && self.texts.is_empty()
    }

    fn and(&self, other: &Self) -> Result<Self, TooLarge> {
        Ok(Self { texts: self.texts.and(&other.texts)?, absent: self.absent && other.absent })
    }

    fn minus(&self, other: &Self) -> Result<Self, TooLarge> {
        Ok(Self { texts: self.texts.minus(&other.texts)?, absent: self.absent && !other.absent })
    }
}

impl Condition {
    /// What always holds.
    pub(crate) fn always() -> Self {
        Self { ways: Rc::new([Fields::new()]) }
    }

    pub(crate) fn of(formula: &Formula) -> Result<Self, TooComplex> {
        Ok(Self { ways: ways(formula, true)?.into() })
    }

    pub(crate) fn is_always(&self) -> bool {
        self.ways.iter().any(BTreeMap::is_empty)
    }

    /// Whether nothing can meet it.
    pub(crate) fn is_never(&self) -> bool {
        self.ways.is_empty()
    }

    pub(crate) fn relation(&self, other: &Self) -> Result<Relation, TooComplex> {
        if self == other {
            return Ok(if self.is_never() { Relation::Disjoint } else { Relation::Equal });
        }
        if self.common(other)?.is_none() {
            return Ok(Relation::Disjoint);
        }
        Ok(match (self.is_in(&[other])?, other.is_in(&[self])?) {
            (true, true) => Relation::Equal,
            (true, false) => Relation::Inside,
            (false, true) => Relation::Around,
            (false, false) => Relation::Crossing,
        })
    }

    /// Whether everything that meets it meets one of these.
    pub(crate) fn is_in(&self, others: &[&Self]) -> Result<bool, TooComplex> {
        let others: Vec<&Fields> = others.iter().flat_map(|other| other.ways.iter()).collect();
        let mut pieces = MOST_PIECES;
        for way in self.ways.iter() {
            if !is_covered(way, &others, &mut pieces)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Values with which both hold: of the fields that matter, those that are present, with a text.
    pub(crate) fn common(&self, other: &Self) -> Result<Option<Vec<(Field, String)>>, TooComplex> {
        for a in self.ways.iter() {
            for b in other.ways.iter() {
                if let Some(both) = and(a, b)? {
                    return Ok(Some(both.iter().filter_map(plainest).collect()));
                }
            }
        }
        Ok(None)
    }

    /// Values with which both hold and none of the others does: of the fields that matter, those that are present.
    pub(crate) fn common_without(
        &self,
        other: &Self,
        others: &[&Self],
    ) -> Result<Option<Vec<(Field, String)>>, TooComplex> {
        let others: Vec<&Fields> = others.iter().flat_map(|other| other.ways.iter()).collect();
        let mut pieces = MOST_PIECES;
        for a in self.ways.iter() {
            for b in other.ways.iter() {
                let Some(both) = and(a, b)? else { continue };
                if let Some(piece) = outside(&both, &others, &mut pieces)? {
                    return Ok(Some(piece.iter().filter_map(plainest).collect()));
                }
            }
        }
        Ok(None)
    }

    /// Whether it holds for these fields, all others being absent.
    pub(crate) fn holds(&self, fields: &[(Field, String)]) -> bool {
        self.ways.iter().any(|way| {
            way.iter().all(|(field, values)| match fields.iter().find(|(own, _)| own == field) {
                Some((_, text)) => values.texts.contains(text.as_bytes()),
                None => values.absent,
            })
        })
    }
}

/// A field with the plainest of its texts, unless it may be absent.
fn plainest((field, values): (&Field, &Values)) -> Option<(Field, String)> {
    if values.absent {
        return None;
    }
    // A text that can be seen, where there is one.
    let mut texts = values.texts.members(2);
    texts.sort_by_key(Vec::is_empty);
    let text = texts.into_iter().next().unwrap_or_default();
    Some((field.clone(), String::from_utf8_lossy(&text).into_owned()))
}

fn ways(formula: &Formula, holds: bool) -> Result<Vec<Fields>, TooComplex> {
    let mut found = match (formula, holds) {
        (Formula::Not(inner), _) => return ways(inner, !holds),
        (Formula::Is(field, values), _) => {
            let values = if holds { values.clone() } else { field.every().minus(values)? };
            if values.is_empty() {
                Vec::new()
            } else if values == field.every() {
                vec![Fields::new()]
            } else {
                vec![Fields::from([(field.clone(), values)])]
            }
        }
        (Formula::All(parts), true) | (Formula::Any(parts), false) => {
            let mut found = vec![Fields::new()];
            for part in parts {
                let further = ways(part, holds)?;
                let mut both = Vec::new();
                for a in &found {
                    for b in &further {
                        both.extend(and(a, b)?);
                    }
                }
                found = bounded(both)?;
            }
            found
        }
        (Formula::Any(parts), true) | (Formula::All(parts), false) => {
            let mut found = Vec::new();
            for part in parts {
                found.extend(ways(part, holds)?);
            }
            found
        }
    };
    // The same alternatives in another order are the same condition.
    found.sort_unstable();
    bounded(found)
}

fn bounded(mut ways: Vec<Fields>) -> Result<Vec<Fields>, TooComplex> {
    ways.dedup();
    if ways.len() > MOST { Err(TooComplex) } else { Ok(ways) }
}

/// What meets both, if anything does.
fn and(a: &Fields, b: &Fields) -> Result<Option<Fields>, TooLarge> {
    let mut both = a.clone();
    for (field, values) in b {
        let joined = match both.get(field) {
            Some(own) => own.and(values)?,
            None => values.clone(),
        };
        if joined.is_empty() {
            return Ok(None);
        }
        both.insert(field.clone(), joined);
    }
    Ok(Some(both))
}

/// Whether everything in `way` is in one of `others`.
fn is_covered(way: &Fields, others: &[&Fields], pieces: &mut usize) -> Result<bool, TooComplex> {
    Ok(outside(way, others, pieces)?.is_none())
}

/// A piece of `way` that is in none of `others`, if there is one: what the first leaves is cut into pieces for the rest.
fn outside(way: &Fields, others: &[&Fields], pieces: &mut usize) -> Result<Option<Fields>, TooComplex> {
    let Some((first, rest)) = others.split_first() else { return Ok(Some(way.clone())) };
    *pieces = pieces.checked_sub(1).ok_or(TooComplex)?;
    if and(way, first)?.is_none() {
        return outside(way, rest, pieces);
    }
    let mut left = way.clone();
    for (field, values) in *first {
        let own = left.get(field).cloned().unwrap_or_else(|| field.every());
        let apart = own.minus(values)?;
        if !apart.is_empty() {
            let mut piece = left.clone();
            piece.insert(field.clone(), apart);
            if let Some(found) = outside(&piece, rest, pieces)? {
                return Ok(Some(found));
            }
        }
        left.insert(field.clone(), own.and(values)?);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str) -> Field {
        Field::Header(name.to_owned())
    }

    fn is(name: &str, regex: &str) -> Formula {
        Formula::Is(header(name), Values::texts(Automaton::regex(regex).unwrap()))
    }

    fn unknown(text: &str) -> Formula {
        let field = Field::Unknown { key: text.to_owned(), shown: String::new() };
        let texts = field.every().texts;
        Formula::Is(field, Values::texts(texts))
    }

    fn not(formula: Formula) -> Formula {
        Formula::Not(Box::new(formula))
    }

    fn check(a: &Formula, b: &Formula, expected: Relation) {
        let (a, b) = (Condition::of(a).unwrap(), Condition::of(b).unwrap());
        assert_eq!(a.relation(&b), Ok(expected), "{a:?} {b:?}");
        assert_eq!(b.relation(&a), Ok(expected.flipped()));
    }

    #[test]
    fn fields_are_disjoint_included_equal_or_neither() {
        check(&is("x", "a"), &is("x", "b"), Relation::Disjoint);
        check(&is("x", "a"), &is("x", "a|b"), Relation::Inside);
        check(&is("x", "a"), &is("x", ".*"), Relation::Inside);
        check(&is("x", "a"), &is("y", "a"), Relation::Crossing);
        check(&is("x", "[ab]"), &Formula::Any(vec![is("x", "b"), is("x", "a")]), Relation::Equal);
        check(&is("x", "a"), &not(is("x", "a")), Relation::Disjoint);
        check(&Formula::All(vec![is("x", "a"), is("y", "b")]), &is("y", "b|c"), Relation::Inside);
    }

    #[test]
    fn what_is_not_a_text_may_be_absent() {
        let any = Condition::of(&Formula::Any(vec![is("x", ".*"), not(is("x", ".*"))])).unwrap();
        assert_eq!(any.relation(&Condition::always()), Ok(Relation::Equal));
        let set = Condition::of(&is("x", ".*")).unwrap();
        assert!(set.holds(&[(header("x"), String::new())]) && !set.holds(&[]));
        let other = Condition::of(&not(is("x", "a"))).unwrap();
        assert!(other.holds(&[]) && !other.holds(&[(header("x"), "a".to_owned())]));
    }

    #[test]
    fn the_same_text_is_the_same_unknown() {
        check(&unknown("f"), &unknown("f"), Relation::Equal);
        check(&unknown("f"), &not(unknown("f")), Relation::Disjoint);
        check(&unknown("f"), &unknown("g"), Relation::Crossing);
        check(&Formula::All(vec![unknown("f"), is("x", "a")]), &unknown("f"), Relation::Inside);
    }

    #[test]
    fn a_union_covers_what_none_of_its_parts_does() {
        let whole = Condition::of(&is("x", "[abc]")).unwrap();
        let part = |regex: &str| Condition::of(&is("x", regex)).unwrap();
        let (a, b, c) = (part("a"), part("[bx]"), part("c"));
        assert_eq!(whole.is_in(&[&a, &b]), Ok(false));
        assert_eq!(whole.is_in(&[&a, &b, &c]), Ok(true));
    }

    #[test]
    fn fields_that_meet_both_are_named() {
        let a = Condition::of(&Formula::All(vec![is("x", "[a-z]+"), not(is("y", "0"))])).unwrap();
        let b = Condition::of(&is("x", ".*[0-9]|zz|y.")).unwrap();
        let found = a.common(&b).unwrap().unwrap();
        assert_eq!(found, [(header("x"), "ya".to_owned())]);
        assert!(a.holds(&found) && b.holds(&found));
    }

    #[test]
    fn too_many_alternatives_are_refused() {
        let pair = |at: usize| Formula::Any(vec![is(&format!("a{at}"), "x"), is(&format!("b{at}"), "x")]);
        assert!(Condition::of(&Formula::All((0..6).map(pair).collect())).is_ok());
        assert_eq!(Condition::of(&Formula::All((0..7).map(pair).collect())), Err(TooComplex));
    }
}
