//! Several calls that become one answer: `aggregate`.
//!
//! Each branch is a call of its own, or one for each of several values, with what its upstream says of every call; it begins as soon as the values are there that its
//! path is made of. All of it runs in the task of the client's connection, so that nothing of it goes on when the client has gone.

mod cache;
mod fan;
mod run;
mod vary;

use std::time::Duration;

pub(crate) use self::run::run;

use crate::exchange::{Exchange, Flow};
use crate::head::Method;
use crate::json::{Shape, Unread};
use crate::reason::Reason;
use crate::terminal::{Offer, Piece, Write};

/// `aggregate within DURATION { … }`
#[derive(Debug)]
pub struct Aggregate {
    /// How long all of it may take.
    pub within: Duration,
    /// The calls; at most 16. The document of each has its place here, and one more: the first is the request's body. Behind them
    /// are those of the values for each of which there is a call.
    pub branches: &'static [Branch],
    /// Appends the answer, which is JSON.
    pub answer: Write,
}

/// One of the calls.
#[derive(Debug)]
pub struct Branch {
    /// What its value is called.
    pub name: &'static str,
    /// Where it is one call for each of several values, whose answers become a map.
    pub each: Option<Each>,
    /// Index into [`crate::program::Program::upstreams`].
    pub upstream: u32,
    /// What is said of every call there: an index into [`crate::program::Program::chains`].
    pub chain: u16,
    /// Index into the records of that chain.
    pub record: u32,
    /// How it asks.
    pub method: Method,
    /// The path that is asked for, and the query.
    pub target: &'static [Piece],
    /// Fields that are sent: their names in lower case, and what makes their values.
    pub headers: &'static [(&'static str, Offer)],
    /// Appends the body that is sent, which is JSON; a `GET` has none.
    pub body: Option<Write>,
    /// What is read of the answer; of several, of the map that they become.
    pub shape: &'static Shape,
    /// Whether a server may say that there is nothing, of each call: without content, or with `null`.
    pub is_optional: bool,
    /// How long it may take; what is left of the whole bounds it in any case.
    pub within: Option<Duration>,
    /// The largest answer, in bytes; of several, of each of them.
    pub max: u64,
    /// What becomes of its failure.
    pub failure: Failure,
    /// The branches whose values its path, and what it sends, is made of, a bit for each.
    pub needs: u16,
}

/// The values for each of which there is a call.
#[derive(Debug)]
pub struct Each {
    /// Appends all of them, as a list.
    pub list: Write,
    /// How that is read.
    pub items: &'static Shape,
    /// How one of them is read.
    pub item: &'static Shape,
    /// What is read of one answer.
    pub answer: &'static Shape,
    /// The number of the document of one of them, as long as its call is made.
    pub document: u16,
    /// How many distinct ones there may be.
    pub most: u16,
    /// Their letters are the same in either case: keys are in lower case.
    pub folds: bool,
}

/// What becomes of a call that fails.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// So does the whole; an answer of one of these statuses is given to the client with that status.
    Required(&'static [u16]),
    /// The value is this JSON, which is of its type.
    Value(&'static str),
    /// There is no value.
    Skip,
}

impl Aggregate {
    /// Ends the chain.
    #[must_use]
    pub fn request(&'static self, _: &mut Exchange) -> Flow {
        Flow::Aggregate(self)
    }
}

/// Why a branch fails whose answer is not read.
fn unread_for(unread: &Unread) -> Reason {
    match unread {
        Unread::Wrong(_) => Reason::BRANCH_UNREADABLE,
        Unread::Full => Reason::BODIES_FULL,
    }
}
