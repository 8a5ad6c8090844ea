//! The types of values: what a parameter, a field, a capture or an expression can be.
//!
//! A type is a set of values. How it is written is read in [`resolve`]; which requests fall into it is the algebra's work.

pub(crate) mod inclusion;
mod number;
mod resolve;
mod show;

use std::rc::Rc;
use std::time::Duration;

use gatewright_dsl::ast::{Percent, Rate};
use gatewright_dsl::schema::Value;
use gatewright_dsl::schema::ty::Bounds;

use crate::ir::expr::Constant;

pub(crate) use number::Decimal;
pub(crate) use resolve::{NAMES, Types};

/// A type, with its bounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ty {
    /// `true` or `false`.
    Bool,
    /// A whole number; both ends included.
    Int(Range<i64>),
    /// A number with up to nine decimals; both ends included.
    Decimal(Range<Decimal>),
    /// Text.
    String(Text),
    /// One of these texts, in the order in which they are written; none stands there twice.
    Enum(Rc<[String]>),
    /// A time with its unit; both ends included.
    Duration(Range<Duration>),
    /// A number of bytes; both ends included.
    Size(Range<u64>),
    /// A count per time; both ends included, by what they come to.
    Rate(Range<Rate>),
    /// A share; both ends included.
    Percent(Range<Percent>),
    /// An IP address.
    Ip,
    /// An IP network.
    Cidr,
    /// An IP address with a port, or a port alone.
    Addr,
    /// An absolute URL.
    Url,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// A calendar day, `2026-11-23`.
    Date,
    /// A time of day, `21:55:00`.
    Time,
    /// The rest of a path; captures only.
    Path,
    /// Values of one type; the range is that of their number.
    List(Rc<Ty>, Range<i64>),
    /// Values of one type, each under a text.
    Map(Rc<Ty>),
    /// A value or none. What is inside is not optional itself.
    Optional(Rc<Ty>),
    /// Named fields.
    Record(Rc<Record>),
    /// A secret. It has no written form: only `secret NAME` gives one.
    Secret,
}

/// The smallest and the largest, both included; `None` is unbounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Range<T> {
    pub(crate) min: Option<T>,
    pub(crate) max: Option<T>,
}

/// The bounds of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Text {
    /// How many Unicode scalars; both ends included.
    Length(Range<i64>),
    /// The whole text matches, as written between the quotes of `re"…"`.
    Matches(Rc<str>),
}

/// Fields in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Record {
    /// The name of its declaration; a record that an expression makes has none.
    pub(crate) name: Option<String>,
    pub(crate) fields: Vec<Field>,
    /// Whether fields that it does not name may stand in it.
    pub(crate) open: bool,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Its name on the wire, where that is another.
    pub(crate) wire: Option<String>,
    pub(crate) ty: Ty,
    /// What it is where it is not there.
    pub(crate) default: Option<Constant>,
    /// Nobody reads it: of what is read of a document, and of nothing else.
    pub(crate) is_skipped: bool,
}

impl Field {
    /// One that must be there, under its own name.
    pub(crate) fn new(name: &str, ty: Ty) -> Self {
        Self { name: name.to_owned(), wire: None, ty, default: None, is_skipped: false }
    }

    /// Its name on the wire.
    pub(crate) fn on_wire(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.name)
    }
}

impl<T> Range<T> {
    /// No bounds.
    pub(crate) const ALL: Self = Self { min: None, max: None };
}

impl<T: PartialOrd> Range<T> {
    /// Whether a value lies inside.
    pub(crate) fn holds(&self, value: &T) -> bool {
        self.min.as_ref().is_none_or(|min| min <= value) && self.max.as_ref().is_none_or(|max| value <= max)
    }
}

impl<T> Range<T> {
    /// The same bounds as values of another type.
    pub(crate) fn map<U>(self, convert: impl Fn(T) -> U) -> Range<U> {
        Range { min: self.min.map(&convert), max: self.max.map(convert) }
    }

    /// Whether it bounds nothing.
    pub(crate) fn is_all(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }
}

impl From<Bounds> for Range<i64> {
    fn from(bounds: Bounds) -> Self {
        Self { min: bounds.min, max: bounds.max }
    }
}

impl Ty {
    /// Text without bounds.
    pub(crate) const STRING: Self = Self::String(Text::Length(Range::ALL));

    /// A whole number without bounds.
    pub(crate) const INT: Self = Self::Int(Range::ALL);

    /// A number without bounds.
    pub(crate) const DECIMAL: Self = Self::Decimal(Range::ALL);

    /// A time without bounds.
    pub(crate) const DURATION: Self = Self::Duration(Range::ALL);

    /// A number of bytes without bounds.
    pub(crate) const SIZE: Self = Self::Size(Range::ALL);

    /// A count per time without bounds.
    pub(crate) const RATE: Self = Self::Rate(Range::ALL);

    /// A share without bounds.
    pub(crate) const PERCENT: Self = Self::Percent(Range::ALL);

    /// The bounds of what has a unit. `None`: it has none.
    pub(crate) fn amounts(&self) -> Option<Range<Value>> {
        Some(match self {
            Self::Duration(range) => range.map(Value::Duration),
            Self::Size(range) => range.map(Value::Size),
            Self::Rate(range) => range.map(Value::Rate),
            Self::Percent(range) => range.map(Value::Percent),
            _ => return None,
        })
    }

    /// The type without the bounds of what has a unit.
    pub(crate) fn unbounded(&self) -> Self {
        match self {
            Self::Duration(_) => Self::DURATION,
            Self::Size(_) => Self::SIZE,
            Self::Rate(_) => Self::RATE,
            Self::Percent(_) => Self::PERCENT,
            Self::List(item, range) => Self::List(item.unbounded().into(), *range),
            other => other.clone(),
        }
    }

    /// The type with absence added; what is optional stays as it is.
    pub(crate) fn optional(self) -> Self {
        if matches!(self, Self::Optional(_)) { self } else { Self::Optional(Rc::new(self)) }
    }

    /// The type of what is there, and whether it may be absent.
    pub(crate) fn present(&self) -> (&Self, bool) {
        match self {
            Self::Optional(inner) => (inner, true),
            other => (other, false),
        }
    }

    /// Whether one text can hold a value of it: in a path, a query, a field of a head, an environment variable.
    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(self, Self::List(..) | Self::Map(_) | Self::Optional(_) | Self::Record(_) | Self::Secret)
    }
}
