//! The `main` of a compiled gateway: its arguments, its messages, its signals.
//!
//! The first worker runs on the first thread, beside the signals. With one worker and no log the process has no other
//! thread, and the kernel need not guard its table of descriptors against one.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::process::ExitCode;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::{Options, Order, drain, listener, prepare};
use crate::params::{self, given};
use crate::program::Program;

/// Runs a compiled gateway until it is told to stop: the first SIGTERM or SIGINT drains, the second cuts. `--version`
/// prints what was compiled, `--params` what may be set; other arguments set it.
#[must_use]
pub fn main(program: &'static Program) -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|it| it.to_string_lossy().into()).collect();
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
    match run(program, &arguments) {
        Ok(()) => {
            say(format_args!("{} has stopped", program.name));
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say(format_args!("error: {problem}"));
            ExitCode::from(2)
        }
    }
}

fn run(program: &'static Program, arguments: &[String]) -> Result<(), String> {
    let variable = |name: &str| {
        let text = std::env::var_os(name).map(std::ffi::OsString::into_string).transpose();
        text.map_err(|_| format!("`{name}` is no text: it must be UTF-8"))
    };
    let file = |path: &str| std::fs::read_to_string(path).map_err(|error| error.to_string());
    let given = given::collect(program, arguments, variable, file)?;
    let mut prepared =
        prepare(program, Options { inherit: true, given, ..Options::default() }, io::stdout())?;
    prepared.spawn(1)?;
    let pinned = (!prepared.running.workers.is_empty()).then_some(0);
    let running = prepared.running;
    for sockets in prepared.sockets {
        let orders = running.orders.clone();
        let own = orders.subscribe();
        let addresses = running.addresses().to_vec();
        #[cfg(feature = "admin")]
        let admin = running.admin_address();
        let signals = async move {
            let task = tokio::task::spawn_local(signals(orders.clone(), move || {
                for address in addresses {
                    say(format_args!("{} listens on http://{address}", program.name));
                }
                #[cfg(feature = "admin")]
                if let Some(address) = admin {
                    say(format_args!("{} tells of itself on http://{address}", program.name));
                }
            }));
            // The second signal is for whichever worker is left.
            orders.closed().await;
            task.abort();
        };
        listener::work_beside(&prepared.gateway, sockets, own, pinned, signals);
    }
    // The writer of the log ends with the last who could write to it.
    drop(prepared.gateway);
    running.join();
    Ok(())
}

/// A line for the operator. Where nobody reads it, traffic goes on all the same.
pub(crate) fn say(line: Arguments) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Passes signals on as orders, and says `ready` once it can.
async fn signals(orders: watch::Sender<Order>, ready: impl FnOnce()) {
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
    let handing = signal(SignalKind::user_defined2()).ok();
    ready();
    let handing = tokio::task::spawn_local(refuse_hand_over(handing));
    for order in [Order::Drain, Order::Cut] {
        std::future::poll_fn(|cx| {
            let either = terminate.poll_recv(cx).is_ready() || interrupt.poll_recv(cx).is_ready();
            if either { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        match order {
            Order::Drain => drain(&orders),
            other => {
                orders.send_replace(other);
            }
        }
    }
    handing.abort();
}

/// Without a handler the signal would end the process.
async fn refuse_hand_over(asked: Option<Signal>) {
    let Some(mut asked) = asked else { return };
    while std::future::poll_fn(|cx| asked.poll_recv(cx)).await.is_some() {
        say(format_args!("SIGUSR2 is ignored: this version cannot hand its sockets over"));
    }
}
