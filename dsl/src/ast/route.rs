//! Routes, and what they do with a request.

use super::{Block, Comment, Name, Pattern, Setting, Statement, Template, Text, Type, Value};
use crate::source::Span;
use std::borrow::Cow;

/// `route METHODS PATTERN [when EXPRESSION] [SETTING] [TERMINAL] [{ … }]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// From the first word to the end of the head or the closing brace.
    pub span: Span,
    /// The head: from the first word to what stands before the block.
    pub head: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Which methods.
    pub methods: Methods,
    /// Which paths.
    pub pattern: Pattern,
    /// Under which condition it is there.
    pub when: Option<Value>,
    /// The setting that stands on the head line, before what the route does. It counts as one of its block.
    pub head_setting: Option<Setting>,
    /// What stands on the head line behind the pattern. See [`Route::terminal`].
    pub head_terminal: Option<Terminal>,
    /// Its settings, and its terminal if that stands inside.
    pub block: Option<Block>,
    /// Something of its head could not be read, which is reported: use it for the names in it, and check no more.
    pub broken: bool,
}

impl Route {
    /// Its block, with the setting of its head as the first of it. `None` where it has neither.
    #[must_use]
    pub fn whole_block(&self) -> Option<Cow<'_, Block>> {
        let Some(first) = &self.head_setting else { return self.block.as_ref().map(Cow::Borrowed) };
        let mut block = self.block.clone().unwrap_or(Block { span: first.span, statements: Vec::new() });
        block.statements.insert(0, Statement::Setting(first.clone()));
        Some(Cow::Owned(block))
    }

    /// The one terminal, from the head or from the block. `None` only if a problem was reported.
    #[must_use]
    pub fn terminal(&self) -> Option<&Terminal> {
        self.head_terminal.as_ref().or_else(|| {
            self.block.iter().flat_map(|block| &block.statements).find_map(|statement| match statement {
                Statement::Terminal(terminal) => Some(terminal),
                _ => None,
            })
        })
    }
}

/// The methods of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Methods {
    /// `*`
    Any(Span),
    /// One or more names.
    List(Vec<Name>),
}

impl Methods {
    /// Where they stand.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Any(span) => Some(*span),
            Self::List(names) => Some(names.first()?.span.to(names.last()?.span)),
        }
    }
}

/// What a route does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// Where it stands.
    pub span: Span,
    /// Which one.
    pub kind: TerminalKind,
}

impl Terminal {
    /// The word or sign that it begins with.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.kind {
            TerminalKind::Forward { .. } => "->",
            TerminalKind::Respond { .. } => "respond",
            TerminalKind::Redirect { .. } => "redirect",
            TerminalKind::Aggregate(_) => "aggregate",
            TerminalKind::Handler(_) => "handler",
            TerminalKind::Match(_) => "match",
        }
    }
}

impl Terminal {
    /// What may be done: itself, or what stands in its arms.
    pub fn ways(&self) -> impl Iterator<Item = &Self> {
        let arms = match &self.kind {
            TerminalKind::Match(it) => it.arms.as_slice(),
            _ => &[],
        };
        let own = (!matches!(self.kind, TerminalKind::Match(_))).then_some(self);
        own.into_iter().chain(arms.iter().map(|arm| &arm.terminal))
    }
}

/// The kinds of terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalKind {
    /// `-> UPSTREAM [PATH]`
    Forward {
        /// The name of the upstream.
        upstream: Name,
        /// The path sent there; without one, the path as it came.
        path: Option<Template>,
    },
    /// `respond STATUS [json EXPRESSION | text STRING | file "…"]`
    Respond {
        /// The status, 200 to 599.
        status: Status,
        /// The body.
        body: Option<AnswerBody>,
    },
    /// `redirect STATUS TARGET [query]`
    Redirect {
        /// One of 301, 302, 303, 307, 308.
        status: Status,
        /// Where to.
        target: Target,
        /// The word that has the request's query follow.
        query: Option<Span>,
    },
    /// `aggregate within DURATION { … }`
    Aggregate(Box<Aggregate>),
    /// `match EXPRESSION { … }`
    Match(Box<Match>),
    /// `handler PATH[(ARGUMENT, …)] within DURATION`
    Handler(Box<Handler>),
}

/// A function of the operator's that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// Its path: `fraud::score`.
    pub path: Text,
    /// The path, and what stands in parentheses behind it.
    pub call: Span,
    /// What it is called with.
    pub arguments: Vec<Value>,
    /// How long it may take.
    pub within: Value,
}

/// What is done for each value of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// What is looked at.
    pub on: Value,
    /// From brace to brace.
    pub span: Span,
    /// The ways.
    pub arms: Vec<Arm>,
    /// Something in it could not be read, which is reported.
    pub broken: bool,
}

/// `VALUE, … TERMINAL` or `else TERMINAL`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// All of it.
    pub span: Span,
    /// For which values; none for all that no other arm names.
    pub values: Vec<Value>,
    /// What is done: no aggregation and no match.
    pub terminal: Terminal,
}

/// Several calls that become one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// How long all of it may take.
    pub within: Value,
    /// From brace to brace.
    pub span: Span,
    /// The calls.
    pub branches: Vec<Branch>,
    /// `respond EXPRESSION`, and where that begins.
    pub answer: Option<(Span, Value)>,
    /// Something in it could not be read, which is reported.
    pub broken: bool,
}

/// `NAME[: TYPE] = [for NAME in LIST max N] UPSTREAM METHOD PATH [within DURATION] [max SIZE] (required [pass STATUS, …] | else VALUE | else skip) [{ … }]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// All of it.
    pub span: Span,
    /// What its value is called.
    pub name: Name,
    /// Its type; without one, that which the contract of its upstream says.
    pub ty: Option<Type>,
    /// Where it is one call for each of several.
    pub each: Option<EachOf>,
    /// Who is asked.
    pub upstream: Name,
    /// How.
    pub method: Name,
    /// For what: a path, and perhaps a query.
    pub path: Template,
    /// How long it may take.
    pub within: Option<Value>,
    /// How large its answer may be.
    pub max: Option<Value>,
    /// What becomes of its failure.
    pub failure: Failure,
    /// What else is sent.
    pub sent: Option<Sent>,
}

/// `{ header "NAME" = EXPRESSION; body EXPRESSION }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// From brace to brace.
    pub span: Span,
    /// The fields: where each stands, its name and its value.
    pub headers: Vec<(Span, Text, Value)>,
    /// The body, and the word before it.
    pub body: Option<(Span, Value)>,
}

/// `for NAME in LIST max N`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EachOf {
    /// What one of them is called in the path and in what is sent.
    pub name: Name,
    /// All of them.
    pub list: Value,
    /// Of how many there may be calls.
    pub max: Value,
}

/// What becomes of a call that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// `required`: so does the whole, but for answers of these statuses, which are passed on.
    Required(Vec<Status>),
    /// `else VALUE`
    Value(Value),
    /// `else skip`: it has no value.
    Skip(Span),
}

/// A status code as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Where it stands.
    pub span: Span,
    /// The number.
    pub code: u16,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerBody {
    /// `json EXPRESSION`
    Json(Value),
    /// `text STRING`: a text, with or without values in it.
    Text(Value),
    /// `file "…"`
    File(Text),
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An absolute URL in quotes.
    Url(Text),
    /// A path on the same host.
    Path(Template),
    /// An absolute URL in quotes with values in its path.
    Elsewhere {
        /// The whole of it.
        span: Span,
        /// Its scheme and host.
        origin: String,
        /// What stands behind them.
        path: Template,
    },
}
