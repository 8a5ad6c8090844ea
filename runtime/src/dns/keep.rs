//! Keeps the servers of each name up to date: when to look again, what is kept where nobody answers, and who is told.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use hickory_proto::rr::Name;
use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use super::ask::Asker;
use super::known::{Known, SHOWN, Taken};
use super::look::{Found, Look, look_in_time};
use super::{Outcome, Status};
use crate::clock::{Alarm, Micros};
use crate::place::{Named, Place};
use crate::serve::{Order, say};
use crate::upstream::set::Published;
use crate::upstream::standing::{Standing, Standings};
use crate::upstream::{draw, seed};

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
    pub(super) statuses: Arc<[Status]>,
    /// Where the first look is waited for.
    pub(super) report: mpsc::Sender<(usize, Result<(), String>)>,
    /// What the looks before have come to.
    pub(super) known: Known,
    pub(super) has_looked: bool,
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
            let (after, found) = self.take(look_in_time(&self.asker, &self.named, &self.name, &alarm).await);
            if !std::mem::replace(&mut self.has_looked, true) {
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

    /// Takes over what a look has found. How long that is good, and why the name has no address if it has none.
    fn take(&mut self, look: Look) -> (Micros, Result<(), String>) {
        let now = self.asker.clock.now();
        let had_some = !self.known.found.is_empty();
        let Taken { outcome, after, why, unused } = self.known.take(look, now);
        if let Some(unused) = unused {
            self.say(format_args!("has addresses that are not used: {unused}"));
        }
        let had_failed = self.told(outcome, &why, had_some);
        self.publish(now, had_failed);
        if let Some(status) = self.statuses.get(self.number) {
            status.ended(outcome, self.known.found.len(), now);
        }
        (after, if self.known.found.is_empty() { Err(why) } else { Ok(()) })
    }

    /// Tells the operator the first time that a look ends otherwise than the one before. Whether it had failed before and is
    /// found again.
    fn told(&mut self, outcome: Outcome, why: &str, had_some: bool) -> bool {
        // Whoever waits for the first look says why the gateway does not start.
        let is_told = !self.has_looked && !self.named.optional;
        let keeps = if self.known.found.is_empty() { "" } else { "; what was found stays" };
        match outcome {
            Outcome::Failed | Outcome::Denied if is_told => {}
            Outcome::Failed if self.known.failures == 1 => {
                self.say(format_args!("cannot be looked up: {why}{keeps}"));
            }
            Outcome::Denied if self.known.denials == 1 => {
                self.say(format_args!("has no address: {why}{keeps}"));
            }
            Outcome::Denied if had_some && self.known.found.is_empty() => {
                self.say(format_args!("has no address: {why}"));
            }
            Outcome::Found => {
                let had_failed = self.known.failures > 0 || self.known.denials > 0;
                (self.known.failures, self.known.denials) = (0, 0);
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
        let places = self.known.found.iter().map(place).collect();
        let newcomer = self.has_looked.then_some(now);
        let has_changed = self.group.publish(self.number, places, newcomer);
        if !self.known.found.is_empty() && (has_changed || had_failed) {
            let all = &self.known.found;
            let shown: Vec<String> = all.iter().take(SHOWN).map(|it| it.address.to_string()).collect();
            let more = all.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.say(format_args!("is at {}{more}", shown.join(", ")));
        }
    }

    /// A line for the operator.
    fn say(&self, what: std::fmt::Arguments) {
        say(format_args!("{}: {} {what}", self.upstream, self.named.authority));
    }
}
