//! The tests of a gateway as they are written and checked, for whoever runs them against the compiled gateway. Nothing of them
//! is emitted.

use std::borrow::Cow;
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
    /// What parameters and secrets are given that have no default, by name; what a test gives comes before them.
    pub given: Vec<(String, Given)>,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What it proves.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What parameters, live values and secrets are given, by name.
    pub given: Vec<(String, Given)>,
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
    /// One of these, in which a part comes again and again.
    Long(Long),
}

/// A body that is too long to be written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Long {
    /// Whether it is JSON.
    pub is_json: bool,
    /// What stands before the part.
    pub before: String,
    /// The part.
    pub part: String,
    /// How often it comes.
    pub times: usize,
    /// What stands behind it.
    pub after: String,
}

impl Body {
    /// Whether it is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        match self {
            Self::Json(_) => true,
            Self::Text(_) => false,
            Self::Long(long) => long.is_json,
        }
    }

    /// What it says.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Json(text) | Self::Text(text) => Cow::Borrowed(text),
            Self::Long(Long { before, part, times, after, .. }) => {
                Cow::Owned([before, part.repeat(*times).as_str(), after].concat())
            }
        }
    }
}

/// What a parameter, a live value or a secret is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// One text.
    Text(String),
    /// The texts of a list.
    List(Vec<String>),
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
