//! The types of parameters and captures. One set of types serves rows, patterns and fields.

use super::{Source, Stage, Want};
use crate::ast::{self, ValueKind};
use crate::problem::{Problem, path, syntax::listed};
use std::fmt;

/// A type, with its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// `true` or `false`
    Bool,
    /// A whole number; both ends included.
    Int(Bounds),
    /// A number with decimals.
    Decimal,
    /// Text; the bounds count Unicode scalars.
    String(Bounds),
    /// A time with its unit.
    Duration,
    /// A number of bytes with its unit.
    Size,
    /// A count per time.
    Rate,
    /// A share.
    Percent,
    /// An IP address.
    Ip,
    /// An IP network.
    Cidr,
    /// An IP address with a port, or a port alone.
    Addr,
    /// An absolute URL with one of these schemes.
    Url(&'static [&'static str]),
    /// An absolute URL without path and query, with one of these schemes.
    Origin(&'static [&'static str]),
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// A calendar day.
    Date,
    /// The rest of a path.
    Path,
    /// An IP network, or an address, which is a network of one.
    Net,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words: in Rust, a variant of an enum beside the row's type, with the name of the parameter.
    Choice(&'static [&'static str]),
    /// A name: a bare word or a string.
    Name,
    /// The status of an answer, both ends included.
    Status(u16, u16),
    /// The name of an upstream.
    Upstream,
    /// A status, a class of them such as `5xx`, or a reason: answers that the gateway gives by itself.
    Cause,
    /// What a server may do wrong: a status, a class of them, or one of [`FAILURES`].
    Failure,
    /// A status, and perhaps `json`, `text` or `file` with a body.
    Answer(Stage),
    /// An expression.
    Expr(Want, Stage),
    /// An expression for text that is sent to an upstream: it may be a secret, whole and alone.
    Sent(Stage),
    /// The name of a declared `secret`.
    Secret,
    /// `name: type = default as other`
    Field(Source),
    /// `name = expression`
    Binding(Want),
    /// The name of a value, which is written as JSON under its own name.
    Named(Stage),
    /// The name of an `auth`: somebody who asks.
    Principal,
    /// The name of a declared type with fields.
    Record,
    /// One of these words, or the name of a type that is declared.
    Shape(&'static [&'static str]),
    /// One or more, separated by commas.
    List(&'static Type),
}

/// The smallest and the largest, both included; `None` is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Bounds {
    /// The smallest.
    pub min: Option<i64>,
    /// The largest.
    pub max: Option<i64>,
}

impl Bounds {
    /// No bounds.
    pub const NONE: Self = Self { min: None, max: None };

    /// Whether a number lies inside.
    #[must_use]
    pub fn holds(self, number: i64) -> bool {
        self.min.is_none_or(|min| min <= number) && self.max.is_none_or(|max| number <= max)
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(min) = self.min {
            write!(f, "{min}")?;
        }
        f.write_str("..")?;
        if let Some(max) = self.max {
            write!(f, "{max}")?;
        }
        Ok(())
    }
}

/// So many of [`FAILURES`], the first, say that no connection was made: no server has seen the request.
pub const UNSENT: usize = 6;

/// What may happen to a request on its way to a server, in words: reasons of the gateway, and `connect_failure` for the first
/// five together.
pub const FAILURES: &[&str] = &[
    "connect_failure",
    "upstream_refused",
    "upstream_unreachable",
    "upstream_connect_timeout",
    "upstream_certificate_invalid",
    "upstream_tls_failed",
    "upstream_closed",
    "upstream_timeout",
    "upstream_malformed",
];

/// The types that a capture can have, by name.
const CAPTURES: &[&str] = &["int", "string", "uuid", "date", "path"];

impl Type {
    /// Whether its values have an order.
    #[must_use]
    pub const fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::Int(_) | Self::Duration | Self::Size | Self::Rate | Self::Percent | Self::Status(..)
        )
    }

    /// Whether two of its values can be told apart when a program is compiled.
    #[must_use]
    pub const fn is_compared(self) -> bool {
        self.is_ordered() || matches!(self, Self::Choice(_) | Self::Name | Self::String(_))
    }

    /// The type that is written, for a capture of a path pattern.
    ///
    /// # Errors
    ///
    /// The problem, if there is no such type, or its bounds cannot be.
    pub fn resolve(written: &ast::Type) -> Result<Self, Box<Problem>> {
        let ast::TypeKind::Named { name, bounds } = &written.kind else {
            return Err(Box::new(path::unknown_type(written.span, "", CAPTURES)));
        };
        let (name, span) = (name.text.as_str(), name.span);
        if !CAPTURES.contains(&name) {
            return Err(Box::new(path::unknown_type(span, name, CAPTURES)));
        }
        let bounds = bounds.as_ref().map(|bounds| read_bounds(name, bounds)).transpose()?;
        let unbounded = bounds.unwrap_or(Bounds::NONE);
        Ok(match name {
            "int" => Self::Int(unbounded),
            "string" => Self::String(unbounded),
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            _ => Self::Path,
        })
    }
}

/// The bounds of a type. Those of a string count its characters.
fn read_bounds(name: &str, written: &ast::Bounds) -> Result<Bounds, Box<Problem>> {
    let wrong = |message: String| Box::new(path::wrong_bounds(written.span(), message));
    if !matches!(name, "int" | "string") {
        return Err(wrong(format!("`{name}` takes no bounds")));
    }
    let range = if let ast::Bounds::Range(range) = written { Some(&range.kind) } else { None };
    let Some(ValueKind::Range(low, high)) = range else {
        return Err(wrong("expected a range such as `1..50` as bounds".into()));
    };
    let end = |end: &Option<Box<ast::Value>>| match end.as_deref().map(|value| &value.kind) {
        None => Ok(None),
        Some(ValueKind::Int(number)) => Ok(Some(*number)),
        Some(_) => Err(wrong(format!("the bounds of `{name}` are whole numbers"))),
    };
    let bounds = Bounds { min: end(low)?, max: end(high)? };
    if let (Some(min), Some(max)) = (bounds.min, bounds.max)
        && min > max
    {
        return Err(wrong(format!("nothing is within `{bounds}`")));
    }
    if name == "string" && (bounds.min.is_some_and(|min| min < 0) || bounds.max.is_some_and(|max| max < 1)) {
        return Err(wrong(format!("no text has `{bounds}` characters in a path")));
    }
    Ok(bounds)
}

impl fmt::Display for Type {
    /// The type in words, with an article, as messages use it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("`true` or `false`"),
            Self::Int(_) => f.write_str("a whole number"),
            Self::Decimal => f.write_str("a number"),
            Self::String(_) => f.write_str("a string"),
            Self::Duration => f.write_str("a duration such as `250ms`"),
            Self::Size => f.write_str("a size such as `64KiB`"),
            Self::Rate => f.write_str("a rate such as `100/s`"),
            Self::Percent => f.write_str("a percentage such as `5%`"),
            Self::Ip => f.write_str("an IP address"),
            Self::Cidr => f.write_str("an IP network such as `10.0.0.0/8`"),
            Self::Addr => f.write_str("an address such as `127.0.0.1:8080` or `:8080`"),
            Self::Url(schemes) => {
                write!(f, "a URL such as `\"{}://example.com/\"`", schemes.first().unwrap_or(&"http"))
            }
            Self::Origin(schemes) => {
                write!(f, "a URL such as `\"{}://127.0.0.1:9000\"`", schemes.first().unwrap_or(&"http"))
            }
            Self::Uuid => f.write_str("a uuid"),
            Self::Date => f.write_str("a date"),
            Self::Path => f.write_str("a path"),
            Self::Net => f.write_str("an IP network such as `10.0.0.0/8`, or an address"),
            Self::Name => f.write_str("a name"),
            Self::Upstream => f.write_str("the name of an upstream"),
            Self::Status(low, high) => write!(f, "a status from `{low}` to `{high}`"),
            Self::Cause => f.write_str("a status, a class such as `5xx`, or a reason"),
            Self::Failure => {
                f.write_str("a status, a class such as `5xx`, or a failure such as `connect_failure`")
            }
            Self::Answer(_) => f.write_str("a status, and perhaps `json`, `text` or `file` with a body"),
            Self::Expr(Want::Bool, _) => f.write_str("a condition"),
            Self::Expr(..) | Self::Sent(_) => f.write_str("an expression"),
            Self::Secret => f.write_str("the name of a `secret`"),
            Self::Field(_) => f.write_str("a field such as `page: int`"),
            Self::Binding(_) => f.write_str("a name and its value, such as `limit = page`"),
            Self::Named(_) => f.write_str("the name of a value"),
            Self::Principal => f.write_str("the name of an `auth`"),
            Self::Record => f.write_str("the name of a type with fields"),
            Self::Shape(words) => write!(f, "{}, or the name of a type", listed(words)),
            Self::Word([word]) => write!(f, "`{word}`"),
            Self::Word(words) | Self::Choice(words) => write!(f, "one of {}", listed(words)),
            Self::List(item) => write!(f, "{item}, or several"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, Span};

    fn resolve(text: &str) -> Result<Type, &'static str> {
        let source = Source::new("a.gw", format!("route GET /{{x: {text}}} respond 200\n"));
        let (file, problems) = crate::parse(&source);
        assert!(problems.is_empty(), "{problems:?}");
        let ast::Segment::Capture(capture) = &file.routes().next().unwrap().pattern.segments[0] else {
            panic!()
        };
        Type::resolve(capture.ty.as_ref().unwrap()).map_err(|problem| {
            assert_ne!(problem.span(), None::<Span>);
            problem.name
        })
    }

    #[test]
    fn resolves_the_types_of_captures() {
        let bounds = |min, max| Bounds { min, max };
        assert_eq!(resolve("int"), Ok(Type::Int(Bounds::NONE)));
        assert_eq!(resolve("int(1..50)"), Ok(Type::Int(bounds(Some(1), Some(50)))));
        assert_eq!(resolve("int(-5..)"), Ok(Type::Int(bounds(Some(-5), None))));
        assert_eq!(resolve("string(..80)"), Ok(Type::String(bounds(None, Some(80)))));
        assert_eq!(resolve("path"), Ok(Type::Path));
    }

    #[test]
    fn refuses_bounds_that_cannot_be() {
        for text in ["int(5..1)", "uuid(1..2)", "int(5)", "int(1s..2s)", "string(-1..5)", "string(0..0)"] {
            assert_eq!(resolve(text), Err("wrong_bounds"), "{text}");
        }
        assert_eq!(resolve("uid"), Err("unknown_type"));
    }
}
