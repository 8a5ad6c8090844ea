//! The `main` of a compiled gateway: its arguments, its messages, its signals.
//!
//! The first worker runs on the first thread, beside the signals. With one worker and no log the process has no other
//! thread, and the kernel need not guard its table of descriptors against one.

use std::io;
use std::process::ExitCode;
use std::task::Poll;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{Options, Order, drain, listener, prepare};
use crate::program::Program;

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
            let version = env!("CARGO_PKG_VERSION");
            println!("{} (gatewright {version}, sources {})", program.name, program.source_hash);
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("error: unknown argument `{other}`\n  = help: the only one is `--version`");
            return ExitCode::from(2);
        }
    }
    match run(program) {
        Ok(()) => {
            eprintln!("{} has stopped", program.name);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(2)
        }
    }
}

#[allow(clippy::print_stderr, reason = "the console is the interface of a started binary")]
fn run(program: &'static Program) -> Result<(), String> {
    let mut prepared = prepare(program, Options::default(), io::stdout())?;
    prepared.spawn(1)?;
    let pinned = (!prepared.running.workers.is_empty()).then_some(0);
    let running = prepared.running;
    for address in running.addresses() {
        eprintln!("{} listens on http://{address}", program.name);
    }
    for sockets in prepared.sockets {
        let orders = running.orders.clone();
        let own = orders.subscribe();
        let signals = async move {
            let task = tokio::task::spawn_local(signals(orders.clone()));
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

/// Passes signals on as orders.
#[allow(clippy::print_stderr, reason = "without signals the operator has to be told how to stop the gateway")]
async fn signals(orders: watch::Sender<Order>) {
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => {
                eprintln!("warning: signals cannot be received, so only SIGKILL stops this gateway: {error}");
                return;
            }
        };
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
}
