//! Expressions and values, as the tests see them.

use std::net::IpAddr;

/// A type; bounds are not tracked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Bool,
    Int,
    Decimal,
    Text,
    Duration,
    Size,
    Percent,
    Ip,
    Uuid,
    Date,
    Time,
    List(Box<Type>),
    Maybe(Box<Type>),
}

/// A value that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Bool(bool),
    Int(i64),
    /// In units of 10⁻⁹.
    Decimal(i128),
    Text(String),
    /// Milliseconds.
    Duration(u64),
    Size(u64),
    /// Millionths.
    Percent(u32),
    Ip(IpAddr),
    /// In lower case.
    Uuid(String),
    /// As written: texts of these have the order of what they say.
    Date(String),
    Time(String),
    List(Vec<Value>),
    Record(Vec<(String, Value)>),
}

#[derive(Clone, Debug)]
pub enum Expr {
    /// As it is written, and what it is.
    Literal(String, Value),
    Name(&'static str),
    /// `request.method` and the like, as written.
    Said(&'static str),
    /// `request.query("…")` and the like.
    LookedUp(&'static str, &'static str),
    One(One, Box<Expr>),
    Two(Two, Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `a in [b, c]`, or `not in`.
    Among(Box<Expr>, Vec<Expr>, bool),
    /// `a in b..c`; both ends are literals.
    Within(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>, bool),
    /// An address in networks, by their numbers in [`super::make::NETWORKS`].
    Net(Box<Expr>, Vec<usize>),
    /// By the number of the pattern in [`super::make::PATTERNS`].
    Matches(Box<Expr>, usize),
    Text(Vec<Part>),
    List(Vec<Expr>),
    Record(Vec<(&'static str, Expr)>),
}

#[derive(Clone, Debug)]
pub enum Part {
    /// As written, and what it says.
    Literal(&'static str, &'static str),
    Value(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum One {
    Not,
    IsSet,
    IsNotSet,
    Lower,
    Upper,
    Length,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Two {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Coalesce,
    Add,
    Subtract,
    /// An item in a list that is a value.
    In,
    NotIn,
    Has,
    StartsWith,
    EndsWith,
    Contains,
}

impl Type {
    pub fn maybe(self) -> Self {
        Self::Maybe(Box::new(self))
    }

    pub fn has_order(&self) -> bool {
        matches!(
            self,
            Self::Int | Self::Decimal | Self::Duration | Self::Size | Self::Percent | Self::Date | Self::Time
        )
    }

    /// Whether its literals are texts in quotes, which are read as one only beside a value of the type.
    pub fn is_quoted(&self) -> bool {
        matches!(self, Self::Uuid | Self::Date | Self::Time)
    }
}
