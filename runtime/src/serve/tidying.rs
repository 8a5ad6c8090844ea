//! Has tables give back memory that they do not need any more, beside the workers, where the memory of the process is bounded: what they
//! do not need is there for others, and they do not find it out by themselves as long as nobody comes.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;

use super::{Gateway, Order, say};
use crate::clock::{Alarm, Clock};
use crate::memory::Memory;

/// How often.
const PAUSE: Duration = Duration::from_secs(2);

/// Starts that, where there is what could grow. It ends with the order to stop.
pub(super) fn start(
    gateway: &Arc<Gateway>,
    orders: watch::Receiver<Order>,
) -> Result<Option<std::thread::JoinHandle<()>>, String> {
    let Some(memory) = gateway.shared.memory.clone().filter(|memory| memory.has_tables()) else {
        return Ok(None);
    };
    let clock = gateway.clock.clone();
    let thread =
        std::thread::Builder::new().name("memory".into()).spawn(move || work(&memory, &clock, orders));
    thread.map(Some).map_err(|error| format!("the thread that gives memory back cannot be started: {error}"))
}

fn work(memory: &Memory, clock: &Clock, mut orders: watch::Receiver<Order>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.enable_io().build() {
        Ok(runtime) => runtime,
        Err(error) => return say(format_args!("error: no memory can be given back: {error}")),
    };
    runtime.block_on(async {
        let alarm = match Alarm::new() {
            Ok(alarm) => alarm,
            Err(error) => return say(format_args!("error: no memory can be given back: {error}")),
        };
        loop {
            {
                let mut pause = std::pin::pin!(clock.wait(&alarm, PAUSE));
                // An error means that nobody is left to give orders.
                let mut over = std::pin::pin!(orders.wait_for(|order| *order != Order::Serve));
                let is_over = std::future::poll_fn(|cx| match over.as_mut().poll(cx) {
                    Poll::Ready(_) => Poll::Ready(true),
                    Poll::Pending => pause.as_mut().poll(cx).map(|_| false),
                });
                if is_over.await {
                    return;
                }
            }
            memory.tables.tidy();
        }
    });
}
