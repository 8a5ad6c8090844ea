//! One line for each exchange, written to standard output or a file by a thread of its own.
//!
//! A worker gathers lines and hands them on in batches; where the writer falls behind, lines are dropped and counted,
//! and traffic goes on. A closed pipe or a full disk loses lines, never requests.

use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::clock::{self, Clock, Micros};
use crate::exchange::Exchange;
use crate::log_file::LogFile;
use crate::params::Params;
use crate::params::given::{Text, found};
use crate::program::{AccessLog, Program};
use crate::serve::say;
use crate::terminal::Write;

mod json;
use json::Json;

/// Bytes that a worker gathers before it hands them on.
const BATCH: usize = 16 * 1024;
/// Room for the line that goes past it, so that a batch rarely grows while it is gathered.
const LINE: usize = 2 * 1024;
/// How long a line may wait in a worker.
const WAIT: Micros = 200_000;
/// Batches that may wait for the writer.
const QUEUE: usize = 64;

/// The name of a member and what stands around it, as one text.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

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
    /// The file is to be opened anew.
    reopen: AtomicBool,
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
    /// Which of its members it has, a bit for each.
    members: u32,
    /// It is no JSON: this writes it.
    format: Option<Write>,
}

impl<'a> LogLine<'a> {
    /// What is added is appended to `out`.
    pub(crate) fn of(out: &'a mut Vec<u8>) -> Self {
        Self { out, members: u32::MAX, format: None }
    }

    /// It has these members, and of its own no others.
    pub fn only(&mut self, members: &[Member]) {
        self.members = members.iter().fold(0, |all, member| all | member.bit());
    }

    /// It is text, which `write` appends, without its end.
    pub fn write_as(&mut self, write: Write) {
        self.format = Some(write);
    }

    /// Adds a field, whose value is written as JSON.
    pub fn add(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        value(self.out);
    }
}

/// A member of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are told one by one where the line is shown: docs/run.md")]
pub enum Member {
    Time,
    RequestId,
    TraceId,
    SpanId,
    Client,
    Peer,
    Method,
    Host,
    Path,
    Route,
    Status,
    Reason,
    DryRun,
    Evicted,
    Cause,
    Branch,
    Incomplete,
    Upstream,
    Server,
    Tries,
    Received,
    Sent,
    QueueMicroseconds,
    ConnectMicroseconds,
    FirstByteMicroseconds,
    Microseconds,
}

impl Member {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Where lines go.
#[derive(Debug)]
pub(crate) enum Sink<W> {
    /// Standard output, or what a test has in its place.
    Stream(W),
    /// A file, whose name may be given to another.
    File(LogFile),
}

impl<W: io::Write> io::Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(to) => to.write(bytes),
            Self::File(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(to) => to.flush(),
            Self::File(to) => to.flush(),
        }
    }
}

/// The file that lines of the access log are written to, where there is one.
///
/// # Errors
///
/// A parameter says what is no absolute path of a file.
pub(crate) fn path(program: &Program, params: &Params, given: &[Text]) -> Result<Option<PathBuf>, String> {
    let AccessLog::File(declared) = &program.access_log else { return Ok(None) };
    let path = declared.at(params);
    let Some(number) = declared.param().filter(|_| !is_file(path)) else { return Ok(Some(path.into())) };
    let (name, found) = program.params.get(usize::from(number)).map_or_else(Default::default, |param| {
        (param.name, found(param, given.iter().find(|text| text.name == param.name)))
    });
    Err(format!(
        "`{name}` must be the absolute path of a file, since the access log is written there, found {found}"
    ))
}

/// Whether a text can be the absolute path of a file: where a relative path leads is decided by whoever starts the gateway.
pub(crate) fn is_file(path: &str) -> bool {
    path.starts_with('/') && !path.ends_with('/') && !path.chars().any(char::is_control)
}

/// Where lines of the access log go, if there are any.
pub(crate) fn sink<W>(
    program: &Program,
    (params, given): (&Params, &[Text]),
    real: Option<PathBuf>,
    stream: W,
) -> Result<Option<Sink<W>>, String> {
    let path = match (program.access_log, real) {
        (AccessLog::Off, _) => return Ok(None),
        (AccessLog::On, _) => return Ok(Some(Sink::Stream(stream))),
        (AccessLog::File(_), Some(real)) => real,
        (AccessLog::File(_), None) => path(program, params, given)?.unwrap_or_default(),
    };
    let shown = path.display().to_string();
    let opened = LogFile::open(path).map_err(|error| {
        format!("the access log {shown} cannot be opened: {error}\n  = help: make its folder, and let this user write there")
    });
    opened.map(|file| Some(Sink::File(file)))
}

/// Starts the writer; without anywhere to write to, no line is wanted. It ends when the last [`Log`] and [`Lines`] are gone.
pub(crate) fn start(
    to: Option<Sink<impl io::Write + Send + 'static>>,
) -> (Log, Option<std::thread::JoinHandle<()>>) {
    let lost = Arc::new(Lost::default());
    let Some(mut to) = to else { return (Log { to: None, lost }, None) };
    let (sender, receiver) = sync_channel(QUEUE);
    let counted = Arc::clone(&lost);
    let write = move || write_all(&receiver, &mut to, &counted);
    let thread = std::thread::Builder::new().name("log".to_owned()).spawn(write).ok();
    (Log { to: Some(sender), lost }, thread)
}

fn write_all(from: &Receiver<Vec<u8>>, to: &mut Sink<impl io::Write>, all_lost: &Lost) {
    let (mut cut, mut fails) = (false, false);
    for batch in from {
        if let Sink::File(file) = to
            && file.look(all_lost.reopen.swap(false, Ordering::Relaxed))
        {
            cut = false;
        }
        let lost = all_lost.untold.swap(0, Ordering::Relaxed);
        if lost > 0 {
            // It fails with the next batch or succeeds with it; either way the count is kept.
            let note = format!("{{\"event\":\"log_lines_dropped\",\"count\":{lost}}}\n");
            if put(to, note.as_bytes(), &mut cut).is_err() {
                all_lost.untold.fetch_add(lost, Ordering::Relaxed);
            }
        }
        let put = put(to, &batch, &mut cut).and_then(|()| to.flush());
        if put.is_err() {
            let lines = batch.split(|byte| *byte == b'\n').count() - 1;
            all_lost.add(lines as u64);
        }
        // Once for each time that it begins and ends, however many lines that are.
        match put {
            Err(error) if !fails => say(format_args!(
                "error: the access log cannot be written, and its lines are lost until it can: {error}"
            )),
            Ok(()) if fails && !batch.is_empty() => say(format_args!("the access log is written again")),
            _ => continue,
        }
        fails = !fails;
    }
}

/// Writes whole lines. One that an error has cut is ended before the next, so that no other is spoiled.
fn put(to: &mut impl io::Write, lines: &[u8], cut: &mut bool) -> io::Result<()> {
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
    /// The file, if it is one, is opened anew, even where nothing is to be written.
    pub(crate) fn reopen(&self) {
        self.lost.reopen.store(true, Ordering::Relaxed);
        if let Some(to) = &self.to {
            // Where the queue is full, what stands in it does the same.
            let _ = to.try_send(Vec::new());
        }
    }

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
        let mut line = LogLine::of(&mut self.more);
        if let Some((hook, record)) = x.walk.and_then(|walk| Some((walk.chain.log?, walk.record)))
            && !hook(x, record, &mut line)
        {
            return if self.bytes.is_empty() { u64::MAX } else { self.since + WAIT };
        }
        let (members, format) = (line.members, line.format);
        if self.bytes.is_empty() {
            self.since = now;
            self.bytes.reserve(BATCH + LINE);
        }
        match format {
            Some(write) => write(x, &mut self.bytes),
            None => self.json(program, x, client, members),
        }
        self.bytes.push(b'\n');
        self.count += 1;
        if self.bytes.len() >= BATCH {
            self.hand_on();
        }
        self.since + WAIT
    }

    /// Appends a line of JSON with these members, and with what its steps add.
    fn json(&mut self, program: &Program, x: &Exchange, client: &str, members: u32) {
        let unix = clock::unix_seconds();
        if self.second.0 != unix {
            self.second = (unix, clock::timestamp(unix));
        }
        let mut out = Json::begin(&mut self.bytes, members);
        let record = &x.record;
        out.plain(Member::Time, key!("time"), self.second.1.as_bytes());
        if !x.id.is_empty() {
            out.string(Member::RequestId, key!("request_id"), &x.id);
        }
        if let Some((trace_id, span_id)) = x.trace.ids() {
            out.plain(Member::TraceId, key!("trace_id"), &trace_id);
            out.plain(Member::SpanId, key!("span_id"), &span_id);
        }
        if x.forwarding.is_empty() {
            out.plain(Member::Client, key!("client"), client.as_bytes());
        } else {
            // A trusted proxy has said who it is; the peer is that proxy.
            out.ip(Member::Client, key!("client"), x.client);
            out.plain(Member::Peer, key!("peer"), client.as_bytes());
        }
        out.plain(Member::Method, key!("method"), x.head.method_text());
        out.string(Member::Host, key!("host"), x.head.host());
        out.string(Member::Path, key!("path"), x.head.path());
        if let Some(route) = x.route.and_then(|route| program.routes.get(route as usize)) {
            out.string(Member::Route, key!("route"), program.label(route.label).as_bytes());
        }
        out.number(Member::Status, key!("status"), u64::from(record.status));
        if let Some(reason) = record.reason {
            out.string(Member::Reason, key!("reason"), reason.as_bytes());
        }
        if let Some(word) = record.dry_run {
            out.string(Member::DryRun, key!("dry_run"), word.as_bytes());
        }
        if record.evicted > 0 {
            out.number(Member::Evicted, key!("evicted"), record.evicted);
        }
        if let Some(cause) = crate::scope::fact::cause(x) {
            out.string(Member::Cause, key!("cause"), &cause);
        }
        if let Some(branch) = record.branch {
            out.plain(Member::Branch, key!("branch"), branch.name.as_bytes());
        }
        if !x.incomplete.is_empty() {
            out.string(Member::Incomplete, key!("incomplete"), &x.incomplete);
        }
        let (upstream, server) = record.asked_last();
        if let Some(upstream) = upstream.and_then(|at| program.upstreams.get(at as usize)) {
            out.plain(Member::Upstream, key!("upstream"), upstream.name.as_bytes());
        }
        if let Some(server) = server {
            out.address(Member::Server, key!("server"), server);
        }
        // Of several calls there is no last server, and yet their tries.
        if server.is_some() || record.tries > 0 {
            out.number(Member::Tries, key!("tries"), u64::from(record.tries));
        }
        out.number(Member::Received, key!("received"), record.received);
        out.number(Member::Sent, key!("sent"), record.sent);
        if let Some(queued) = record.queued {
            out.number(Member::QueueMicroseconds, key!("queue_microseconds"), queued);
        }
        if let Some(connect) = record.connect {
            out.number(Member::ConnectMicroseconds, key!("connect_microseconds"), connect);
        }
        if let Some(first) = record.first {
            let took = first.saturating_sub(record.started);
            out.number(Member::FirstByteMicroseconds, key!("first_byte_microseconds"), took);
        }
        out.number(Member::Microseconds, key!("microseconds"), record.ended.saturating_sub(record.started));
        out.end(&self.more);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, bool)>>);

    impl io::Write for Disk {
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
        write_all(&from, &mut Sink::Stream(disk.clone()), &lost);
        assert_eq!(lost.untold.load(Ordering::Relaxed), 2);
        let (to, from) = sync_channel(8);
        disk.0.lock().unwrap().1 = false;
        to.send(b"c\n".to_vec()).unwrap();
        drop(to);
        write_all(&from, &mut Sink::Stream(disk.clone()), &lost);
        let text = String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
        assert_eq!(text, "{\"event\":\"log_lines_dropped\",\"count\":2}\nc\n");
        assert_eq!(lost.untold.load(Ordering::Relaxed), 0);
        assert_eq!(lost.all.load(Ordering::Relaxed), 2, "what is told was lost all the same");
    }
}
