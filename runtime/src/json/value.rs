//! Values of a document, as emitted code looks at them, and how they are written again.

use std::borrow::Cow;

use super::Document;
use super::read::{Node, OF_DEFAULT};
use super::scan::unescape;
use super::shape::{Form, Member, Shape};
use crate::scope::{Decimal, Text};

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    document: Option<&'a Document>,
    node: Node,
}

impl<'a> Item<'a> {
    /// What nothing can be read of.
    pub(super) const NOTHING: Self = Self { document: None, node: Node::ABSENT };

    pub(super) fn new(document: &'a Document, node: Node) -> Self {
        Self { document: Some(document), node }
    }

    /// The text of a value that is neither an array nor an object, quotes and all.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        let Some(document) = self.document else { return b"" };
        let Node { start, end } = self.node;
        let (bytes, of) =
            if start & OF_DEFAULT == 0 { (&document.bytes, 0) } else { (&document.defaults, OF_DEFAULT) };
        bytes.get((start & !OF_DEFAULT) as usize..(end ^ of) as usize).unwrap_or_default()
    }

    fn parts(self) -> &'a [Node] {
        let Node { start, end } = self.node;
        self.document
            .and_then(|document| document.nodes.get(start as usize..end as usize))
            .unwrap_or_default()
    }

    /// The text of an array or an object that is written as it came.
    fn as_written(self) -> Option<&'a [u8]> {
        let text = *self.document?.nodes.get(self.node.end as usize)?;
        (text != Node::ABSENT).then(|| self.part(text).raw())
    }

    fn part(self, node: Node) -> Self {
        Self { node, ..self }
    }

    /// The member of a record, by its number; `None` where it is absent.
    #[must_use]
    pub fn member(self, number: usize) -> Option<Self> {
        let node = self.parts().get(number).filter(|node| **node != Node::ABSENT)?;
        Some(self.part(*node))
    }

    /// The member of a record that is there in any case.
    #[must_use]
    pub fn own(self, number: usize) -> Self {
        // INVARIANT: a record without it has been refused, or it has a default.
        self.member(number).unwrap_or(Self::NOTHING)
    }

    /// The items of a list.
    pub fn items(self) -> impl Iterator<Item = Self> + Clone {
        self.parts().iter().map(move |node| self.part(*node))
    }

    /// The number of items of a list.
    #[must_use]
    pub fn len(self) -> usize {
        self.parts().len()
    }

    /// Whether a list has no items.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.parts().is_empty()
    }

    /// The value of a map under a key: the first, where there are several.
    #[must_use]
    pub fn at(self, key: &[u8]) -> Option<Self> {
        let (pairs, _) = self.parts().as_chunks::<2>();
        let [_, value] = pairs.iter().find(|[name, _]| *self.part(*name).text() == *key)?;
        Some(self.part(*value))
    }

    /// What stands under each key of a map; a key may be repeated.
    pub fn pairs(self) -> impl Iterator<Item = (Text<'a>, Self)> {
        let (pairs, _) = self.parts().as_chunks::<2>();
        pairs.iter().map(move |[name, value]| (self.part(*name).text(), self.part(*value)))
    }

    /// A text.
    #[must_use]
    pub fn text(self) -> Text<'a> {
        let raw = self.raw();
        let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        if !inside.contains(&b'\\') {
            return Cow::Borrowed(inside);
        }
        // INVARIANT: the whole text is UTF-8, and no character is cut by a quote.
        Cow::Owned(unescaped(str::from_utf8(inside).unwrap_or_default(), true).into_owned().into_bytes())
    }

    /// A truth value.
    #[must_use]
    pub fn bool(self) -> bool {
        self.raw() == b"true"
    }

    /// A whole number.
    #[must_use]
    pub fn int(self) -> i64 {
        // INVARIANT: it has been read as one.
        int(self.raw()).unwrap_or(0)
    }

    /// A number, to nine decimals.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        decimal(self.raw()).unwrap_or_default()
    }
}

/// Appends a value: scalars as they came, records under the names that the program gives to their members, and as a whole as
/// they came where that is the same, but for blanks and the order of members.
pub fn write(item: Item<'_>, shape: &'static Shape, out: &mut Vec<u8>) {
    let is_of_parts = matches!(shape.form, Form::List { .. } | Form::Map(_) | Form::Record { .. });
    if let Some(text) = item.as_written().filter(|_| is_of_parts) {
        out.extend_from_slice(text);
        return;
    }
    match &shape.form {
        Form::List { item: of, .. } => {
            out.push(b'[');
            for item in item.items() {
                comma(out);
                write(item, of, out);
            }
            out.push(b']');
        }
        Form::Map(of) => {
            out.push(b'{');
            let (pairs, _) = item.parts().as_chunks::<2>();
            for [name, value] in pairs {
                comma(out);
                out.extend_from_slice(item.part(*name).raw());
                out.push(b':');
                write(item.part(*value), of, out);
            }
            out.push(b'}');
        }
        Form::Record { members, .. } => {
            out.push(b'{');
            for (number, Member { key, shape, .. }) in members.iter().enumerate() {
                if let Some(member) = item.member(number) {
                    comma(out);
                    out.extend_from_slice(key.as_bytes());
                    write(member, shape, out);
                }
            }
            out.push(b'}');
        }
        Form::Bool | Form::Int { .. } | Form::Decimal { .. } | Form::Text(_) => {
            out.extend_from_slice(item.raw());
        }
    }
}

/// Parts what is written next from what stands before it in an array or an object, if anything does.
pub fn comma(out: &mut Vec<u8>) {
    // No value ends so.
    if !matches!(out.last(), Some(b'[' | b'{') | None) {
        out.push(b',');
    }
}

/// The text of a string, of which what stands between the quotes is given.
pub(super) fn unescaped(whole: &str, is_escaped: bool) -> Cow<'_, str> {
    if !is_escaped {
        return Cow::Borrowed(whole);
    }
    let mut text = String::with_capacity(whole.len());
    let mut rest = whole;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        text.push_str(before);
        // INVARIANT: it has been read as an escape.
        let Some((character, len)) = unescape(escape.as_bytes()) else { break };
        text.push(character);
        rest = escape.get(len..).unwrap_or_default();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// A whole number of JSON. `None` where it is beyond what a number can be.
pub(super) fn int(text: &[u8]) -> Option<i64> {
    let (digits, is_negative) = unsigned(text);
    if let Some(number) = few(digits) {
        return Some(if is_negative { -number } else { number });
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn unsigned(text: &[u8]) -> (&[u8], bool) {
    text.strip_prefix(b"-").map_or((text, false), |digits| (digits, true))
}

/// The number that some digits are, where they are so few that any number of so many fits. Nothing where there are others among them.
fn few(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

/// The same as [`decimal`], for what most numbers are: few digits, and no exponent.
fn plain_decimal(text: &[u8]) -> Option<Decimal> {
    const PLACES: [i64; 10] =
        [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let (digits, is_negative) = unsigned(text);
    let units = match digits.iter().position(|byte| *byte == b'.') {
        None => i128::from(few(digits)?) * i128::from(*PLACES.first()?),
        Some(at) => {
            let (whole, fraction) = (digits.get(..at)?, digits.get(at + 1..)?);
            let place = PLACES.get(fraction.len())?;
            i128::from(few(whole)?) * i128::from(*PLACES.first()?) + i128::from(few(fraction)? * place)
        }
    };
    Some(Decimal(if is_negative { -units } else { units }))
}

/// A number of JSON in units of 10⁻⁹, what is finer cut off. `None` where it is beyond what a number can be.
pub(super) fn decimal(text: &[u8]) -> Option<Decimal> {
    /// No text has so many digits that one so far from the point came near to it.
    const FAR: i64 = 1 << 40;
    if let Some(number) = plain_decimal(text) {
        return Some(number);
    }
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        None => (text, 0),
        Some(at) => {
            let digits = std::str::from_utf8(text.get(at + 1..)?).ok()?;
            let is_negative = digits.starts_with('-');
            let far = if is_negative { -FAR } else { FAR };
            let exponent = digits.parse::<i64>().map_or(far, |exponent| exponent.clamp(-FAR, FAR));
            (text.get(..at)?, exponent)
        }
    };
    let (digits, sign) = mantissa.strip_prefix(b"-").map_or((mantissa, 1), |digits| (digits, -1));
    let whole = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    // The power of ten of the first digit, in units.
    let mut power = i64::try_from(whole).ok()? - 1 + exponent + 9;
    let mut units = 0_i128;
    for digit in digits.iter().filter(|byte| **byte != b'.') {
        let digit = i128::from(digit - b'0');
        if digit > 0 && power >= 0 {
            let weight = u32::try_from(power).ok().and_then(|power| 10_i128.checked_pow(power))?;
            units = units.checked_add(digit.checked_mul(weight)?)?;
        }
        power -= 1;
    }
    Some(Decimal(sign * units))
}
