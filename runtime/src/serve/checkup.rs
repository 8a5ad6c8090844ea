//! Asks servers whether they are well, beside the workers: a thread for the whole process, a task for each server.
//!
//! What it finds is written where workers read it. It asks over a connection of its own each time, as a client would.

use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use super::{Gateway, Order, console};
use crate::clock::{Alarm, Micros, micros};
use crate::head::Method;
use crate::http1::response;
use crate::place::Place;
use crate::policy::health;
use crate::upstream::draw;

/// Bytes of an answer that are looked at: its head has to fit.
const MOST: usize = 16 * 1024;

/// One server that is asked.
struct Patient {
    gateway: Arc<Gateway>,
    upstream: usize,
    index: usize,
    server: Place,
    config: &'static health::Config,
}

/// Starts asking, if any upstream wants it. It ends with the order to stop.
pub(super) fn start(
    gateway: &Arc<Gateway>,
    orders: watch::Receiver<Order>,
) -> Result<Option<JoinHandle<()>>, String> {
    let patients = patients(gateway);
    if patients.is_empty() {
        return Ok(None);
    }
    let thread = std::thread::Builder::new().name("health".into()).spawn(move || work(patients, orders));
    thread.map(Some).map_err(|error| format!("the thread that asks servers cannot be started: {error}"))
}

fn patients(gateway: &Arc<Gateway>) -> Vec<Patient> {
    let all = gateway
        .program
        .upstreams
        .iter()
        .zip(&gateway.places)
        .enumerate()
        .filter_map(|(at, (it, places))| Some((at, places, it.health.as_ref()?)));
    let of = |(upstream, places, config): (usize, &Vec<Place>, &'static health::Config)| {
        let patient = |(index, server): (usize, &Place)| Patient {
            gateway: Arc::clone(gateway),
            upstream,
            index,
            server: *server,
            config,
        };
        places.iter().enumerate().map(patient).collect::<Vec<_>>()
    };
    all.flat_map(of).collect()
}

fn work(patients: Vec<Patient>, mut orders: watch::Receiver<Order>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.enable_io().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(error) => return console::say(format_args!("error: servers cannot be asked: {error}")),
    };
    runtime.block_on(async {
        for patient in patients {
            tokio::task::spawn_local(async move {
                if let Err(error) = patient.attend().await {
                    console::say(format_args!("error: {} cannot be asked: {error}", patient.server.address));
                }
            });
        }
        // An error means that nobody is left to give orders.
        let _ = orders.wait_for(|order| *order != Order::Serve).await;
    });
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
        let standings = self.gateway.standings.get(self.upstream);
        let Some(standing) = standings.and_then(|it| it.servers.get(self.index)) else { return };
        let down = good < self.config.threshold;
        if standing.set_down(down, now) {
            let name = self.gateway.program.upstreams.get(self.upstream).map_or("", |it| it.name);
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
        let clock = &self.gateway.clock;
        let end = clock.now().saturating_add(micros(self.config.within));
        let late = async {
            while clock.now() < end {
                clock.until(limit, end).await;
            }
        };
        let (mut late, mut converse) = (std::pin::pin!(late), std::pin::pin!(self.converse()));
        std::future::poll_fn(|cx| match converse.as_mut().poll(cx) {
            Poll::Ready(said) => Poll::Ready(said),
            Poll::Pending => late.as_mut().poll(cx).map(|()| Err("none in time".to_owned())),
        })
        .await
    }

    async fn converse(&self) -> Result<(), String> {
        let said = |error: io::Error| error.kind().to_string();
        let stream = TcpStream::connect(self.server.address).await.map_err(said)?;
        let host = self.config.host.unwrap_or(self.server.authority);
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: gatewright-health\r\nConnection: close\r\n\r\n",
            self.config.path
        );
        let mut left = head.as_bytes();
        while !left.is_empty() {
            let count = stream.async_io(Interest::WRITABLE, || stream.try_write(left)).await.map_err(said)?;
            left = left.get(count..).unwrap_or_default();
        }
        let status = self.status(&stream).await?;
        if self.config.is_good(status) { Ok(()) } else { Err(format!("status {status}")) }
    }

    /// The status of the final answer.
    async fn status(&self, stream: &TcpStream) -> Result<u16, String> {
        let (mut held, mut fields) = (Vec::new(), Vec::new());
        let mut room = [0_u8; 4096];
        loop {
            let read =
                response::read(&held, Method::Get, &mut fields).map_err(|reason| reason.word.to_owned())?;
            if let Some(response) = read {
                if response.status >= 200 {
                    return Ok(response.status);
                }
                held.drain(..response.len);
                continue;
            }
            if held.len() > MOST {
                return Err("its head is too large".to_owned());
            }
            let count = stream.async_io(Interest::READABLE, || stream.try_read(&mut room)).await;
            match count.map_err(|error| error.kind().to_string())? {
                0 => return Err("the connection was closed".to_owned()),
                count => held.extend_from_slice(room.get(..count).unwrap_or_default()),
            }
        }
    }
}

/// The time to the next question: `every`, longer or shorter by chance.
fn interval(config: &health::Config, random: &std::cell::Cell<u64>) -> Micros {
    let every = micros(config.every);
    let jitter = u64::try_from(u128::from(every) * u128::from(config.jitter) / 1_000_000).unwrap_or(every);
    (every - jitter.min(every)).saturating_add(draw(random, jitter.saturating_mul(2))).max(1_000)
}
