//! Types as sets of texts: the exact automata of those that can be a segment of a path or a label of a host.
//!
//! What no request can have there is in no set: neither a slash in a segment nor a capital in a label.

use std::cell::{OnceCell, RefCell};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::automaton::{Alphabet, Automaton, Refusal, TooLarge};
use super::{Relation, Set};
use crate::check::path;
use crate::ty::{Range, Text, Ty};

/// A set of no more members is kept as the list of them.
pub(crate) const FEW: usize = 64;

/// A set that is known by its automaton. It remembers how others lie to it.
#[derive(Debug)]
pub(crate) struct Language {
    automaton: Automaton,
    known: RefCell<BTreeMap<Other, Relation>>,
    members: OnceCell<Vec<String>>,
}

/// What a language is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Int(i64, i64),
    Date,
    Uuid,
    Length(u32, Option<u32>),
    Regular(Automaton),
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.automaton == other.automaton
    }
}

impl Eq for Language {}

impl PartialOrd for Language {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Language {
    fn cmp(&self, other: &Self) -> Ordering {
        self.automaton.cmp(&other.automaton)
    }
}

impl Language {
    pub(crate) fn automaton(&self) -> &Automaton {
        &self.automaton
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.automaton.contains(&path::bytes(text).collect::<Vec<u8>>())
    }

    pub(super) fn members(&self) -> Vec<String> {
        self.members.get_or_init(|| spelled(self.automaton.members(8))).clone()
    }

    /// How this set lies to another that is no literal and no list.
    pub(super) fn relation(&self, set: &Set) -> Relation {
        let other = match set {
            Set::Int { min, max } => Other::Int(*min, *max),
            Set::Date => Other::Date,
            Set::Uuid => Other::Uuid,
            Set::Length { min, max } => Other::Length(*min, *max),
            Set::Regular(language) => Other::Regular(language.automaton.clone()),
            // INVARIANT: `Set::relation` asks for the others only.
            Set::Literal(_) | Set::OneOf(_) | Set::Any => return Relation::Inside,
        };
        if let Some(known) = self.known.borrow().get(&other) {
            return *known;
        }
        let relation = automaton(set).and_then(|set| self.automaton.relation(&set));
        // What is too large to be compared was refused where the set was made.
        let relation = relation.unwrap_or(Relation::Crossing);
        self.known.borrow_mut().insert(other, relation);
        relation
    }
}

/// Sets of segments and labels, each type read once.
#[derive(Debug)]
pub(crate) struct Languages {
    segments: Kind,
    labels: Kind,
}

/// What can stand at a place, and what is known of the types there.
#[derive(Debug)]
struct Kind {
    every: Automaton,
    /// Whether the simple kinds are exact there.
    keeps_case: bool,
    known: BTreeMap<Ty, Result<Set, Refused>>,
}

/// Why a type is no set of texts at this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Regex(Refusal),
    /// No request can have any of its texts there.
    Empty,
    /// Its values have no text of this kind.
    Unsupported,
}

impl From<TooLarge> for Refused {
    fn from(TooLarge: TooLarge) -> Self {
        Self::Regex(Refusal::TooLarge)
    }
}

impl Languages {
    pub(crate) fn new() -> Self {
        let kind = |every, keeps_case| Kind { every, keeps_case, known: BTreeMap::new() };
        Self { segments: kind(every_segment(), true), labels: kind(every_label(), false) }
    }

    /// The segments of a path that are values of a type.
    pub(crate) fn segment(&mut self, ty: &Ty) -> Result<Set, Refused> {
        self.segments.set(ty)
    }

    /// The labels of a host that are.
    pub(crate) fn label(&mut self, ty: &Ty) -> Result<Set, Refused> {
        self.labels.set(ty)
    }
}

impl Kind {
    fn set(&mut self, ty: &Ty) -> Result<Set, Refused> {
        if let Some(known) = self.known.get(ty) {
            return known.clone();
        }
        let set = self.read(ty);
        self.known.insert(ty.clone(), set.clone());
        set
    }

    fn read(&self, ty: &Ty) -> Result<Set, Refused> {
        match ty {
            Ty::Int(range) => {
                let (min, max) = (range.min.unwrap_or(i64::MIN), range.max.unwrap_or(i64::MAX));
                if min > max { Err(Refused::Empty) } else { Ok(Set::int(min, max)) }
            }
            Ty::Uuid if self.keeps_case => Ok(Set::Uuid),
            Ty::Uuid => self.narrow(&uuid()),
            Ty::Date => Ok(Set::Date),
            Ty::Bool => self.texts(&["true", "false"]),
            Ty::Enum(texts) => self.texts(texts),
            Ty::String(Text::Length(range)) => self.length(*range),
            Ty::String(Text::Matches(regex)) => {
                self.narrow(&Automaton::regex(regex).map_err(Refused::Regex)?)
            }
            _ => Err(Refused::Unsupported),
        }
    }

    /// Those of some texts that can stand here.
    fn texts<T: AsRef<str>>(&self, texts: &[T]) -> Result<Set, Refused> {
        let possible =
            texts.iter().map(AsRef::as_ref).filter(|text: &&str| self.every.contains(text.as_bytes()));
        let possible: Vec<String> = possible.map(path::spell).collect();
        if possible.len() <= FEW {
            return Set::one_of(possible).ok_or(Refused::Empty);
        }
        self.narrow(&Automaton::any_of(texts)?)
    }

    fn length(&self, range: Range<i64>) -> Result<Set, Refused> {
        let bound = |value: i64| u32::try_from(value.max(0)).unwrap_or(u32::MAX);
        let (min, max) = (range.min.map_or(1, bound).max(1), range.max.map(bound));
        if max.is_some_and(|max| max < min) {
            return Err(Refused::Empty);
        }
        match (min, max) {
            (1, None) => Ok(Set::Any),
            _ if self.keeps_case => {
                // Every comparison that may come must be possible.
                length(min, max)?;
                Ok(Set::Length { min, max })
            }
            _ => self.narrow(&length(min, max)?),
        }
    }

    /// Those texts of a set that can stand here.
    fn narrow(&self, automaton: &Automaton) -> Result<Set, Refused> {
        let automaton = automaton.and(&self.every)?;
        if let Some(members) = automaton.all_members(FEW) {
            return Set::one_of(spelled(members)).ok_or(Refused::Empty);
        }
        if automaton == self.every {
            return Ok(Set::Any);
        }
        Ok(Set::Regular(Rc::new(Language { automaton, known: RefCell::default(), members: OnceCell::new() })))
    }
}

/// Common members of two sets that are no literals, the plainest first.
pub(super) fn common(a: &Set, b: &Set) -> Vec<String> {
    let both = automaton(a).and_then(|a| a.and(&automaton(b)?));
    both.map_or_else(|_| Vec::new(), |both| spelled(both.members(8)))
}

/// Ways in which sets part another one, at most.
const MOST_WAYS: usize = 64;

/// At most `most` members of each part into which other sets cut one.
pub(super) fn apart(set: &Set, others: &[&Set], most: usize) -> Vec<String> {
    let Ok(whole) = automaton(set) else { return Vec::new() };
    let mut parts = vec![whole];
    for other in others {
        let Ok(other) = automaton(other) else { continue };
        let cut = |part: &Automaton| [part.and(&other), part.minus(&other)];
        let next = parts.iter().flat_map(cut).filter_map(Result::ok).filter(|part| !part.is_empty());
        parts = next.take(MOST_WAYS).collect();
    }
    parts.iter().flat_map(|part| spelled(part.members(most))).collect()
}

fn spelled(members: Vec<Vec<u8>>) -> Vec<String> {
    members.into_iter().filter_map(|member| Some(path::spell(&String::from_utf8(member).ok()?))).collect()
}

/// The automaton of a set in a path.
fn automaton(set: &Set) -> Result<Automaton, TooLarge> {
    let decoded =
        |text: &String| String::from_utf8_lossy(&path::bytes(text).collect::<Vec<u8>>()).into_owned();
    match set {
        Set::Literal(text) => Automaton::any_of(&[decoded(text)]),
        Set::OneOf(texts) => Automaton::any_of(&texts.iter().map(decoded).collect::<Vec<_>>()),
        Set::Int { min, max } => int(*min, *max),
        Set::Date => Ok(date()),
        Set::Uuid => Ok(uuid()),
        Set::Length { min, max } => length(*min, *max)?.and(&every_segment()),
        Set::Regular(language) => Ok(language.automaton.clone()),
        Set::Any => Ok(every_segment()),
    }
}

/// What a segment of a canonical path can be, decoded: valid text without slashes, backslashes, semicolons and NUL, and no
/// dot segment.
fn every_segment() -> Automaton {
    let regex = r"\.?[^/\\;\x00.][^/\\;\x00]*|\.\.[^/\\;\x00]+";
    fixed(regex)
}

/// What a label of a canonical host can be.
fn every_label() -> Automaton {
    fixed("[a-z0-9_-]+")
}

fn fixed(regex: &str) -> Automaton {
    #[expect(clippy::expect_used, reason = "all of them are constants, and the tests below make each")]
    Automaton::regex(regex).expect("a small expression")
}

fn uuid() -> Automaton {
    fixed("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
}

/// Valid days of the proleptic Gregorian calendar.
fn date() -> Automaton {
    let leap = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
    let (long, short) = ("(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])", "(0[469]|11)-(0[1-9]|[12][0-9]|30)");
    fixed(&format!("[0-9]{{4}}-({long}|{short}|02-(0[1-9]|1[0-9]|2[0-8]))|{leap}-02-29"))
}

fn length(min: u32, max: Option<u32>) -> Result<Automaton, TooLarge> {
    let max = max.map(|max| max.to_string()).unwrap_or_default();
    // It is well formed, so only its size can be wrong.
    Automaton::regex(&format!(".{{{min},{max}}}")).map_err(|_| TooLarge)
}

/// How far the digits of a number have come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Digits {
    Nothing,
    Minus,
    Zero,
    /// How many, and how they lie to as many first digits of the smallest and of the largest magnitude.
    Some {
        negative: bool,
        count: usize,
        to_min: Ordering,
        to_max: Ordering,
    },
}

fn int(min: i64, max: i64) -> Result<Automaton, TooLarge> {
    let digits = |value: u64| value.to_string().into_bytes();
    // Magnitudes without the zero, for numbers without a minus and with one.
    let plain = (max >= 1).then(|| (digits(min.max(1).unsigned_abs()), digits(max.unsigned_abs())));
    let minus = (min <= -1).then(|| (digits(max.min(-1).unsigned_abs()), digits(min.unsigned_abs())));
    let bounds = |negative: bool| if negative { minus.as_ref() } else { plain.as_ref() };
    let next = |negative, count: usize, (to_min, to_max): (Ordering, Ordering), byte: u8| {
        let (least, most) = bounds(negative)?;
        let to = |known: Ordering, digits: &[u8]| {
            known.then(digits.get(count).map_or(Ordering::Equal, |own| byte.cmp(own)))
        };
        let grown =
            Digits::Some { negative, count: count + 1, to_min: to(to_min, least), to_max: to(to_max, most) };
        (byte.is_ascii_digit() && count < most.len()).then_some(grown)
    };
    let start = (Ordering::Equal, Ordering::Equal);
    Automaton::explore(
        &Alphabet::cut((b'0'..=b'9').chain([b'-']).map(|byte| (byte, byte))),
        Digits::Nothing,
        |state, byte| match *state {
            Digits::Nothing if byte == b'-' => minus.is_some().then_some(Digits::Minus),
            Digits::Nothing if byte == b'0' => Some(Digits::Zero),
            Digits::Nothing => next(false, 0, start, byte),
            Digits::Minus if byte == b'0' => None,
            Digits::Minus => next(true, 0, start, byte),
            Digits::Zero => None,
            Digits::Some { negative, count, to_min, to_max } => next(negative, count, (to_min, to_max), byte),
        },
        |state| match *state {
            Digits::Nothing | Digits::Minus => false,
            Digits::Zero => (min..=max).contains(&0),
            Digits::Some { negative, count, to_min, to_max } => {
                bounds(negative).is_some_and(|(least, most)| {
                    (count > least.len() || count == least.len() && to_min.is_ge())
                        && (count < most.len() || to_max.is_le())
                })
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(regex: &str) -> Ty {
        Ty::String(Text::Matches(regex.into()))
    }

    fn texts(texts: &[&str]) -> Ty {
        Ty::Enum(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().into())
    }

    fn range(min: impl Into<Option<i64>>, max: impl Into<Option<i64>>) -> Range<i64> {
        Range { min: min.into(), max: max.into() }
    }

    /// Texts around the edges of every type.
    const SAMPLES: [&str; 36] = [
        "0",
        "1",
        "-1",
        "-0",
        "01",
        "9",
        "10",
        "49",
        "50",
        "51",
        "99",
        "100",
        "-7",
        "-12",
        "12",
        "+1",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "2024-02-29",
        "2023-02-29",
        "2000-02-29",
        "1900-02-29",
        "2024-04-31",
        "2024-12-31",
        "0000-02-29",
        "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10",
        "6F1C0D6E-2F63-4C11-9C54-0C8A3F1F7A10",
        "6f1c0d6e-2f63-4c11",
        "a",
        "ab",
        "...",
        "%C3%A4",
        "a%20b",
        "%0A",
    ];

    #[test]
    fn automata_have_the_members_of_the_simple_kinds() {
        let ranges =
            [(0, 0), (1, 50), (10, 99), (-7, 12), (-12, -7), (7, 105), (i64::MIN, i64::MAX), (0, i64::MAX)];
        let ints = ranges.map(|(min, max)| Set::Int { min, max });
        let lengths = [(1, Some(1)), (1, Some(2)), (2, None), (36, Some(36))];
        let lengths = lengths.map(|(min, max)| Set::Length { min, max });
        for set in ints.into_iter().chain(lengths).chain([Set::Date, Set::Uuid, Set::Any]) {
            let automaton = automaton(&set).unwrap();
            for text in SAMPLES {
                let bytes: Vec<u8> = path::bytes(text).collect();
                assert_eq!(automaton.contains(&bytes), set.contains(text), "{set:?} {text}");
            }
        }
    }

    #[test]
    fn every_int_of_a_range_is_in_its_automaton() {
        for (min, max) in [(-130, 120), (-15, -3), (8, 1001), (5, 5)] {
            let automaton = int(min, max).unwrap();
            for value in -1200..1200_i64 {
                assert_eq!(automaton.contains(value.to_string().as_bytes()), (min..=max).contains(&value));
            }
        }
    }

    #[test]
    fn a_type_is_what_its_members_are() {
        let mut languages = Languages::new();
        let mut segment = |ty: &Ty| languages.segment(ty).unwrap();
        let literal = |text: &str| Set::Literal(text.to_owned());
        assert_eq!(segment(&texts(&["a"])), literal("a"));
        assert_eq!(segment(&texts(&["a", "b/c", ""])), literal("a"));
        assert_eq!(segment(&texts(&["a b"])), literal("a%20b"));
        assert_eq!(segment(&string("a")), literal("a"));
        assert_eq!(segment(&string(".*")), Set::Any);
        assert_eq!(segment(&string("[^/]+")), Set::Any);
        assert_eq!(segment(&string("[0-9]")), Set::int(0, 9));
        assert_eq!(segment(&string("b|a")), segment(&texts(&["a", "b"])));
        assert_eq!(segment(&Ty::STRING), Set::Any);
        assert_eq!(segment(&Ty::String(Text::Length(range(0, None)))), Set::Any);
    }

    #[test]
    fn relations_with_an_expression_are_those_of_the_sets() {
        let mut languages = Languages::new();
        let mut check = |regex: &str, other: &Ty, expected: Relation| {
            let (a, b) = (languages.segment(&string(regex)).unwrap(), languages.segment(other).unwrap());
            assert_eq!(a.relation(&b), expected, "{regex} {other:?}");
            assert_eq!(b.relation(&a), expected.flipped(), "{other:?} {regex}");
        };
        check("[0-9]+", &Ty::INT, Relation::Crossing);
        check("[1-9][0-9]{2,3}", &Ty::INT, Relation::Inside);
        check("[1-9][0-9]{2}", &Ty::Int(range(100, 999)), Relation::Equal);
        check("[0-9a-fA-F-]{36}", &Ty::Uuid, Relation::Around);
        check("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", &Ty::Uuid, Relation::Equal);
        check("[0-9]{4}-[0-9]{2}-[0-9]{2}", &Ty::Date, Relation::Around);
        check("[a-z]+", &Ty::Date, Relation::Disjoint);
        check("[a-z]{1,3}", &Ty::String(Text::Length(range(1, 3))), Relation::Inside);
        check(".{1,3}", &Ty::String(Text::Length(range(0, 3))), Relation::Equal);
        check("[a-z]+", &texts(&["a", "B"]), Relation::Crossing);
        check("[a-z]+", &string("[a-y]+"), Relation::Around);
        check("[a-z]+", &Ty::STRING, Relation::Inside);
    }

    #[test]
    fn a_label_has_no_capitals() {
        let mut languages = Languages::new();
        assert_eq!(languages.label(&string("[A-Za-z0-9_-]+")).unwrap(), Set::Any);
        assert_eq!(languages.label(&texts(&["A"])), Err(Refused::Empty));
        assert_eq!(
            languages.label(&Ty::Uuid),
            languages.label(&string("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"))
        );
        assert!(matches!(languages.label(&Ty::String(Text::Length(range(1, 3)))), Ok(Set::Regular(_))));
    }

    #[test]
    fn what_no_request_can_have_is_refused() {
        let mut languages = Languages::new();
        for ty in
            [string("a/b"), texts(&[""]), Ty::Int(range(2, 1)), Ty::String(Text::Length(range(None, 0)))]
        {
            assert_eq!(languages.segment(&ty), Err(Refused::Empty), "{ty:?}");
        }
        let long = Ty::String(Text::Length(range(1, 20_000)));
        assert_eq!(languages.segment(&long), Err(Refused::Regex(Refusal::TooLarge)));
        assert_eq!(languages.segment(&Ty::RATE), Err(Refused::Unsupported));
    }

    #[test]
    fn common_members_are_found_where_no_plain_one_is_common() {
        let mut languages = Languages::new();
        let a = languages.segment(&string("[a-z]*q[0-9]{3}")).unwrap();
        let b = languages.segment(&string("[x-z].*")).unwrap();
        assert_eq!(a.common(&b).first().unwrap(), "xq000");
        assert_eq!(
            languages.segment(&Ty::Int(range(4, 7))).unwrap().common(&Set::Literal("5".to_owned())),
            ["5"]
        );
    }
}
