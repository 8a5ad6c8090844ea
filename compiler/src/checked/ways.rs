//! Ends that are more than one: calls that become one answer, and one way for each value.

use std::time::Duration;

use super::{End, Piece, Place, Step, Told};
use crate::algebra::Method;
use crate::ir::expr::{Expr, Function};
use crate::ty::Ty;

/// What is done for each value of an expression.
#[derive(Debug)]
pub(crate) struct Match {
    /// The text of the value.
    pub(crate) on: Function,
    pub(crate) arms: Vec<Arm>,
}

/// One way.
#[derive(Debug)]
pub(crate) struct Arm {
    /// Where it begins.
    pub(crate) place: Place,
    /// For which texts; none for all that no other arm names.
    pub(crate) values: Vec<String>,
    /// What is said of the call, if it forwards.
    pub(crate) steps: Vec<Step>,
    /// Neither of the two that are said beside a route.
    pub(crate) end: End,
    /// Where its answer is written, if it states one.
    pub(crate) told: Told,
}

/// Several calls that become one answer.
#[derive(Debug)]
pub(crate) struct Aggregate {
    pub(crate) within: Duration,
    pub(crate) branches: Vec<Branch>,
    pub(crate) answer: Function,
}

/// One of these calls. Its document has its place among the branches, and one more.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) name: String,
    /// Where it begins.
    pub(crate) place: Place,
    /// Where it is one call for each of several.
    pub(crate) each: Option<Each>,
    /// Index into the upstreams.
    pub(crate) upstream: usize,
    /// What that says of every call, in the order of the catalogue.
    pub(crate) steps: Vec<Step>,
    pub(crate) method: Method,
    pub(crate) target: Vec<Piece>,
    pub(crate) sent: Sent,
    /// What is read of the answer; of several, of the map that they become.
    pub(crate) ty: Ty,
    /// Whether a server may say that there is nothing.
    pub(crate) is_optional: bool,
    pub(crate) within: Option<Duration>,
    pub(crate) max: u64,
    pub(crate) failure: Failure,
    /// The places of the branches whose values its path, and what it sends, is made of.
    pub(crate) needs: Vec<usize>,
}

impl Branch {
    /// Whether something that it sends says who asks: by itself, or by the one of several values that the call is for.
    pub(crate) fn tells_who(&self, expr: &Expr) -> bool {
        let of_who = self.each.as_ref().filter(|each| each.list.expr.tells_who());
        expr.tells_who() || of_who.is_some_and(|each| expr.reads_document(each.document))
    }
}

/// The values for each of which there is a call.
#[derive(Debug)]
pub(crate) struct Each {
    /// What one of them is called.
    pub(crate) name: String,
    /// Its number among the documents.
    pub(crate) document: u16,
    pub(crate) list: Function,
    /// The type of one of them.
    pub(crate) ty: Ty,
    /// How many there may be.
    pub(crate) most: u16,
}

/// What such a call sends beside what every call of a gateway has.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Fields: their names in lower case, and their values.
    pub(crate) headers: Vec<(String, Function)>,
    /// JSON.
    pub(crate) body: Option<Function>,
}

impl Branch {
    /// All that is evaluated before it begins.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &Function> {
        let headers = self.sent.headers.iter().map(|(_, function)| function);
        let list = self.each.iter().map(|each| &each.list);
        self.target.iter().filter_map(Piece::function).chain(headers).chain(&self.sent.body).chain(list)
    }
}

/// What becomes of a call that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// So does the whole, but for these statuses.
    Required(Vec<u16>),
    /// The value is this JSON.
    Value(String),
    /// There is none.
    Skip,
}
