//! How a chain ends: forward, respond or redirect.
//!
//! Each terminal only says what is to happen; the connection's task does it.

use crate::exchange::{Exchange, Flow};

/// Appends something that is made of an exchange.
pub type Write = fn(&Exchange, &mut Vec<u8>);

/// `-> UPSTREAM [PATH]`.
#[derive(Debug)]
pub struct Forward {
    /// Index into [`crate::program::Program::upstreams`].
    pub upstream: u32,
    /// The path that is sent.
    pub target: Target,
}

/// The path of a forwarded request.
#[derive(Debug)]
pub enum Target {
    /// The canonical path of the request.
    Same,
    /// Literals, in canonical spelling, and captures.
    Template(&'static [Piece]),
}

/// A part of a path template.
#[derive(Debug)]
pub enum Piece {
    /// Literal text, percent-encoded by the compiler.
    Text(&'static str),
    /// The text that the n-th capture of the pattern took, counted from 0.
    Capture(u8),
}

/// `respond STATUS [json … | text …]`.
#[derive(Debug)]
pub struct Respond {
    /// 200 to 599.
    pub status: u16,
    /// `application/json`, `text/plain; charset=utf-8`, or empty where there is no body.
    pub content_type: &'static str,
    /// The body.
    pub body: Content,
}

/// The body of an answer that a route states.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// None.
    Nothing,
    /// The same for each request.
    Text(&'static str),
    /// Made for each request.
    Write(Write),
}

/// `redirect STATUS TARGET`.
#[derive(Debug)]
pub struct Redirect {
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// The value of `Location`.
    pub location: &'static [Piece],
}

impl Forward {
    /// Ends the chain.
    #[must_use]
    pub fn request(&'static self, _: &mut Exchange) -> Flow {
        Flow::Forward(self)
    }
}

impl Respond {
    /// Ends the chain.
    #[must_use]
    pub fn request(&'static self, _: &mut Exchange) -> Flow {
        Flow::Respond(self)
    }
}

impl Redirect {
    /// Ends the chain.
    #[must_use]
    pub fn request(&'static self, _: &mut Exchange) -> Flow {
        Flow::Redirect(self)
    }
}
