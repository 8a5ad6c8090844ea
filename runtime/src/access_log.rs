//! One JSON line for each exchange, written to standard output by a thread of its own.
//!
//! A worker gathers lines and hands them on in batches; where the writer falls behind, lines are dropped and counted,
//! and traffic goes on. A closed pipe or a full disk loses lines, never requests.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::clock::{self, Clock, Micros};
use crate::exchange::Exchange;
use crate::program::{AccessLog, Program};

/// Bytes that a worker gathers before it hands them on.
const BATCH: usize = 16 * 1024;
/// How long a line may wait in a worker.
const WAIT: Micros = 200_000;
/// Batches that may wait for the writer.
const QUEUE: usize = 64;

/// The way to the writer; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    to: Option<SyncSender<Vec<u8>>>,
    lost: Arc<Lost>,
}

/// Lines that were dropped.
#[derive(Debug, Default)]
struct Lost {
    /// Of which no line has told yet.
    untold: AtomicU64,
    all: AtomicU64,
}

impl Lost {
    fn add(&self, lines: u64) {
        self.untold.fetch_add(lines, Ordering::Relaxed);
        self.all.fetch_add(lines, Ordering::Relaxed);
    }
}

/// Lines that one worker has gathered.
#[derive(Debug)]
pub(crate) struct Lines {
    log: Log,
    bytes: Vec<u8>,
    count: u64,
    since: Micros,
    second: (u64, String),
    /// What steps add to the line that is being written.
    more: Vec<u8>,
}

/// A line of the log, as steps see it.
#[derive(Debug)]
pub struct LogLine<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> LogLine<'a> {
    /// What is added is appended to `out`.
    pub(crate) fn of(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Adds a field, whose value is written as JSON.
    pub fn add(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        value(self.out);
    }
}

/// Starts the writer, unless the program wants no log. It ends when the last [`Log`] and [`Lines`] are gone.
pub(crate) fn start(
    wanted: AccessLog,
    mut to: impl Write + Send + 'static,
) -> (Log, Option<std::thread::JoinHandle<()>>) {
    let lost = Arc::new(Lost::default());
    if wanted == AccessLog::Off {
        return (Log { to: None, lost }, None);
    }
    let (sender, receiver) = sync_channel(QUEUE);
    let counted = Arc::clone(&lost);
    let write = move || write_all(&receiver, &mut to, &counted);
    let thread = std::thread::Builder::new().name("log".to_owned()).spawn(write).ok();
    (Log { to: Some(sender), lost }, thread)
}

fn write_all(from: &Receiver<Vec<u8>>, to: &mut impl Write, all_lost: &Lost) {
    let mut cut = false;
    for batch in from {
        let lost = all_lost.untold.swap(0, Ordering::Relaxed);
        if lost > 0 {
            // It fails with the next batch or succeeds with it; either way the count is kept.
            let note = format!("{{\"event\":\"log_lines_dropped\",\"count\":{lost}}}\n");
            if put(to, note.as_bytes(), &mut cut).is_err() {
                all_lost.untold.fetch_add(lost, Ordering::Relaxed);
            }
        }
        if put(to, &batch, &mut cut).and_then(|()| to.flush()).is_err() {
            let lines = batch.split(|byte| *byte == b'\n').count() - 1;
            all_lost.add(lines as u64);
        }
    }
}

/// Writes whole lines. One that an error has cut is ended before the next, so that no other is spoiled.
fn put(to: &mut impl Write, lines: &[u8], cut: &mut bool) -> io::Result<()> {
    for mut left in [if *cut { &b"\n"[..] } else { b"" }, lines] {
        while !left.is_empty() {
            match to.write(left) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    let (written, rest) = left.split_at_checked(count).unwrap_or((left, b""));
                    *cut = !written.ends_with(b"\n");
                    left = rest;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Gives the writer a moment for its last lines. A pipe that nobody reads does not hold the process.
pub(crate) fn settle(writer: &std::thread::JoinHandle<()>) {
    for _ in 0..100 {
        if writer.is_finished() {
            return;
        }
        Clock::block(std::time::Duration::from_millis(10));
    }
}

impl Log {
    /// How many lines were dropped since it was started.
    #[cfg(feature = "admin")]
    pub(crate) fn dropped(&self) -> u64 {
        self.lost.all.load(Ordering::Relaxed)
    }

    /// An empty gathering for one worker.
    pub(crate) fn lines(&self) -> Lines {
        let second = (u64::MAX, String::new());
        Lines { log: self.clone(), bytes: Vec::new(), count: 0, since: 0, second, more: Vec::new() }
    }
}

impl Lines {
    /// Whether lines are wanted.
    pub(crate) fn wanted(&self) -> bool {
        self.log.to.is_some()
    }

    /// Appends the line of one exchange, if its steps want one; answers when [`Self::flush`] is due.
    pub(crate) fn add(&mut self, program: &Program, x: &Exchange, client: &str, now: Micros) -> Micros {
        self.more.clear();
        if let Some((hook, record)) = x.walk.and_then(|walk| Some((walk.chain.log?, walk.record)))
            && !hook(x, record, &mut LogLine::of(&mut self.more))
        {
            return if self.bytes.is_empty() { u64::MAX } else { self.since + WAIT };
        }
        let unix = clock::unix_seconds();
        if self.second.0 != unix {
            self.second = (unix, clock::timestamp(unix));
        }
        if self.bytes.is_empty() {
            self.since = now;
        }
        let out = &mut self.bytes;
        let record = &x.record;
        let route = x.route.and_then(|route| program.routes.get(route as usize));
        string(out, "{\"time\":", self.second.1.as_bytes());
        if !x.id.is_empty() {
            string(out, ",\"request_id\":", &x.id);
        }
        if x.forwarding.is_empty() {
            string(out, ",\"client\":", client.as_bytes());
        } else {
            // A trusted proxy has said who it is; the peer is that proxy.
            string(out, ",\"client\":", x.client.to_string().as_bytes());
            string(out, ",\"peer\":", client.as_bytes());
        }
        string(out, ",\"method\":", x.head.method_text());
        string(out, ",\"host\":", x.head.host());
        string(out, ",\"path\":", x.head.path());
        if let Some(route) = route {
            string(out, ",\"route\":", program.label(route.label).as_bytes());
        }
        number(out, ",\"status\":", u64::from(record.status));
        if let Some(reason) = record.reason {
            string(out, ",\"reason\":", reason.as_bytes());
        }
        if let Some(word) = record.dry_run {
            string(out, ",\"dry_run\":", word.as_bytes());
        }
        if record.evicted > 0 {
            number(out, ",\"evicted\":", record.evicted);
        }
        if let Some(cause) = record.cause {
            string(out, ",\"cause\":", cause.to_string().as_bytes());
        }
        if let Some(upstream) = record.upstream.and_then(|at| program.upstreams.get(at as usize)) {
            string(out, ",\"upstream\":", upstream.name.as_bytes());
        }
        if let Some(server) = record.server {
            string(out, ",\"server\":", server.to_string().as_bytes());
            number(out, ",\"tries\":", u64::from(record.tries));
        }
        number(out, ",\"received\":", record.received);
        number(out, ",\"sent\":", record.sent);
        if let Some(queued) = record.queued {
            number(out, ",\"queue_microseconds\":", queued);
        }
        if let Some(connect) = record.connect {
            number(out, ",\"connect_microseconds\":", connect);
        }
        if let Some(first) = record.first {
            number(out, ",\"first_byte_microseconds\":", first.saturating_sub(record.started));
        }
        number(out, ",\"microseconds\":", now.saturating_sub(record.started));
        out.extend_from_slice(&self.more);
        out.extend_from_slice(b"}\n");
        self.count += 1;
        if self.bytes.len() >= BATCH {
            self.hand_on();
        }
        self.since + WAIT
    }

    /// Hands the lines on if the oldest has waited long enough; answers when to call again.
    pub(crate) fn flush(&mut self, now: Micros) -> Micros {
        if self.bytes.is_empty() {
            return u64::MAX;
        }
        if now < self.since + WAIT {
            return self.since + WAIT;
        }
        self.hand_on();
        u64::MAX
    }

    fn hand_on(&mut self) {
        let batch = std::mem::take(&mut self.bytes);
        let count = std::mem::take(&mut self.count);
        if let Some(to) = &self.log.to
            && to.try_send(batch).is_err()
        {
            self.log.lost.add(count);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            self.hand_on();
        }
    }
}

fn number(out: &mut Vec<u8>, key: &str, value: u64) {
    out.extend_from_slice(key.as_bytes());
    crate::head::write_number(value, out);
}

/// A JSON string; bytes that are not printable ASCII are escaped one by one, so that a line is always valid JSON.
fn string(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    out.extend_from_slice(key.as_bytes());
    out.push(b'"');
    for byte in value {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b' '..=b'~' => out.push(*byte),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, bool)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            if disk.1 {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            disk.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_loses_lines_and_says_how_many() {
        let disk = Disk::default();
        let lost = Lost::default();
        let (to, from) = sync_channel(8);
        disk.0.lock().unwrap().1 = true;
        to.send(b"a\nb\n".to_vec()).unwrap();
        drop(to);
        write_all(&from, &mut disk.clone(), &lost);
        assert_eq!(lost.untold.load(Ordering::Relaxed), 2);
        let (to, from) = sync_channel(8);
        disk.0.lock().unwrap().1 = false;
        to.send(b"c\n".to_vec()).unwrap();
        drop(to);
        write_all(&from, &mut disk.clone(), &lost);
        let text = String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
        assert_eq!(text, "{\"event\":\"log_lines_dropped\",\"count\":2}\nc\n");
        assert_eq!(lost.untold.load(Ordering::Relaxed), 0);
        assert_eq!(lost.all.load(Ordering::Relaxed), 2, "what is told was lost all the same");
    }

    #[test]
    fn a_line_is_json_whatever_bytes_it_holds() {
        let mut out = Vec::new();
        string(&mut out, "", b"a\"\\\n\xff");
        assert_eq!(String::from_utf8(out).unwrap(), "\"a\\\"\\\\\\u000a\\u00ff\"");
    }
}
