//! Keys that are fetched from a URL, beside the workers: before anybody is served, then again and again, and sooner where a token
//! names a key that is not known.
//!
//! However many tokens name unknown keys, one fetch is under way at a time, and the next begins `cool_down` after it began, but for a few
//! that may begin at once: a key may be used right after somebody has named one that there is not. What was
//! fetched last is used for `keep` where nothing better comes; then nobody is known by it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::keys::{Algorithm, KeySet};
use crate::auth::remembered::Remembered;
use crate::auth::{Later, Over, Start, Upkeep};
use crate::clock::{Alarm, Clock, Micros, micros};
use crate::errand::Errand;
use crate::head::Method;
use crate::reason::Reason;
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
    address: SocketAddr,
    authority: &'static str,
    path: &'static str,
    keep: Micros,
    every: Micros,
    cool_down: Micros,
    within: Micros,
    accepted: Vec<Algorithm>,
    clock: Clock,
    /// Forgotten when the keys change.
    remembered: Option<Arc<Remembered>>,
    held: RwLock<Held>,
    /// When the last fetch began.
    began: AtomicU64,
    /// When all early fetches will have come back.
    early: AtomicU64,
    /// Somebody has wanted keys since the last fetch was over.
    is_urgent: AtomicBool,
    is_under_way: AtomicBool,
    is_wanted: AtomicBool,
    wanted: Notify,
    /// How many fetches are over.
    over: watch::Sender<u64>,
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
    /// The keys of a URL; it has been looked at when the gateway was compiled.
    pub(super) fn new(
        start: &Start,
        url: &'static str,
        times: Times,
        accepted: Vec<Algorithm>,
        remembered: Option<Arc<Remembered>>,
    ) -> Result<Arc<Self>, String> {
        let rest = url.strip_prefix("http://").unwrap_or(url);
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let declared = authority.parse::<SocketAddr>().ok().or_else(|| {
            let host =
                authority.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(authority);
            host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 80))
        });
        let declared = declared.ok_or_else(|| format!("`{url}` has no IP address"))?;
        Ok(Arc::new(Self {
            auth: start.auth.name,
            url,
            address: start.real(declared),
            authority,
            path: if path.is_empty() { "/" } else { path },
            keep: micros(times.keep),
            every: micros(times.every),
            cool_down: micros(times.cool_down),
            within: micros(times.within),
            accepted,
            clock: start.clock.clone(),
            remembered,
            held: RwLock::default(),
            began: AtomicU64::new(0),
            early: AtomicU64::new(0),
            is_urgent: AtomicBool::new(false),
            is_under_way: AtomicBool::new(false),
            is_wanted: AtomicBool::new(false),
            wanted: Notify::new(),
            over: watch::channel(0).0,
        }))
    }

    /// The keys, unless they were never fetched, or too long ago.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.since.map(|_| Arc::clone(&held.keys))
    }

    /// How many fetches are over.
    pub(super) fn fetched(&self) -> u64 {
        *self.over.borrow()
    }

    /// Somebody has a token that no key is known for. Where a fetch is under way or may begin at once, it is worth a wait.
    pub(super) fn want(&self) -> Option<Later> {
        // Before it is asked whether one is under way: its end is then not missed.
        let mut over = self.over.subscribe();
        let is_under_way = self.is_under_way.load(Ordering::Acquire);
        self.is_wanted.store(true, Ordering::Release);
        if !is_under_way {
            self.is_urgent.store(true, Ordering::Release);
        }
        self.wanted.notify_one();
        let now = self.clock.now();
        let rests = now < self.began.load(Ordering::Acquire).saturating_add(self.cool_down);
        let is_near = is_under_way || !rests || self.after_early(now).is_some();
        is_near.then(|| Later {
            over: Over::Told(Box::pin(async move {
                // An error means that nothing will come.
                let _ = over.changed().await;
                None
            })),
            within: self.within,
            otherwise: Reason::CREDENTIAL_INVALID,
        })
    }

    /// When all early fetches will have come back if one begins now; nothing where none may.
    fn after_early(&self, now: Micros) -> Option<Micros> {
        let back = self.cool_down.saturating_mul(BACK);
        let after = self.early.load(Ordering::Acquire).max(now).saturating_add(back);
        (after <= now.saturating_add(back.saturating_mul(EARLY))).then_some(after)
    }

    async fn keep(self: Arc<Self>, first: mpsc::Sender<()>) -> io::Result<()> {
        let (alarm, limit) = (Alarm::new()?, Alarm::new()?);
        let mut first = Some(first);
        let mut failed = false;
        loop {
            let began = self.clock.now();
            self.is_wanted.store(false, Ordering::Release);
            self.is_urgent.store(false, Ordering::Release);
            self.began.store(began, Ordering::Release);
            self.is_under_way.store(true, Ordering::Release);
            let fetched = self.fetch_in_time(&limit).await.and_then(|text| self.take(text));
            self.is_under_way.store(false, Ordering::Release);
            self.tell(fetched.as_ref().err(), failed);
            failed = fetched.is_err();
            self.over.send_modify(|over| *over += 1);
            drop(first.take());
            // After a failure sooner, but no sooner than anything.
            let due = began.saturating_add(if failed { self.every.min(self.cool_down) } else { self.every });
            let rested = began.saturating_add(self.cool_down);
            loop {
                let until = if self.is_wanted.load(Ordering::Acquire) { due.min(rested) } else { due };
                let now = self.clock.now();
                if now >= until {
                    break;
                }
                if self.is_urgent.load(Ordering::Acquire)
                    && let Some(after) = self.after_early(now)
                {
                    self.early.store(after, Ordering::Release);
                    break;
                }
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

    async fn fetch_in_time(&self, limit: &Alarm) -> Result<Vec<u8>, String> {
        let fetched = self.clock.within(limit, self.within, self.fetch()).await;
        fetched.unwrap_or_else(|| Err("no answer in time".to_owned()))
    }

    async fn fetch(&self) -> Result<Vec<u8>, String> {
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: gatewright-keys\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
            self.path, self.authority
        );
        let errand = Errand { address: self.address, tls: None, method: Method::Get, head: &head, body: b"" };
        let answer = errand.run().await?;
        if answer.status == 200 {
            answer.body(LARGEST).await
        } else {
            Err(format!("status {}", answer.status))
        }
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
