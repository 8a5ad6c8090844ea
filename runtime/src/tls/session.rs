//! One connection behind TLS (RFC 8446, RFC 5246): the state of rustls over a socket, driven by whoever polls it.
//!
//! As on a plain socket, the system call comes first and a registration only where it would have waited. One write is one record:
//! a server that has not had all of it has had nothing that it could act on.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::task::{Context, Poll, ready};

use rustls::client::ClientConnection;
use tokio::net::TcpStream;

use super::said;
use crate::serve::socket::{self, Turn};

/// Bytes of one record (RFC 8446 section 5.1).
const RECORD: usize = 16 * 1024;

/// A connection behind TLS.
#[derive(Debug)]
pub(crate) struct Session {
    stream: TcpStream,
    tls: ClientConnection,
    /// Bytes that were taken to be sent and of which some are still here.
    taken: usize,
    /// Decrypted bytes that nobody has read.
    unread: usize,
    /// The server has said that nothing more comes.
    ended: bool,
    /// Why it has failed.
    why: Option<&'static str>,
}

impl Session {
    pub(super) fn new(stream: TcpStream, tls: ClientConnection) -> Self {
        Self { stream, tls, taken: 0, unread: 0, ended: false, why: None }
    }

    /// Shakes hands. An error of the kind [`io::ErrorKind::InvalidData`] holds what rustls says.
    pub(super) fn poll_shake(&mut self, cx: &mut Context) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_flush(cx))?;
            if !self.tls.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            if ready!(self.poll_take(cx))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    pub(crate) fn poll_read(
        &mut self,
        turn: &Turn,
        cx: &mut Context,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // What TLS itself wants to say leaves with whatever is polled; nobody waits for it.
        if self.taken == 0 && self.tls.wants_write() {
            let _ = self.poll_flush(cx)?;
        }
        loop {
            ready!(turn.poll_proceed(cx));
            match self.tls.reader().read(room) {
                Ok(count) => {
                    self.unread = self.unread.saturating_sub(count);
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // An end that the server has not said may be anybody's (RFC 8446 section 6.1).
                Err(error) => {
                    self.why = Some("the connection ended without a word");
                    return Poll::Ready(Err(error));
                }
            }
            match self.poll_take(cx) {
                Poll::Ready(taken) => {
                    taken?;
                }
                Poll::Pending => {
                    turn.ends();
                    return Poll::Pending;
                }
            }
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.taken == 0 {
            ready!(self.poll_flush(cx))?;
            let first = first.get(..first.len().min(RECORD)).unwrap_or_default();
            let second = second.get(..second.len().min(RECORD - first.len())).unwrap_or_default();
            self.taken = self.tls.writer().write_vectored(&[IoSlice::new(first), IoSlice::new(second)])?;
        }
        ready!(self.poll_flush(cx))?;
        Poll::Ready(Ok(std::mem::take(&mut self.taken)))
    }

    pub(crate) fn poll_nothing(&mut self, cx: &mut Context) -> bool {
        self.unread == 0
            && !self.ended
            && !self.tls.wants_write()
            && socket::empty(&self.stream)
            && self.stream.poll_read_ready(cx).is_pending()
    }

    /// What TLS itself has sent meanwhile, such as tickets, is nothing that was asked for and does no harm.
    pub(crate) fn quiet(&mut self) -> bool {
        loop {
            if self.unread > 0 || self.ended || self.taken > 0 {
                return false;
            }
            match self.tls.read_tls(&mut Wire(&self.stream)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Ok(count) if count > 0 && self.process().is_ok() => {}
                _ => return false,
            }
        }
    }

    pub(crate) fn why(&self) -> Option<&'static str> {
        self.why
    }

    /// Takes what has arrived on the socket, and decrypts it.
    fn poll_take(&mut self, cx: &mut Context) -> Poll<io::Result<usize>> {
        loop {
            match self.tls.read_tls(&mut Wire(&self.stream)) {
                Ok(count) => {
                    let processed = self.process();
                    if processed.is_err() {
                        // The server is told what is wrong with it, if that can be told at once.
                        let _ = self.tls.write_tls(&mut Wire(&self.stream));
                    }
                    return Poll::Ready(processed.map(|()| count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_read_ready(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn process(&mut self) -> io::Result<()> {
        match self.tls.process_new_packets() {
            Ok(state) => {
                self.unread = state.plaintext_bytes_to_read();
                self.ended |= state.peer_has_closed();
                Ok(())
            }
            Err(error) => {
                self.why = Some(said(&error));
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Sends all that is to be sent.
    fn poll_flush(&mut self, cx: &mut Context) -> Poll<io::Result<()>> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut Wire(&self.stream)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_write_ready(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Session {
    /// The server is told that nothing more comes, so that it need not take the end for somebody else's (RFC 8446 section 6.1).
    fn drop(&mut self) {
        // Behind half a record nothing can be said.
        if self.why.is_none() && !self.tls.wants_write() {
            self.tls.send_close_notify();
            let _ = self.tls.write_tls(&mut Wire(&self.stream));
        }
    }
}

/// The socket as rustls reads and writes it: at once, or not at all.
struct Wire<'a>(&'a TcpStream);

impl io::Read for Wire<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        socket::read_now(self.0, room)
    }
}

impl io::Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        socket::write_now(self.0, &[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice]) -> io::Result<usize> {
        socket::write_now(self.0, parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
