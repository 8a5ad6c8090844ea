//! What is known of an exchange: for the log, metrics and traces.

use crate::clock::Micros;

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
    /// The number of the refusal that the client was given, if any.
    pub(crate) refusal: Option<u16>,
    /// Bytes of the request's body.
    pub(crate) received: u64,
    /// Bytes of the answer's body.
    pub(crate) sent: u64,
    /// The upstream that was asked: an index into [`Program::upstreams`](crate::program::Program::upstreams).
    pub(crate) upstream: Option<u32>,
    /// The server that was asked last.
    pub(crate) server: Option<std::net::SocketAddr>,
    /// Its place among those of the upstream.
    pub(crate) line: u16,
    /// How often a server was asked, or a connection to one was tried.
    pub(crate) tries: u32,
    /// How long it has waited until the upstream could have it; none where it has not.
    pub(crate) queued: Option<Micros>,
    /// How long connections to servers took to open; none where a kept one was used.
    pub(crate) connect: Option<Micros>,
    /// When the server that was asked last was asked.
    pub(crate) tried: Micros,
    /// When the head of the server's answer had arrived.
    pub(crate) first: Option<Micros>,
    /// The error of the operating system behind `reason`.
    pub(crate) cause: Option<std::io::ErrorKind>,
    /// What TLS says of it, where that is known.
    pub(crate) why: Option<&'static str>,
    /// The branch whose failure is the answer.
    pub(crate) branch: Option<Failing>,
    /// When it was over; 0 until then.
    pub(crate) ended: Micros,
    /// What would have been the reason, were a step not only tried.
    pub(crate) dry_run: Option<&'static str>,
    /// What had to be forgotten before its time so that this exchange could be counted.
    pub(crate) evicted: u64,
    /// The arm of a match that it has come to.
    #[cfg(feature = "tested")]
    pub(crate) arm: Option<usize>,
    /// The number of the step that has refused, and for which reason.
    #[cfg(feature = "tested")]
    pub(crate) stopped: Option<(usize, &'static str)>,
}

/// A branch of an answer of several that has failed, and whom it has asked last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Failing {
    pub(crate) name: &'static str,
    /// An index into [`Program::upstreams`](crate::program::Program::upstreams).
    pub(crate) upstream: Option<u32>,
    pub(crate) server: Option<std::net::SocketAddr>,
}

impl Record {
    /// The upstream and the server that were asked last, or that are to blame.
    pub(crate) fn asked_last(&self) -> (Option<u32>, Option<std::net::SocketAddr>) {
        self.branch.map_or((self.upstream, self.server), |branch| (branch.upstream, branch.server))
    }
}
