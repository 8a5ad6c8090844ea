//! Sends spans to a collector, on a thread that serves no traffic: in batches, each tried a few times, as OTLP says.
//!
//! What does not get away is dropped and counted: where the queue is full, where a batch is refused, where the collector
//! is gone for long, where the process ends.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use prost::Message;
use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use super::note::Finished;
use super::otlp::Response;
use super::post::{Answer, PATH, post};
use super::spans::{About, encode};
use crate::clock::{self, Alarm, Clock, Micros, micros};
use crate::errand::{Messenger, Way, Ways};
use crate::params::Params;
use crate::params::given::Text;
use crate::place::{self, Places};
use crate::policy;
use crate::program::{self, Program};
use crate::serve::{Gateway, say};
use crate::upstream::draw;
use crate::upstream::set::Published;

/// Exchanges that may wait to be sent.
const QUEUE: usize = 2_048;
/// Spans of one batch, but for those of its last exchange.
const BATCH: u64 = 512;
/// How long a span may wait for others.
const EVERY: Duration = Duration::from_secs(1);
/// How long a collector may take.
const WITHIN: Duration = Duration::from_secs(10);
/// The pause before a batch is tried again; each is twice the one before.
const BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause, also where the collector asks for more.
const LONGEST: Duration = Duration::from_secs(30);
/// How often a batch is tried.
const TRIES: u32 = 6;
/// How long what is left may take when the process ends, by the machine's time.
const LAST: Duration = Duration::from_secs(2);

/// What all workers know.
#[derive(Debug)]
pub(crate) struct Tracing {
    /// Nowhere, where the gateway has no traces.
    pub(super) to: Option<SyncSender<Box<Finished>>>,
    pub(super) counts: Arc<Counts>,
    pub(super) everyone: bool,
    /// How many of a million traces that begin here are recorded.
    pub(super) sample: u32,
}

/// Spans.
#[derive(Debug, Default)]
pub(super) struct Counts {
    exported: AtomicU64,
    dropped: AtomicU64,
}

impl Counts {
    pub(super) fn lose(&self, spans: u64) {
        self.dropped.fetch_add(spans, Ordering::Relaxed);
    }

    #[cfg(any(test, feature = "admin"))]
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// What sends spans, once it is started.
#[derive(Debug)]
pub(crate) struct Exporter {
    /// Until it is started. Locked by nobody: it only lets what holds it be seen by several threads.
    from: Mutex<Option<Receiver<Box<Finished>>>>,
    /// The URL, as it is written or given.
    url: &'static str,
    way: Option<Way>,
    counts: Arc<Counts>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Tracing {
    /// What the program says, once its parameters are known; and what sends spans, if it wants that.
    ///
    /// # Errors
    ///
    /// A sentence for the operator.
    pub(crate) fn of(
        (program, params, given): (&Program, &Params, &[Text]),
        places: &Places,
        ways: &Ways<'_>,
    ) -> Result<(Self, Option<Exporter>), String> {
        let counts = Arc::<Counts>::default();
        let Some(wanted) = &program.trace else {
            return Ok((Self { to: None, counts, everyone: false, sample: 0 }, None));
        };
        let url = place::collector((program, params, given), places, wanted)?;
        // They live as long as the process: so do the values of a start, of which there is one.
        let asked: &'static str = format!("{url}{PATH}").leak();
        let url = asked.strip_suffix(PATH).unwrap_or(asked);
        let &program::Trace { roots, certificate, key, secret, .. } = wanted;
        let secured = policy::tls::Config { roots, certificate, key, secret, server_name: None };
        let way = ways.to(asked, &secured).map_err(|why| format!("the collector of traces {url}: {why}"))?;
        let (sender, from) = sync_channel(QUEUE);
        let tracing = Self {
            to: Some(sender),
            counts: Arc::clone(&counts),
            everyone: wanted.everyone,
            sample: wanted.sample.at(params),
        };
        let (stop, _) = watch::channel(false);
        Ok((
            tracing,
            Some(Exporter { from: Mutex::new(Some(from)), url, way: Some(way), counts, stop, thread: None }),
        ))
    }

    /// How many spans the collector has taken, and how many were dropped; nothing where there are none.
    #[cfg(feature = "admin")]
    pub(crate) fn counts(&self) -> Option<[u64; 2]> {
        let exported = self.counts.exported.load(Ordering::Relaxed);
        self.to.as_ref().map(|_| [exported, self.counts.dropped()])
    }
}

impl Exporter {
    /// Begins to send.
    pub(crate) fn start(&mut self, gateway: &Arc<Gateway>) -> Result<(), String> {
        let Some(from) = self.from.get_mut().ok().and_then(Option::take) else { return Ok(()) };
        let Some(way) = self.way.take() else { return Ok(()) };
        let sending = Sending {
            from,
            url: self.url,
            counts: Arc::clone(&self.counts),
            clock: gateway.clock.clone(),
            program: gateway.program,
            sets: gateway.sets.clone(),
            pending: RefCell::default(),
            is_down: Cell::new(false),
            random: Cell::new(crate::upstream::seed()),
        };
        let stopped = self.stop.subscribe();
        let work = move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let done = builder
                .enable_io()
                .build_local(LocalOptions::default())
                .and_then(|runtime| runtime.block_on(sending.run(&way, stopped)));
            if let Err(error) = done {
                say(format_args!("error: no traces are sent: {error}"));
            }
        };
        let thread = std::thread::Builder::new().name("trace".to_owned()).spawn(work);
        self.thread =
            Some(thread.map_err(|error| format!("the thread that sends traces cannot be started: {error}"))?);
        Ok(())
    }

    /// Sends what is left, for a moment, and ends.
    pub(crate) fn stop(self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread {
            // One that panicked has said so on standard error.
            let _ = thread.join();
        }
    }
}

/// The thread that sends.
struct Sending {
    from: Receiver<Box<Finished>>,
    url: &'static str,
    counts: Arc<Counts>,
    clock: Clock,
    program: &'static Program,
    sets: Vec<Arc<Published>>,
    /// A batch that is not away, encoded, and its number of spans.
    pending: RefCell<Option<(Vec<u8>, u64)>>,
    /// The last try failed, and that was said.
    is_down: Cell<bool>,
    random: Cell<u64>,
}

/// What came of a batch.
enum Outcome {
    /// The collector has it, but for so many of its spans.
    Sent(u64),
    /// Trying again may help, after so many seconds at least.
    Again(String, u64),
    /// Trying again would not help.
    Refused(String),
}

impl Sending {
    async fn run(self, way: &Way, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
        let (alarm, mut messenger) = (Alarm::new()?, way.messenger(&self.clock)?);
        {
            let (mut sending, mut stop) = (
                std::pin::pin!(self.send(&alarm, &mut messenger)),
                std::pin::pin!(stopped.wait_for(|it| *it)),
            );
            // An error means that nobody is left to give orders.
            std::future::poll_fn(|cx| match stop.as_mut().poll(cx) {
                Poll::Ready(_) => Poll::Ready(()),
                Poll::Pending => sending.as_mut().poll(cx),
            })
            .await;
        }
        {
            let (mut rest, mut late) =
                (std::pin::pin!(self.flush(&mut messenger)), std::pin::pin!(self.clock.wait(&alarm, LAST)));
            std::future::poll_fn(|cx| match rest.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => late.as_mut().poll(cx).map(|_| ()),
            })
            .await;
        }
        let waiting: u64 = self.from.try_iter().map(|finished| finished.spans()).sum();
        let pending = self.pending.borrow().as_ref().map_or(0, |(_, spans)| *spans);
        self.counts.lose(waiting + pending);
        Ok(())
    }

    /// Sends batch after batch, for ever.
    async fn send(&self, alarm: &Alarm, messenger: &mut Messenger<'_>) {
        loop {
            self.pause(alarm, EVERY).await;
            while self.gather() {
                self.deliver(alarm, messenger).await;
            }
        }
    }

    /// Tries what is left once.
    async fn flush(&self, messenger: &mut Messenger<'_>) {
        while self.gather() {
            let Some((body, spans)) = self.pending.borrow().clone() else { return };
            let outcome = Self::outcome(post(messenger, &body, micros(WITHIN)).await);
            self.settle(&outcome, spans);
            if !matches!(outcome, Outcome::Sent(_)) {
                return;
            }
        }
    }

    /// Whether there is a batch to send: the one that is not away, or a new one.
    fn gather(&self) -> bool {
        let mut pending = self.pending.borrow_mut();
        if pending.is_some() {
            return true;
        }
        let (mut batch, mut spans) = (Vec::new(), 0);
        while spans < BATCH
            && let Ok(finished) = self.from.try_recv()
        {
            spans += finished.spans();
            batch.push(finished);
        }
        if batch.is_empty() {
            return false;
        }
        let since = self.clock.now().saturating_mul(1_000);
        let places: Vec<_> = self.sets.iter().map(|set| set.get().places).collect();
        let about = About {
            program: self.program,
            places: &places,
            origin: clock::unix_nanos().saturating_sub(since),
        };
        *pending = Some((encode(&batch, about), spans));
        true
    }

    /// Tries to send the batch until it is away or given up.
    async fn deliver(&self, alarm: &Alarm, messenger: &mut Messenger<'_>) {
        for number in 0..TRIES {
            let Some((body, spans)) = self.pending.borrow().clone() else { return };
            let outcome = Self::outcome(post(messenger, &body, micros(WITHIN)).await);
            let least = match &outcome {
                Outcome::Again(_, seconds) if number + 1 < TRIES => {
                    self.told(&outcome);
                    *seconds
                }
                _ => return self.settle(&outcome, spans),
            };
            let most = micros(BACKOFF).saturating_mul(1 << number).min(micros(LONGEST));
            // At least half of it, so that gateways which began together do not go on together.
            let pause = (most / 2 + draw(&self.random, most / 2))
                .max(least.saturating_mul(1_000_000))
                .min(micros(LONGEST));
            self.pause(alarm, Duration::from_micros(pause)).await;
        }
    }

    /// What an answer means (OTLP/HTTP response).
    fn outcome(answer: Result<Answer, String>) -> Outcome {
        match answer {
            Ok(Answer { status: 200..=299, body, .. }) => {
                // What cannot be read says nothing of spans that were not taken.
                let partial = Response::decode(&*body).ok().and_then(|response| response.partial_success);
                Outcome::Sent(partial.map_or(0, |it| u64::try_from(it.rejected_spans).unwrap_or(0)))
            }
            Ok(Answer { status: status @ (429 | 502 | 503 | 504), retry_after, .. }) => {
                Outcome::Again(format!("status {status}"), retry_after)
            }
            Ok(Answer { status, .. }) => Outcome::Refused(format!("status {status}")),
            Err(why) => Outcome::Again(why, 0),
        }
    }

    /// Counts what has become of a batch, and lets it go.
    fn settle(&self, outcome: &Outcome, spans: u64) {
        *self.pending.borrow_mut() = None;
        let taken = if let Outcome::Sent(rejected) = outcome { spans.saturating_sub(*rejected) } else { 0 };
        self.counts.exported.fetch_add(taken, Ordering::Relaxed);
        self.counts.lose(spans - taken);
        self.told(outcome);
    }

    /// Says where it is news whether the collector takes spans.
    fn told(&self, outcome: &Outcome) {
        let why = match outcome {
            Outcome::Sent(_) => None,
            Outcome::Again(why, _) | Outcome::Refused(why) => Some(why),
        };
        if self.is_down.replace(why.is_some()) != why.is_some() {
            match why {
                Some(why) => say(format_args!("traces cannot be sent to {}: {why}", self.url)),
                None => say(format_args!("traces are sent to {} again", self.url)),
            }
        }
    }

    async fn pause(&self, alarm: &Alarm, pause: Duration) {
        self.until(alarm, self.clock.now().saturating_add(micros(pause))).await;
    }

    async fn until(&self, alarm: &Alarm, end: Micros) {
        while self.clock.now() < end {
            self.clock.until(alarm, end).await;
        }
    }
}
