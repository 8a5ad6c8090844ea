//! How a chain ends: forward, respond, redirect, or one of them for each value of something.
//!
//! Each terminal only says what is to happen; the connection's task does it.

use crate::edit;
use crate::exchange::{Exchange, Flow};
use crate::reason::Reason;
use crate::target;

/// Appends something that is made of an exchange.
pub type Write = fn(&Exchange, &mut Vec<u8>);
/// The same of something that may be absent: then it is `false`, and nothing is appended.
pub type Offer = fn(&Exchange, &mut Vec<u8>) -> bool;

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
    /// A value as text, which stands behind the `?` or `#`: all but unreserved characters as escapes (RFC 3986 section 2.3).
    Query(Write),
    /// The query of the request as it came, behind a `?`; nothing where it has none. It is the last.
    Asked,
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

/// `match EXPRESSION { … }`: a chain of its own for each value.
#[derive(Debug)]
pub struct Match {
    /// Appends the text of the value.
    pub on: Write,
    /// Each text that is named, in their order, with the number of its way.
    pub values: &'static [(&'static str, u16)],
    /// The number of the way of all others. There is one, or no others: the compiler has seen to it.
    pub others: Option<u16>,
    /// The ways; at most 256.
    pub arms: &'static [Arm],
}

/// One of these ways.
#[derive(Debug)]
pub struct Arm {
    /// Index into [`crate::program::Program::chains`].
    pub chain: u16,
    /// Index into the records of that chain.
    pub record: u32,
}

impl Match {
    /// Goes on with the chain of the way for the value.
    #[must_use]
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        let mut text = Vec::new();
        (self.on)(x, &mut text);
        let named = self.values.binary_search_by(|(value, _)| value.as_bytes().cmp(&text)).ok();
        let number = named.and_then(|at| self.values.get(at)).map(|(_, number)| *number).or(self.others);
        let number = number.map(usize::from);
        let way = number.and_then(|number| self.arms.get(number));
        let program = x.shared.as_ref().map(|shared| shared.program);
        let chain = way.and_then(|arm| Some((program?.chains.get(usize::from(arm.chain))?, arm.record)));
        #[cfg(feature = "tested")]
        {
            x.record.arm = number;
            x.reach(format_args!(""));
        }
        // INVARIANT: emitted code has a way for every value, and a chain for every way.
        chain.map_or(Flow::Refuse(Reason::PANIC), |(chain, record)| (chain.request)(x, record))
    }
}

impl Forward {
    /// Ends the chain.
    #[must_use]
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        self.hide(x);
        made(&self.target, x).unwrap_or(Flow::Forward(self))
    }
}

impl Forward {
    /// Who asks is said to the server by the gateway alone: what the client has said of it goes no further, unless its route
    /// says so.
    fn hide(&self, x: &mut Exchange) {
        let program = x.shared.as_ref().map(|shared| shared.program);
        let upstream = program.and_then(|program| program.upstreams.get(self.upstream as usize));
        x.identity = upstream.map_or(&[], |upstream| upstream.identity);
        let hidden: Vec<&'static str> = x.hidden().collect();
        for name in hidden {
            edit::drop_alike(&mut x.head, name);
        }
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
