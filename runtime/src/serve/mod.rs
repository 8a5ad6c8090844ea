//! Starts a gateway: sockets first, then workers, then signals until it is told to stop.
//!
//! All state hangs from one `Gateway` value, so that many gateways run in one process of tests.

mod arrival;
#[cfg(feature = "json")]
mod body;
pub(crate) mod capacity;
mod checkup;
pub(crate) mod client;
pub(crate) mod connection;
mod console;
pub(crate) mod deadline;
mod errands;
pub(crate) mod forward;
mod handover;
mod identity;
mod leave;
pub(crate) mod listener;
mod notice;
mod outage;
mod processors;
#[cfg(feature = "forward")]
mod question;
mod queue;
pub(crate) mod relay;
#[cfg(feature = "json")]
pub(crate) mod room;
pub(crate) mod socket;
mod succession;
mod tidying;
pub(crate) mod worker;

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::sync::watch;

use capacity::Capacity;
pub use console::main;
pub(crate) use console::say;
use listener::Seat;
use processors::{Processors, workers};

use crate::access_log::{self, Log};
#[cfg(feature = "admin")]
use crate::admin::Admin;
use crate::auth;
use crate::clock::Clock;
use crate::fit;
use crate::limits::Limits;
use crate::live::{self, Live};
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::params::{Params, given};
use crate::place;
use crate::program::Program;
use crate::proxies::Proxies;
use crate::shared::Shared;
use crate::trace::{Exporter, Tracing};
use crate::upstream::set::{Published, Set};

/// What a start may change of a program. The default changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads that serve; 0: one for each processor that this process may use.
    pub workers: usize,
    /// Where declared listeners really listen, in the order of their declaration.
    pub listen: Vec<SocketAddr>,
    /// Where declared servers really are: pairs of the declared and the real address.
    pub servers: Vec<(SocketAddr, SocketAddr)>,
    /// What is given for parameters and secrets.
    pub given: Vec<given::Text>,
    /// Bounds other than the standard ones.
    pub limits: Option<Limits>,
    /// A clock other than the machine's.
    pub clock: Option<Clock>,
    /// Whether sockets that were passed on to this process are used in the place of new ones.
    pub inherit: bool,
    /// Where the declared admin listener really listens.
    pub admin: Option<SocketAddr>,
    /// Where the declared file of the access log really is.
    pub log_file: Option<PathBuf>,
    /// Where declared files really are, those of live values and those of who may come: pairs of the declared and the real path.
    pub files: Vec<(String, PathBuf)>,
    /// A name server in the place of those that names are asked of.
    pub name_server: Option<SocketAddr>,
    /// Where the servers of upstreams really are, by the names of the upstreams.
    #[cfg(feature = "tested")]
    pub upstreams: Vec<(String, SocketAddr)>,
}

/// What all workers of a gateway know.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) program: &'static Program,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    /// What its workers count.
    pub(crate) metrics: Metrics,
    /// What its workers note for a collector.
    pub(crate) tracing: Tracing,
    /// It was told to stop.
    stopping: AtomicBool,
    /// Exchanges that were cut when the time to end was over.
    cut: Arc<AtomicUsize>,
    /// Those whose word about a client is believed.
    pub(crate) proxies: Option<Proxies>,
    /// What exchanges know of it.
    pub(crate) shared: Arc<Shared>,
    /// The servers of each upstream, where they really are, and what is known of them.
    pub(crate) sets: Vec<Arc<Published>>,
    /// What is known of their names, where there are any.
    #[cfg(feature = "dns")]
    pub(crate) names: Option<crate::dns::Names>,
    /// What counts requests that are under way, where they are bounded.
    pub(crate) capacity: Option<Capacity>,
    /// For whole bodies and answers.
    #[cfg(feature = "json")]
    pub(crate) room: Arc<room::Room>,
    /// Open client connections that one worker may have.
    pub(crate) most_open: usize,
    /// Which generation it is, from 1: how many of them have handed over to the next, and one.
    #[cfg(feature = "admin")]
    pub(crate) generation: u32,
}

/// How far a stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Serve,
    /// Accept no more; end what is open.
    Drain,
    /// Cut what is open.
    Cut,
}

/// A gateway that could serve.
struct Prepared {
    gateway: Arc<Gateway>,
    /// The share of each worker.
    sockets: Vec<Vec<std::net::TcpListener>>,
    /// Each worker keeps to a processor.
    pinned: bool,
    /// Where the generation before waits to hear that this one serves.
    before: Option<UnixStream>,
    /// Where files are, where that is elsewhere.
    files: Vec<(String, PathBuf)>,
    running: Running,
}

/// A gateway that serves.
#[derive(Debug)]
pub struct Running {
    orders: watch::Sender<Order>,
    workers: Vec<JoinHandle<()>>,
    /// What `auth`s know by others is kept up to date there, until this says that it ends. It hears no other order: whoever waits for
    /// the workers' end does not wait for it.
    keeper: Option<(watch::Sender<Order>, JoinHandle<()>)>,
    writer: Option<JoinHandle<()>>,
    log: Log,
    exporter: Option<Exporter>,
    pub(crate) shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    #[cfg(feature = "admin")]
    admin: Option<Admin>,
}

impl Gateway {
    /// It was told to stop: nobody is to send it further clients.
    pub(crate) fn stops(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// An exchange was under way when the time to end was over.
    pub(crate) fn cuts_one(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// What is taken of bounded memory, for each purpose, and how much there is; nothing where that of the process is not bounded.
    #[cfg(feature = "admin")]
    pub(crate) fn memory(&self) -> Vec<(&'static str, u64, u64)> {
        let Some(memory) = &self.shared.memory else { return Vec::new() };
        let told = memory.told().into_iter();
        #[cfg(feature = "json")]
        let told = told.chain(std::iter::once(self.room.told()));
        told.collect()
    }

    /// Whether further clients are welcome.
    #[cfg(feature = "admin")]
    pub(crate) fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
    }
}

/// Starts a gateway whose access log goes to standard output.
///
/// # Errors
///
/// A sentence for the operator: a parameter that is missing or wrong, places that collide, an address that cannot be listened at, or too few
/// descriptors.
pub fn start(program: &'static Program, options: Options) -> Result<Running, String> {
    start_logging(program, options, io::stdout())
}

/// Starts a gateway whose access log goes to `log`.
///
/// # Errors
///
/// A sentence for the operator: an address that cannot be listened at, or too few descriptors.
pub fn start_logging(
    program: &'static Program,
    options: Options,
    log: impl io::Write + Send + 'static,
) -> Result<Running, String> {
    let mut prepared = prepare(program, options, log)?;
    prepared.spawn(0)?;
    Ok(prepared.running)
}

/// Where listeners and servers are; servers where they really are.
fn placed(
    program: &'static Program,
    params: &Arc<Params>,
    options: &Options,
) -> Result<place::Places, String> {
    let mut places = place::places(program, params, &options.given)?;
    for place in places.upstreams.iter_mut().flatten() {
        let real = options.servers.iter().find(|(declared, _)| *declared == place.address);
        place.address = real.map_or(place.address, |(_, real)| *real);
    }
    #[cfg(feature = "tested")]
    crate::tested::redirect(program, &mut places, &options.upstreams);
    Ok(places)
}

/// Where it listens: as declared, or elsewhere.
fn listened(declared: &[SocketAddr], moved: &[SocketAddr]) -> Vec<SocketAddr> {
    let elsewhere = moved.iter().copied().map(Some).chain(std::iter::repeat(None));
    declared.iter().zip(elsewhere).map(|(declared, moved)| moved.unwrap_or(*declared)).collect()
}

/// Opens all sockets and makes everything ready for workers.
fn prepare(
    program: &'static Program,
    options: Options,
    log: impl io::Write + Send + 'static,
) -> Result<Prepared, String> {
    // Before any socket is opened. They live as long as the process.
    let file = |param: &_, path| live::file::first(param, path, &options.files);
    let params = &Arc::new(given::read(program, &options.given, file)?);
    fit::check(program, params, &options.given)?;
    let places = placed(program, params, &options)?;
    let sink = access_log::sink(program, (params, &options.given), options.log_file.clone(), log)?;
    let workers = workers(options.workers);
    let wanted = listened(&places.listeners, &options.listen);
    let (orders, _) = watch::channel(Order::Serve);
    let clock = options.clock.clone().unwrap_or_else(Clock::real);
    #[cfg_attr(not(feature = "admin"), allow(unused_mut, reason = "only the admin listener changes them"))]
    let mut live = Live::of(program, params, &options.given);
    let reread = watch::Sender::new(0_u64);
    let memory = Memory::of(program, params);
    let errands::Errands {
        tracing,
        exporter,
        auths,
        #[cfg(feature = "dns")]
        lookup,
    } = errands::ready((program, params, &clock, memory.as_ref()), (&options, &places), &reread.subscribe())?;
    let set = |(own, declared): (&Vec<_>, _)| Arc::new(Published::new(Set::new(own.clone(), declared)));
    let sets: Vec<Arc<Published>> = places.upstreams.iter().zip(program.upstreams).map(set).collect();
    #[cfg(feature = "dns")]
    let (names, looking) = crate::dns::start((program, &places), lookup, &sets, orders.subscribe())?.unzip();
    #[cfg(not(feature = "dns"))]
    let looking = None;
    let inherited = if options.inherit { handover::inherited(&wanted)? } else { None };
    #[cfg(feature = "admin")]
    let inherits = inherited.is_some();
    #[cfg(feature = "admin")]
    let succeeds = inherited.as_ref().is_some_and(|inherited| inherited.before.is_some());
    #[cfg(feature = "admin")]
    if let Some(live) = &mut live {
        let kept = live::kept::Kept::first(program, (params, &options.given), &options.files)?;
        live.keeps(kept, succeeds)?;
    }
    let workers = inherited.as_ref().map_or(workers, |inherited| workers.max(inherited.most()));
    let most_open = capacity::connections_for(workers, program.listeners.len())?;
    let (capacity, most_open) = capacity::of(program, (params, memory.as_deref()), (workers, most_open))?;
    let (sockets, before) = match inherited {
        Some(mut inherited) => {
            let before = inherited.before.take();
            if let Some(live) = &live {
                live.take_over(&inherited.live, &live::By::Before);
            }
            let shared = inherited.shared(workers);
            (shared.map_err(|error| format!("sockets cannot be shared: {error}"))?, before)
        }
        None => (listener::open_all(&wanted, workers)?, None),
    };
    let addresses = sockets.iter().take(1).flatten().map(std::net::TcpListener::local_addr);
    let addresses =
        addresses.collect::<io::Result<_>>().map_err(|error| format!("a socket has no address: {error}"))?;
    let (log, writer) = access_log::start(sink);
    let metrics = Metrics::new(program, &places.lines, sockets.len());
    let limits = options.limits.unwrap_or_else(|| declared(program, params)).bounded();
    #[cfg(feature = "json")]
    let room = capacity::room(program, params, &limits);
    let gateway = Arc::new(Gateway {
        program,
        limits,
        shared: Shared::new(program, (Arc::clone(params), memory), (live, reread), clock.clone(), auths),
        clock,
        log,
        sets,
        #[cfg(feature = "dns")]
        names,
        proxies: program.trusted_proxies.as_ref().map(|declared| Proxies::new(declared, params)),
        metrics,
        tracing,
        stopping: AtomicBool::new(false),
        cut: Arc::default(),
        capacity,
        #[cfg(feature = "json")]
        room,
        most_open,
        #[cfg(feature = "admin")]
        generation: if options.inherit { succession::generation() } else { 1 },
    });
    #[cfg(feature = "admin")]
    let admin = admin_of(&gateway, orders.subscribe(), options.admin, inherits)?;
    let running = Running {
        orders,
        workers: Vec::from_iter(looking),
        keeper: None,
        writer,
        log: gateway.log.clone(),
        exporter,
        shared: Arc::clone(&gateway.shared),
        addresses,
        #[cfg(feature = "admin")]
        admin,
    };
    let pinned = Processors::of_this_thread().are_for(sockets.len());
    Ok(Prepared { gateway, sockets, pinned, before, files: options.files, running })
}

/// Starts the admin listener, where one is declared. A generation that takes over sockets shares its address with the one
/// before, which ends soon.
#[cfg(feature = "admin")]
fn admin_of(
    gateway: &Arc<Gateway>,
    orders: watch::Receiver<Order>,
    real: Option<SocketAddr>,
    shares: bool,
) -> Result<Option<Admin>, String> {
    let Some(declared) = gateway.program.admin else { return Ok(None) };
    let address = real.unwrap_or_else(|| declared.address.at(&gateway.shared.params));
    if !shares && address.port() != 0 {
        listener::probe(address).map_err(|error| listener::refused(address, &error))?;
    }
    let opened = listener::open(address).and_then(|socket| Admin::start(gateway, orders, socket));
    opened.map(Some).map_err(|error| listener::refused(address, &error))
}

impl Prepared {
    /// Starts the worker of each share of the sockets but the first `kept`, which are given back.
    fn spawn(&mut self, kept: usize) -> Result<(), String> {
        let (end, ends) = watch::channel(Order::Serve);
        self.running.keeper =
            auth::upkeep::start(&self.gateway.shared.auths, ends)?.map(|thread| (end, thread));
        // The servers of a test are well unless it says otherwise.
        if !cfg!(feature = "tested") {
            let asking = checkup::start(&self.gateway, self.running.orders.subscribe())?;
            let telling = outage::start(&self.gateway, self.running.orders.subscribe())?;
            self.running.workers.extend(asking.into_iter().chain(telling));
        }
        let tidying = tidying::start(&self.gateway, self.running.orders.subscribe())?;
        self.running.workers.extend(tidying);
        let looking = live::file::start(&self.gateway, &self.files, self.running.orders.subscribe())?;
        self.running.workers.extend(looking);
        if let Some(exporter) = &mut self.running.exporter {
            exporter.start(&self.gateway)?;
        }
        let others = self.sockets.split_off(kept);
        for (index, sockets) in others.into_iter().enumerate() {
            let (gateway, orders) = (Arc::clone(&self.gateway), self.running.orders.subscribe());
            let seat = Seat { number: index + kept, pinned: self.pinned };
            let thread = std::thread::Builder::new()
                .name(format!("worker-{}", index + kept))
                .spawn(move || listener::work(&gateway, sockets, orders, seat))
                .map_err(|error| format!("a worker thread cannot be started: {error}"))?;
            self.running.workers.push(thread);
        }
        Ok(())
    }
}

impl Running {
    /// Where it listens, in the order of declaration.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where it is asked about itself, if it can be.
    #[cfg(feature = "admin")]
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|admin| admin.address)
    }

    /// Opens the file of the access log anew, if there is one: its name has been given to another.
    pub fn reopen_log(&self) {
        self.log.reopen();
    }

    /// Reads the files of live values, and of who may come, at once, as they stand.
    pub fn reread(&self) {
        self.shared.reread();
    }

    /// Stops accepting; open connections end after their next answer, or when the drain's time is over.
    pub fn drain(&self) {
        drain(&self.orders);
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.orders.send_replace(Order::Cut);
    }

    /// Waits until all workers have ended, which they do only after [`Self::drain`] or [`Self::cut`].
    pub fn join(self) {
        for worker in self.workers {
            // A worker that panicked has said so on standard error.
            let _ = worker.join();
        }
        // Who is being answered may still need what it fetches.
        if let Some((end, keeper)) = self.keeper {
            end.send_replace(Order::Cut);
            let _ = keeper.join();
        }
        if let Some(exporter) = self.exporter {
            exporter.stop();
        }
        // It answers until there is nothing left to ask about.
        #[cfg(feature = "admin")]
        if let Some(admin) = self.admin {
            admin.stop();
        }
        // The writer ends with the last who could write to it.
        drop(self.log);
        if let Some(writer) = &self.writer {
            access_log::settle(writer);
        }
    }
}

/// The bounds of a program.
fn declared(program: &Program, params: &Params) -> Limits {
    let drain = program.drain.map_or(Limits::DEFAULT.drain, |drain| drain.within.at(params));
    Limits { drain, ..Limits::DEFAULT }
}

/// Orders to drain, unless more has been ordered.
fn drain(orders: &watch::Sender<Order>) {
    orders.send_if_modified(|order| {
        let modified = *order == Order::Serve;
        *order = if modified { Order::Drain } else { *order };
        modified
    });
}
