//! Reads and writes of a stream that take the shortest way: the system call, if the reactor's last word is that it could
//! succeed, and a registration only where it could not.
//!
//! A read or write of less than was asked for tells the reactor that there is no more, so that no second call is needed
//! to learn it.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, SendFlags};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::task::coop::has_budget_remaining;

/// Reads that may succeed in a row before other tasks have their turn.
const TURN: u32 = 64;

/// How many reads have succeeded since one had to wait. The reactor's own budget is not asked on the short way, so this
/// is what keeps two fast peers from holding the thread.
#[derive(Debug, Default)]
pub(crate) struct Turn(Cell<u32>);

impl Turn {
    /// Whether the task may go on; otherwise it is woken again after the others.
    pub(crate) fn poll_proceed(&self, cx: &Context) -> Poll<()> {
        let reads = self.0.get() + 1;
        self.0.set(reads);
        if reads <= TURN {
            return Poll::Ready(());
        }
        self.0.set(0);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// A task waits, so that others have theirs.
    pub(crate) fn ends(&self) {
        self.0.set(0);
    }
}

/// Reads into `room`.
pub(crate) fn poll_read(
    stream: &TcpStream,
    turn: &Turn,
    cx: &mut Context,
    room: &mut [u8],
) -> Poll<io::Result<usize>> {
    ready!(turn.poll_proceed(cx));
    loop {
        if let Some(result) = attempt(stream, Interest::READABLE, room.len(), || receive(stream, room)) {
            return Poll::Ready(result);
        }
        if stream.poll_read_ready(cx)?.is_pending() {
            turn.ends();
            return Poll::Pending;
        }
    }
}

/// Writes two parts, the first of which may be empty, in one system call.
pub(crate) fn poll_write(
    stream: &TcpStream,
    cx: &mut Context,
    first: &[u8],
    second: &[u8],
) -> Poll<io::Result<usize>> {
    let send = |part: &[u8]| Ok(rustix::net::send(stream, part, SendFlags::NOSIGNAL)?);
    let length = first.len() + second.len();
    loop {
        let written = attempt(stream, Interest::WRITABLE, length, || match (first, second) {
            ([], part) | (part, []) => send(part),
            // The process ignores SIGPIPE, as every program of this language does.
            _ => Ok(rustix::io::writev(stream, &[IoSlice::new(first), IoSlice::new(second)])?),
        });
        match written {
            Some(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Some(result) => return Poll::Ready(result),
            None => ready!(stream.poll_write_ready(cx))?,
        }
    }
}

/// Whether nothing has arrived: neither an end nor bytes. Readiness is known without a system call; only where it is set
/// does a read tell what is there.
pub(crate) fn quiet(stream: &TcpStream) -> bool {
    let mut byte = [0_u8; 1];
    attempt(stream, Interest::READABLE, 1, || receive(stream, &mut byte)).is_none()
}

/// The same, and a system call is made in any case.
pub(crate) fn is_silent(stream: &TcpStream) -> bool {
    let mut byte = [0_u8; 1];
    receive(stream, &mut byte).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// Whether the task is registered for the arrival of something on a stream that one task reads for good. It stays so until
/// something arrives, and then the stream is ready, so that a ready stream is what ends it.
#[derive(Debug, Default)]
pub(crate) struct Awaited(Cell<bool>);

/// Whether a read could succeed; if not, the task is woken once it could.
// INVARIANT: who reads the stream asks here first, so that no arrival is missed by `awaited`; `Client` does.
pub(crate) fn poll_readable(stream: &TcpStream, awaited: &Awaited, cx: &mut Context) -> Poll<io::Result<()>> {
    if stream.try_io(Interest::READABLE, || Ok(())).is_ok() {
        awaited.0.set(false);
        return Poll::Ready(Ok(()));
    }
    if awaited.0.get() {
        return Poll::Pending;
    }
    // Out of budget the task is woken again instead of being registered.
    let registers = has_budget_remaining();
    let ready = stream.poll_read_ready(cx);
    awaited.0.set(registers && ready.is_pending());
    ready
}

/// Whether the reactor knows of nothing to read.
pub(crate) fn empty(stream: &TcpStream) -> bool {
    stream.try_io(Interest::READABLE, || Ok(())).is_err()
}

/// Reads at once; an error of the kind [`io::ErrorKind::WouldBlock`] says that there is nothing.
#[cfg(feature = "tls")]
pub(crate) fn read_now(stream: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
    attempt(stream, Interest::READABLE, room.len(), || receive(stream, room))
        .unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
}

/// Writes at once, as much as is taken; an error of the kind [`io::ErrorKind::WouldBlock`] says that nothing is.
#[cfg(feature = "tls")]
pub(crate) fn write_now(stream: &TcpStream, parts: &[IoSlice]) -> io::Result<usize> {
    let length = parts.iter().map(|part| part.len()).sum();
    attempt(stream, Interest::WRITABLE, length, || Ok(rustix::io::writev(stream, parts)?))
        .unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
}

fn receive(stream: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
    let (count, _) = rustix::net::recv(stream, room, RecvFlags::empty())?;
    Ok(count)
}

/// Makes a call that may move up to `most` bytes, if the reactor thinks that it can. `None`: it has to be waited for.
fn attempt(
    stream: &TcpStream,
    interest: Interest,
    most: usize,
    call: impl FnOnce() -> io::Result<usize>,
) -> Option<io::Result<usize>> {
    let mut short = None;
    let result = stream.try_io(interest, || match call() {
        Ok(count) if count > 0 && count < most => {
            short = Some(count);
            // The word for an empty socket, which is what this one now is.
            Err(io::ErrorKind::WouldBlock.into())
        }
        other => other,
    });
    match (short, result) {
        (Some(count), _) => Some(Ok(count)),
        (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => None,
        (None, result) => Some(result),
    }
}
