//! One call of the gateway's own to an upstream, whose answer is waited for as a whole: a server is chosen, asked, and, where that
//! fails, asked once more or passed over, as it is for what is forwarded. What is sent is the gateway's own too: nothing of the
//! client's but its trace, and the fields that whoever calls writes.

mod ask;

use std::borrow::Borrow;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use self::ask::{Asked, Asking, End};
use crate::auth::Claim;
use crate::cause::is_connect_failure;
use crate::clock::Micros;
use crate::exchange::{Exchange, Flow};
use crate::head::Method;
use crate::link::Link;
use crate::policy::retry;
use crate::program;
use crate::reason::Reason;
use crate::serve::deadline;
use crate::serve::forward::{another, choose, not_before, open, shared_out};
use crate::serve::worker::{Left, Worker};
use crate::sweep::Slot;
use crate::upstream::permits::{Permit, Permits, Queued};
use crate::upstream::{Server, Upstream, is_of_server};

/// Why there is no answer.
pub(crate) type Failed = (Reason, Option<io::ErrorKind>);

/// What is wanted of a call.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// When it has to be over.
    pub(crate) end: Micros,
    /// How long it may take where nothing is waited for before it.
    pub(crate) whole: Micros,
    /// The largest answer, in bytes.
    pub(crate) max: u64,
    pub(crate) method: Method,
    /// What is sent behind the head. What stands in the head beside the path are the lines of the exchange's edits.
    pub(crate) body: Vec<u8>,
    /// Whether the body of a success is wanted. Else all bodies are dropped.
    pub(crate) is_kept: bool,
    /// The fields that are wanted, in lower case.
    pub(crate) fields: &'static [&'static str],
    /// And those by which claims come.
    pub(crate) claims: &'static [Claim],
}

impl Wanted {
    /// The names of the fields that are wanted.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let claims = self.claims.iter().map(|claim| claim.field.name);
        self.fields.iter().copied().chain(claims.filter(|name| !self.fields.contains(name)))
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The fields that were wanted, in the order in which they came within each name.
    pub(crate) fields: Vec<(&'static str, Box<[u8]>)>,
    /// Of a success.
    #[cfg(feature = "json")]
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The values of a field that was wanted.
    pub(crate) fn field(&self, name: &'static str) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().filter(move |(own, _)| *own == name).map(|(_, value)| &**value)
    }
}

/// Begins a call for an exchange: one of its own, of which the upstream says how it is called. With it comes the number of the
/// upstream that has the servers.
///
/// # Errors
///
/// What its chain refuses.
pub(crate) fn begin(
    worker: &Rc<Worker>,
    x: &Exchange,
    to: program::Call,
    method: Method,
) -> Result<(u32, Box<Exchange>), Failed> {
    let program = worker.gateway.program;
    let number = shared_out(worker, x, to.upstream);
    let mut sub = worker.exchange();
    // It is none that anybody has asked for, and has no line in a log.
    sub.walk = None;
    sub.client = x.client;
    worker.tracer.branch(x, &mut sub);
    let upstream = program.upstreams.get(number as usize);
    if upstream.is_some_and(|upstream| upstream.balance.by.is_some()) {
        sub.head.clone_from(&x.head);
        sub.head.method = method;
    }
    if let Some(chain) = program.chains.get(usize::from(to.chain)) {
        // Such a chain says how, and never ends anything.
        if let Flow::Refuse(reason) = (chain.request)(&mut sub, to.record) {
            worker.done(sub);
            return Err((reason, None));
        }
    }
    // What is left for the whole is left for each of its calls.
    sub.waits.is_cut = x.waits.is_cut;
    Ok((number, sub))
}

/// A call that is under way, which gives back its exchange.
pub(crate) type Call = Pin<Box<dyn Future<Output = (Box<Exchange>, Result<Reply, Failed>)>>>;

/// Asks the upstream of a number for what `x.made` says.
pub(crate) async fn call(
    worker: Rc<Worker>,
    number: u32,
    mut x: Box<Exchange>,
    wanted: Wanted,
) -> (Box<Exchange>, Result<Reply, Failed>) {
    let result = match worker.upstreams.get(number as usize) {
        None => Err((Reason::PANIC, None)),
        Some(present) => {
            let held = present.get();
            let upstream: &Upstream = Borrow::borrow(&held);
            x.record.upstream = Some(number);
            x.record.asked = worker.now();
            x.waits.whole = x.waits.total.min(wanted.whole);
            x.waits.total = x.waits.total.min(wanted.end.saturating_sub(x.record.asked));
            let waker = std::future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            let slot = worker.sweep.slot(waker);
            let calling = Calling { worker: &worker, upstream, slot: &slot, wanted: &wanted };
            calling.run(&mut x).await
        }
    };
    x.permit = None;
    (x, result)
}

#[derive(Clone, Copy)]
pub(crate) struct Calling<'a> {
    pub(crate) worker: &'a Rc<Worker>,
    pub(crate) upstream: &'a Upstream,
    pub(crate) slot: &'a Slot,
    pub(crate) wanted: &'a Wanted,
}

/// How it went with one server.
enum Turn {
    Answered(Reply),
    /// The connection was a kept one and had died before anything happened on it.
    Stale,
    /// The answer is to be followed by another try, after so many seconds at least.
    Again(u64),
    Failed(Failed),
}

impl Calling<'_> {
    async fn run(&self, x: &mut Exchange) -> Result<Reply, Failed> {
        if self.worker.cut.get() {
            return Err((Reason::DRAINED, None));
        }
        if x.waits.total == 0 {
            return Err((Reason::UPSTREAM_TIMEOUT, None));
        }
        self.enter(x).await?;
        x.retry.inspect(|retry| self.upstream.earn(retry));
        let result = self.tries(x).await;
        if let (Err((reason, _)), Some(_)) = (&result, x.record.server)
            && (x.waits.has_counted || x.waits.counts(*reason, self.worker.lately()))
        {
            self.upstream.lost(x.pass.as_ref(), *reason, self.worker.lately());
        }
        result
    }

    /// Waits until the upstream takes it.
    async fn enter(&self, x: &mut Exchange) -> Result<(), Failed> {
        let open = |_| (Reason::BREAKER_OPEN, None);
        if let Some(permits) = self.upstream.permits() {
            x.permit = permits.take();
            if x.permit.is_none() {
                // Nobody waits for what will not be asked.
                self.upstream.refuses(self.worker.lately()).map_or(Ok(()), |wait| Err(open(wait)))?;
                x.permit = Some(self.queue(permits).await?);
            }
        }
        x.pass = self.upstream.admit(self.worker.lately()).map_err(open)?;
        Ok(())
    }

    async fn queue(&self, permits: &Arc<Permits>) -> Result<Permit, Failed> {
        let waker = std::future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let mut place = match permits.queue(&waker) {
            Queued::Permit(permit) => return Ok(permit),
            Queued::Full => return Err((Reason::QUEUE_FULL, None)),
            Queued::Place(place) => place,
        };
        self.slot.set(self.worker.now().saturating_add(self.upstream.patience()).min(self.wanted.end));
        let permit = std::future::poll_fn(|_| match place.claim() {
            Some(permit) => Poll::Ready(Some(permit)),
            None if self.slot.due() => Poll::Ready(None),
            None => Poll::Pending,
        })
        .await;
        permit.ok_or_else(|| {
            if self.worker.cut.get() {
                return (Reason::DRAINED, None);
            }
            permits.was_late();
            (Reason::QUEUE_TIMEOUT, None)
        })
    }

    async fn tries(&self, x: &mut Exchange) -> Result<Reply, Failed> {
        let (worker, upstream) = (self.worker, self.upstream);
        let mut failure = (Reason::UPSTREAM_UNAVAILABLE, None);
        let (mut tries, mut again) = (0, false);
        loop {
            let Some(server) = choose(upstream, x, worker.lately(), &mut again) else {
                if upstream.is_empty() {
                    failure.0 = Reason::UPSTREAM_UNRESOLVED;
                }
                if self.once_more(x, failure.0, &mut tries).await {
                    x.tried.clear();
                    continue;
                }
                return Err(failure);
            };
            x.tried.push(server.index);
            let (asking, by) = (server.ask(), self.each(x));
            let mut kept = server.own.pool.take(self.worker.lately());
            // A kept connection that breaks takes of its time as well.
            x.waits.since = worker.lately();
            let turn = loop {
                x.record.server = Some(server.address);
                x.record.line = server.line;
                x.record.tries += 1;
                x.record.why = None;
                let _trying = worker.metrics.trying(&x.record);
                worker.tracer.tries(x, worker.lately());
                let is_reused = kept.is_some();
                let stream = match kept.take() {
                    Some(stream) => stream,
                    None => match open(worker, self.slot, x, server, by).await {
                        Ok(stream) => stream,
                        Err(failed) => break Turn::Failed(failed),
                    },
                };
                deadline::tell(x, worker.lately(), by);
                self.write_head(x, server);
                let retry = x.retry.filter(|retry| tries < retry.times);
                match self.ask(x, stream, server, (is_reused, retry, by)).await {
                    Turn::Stale if is_reused => x.trace.stale(worker.lately()),
                    turn => break turn,
                }
            };
            drop(asking);
            match turn {
                Turn::Answered(reply) => {
                    x.trace.tried(worker.lately(), None);
                    return Ok(reply);
                }
                // Only a kept connection is stale, and of those there was one.
                Turn::Stale => return Err(failure),
                Turn::Again(wait) => {
                    x.trace.tried(worker.lately(), None);
                    tries += 1;
                    self.pause(x, wait, tries).await?;
                    again = true;
                }
                Turn::Failed((reason, cause)) => {
                    if x.waits.counts(reason, worker.lately()) {
                        upstream.failed(server, reason, worker.lately());
                        if is_of_server(reason) {
                            x.waits.has_counted = true;
                            worker.metrics.unanswered(&x.record);
                        }
                    }
                    x.trace.tried(worker.lately(), Some(reason.word));
                    failure = (reason, cause);
                    if worker.cut.get() || worker.now() >= self.due(x) {
                        return Err(failure);
                    }
                    // A server that does not take the connection is passed over; whatever else happened is not so harmless.
                    if !is_connect_failure(reason) {
                        if !self.can_be_repeated(x) || !self.once_more(x, reason, &mut tries).await {
                            return Err(failure);
                        }
                        again = true;
                    }
                }
            }
        }
    }

    /// When the head of an answer has to be there.
    pub(crate) fn due(&self, x: &Exchange) -> Micros {
        x.record.asked.saturating_add(x.waits.total).min(self.wanted.end)
    }

    /// Whether it would do no harm to be asked for the same once more.
    pub(crate) fn can_be_repeated(&self, x: &Exchange) -> bool {
        let named = x.retry.and_then(|retry| retry.idempotent);
        self.wanted.method.idempotent() || named.is_some_and(|name| x.edits.has_line(name))
    }

    /// When one try has to have one.
    fn each(&self, x: &Exchange) -> Micros {
        self.due(x).min(self.worker.now().saturating_add(x.waits.each))
    }

    /// Whether there is another try after a failure; it returns when that may begin.
    async fn once_more(&self, x: &Exchange, reason: Reason, tries: &mut u32) -> bool {
        another(self.upstream, x, reason, tries, self.worker.now()) && self.pause(x, 0, *tries).await.is_ok()
    }

    /// Waits before a try, as long as is drawn or the server has asked for.
    async fn pause(&self, x: &Exchange, seconds: u64, tries: u32) -> Result<(), Failed> {
        let now = self.worker.now();
        self.slot.set(not_before(self.upstream, x, (seconds, tries), (now, self.due(x))));
        std::future::poll_fn(|_| if self.slot.due() { Poll::Ready(()) } else { Poll::Pending }).await;
        if self.worker.cut.get() {
            Err((Reason::DRAINED, None))
        } else if self.worker.now() >= self.due(x) {
            Err((Reason::UPSTREAM_TIMEOUT, None))
        } else {
            Ok(())
        }
    }

    fn write_head(&self, x: &mut Exchange, server: &Server) {
        let Exchange { onward, made, edits, trace, .. } = x;
        onward.clear();
        let Wanted { method, body, .. } = self.wanted;
        let (method, via) = (text(*method), self.worker.via.as_bytes());
        for part in [method, b" ", made, server.host.as_bytes(), &edits.lines, via] {
            onward.extend_from_slice(part);
        }
        trace.asked(onward);
        onward.extend_from_slice(body);
    }

    /// Asks one server.
    async fn ask(
        &self,
        x: &mut Exchange,
        stream: Link,
        server: &Server,
        (is_reused, retry, by): (bool, Option<&'static retry::Config>, Micros),
    ) -> Turn {
        x.record.tried = self.worker.lately();
        self.slot.set(by);
        let mut asking = Asking::new(self, stream, server, (is_reused, retry));
        let end = std::future::poll_fn(|cx| asking.poll(x, cx)).await;
        let Asked { stream, head, reply, is_over } = asking.finish(x);
        let again = match end {
            End::Stale => return Turn::Stale,
            End::Failed(failed) => return Turn::Failed(failed),
            End::Again(wait) => Some(wait),
            End::Done => None,
        };
        if let Some(head) = head.filter(|head| is_over && !head.last) {
            let suspect = head.stated.is_some_and(|stated| stated > 0);
            self.worker.keep(&server.own.pool, Left { stream, idle: head.idle, suspect });
        }
        match again {
            Some(wait) => Turn::Again(wait),
            None => Turn::Answered(reply),
        }
    }
}

/// As a request line has it (RFC 9110 section 9.1).
fn text(method: Method) -> &'static [u8] {
    match method {
        Method::Post => b"POST",
        Method::Put => b"PUT",
        Method::Patch => b"PATCH",
        Method::Delete => b"DELETE",
        // INVARIANT: the compiler takes no other for a branch.
        _ => b"GET",
    }
}
