//! When a policy's step runs, and what it needs and yields. The running order is derived from these, by the compiler.

/// The stretch of an exchange in which a step runs, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The route is known, nothing is decided: may this request come in?
    Admit,
    /// Who asks?
    Identify,
    /// Is that allowed?
    Authorise,
    /// How the request's body is read.
    Receive,
    /// What is sent to the upstream.
    Send,
    /// How the upstream is called.
    Call,
    /// What is sent to the client.
    Answer,
    /// What is recorded.
    Observe,
}

/// Something that a step reads or gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// The client's address.
    Client,
    /// The request's head.
    Head,
    /// The request's body.
    Body,
    /// Who asks.
    Principal,
    /// The answer of the upstream.
    Response,
}
