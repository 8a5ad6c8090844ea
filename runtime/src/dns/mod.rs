//! Names of servers: looked up before the gateway listens, and again whenever an answer has become too old.
//!
//! All of it happens on one thread beside the workers. What it finds is published where they read it with one comparison
//! for each request. It only asks; nobody asks it.

mod ask;
#[cfg(feature = "way")]
mod finder;
mod keep;
mod known;
mod look;
mod lookup;
mod message;
mod usable;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

#[cfg(feature = "way")]
pub(crate) use self::finder::Finder;
use self::keep::{Group, Keeper};
use self::known::Known;
pub(crate) use self::lookup::Lookup;
use crate::clock::Micros;
use crate::place::{Named, Places};
use crate::program::Program;
use crate::serve::Order;
use crate::upstream::set::Published;

/// What is known of one name, for whoever asks the gateway about itself.
#[derive(Debug)]
#[cfg_attr(not(feature = "admin"), allow(dead_code, reason = "nobody can ask"))]
pub(crate) struct Status {
    pub(crate) upstream: usize,
    pub(crate) authority: &'static str,
    addresses: AtomicU64,
    /// When it was last found; [`NEVER`].
    found: AtomicU64,
    counts: [AtomicU64; 3],
}

const NEVER: u64 = u64::MAX;

/// How a look ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    /// With addresses.
    Found,
    /// The name servers say that there are none.
    Denied,
    /// Without an answer, or with a part of one.
    Failed,
}

/// All names of a gateway.
#[derive(Debug)]
#[cfg_attr(not(feature = "admin"), allow(dead_code, reason = "nobody can ask"))]
pub(crate) struct Names {
    pub(crate) all: Arc<[Status]>,
    /// Told whenever some upstream has other servers.
    pub(crate) changed: watch::Receiver<()>,
}

#[cfg_attr(not(feature = "admin"), allow(dead_code, reason = "nobody can ask"))]
impl Status {
    fn new(upstream: usize, authority: &'static str) -> Self {
        let counts = std::array::from_fn(|_| AtomicU64::new(0));
        Self { upstream, authority, addresses: AtomicU64::new(0), found: AtomicU64::new(NEVER), counts }
    }

    /// How many looks have ended so.
    pub(crate) fn count(&self, outcome: Outcome) -> u64 {
        self.counts.get(outcome as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    pub(crate) fn addresses(&self) -> u64 {
        self.addresses.load(Ordering::Relaxed)
    }

    /// When it was last found, if it ever was.
    pub(crate) fn found(&self) -> Option<Micros> {
        Some(self.found.load(Ordering::Relaxed)).filter(|at| *at != NEVER)
    }

    fn ended(&self, outcome: Outcome, addresses: usize, now: Micros) {
        if let Some(count) = self.counts.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.addresses.store(addresses as u64, Ordering::Relaxed);
        if matches!(outcome, Outcome::Found) {
            self.found.store(now, Ordering::Relaxed);
        }
    }
}

/// Looks all names up, and goes on doing so until there is an order to stop. `None`: there are no names.
///
/// # Errors
///
/// What cannot be found and has to be, a paragraph for each name.
pub(crate) fn start(
    (program, places): (&'static Program, &Places),
    lookup: Option<Lookup>,
    sets: &[Arc<Published>],
    orders: watch::Receiver<Order>,
) -> Result<Option<(Names, JoinHandle<()>)>, String> {
    let all = places.names.iter().enumerate();
    let names: Vec<(usize, Named)> =
        all.flat_map(|(upstream, own)| own.iter().map(move |named| (upstream, *named))).collect();
    // INVARIANT: there are names only where the program says how they are looked up.
    let Some(lookup) = lookup.filter(|_| !names.is_empty()) else { return Ok(None) };
    let all: Arc<[Status]> = names.iter().map(|(at, named)| Status::new(*at, named.authority)).collect();
    let (told, changed) = watch::channel(());
    let (report, first) = mpsc::channel();
    let (statuses, groups) = (Arc::clone(&all), sets.to_vec());
    let (inner, upstreams) = (names.clone(), program.upstreams);
    let work = move || {
        let groups = Group::all(groups, &inner, &told);
        let Lookup { asker, usable, config } = lookup;
        let keepers = inner.iter().enumerate().filter_map(|(number, (upstream, named))| {
            let Some(name) = message::name(named.host) else {
                // An error means that nobody waits for it any longer.
                let _ = report.send((number, Err("no name server can be asked for it".to_owned())));
                return None;
            };
            Some(Keeper {
                number,
                name,
                named: *named,
                upstream: upstreams.get(*upstream)?.name,
                group: groups.get(*upstream).cloned()?,
                asker: asker.clone(),
                statuses: Arc::clone(&statuses),
                report: report.clone(),
                known: Known::new(usable.clone(), config),
                has_looked: false,
            })
        });
        keep::work(keepers.collect(), orders);
    };
    let thread = std::thread::Builder::new().name("dns".to_owned()).spawn(work);
    let thread =
        thread.map_err(|error| format!("the thread that looks names up cannot be started: {error}"))?;
    let mut wrong: Vec<(usize, String)> = Vec::new();
    let mut left = names.len();
    while left > 0 {
        let Ok((number, found)) = first.recv_timeout(2 * LOOK) else {
            return Err("names cannot be looked up: their thread has ended".to_owned());
        };
        left -= 1;
        let Some((upstream, own)) = names.get(number) else { continue };
        if let (Err(why), false) = (found, own.optional) {
            let upstream = program.upstreams.get(*upstream).map_or("", |it| it.name);
            wrong.push((number, format!(
                "`{}` of the upstream `{upstream}` has no address: {why}\n  = help: see to it that the name servers know it, or write `optional` behind it to start without",
                own.authority
            )));
        }
    }
    wrong.sort();
    if wrong.is_empty() {
        return Ok(Some((Names { all, changed }, thread)));
    }
    let wrong: Vec<String> = wrong.into_iter().map(|(_, text)| text).collect();
    Err(wrong.join("\nerror: "))
}

/// How long a look may take in all: real time.
const LOOK: Duration = Duration::from_secs(30);
