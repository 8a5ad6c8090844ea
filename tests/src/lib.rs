//! A real gateway in this process, a server behind it that follows a script, and a client that speaks in raw bytes.
//!
//! Nothing here knows the runtime's parser: what goes over the wire is judged by [`wire`], which is written anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    clippy::large_stack_arrays,
    clippy::naive_bytecount,
    reason = "tests"
)]

/// The crate whose functions `gateways/handled.gw` calls.
extern crate self as tested;

pub mod certificates;
pub mod client;
pub mod gate;
pub mod handlers;
pub mod key_hosts;
pub mod names;
pub mod own_certificate;
pub mod process;
pub mod program;
pub mod server;
pub mod span_hosts;
pub mod wire;

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// The longest that anything here waits. Generous, since it is only reached where something is broken.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `holds` does.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}: did not happen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Bytes as a person reads them.
pub fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\r\\n", "\n")
}

/// What a script waits for until the test gives it.
#[derive(Clone, Debug, Default)]
pub struct Cue(Arc<(Mutex<u32>, Condvar)>);

impl Cue {
    /// Lets one wait end.
    pub fn give(&self) {
        *self.0.0.lock().unwrap() += 1;
        self.0.1.notify_all();
    }

    /// Waits for it to be given; fails where that takes too long.
    pub fn wait(&self) -> std::io::Result<()> {
        let given = self.0.0.lock().unwrap();
        let (mut given, late) = self.0.1.wait_timeout_while(given, PATIENCE, |given| *given == 0).unwrap();
        if late.timed_out() {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        *given -= 1;
        Ok(())
    }
}
