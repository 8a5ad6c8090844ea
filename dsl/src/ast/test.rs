//! Tests: requests to the gateway, the servers behind it as they are to be, and what must come of it.

use super::{Comment, Name, Pattern, Status, Text, Value};
use crate::source::Span;

/// `test "WHAT" { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// From the first word to the closing brace.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// What it proves.
    pub name: Text,
    /// The block, braces included.
    pub block: Span,
    /// What stands in it, in order.
    pub statements: Vec<TestStatement>,
    /// Something of it could not be read, which is reported.
    pub broken: bool,
}

/// One line of a test, with those that continue it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestStatement {
    /// Where it stands.
    pub span: Span,
    /// What it says.
    pub kind: TestKind,
}

/// What a line of a test says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestKind {
    /// `mock UPSTREAM METHOD PATH => …` or `mock UPSTREAM * => …`
    Mock {
        /// Whose servers.
        upstream: Name,
        /// Which requests; every one without it.
        mocked: Option<Mocked>,
        /// What is answered, each answer once, and the last one from then on.
        answers: Vec<Vec<Clause>>,
    },
    /// `param NAME = VALUE`, `live NAME = VALUE`, `secret NAME = VALUE`
    Given {
        /// The word.
        word: Name,
        /// What the gateway is started with is given a value.
        name: Name,
        /// The value.
        value: Value,
    },
    /// `as PRINCIPAL { … }`, `as nobody`
    As {
        /// Whose, or `nobody`.
        name: Name,
        /// What is known of them: a record.
        claims: Option<Value>,
    },
    /// `after DURATION`
    After(Value),
    /// `METHOD PATH … => …`
    Ask {
        /// What is asked for.
        asked: Asked,
        /// What else the request has.
        clauses: Vec<Clause>,
        /// What must come back, in one part or in several.
        expected: Vec<Vec<Clause>>,
    },
    /// `expect UPSTREAM got …`
    Got {
        /// Whose servers.
        upstream: Name,
        /// What must have reached them since the last request was sent.
        got: Got,
        /// What else it must have had.
        clauses: Vec<Clause>,
    },
}

/// `METHOD PATH`, where the path may hold captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mocked {
    /// The method.
    pub method: Name,
    /// The path.
    pub pattern: Pattern,
}

/// `METHOD PATH`, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The method.
    pub method: Name,
    /// The path, with its query or without.
    pub target: Text,
}

/// What must have reached an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    /// `nothing`
    Nothing(Span),
    /// `METHOD PATH`
    Asked(Asked),
}

/// A word of a request or an answer, with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// All of it.
    pub span: Span,
    /// The word; of a status, the status.
    pub word: Span,
    /// What it says.
    pub kind: ClauseKind,
}

/// What a clause says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClauseKind {
    /// `200`, `200 { … }`: a status, and a body of JSON.
    Status(Status, Option<Value>),
    /// `header "NAME" = "TEXT"`, `header "NAME" is set`, `header "NAME" is not set`
    Header(Text, Is),
    /// `body VALUE`, `text VALUE`, `contains VALUE`, `within VALUE`, `delay VALUE`, `host VALUE`, `times VALUE`
    Value(Value),
    /// `body VALUE repeated TIMES`, `text VALUE repeated TIMES`
    Repeated(Value, Value),
    /// `reason NAME`
    Name(Name),
    /// `closed`, `refused`
    Lone,
}

/// What a field of a head is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Is {
    /// This text.
    Text(Value),
    /// There, whatever it says.
    Set,
    /// Not there.
    NotSet,
}
