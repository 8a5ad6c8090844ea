//! Tells the operator that a server is left out after failures, and that a breaker has opened, is half open or has closed: beside the
//! workers, a thread for the whole process, a task for each upstream. Nobody who serves waits for whoever reads standard error.
//!
//! Workers only count. What is told is what holds at that moment: at most one line a second of each server and of each breaker, with how many
//! changes no line has told of.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use super::{Gateway, Order, console};
use crate::clock::{Alarm, Clock, Micros, micros};
use crate::place::Place;
use crate::policy::{breaker, eject};
use crate::program;
use crate::upstream::breaker::{Breaker, State};
use crate::upstream::set::Published;
use crate::upstream::standing::Standing;

/// The shortest time between two lines of one thing.
const PAUSE: Micros = 1_000_000;

/// One upstream.
struct Watch {
    clock: Clock,
    declared: &'static program::Upstream,
    published: Arc<Published>,
    breaker: Told,
    servers: Vec<(Arc<Standing>, Told)>,
}

/// What has been told of one thing that changes.
#[derive(Debug, Default)]
struct Told {
    changes: u64,
    /// When the last line was.
    at: Option<Micros>,
}

/// What is to be told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Nothing,
    /// Something, but not before that.
    Then(Micros),
    /// What holds now, and that so many changes before were not told.
    Now(u64),
}

/// How many changes no line has told of, behind a line.
struct Untold(u64);

/// A time in whole seconds, and no shorter than it is.
struct Seconds(Micros);

/// Starts telling, if any upstream has what can be told. It ends with the order to stop.
pub(super) fn start(
    gateway: &Arc<Gateway>,
    orders: watch::Receiver<Order>,
) -> Result<Option<std::thread::JoinHandle<()>>, String> {
    let all = gateway.program.upstreams.iter().zip(&gateway.sets);
    let concerned = all.filter(|(declared, _)| declared.breaker.is_some() || declared.eject.is_some());
    let watches: Vec<Watch> = concerned
        .map(|(declared, published)| Watch {
            clock: gateway.clock.clone(),
            declared,
            published: Arc::clone(published),
            breaker: Told::default(),
            servers: Vec::new(),
        })
        .collect();
    if watches.is_empty() {
        return Ok(None);
    }
    let thread = std::thread::Builder::new().name("outages".into()).spawn(move || work(watches, orders));
    thread.map(Some).map_err(|error| format!("the thread that tells of outages cannot be started: {error}"))
}

fn work(watches: Vec<Watch>, mut orders: watch::Receiver<Order>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.enable_io().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(error) => return console::say(format_args!("error: outages cannot be told: {error}")),
    };
    runtime.block_on(async {
        for watch in watches {
            tokio::task::spawn_local(async move {
                let name = watch.declared.name;
                if let Err(error) = watch.watch().await {
                    console::say(format_args!("error: outages of `{name}` cannot be told: {error}"));
                }
            });
        }
        // An error means that nobody is left to give orders.
        let _ = orders.wait_for(|order| *order != Order::Serve).await;
    });
}

impl Watch {
    async fn watch(mut self) -> io::Result<()> {
        let (alarm, clock) = (Alarm::new()?, self.clock.clone());
        // It is the same for all sets of servers that the upstream ever has.
        let news = Arc::clone(&self.published.get().standings.news);
        loop {
            let next = self.look();
            let mut told = std::pin::pin!(news.notified());
            let mut over = std::pin::pin!(clock.until(&alarm, next.unwrap_or(Micros::MAX)));
            std::future::poll_fn(|cx| match told.as_mut().poll(cx) {
                Poll::Pending if next.is_some() => over.as_mut().poll(cx),
                told => told,
            })
            .await;
        }
    }

    /// Tells what is news, and says when something may be, should nobody tell it before.
    fn look(&mut self) -> Option<Micros> {
        let now = self.clock.now();
        let set = self.published.get();
        let name = self.declared.name;
        let mut next: Option<Micros> = None;
        let mut due = |at: Micros| next = Some(next.map_or(at, |next| next.min(at)));
        if let (Some(config), Some(breaker)) = (&self.declared.breaker, &set.standings.breaker) {
            match self.breaker.take(breaker.changes(now), now) {
                News::Now(untold) => console::say(format_args!(
                    "{name}: {}{}",
                    Opened { breaker, config, now },
                    Untold(untold)
                )),
                News::Then(at) => due(at),
                News::Nothing => {}
            }
            if breaker.state(now) == State::Open {
                due(now.saturating_add(breaker.open_for(now)));
            }
        }
        if let Some(config) = &self.declared.eject {
            self.know(&set.standings.servers);
            for (place, (standing, told)) in set.places.iter().zip(&mut self.servers) {
                match told.take(standing.changes(now), now) {
                    News::Now(untold) => console::say(format_args!(
                        "{name}: {}{}",
                        LeftOut { place, standing, config, now },
                        Untold(untold)
                    )),
                    News::Then(at) => due(at),
                    News::Nothing => {}
                }
                if standing.is_out(now) {
                    due(now.saturating_add(standing.out_for(now)));
                }
            }
        }
        next
    }

    /// Goes on with these servers. What was told of those who stay is known.
    fn know(&mut self, servers: &[Arc<Standing>]) {
        let is_same = |((known, _), it): (&(Arc<Standing>, _), &Arc<Standing>)| Arc::ptr_eq(known, it);
        if self.servers.len() == servers.len() && self.servers.iter().zip(servers).all(is_same) {
            return;
        }
        let mut before = std::mem::take(&mut self.servers);
        let known = |it: &Arc<Standing>| match before.iter().position(|(known, _)| Arc::ptr_eq(known, it)) {
            Some(at) => before.swap_remove(at),
            None => (Arc::clone(it), Told::default()),
        };
        self.servers = servers.iter().map(known).collect();
    }
}

impl Told {
    /// What to tell of so many changes in all. What is told now is told.
    fn take(&mut self, changes: u64, now: Micros) -> News {
        if changes <= self.changes {
            return News::Nothing;
        }
        match self.at.map(|at| at.saturating_add(PAUSE)) {
            Some(then) if now < then => News::Then(then),
            _ => {
                let untold = changes - self.changes - 1;
                *self = Self { changes, at: Some(now) };
                News::Now(untold)
            }
        }
    }
}

/// What is said of a breaker.
struct Opened<'a> {
    breaker: &'a Breaker,
    config: &'a breaker::Config,
    now: Micros,
}

impl Display for Opened<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { breaker, config, now } = self;
        let time = Seconds(breaker.open_for(*now));
        match (breaker.state(*now), breaker.why()) {
            (State::Open, Some((failed, all))) => {
                let over = Seconds(micros(config.over));
                write!(f, "its breaker is open for {time}: {failed} of {all} requests in {over} have failed")
            }
            (State::Open, None) => {
                write!(f, "its breaker is open for another {time}: a request that it let through has failed")
            }
            (State::HalfOpen, _) => {
                let s = if config.probes == 1 { "" } else { "s" };
                write!(f, "its breaker is half open: {} request{s} may go through", config.probes)
            }
            (State::Closed, _) => write!(f, "its breaker is closed: requests go through again"),
        }
    }
}

/// What is said of a server.
struct LeftOut<'a> {
    place: &'a Place,
    standing: &'a Standing,
    config: &'a eject::Config,
    now: Micros,
}

impl Display for LeftOut<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { place, standing, config, now } = self;
        write!(f, "{} is ", place.address)?;
        if !standing.is_out(*now) {
            return write!(f, "no longer left out after failures");
        }
        let (time, after) = (Seconds(standing.out_for(*now)), config.after);
        let s = if after == 1 { "" } else { "s" };
        write!(f, "left out for {time}: {after} failure{s} in a row")
    }
}

impl Display for Untold {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            1 => write!(f, "; 1 change before was not told"),
            many => write!(f, "; {many} changes before were not told"),
        }
    }
}

impl Display for Seconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", Duration::from_micros(self.0.saturating_add(999_999)).as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_second_tells_what_holds_and_how_much_was_not_told() {
        let mut told = Told::default();
        assert_eq!(told.take(0, 5), News::Nothing);
        assert_eq!(told.take(1, 5), News::Now(0));
        assert_eq!(told.take(1, 6), News::Nothing, "it is told");
        assert_eq!(told.take(2, 7), News::Then(PAUSE + 5));
        assert_eq!(told.take(4, PAUSE + 4), News::Then(PAUSE + 5));
        assert_eq!(told.take(4, PAUSE + 5), News::Now(2));
        assert_eq!(told.take(3, 9 * PAUSE), News::Nothing, "whoever counts is a moment behind");
        assert_eq!(told.take(5, 9 * PAUSE), News::Now(0));
    }

    #[test]
    fn times_are_whole_seconds_and_no_shorter_than_they_are() {
        let said = |time| Seconds(time).to_string();
        assert_eq!([0, 1, 4_900_000, 5_000_000].map(said), ["0 s", "1 s", "5 s", "5 s"]);
        assert_eq!([0, 1, 2].map(|it| Untold(it).to_string().len() > 2), [false, true, true]);
    }
}
