//! Starts a gateway: sockets first, then workers, then signals until it is told to stop.
//!
//! All state hangs from one [`Gateway`] value, so that many gateways run in one process of tests.

mod client;
mod connection;
mod forward;
mod listener;
mod relay;
mod worker;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::access_log::{self, Log};
use crate::clock::Clock;
use crate::limits::Limits;
use crate::program::{Program, Server};

/// Descriptors that are neither a listener's nor a connection's: standard streams, reactors, signals.
const DESCRIPTORS_ASIDE: u64 = 64;
/// Fewer connections than this are not worth starting for.
const FEWEST_CONNECTIONS: u64 = 64;

/// What a start may change of a program. The default changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads that serve; 0: one for each processor that this process may use.
    pub workers: usize,
    /// Where declared listeners really listen, in the order of their declaration.
    pub listen: Vec<SocketAddr>,
    /// Where declared servers really are: pairs of the declared and the real address.
    pub servers: Vec<(SocketAddr, SocketAddr)>,
    /// Bounds other than the standard ones.
    pub limits: Option<Limits>,
    /// A clock other than the machine's.
    pub clock: Option<Clock>,
}

/// What all workers of a gateway know.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) program: &'static Program,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    servers: Vec<(SocketAddr, SocketAddr)>,
    /// Open client connections that one worker may have.
    pub(crate) most_open: usize,
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

/// A gateway that serves.
#[derive(Debug)]
pub struct Running {
    orders: watch::Sender<Order>,
    workers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    addresses: Vec<SocketAddr>,
}

impl Gateway {
    /// Where a declared server really is.
    pub(crate) fn place(&self, server: Server) -> Server {
        let real = self.servers.iter().find(|(declared, _)| *declared == server.address);
        Server { address: real.map_or(server.address, |(_, real)| *real), ..server }
    }
}

/// Starts a gateway whose access log goes to standard output.
///
/// # Errors
///
/// A sentence for the operator: an address that cannot be listened at, or too few descriptors.
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
    let workers = match options.workers {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        workers => workers,
    };
    let most_open = connections_for(workers, program.listeners.len())?;
    let mut sockets: Vec<Vec<std::net::TcpListener>> = (0..workers).map(|_| Vec::new()).collect();
    let mut addresses = Vec::new();
    for (index, declared) in program.listeners.iter().enumerate() {
        let mut wanted = options.listen.get(index).copied().unwrap_or(declared.address);
        if wanted.port() != 0
            && let Err(error) = listener::probe(wanted)
            && error.kind() == io::ErrorKind::AddrInUse
        {
            return Err(describe(wanted, &error));
        }
        for (worker, own) in sockets.iter_mut().enumerate() {
            let socket = listener::open(wanted).map_err(|error| describe(wanted, &error))?;
            // The first worker may have been given any free port; the others join it.
            wanted = socket.local_addr().map_err(|error| describe(wanted, &error))?;
            if worker == 0 {
                addresses.push(wanted);
            }
            own.push(socket);
        }
    }
    let (log, writer) = access_log::start(program.access_log, log);
    let gateway = Arc::new(Gateway {
        program,
        limits: options.limits.unwrap_or(Limits::DEFAULT),
        clock: options.clock.unwrap_or_else(Clock::real),
        log,
        servers: options.servers,
        most_open,
    });
    let (orders, _) = watch::channel(Order::Serve);
    let mut threads = Vec::new();
    for (index, sockets) in sockets.into_iter().enumerate() {
        let (gateway, orders) = (Arc::clone(&gateway), orders.subscribe());
        let pinned = (workers > 1).then_some(index);
        let thread = std::thread::Builder::new()
            .name(format!("worker-{index}"))
            .spawn(move || listener::work(&gateway, sockets, orders, pinned))
            .map_err(|error| format!("a worker thread cannot be started: {error}"))?;
        threads.push(thread);
    }
    Ok(Running { orders, workers: threads, writer, addresses })
}

impl Running {
    /// Where it listens, in the order of declaration.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops accepting; open connections end after their next answer, or when the drain's time is over.
    pub fn drain(&self) {
        self.orders.send_if_modified(|order| {
            let modified = *order == Order::Serve;
            *order = if modified { Order::Drain } else { *order };
            modified
        });
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
        if let Some(writer) = &self.writer {
            access_log::settle(writer);
        }
    }
}

/// Runs a compiled gateway until it is told to stop: the first SIGTERM or SIGINT drains, the second cuts. `--version`
/// prints what was compiled.
#[must_use]
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the console is the interface of a started binary"
)]
pub fn main(program: &'static Program) -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--version") => {
            println!(
                "{} (gatewright {}, sources {})",
                program.name,
                env!("CARGO_PKG_VERSION"),
                program.source_hash
            );
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("error: unknown argument `{other}`\n  = help: the only one is `--version`");
            return ExitCode::from(2);
        }
    }
    let running = match start(program, Options::default()) {
        Ok(running) => running,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    for address in running.addresses() {
        eprintln!("{} listens on http://{address}", program.name);
    }
    match wait_for_signals(&running) {
        Ok(()) => {
            running.join();
            eprintln!("{} has stopped", program.name);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: signals cannot be received: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Passes the first order on; the second is passed on by a thread that does not keep the process.
fn wait_for_signals(running: &Running) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let orders = running.orders.clone();
    let mut signals = {
        let _entered = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let mut next = move || {
        runtime.block_on(std::future::poll_fn(|cx| {
            let either = signals.0.poll_recv(cx).is_ready() || signals.1.poll_recv(cx).is_ready();
            if either { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        }));
    };
    next();
    running.drain();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        next();
        orders.send_replace(Order::Cut);
    })?;
    Ok(())
}

/// Connections that each worker may have open, after the limit of descriptors has been raised as far as it goes. A
/// quarter stays free for connections to servers, which are fewer, since idle clients need none.
fn connections_for(workers: usize, listeners: usize) -> Result<usize, String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let current = current.unwrap_or(u64::from(u32::MAX));
    let workers = workers as u64;
    let aside = DESCRIPTORS_ASIDE + workers * (listeners as u64 + 4);
    let each = current.saturating_sub(aside) / 4 * 3 / workers.max(1);
    if each < FEWEST_CONNECTIONS {
        let need = aside + FEWEST_CONNECTIONS.div_ceil(3) * 4 * workers;
        return Err(format!(
            "the limit of open files is {current}, and at least {need} are needed\n  = help: raise it, for example with `ulimit -n 65536`"
        ));
    }
    Ok(usize::try_from(each).unwrap_or(usize::MAX))
}

fn describe(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {} is taken: something else listens on {address}", address.port())
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "{address} cannot be listened on: ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{address} cannot be listened on: no interface has this address")
        }
        _ => format!("{address} cannot be listened on: {error}"),
    }
}
