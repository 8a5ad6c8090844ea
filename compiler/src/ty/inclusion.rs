//! Which of two types has more values, as one side sends them to the other: what a change of a type means.

use super::{Decimal, Field, Range, Record, Text, Ty};
use crate::algebra::Automaton;

/// How values come over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// As one text: in a path, a query, a field of a head, a token.
    Text,
    /// As JSON of which every member is looked at.
    Json,
    /// As JSON of which unknown members are passed over.
    Loose,
}

/// Depth of types beyond which nothing is said.
const DEEPEST: u32 = 32;

/// What has become of the values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// There are the same.
    Same,
    /// All of them are there, and perhaps more.
    More,
    /// Some are not there any more.
    Fewer,
    /// It is not known whether all are there.
    Unknown,
}

/// From the values of one type to those of another.
pub(crate) fn compared(old: &Ty, new: &Ty, wire: Wire) -> Held {
    match (covers(new, old, wire, DEEPEST), covers(old, new, wire, DEEPEST)) {
        (Some(false), _) => Held::Fewer,
        (None, _) => Held::Unknown,
        (Some(true), Some(true)) => Held::Same,
        (Some(true), _) => Held::More,
    }
}

/// Whether all are so; one that is not decides.
fn all(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut is_known = true;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(true)
}

/// Whether each value of the second is one of the first. `None`: that is not known.
fn covers(outer: &Ty, inner: &Ty, wire: Wire, left: u32) -> Option<bool> {
    let left = left.checked_sub(1)?;
    let known = match (outer, inner) {
        (Ty::Optional(outer), inner) => return covers(outer, inner.present().0, wire, left),
        (_, Ty::Optional(_)) => false,
        (Ty::Int(a), Ty::Int(b)) => holds(*a, *b),
        (Ty::Decimal(a), Ty::Decimal(b)) => holds(*a, *b),
        (Ty::Decimal(a), Ty::Int(b)) => holds(*a, b.map(Decimal::whole)),
        (Ty::Duration(a), Ty::Duration(b)) => holds(*a, *b),
        (Ty::Size(a), Ty::Size(b)) => holds(*a, *b),
        (Ty::Rate(a), Ty::Rate(b)) => holds(*a, *b),
        (Ty::Percent(a), Ty::Percent(b)) => holds(*a, *b),
        (Ty::Enum(a), Ty::Enum(b)) => b.iter().all(|word| a.contains(word)),
        (Ty::String(text), inner) => return texts(text, inner, wire),
        (Ty::List(outer, a), Ty::List(inner, b)) => {
            return all([Some(holds(from_none(*a), from_none(*b))), covers(outer, inner, wire, left)]);
        }
        (Ty::Map(outer), Ty::Map(inner)) => return covers(outer, inner, wire, left),
        (Ty::Record(outer), Ty::Record(inner)) => return records(outer, inner, wire, left),
        (outer, inner) if outer == inner => true,
        // One text may be of several types.
        _ if wire == Wire::Text => return None,
        (_, Ty::String(_) | Ty::Enum(_)) | (Ty::Enum(_), _) => return None,
        _ => false,
    };
    Some(known)
}

/// How many there may be; fewer than none are no number.
fn from_none(range: Range<i64>) -> Range<i64> {
    Range { min: Some(range.min.unwrap_or(0).max(0)), ..range }
}

/// Whether one range lies in another.
fn holds<T: PartialOrd>(outer: Range<T>, inner: Range<T>) -> bool {
    let above = outer.min.is_none_or(|min| inner.min.is_some_and(|own| min <= own));
    let below = outer.max.is_none_or(|max| inner.max.is_some_and(|own| own <= max));
    above && below
}

/// Whether all values of a type are texts of such bounds.
fn texts(outer: &Text, inner: &Ty, wire: Wire) -> Option<bool> {
    let is_text = match inner {
        Ty::String(_) | Ty::Enum(_) | Ty::Ip | Ty::Cidr | Ty::Url | Ty::Uuid | Ty::Date | Ty::Time => true,
        Ty::Bool | Ty::Int(_) | Ty::Decimal(_) => wire == Wire::Text,
        _ => return if wire == Wire::Text { None } else { Some(false) },
    };
    let bounds = match outer {
        _ if !is_text => return Some(false),
        Text::Length(range) => from_none(*range),
        Text::Matches(regex) => return matches(regex, inner),
    };
    let length = |text: &str| i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    Some(match inner {
        _ if bounds == from_none(Range::ALL) => true,
        Ty::String(Text::Length(own)) => holds(bounds, from_none(*own)),
        Ty::Enum(words) => words.iter().all(|word| bounds.holds(&length(word))),
        Ty::Uuid => bounds.holds(&36),
        Ty::Date => bounds.holds(&10),
        _ => return None,
    })
}

/// Whether all of a type match an expression. Nothing is known of what is neither an expression nor named texts.
fn matches(outer: &str, inner: &Ty) -> Option<bool> {
    let outer = Automaton::regex(outer).ok()?;
    match inner {
        Ty::Enum(words) => Some(words.iter().all(|word| outer.contains(word.as_bytes()))),
        Ty::String(Text::Matches(regex)) => {
            Some(Automaton::regex(regex).ok()?.minus(&outer).ok()?.is_empty())
        }
        _ => None,
    }
}

fn records(outer: &Record, inner: &Record, wire: Wire, left: u32) -> Option<bool> {
    let (of_outer, of_inner) = (by_wire(outer, wire), by_wire(inner, wire));
    let is_open = |record: &Record| record.open || wire == Wire::Loose;
    let known = of_outer.iter().map(|(name, field)| match of_inner.iter().find(|(own, _)| own == name) {
        Some((_, own)) => {
            // What it is where it is not there is what it means.
            let is_alike = field.default == own.default || field.default.is_none() || own.default.is_none();
            all([
                Some(may_lack(field) || !may_lack(own)),
                covers(field.ty.present().0, own.ty.present().0, wire, left),
                is_alike.then_some(true),
            ])
        }
        // Anything may stand there under that name.
        None if inner.open => Some(false),
        None => Some(may_lack(field)),
    });
    let further = of_inner.iter().all(|(name, _)| of_outer.iter().any(|(own, _)| own == name));
    all(known.chain([Some(is_open(outer) || (further && !inner.open))]))
}

/// The fields that are looked at.
fn by_wire(record: &Record, wire: Wire) -> Vec<(&str, &Field)> {
    let read = record.fields.iter().filter(|field| wire != Wire::Loose || !field.is_skipped);
    read.map(|field| (field.on_wire(), field)).collect()
}

/// Whether it need not be there.
fn may_lack(field: &Field) -> bool {
    field.default.is_some() || matches!(field.ty, Ty::Optional(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::expr::Constant;

    fn int(min: i64, max: i64) -> Ty {
        Ty::Int(Range { min: Some(min), max: Some(max) })
    }

    fn string(min: i64, max: i64) -> Ty {
        Ty::String(Text::Length(Range { min: Some(min), max: Some(max) }))
    }

    fn words(words: &[&str]) -> Ty {
        Ty::Enum(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn regex(text: &str) -> Ty {
        Ty::String(Text::Matches(text.into()))
    }

    fn record(fields: &[(&str, Ty)], open: bool) -> Ty {
        let fields = fields.iter().map(|(name, ty)| Field::new(name, ty.clone())).collect();
        Ty::Record(Record { name: None, fields, open }.into())
    }

    #[test]
    fn what_becomes_of_the_values_is_known() {
        use Held::{Fewer, More, Same, Unknown};
        let some = |ty: Ty| ty.optional();
        let list = |ty: Ty, max| Ty::List(ty.into(), Range { min: None, max: Some(max) });
        let id = || record(&[("id", Ty::INT)], false);
        let both = |ty: Ty| record(&[("id", Ty::INT), ("b", ty)], false);
        for (a, b, there, back) in [
            (int(1, 50), int(1, 50), Same, Same),
            (int(1, 50), int(1, 100), More, Fewer),
            (int(1, 50), Ty::INT, More, Fewer),
            (int(1, 50), int(2, 51), Fewer, Fewer),
            (Ty::INT, Ty::DECIMAL, More, Fewer),
            (string(1, 40), string(0, 40), More, Fewer),
            (words(&["a"]), Ty::STRING, More, Unknown),
            (words(&["a", "b"]), words(&["b", "a"]), Same, Same),
            (words(&["a"]), words(&["a", "b"]), More, Fewer),
            (words(&["a", "bcd"]), string(1, 2), Fewer, Unknown),
            (Ty::Uuid, string(36, 36), More, Unknown),
            (regex("a"), regex("a|a/b"), More, Fewer),
            (words(&["", "aa"]), regex("a*"), More, Unknown),
            (regex("[ab]"), regex("a|b"), Same, Same),
            (regex("[ab]"), string(1, 1), Unknown, Unknown),
            (Ty::INT, some(Ty::INT), More, Fewer),
            (Ty::INT, Ty::STRING, Fewer, Unknown),
            (list(Ty::INT, 9), list(some(Ty::INT), 9), More, Fewer),
            (list(Ty::INT, 8), list(Ty::INT, 9), More, Fewer),
            (id(), both(some(Ty::STRING)), More, Fewer),
            (id(), both(Ty::STRING), Fewer, Fewer),
            (id(), record(&[("id", Ty::INT)], true), More, Fewer),
            (Ty::Bool, Ty::INT, Fewer, Fewer),
        ] {
            assert_eq!(compared(&a, &b, Wire::Json), there, "{a} {b}");
            assert_eq!(compared(&b, &a, Wire::Json), back, "{b} {a}");
        }
        // As one text, a number is one.
        assert_eq!(compared(&Ty::INT, &Ty::STRING, Wire::Text), More);
        // Who passes over what it does not know has the same of more fields.
        assert_eq!(compared(&both(Ty::STRING), &id(), Wire::Loose), More);
        assert_eq!(compared(&id(), &both(Ty::STRING), Wire::Loose), Fewer);
    }

    #[test]
    fn another_default_is_another_meaning() {
        let page = |default: Option<i64>| {
            let field = Field { default: default.map(Constant::Int), ..Field::new("page", Ty::INT) };
            Ty::Record(Record { name: None, fields: vec![field], open: false }.into())
        };
        assert_eq!(compared(&page(None), &page(Some(1)), Wire::Json), Held::More);
        assert_eq!(compared(&page(Some(1)), &page(None), Wire::Json), Held::Fewer);
        assert_eq!(compared(&page(Some(1)), &page(Some(2)), Wire::Json), Held::Unknown);
    }
}
