//! What a policy is for the rest of a program: a guard, one that says who asks, a reader of the body; and how it meets what its upstream
//! says.

/// What lets a request through that is asked a question: a condition, a list of networks, whether there is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guard {
    /// What is so lets it through.
    Lets,
    /// What is so refuses it.
    Refuses,
}

/// What a policy says of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// Somebody who is known to one of its `auth`s. With the flag of this name, one of several is enough, and each of them may
    /// be absent.
    Somebody(&'static str),
    /// Anybody; who is known to one of its `auth`s is known then.
    Perhaps,
    /// Anybody, and nobody is asked. Such a setting has no step, and so no type.
    Anybody,
}

/// The words of the policies that say who may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WhoWords {
    /// [`Who::Somebody`]
    pub somebody: &'static str,
    /// [`Who::Perhaps`]
    pub perhaps: &'static str,
    /// [`Who::Anybody`]
    pub anybody: &'static str,
}

impl Who {
    /// Whether it says who may come: where a program asks at all, each route must say so, once.
    #[must_use]
    pub const fn settles(self) -> bool {
        !matches!(self, Self::Perhaps)
    }
}

/// What a step becomes that reads the body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The parameter that names the type. Under the setting's own word its fields are known to expressions.
    pub param: &'static str,
    /// The path of the Rust type, seen from generated code.
    pub home: &'static str,
    /// The feature of the runtime that it needs.
    pub feature: &'static str,
}

/// A time that must fit into another, of a setting of the same route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// The parameter of the row that says how many times more than once.
    pub times: Option<&'static str>,
    /// The setting that both times are of.
    pub of: &'static str,
    /// The parameter that is one of them.
    pub part: &'static str,
    /// The parameter that must not be shorter.
    pub whole: &'static str,
}

/// When a step is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// The request is there, and nothing is decided.
    Request,
    /// The body of the request is there, for which the step has asked.
    Body,
    /// The head of the answer is there.
    Response,
    /// The gateway is about to answer by itself.
    Own,
    /// The exchange is over.
    Log,
}

/// What becomes of a policy that both the route and its upstream write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meet {
    /// The route's stands alone.
    Route,
    /// For each parameter, the smaller of those that are written.
    Smaller,
}
