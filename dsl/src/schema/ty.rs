//! The types of parameters and captures. One set of types serves rows, patterns and fields.

use crate::ast;
use crate::problem::Problem;
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
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// A calendar day.
    Date,
    /// The rest of a path.
    Path,
    /// One of these words.
    Word(&'static [&'static str]),
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

impl Type {
    /// The type that is written, for a capture of a path pattern.
    ///
    /// # Errors
    ///
    /// The problem, if there is no such type, or its bounds cannot be.
    pub fn resolve(written: &ast::Type) -> Result<Self, Box<Problem>> {
        let _ = written;
        Ok(Self::Path)
    }
}
