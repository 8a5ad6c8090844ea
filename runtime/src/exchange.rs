//! One request and its answer, as the steps of a chain see it.
//!
//! An exchange and the room that it has grown to belong to the worker and are used again; it does no IO itself.

use crate::clock::Micros;
use crate::head::{Field, Head};
use crate::params::Params;
use crate::policy;
use crate::reason::Reason;
use crate::route::Captures;
use crate::terminal::{Forward, Redirect, Respond};

/// One request and its answer.
#[derive(Debug, Default)]
pub struct Exchange {
    pub(crate) head: Head,
    pub(crate) captures: Captures,
    /// What was set when the gateway started.
    pub(crate) params: &'static Params,
    /// Index into the program's routes.
    pub(crate) route: Option<u32>,
    pub(crate) timeout: Option<&'static policy::timeout::Config>,
    pub(crate) body_max: u64,
    /// Bytes to the server: the head, then perhaps a small body.
    pub(crate) onward: Vec<u8>,
    /// Bytes to the client that have not left: heads, small bodies.
    pub(crate) homeward: Vec<u8>,
    /// Fields of the server's answer.
    pub(crate) fields: Vec<Field>,
    pub(crate) record: Record,
}

/// What is known of an exchange when it is over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record {
    /// When the first byte of the head arrived.
    pub(crate) started: Micros,
    /// When its last byte had: a server's time begins here, however slow the client was.
    pub(crate) asked: Micros,
    /// 0: no answer has left.
    pub(crate) status: u16,
    /// Why the gateway answered itself or gave up.
    pub(crate) reason: Option<&'static str>,
    /// Bytes of the request's body.
    pub(crate) received: u64,
    /// Bytes of the answer's body.
    pub(crate) sent: u64,
    /// The server that was asked last.
    pub(crate) server: Option<std::net::SocketAddr>,
    /// The error of the operating system behind `reason`.
    pub(crate) cause: Option<std::io::ErrorKind>,
}

/// What happens after a step.
#[derive(Debug)]
pub enum Flow {
    /// The next step of the chain runs.
    Next,
    /// The chain ends: the gateway refuses.
    Refuse(Reason),
    /// The chain ends: forward.
    Forward(&'static Forward),
    /// The chain ends: respond.
    Respond(&'static Respond),
    /// The chain ends: redirect.
    Redirect(&'static Redirect),
}

impl Exchange {
    /// The request's head.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The text, in canonical spelling, that the n-th capture of the pattern took, counted from 0.
    #[must_use]
    pub fn capture(&self, index: u8) -> &[u8] {
        self.captures.at(index, &self.head.path)
    }

    /// An empty exchange of a gateway with these parameters.
    pub(crate) fn of(params: &'static Params) -> Self {
        Self { params, ..Self::default() }
    }

    /// Forgets everything but the parameters, and keeps the room, unless it is large.
    pub(crate) fn clear(&mut self) {
        self.head.clear();
        self.captures = Captures::default();
        self.route = None;
        self.timeout = None;
        self.body_max = 0;
        self.onward.clear();
        self.onward.shrink_to(8192);
        self.homeward.clear();
        self.homeward.shrink_to(8192);
        self.fields.clear();
        self.record = Record::default();
    }
}
