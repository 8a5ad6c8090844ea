//! The tree as written: declarations, settings and values with their spans. Nothing is resolved here: a word is a
//! word, whether or not anything of that name exists.

use crate::source::Span;
use std::time::Duration;

/// One parsed file. Parts that could not be read are left out; the problems say so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// The declarations in the order in which they stand.
    pub declarations: Vec<Declaration>,
    /// All comments in order, doc comments included.
    pub comments: Vec<Comment>,
}

impl File {
    /// The `gateway` blocks.
    pub fn gateways(&self) -> impl Iterator<Item = &Gateway> {
        self.declarations
            .iter()
            .filter_map(|it| if let Declaration::Gateway(it) = it { Some(it) } else { None })
    }

    /// The `upstream` blocks.
    pub fn upstreams(&self) -> impl Iterator<Item = &Upstream> {
        self.declarations
            .iter()
            .filter_map(|it| if let Declaration::Upstream(it) = it { Some(it) } else { None })
    }

    /// The routes.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.declarations
            .iter()
            .filter_map(|it| if let Declaration::Route(it) = it { Some(&**it) } else { None })
    }
}

/// A comment, from its first slash to the end of its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands.
    pub span: Span,
    /// The text behind the slashes, without blanks at either end.
    pub text: String,
    /// Whether it is a `///` comment, which belongs to what follows it.
    pub doc: bool,
}

/// A word that names something, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Where it stands.
    pub span: Span,
    /// The word.
    pub text: String,
}

/// One declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declaration {
    /// `gateway NAME { … }`
    Gateway(Gateway),
    /// `upstream NAME { … }`
    Upstream(Upstream),
    /// `route METHODS PATTERN …`
    Route(Box<Route>),
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

/// `route METHODS PATTERN [TERMINAL] [{ … }]`
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
    /// What stands on the head line behind the pattern. See [`Route::terminal`].
    pub head_terminal: Option<Terminal>,
    /// Its settings, and its terminal if that stands inside.
    pub block: Option<Block>,
    /// Something of its head could not be read, which is reported: use it for the names in it, and check no more.
    pub broken: bool,
}

impl Route {
    /// The one terminal, from the head or from the block. `None` only if a problem was reported.
    #[must_use]
    pub fn terminal(&self) -> Option<&Terminal> {
        self.head_terminal.as_ref().or_else(|| {
            self.block.iter().flat_map(|block| &block.statements).find_map(|statement| match statement {
                Statement::Terminal(terminal) => Some(terminal),
                Statement::Setting(_) => None,
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

/// A type as written. [`crate::schema::Type::resolve`] says what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Where it stands, bounds included.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// `(1..50)`: a [`ValueKind::Range`].
    pub bounds: Option<Value>,
}

/// `{ … }` behind a declaration or a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Braces included.
    pub span: Span,
    /// What stands in it, in order.
    pub statements: Vec<Statement>,
}

impl Block {
    /// Its settings, in order.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.statements.iter().filter_map(|it| if let Statement::Setting(it) = it { Some(it) } else { None })
    }
}

/// One statement of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `word argument… [{ … }]`
    Setting(Setting),
    /// What a route does, written inside its block.
    Terminal(Terminal),
}

/// `word argument… [{ … }]`: the one form of all settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// From the word to the end of the last argument or block.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// The word it begins with.
    pub word: Name,
    /// What follows, in order. Which bare words are labels is said by the setting's row.
    pub arguments: Vec<Argument>,
    /// Its block.
    pub block: Option<Block>,
    /// Something in it could not be read, which is reported: it counts as written, and is checked no further.
    pub broken: bool,
}

/// One argument of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A value, a list, a path, or a bare word (which may turn out to be a label).
    Value(Value),
    /// `name: type [= default] [as other]`
    Field(Field),
    /// `"x-a" = value`: the value before this one is the target.
    Assignment {
        /// From the target to the value.
        span: Span,
        /// What is set.
        target: Value,
        /// To what.
        value: Value,
    },
}

impl Argument {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Value(value) => value.span,
            Self::Field(field) => field.span,
            Self::Assignment { span, .. } => *span,
        }
    }
}

/// `name: type [= default] [as other]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// `= default`
    pub default: Option<Value>,
    /// `as other`
    pub alias: Option<Name>,
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
        }
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
    /// `respond STATUS [json VALUE | text STRING]`
    Respond {
        /// The status, 200 to 599.
        status: Status,
        /// The body.
        body: Option<AnswerBody>,
    },
    /// `redirect STATUS TARGET`
    Redirect {
        /// One of 301, 302, 303, 307, 308.
        status: Status,
        /// Where to.
        target: Target,
    },
}

/// A status code as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Where it stands.
    pub span: Span,
    /// The number.
    pub code: u16,
}

/// The body of a fixed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerBody {
    /// `json VALUE`: a record, list, string, number or truth value.
    Json(Value),
    /// `text STRING`
    Text(Text),
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An absolute URL in quotes.
    Url(Text),
    /// A path on the same host.
    Path(Template),
}

/// A string literal with its escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Where it stands, quotes included.
    pub span: Span,
    /// What it says.
    pub value: String,
}

/// A path with captures filled in: `/v2/orders/{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Where it stands, quotes included.
    pub span: Span,
    /// Text and captures, in order. The first one begins with a slash.
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
    /// `{name}`
    Capture(Name),
}

/// A literal, a bare word, a list or a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ValueKind,
}

/// The kinds of value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueKind {
    /// `true` or `false`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `9.95`, its digits as written.
    Decimal(String),
    /// `"x"`
    Text(String),
    /// `250ms`
    Duration(Duration),
    /// `64KiB`, in bytes.
    Size(u64),
    /// `100/s`
    Rate(Rate),
    /// `5%`
    Percent(Percent),
    /// `1..50`, `1..`, `..50`
    Range(Option<Box<Value>>, Option<Box<Value>>),
    /// `10.1.2.3`, `10.0.0.0/8`, `:8080`, `[::1]:80`, as written. What it must be is said by the row.
    Address(String),
    /// A bare word: a name, a label or a choice. One with `::` in it may be an address or a path of types.
    Word(String),
    /// `/a/{b}`
    Path(Template),
    /// `a, b` or `[a, b]`
    List(Vec<Value>),
    /// `{ a: 1 }`
    Record(Vec<Entry>),
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, quotes resolved.
    pub name: Name,
    /// Its value.
    pub value: Value,
}

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In how long; never zero.
    pub per: Duration,
}

/// A share in millionths: `5%` is 50,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(pub u32);
