//! Asks servers whether they are well, beside the workers: a thread for the whole process, a task for each server.
//!
//! What it finds is written where workers read it. It asks over a connection of its own each time, as a client would.

use std::io;
use std::sync::Arc;

use tokio::runtime::LocalOptions;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::{Gateway, Order, console};
use crate::clock::{Alarm, Micros, micros};
use crate::errand::Errand;
use crate::head::Method;
use crate::place::Place;
use crate::policy::health;
use crate::program;
use crate::upstream::draw;
use crate::upstream::set::Published;
use crate::upstream::standing::Standing;

/// One server that is asked.
struct Patient {
    gateway: Arc<Gateway>,
    /// The name of its upstream.
    upstream: &'static str,
    server: Place,
    standing: Arc<Standing>,
    /// Told of what may end the time for which it is left out.
    news: Arc<Notify>,
    config: &'static health::Config,
}

/// Servers that are being asked, each with what is known of it, which tells it apart from all others.
#[derive(Default)]
struct Ward {
    all: Vec<(Arc<Standing>, JoinHandle<()>)>,
}

/// Starts asking, if any upstream wants it. It ends with the order to stop.
pub(super) fn start(
    gateway: &Arc<Gateway>,
    orders: watch::Receiver<Order>,
) -> Result<Option<std::thread::JoinHandle<()>>, String> {
    if gateway.program.upstreams.iter().all(|upstream| upstream.health.is_none()) {
        return Ok(None);
    }
    let gateway = Arc::clone(gateway);
    let thread = std::thread::Builder::new().name("health".into()).spawn(move || work(&gateway, orders));
    thread.map(Some).map_err(|error| format!("the thread that asks servers cannot be started: {error}"))
}

/// The servers that are to be asked at present.
fn patients(gateway: &Arc<Gateway>) -> Vec<Patient> {
    let all = gateway.program.upstreams.iter().zip(&gateway.sets);
    let asked =
        all.filter_map(|(upstream, published)| Some((upstream, upstream.health.as_ref()?, published)));
    let of =
        |(upstream, config, published): (&program::Upstream, &'static health::Config, &Arc<Published>)| {
            let set = published.get();
            let patient = |(server, standing): (&Place, &Arc<Standing>)| Patient {
                gateway: Arc::clone(gateway),
                upstream: upstream.name,
                server: *server,
                standing: Arc::clone(standing),
                news: Arc::clone(&set.standings.news),
                config,
            };
            set.places.iter().zip(&set.standings.servers).map(patient).collect::<Vec<_>>()
        };
    asked.flat_map(of).collect()
}

fn work(gateway: &Arc<Gateway>, mut orders: watch::Receiver<Order>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.enable_io().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(error) => return console::say(format_args!("error: servers cannot be asked: {error}")),
    };
    runtime.block_on(async {
        #[cfg(feature = "dns")]
        tokio::task::spawn_local(attend(Arc::clone(gateway)));
        #[cfg(not(feature = "dns"))]
        Ward::default().admit(patients(gateway));
        // An error means that nobody is left to give orders.
        let _ = orders.wait_for(|order| *order != Order::Serve).await;
    });
}

/// Asks all servers that there are, and those that come; who goes is not asked any longer.
#[cfg(feature = "dns")]
async fn attend(gateway: Arc<Gateway>) {
    let mut ward = Ward::default();
    if let Some(names) = &gateway.names {
        let mut changed = names.changed.clone();
        changed.mark_changed();
        // An error means that nothing is looked up any longer.
        while changed.changed().await.is_ok() {
            ward.admit(patients(&gateway));
        }
        return;
    }
    ward.admit(patients(&gateway));
}

impl Ward {
    fn admit(&mut self, patients: Vec<Patient>) {
        let is_in = |known: &Arc<Standing>| patients.iter().any(|it| Arc::ptr_eq(&it.standing, known));
        self.all.retain(|(known, asking)| {
            let stays = is_in(known);
            if !stays {
                asking.abort();
            }
            stays
        });
        for patient in patients {
            if self.all.iter().any(|(known, _)| Arc::ptr_eq(known, &patient.standing)) {
                continue;
            }
            let standing = Arc::clone(&patient.standing);
            let asking = tokio::task::spawn_local(async move {
                if let Err(error) = patient.attend().await {
                    console::say(format_args!("error: {} cannot be asked: {error}", patient.server.address));
                }
            });
            self.all.push((standing, asking));
        }
    }
}

impl Patient {
    /// Asks again and again. In the beginning a server counts as well.
    async fn attend(&self) -> io::Result<()> {
        let (alarm, limit) = (Alarm::new()?, Alarm::new()?);
        let random = std::cell::Cell::new(crate::upstream::seed());
        let clock = &self.gateway.clock;
        let config = self.config;
        let mask = u32::MAX.checked_shr(32_u32.saturating_sub(config.window)).unwrap_or(u32::MAX);
        let mut good = mask;
        // Not all at once.
        let mut next = clock.now().saturating_add(draw(&random, micros(config.every)));
        loop {
            while clock.now() < next {
                clock.until(&alarm, next).await;
            }
            let asked = self.ask(&limit).await;
            good = (good << 1 | u32::from(asked.is_ok())) & mask;
            self.say(good.count_ones(), asked.err());
            next = clock.now().saturating_add(interval(config, &random));
        }
    }

    /// Writes down how the server is, and says so where that is news.
    fn say(&self, good: u32, why: Option<String>) {
        let now = self.gateway.clock.now();
        let down = good < self.config.threshold;
        if self.standing.set_down(down, now) {
            self.news.notify_one();
            let name = self.upstream;
            let (window, state) = (self.config.window, if down { "out" } else { "in" });
            let why = why.map(|why| format!("; the last: {why}")).unwrap_or_default();
            console::say(format_args!(
                "{name}: {} is {state}: {good} of {window} answers good{why}",
                self.server.address
            ));
        }
    }

    /// Asks once. An error says why the answer is not good.
    async fn ask(&self, limit: &Alarm) -> Result<(), String> {
        let asked = self.gateway.clock.within(limit, micros(self.config.within), self.converse()).await;
        asked.unwrap_or_else(|| Err("none in time".to_owned()))
    }

    async fn converse(&self) -> Result<(), String> {
        let Place { address, authority, tls, .. } = self.server;
        let host = self.config.host.unwrap_or(authority);
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: gatewright-health\r\nConnection: close\r\n\r\n",
            self.config.path
        );
        let errand = Errand { address, tls, method: Method::Get, head: &head, body: b"" };
        let status = errand.run().await?.status;
        if self.config.is_good(status) { Ok(()) } else { Err(format!("status {status}")) }
    }
}

/// The time to the next question: `every`, longer or shorter by chance.
fn interval(config: &health::Config, random: &std::cell::Cell<u64>) -> Micros {
    let every = micros(config.every);
    let jitter = u64::try_from(u128::from(every) * u128::from(config.jitter) / 1_000_000).unwrap_or(every);
    (every - jitter.min(every)).saturating_add(draw(random, jitter.saturating_mul(2))).max(1_000)
}
