//! Keeps up to date what `auth`s know by others, beside the workers: a thread for all of it.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use super::{Upkeep, Verifier};
use crate::serve::{Order, say};

/// Starts it, where there is something to keep up to date, and waits until each has been looked at once, or for so long as one may
/// take. It goes on until every connection is cut.
///
/// # Errors
///
/// A sentence for the operator.
pub(crate) fn start(
    auths: &[Box<dyn Verifier>],
    orders: watch::Receiver<Order>,
) -> Result<Option<JoinHandle<()>>, String> {
    let all: Vec<Arc<dyn Upkeep>> = auths.iter().flat_map(|auth| auth.upkeep()).collect();
    let Some(patience) = all.iter().map(|it| it.patience()).max() else { return Ok(None) };
    let (first, looked) = mpsc::channel();
    let thread = std::thread::Builder::new().name("keys".into()).spawn(move || work(all, first, orders));
    let thread =
        thread.map_err(|error| format!("the thread that fetches keys cannot be started: {error}"))?;
    // Each gives its sender back: then nothing is left to wait for. Nobody sends anything.
    let _ = looked.recv_timeout(patience.saturating_add(Duration::from_millis(500)));
    Ok(Some(thread))
}

fn work(all: Vec<Arc<dyn Upkeep>>, first: mpsc::Sender<()>, mut orders: watch::Receiver<Order>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.enable_io().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(error) => return say(format_args!("error: keys cannot be fetched: {error}")),
    };
    runtime.block_on(async {
        for one in all {
            tokio::task::spawn_local(one.keep(first.clone()));
        }
        drop(first);
        // An error means that nobody is left to give orders.
        let _ = orders.wait_for(|order| *order == Order::Cut).await;
    });
}
