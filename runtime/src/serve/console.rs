//! The `main` of a compiled gateway: its arguments, its messages, its signals.
//!
//! The first worker runs on the first thread, beside the signals. With one worker and no log the process has no other
//! thread, and the kernel need not guard its table of descriptors against one.

use std::cell::{Cell, RefCell};
use std::fmt::Arguments;
use std::io::{self, Write};
use std::process::{ExitCode, ExitStatus};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use rustix::process::{Pid, kill_process};
use tokio::net::UnixStream;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::listener::Seat;
use super::succession::{self, Estate, Next, SERVES};
use super::{Gateway, Options, Order, drain, listener, notice, prepare};
use crate::access_log::{self, Log};
use crate::clock::{Alarm, Clock, micros};
use crate::fit;
use crate::live::{self, Live};
use crate::memory::Memory;
use crate::params::{self, given};
use crate::place;
use crate::program::{AccessLog, Program};
use crate::shared::Shared;

/// How long the next generation has until it serves.
const READY_MOST: Duration = Duration::from_mins(1);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a compiled gateway until it is told to stop: the first SIGTERM or SIGINT drains, the second cuts; SIGUSR2 starts the next
/// generation, and drains once that serves. `--version` prints what was compiled, `--params` what may be set, `--check` whether what
/// is given can be; other arguments set it.
#[must_use]
pub fn main(program: &'static Program) -> ExitCode {
    if let Some(ended) = succession::go_between() {
        return ended;
    }
    let mut arguments: Vec<String> =
        std::env::args_os().skip(1).map(|it| it.to_string_lossy().into()).collect();
    let shown = match arguments.first().map(String::as_str) {
        Some("--version") => {
            let version = env!("CARGO_PKG_VERSION");
            Some(format!("{} (gatewright {version}, sources {})\n", program.name, program.source_hash))
        }
        Some("--params") => Some(params::table(program)),
        _ => None,
    };
    if let Some(text) = shown {
        // A reader that has gone needs no answer.
        let _ = io::stdout().write_all(text.as_bytes());
        return ExitCode::SUCCESS;
    }
    let count = arguments.len();
    arguments.retain(|argument| argument != "--check");
    let done = if arguments.len() == count { run(program, &arguments) } else { check(program, &arguments) };
    match done {
        Ok(last) => {
            say(format_args!("{} {last}", program.name));
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say(format_args!("error: {problem}"));
            ExitCode::from(2)
        }
    }
}

/// What the arguments, the environment and mounted files say.
fn collect(program: &Program, arguments: &[String]) -> Result<Vec<given::Text>, String> {
    let variable = |name: &str| {
        let text = std::env::var_os(name).map(std::ffi::OsString::into_string).transpose();
        text.map_err(|_| format!("`{name}` is no text: it must be UTF-8"))
    };
    let file = |path: &str| std::fs::read_to_string(path).map_err(|error| error.to_string());
    given::collect(program, arguments, variable, file)
}

/// Whether it could start with what is given, as far as that can be said without a socket.
fn check(program: &'static Program, arguments: &[String]) -> Result<String, String> {
    let given = collect(program, arguments)?;
    let params = Arc::new(given::read(program, &given, |param, path| live::file::first(param, path, &[]))?);
    fit::check(program, &params, &given)?;
    let places = place::places(program, &params, &given)?;
    access_log::path(program, &params, &given)?;
    #[cfg(feature = "admin")]
    if let Some(mut live) = live::Live::of(program, &params, &given) {
        live.keeps(live::kept::Kept::first(program, (&params, &given), &[])?, false)?;
    }
    // What files say of who may come is read, and nobody is asked for anything.
    let asked = watch::Sender::new(0_u64).subscribe();
    let options = Options { given, ..Options::default() };
    let memory = Memory::of(program, &params);
    super::errands::ready((program, &params, &Clock::real(), memory.as_ref()), (&options, &places), &asked)?;
    super::capacity::check(program, &params, memory.as_deref())?;
    Ok("can start with this".to_owned())
}

fn run(program: &'static Program, arguments: &[String]) -> Result<String, String> {
    let given = collect(program, arguments)?;
    let mut prepared =
        prepare(program, Options { inherit: true, given, ..Options::default() }, io::stdout())?;
    let estate = Estate::of(&prepared.sockets)
        .map_err(|error| format!("the sockets cannot be kept for a next generation: {error}"))?;
    prepared.spawn(1)?;
    let seat = Seat { number: 0, pinned: prepared.pinned };
    let (running, before) = (prepared.running, prepared.before);
    let mut estate = Some(estate);
    for sockets in prepared.sockets {
        let orders = running.orders.clone();
        let own = orders.subscribe();
        let addresses = running.addresses().to_vec();
        let log = matches!(program.access_log, AccessLog::File(_)).then(|| running.log.clone());
        let files = Files { log, shared: Arc::clone(&prepared.gateway.shared) };
        #[cfg(feature = "admin")]
        let admin = running.admin_address();
        let before = before.as_ref().and_then(|before| before.try_clone().ok());
        let console = Rc::new(Console {
            gateway: Arc::clone(&prepared.gateway),
            orders: orders.clone(),
            estate: RefCell::new(estate.take()),
            next: Cell::new(None),
        });
        #[cfg(feature = "admin")]
        let kept = Arc::clone(&prepared.gateway);
        let signals = async move {
            let task = tokio::task::spawn_local(signals(console, files, move || {
                for address in addresses {
                    say(format_args!("{} listens on http://{address}", program.name));
                }
                #[cfg(feature = "admin")]
                if let Some(address) = admin {
                    say(format_args!("{} tells of itself on http://{address}", program.name));
                }
                #[cfg(feature = "admin")]
                if let Some(live) = &kept.shared.live {
                    live.serves();
                }
                match before {
                    // That one tells the manager. Where it has ended meanwhile, there is nobody to tell.
                    Some(before) => drop((&before).write_all(SERVES)),
                    None => notice::serves(),
                }
            }));
            // The second signal is for whichever worker is left.
            orders.closed().await;
            task.abort();
        };
        listener::work_beside(&prepared.gateway, sockets, own, seat, signals);
    }
    let cut = Arc::clone(&prepared.gateway.cut);
    // The writer of the log ends with the last who could write to it.
    drop(prepared.gateway);
    running.join();
    Ok(match cut.load(Ordering::Relaxed) {
        0 => "has stopped".to_owned(),
        cut => format!("has stopped, and has cut {cut} exchanges that were under way"),
    })
}

/// A line for the operator. Where nobody reads it, traffic goes on all the same.
pub(crate) fn say(line: Arguments) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// What the signals are about.
struct Console {
    gateway: Arc<Gateway>,
    orders: watch::Sender<Order>,
    /// What a next generation is started with. It goes with the order to stop, since a socket of which a copy is held would take
    /// connections that nobody accepts.
    estate: RefCell<Option<Estate>>,
    /// A next generation that has been started, and has not said yet that it serves.
    next: Cell<Option<Pid>>,
}

/// Passes signals on as orders, and says `ready` once it can.
async fn signals(console: Rc<Console>, files: Files, ready: impl FnOnce()) {
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => {
                say(format_args!(
                    "warning: signals cannot be received, so only SIGKILL stops this gateway: {error}"
                ));
                ready();
                return;
            }
        };
    let asked = signal(SignalKind::user_defined2()).ok();
    // Where there is no file, the signal does what it always does.
    let hung_up = if files.are_there() { signal(SignalKind::hangup()).ok() } else { None };
    ready();
    let reopening = tokio::task::spawn_local(reopen(files, hung_up));
    let handing = tokio::task::spawn_local(hand_over(Rc::clone(&console), asked));
    let stopping = Rc::clone(&console);
    let mut stop = None;
    for order in [Order::Drain, Order::Cut] {
        std::future::poll_fn(|cx| {
            let either = terminate.poll_recv(cx).is_ready() || interrupt.poll_recv(cx).is_ready();
            if either { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        match order {
            Order::Drain => {
                notice::stops();
                let stopping = Rc::clone(&stopping);
                stop = Some(tokio::task::spawn_local(async move { stopping.stop().await }));
            }
            other => {
                console.estate.take();
                console.orders.send_replace(other);
            }
        }
    }
    stop.iter().for_each(tokio::task::JoinHandle::abort);
    handing.abort();
    reopening.abort();
}

/// The files that a gateway has open, or looks at.
struct Files {
    /// That of the access log.
    log: Option<Log>,
    /// Those of live values, and of who may come.
    shared: Arc<Shared>,
}

impl Files {
    fn are_there(&self) -> bool {
        let mut params = self.shared.program.params.iter();
        self.log.is_some()
            || params.any(|param| matches!(param.live, Some(params::Live::File(_))))
            || self.shared.auths.iter().any(|auth| auth.reads().is_some())
    }
}

/// Opens the file of the access log anew, and reads all others, whenever that is asked for.
async fn reopen(files: Files, asked: Option<Signal>) {
    let Some(mut asked) = asked else { return };
    while std::future::poll_fn(|cx| asked.poll_recv(cx)).await.is_some() {
        if let Some(log) = &files.log {
            log.reopen();
        }
        files.shared.reread();
    }
}

/// Starts the next generation whenever that is asked for. Without a handler the signal would end the process.
async fn hand_over(console: Rc<Console>, asked: Option<Signal>) {
    let Some(mut asked) = asked else { return };
    while std::future::poll_fn(|cx| asked.poll_recv(cx)).await.is_some() {
        match console.next() {
            Ok((next, serves)) => {
                let console = Rc::clone(&console);
                tokio::task::spawn_local(async move { console.succeeded(next, serves).await });
            }
            Err(why) => say(format_args!("error: no hand-over: {why}")),
        }
    }
}

impl Console {
    /// Clients are no longer welcome; those who come all the same are served for a while, and then no more.
    async fn stop(&self) {
        let gateway = &self.gateway;
        // Whoever stops this generation wants no other in its place.
        if let Some(next) = self.next.take() {
            let _ = kill_process(next, rustix::process::Signal::TERM);
        }
        let wait = gateway.program.drain.map(|drain| drain.wait.at(&gateway.shared.params));
        gateway.stops();
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            say(format_args!("{} stops in {} s", gateway.program.name, wait.as_secs()));
            let end = gateway.clock.now() + micros(wait);
            if let Ok(alarm) = Alarm::new() {
                while let left @ 1.. = end.saturating_sub(gateway.clock.now()) {
                    gateway.clock.wait(&alarm, Duration::from_micros(left)).await;
                }
            }
        }
        self.drain();
    }

    fn drain(&self) {
        self.estate.take();
        drain(&self.orders);
    }

    /// The next generation, and where it says that it serves.
    fn next(&self) -> Result<(Next, UnixStream), String> {
        if std::process::id() == 1 {
            return Err(
                "this is the first process of its container, which ends with it: start a new container"
                    .into(),
            );
        }
        if self.next.get().is_some() {
            return Err("the next generation is starting already".into());
        }
        let estate = self.estate.borrow();
        let estate = estate.as_ref().ok_or("this generation is stopping already")?;
        let said = self.gateway.shared.live.as_ref().map(Live::hand_over).unwrap_or_default();
        let started =
            estate.start(&said).map_err(|error| format!("the next generation cannot be started: {error}"));
        let heard = started.and_then(|(mut next, serves)| {
            let heard = UnixStream::from_std(serves).map_err(|error| {
                next.end();
                format!("the next generation cannot be heard: {error}")
            })?;
            Ok((next, heard))
        });
        let (next, heard) = heard.inspect_err(|_| self.keep())?;
        self.next.set(Some(next.pid));
        say(format_args!(
            "{} starts process {} as its next generation",
            self.gateway.program.name,
            next.pid.as_raw_pid()
        ));
        Ok((next, heard))
    }

    /// There is no next generation: live values may be changed here again.
    fn keep(&self) {
        if let Some(live) = &self.gateway.shared.live {
            live.keep();
        }
    }

    /// Waits until the next generation serves, and then stops; goes on serving where that ends, or takes too long.
    async fn succeeded(&self, mut next: Next, serves: UnixStream) {
        let name = self.gateway.program.name;
        let clock = &self.gateway.clock;
        let until = clock.now() + micros(READY_MOST);
        let alarm = Alarm::new();
        let why = loop {
            let mut said = [0; 16];
            if serves.try_read(&mut said).is_ok_and(|count| said.get(..count) == Some(SERVES)) {
                self.next.set(None);
                next.release();
                notice::succeeded_by(next.pid);
                say(format_args!("process {} serves, and {name} drains", next.pid.as_raw_pid()));
                self.gateway.stops();
                self.drain();
                return;
            }
            match next.ended() {
                Ok(None) if clock.now() < until => {}
                Ok(None) => {
                    next.end();
                    break format!("it did not serve within {} s, and was ended", READY_MOST.as_secs());
                }
                Ok(Some(status)) => break ended(status),
                Err(error) => break format!("what became of it cannot be found out: {error}"),
            }
            match &alarm {
                Ok(alarm) => {
                    clock.wait(alarm, LOOK).await;
                }
                Err(error) => {
                    next.end();
                    break format!("it cannot be waited for, and was ended: {error}");
                }
            }
        };
        self.next.set(None);
        self.keep();
        say(format_args!(
            "error: no hand-over: process {} is no next generation: {why}; {name} goes on",
            next.pid.as_raw_pid()
        ));
    }
}

fn ended(status: ExitStatus) -> String {
    format!("it ended with {status} before it served")
}
