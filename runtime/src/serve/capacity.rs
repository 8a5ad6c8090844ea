//! How much a gateway takes at once: what is more is not begun, so that what is under way can be finished.
//!
//! Connections are bounded where they are accepted, requests where they have their head. The memory of the process follows from
//! both, since whatever a connection or a request holds is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::processors;
use crate::exchange::Exchange;
use crate::head::write_number;
use crate::limits::Limits;
use crate::memory::Memory;
use crate::params::Params;
use crate::program::{self, Program};
#[cfg(feature = "json")]
use crate::serve::room::Room;

/// Descriptors that are neither a listener's nor a connection's: standard streams, reactors, signals, timers.
const DESCRIPTORS_ASIDE: u64 = 64;
/// Fewer connections than this are not worth starting for.
const FEWEST_CONNECTIONS: u64 = 64;

/// What the process needs before it has a client, and each worker.
const BASE: u64 = 16 << 20;
const WORKER: u64 = 4 << 20;
/// What a connection holds at most that has no request under way: its state, and a head that is not whole yet.
const CONNECTION: u64 = 48 << 10;
/// What a request holds at most that is under way: two buffers, and heads as they came and as they go.
const REQUEST: u64 = 384 << 10;
/// The same of requests.
const FEWEST_REQUESTS: u64 = 16;

/// The requests that are under way.
#[derive(Debug)]
pub(crate) struct Capacity {
    under_way: Arc<AtomicUsize>,
    most: usize,
    /// Seconds, in digits.
    retry_after: Vec<u8>,
}

/// One request that is under way; it is no longer when this is dropped.
#[derive(Debug)]
pub(crate) struct Admission(Arc<AtomicUsize>);

impl Capacity {
    /// And how many connections each worker may have, of which `most_open` is what its descriptors allow.
    ///
    /// # Errors
    ///
    /// A sentence for the operator where the memory is too little for what is declared.
    fn new(
        declared: &program::Capacity,
        (params, memory): (&Params, Option<&Memory>),
        workers: usize,
        most_open: usize,
    ) -> Result<(Self, usize), String> {
        let number = |setting: i64| u64::try_from(setting).unwrap_or_default();
        let connections = declared.connections.map(|it| number(it.at(params)));
        let in_flight = declared.in_flight.map(|it| number(it.at(params)));
        let workers = workers.max(1) as u64;
        let open = (most_open as u64).saturating_mul(workers);
        let (connections, in_flight) = match memory {
            None => (connections.unwrap_or(open), in_flight.unwrap_or(u64::MAX)),
            Some(memory) => {
                let documents = for_documents(memory.bytes, Limits::DEFAULT.documents);
                let aside = BASE + WORKER * workers + documents + memory.tables.set_aside();
                let passwords = for_passwords(memory, aside, (connections, in_flight))?;
                within(memory.bytes, (aside + passwords, workers), (connections, in_flight), open)?
            }
        };
        let mut retry_after = Vec::new();
        write_number(declared.retry_after.at(params).as_secs().max(1), &mut retry_after);
        let most = usize::try_from(in_flight).unwrap_or(usize::MAX);
        let each = usize::try_from((connections.min(open) / workers).max(1)).unwrap_or(usize::MAX);
        Ok((Self { under_way: Arc::default(), most, retry_after }, each.min(most_open)))
    }

    /// Admits a request, unless as many as may be are under way.
    pub(crate) fn admit(&self) -> Option<Admission> {
        let admission = Admission(Arc::clone(&self.under_way));
        // Where it was too much, dropping the admission takes it back.
        (self.under_way.fetch_add(1, Ordering::Relaxed) < self.most).then_some(admission)
    }

    /// Tells a client that is refused when to come again (RFC 9110 section 10.2.3).
    pub(crate) fn say_when(&self, x: &mut Exchange) {
        x.say("Retry-After", &self.retry_after);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What bodies that are read whole may hold of memory.
#[cfg(feature = "json")]
pub(super) fn room(program: &Program, params: &Params, limits: &Limits) -> Arc<Room> {
    Room::new(match program.capacity.and_then(|declared| declared.memory) {
        Some(memory) => for_documents(memory.at(params), limits.documents),
        None => limits.documents,
    })
}

/// What bounds the requests that are under way, where anything does, and how many connections each of so many workers may have.
///
/// # Errors
///
/// A sentence for the operator where the memory is too little for what is declared.
pub(super) fn of(
    program: &Program,
    (params, memory): (&Params, Option<&Memory>),
    (workers, most_open): (usize, usize),
) -> Result<(Option<Capacity>, usize), String> {
    let Some(declared) = &program.capacity else { return Ok((None, most_open)) };
    let (capacity, most_open) = Capacity::new(declared, (params, memory), workers, most_open)?;
    Ok((Some(capacity), most_open))
}

/// Whether the memory is enough for what is declared, whatever the machine allows.
///
/// # Errors
///
/// A sentence for the operator where it is not.
pub(super) fn check(program: &Program, params: &Params, memory: Option<&Memory>) -> Result<(), String> {
    let workers = processors::workers(0);
    of(program, (params, memory), (workers, usize::MAX)).map(|_| ())
}

/// How much of the memory is for passwords that are verified: as much as all threads need, and no more than a quarter, but enough for one.
fn for_passwords(
    memory: &Memory,
    aside: u64,
    (connections, in_flight): (Option<u64>, Option<u64>),
) -> Result<u64, String> {
    let connections = connections.unwrap_or(FEWEST_CONNECTIONS).saturating_mul(CONNECTION);
    let requests = in_flight.unwrap_or(FEWEST_REQUESTS).saturating_mul(REQUEST);
    let others = aside.saturating_add(connections).saturating_add(requests);
    let settled = memory.passwords.settle(memory.bytes / 4, memory.bytes.saturating_sub(others));
    settled.map_err(|(auth, largest)| {
        format!(
            "`capacity memory` is {}, and to verify one password of `{auth}` takes {} beside {} for everything else",
            mebibytes(memory.bytes),
            mebibytes(largest),
            mebibytes(others)
        )
    })
}

/// How much of the memory is for whole bodies and answers, where there are any: a quarter, and no more than `most`.
fn for_documents(memory: u64, most: u64) -> u64 {
    if cfg!(feature = "json") { most.min(memory / 4) } else { 0 }
}

/// How many connections and requests there may be in so much memory, of which some is set aside.
fn within(
    memory: u64,
    (aside, workers): (u64, u64),
    (connections, in_flight): (Option<u64>, Option<u64>),
    open: u64,
) -> Result<(u64, u64), String> {
    let rest = memory.saturating_sub(aside);
    let too_little = |connections: u64, in_flight: u64| {
        let needed = aside + connections * CONNECTION + in_flight * REQUEST;
        format!(
            "`capacity memory` is {}, and {workers} workers with {connections} connections and {in_flight} requests under way may take {}",
            mebibytes(memory),
            mebibytes(needed)
        )
    };
    // Half of it is for connections, where nobody has said how many, and what they leave is for requests.
    let connections = match (connections, in_flight) {
        (Some(connections), _) => connections,
        (None, Some(in_flight)) => {
            (rest.saturating_sub(in_flight.saturating_mul(REQUEST)) / CONNECTION).min(open)
        }
        (None, None) => (rest / 2 / CONNECTION).min(open),
    };
    let left = rest.checked_sub(connections.saturating_mul(CONNECTION));
    let room = left.map_or(0, |left| left / REQUEST);
    let wanted = in_flight.unwrap_or(FEWEST_REQUESTS);
    if connections < FEWEST_CONNECTIONS || room < wanted {
        return Err(too_little(connections.max(FEWEST_CONNECTIONS), wanted));
    }
    Ok((connections, in_flight.unwrap_or(room)))
}

/// An amount of memory, as an operator reads it.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{}MiB", bytes.div_ceil(1 << 20))
}

/// Connections that each worker may have open, after the limit of descriptors has been raised as far as it goes. A
/// quarter stays free for connections to servers, which are fewer, since idle clients need none.
pub(super) fn connections_for(workers: usize, listeners: usize) -> Result<usize, String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let current = current.unwrap_or(u64::from(u32::MAX));
    let workers = workers as u64;
    let aside = DESCRIPTORS_ASIDE + workers * (3 * listeners as u64 + 6);
    let each = current.saturating_sub(aside) / 4 * 3 / workers.max(1);
    if each < FEWEST_CONNECTIONS {
        let need = aside + FEWEST_CONNECTIONS.div_ceil(3) * 4 * workers;
        return Err(format!(
            "the limit of open files is {current}, and at least {need} are needed\n  = help: raise it, for example with `ulimit -n 65536`"
        ));
    }
    Ok(usize::try_from(each).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is set aside where nothing is kept as a whole.
    fn aside(workers: u64) -> (u64, u64) {
        (BASE + WORKER * workers, workers)
    }

    #[test]
    fn what_is_not_said_follows_from_the_memory() {
        let open = 20_000;
        let (connections, requests) = within(512 << 20, aside(2), (None, None), open).unwrap();
        assert_eq!((connections, requests), (5205, 650));
        assert!(BASE + 2 * WORKER + connections * CONNECTION + requests * REQUEST <= 512 << 20);
        let (connections, requests) = within(512 << 20, aside(2), (None, Some(100)), open).unwrap();
        assert_eq!((connections, requests), (9610, 100));
        let (connections, requests) = within(512 << 20, aside(2), (Some(1000), None), open).unwrap();
        assert_eq!((connections, requests), (1000, 1176));
        // Never more than there are descriptors for.
        assert_eq!(within(1 << 40, aside(2), (None, None), open).unwrap().0, open);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_it_takes() {
        let said = within(64 << 20, aside(2), (Some(20_000), Some(100)), 50_000).unwrap_err();
        assert_eq!(
            said,
            "`capacity memory` is 64MiB, and 2 workers with 20000 connections and 100 requests under way may take 999MiB"
        );
        for (memory, workers, wanted) in [
            (32 << 20, 4, (None, None)),
            (64 << 20, 1, (None, Some(1000))),
            (64 << 20, 1, (Some(10_000), None)),
            (64 << 20, 100, (None, None)),
        ] {
            assert!(within(memory, aside(workers), wanted, 50_000).is_err(), "{memory} {workers} {wanted:?}");
        }
    }

    #[test]
    fn whoever_is_admitted_leaves_a_place_when_it_has_ended() {
        let capacity = Capacity { under_way: Arc::default(), most: 2, retry_after: Vec::new() };
        let (first, second) = (capacity.admit(), capacity.admit());
        assert!(
            first.is_some() && second.is_some() && capacity.admit().is_none() && capacity.admit().is_none()
        );
        drop(first);
        assert!(capacity.admit().is_some());
        drop(second);
        let kept: Vec<_> = (0..3).map(|_| capacity.admit()).collect();
        assert_eq!(kept.iter().flatten().count(), 2);
    }
}
