//! The next generation of a gateway: it is started with the sockets of this one, and this one stops accepting only once the
//! other has said that it serves. Both accept on the same descriptors, so no connection is lost between them.
//!
//! The sockets go over a stream that is the standard input of the next generation, in messages of descriptors (`SCM_RIGHTS`); it
//! answers on the same stream once it serves. Behind them comes what operators have told this one of live values.
//!
//! A go-between, which is this program once more, is the parent of the next generation until that serves, and then ends. So the next
//! generation becomes a child of the service manager: systemd waits for the end of its own children only, and would cut off what a stop has
//! to drain.

use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use rustix::process::{Pid, Signal, getpid, kill_process};

use super::processors::Processors;

/// The variable in which a generation finds the number of the process that has started it.
const HANDED_BY: &str = "GATEWRIGHT_HANDED_BY";
/// The variable in which it finds how many generations there were before it.
const GENERATION: &str = "GATEWRIGHT_GENERATION";
/// The variable in which a go-between finds the binary that it is to start.
const GOES_BETWEEN: &str = "GATEWRIGHT_GOES_BETWEEN";
/// What is running, whatever lies at its path by now.
const OWN: &str = "/proc/self/exe";
/// What a generation says once it serves.
pub(super) const SERVES: &[u8] = b"serves";
/// Descriptors of one message; the kernel takes 253 at most.
const BATCH: usize = 64;
/// Bytes that the generation before may say of live values.
const TEXT_MOST: usize = 2 * crate::live::BODY;
/// How long the generation before may take to hand over what it has.
const HANDED_MOST: Duration = Duration::from_secs(10);

/// What a generation needs to start the next one.
#[derive(Debug)]
pub(super) struct Estate {
    /// Where the binary is, as it was called: a newer one may lie there by now.
    program: PathBuf,
    arguments: Vec<OsString>,
    /// The number of the listener, and a descriptor of its socket.
    sockets: Vec<(usize, TcpListener)>,
    /// What this generation may use, of which its first thread uses one.
    processors: Processors,
}

impl Estate {
    /// The sockets of a generation, for each worker one of each listener. It is made before any thread keeps to a processor.
    pub(super) fn of(shares: &[Vec<TcpListener>]) -> io::Result<Self> {
        let mut sockets = Vec::new();
        for (number, socket) in shares.iter().flat_map(|share| share.iter().enumerate()) {
            sockets.push((number, socket.try_clone()?));
        }
        let mut arguments = std::env::args_os();
        let program = called(arguments.next())?;
        let processors = Processors::of_this_thread();
        Ok(Self { program, arguments: arguments.collect(), sockets, processors })
    }

    /// Starts the next generation. `live` is what this one was told of live values.
    pub(super) fn start(&self, live: &str) -> io::Result<(Next, UnixStream)> {
        let (own, theirs) = UnixStream::pair()?;
        let mut command = Command::new(OWN);
        command
            .args(&self.arguments)
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .env(HANDED_BY, std::process::id().to_string())
            .env(GENERATION, generation().to_string())
            .env(GOES_BETWEEN, &self.program);
        // A process has the processors of the thread that starts it.
        let own_processors = Processors::of_this_thread();
        self.processors.take();
        let parent = command.spawn();
        own_processors.take();
        drop(command);
        let mut parent = parent?;
        let pid = started(&own).inspect_err(|_| {
            let _ = parent.kill();
            let _ = parent.wait();
        })?;
        let mut next = Next { parent, pid };
        match self.hand(&own, live) {
            // Where nobody is there any more, how it has ended says why.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                next.end();
                Err(error)
            }
            _ => Ok((next, own)),
        }
    }

    fn hand(&self, stream: &UnixStream, live: &str) -> io::Result<()> {
        // What the stream holds is read by somebody, or is given back with it.
        stream.set_nonblocking(true)?;
        send(stream, &self.sockets)?;
        send_text(stream, live)
    }
}

/// A next generation, and the go-between that has started it.
#[derive(Debug)]
pub(super) struct Next {
    parent: Child,
    pub(super) pid: Pid,
}

impl Next {
    /// How it has ended, where it has: the go-between ends as it does.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.parent.try_wait()
    }

    /// Ends one that is of no use.
    pub(super) fn end(&mut self) {
        let _ = kill_process(self.pid, Signal::KILL);
        let _ = self.parent.wait();
    }

    /// Leaves it to the service manager.
    pub(super) fn release(&mut self) {
        let _ = self.parent.kill();
        let _ = self.parent.wait();
    }
}

/// What a go-between says at once: the number of the process that it has started, or why there is none. The next generation answers on
/// the same stream, but not before it is handed something.
fn started(stream: &UnixStream) -> io::Result<Pid> {
    stream.set_read_timeout(Some(HANDED_MOST))?;
    let mut line = Vec::new();
    let mut byte = [0];
    while io::Read::read(&mut &*stream, &mut byte)? == 1 && byte != *b"\n" {
        line.extend(byte);
    }
    let line = String::from_utf8_lossy(&line);
    let pid = line.parse().ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::other(if line.is_empty() { "nobody says why" } else { &*line }.to_owned()))
}

/// Where this process is a go-between: starts the next generation, waits for its end, and ends as it has. Once that serves, whoever has
/// started this process ends it.
pub(super) fn go_between() -> Option<ExitCode> {
    let program = std::env::var_os(GOES_BETWEEN).filter(|_| is_handed())?;
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).env_remove(GOES_BETWEEN);
    let next = command.env(HANDED_BY, std::process::id().to_string()).spawn();
    let text = next.as_ref().map_or_else(ToString::to_string, |next| next.id().to_string());
    // Where the generation before has ended meanwhile, there is nobody to tell.
    let _ = io::Write::write_all(&mut &stream, format!("{text}\n").as_bytes());
    let status = next.and_then(|mut next| next.wait()).ok();
    if let Some(signal) = status.and_then(|status| status.signal()).and_then(Signal::from_named_raw) {
        let _ = kill_process(getpid(), signal);
    }
    let code = status.and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// What the generation before has handed over: the number of the listener and its socket for each, and the stream on which it
/// waits; and what it was told of live values. Nothing where this process has no such parent.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) sockets: Vec<(usize, TcpListener)>,
    pub(super) before: UnixStream,
    pub(super) live: String,
}

pub(super) fn handed() -> io::Result<Option<Handed>> {
    if !is_handed() {
        return Ok(None);
    }
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(HANDED_MOST))?;
    let sockets = receive(&stream)?;
    let live = receive_text(&stream)?;
    Ok(Some(Handed { sockets, before: stream, live }))
}

/// Its length in four bytes, and the text. It is short enough for what the stream holds, since nobody reads it yet.
fn send_text(stream: &UnixStream, text: &str) -> io::Result<()> {
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    io::Write::write_all(&mut &*stream, &length.to_le_bytes())?;
    io::Write::write_all(&mut &*stream, text.as_bytes())
}

fn receive_text(stream: &UnixStream) -> io::Result<String> {
    let mut length = [0; 4];
    io::Read::read_exact(&mut &*stream, &mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > TEXT_MOST {
        return Err(io::Error::other("what it says of live values is too long"));
    }
    let mut text = vec![0; length];
    io::Read::read_exact(&mut &*stream, &mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}

/// Whether the parent of this process has started it as its next generation.
fn is_handed() -> bool {
    let parent = std::os::unix::process::parent_id().to_string();
    std::env::var_os(HANDED_BY).is_some_and(|by| *by == *parent)
}

/// The number of this generation: 1 where no other has started it. Whoever has may have ended since.
pub(super) fn generation() -> u32 {
    let before = std::env::var(GENERATION).ok();
    before.and_then(|before| before.parse().ok()).map_or(1, |before: u32| before.saturating_add(1))
}

/// A message for each batch: the number of each listener in two bytes, and its socket; an empty one is the end.
fn send(stream: &UnixStream, sockets: &[(usize, TcpListener)]) -> io::Result<()> {
    for batch in sockets.chunks(BATCH) {
        let mut text = vec![u8::try_from(batch.len()).map_err(io::Error::other)?];
        for (number, _) in batch {
            text.extend(u16::try_from(*number).map_err(io::Error::other)?.to_le_bytes());
        }
        let descriptors: Vec<_> = batch.iter().map(|(_, socket)| socket.as_fd()).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(BATCH))];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        rights.push(SendAncillaryMessage::ScmRights(&descriptors));
        let sent = sendmsg(stream, &[IoSlice::new(&text)], &mut rights, SendFlags::NOSIGNAL)?;
        if sent != text.len() {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    io::Write::write_all(&mut &*stream, &[0])
}

fn receive(stream: &UnixStream) -> io::Result<Vec<(usize, TcpListener)>> {
    let mut sockets = Vec::new();
    loop {
        let mut count = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(BATCH))];
        let mut rights = RecvAncillaryBuffer::new(&mut space);
        let read = recvmsg(stream, &mut [IoSliceMut::new(&mut count)], &mut rights, RecvFlags::CMSG_CLOEXEC)?;
        let [count] = count;
        if read.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if count == 0 {
            return Ok(sockets);
        }
        let mut numbers = vec![0; 2 * usize::from(count)];
        io::Read::read_exact(&mut &*stream, &mut numbers)?;
        let numbers =
            numbers.as_chunks::<2>().0.iter().map(|number| usize::from(u16::from_le_bytes(*number)));
        let descriptors = rights.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect(),
            _ => Vec::new(),
        });
        let before = sockets.len();
        sockets.extend(numbers.zip(descriptors.map(TcpListener::from)));
        if sockets.len() - before != usize::from(count) {
            return Err(io::Error::other("descriptors are missing: is the limit of open files too low?"));
        }
    }
}

/// Where the binary of this process was found. A link in its path stays one, so that it may lead to a newer binary later.
fn called(name: Option<OsString>) -> io::Result<PathBuf> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return std::env::current_exe() };
    let path = Path::new(&name);
    if path.components().count() > 1 {
        return std::path::absolute(path);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&folders).map(|folder| folder.join(path));
    found.find(|path| path.is_file()).map_or_else(std::env::current_exe, std::path::absolute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_arrive_with_the_numbers_of_their_listeners() {
        let (own, theirs) = UnixStream::pair().unwrap();
        let opened: Vec<(usize, TcpListener)> =
            (0..150).map(|number| (number % 3, TcpListener::bind("127.0.0.1:0").unwrap())).collect();
        send(&own, &opened).unwrap();
        send_text(&own, "{\"most\":1}").unwrap();
        let received = receive(&theirs).unwrap();
        assert_eq!(receive_text(&theirs).unwrap(), "{\"most\":1}");
        assert_eq!(received.len(), opened.len());
        for ((number, socket), (expected, original)) in received.iter().zip(&opened) {
            assert_eq!(number, expected);
            assert_eq!(socket.local_addr().unwrap(), original.local_addr().unwrap());
        }
        // And what is not whole is no estate.
        drop(own);
        assert_eq!(receive(&theirs).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
