//! `auth NAME forward`: a server behind the gateway is asked about each request, and what it answers decides.
//!
//! It is asked with a GET without a body. What is asked about is said in fields that no client can write: the method, the host, and the
//! path in the one spelling in which the request is matched and sent on, so that nothing is allowed under one path and sent to
//! another. Whatever is not clearly a success lets nobody in.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{Auth, Claim, Kind, Later, Over, Principal, Refusal, Settled, Start, Verdict, Verifier};
use crate::call::Reply;
use crate::clock::{Micros, micros};
use crate::exchange::Exchange;
use crate::head::{Head, list};
use crate::program::Call;
use crate::reason::Reason;

/// Bytes of the body of an answer, which nobody reads; what is larger is none.
pub(crate) const LARGEST: u64 = 64 * 1024;

/// What the block says.
#[derive(Debug)]
pub struct Config {
    /// Its words.
    pub items: &'static [Item],
}

/// A word of the block.
#[derive(Debug)]
pub enum Item {
    /// Who is asked.
    Ask {
        /// The name of its upstream.
        upstream: &'static str,
        /// The path and the query.
        path: &'static str,
        /// How long it may take.
        within: Duration,
    },
    /// Fields that say who it is from.
    Credential {
        /// In lower case.
        names: &'static [&'static str],
    },
    /// Fields that are sent too.
    Send {
        /// In lower case.
        names: &'static [&'static str],
        /// None are.
        none: bool,
    },
    /// What of an answer is the client's.
    Refuse {
        /// Statuses.
        statuses: &'static [u16],
        /// Fields, in lower case.
        with: &'static [&'static str],
    },
}

/// What is asked of an upstream.
#[derive(Debug)]
pub struct Question {
    /// Who is asked.
    pub(crate) to: Call,
    /// For what.
    pub(crate) target: &'static str,
    /// Field lines, each ended by CR LF.
    pub(crate) lines: Vec<u8>,
    /// The fields of the answer that are of interest, beside those of claims.
    pub(crate) fields: &'static [&'static str],
    /// What comes by others.
    pub(crate) claims: &'static [Claim],
}

/// What has come of asking.
#[derive(Debug)]
pub struct Answered(pub(crate) Result<Reply, (Reason, Option<io::ErrorKind>)>);

/// Asks.
#[derive(Debug)]
struct Asking {
    auth: &'static Auth,
    to: Call,
    path: &'static str,
    within: Micros,
    credentials: &'static [&'static str],
    sent: &'static [&'static str],
    refusing: &'static [u16],
    told: &'static [&'static str],
}

impl Kind for Config {
    fn start(&'static self, start: &Start) -> Result<Box<dyn Verifier>, String> {
        let auth = start.auth;
        let to = auth.calls.first().ok_or_else(|| format!("`{}` has nobody to ask", auth.name))?;
        let mut asking = Asking {
            auth,
            to: *to,
            path: "/",
            within: 0,
            credentials: &[],
            sent: &[],
            refusing: &[],
            told: &[],
        };
        for item in self.items {
            match *item {
                Item::Ask { path, within, .. } => (asking.path, asking.within) = (path, micros(within)),
                Item::Credential { names } => asking.credentials = names,
                Item::Send { names, none } => asking.sent = if none { &[] } else { names },
                Item::Refuse { statuses, with } => (asking.refusing, asking.told) = (statuses, with),
            }
        }
        Ok(Box::new(asking))
    }
}

/// Appends a field line. What comes of a head that was read can stand in one.
fn line(name: &str, value: &[u8], out: &mut Vec<u8>) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

impl Asking {
    /// What is said of a request.
    fn lines(&self, head: &Head) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        // What is a credential is not sent a second time.
        let more = self.sent.iter().filter(|name| !self.credentials.contains(name));
        for name in self.credentials.iter().chain(more) {
            for value in head.field(name) {
                line(name, value, &mut out);
            }
        }
        line("X-Forwarded-Method", head.method_text(), &mut out);
        if !head.host().is_empty() {
            line("X-Forwarded-Host", head.host(), &mut out);
        }
        out.extend_from_slice(b"X-Forwarded-Uri: ");
        out.extend_from_slice(head.path());
        if let Some(query) = head.query() {
            out.push(b'?');
            out.extend_from_slice(query);
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    /// Whether a request says anything of who it is from.
    fn is_said(&self, head: &Head) -> bool {
        self.credentials.iter().any(|name| head.field(name).next().is_some())
    }

    fn known(&self, reply: &Reply) -> Settled {
        let said = |_: usize, claim: &'static Claim| {
            let values = reply.field(claim.field.name);
            // RFC 9110 section 5.3: a list may be said in one field or in several.
            let texts: Vec<Box<[u8]>> = if claim.field.many {
                values.flat_map(list).map(Box::from).collect()
            } else {
                values.map(Box::from).collect()
            };
            (!texts.is_empty()).then_some(texts)
        };
        Principal::new(self.auth, said).map(Arc::new).map_err(|_| Reason::AUTH_UNREADABLE.into())
    }

    fn refusal(&self, x: &Exchange, reply: &Reply) -> Refusal {
        let status = reply.status;
        let is_said = self.is_said(x.head());
        let of_credential = if is_said { Reason::CREDENTIAL_INVALID } else { Reason::CREDENTIAL_MISSING };
        let reason = match status {
            300..=399 | 401 => Reason { status, ..of_credential },
            _ => Reason { status, ..Reason::AUTH_REFUSED },
        };
        let mut said = Vec::new();
        for name in self.told {
            reply.field(name).for_each(|value| line(name, value, &mut said));
        }
        Refusal { reason, said: said.into() }
    }
}

/// Why nobody is let in where there is no answer.
fn unanswered(reason: Reason) -> Reason {
    match reason {
        Reason::DRAINED => reason,
        Reason::UPSTREAM_TIMEOUT
        | Reason::UPSTREAM_STALLED
        | Reason::UPSTREAM_CONNECT_TIMEOUT
        | Reason::QUEUE_TIMEOUT => Reason::AUTH_TIMEOUT,
        Reason::BRANCH_TOO_LARGE
        | Reason::UPSTREAM_MALFORMED
        | Reason::UPSTREAM_HEAD_TOO_LARGE
        | Reason::UPSTREAM_FRAMING
        | Reason::UPSTREAM_TRUNCATED
        | Reason::UPSTREAM_UPGRADED => Reason::AUTH_UNREADABLE,
        _ => Reason::AUTH_UNAVAILABLE,
    }
}

impl Verifier for Asking {
    fn identify(&self, x: &Exchange, _: bool) -> Verdict {
        let head = x.head();
        // Of two, one might be believed there, and the other one elsewhere.
        if self.credentials.iter().any(|name| head.field(name).nth(1).is_some()) {
            return Verdict::INVALID;
        }
        let Self { to, path: target, told: fields, auth, .. } = *self;
        let question = Question { to, target, lines: self.lines(head), fields, claims: auth.claims };
        Verdict::Later(Later {
            over: Over::Asked(Box::new(question)),
            within: self.within,
            otherwise: Reason::AUTH_TIMEOUT,
        })
    }

    fn fields(&self) -> &[&'static str] {
        self.credentials
    }

    fn answered(&self, x: &Exchange, Answered(reply): Answered) -> Settled {
        match reply {
            Err((reason, _)) => Err(unanswered(reason).into()),
            Ok(reply) => match reply.status {
                200..300 => self.known(&reply),
                status if self.refusing.contains(&status) => {
                    let is_lost = status < 400 && reply.field("location").next().is_none();
                    if is_lost { Err(Reason::AUTH_UNREADABLE.into()) } else { Err(self.refusal(x, &reply)) }
                }
                500.. => Err(Reason::AUTH_UNAVAILABLE.into()),
                _ => Err(Reason::AUTH_UNREADABLE.into()),
            },
        }
    }

    /// No scheme is registered for it; what the server says in its place comes before this.
    fn challenge(&self, realm: &str, _: bool, out: &mut Vec<u8>) {
        for part in ["Forward realm=\"", realm, "\""] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}
