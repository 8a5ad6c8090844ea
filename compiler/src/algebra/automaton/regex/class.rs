//! Classes of characters: sets of Unicode scalars, in which `\d`, `\w`, `\s` and `[[:alpha:]]` are those of ASCII.

use regex_syntax::ast::{
    ClassAscii, ClassAsciiKind, ClassBracketed, ClassPerlKind, ClassSet, ClassSetBinaryOpKind, ClassSetItem,
};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::Refusal;

/// A set of Unicode scalars.
#[derive(Clone, Debug)]
pub(super) struct Scalars(ClassUnicode);

impl Scalars {
    pub(super) fn of(scalar: char) -> Self {
        Self::from_ranges(&[(scalar, scalar)])
    }

    pub(super) fn all() -> Self {
        Self::from_ranges(&[('\0', char::MAX)])
    }

    pub(super) fn perl(kind: &ClassPerlKind, negated: bool) -> Self {
        let scalars = match kind {
            ClassPerlKind::Digit => Self::ascii_kind(&ClassAsciiKind::Digit),
            ClassPerlKind::Space => Self::ascii_kind(&ClassAsciiKind::Space),
            ClassPerlKind::Word => Self::ascii_kind(&ClassAsciiKind::Word),
        };
        scalars.negated_if(negated)
    }

    pub(super) fn bracketed(class: &ClassBracketed, ignores_case: bool) -> Result<Self, Refusal> {
        Ok(Self::set(&class.kind, ignores_case)?.negated_if(class.negated))
    }

    pub(super) fn ranges(&self) -> impl Iterator<Item = (char, char)> {
        self.0.iter().map(|range| (range.start(), range.end()))
    }

    /// With each letter of ASCII in both cases.
    pub(super) fn in_either_case(self) -> Self {
        let mut all = self.0.clone();
        for letter in 'a'..='z' {
            let capital = letter.to_ascii_uppercase();
            let has =
                |scalar: char| self.0.iter().any(|range| (range.start()..=range.end()).contains(&scalar));
            if has(letter) || has(capital) {
                all.push(ClassUnicodeRange::new(letter, letter));
                all.push(ClassUnicodeRange::new(capital, capital));
            }
        }
        Self(all)
    }

    fn from_ranges(ranges: &[(char, char)]) -> Self {
        Self(ClassUnicode::new(ranges.iter().map(|(first, last)| ClassUnicodeRange::new(*first, *last))))
    }

    fn negated_if(mut self, negated: bool) -> Self {
        if negated {
            self.0.negate();
        }
        self
    }

    fn set(set: &ClassSet, ignores_case: bool) -> Result<Self, Refusal> {
        let op = match set {
            ClassSet::Item(item) => return Self::item(item, ignores_case),
            ClassSet::BinaryOp(op) => op,
        };
        let (mut all, other) = (Self::set(&op.lhs, ignores_case)?, Self::set(&op.rhs, ignores_case)?);
        match op.kind {
            ClassSetBinaryOpKind::Intersection => all.0.intersect(&other.0),
            ClassSetBinaryOpKind::Difference => all.0.difference(&other.0),
            ClassSetBinaryOpKind::SymmetricDifference => all.0.symmetric_difference(&other.0),
        }
        Ok(all)
    }

    fn item(item: &ClassSetItem, ignores_case: bool) -> Result<Self, Refusal> {
        let scalars = match item {
            ClassSetItem::Empty(_) => Self::from_ranges(&[]),
            ClassSetItem::Literal(literal) => Self::of(literal.c),
            ClassSetItem::Range(range) => Self::from_ranges(&[(range.start.c, range.end.c)]),
            ClassSetItem::Ascii(ClassAscii { kind, negated, .. }) => {
                Self::ascii_kind(kind).negated_if(*negated)
            }
            ClassSetItem::Perl(class) => Self::perl(&class.kind, class.negated),
            ClassSetItem::Unicode(_) => return Err(not_ascii()),
            ClassSetItem::Bracketed(class) => return Self::bracketed(class, ignores_case),
            ClassSetItem::Union(union) => {
                let mut all = Self::from_ranges(&[]);
                for item in &union.items {
                    all.0.union(&Self::item(item, ignores_case)?.0);
                }
                all
            }
        };
        // Before anything is negated: `[^a]` in either case has no `A`.
        Ok(if ignores_case { scalars.in_either_case() } else { scalars })
    }

    fn ascii_kind(kind: &ClassAsciiKind) -> Self {
        Self::from_ranges(match kind {
            ClassAsciiKind::Alnum => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
            ClassAsciiKind::Alpha => &[('A', 'Z'), ('a', 'z')],
            ClassAsciiKind::Ascii => &[('\0', '\x7f')],
            ClassAsciiKind::Blank => &[('\t', '\t'), (' ', ' ')],
            ClassAsciiKind::Cntrl => &[('\0', '\x1f'), ('\x7f', '\x7f')],
            ClassAsciiKind::Digit => &[('0', '9')],
            ClassAsciiKind::Graph => &[('!', '~')],
            ClassAsciiKind::Lower => &[('a', 'z')],
            ClassAsciiKind::Print => &[(' ', '~')],
            ClassAsciiKind::Punct => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
            ClassAsciiKind::Space => &[('\t', '\r'), (' ', ' ')],
            ClassAsciiKind::Upper => &[('A', 'Z')],
            ClassAsciiKind::Word => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
            ClassAsciiKind::Xdigit => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        })
    }
}

pub(super) fn not_ascii() -> Refusal {
    Refusal::Unsupported {
        what: "a class of Unicode",
        help: "classes are those of ASCII: write the ranges that are meant, as in `[a-zà-ÿ]`",
    }
}
