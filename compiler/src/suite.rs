//! The tests of a gateway as they are written and checked, for whoever runs them against the compiled gateway. Nothing of them
//! is emitted.

use std::time::Duration;

pub use crate::checked::Place;
pub use crate::coverage::{Part, PartKind};

/// All tests of an entry, and what runs them needs to know of its gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suite {
    /// In the order of the text, those of the entry's own file first.
    pub tests: Vec<Test>,
    /// What tests can reach, in the order of the text.
    pub parts: Vec<Part>,
    /// The names of all upstreams that the gateway has.
    pub upstreams: Vec<String>,
    /// Texts for parameters and secrets that have no default, by name; what a test gives comes before them.
    pub given: Vec<(String, String)>,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What it proves.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Texts for parameters, live values and secrets, by name.
    pub given: Vec<(String, String)>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One line of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub kind: StepKind,
}

/// What a line of a test is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// What servers answer from here on.
    Mock(Mock),
    /// Who asks from here on; nobody without it.
    As(Option<As>),
    /// Time goes by.
    After(Duration),
    /// A request, and what must come back.
    Ask(Ask),
    /// What must have reached an upstream since the last request was sent.
    Got(Got),
}

/// Somebody who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct As {
    /// The name of the `auth` that knows them.
    pub auth: String,
    /// What is said of them: a JSON object, its members under their names on the wire.
    pub claims: String,
}

/// What the servers of an upstream answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mock {
    /// The name of the upstream.
    pub upstream: String,
    /// Which requests; every one without it.
    pub mocked: Option<Mocked>,
    /// Each is given once, in order, and the last one from then on; at least one.
    pub answers: Vec<Answer>,
}

/// Which requests a mock answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mocked {
    /// The method.
    pub method: String,
    /// What stands between the slashes of the path.
    pub segments: Vec<Segment>,
}

/// What stands between two slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// This text, percent escapes decoded.
    Literal(String),
    /// Any text that is not empty.
    Any,
    /// All that is left.
    Rest,
}

/// One answer of a mock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It accepts no connection.
    Refused,
    /// It closes the connection in the place of an answer, after this long.
    Closed(Duration),
    /// It answers.
    Says(Reply),
}

/// An answer with a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// After how long.
    pub delay: Duration,
    /// The status.
    pub status: u16,
    /// Fields of its head.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Option<Body>,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// JSON in compact form.
    Json(String),
    /// Any other text.
    Text(String),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// The path as it is sent, with its query or without.
    pub target: String,
    /// What `Host` says, where it matters.
    pub host: Option<String>,
    /// Fields of its head.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Option<Body>,
    /// What must come back.
    pub expected: Vec<Expected>,
}

/// What must have reached an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// The name of the upstream.
    pub upstream: String,
    /// A method and a path, with its query where that matters; without it, nothing.
    pub asked: Option<(String, String)>,
    /// How often; without it, at least once.
    pub times: Option<u64>,
    /// What each of them must have had.
    pub expected: Vec<Expected>,
}

/// One thing that must be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Where it is written.
    pub place: Place,
    /// What.
    pub kind: Expectation,
}

/// What must be so of a request or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The status.
    Status(u16),
    /// Why the gateway answered itself, as `Proxy-Status` says.
    Reason(String),
    /// A field of the head: its text, `Some(None)`, or whether it is there at all.
    Header(String, Field),
    /// The whole body.
    Body(Body),
    /// A part of the body: members of the JSON, or a piece of the text.
    Contains(Body),
    /// The time until the answer was there.
    Within(Duration),
}

/// What a field of a head must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// This text.
    Is(String),
    /// There.
    Set,
    /// Not there.
    NotSet,
}
