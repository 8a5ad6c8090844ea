//! The tree as written: declarations, settings and values with their spans. Nothing is resolved here: a word is a
//! word, whether or not anything of that name exists.

mod assertion;
mod declaration;
mod path;
mod route;
mod setting;
mod test;
mod ty;
mod value;

pub use assertion::{Assertion, Chosen, Claim, Predicate, RouteName, RouteNames};
pub use declaration::{
    Auth, Declaration, Gateway, Group, Host, HostLabel, HostPattern, Import, Live, Param, PolicyDeclaration,
    Secret, TypeBody, TypeDeclaration, Upstream,
};
pub use path::{Capture, Pattern, Segment, Template, TemplatePart};
pub use route::{
    Aggregate, AnswerBody, Arm, Branch, EachOf, Failure, Handler, Match, Methods, Route, Sent, Status,
    Target, Terminal, TerminalKind,
};
pub use setting::{Argument, Block, Field, Setting, Statement, Use};
pub use test::{Asked, Clause, ClauseKind, Got, Is, Mocked, Test, TestKind, TestStatement};
pub use ty::{Bounds, Type, TypeKind};
pub use value::{Entry, Operator, Percent, Rate, Text, TextPart, Value, ValueKind};

use crate::source::Span;

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

    /// The routes at the top of the file; those in groups and hosts are in their blocks.
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
