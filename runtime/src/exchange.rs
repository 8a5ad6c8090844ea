//! One request and its answer, as the steps of a chain see it.
//!
//! An exchange and the room that it has grown to belong to the worker and are used again; it does no IO itself.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use crate::auth::{Later, Principal, Settled};
use crate::clock::Micros;
use crate::edit::{self, Edits};
use crate::head::{Field, Head, is_field_value, write_number};
use crate::params::{Params, Setting};
use crate::policy;
use crate::program::{Program, Walk};
use crate::reason::Reason;
use crate::route::{Asked, Captures, Found, NONE, canonical_host};
use crate::serve::capacity::Admission;
use crate::shared::{Shared, Slot};
use crate::trace::Trace;
use crate::upstream::breaker::Pass;
use crate::upstream::permits::Permit;

pub use crate::flow::Flow;

#[cfg(feature = "json")]
pub(crate) use self::record::Failing;
pub(crate) use self::record::Record;

mod record;
#[cfg(test)]
mod testing;

/// One request and its answer.
#[derive(Debug)]
pub struct Exchange {
    /// `None` only where there is no gateway: in tests of a single step.
    pub(crate) shared: Option<Arc<Shared>>,
    pub(crate) head: Head,
    /// Never an IPv4 address in the form of an IPv6 one.
    pub(crate) client: IpAddr,
    /// What servers are told about the client, where that is not what they are told of the peer.
    pub(crate) forwarding: Vec<u8>,
    /// Its id, where exchanges have one.
    pub(crate) id: Vec<u8>,
    pub(crate) captures: Captures,
    /// The canonical host, where routes have hosts.
    pub(crate) host: Vec<u8>,
    /// What was set when the gateway started, and the live values of one generation.
    pub(crate) params: Arc<Params>,
    /// Which generation.
    pub(crate) generation: u64,
    /// The steps of the route, or of exchanges without one.
    pub(crate) walk: Option<Walk>,
    /// Index into the program's routes.
    pub(crate) route: Option<u32>,
    pub(crate) waits: Waits,
    pub(crate) retry: Option<&'static policy::retry::Config>,
    /// Servers of the upstream that this exchange has asked since it began, or began anew.
    pub(crate) tried: Vec<u16>,
    /// That it is one of those whom the upstream has at once, where they are counted.
    pub(crate) permit: Option<Permit>,
    /// What the upstream's breaker is told, where it has one.
    pub(crate) pass: Option<Pass>,
    /// Bytes of `onward` that are the head.
    pub(crate) onward_head: usize,
    pub(crate) body_max: u64,
    /// The target that the route's end has made of values.
    pub(crate) made: Vec<u8>,
    /// Bytes to the server: the head, then perhaps a small body.
    pub(crate) onward: Vec<u8>,
    /// Bytes to the client that have not left: heads, small bodies.
    pub(crate) homeward: Vec<u8>,
    /// Fields of the answer: offsets into the server's bytes, or into those of `answer`.
    pub(crate) fields: Vec<Field>,
    pub(crate) answer: Answer,
    /// What steps change of the request that is sent on.
    pub(crate) edits: Edits,
    /// What is wrong with the fields that the route declares.
    pub(crate) violations: Vec<policy::query::Violation>,
    /// Texts that have been read, by number.
    #[cfg(feature = "json")]
    pub(crate) documents: Vec<Option<crate::json::Document>>,
    /// What is wrong with its body.
    #[cfg(feature = "json")]
    pub(crate) wrongs: Vec<crate::json::Violation>,
    /// The room that its documents take of the process.
    #[cfg(feature = "json")]
    pub(crate) room: crate::serve::room::Taken,
    /// What limits have counted for it.
    #[cfg(feature = "limit")]
    pub(crate) charges: Vec<policy::limit::Charge>,
    /// The limit that has refused it.
    #[cfg(feature = "limit")]
    pub(crate) limited: Option<Slot>,
    /// Room for a text that a step makes and needs only for a moment.
    #[cfg(feature = "limit")]
    pub(crate) scratch: Vec<u8>,
    /// Field lines that the final answer has beside its own, each ended by CR LF.
    pub(crate) said: Vec<u8>,
    /// Names of fields that steps have taken out of the answer, or have said themselves.
    pub(crate) unsaid: Vec<&'static str>,
    /// The branches that have fallen back, and why, as the answer says it.
    pub(crate) incomplete: Vec<u8>,
    /// That it is one of those that the gateway has at once, where they are counted.
    pub(crate) admission: Option<Admission>,
    /// What a function of the operator's says of its failure.
    #[cfg(feature = "handler")]
    pub(crate) told: String,
    /// A step that sees the answer has found that it cannot be given.
    pub(crate) fault: Option<Reason>,
    /// Who asks: numbers of `auth`s, and whom each knows.
    pub(crate) principals: Vec<(u16, Arc<Principal>)>,
    /// The fields of the head, in lower case, in which that may be said, whether it was so or not.
    pub(crate) credentials: Vec<&'static str>,
    /// They are sent on.
    pub(crate) sends_credentials: bool,
    /// The fields, in lower case, by which the server is told who asks.
    pub(crate) identity: &'static [&'static str],
    /// What its chain has come to, until that is done.
    pub(crate) flow: Option<Flow>,
    /// What tells in a moment who asks, by numbers of `auth`s.
    pub(crate) awaited: Vec<(u16, Later)>,
    /// What has come of such waits; nothing where that was in vain, or only news.
    pub(crate) settled: Vec<(u16, Option<Settled>)>,
    pub(crate) record: Record,
    /// The trace that it belongs to.
    pub(crate) trace: Trace,
}

/// The head of the answer, where a step wants to see it.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// 0: there is none yet.
    pub(crate) status: u16,
    /// What the fields stand in.
    pub(crate) bytes: Vec<u8>,
}

/// How long a server may take; nothing, where no step has said it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waits {
    /// To the head of the answer.
    pub(crate) total: Micros,
    /// Of that, for each try.
    pub(crate) each: Micros,
    /// To a connection.
    pub(crate) connect: Micros,
    /// To the next byte of a body.
    pub(crate) idle: Micros,
    /// Where a server is told how long it has: the name of a field.
    pub(crate) forward: Option<&'static str>,
    /// A proxy in front has made the time shorter than the route has it.
    pub(crate) is_cut: bool,
    /// The total that a server has which is asked at once: not what a wait for others has left of it.
    pub(crate) whole: Micros,
    /// Since when the server that is being asked has what it needs to answer.
    pub(crate) since: Micros,
    /// Some try of this request counted against its server: then the request counts against the upstream, however little time the last
    /// one had.
    pub(crate) has_counted: bool,
}

impl Waits {
    /// Whether a failure says something of a server. A time that is over does not, where a proxy has made it shorter than its route has
    /// it, or where most of it had passed before the server was asked: in the queue, for others, or in pauses. Else whoever makes it shorter
    /// could shut the server off from all. A server that is silent has the queue filled by itself, so that half of the time is enough.
    pub(crate) fn counts(&self, reason: Reason, now: Micros) -> bool {
        let most = match reason {
            Reason::UPSTREAM_TIMEOUT => self.whole.min(self.each),
            Reason::UPSTREAM_CONNECT_TIMEOUT => self.whole.min(self.each).min(self.connect),
            _ => return true,
        };
        !self.is_cut && now.saturating_sub(self.since) >= most / 2
    }
}

/// An answer that the gateway is about to give in place of the route's own end.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// Why.
    pub reason: Reason,
}

/// Tells a client that is refused after how long it may come again, in whole seconds (RFC 9110 section 10.2.3).
pub(crate) fn say_when(x: &mut Exchange, after: Option<Setting<Duration>>) {
    let Some(after) = after.map(|after| after.of(x)) else { return };
    let mut seconds = Vec::new();
    write_number(after.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX), &mut seconds);
    x.say("Retry-After", &seconds);
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            shared: None,
            head: Head::default(),
            client: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            forwarding: Vec::new(),
            id: Vec::new(),
            captures: Captures::default(),
            host: Vec::new(),
            params: Arc::default(),
            generation: 0,
            walk: None,
            route: None,
            waits: Waits::default(),
            retry: None,
            tried: Vec::new(),
            permit: None,
            pass: None,
            onward_head: 0,
            body_max: 0,
            made: Vec::new(),
            onward: Vec::new(),
            homeward: Vec::new(),
            fields: Vec::new(),
            answer: Answer::default(),
            edits: Edits::default(),
            violations: Vec::new(),
            #[cfg(feature = "json")]
            documents: Vec::new(),
            #[cfg(feature = "json")]
            wrongs: Vec::new(),
            #[cfg(feature = "json")]
            room: crate::serve::room::Taken::default(),
            #[cfg(feature = "limit")]
            charges: Vec::new(),
            #[cfg(feature = "limit")]
            limited: None,
            #[cfg(feature = "limit")]
            scratch: Vec::new(),
            said: Vec::new(),
            unsaid: Vec::new(),
            incomplete: Vec::new(),
            admission: None,
            #[cfg(feature = "handler")]
            told: String::new(),
            fault: None,
            principals: Vec::new(),
            credentials: Vec::new(),
            sends_credentials: false,
            identity: &[],
            flow: None,
            awaited: Vec::new(),
            settled: Vec::new(),
            record: Record::default(),
            trace: Trace::default(),
        }
    }
}

impl Exchange {
    /// An empty exchange of a gateway.
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self { shared: Some(Arc::clone(shared)), params: Arc::clone(&shared.params), ..Self::default() }
    }

    /// From now on it sees the live values of the present generation, until it is over.
    pub(crate) fn catch_up(&mut self) {
        let Some(live) = self.shared.as_ref().and_then(|shared| shared.live.as_ref()) else { return };
        if live.generation() != self.generation {
            (self.generation, self.params) = live.now();
        }
    }

    /// The request's head.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The text, in canonical spelling, that the n-th capture of the pattern took, counted from 0; from 128 on the label, in
    /// lower case, that the n-th capture of the host took, counted from the right.
    #[must_use]
    pub fn capture(&self, index: u8) -> &[u8] {
        match index.checked_sub(128) {
            None => self.captures.at(index, &self.head.path),
            Some(index) => self.captures.at_host(index, &self.host),
        }
    }

    /// Finds the route of the request.
    pub(crate) fn find(&mut self, program: &Program, method: u16) -> Found {
        let Program { router, conditions, text, .. } = program;
        if router.hosts == NONE && conditions.is_empty() {
            return router.find(text, &self.head.path, method, &mut self.captures);
        }
        if router.hosts != NONE {
            let Self { head, host, .. } = self;
            host.clear();
            canonical_host(head.host(), host);
        }
        let mut captures = Captures::default();
        let holds = |number: u16| conditions.get(usize::from(number)).is_some_and(|holds| holds(self));
        let asked = Asked { host: &self.host, path: &self.head.path, method, holds: &holds };
        let found = router.find_where(text, &asked, &mut captures);
        self.captures = captures;
        found
    }

    /// The client's address; an IPv4 client of a dual-stack listener is an IPv4 client.
    #[must_use]
    pub fn client_ip(&self) -> IpAddr {
        self.client
    }

    /// The status of the answer that is about to leave; 0 before there is one.
    #[must_use]
    pub fn answer_status(&self) -> u16 {
        self.answer.status
    }

    /// The values of a field of the answer that is about to leave, in order; the name in lower case or not.
    pub fn answer_field<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let bytes = &self.answer.bytes;
        self.fields
            .iter()
            .filter(move |_| self.answer.status != 0)
            .filter(|field| field.name.of(bytes).eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| field.value.of(bytes))
    }

    /// Gives the final answer a field more, whoever gives it. `false`, and nothing is added, where the value cannot be one.
    pub fn say(&mut self, name: &str, value: &[u8]) -> bool {
        let possible = is_field_value(value);
        if possible {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                self.said.extend_from_slice(part);
            }
        }
        possible
    }

    /// Forgets what steps have given the final answer.
    pub(crate) fn unsay(&mut self) {
        self.said.clear();
        self.unsaid.clear();
        if let (Some(name), false) = (self.shared.as_ref().and_then(|it| it.request_id()), self.id.is_empty())
        {
            let id = std::mem::take(&mut self.id);
            self.say(name, &id);
            self.id = id;
        }
    }

    /// Takes the id, which is there by now, on to the server and back to the client. Where one is set already, by either
    /// side, it gives way.
    pub(crate) fn carry_id(&mut self, name: &str) {
        edit::drop_alike(&mut self.head, name);
        let Self { edits, id, .. } = self;
        edits.add_line(name, |out| out.extend_from_slice(id));
        self.unsay();
    }

    /// The answer of a server, whose fields stand in `bytes`, has no id but this one.
    pub(crate) fn drop_foreign_id(&mut self, bytes: &[u8]) {
        let Some(name) = self.shared.as_ref().and_then(|shared| shared.request_id()) else { return };
        for field in &mut self.fields {
            field.dropped |= field.name.of(bytes).eq_ignore_ascii_case(name.as_bytes());
        }
    }

    /// Takes field lines behind the body of an answer out that were taken out in front of it.
    pub(crate) fn drop_trailers(&self, trailers: &mut Vec<u8>) {
        edit::drop_trailers(&self.said, trailers, |name| {
            self.unsaid.iter().any(|taken| edit::is_alike(name, taken.as_bytes()))
        });
    }

    /// The route as it is written.
    pub(crate) fn route_label(&self) -> Option<&'static str> {
        let program = self.shared.as_ref()?.program;
        Some(program.label(program.routes.get(self.route? as usize)?.label))
    }

    /// The upstream that was asked.
    pub(crate) fn upstream_name(&self) -> Option<&'static str> {
        let program = self.shared.as_ref()?.program;
        Some(program.upstreams.get(self.record.asked_last().0? as usize)?.name)
    }

    /// Microseconds since the gateway started; `None` where there is no gateway.
    #[must_use]
    pub fn now(&self) -> Option<Micros> {
        Some(self.shared.as_ref()?.clock.now())
    }

    /// What a step remembers between exchanges.
    #[must_use]
    pub fn state<S: 'static>(&self, slot: Slot) -> Option<&S> {
        self.shared.as_ref()?.state(slot)
    }

    /// The fields of a client, in lower case, that are not sent on: those by which a server is told who asks, and those by which that was
    /// found out.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &'static str> {
        let credentials = if self.sends_credentials { &[][..] } else { &self.credentials };
        self.identity.iter().chain(credentials).copied()
    }

    /// Forgets what the steps of a chain have done for a request that runs through them once more.
    pub(crate) fn again(&mut self) {
        // What limits have counted stays counted, and is not counted again.
        edit::drop_lines("www-authenticate", &mut self.said);
        self.principals.clear();
        self.credentials.clear();
        self.sends_credentials = false;
        self.awaited.clear();
        self.edits.again();
        self.violations.clear();
        self.made.clear();
    }

    /// Forgets everything but the gateway, and keeps the room, unless it is large.
    pub(crate) fn clear(&mut self) {
        self.head.clear();
        self.forwarding.clear();
        self.id.clear();
        self.captures = Captures::default();
        self.walk = None;
        self.route = None;
        self.waits = Waits::default();
        self.retry = None;
        self.tried.clear();
        self.permit = None;
        self.pass = None;
        self.body_max = 0;
        self.made.clear();
        self.made.shrink_to(1024);
        self.onward.clear();
        self.onward.shrink_to(8192);
        self.homeward.clear();
        self.homeward.shrink_to(8192);
        self.fields.clear();
        self.answer.status = 0;
        self.answer.bytes.clear();
        self.answer.bytes.shrink_to(4096);
        self.edits.clear();
        self.violations.clear();
        #[cfg(feature = "handler")]
        self.told.clear();
        #[cfg(feature = "json")]
        {
            self.documents.clear();
            self.wrongs.clear();
            self.room = crate::serve::room::Taken::default();
        }
        #[cfg(feature = "limit")]
        {
            self.charges.clear();
            self.limited = None;
            self.scratch.shrink_to(1024);
        }
        self.said.clear();
        self.unsaid.clear();
        self.incomplete.clear();
        self.admission = None;
        self.fault = None;
        self.principals.clear();
        self.credentials.clear();
        self.sends_credentials = false;
        self.identity = &[];
        self.flow = None;
        self.awaited.clear();
        self.settled.clear();
        self.record = Record::default();
        self.trace.clear();
    }
}
