//! The gateway of one test: a process that is told where its servers are, and ends with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gatewright_compiler::suite::{As, Given};
use serde_json::{Map, Value, json};

/// How long it may take until it listens.
const START_MAX: Duration = Duration::from_secs(20);
/// How long it may take to do what it is told.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Bytes of what it says that are kept.
const SAID_MAX: u64 = 64 * 1024;

/// A gateway that is being tested. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Tested {
    child: Child,
    address: SocketAddr,
    /// What it is told by, and where its answers come.
    told: Option<ChildStdin>,
    heard: Receiver<String>,
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
        given: impl Iterator<Item = &'g (String, Given)>,
    ) -> Result<Self, String> {
        let upstreams = upstreams.iter().map(|(name, at)| ((*name).to_owned(), Value::from(at.to_string())));
        let mut texts = Map::new();
        for (name, given) in given {
            // What the test says comes first.
            texts.entry(name.clone()).or_insert_with(|| match given {
                Given::Text(text) => Value::from(text.clone()),
                Given::List(items) => Value::from(items.clone()),
            });
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
        let (sender, heard) = channel();
        let stdout = child.stdout.take();
        std::thread::spawn(move || {
            let lines = stdout.into_iter().flat_map(|it| BufReader::new(it).lines().map_while(Result::ok));
            // Nobody waits any longer where one came too late.
            lines.for_each(|line| drop(sender.send(line)));
        });
        let stdin = child.stdin.take();
        let nowhere = ([127, 0, 0, 1], 0).into();
        let mut tested = Self { child, address: nowhere, told: stdin, heard, said, reader };
        let line = tested.tell(&told.to_string(), START_MAX).unwrap_or_default();
        let address = line.strip_prefix("listens ").and_then(|all| all.split(' ').next()?.parse().ok());
        if let Some(address) = address {
            tested.address = address;
            return Ok(tested);
        }
        tested.end();
        Err(tested.said().trim_end().to_owned())
    }

    /// Says a line to it, and waits for the line that answers.
    fn tell(&mut self, line: &str, patience: Duration) -> Result<String, String> {
        let gone = || "the gateway is gone".to_owned();
        let told = self.told.as_mut().ok_or_else(gone)?;
        writeln!(told, "{line}").and_then(|()| told.flush()).map_err(|_| gone())?;
        self.heard.recv_timeout(patience).map_err(|_| gone())
    }

    /// Moves its clock forward.
    pub(crate) fn after(&mut self, time: Duration) -> Result<(), String> {
        let said = self.tell(&format!("after {}", time.as_micros()), ANSWER_MAX)?;
        if said == "moved" { Ok(()) } else { Err(said) }
    }

    /// The field of a head by which somebody says who they are, and what it says.
    pub(crate) fn credential(&mut self, who: &As) -> Result<(String, String), String> {
        let told = json!({ "auth": who.auth, "claims": who.claims });
        let said = self.tell(&format!("as {told}"), ANSWER_MAX)?;
        let found = said.strip_prefix("credential ").and_then(|rest| rest.split_once(' '));
        let found = found.map(|(field, value)| (field.to_owned(), value.to_owned()));
        found.ok_or_else(|| said.strip_prefix("error ").unwrap_or(&said).to_owned())
    }

    /// What requests have come to so far, in marks.
    pub(crate) fn reached(&mut self) -> Result<Vec<String>, String> {
        let said = self.tell("reached", ANSWER_MAX)?;
        let marks = said.strip_prefix("reached").ok_or_else(|| said.clone())?;
        Ok(marks.split_whitespace().map(str::to_owned).collect())
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
