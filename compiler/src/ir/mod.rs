//! What will run, in running order: the content of the tables and functions that are emitted.
//!
//! Everything in it is in an order that follows from the meaning of the program, never from where its lines stand;
//! [`Program::routes`] alone remembers places, so that messages can name them. It knows no Rust syntax.

pub(crate) mod expr;
mod reach;
mod text;

use std::rc::Rc;
use std::time::Duration;

use gatewright_dsl::Span;
use gatewright_dsl::policy::{self, Guard, Hook, Who};
use gatewright_dsl::schema::{Depends, Reason, Source, Value};

pub(crate) use reach::{By, Called, Reach, Refusal, Way};
pub(crate) use text::{Label, Text};

use self::expr::Function;
use crate::algebra::{Automaton, Method};
use crate::checked::{
    Failure, Front, Given, Handler, Listener, Param as Parameter, Place, Secret, Server, Told, Trail,
};
use crate::feature::Feature;
use crate::linked::Crate;
use crate::ty::Ty;

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) source_hash: String,
    pub(crate) logs: bool,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) front: Front,
    /// Sorted by name.
    pub(crate) crates: Vec<Crate>,
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) router: Router,
    /// The functions that ask the conditions on leaves: numbers of expressions.
    pub(crate) conditions: Vec<usize>,
    /// In order of precedence.
    pub(crate) routes: Vec<Route>,
    /// The names of the files that declare routes.
    pub(crate) files: Vec<Label>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) steps: Vec<StepTable>,
    pub(crate) ends: Ends,
    /// The paths of the types of all states, by number.
    pub(crate) states: Vec<&'static str>,
    /// Chain and record of exchanges that no route has.
    pub(crate) outside: Option<(usize, usize)>,
    /// Sorted by name.
    pub(crate) auths: Vec<Auth>,
    /// Sorted by name.
    pub(crate) params: Vec<Parameter>,
    /// Sorted by name.
    pub(crate) secrets: Vec<Secret>,
    pub(crate) functions: Functions,
    pub(crate) text: Text,
    /// What is only known to fit when the gateway starts.
    pub(crate) fits: Vec<Fit>,
    /// Features of the runtime that the policies in use need, sorted.
    pub(crate) features: Vec<Feature>,
}

/// Two times of a route of which a parameter gives one: the first, so many times, must fit into the second.
#[derive(Debug)]
pub(crate) struct Fit {
    pub(crate) times: i64,
    pub(crate) of: &'static str,
    pub(crate) names: [&'static str; 2],
    pub(crate) part: Content,
    pub(crate) whole: Content,
    /// The first route of which this is so.
    pub(crate) route: usize,
}

/// How it is found out who asks.
#[derive(Debug)]
pub(crate) struct Auth {
    pub(crate) name: String,
    /// Where its type lives, seen from the runtime's door.
    pub(crate) home: &'static str,
    pub(crate) claims: Vec<Claim>,
    /// Its words: for each its name, and what it says.
    pub(crate) items: Vec<(&'static str, Vec<Field>)>,
    /// The upstreams that it asks.
    pub(crate) calls: Vec<Call>,
    /// What it needs that may not be there.
    pub(crate) depends: &'static [Depends],
}

/// How an upstream is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// Index into [`Program::upstreams`].
    pub(crate) upstream: usize,
    /// Index into [`Program::chains`].
    pub(crate) chain: usize,
    /// Index into the records of that chain.
    pub(crate) record: usize,
}

/// Something that is known of who asks.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) wire: String,
    /// The names inside of that.
    pub(crate) inside: Vec<String>,
    pub(crate) required: bool,
    pub(crate) many: bool,
    /// Index into [`Functions::checks`].
    pub(crate) check: usize,
    /// The type in words.
    pub(crate) expected: String,
    pub(crate) default: Option<Vec<String>>,
}

#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) name: String,
    pub(crate) servers: Vec<Server>,
    pub(crate) parts: Vec<Part>,
    /// Header fields that clients do not set.
    pub(crate) identity: Vec<String>,
    /// Where others have the servers.
    pub(crate) split: Option<Split>,
}

/// How requests are shared out between upstreams.
#[derive(Debug)]
pub(crate) struct Split {
    /// Index into [`Functions::exprs`]; without one, each request is drawn for.
    pub(crate) by: Option<(usize, Rc<Trail>)>,
    pub(crate) shares: Vec<Share>,
}

/// What one upstream gets.
#[derive(Debug)]
pub(crate) struct Share {
    /// Index into [`Program::upstreams`].
    pub(crate) upstream: usize,
    pub(crate) weight: Given<i64>,
    /// Index into [`Functions::exprs`].
    pub(crate) pin: Option<usize>,
    pub(crate) trail: Rc<Trail>,
}

/// A field of an upstream.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// Where its type lives, seen from the runtime's door.
    pub(crate) home: &'static str,
    /// Whether it is there in any case, and so no option.
    pub(crate) always: bool,
    /// What it needs that may not be there.
    pub(crate) depends: &'static [Depends],
    pub(crate) config: Option<Vec<Field>>,
    /// Where it was written.
    pub(crate) trails: Vec<Rc<Trail>>,
}

#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) label: Label,
    /// Index into [`Program::files`].
    pub(crate) file: usize,
    pub(crate) place: Place,
    /// Its head, for messages.
    pub(crate) head: Span,
    /// Where it is said that it takes the other form of its path too: with a slash at its end, or without.
    pub(crate) either: Option<Rc<Trail>>,
    pub(crate) chain: usize,
    pub(crate) record: usize,
    /// For each step of the chain, where its settings were written; none for what holds by itself.
    pub(crate) trails: Trails,
    pub(crate) reach: Reach,
    /// Where its answer is written, if it states one or makes one of calls.
    pub(crate) told: Told,
}

/// For each step of a chain, where its settings were written.
pub(crate) type Trails = Vec<Vec<Rc<Trail>>>;

/// One distinct sequence of steps with its kind of end.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Indices into [`Program::steps`].
    pub(crate) steps: Vec<usize>,
    /// `None` for exchanges that no route has.
    pub(crate) end: Option<EndKind>,
    /// For each route that differs, the indices into the tables of its steps and, last, of its end.
    pub(crate) records: Vec<Vec<usize>>,
    /// The first of its routes in order of precedence.
    pub(crate) place: Option<Place>,
}

/// All distinct configurations of one type.
#[derive(Debug)]
pub(crate) struct StepTable {
    /// Where the type lives, seen from the runtime's door.
    pub(crate) home: &'static str,
    /// When its steps are called.
    pub(crate) hooks: &'static [Hook],
    /// What they may answer in the upstream's place.
    pub(crate) answers: &'static [Reason],
    /// What they need that may not be there.
    pub(crate) depends: &'static [Depends],
    /// What must fit into what of settings beside them.
    pub(crate) fits: &'static [policy::Fit],
    /// Whether they only ask and refuse.
    pub(crate) guard: Option<Guard>,
    /// What they say of who asks.
    pub(crate) who: Option<Who>,
    pub(crate) configs: Vec<Vec<Field>>,
}

/// One field of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) content: Content,
}

/// What stands in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Value(Value),
    /// What may be left out, and is or is not.
    Option(Option<Box<Content>>),
    /// What a parameter may give, and does not.
    Is(Box<Content>),
    /// The parameter of this number gives it.
    Param(u16),
    /// The smaller of two, of which a parameter gives one.
    Least(Box<(Content, Content)>),
    /// A variant of an enum beside the configuration: its name, and that of the variant, as rows write them.
    Choice(&'static str, String),
    /// Index into [`Functions::exprs`].
    Expr(usize),
    /// The same with the name under which its value is known.
    Named(String, usize),
    Declared(Declared),
    Respond(Respond),
    /// Index into [`Program::states`].
    State(usize),
    /// Index into [`Functions::shapes`], and the type's name.
    Shape(usize, String),
    List(Vec<Content>),
    /// The `auth` of this number and name.
    Auth(u16, String),
    /// What is said of somebody: for each claim its texts, if any are.
    Claims(Vec<Option<Vec<String>>>),
    /// Settings that are one step: for each the name of its row, and what it says.
    Items(Vec<(&'static str, Vec<Field>)>),
}

/// A field of a request that a route declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    /// On the wire, and where it stands there.
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) required: bool,
    pub(crate) many: bool,
    /// Index into [`Functions::checks`].
    pub(crate) check: usize,
    /// The type in words, and what expressions see where it is not there.
    pub(crate) expected: String,
    pub(crate) default: Option<expr::Constant>,
}

/// A stated answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Respond {
    pub(crate) status: u16,
    /// Media type and content.
    pub(crate) body: Option<(&'static str, Said)>,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The same for each request.
    Text(String),
    /// Index into [`Functions::exprs`].
    Expr(usize),
}

/// All distinct functions that emitted code has beside its chains, by number.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    pub(crate) exprs: Vec<Function>,
    /// Whether a text is of a type.
    pub(crate) checks: Vec<Ty>,
    /// How documents are read and written.
    pub(crate) shapes: Vec<Ty>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EndKind {
    Forward,
    Respond,
    Redirect,
    Aggregate,
    Handler,
    Match,
    /// Nothing comes behind its steps: they are those of a call that a branch makes.
    Branch,
}

/// A part of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text in canonical spelling.
    Text(String),
    /// What the n-th capture of the pattern took.
    Capture(u8),
    /// A part of one segment; index into [`Functions::exprs`].
    Value(usize),
    /// The same, behind the `?`; and the request's query as it came.
    Query(usize),
    Asked,
}

/// What is done for each value of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// Index into [`Functions::exprs`]: the text of the value.
    pub(crate) on: usize,
    pub(crate) arms: Vec<Arm>,
}

/// One way: a chain of its own, of what is said of the call and of its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arm {
    /// For which texts; none for all that no other arm names.
    pub(crate) values: Vec<String>,
    pub(crate) chain: usize,
    pub(crate) record: usize,
    pub(crate) trails: Trails,
    /// Where its answer is written, if it states one.
    pub(crate) told: Told,
}

/// Several calls that become one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aggregate {
    pub(crate) within: Duration,
    pub(crate) branches: Vec<Branch>,
    /// Index into [`Functions::exprs`].
    pub(crate) answer: usize,
}

/// One of these calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) name: String,
    /// Where it is one call for each of several.
    pub(crate) each: Option<Each>,
    /// Index into [`Program::upstreams`].
    pub(crate) upstream: usize,
    pub(crate) chain: usize,
    pub(crate) record: usize,
    pub(crate) trails: Trails,
    pub(crate) method: Method,
    pub(crate) target: Vec<Piece>,
    /// Fields that are sent: their names, and indices into [`Functions::exprs`].
    pub(crate) headers: Vec<(String, usize)>,
    /// Index into [`Functions::exprs`].
    pub(crate) body: Option<usize>,
    /// Index into [`Functions::shapes`].
    pub(crate) shape: usize,
    /// Whether a server may say that there is nothing.
    pub(crate) is_optional: bool,
    pub(crate) within: Option<Duration>,
    pub(crate) max: u64,
    pub(crate) failure: Failure,
    /// The places of the branches that it waits for.
    pub(crate) needs: Vec<usize>,
}

impl Branch {
    /// Its type, as it would be written.
    pub(crate) fn ty(&self, functions: &Functions) -> Option<Ty> {
        let ty = functions.shapes.get(self.shape)?.clone();
        Some(match (ty, &self.each) {
            (ty, _) if !self.is_optional => ty,
            (Ty::Map(item), Some(_)) => Ty::Map((*item).clone().optional().into()),
            (ty, _) => ty.optional(),
        })
    }
}

/// The values for each of which there is a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Each {
    pub(crate) name: String,
    /// The number of one of them among the documents.
    pub(crate) document: u16,
    /// Index into [`Functions::exprs`].
    pub(crate) list: usize,
    /// Indices into [`Functions::shapes`]: of the list, of one of them, and of one answer.
    pub(crate) shapes: [usize; 3],
    pub(crate) most: u16,
    /// Values are the same in either case.
    pub(crate) folds: bool,
}

/// All distinct ends.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    pub(crate) forwards: Vec<(usize, Option<Vec<Piece>>)>,
    pub(crate) responds: Vec<Respond>,
    pub(crate) redirects: Vec<(u16, Vec<Piece>)>,
    pub(crate) aggregates: Vec<Aggregate>,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) matches: Vec<Match>,
}

/// The tables of the router, laid out as the runtime walks them.
#[derive(Debug, Default)]
pub(crate) struct Router {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Option<Edge>>,
    pub(crate) params: Vec<Param>,
    /// The distinct languages of parameters.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) methods: u16,
    /// The root of hosts, where routes have any.
    pub(crate) hosts: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) edges: usize,
    pub(crate) params: usize,
    /// First of those that end here; those whose rest begins here follow.
    pub(crate) leaves: usize,
    /// Number of slots as a power of two; `None` where no literal follows.
    pub(crate) edge_bits: Option<u32>,
    pub(crate) param_count: usize,
    pub(crate) here_count: usize,
    pub(crate) rest_count: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// Up to eight bytes: the text itself. Beyond: its hash, and where it begins in the text.
    pub(crate) key: [u32; 2],
    pub(crate) len: usize,
    pub(crate) node: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Param {
    /// Index into [`Router::kinds`].
    pub(crate) kind: usize,
    pub(crate) node: usize,
}

/// The language of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Any,
    Int {
        min: i64,
        max: i64,
    },
    Uuid,
    Date,
    /// In canonical spelling, sorted.
    OneOf(Vec<String>),
    Length {
        min: u32,
        max: u32,
    },
    Regular(Automaton),
}

#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) methods: u16,
    /// The number of its condition's function.
    pub(crate) when: Option<usize>,
    pub(crate) to: To,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Route(usize),
    /// Nothing that comes later is looked at.
    Floor,
    /// Behind a host: the root of its paths.
    Paths(usize),
}
