//! What is asserted of the routes of a gateway.

use super::{Comment, HostPattern, Methods, Name, Operator, Pattern, Text, Value};
use crate::source::Span;

/// `assert "WHY" every route … PREDICATE` or `assert "WHY" WORD routes are ROUTE, …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// From the first word to the last.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// What it is for, in the operator's words.
    pub why: Text,
    /// What is to hold.
    pub claim: Claim,
    /// Something of it could not be read, which is reported: use the names in it, and check no more.
    pub broken: bool,
}

/// What is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// `every route [CHOSEN …] [except ROUTE, …] PREDICATE`
    Every {
        /// Of which routes it is said: of those of which all of this is so.
        chosen: Vec<Chosen>,
        /// Of which it is not.
        except: Option<RouteNames>,
        /// What is said.
        predicate: Box<Predicate>,
    },
    /// `WORD routes are ROUTE, …`
    Listed {
        /// The word.
        who: Name,
        /// All of them.
        routes: RouteNames,
    },
}

/// Of which routes something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// `GET, POST`
    Methods(Methods),
    /// `under /api`
    Under(Pattern),
    /// `to orders`
    To(Name),
    /// `in "teams/*.gw"`
    In(Text),
    /// `on api.example.com`
    On(HostPattern),
}

impl Chosen {
    /// The word that it begins with, where it has one.
    #[must_use]
    pub const fn word(&self) -> Option<&'static str> {
        match self {
            Self::Methods(_) => None,
            Self::Under(_) => Some("under"),
            Self::To(_) => Some("to"),
            Self::In(_) => Some("in"),
            Self::On(_) => Some(ON),
        }
    }

    /// Where it stands, without its word.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Methods(it) => it.span(),
            Self::Under(it) => Some(it.span),
            Self::To(it) => Some(it.span),
            Self::In(it) => Some(it.span),
            Self::On(it) => Some(it.span),
        }
    }
}

/// The word before a host.
pub(crate) const ON: &str = "on";

/// Routes by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteNames {
    /// Where they stand, brackets included.
    pub span: Span,
    /// Whether they stand in brackets.
    pub bracketed: bool,
    /// In order.
    pub names: Vec<RouteName>,
}

/// `GET /orders/{id: uuid} [on HOST]`: a route by one of its methods, its path and its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteName {
    /// Where it stands.
    pub span: Span,
    /// The method, or `*`.
    pub method: Name,
    /// The whole path, prefixes of groups included.
    pub pattern: Pattern,
    /// The host; without one, it is a route outside of all hosts.
    pub host: Option<HostPattern>,
}

/// What is said of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// `requires [any] NAME, …`
    Requires {
        /// Where it stands.
        span: Span,
        /// Where `any` stands: one of several is enough.
        any: Option<Span>,
        /// The names of `auth`s.
        names: Vec<Name>,
    },
    /// `is [not] WORD`
    Is {
        /// Where it stands.
        span: Span,
        /// Whether `not` stands there.
        negated: bool,
        /// The word.
        word: Name,
    },
    /// `has WORD [PART] [OPERATOR VALUE]`
    Has {
        /// Where it stands.
        span: Span,
        /// The word of a setting.
        word: Name,
        /// One of its parameters.
        part: Option<Name>,
        /// What that is held against.
        against: Option<(Operator, Value)>,
    },
}

impl Predicate {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Requires { span, .. } | Self::Is { span, .. } | Self::Has { span, .. } => *span,
        }
    }
}
