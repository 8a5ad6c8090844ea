//! Functions of the operator's that answer: `handler`.
//!
//! One is called with values that are its own. An `async fn` runs in the task of the client's connection, so that nothing of it goes on
//! when the client has gone or the time is over; while it runs between two `.await`s, nobody else of its worker does. Any other
//! `fn` runs on a thread beside the worker.

mod answer;
mod gives;
mod own;
mod run;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use self::answer::{Answer, Failed, IntoAnswer};
pub use self::gives::{Blocks, Gives, Waits};
pub use self::own::{Own, own};
pub(crate) use self::run::run;

use crate::exchange::{Exchange, Flow};

/// A function that has been called, and what it answers in the end.
pub type Called = Pin<Box<dyn Future<Output = Result<Answer, Failed>>>>;

/// Values by name.
pub type Map<T> = BTreeMap<String, T>;

/// `handler PATH(ARGUMENT, …) within DURATION`
#[derive(Debug)]
pub struct Handler {
    /// Its path, for traces and logs.
    pub name: &'static str,
    /// Calls it with what it takes of an exchange.
    pub call: fn(&Exchange) -> Called,
    /// How long it may take.
    pub within: Duration,
}

impl Handler {
    /// Ends the chain.
    #[must_use]
    pub fn request(&'static self, _: &mut Exchange) -> Flow {
        Flow::Handler(self)
    }
}

/// Calls a function. What it gives comes in one type for all of them.
pub fn called<Way, T: Gives<Way>>(function: impl FnOnce() -> T + Send + 'static) -> Called {
    T::call(function)
}
