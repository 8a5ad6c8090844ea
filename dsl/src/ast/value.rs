//! Values: literals and expressions are one tree.
//!
//! It is at most [`crate::parse::MAX_HEIGHT`] high, so that walks over it may recurse.

use super::{Name, Template, TemplatePart};
use crate::source::Span;
use std::cmp::Ordering;
use std::time::Duration;

/// A literal, a bare word, or an expression over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Where it stands, with the parentheses around it.
    pub span: Span,
    /// What it is.
    pub kind: ValueKind,
}

impl Value {
    /// Whether it is this bare word.
    #[must_use]
    pub fn is_word(&self, text: &str) -> bool {
        matches!(&self.kind, ValueKind::Word(word) if word == text)
    }

    /// The values that it is directly made of, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            ValueKind::Interpolated(parts) => parts
                .iter()
                .filter_map(|part| if let TextPart::Value(it) = part { Some(it) } else { None })
                .collect(),
            ValueKind::Path(template) => {
                let parts = template.parts.iter();
                parts
                    .filter_map(|part| if let TemplatePart::Value(it) = part { Some(it) } else { None })
                    .collect()
            }
            ValueKind::Range(low, high) => low.iter().chain(high).map(|it| &**it).collect(),
            ValueKind::List(items) => items.iter().collect(),
            ValueKind::Record(entries) => entries.iter().map(|entry| &entry.value).collect(),
            ValueKind::Shape(of, entries) => {
                std::iter::once(&**of).chain(entries.iter().map(|entry| &entry.value)).collect()
            }
            ValueKind::Access(of, _)
            | ValueKind::Each(of)
            | ValueKind::Not(of)
            | ValueKind::IsSet { of, .. } => {
                vec![of]
            }
            ValueKind::Call { of, arguments, .. } => std::iter::once(&**of).chain(arguments).collect(),
            ValueKind::Index(of, at) | ValueKind::Where(of, at) => vec![of, at],
            ValueKind::Binary { left, right, .. } => vec![left, right],
            ValueKind::If { condition, then, otherwise } => vec![condition, then, otherwise],
            _ => Vec::new(),
        }
    }
}

/// The kinds of value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueKind {
    /// `true` or `false`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `9.95`, its digits as written.
    Decimal(String),
    /// `"x"`
    Text(String),
    /// `"Hi {user.name}"`: text and values, in order, at least one value among them.
    Interpolated(Vec<TextPart>),
    /// `re"[a-z]+"`, as written.
    Regex(String),
    /// `250ms`
    Duration(Duration),
    /// `64KiB`, in bytes.
    Size(u64),
    /// `100/s`
    Rate(Rate),
    /// `5%`
    Percent(Percent),
    /// `5xx` is 500.
    StatusClass(u16),
    /// `1..50`, `1..`, `..50`
    Range(Option<Box<Value>>, Option<Box<Value>>),
    /// `10.1.2.3`, `10.0.0.0/8`, `:8080`, `[::1]:80`, as written. What it must be is said by the row.
    Address(String),
    /// A bare word: a name, a label or a choice. One with `::` in it may be an address or a path of types.
    Word(String),
    /// `/a/{b}`
    Path(Template),
    /// `a, b` or `[a, b]`
    List(Vec<Value>),
    /// `{ a: 1 }`
    Record(Vec<Entry>),
    /// `a.b`
    Access(Box<Value>, Name),
    /// `a.f(x)`: only methods are called.
    Call {
        /// What it is a method of.
        of: Box<Value>,
        /// Its name.
        name: Name,
        /// What it is given.
        arguments: Vec<Value>,
    },
    /// `map[key]`
    Index(Box<Value>, Box<Value>),
    /// `list[*]`
    Each(Box<Value>),
    /// `list[where .total > 0]`
    Where(Box<Value>, Box<Value>),
    /// `x.{ a, b: .c }`: for a bare name the value is the element's field of that name.
    Shape(Box<Value>, Vec<Entry>),
    /// `.total`, inside `[where …]` and `.{ … }`
    Element(Name),
    /// `not a`
    Not(Box<Value>),
    /// `a + b`
    Binary {
        /// Which one.
        operator: Operator,
        /// Where the operator stands.
        at: Span,
        /// What is before it.
        left: Box<Value>,
        /// What is behind it.
        right: Box<Value>,
    },
    /// `a is set`, `a is not set`
    IsSet {
        /// What.
        of: Box<Value>,
        /// Whether `not` stands there.
        negated: bool,
    },
    /// `if a then b else c`
    If {
        /// What decides.
        condition: Box<Value>,
        /// What it is if so.
        then: Box<Value>,
        /// What it is if not.
        otherwise: Box<Value>,
    },
}

/// A piece of a text with values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPart {
    /// Text, its escapes resolved.
    Literal(String),
    /// `{user.name}`
    Value(Value),
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `has`
    Has,
    /// `??`
    Coalesce,
    /// `+`
    Add,
    /// `-`
    Subtract,
}

impl Operator {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Or,
        Self::And,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessEqual,
        Self::Greater,
        Self::GreaterEqual,
        Self::In,
        Self::NotIn,
        Self::Has,
        Self::Coalesce,
        Self::Add,
        Self::Subtract,
    ];

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Has => "has",
            Self::Coalesce => "??",
            Self::Add => "+",
            Self::Subtract => "-",
        }
    }
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, quotes resolved.
    pub name: Name,
    /// Its value. `{ tips }` is `{ tips: tips }`, both at one place.
    pub value: Value,
}

/// A string literal with its escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Where it stands, quotes included.
    pub span: Span,
    /// What it says.
    pub value: String,
}

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In how long; never zero.
    pub per: Duration,
}

impl Rate {
    /// Which of two rates lets more through in the long run.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        let scaled = |count: u64, per: Duration| u128::from(count).saturating_mul(per.as_nanos());
        scaled(self.count, other.per).cmp(&scaled(other.count, self.per))
    }
}

impl Ord for Rate {
    /// By what they come to; of two that come to the same, the one with the smaller count is the smaller.
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other).then(self.count.cmp(&other.count)).then(self.per.cmp(&other.per))
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A share in millionths: `5%` is 50,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(pub u32);
