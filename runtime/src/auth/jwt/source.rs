//! Keys that are fetched from a URL, beside the workers: before anybody is served, then again and again, and sooner where a token
//! names a key that is not known.
//!
//! However many tokens name unknown keys, one fetch is under way at a time, and the next begins `cool_down` after it began, but for a few
//! that may begin at once: a key may be used right after somebody has named one that there is not. What was
//! fetched last is used for `keep` where nothing better comes; then nobody is known by it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, mpsc};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::keys::{Algorithm, KeySet};
use crate::auth::remembered::Remembered;
use crate::auth::{Start, Upkeep};
use crate::clock::{Alarm, Clock, Micros, micros};
use crate::errand::{Messenger, Way};
use crate::policy;
use crate::serve::say;

/// Bytes of a set of keys.
const LARGEST: usize = 256 * 1024;

/// Fetches that may begin before `cool_down` has passed. One of them comes back with each [`BACK`] of it.
const EARLY: u64 = 3;
const BACK: u64 = 10;

/// When keys are fetched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) keep: Duration,
    pub(super) every: Duration,
    pub(super) cool_down: Duration,
    pub(super) within: Duration,
}

/// The keys of one URL.
#[derive(Debug)]
pub(super) struct Source {
    /// The name of its `auth`.
    auth: &'static str,
    url: &'static str,
    way: Way,
    keep: Micros,
    every: Micros,
    cool_down: Micros,
    within: Micros,
    accepted: Vec<Algorithm>,
    clock: Clock,
    /// Forgotten when the keys change.
    remembered: Option<Arc<Remembered>>,
    held: RwLock<Held>,
    plan: Mutex<Plan>,
    wanted: Notify,
    /// How many fetches are over. It changes while the plan is held: who subscribes meanwhile misses none.
    over: watch::Sender<u64>,
}

/// Which fetch is next, and what speaks for it.
#[derive(Debug, Default)]
struct Plan {
    /// When the last fetch began.
    began: Micros,
    /// When all early fetches will have come back.
    early: Micros,
    is_under_way: bool,
    /// Somebody has wanted keys since the last fetch began.
    is_wanted: bool,
    /// And no fetch was under way then.
    is_urgent: bool,
}

/// A fetch that somebody waits for.
struct Near {
    over: watch::Receiver<u64>,
    /// It had begun before: the key may be newer than what it brings.
    had_begun: bool,
}

/// What was fetched last.
#[derive(Debug, Default)]
struct Held {
    keys: Arc<KeySet>,
    text: Vec<u8>,
    /// When; `None`: never, or too long ago.
    since: Option<Micros>,
}

impl Source {
    /// The keys of a URL, and how it is spoken to there.
    pub(super) fn new(
        start: &Start,
        (url, secured): (&'static str, &policy::tls::Config),
        times: Times,
        accepted: Vec<Algorithm>,
        remembered: Option<Arc<Remembered>>,
    ) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self {
            auth: start.auth.name,
            url,
            way: start.ways.to(url, secured)?,
            keep: micros(times.keep),
            every: micros(times.every),
            cool_down: micros(times.cool_down),
            within: micros(times.within),
            accepted,
            clock: start.clock.clone(),
            remembered,
            held: RwLock::default(),
            plan: Mutex::default(),
            wanted: Notify::new(),
            over: watch::channel(0).0,
        }))
    }

    /// The keys, unless they were never fetched, or too long ago.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.since.map(|_| Arc::clone(&held.keys))
    }

    /// How long somebody may have to wait who wants keys: for a fetch that has begun, and for one more.
    pub(super) fn longest_wait(&self) -> Micros {
        self.within.saturating_mul(2)
    }

    /// Somebody has a token by a key that is not known. Where a fetch is under way or may begin at once, it is worth a wait, which
    /// ends when there is nothing more to wait for, and says whether the key is known now.
    pub(super) fn want(
        self: &Arc<Self>,
        algorithm: &str,
        id: Option<&str>,
    ) -> Option<impl Future<Output = bool> + use<>> {
        let near = self.ask(algorithm, id)?;
        let (source, algorithm, id) = (Arc::clone(self), algorithm.to_owned(), id.map(str::to_owned));
        Some(async move {
            let Near { mut over, had_begun } = near;
            // An error means that nothing will come.
            let _ = over.changed().await;
            if had_begun && let Some(mut next) = source.ask(&algorithm, id.as_deref()) {
                let _ = next.over.changed().await;
            }
            source.has(&algorithm, id.as_deref())
        })
    }

    /// Asks for a fetch; nothing where none is near, or where the key has come meanwhile.
    fn ask(&self, algorithm: &str, id: Option<&str>) -> Option<Near> {
        let mut plan = self.plan();
        // Under the lock that a fetch ends under.
        if self.has(algorithm, id) {
            return None;
        }
        plan.is_wanted = true;
        plan.is_urgent |= !plan.is_under_way;
        let now = self.clock.now();
        let is_near =
            plan.is_under_way || now >= self.rested(&plan) || self.after_early(&plan, now).is_some();
        let near = Near { over: self.over.subscribe(), had_begun: plan.is_under_way };
        drop(plan);
        self.wanted.notify_one();
        is_near.then_some(near)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the key is known that a token names.
    fn has(&self, algorithm: &str, id: Option<&str>) -> bool {
        let has = |keys: &KeySet| keys.find(algorithm, id).iter().any(|key| key.is_named(id));
        id.is_some() && self.keys().is_some_and(|keys| has(&keys))
    }

    /// When a fetch may begin that somebody wants.
    fn rested(&self, plan: &Plan) -> Micros {
        plan.began.saturating_add(self.cool_down)
    }

    /// When all early fetches will have come back if one begins now; nothing where none may.
    fn after_early(&self, plan: &Plan, now: Micros) -> Option<Micros> {
        let back = self.cool_down.saturating_mul(BACK);
        let after = plan.early.max(now).saturating_add(back);
        (after <= now.saturating_add(back.saturating_mul(EARLY))).then_some(after)
    }

    /// Begins a fetch where one is due, or where somebody wants one that may begin.
    ///
    /// # Errors
    ///
    /// Until when nothing is to be done unless somebody wants it.
    fn begin(&self, due: Micros) -> Result<Micros, Micros> {
        let mut plan = self.plan();
        let until = if plan.is_wanted { due.min(self.rested(&plan)) } else { due };
        let now = self.clock.now();
        if now < until {
            let early = self.after_early(&plan, now).filter(|_| plan.is_urgent).ok_or(until)?;
            plan.early = early;
        }
        *plan =
            Plan { began: now, early: plan.early, is_under_way: true, is_wanted: false, is_urgent: false };
        Ok(now)
    }

    async fn keep(self: Arc<Self>, first: mpsc::Sender<()>) -> io::Result<()> {
        let (alarm, mut messenger) = (Alarm::new()?, self.way.messenger(&self.clock)?);
        let mut first = Some(first);
        let mut failed = false;
        let mut due = 0;
        loop {
            match self.begin(due) {
                Ok(began) => {
                    let fetched = self.fetch(&mut messenger).await.and_then(|text| self.take(text));
                    self.tell(fetched.as_ref().err(), failed);
                    failed = fetched.is_err();
                    {
                        let mut plan = self.plan();
                        plan.is_under_way = false;
                        self.over.send_modify(|over| *over += 1);
                    }
                    drop(first.take());
                    // After a failure sooner, but no sooner than anything.
                    due = began.saturating_add(if failed {
                        self.every.min(self.cool_down)
                    } else {
                        self.every
                    });
                }
                Err(until) => {
                    let mut pause = std::pin::pin!(self.clock.until(&alarm, until));
                    let mut wanted = std::pin::pin!(self.wanted.notified());
                    std::future::poll_fn(|cx| match wanted.as_mut().poll(cx) {
                        Poll::Ready(()) => Poll::Ready(()),
                        Poll::Pending => pause.as_mut().poll(cx),
                    })
                    .await;
                    self.expire();
                }
            }
        }
    }

    /// What nobody has said for too long is not used.
    fn expire(&self) {
        let now = self.clock.now();
        let is_over = |held: &Held| held.since.is_some_and(|since| now >= since.saturating_add(self.keep));
        if is_over(&self.held.read().unwrap_or_else(PoisonError::into_inner)) {
            *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held::default();
            if let Some(remembered) = &self.remembered {
                remembered.clear();
            }
            say(format_args!(
                "{}: the keys of {} are too old, and nobody is known by them",
                self.auth, self.url
            ));
        }
    }

    /// Says what is news.
    fn tell(&self, error: Option<&String>, failed: bool) {
        match error {
            Some(error) if !failed => {
                let used = if self.keys().is_some() {
                    "those of before are used"
                } else {
                    "nobody is known by them"
                };
                say(format_args!("{}: keys cannot be had from {}: {error}; {used}", self.auth, self.url));
            }
            None if failed => say(format_args!("{}: keys are there again, from {}", self.auth, self.url)),
            _ => {}
        }
        self.expire();
    }

    /// Uses what was fetched, where it is a set of keys.
    fn take(&self, text: Vec<u8>) -> Result<(), String> {
        let now = Some(self.clock.now());
        let is_same = {
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            let is_same = held.since.is_some() && held.text == text;
            if is_same {
                held.since = now;
            }
            is_same
        };
        if is_same {
            return Ok(());
        }
        let mut keys = KeySet::default();
        keys.read(&text, &self.accepted)?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) =
            Held { keys: Arc::new(keys), text, since: now };
        // A key that is gone is good for nothing that was verified with it.
        if let Some(remembered) = &self.remembered {
            remembered.clear();
        }
        Ok(())
    }

    async fn fetch(&self, messenger: &mut Messenger<'_>) -> Result<Vec<u8>, String> {
        messenger.get("gatewright-keys", LARGEST, self.within).await
    }
}

impl Upkeep for Source {
    fn keep(self: Arc<Self>, first: mpsc::Sender<()>) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            let (auth, url) = (self.auth, self.url);
            if let Err(error) = self.keep(first).await {
                say(format_args!("error: {auth}: the keys of {url} cannot be kept up to date: {error}"));
            }
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_micros(self.within)
    }
}
