//! Keeps the servers of each name up to date: when to look again, what is kept where nobody answers, and who is told.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use super::ask::Asker;
use super::look::{Found, Look, look};
use super::usable::Usable;
use super::{LOOK, Outcome, Status};
use crate::clock::{Alarm, Micros, micros};
use crate::place::{Named, Place};
use crate::program::Dns;
use crate::serve::{Order, say};
use crate::upstream::set::Published;
use crate::upstream::standing::{Standing, Standings};
use crate::upstream::{draw, seed};

/// Addresses that one name may have.
const MOST: usize = 64;
/// The longest pause after a look that failed, unless the shortest time between two is longer.
const PAUSE: Duration = Duration::from_secs(30);
/// Addresses that a line for the operator shows.
const SHOWN: usize = 8;

/// One name, and what is known of it.
pub(super) struct Keeper {
    /// Its place among all names.
    pub(super) number: usize,
    pub(super) name: Name,
    pub(super) named: Named,
    /// The name of its upstream.
    pub(super) upstream: &'static str,
    pub(super) group: Rc<Group>,
    pub(super) asker: Asker,
    pub(super) usable: Usable,
    pub(super) config: Dns,
    pub(super) statuses: Arc<[Status]>,
    /// Where the first look is waited for.
    pub(super) report: mpsc::Sender<(usize, Result<(), String>)>,
    pub(super) state: State,
}

/// What the looks before have come to.
#[derive(Debug, Default)]
pub(super) struct State {
    found: Vec<Found>,
    has_looked: bool,
    /// When the name servers last said all of it.
    good: Micros,
    /// Looks that failed, one after the other.
    failures: u32,
    /// Looks that found the name denied, one after the other.
    denials: u32,
    /// Addresses that are not used, as they were last told.
    unused: String,
}

/// The servers of one upstream: those that have an address, and those of its names.
pub(super) struct Group {
    published: Arc<Published>,
    fixed: Vec<Place>,
    /// By number of the name.
    found: RefCell<Vec<(usize, Vec<Place>)>>,
    told: watch::Sender<()>,
}

/// Keeps all names until there is an order to stop.
pub(super) fn work(keepers: Vec<Keeper>, mut orders: watch::Receiver<Order>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    // Where it fails, whoever waits for a report learns that there will be none.
    let Ok(runtime) = builder.enable_io().build_local(LocalOptions::default()) else { return };
    runtime.block_on(async {
        for keeper in keepers {
            tokio::task::spawn_local(keeper.keep());
        }
        // An error means that nobody is left to give orders.
        let _ = orders.wait_for(|order| *order != Order::Serve).await;
    });
}

impl Group {
    /// One for each upstream.
    pub(super) fn all(
        sets: Vec<Arc<Published>>,
        names: &[(usize, Named)],
        told: &watch::Sender<()>,
    ) -> Vec<Rc<Self>> {
        let group = |(upstream, published): (usize, Arc<Published>)| {
            let fixed = published.get().places.to_vec();
            let own = names.iter().enumerate().filter(|(_, (of, _))| *of == upstream);
            let found = RefCell::new(own.map(|(number, _)| (number, Vec::new())).collect());
            Rc::new(Self { published, fixed, found, told: told.clone() })
        };
        sets.into_iter().enumerate().map(group).collect()
    }

    /// Publishes what was found for a name. Whether that is another set of servers than before.
    fn publish(&self, number: usize, places: Vec<Place>, newcomer: Option<Micros>) -> bool {
        let mut found = self.found.borrow_mut();
        if let Some((_, own)) = found.iter_mut().find(|(of, _)| *of == number) {
            *own = places;
        }
        // An address that two names have is one server.
        let mut all = self.fixed.clone();
        for place in found.iter().flat_map(|(_, places)| places) {
            if !all.iter().any(|other| other.address == place.address) {
                all.push(*place);
            }
        }
        let before = self.published.get();
        if *before.places == *all {
            return false;
        }
        let standing = |place: &Place| {
            let mut known = before.places.iter().zip(&before.standings.servers);
            let known = known.find(|(it, _)| it.address == place.address && it.line == place.line);
            known.map_or_else(
                || Arc::new(newcomer.map(Standing::newcomer).unwrap_or_default()),
                |(_, standing)| Arc::clone(standing),
            )
        };
        let servers = all.iter().map(standing).collect();
        // What counts all requests of the upstream goes on counting.
        self.published.publish(all, Standings { servers, ..(*before.standings).clone() });
        self.told.send_replace(());
        true
    }
}

impl Keeper {
    /// Looks, again and again.
    async fn keep(mut self) {
        let alarm = match Alarm::new() {
            Ok(alarm) => alarm,
            Err(error) => {
                self.say(format_args!("cannot be looked up: {error}"));
                let _ = self.report.send((self.number, Err(error.to_string())));
                return;
            }
        };
        let random = std::cell::Cell::new(seed());
        let clock = self.asker.clock.clone();
        loop {
            let (after, found) = self.take(self.look(&alarm).await);
            if !std::mem::replace(&mut self.state.has_looked, true) {
                // An error means that nobody waits for it any longer.
                let _ = self.report.send((self.number, found));
            }
            // Somewhat earlier by chance, so that not everybody asks at once; never later than was said.
            let next = clock.now().saturating_add(after - draw(&random, after / 10));
            while clock.now() < next {
                clock.until(&alarm, next).await;
            }
        }
    }

    /// Looks once, within a bounded time.
    async fn look(&self, alarm: &Alarm) -> Look {
        let (mut work, mut late) = (
            std::pin::pin!(look(&self.asker, &self.named, &self.name)),
            std::pin::pin!(self.asker.clock.wait(alarm, LOOK)),
        );
        std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(look) => Poll::Ready(look),
            Poll::Pending => late.as_mut().poll(cx).map(|_| Look {
                failure: Some(format!("it takes longer than {}s", LOOK.as_secs())),
                ..Look::default()
            }),
        })
        .await
    }

    /// Takes over what a look has found. How long that is good, and why the name has no address if it has none.
    fn take(&mut self, look: Look) -> (Micros, Result<(), String>) {
        let now = self.asker.clock.now();
        let Look { found, ttl, failure } = look;
        let denied = found.is_empty() && failure.is_none();
        let (found, unused) = self.used(found);
        let failure = failure.or_else(|| {
            (found.is_empty() && !denied)
                .then(|| format!("there are only addresses that are not used: {unused}"))
        });
        if unused != self.state.unused && !unused.is_empty() {
            self.say(format_args!("has addresses that are not used: {unused}"));
        }
        self.state.unused = unused;
        let is_stale = now.saturating_sub(self.state.good) > micros(self.config.stale);
        let (min, max) = (micros(self.config.min_ttl), micros(self.config.max_ttl));
        let lasts = ttl.map_or(min, |seconds| u64::from(seconds) * 1_000_000).clamp(min, max.max(min));
        let state = &mut self.state;
        let had_some = !state.found.is_empty();
        let (outcome, after, why) = if let Some(failure) = failure {
            state.failures = state.failures.saturating_add(1);
            if state.found.is_empty() || is_stale {
                state.found = found;
            } else {
                // A part of the answer takes nothing away.
                let is_new = |it: &Found| !state.found.iter().any(|old| old.address == it.address);
                let new: Vec<Found> = found.into_iter().filter(is_new).collect();
                state.found.extend(new);
                state.found.truncate(MOST);
            }
            let most = micros(PAUSE).max(min);
            let pause = min.saturating_mul(1 << (state.failures - 1).min(20)).min(most);
            (Outcome::Failed, pause, failure)
        } else if denied {
            (state.failures, state.denials) = (0, state.denials.saturating_add(1));
            // A name that was good a moment ago is asked for once more, since one wrong word would stop all traffic.
            let is_believed = state.denials > 1 || state.found.is_empty();
            if is_believed {
                state.found.clear();
            }
            (Outcome::Denied, if is_believed { lasts } else { min }, "the name servers know none".to_owned())
        } else {
            (state.good, state.found) = (now, found);
            (Outcome::Found, lasts, String::new())
        };
        let had_failed = self.told(outcome, &why, had_some);
        self.publish(now, had_failed);
        if let Some(status) = self.statuses.get(self.number) {
            status.ended(outcome, self.state.found.len(), now);
        }
        (after.max(1), if self.state.found.is_empty() { Err(why) } else { Ok(()) })
    }

    /// Tells the operator the first time that a look ends otherwise than the one before. Whether it had failed before and is
    /// found again.
    fn told(&mut self, outcome: Outcome, why: &str, had_some: bool) -> bool {
        // Whoever waits for the first look says why the gateway does not start.
        let is_told = !self.state.has_looked && !self.named.optional;
        let keeps = if self.state.found.is_empty() { "" } else { "; what was found stays" };
        match outcome {
            Outcome::Failed | Outcome::Denied if is_told => {}
            Outcome::Failed if self.state.failures == 1 => {
                self.say(format_args!("cannot be looked up: {why}{keeps}"));
            }
            Outcome::Denied if self.state.denials == 1 => {
                self.say(format_args!("has no address: {why}{keeps}"));
            }
            Outcome::Denied if had_some && self.state.found.is_empty() => {
                self.say(format_args!("has no address: {why}"));
            }
            Outcome::Found => {
                let had_failed = self.state.failures > 0 || self.state.denials > 0;
                (self.state.failures, self.state.denials) = (0, 0);
                return had_failed;
            }
            Outcome::Failed | Outcome::Denied => {}
        }
        false
    }

    fn publish(&self, now: Micros, had_failed: bool) {
        let place = |found: &Found| Place {
            address: found.address,
            authority: self.named.authority,
            weight: found.weight,
            backup: found.backup,
            line: self.named.line,
            named: true,
            tls: self.named.tls,
        };
        let places = self.state.found.iter().map(place).collect();
        let newcomer = self.state.has_looked.then_some(now);
        let has_changed = self.group.publish(self.number, places, newcomer);
        if !self.state.found.is_empty() && (has_changed || had_failed) {
            let all = &self.state.found;
            let shown: Vec<String> = all.iter().take(SHOWN).map(|it| it.address.to_string()).collect();
            let more = all.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.say(format_args!("is at {}{more}", shown.join(", ")));
        }
    }

    /// What is used of an answer, in an order that does not change with it, and what is not.
    fn used(&self, found: Vec<Found>) -> (Vec<Found>, String) {
        let (mut used, mut unused) = (Vec::new(), Vec::new());
        for found in found {
            match self.usable.place(found.address) {
                Ok(address) => used.push(Found { address, ..found }),
                Err(why) => unused.push(format!("{} ({why})", found.address)),
            }
        }
        // Those of one address: the one that is asked first.
        used.sort_unstable();
        let mut once: Vec<Found> = Vec::new();
        for found in used {
            if !once.iter().any(|other| other.address == found.address) {
                once.push(found);
            }
        }
        if once.len() > MOST {
            unused.push(format!("{} more than {MOST}", once.len() - MOST));
            once.truncate(MOST);
        }
        unused.sort();
        unused.truncate(SHOWN);
        (once, unused.join(", "))
    }

    /// A line for the operator.
    fn say(&self, what: std::fmt::Arguments) {
        say(format_args!("{}: {} {what}", self.upstream, self.named.authority));
    }
}
