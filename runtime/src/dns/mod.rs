//! Names of servers: looked up before the gateway listens, and again whenever an answer has become too old.
//!
//! All of it happens on one thread beside the workers. What it finds is published where they read it with one comparison
//! for each request. It only asks; nobody asks it.

mod ask;
mod keep;
mod look;
mod message;
mod usable;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use self::ask::Asker;
use self::keep::{Group, Keeper};
use self::usable::Usable;
use crate::clock::{Clock, Micros};
use crate::place::{Named, Places};
use crate::program::Program;
use crate::serve::Order;
use crate::upstream::set::Published;

/// Where the machine says which name servers it has.
const RESOLV: &str = "/etc/resolv.conf";

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

/// What looking up needs to know of a gateway.
pub(crate) struct Wanted<'a> {
    pub(crate) program: &'static Program,
    pub(crate) places: &'a Places,
    pub(crate) clock: Clock,
    /// Name servers in the place of those of the program.
    pub(crate) servers: Option<SocketAddr>,
    /// Pairs of a found and the real address.
    pub(crate) moved: Vec<(SocketAddr, SocketAddr)>,
    /// Where the gateway itself listens.
    pub(crate) listeners: Vec<SocketAddr>,
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
    wanted: Wanted<'_>,
    sets: &[Arc<Published>],
    orders: watch::Receiver<Order>,
) -> Result<Option<(Names, JoinHandle<()>)>, String> {
    let Wanted { program, places, clock, servers, moved, listeners } = wanted;
    let all = places.names.iter().enumerate();
    let names: Vec<(usize, Named)> =
        all.flat_map(|(upstream, own)| own.iter().map(move |named| (upstream, *named))).collect();
    // INVARIANT: there are names only where the program says how they are looked up.
    let Some(config) = program.dns.filter(|_| !names.is_empty()) else { return Ok(None) };
    let servers = match (servers, config.servers) {
        (Some(server), _) => vec![server],
        (None, []) => ask::of_machine(&std::fs::read_to_string(RESOLV).unwrap_or_default()),
        (None, servers) => servers.to_vec(),
    };
    let asker = Asker { servers, within: config.within, attempts: config.attempts, clock: clock.clone() };
    let all: Arc<[Status]> = names.iter().map(|(at, named)| Status::new(*at, named.authority)).collect();
    let (told, changed) = watch::channel(());
    let (report, first) = mpsc::channel();
    let (statuses, groups) = (Arc::clone(&all), sets.to_vec());
    let (inner, upstreams) = (names.clone(), program.upstreams);
    let work = move || {
        let groups = Group::all(groups, &inner, &told);
        let usable = Usable { moved, listeners };
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
                usable: usable.clone(),
                config,
                statuses: Arc::clone(&statuses),
                report: report.clone(),
                state: keep::State::default(),
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
