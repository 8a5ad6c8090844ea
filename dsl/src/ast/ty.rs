//! Types as written. What they are is said by [`crate::schema::Type::resolve`] and by the compiler.

use super::{Name, Text, Value};
use crate::source::Span;

/// A type as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Where it stands, bounds and parentheses included.
    pub span: Span,
    /// What it is.
    pub kind: TypeKind,
}

impl Type {
    /// The name of a type that is a name, with or without bounds.
    #[must_use]
    pub fn name(&self) -> Option<&Name> {
        if let TypeKind::Named { name, .. } = &self.kind { Some(name) } else { None }
    }
}

/// The kinds of type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// `int(1..50)`
    Named {
        /// Its name.
        name: Name,
        /// Its bounds.
        bounds: Option<Bounds>,
    },
    /// `list<string>(1..9)`
    Generic {
        /// `list` or `map`, or what was written in their place.
        name: Name,
        /// What it holds.
        of: Box<Type>,
        /// Its bounds.
        bounds: Option<Bounds>,
    },
    /// `"free" | "pro"`
    Enum(Vec<Text>),
    /// `int?`
    Optional(Box<Type>),
}

/// What stands in the parentheses behind a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounds {
    /// `1..50`: a [`super::ValueKind::Range`], or a single number, which no type takes.
    Range(Box<Value>),
    /// `re"[a-z]+"`
    Regex(Text),
}

impl Bounds {
    /// Where they stand, without the parentheses.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Range(value) => value.span,
            Self::Regex(text) => text.span,
        }
    }
}
