//! The gateway of one test: a process that is told where its servers are, and ends with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// How long it may take until it listens.
const START_MAX: Duration = Duration::from_secs(20);
/// Bytes of what it says that are kept.
const SAID_MAX: u64 = 64 * 1024;

/// A gateway that is being tested. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Tested {
    child: Child,
    address: SocketAddr,
    /// What it says on standard error.
    said: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Tested {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// What it said, where it does not come to listen.
    pub(crate) fn start<'g>(
        binary: &Path,
        upstreams: &[(&str, SocketAddr)],
        given: impl Iterator<Item = &'g (String, String)>,
    ) -> Result<Self, String> {
        let upstreams = upstreams.iter().map(|(name, at)| ((*name).to_owned(), Value::from(at.to_string())));
        let mut texts = Map::new();
        for (name, text) in given {
            // What the test says comes first.
            texts.entry(name.clone()).or_insert_with(|| Value::from(text.clone()));
        }
        let told = json!({ "upstreams": upstreams.collect::<Map<_, _>>(), "given": texts });
        let mut command = Command::new(binary);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("it cannot be run: {error}"))?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let reader = child.stderr.take().map(|stderr| {
            let said = Arc::clone(&said);
            std::thread::spawn(move || keep(stderr, &said))
        });
        let stdout = child.stdout.take();
        let told = child.stdin.as_mut().map(|stdin| writeln!(stdin, "{told}").and_then(|()| stdin.flush()));
        let mut tested = Self { child, address: ([127, 0, 0, 1], 0).into(), said, reader };
        if let Some(Err(error)) = told {
            return Err(format!("it cannot be told anything: {error}"));
        }
        let (sender, heard) = channel();
        std::thread::spawn(move || {
            let mut lines =
                stdout.into_iter().flat_map(|it| BufReader::new(it).lines().map_while(Result::ok));
            // Nobody waits any longer where it came too late.
            let _ = lines.next().map(|line| sender.send(line));
            lines.for_each(drop);
        });
        let line = heard.recv_timeout(START_MAX).unwrap_or_default();
        let address = line.strip_prefix("listens ").and_then(|all| all.split(' ').next()?.parse().ok());
        if let Some(address) = address {
            tested.address = address;
            return Ok(tested);
        }
        tested.end();
        Err(tested.said().trim_end().to_owned())
    }

    /// Where its first listener is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has said on standard error so far.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Tested {
    fn drop(&mut self) {
        self.end();
    }
}

fn keep(stderr: impl Read, said: &Mutex<Vec<u8>>) {
    let mut left = SAID_MAX;
    for mut line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        line.push(b'\n');
        let length = line.len() as u64;
        if length <= left {
            left -= length;
            said.lock().unwrap_or_else(PoisonError::into_inner).extend(line);
        }
    }
}
