//! Declarations, all but routes.

use super::{Assertion, Block, Capture, Comment, Field, Name, Pattern, Route, Test, Text, Type, Value};
use crate::source::Span;

/// One declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declaration {
    /// `import "FILES" [as NAME]`
    Import(Import),
    /// `gateway NAME { … }`
    Gateway(Gateway),
    /// `param NAME: TYPE [= VALUE]`
    Param(Param),
    /// `secret NAME`
    Secret(Secret),
    /// `live NAME: TYPE = VALUE` or `live NAME: TYPE from "FILE"`
    Live(Box<Live>),
    /// `type NAME { … }` or `type NAME = …`
    Type(TypeDeclaration),
    /// `upstream NAME { … }`
    Upstream(Upstream),
    /// `auth NAME KIND { … }`
    Auth(Auth),
    /// `policy NAME[(PARAMETERS)] { … }`
    Policy(PolicyDeclaration),
    /// `group [PREFIX] [when EXPRESSION] { … }`
    Group(Box<Group>),
    /// `host PATTERN, … [when EXPRESSION] { … }`
    Host(Box<Host>),
    /// `route METHODS PATTERN …`
    Route(Box<Route>),
    /// `assert "WHY" …`
    Assertion(Box<Assertion>),
    /// `test "WHAT" { … }`
    Test(Box<Test>),
}

impl Declaration {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Import(it) => it.span,
            Self::Gateway(it) => it.span,
            Self::Param(it) => it.span,
            Self::Secret(it) => it.span,
            Self::Live(it) => it.span,
            Self::Type(it) => it.span,
            Self::Upstream(it) => it.span,
            Self::Auth(it) => it.span,
            Self::Policy(it) => it.span,
            Self::Group(it) => it.span,
            Self::Host(it) => it.span,
            Self::Route(it) => it.span,
            Self::Assertion(it) => it.span,
            Self::Test(it) => it.span,
        }
    }

    /// The word that it begins with.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Import(_) => "import",
            Self::Gateway(_) => "gateway",
            Self::Param(_) => "param",
            Self::Secret(_) => "secret",
            Self::Live(_) => "live",
            Self::Type(_) => "type",
            Self::Upstream(_) => "upstream",
            Self::Auth(_) => "auth",
            Self::Policy(_) => "policy",
            Self::Group(_) => "group",
            Self::Host(_) => "host",
            Self::Route(_) => "route",
            Self::Assertion(_) => "assert",
            Self::Test(_) => "test",
        }
    }

    /// The `///` lines above it.
    #[must_use]
    pub fn docs(&self) -> &[Comment] {
        match self {
            Self::Import(it) => &it.docs,
            Self::Gateway(it) => &it.docs,
            Self::Param(it) => &it.docs,
            Self::Secret(it) => &it.docs,
            Self::Live(it) => &it.docs,
            Self::Type(it) => &it.docs,
            Self::Upstream(it) => &it.docs,
            Self::Auth(it) => &it.docs,
            Self::Policy(it) => &it.docs,
            Self::Group(it) => &it.docs,
            Self::Host(it) => &it.docs,
            Self::Route(it) => &it.docs,
            Self::Assertion(it) => &it.docs,
            Self::Test(it) => &it.docs,
        }
    }
}

/// `import "FILES" [as NAME]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// From the first word to the last.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Which files, as written; it may hold `*`.
    pub path: Text,
    /// What stands before the names of the files.
    pub alias: Option<Name>,
    /// Something of it could not be read, which is reported.
    pub broken: bool,
}

/// `gateway NAME { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// From the first word to the closing brace.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Its name.
    pub name: Name,
    /// Its settings.
    pub block: Block,
}

/// `param NAME: TYPE [= VALUE]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// From the first word to the default.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// What it is when start-up does not say; without one, start-up must.
    pub default: Option<Value>,
    /// Something of it could not be read, which is reported: use its name, and check no more.
    pub broken: bool,
}

/// `secret NAME`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// From the first word to the name.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Its name.
    pub name: Name,
    /// Something of it could not be read, which is reported.
    pub broken: bool,
}

/// `live NAME: TYPE = VALUE` or `live NAME: TYPE from "FILE"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// From the first word to the last.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// What it is until it is changed.
    pub default: Option<Value>,
    /// The file that says what it is.
    pub from: Option<Text>,
    /// Something of it could not be read, which is reported: use its name, and check no more.
    pub broken: bool,
}

/// `type NAME { … }` or `type NAME = …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDeclaration {
    /// From the first word to the end of the type.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub body: TypeBody,
    /// Something of it could not be read, which is reported: use its name, and check no more.
    pub broken: bool,
}

/// What a declared type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeBody {
    /// `[open] { … }`
    Record {
        /// Its fields, in order.
        fields: Vec<Field>,
        /// Whether fields that are not declared pass.
        open: bool,
    },
    /// `= TYPE`
    Alias(Type),
}

/// `upstream NAME { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// From the first word to the closing brace.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Its name.
    pub name: Name,
    /// Its settings.
    pub block: Block,
}

/// `auth NAME KIND { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// From the first word to the closing brace.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Its name: who asks, in expressions.
    pub name: Name,
    /// How it is found out who asks.
    pub kind: Name,
    /// Its settings.
    pub block: Block,
    /// Something of its head could not be read, which is reported: use its name, and check no more.
    pub broken: bool,
}

/// `policy NAME[(PARAMETERS)] { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDeclaration {
    /// From the first word to the closing brace.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Its name.
    pub name: Name,
    /// What it takes, in order.
    pub params: Vec<Field>,
    /// Its settings.
    pub block: Block,
    /// Something of its head could not be read, which is reported: use its name, and check no more.
    pub broken: bool,
}

/// `group [PREFIX] [when EXPRESSION] { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// From the first word to the closing brace.
    pub span: Span,
    /// From the first word to what stands before the block.
    pub head: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// What the paths of its routes begin with.
    pub prefix: Option<Pattern>,
    /// Under which condition its routes are there.
    pub when: Option<Value>,
    /// Its settings and declarations.
    pub block: Block,
    /// Something of its head could not be read, which is reported.
    pub broken: bool,
}

/// `host PATTERN, … [when EXPRESSION] { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// From the first word to the closing brace.
    pub span: Span,
    /// From the first word to what stands before the block.
    pub head: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Which hosts.
    pub patterns: Vec<HostPattern>,
    /// Under which condition its routes are there.
    pub when: Option<Value>,
    /// Its settings and declarations.
    pub block: Block,
    /// Something of its head could not be read, which is reported.
    pub broken: bool,
}

/// `{tenant}.example.com`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// Where it stands.
    pub span: Span,
    /// Its labels from left to right, as written.
    pub labels: Vec<HostLabel>,
}

/// What stands between two dots of a host pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostLabel {
    /// Text that must be equal.
    Literal {
        /// Where it stands.
        span: Span,
        /// The text as written.
        text: String,
    },
    /// `{name}` or `{name: type}`
    Capture(Capture),
}
