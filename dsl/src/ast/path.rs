//! Path patterns and path templates.

use super::{Name, Type, Value};
use crate::source::Span;

/// The path pattern of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Where it stands, quotes included.
    pub span: Span,
    /// What stands between the slashes. `/` is one empty literal; `/a/` is `a` and an empty literal.
    pub segments: Vec<Segment>,
}

/// What stands between two slashes of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text that must be equal, compared by decoded value.
    Literal {
        /// Where it stands; empty between two slashes.
        span: Span,
        /// The text with its percent escapes decoded.
        text: String,
    },
    /// `{name}` or `{name: type}`
    Capture(Capture),
}

/// `{name}` or `{name: type}` in a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Where it stands, braces included.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// Its type; without one, any segment that is not empty matches.
    pub ty: Option<Type>,
}

/// A path with values filled in: `/v2/orders/{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Where it stands, quotes included.
    pub span: Span,
    /// Text and values, in order. The first one begins with a slash.
    pub parts: Vec<TemplatePart>,
}

/// A piece of a path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePart {
    /// Text, as it is sent.
    Literal {
        /// Where it stands.
        span: Span,
        /// The text as written, percent escapes kept.
        text: String,
    },
    /// `{name}`, `{name.field}`, or any other value in braces
    Value(Value),
}
