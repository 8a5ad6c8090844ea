//! How a chain ends: forward, respond or redirect.
//!
//! Each terminal only says what is to happen; the connection's task does it.

use crate::exchange::{Exchange, Flow};
use crate::target;

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

/// The path of a forwarded request, or where a redirect leads.
#[derive(Debug)]
pub enum Target {
    /// The canonical path of the request.
    Same,
    /// Literals, in canonical spelling, and captures.
    Template(&'static [Piece]),
    /// The same with values, of which not every one can be sent.
    Made(&'static [Piece]),
}

/// A part of a template.
#[derive(Debug)]
pub enum Piece {
    /// Literal text, percent-encoded by the compiler.
    Text(&'static str),
    /// The text that the n-th capture of the pattern took, counted from 0.
    Capture(u8),
    /// A value as text, which becomes a part of one segment.
    Value(Write),
    /// A value as text, behind the `?`.
    Query(Write),
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
    pub location: Target,
}

impl Forward {
    /// Ends the chain.
    #[must_use]
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        made(&self.target, x).unwrap_or(Flow::Forward(self))
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
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        made(&self.location, x).unwrap_or(Flow::Redirect(self))
    }
}

/// Makes a target that has values in it; a refusal where one of them cannot be sent.
fn made(target: &Target, x: &mut Exchange) -> Option<Flow> {
    let Target::Made(pieces) = target else { return None };
    target::make(pieces, x).err().map(Flow::Refuse)
}
