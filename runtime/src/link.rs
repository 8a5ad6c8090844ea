//! A connection to a server: plain, or behind TLS. Whoever reads and writes it does not mind which.
//!
//! In a gateway that speaks TLS to nobody there is one kind, and nothing is asked.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use rustix::io::Errno;
use tokio::net::TcpStream;

use crate::reason::Reason;
use crate::serve::listener::NOT_SENT;
use crate::serve::socket::{self, Turn};
use crate::tls::Dial;
#[cfg(feature = "tls")]
use crate::tls::Session;

/// A connection to a server.
#[derive(Debug)]
pub(crate) enum Link {
    /// Bytes go as they are.
    Plain(TcpStream),
    /// Bytes go through TLS.
    #[cfg(feature = "tls")]
    Secure(Box<Session>),
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) reason: Reason,
    /// The error of the operating system, if it was one.
    pub(crate) cause: Option<io::ErrorKind>,
    /// What TLS says of it, if that was asked.
    pub(crate) why: Option<&'static str>,
}

/// Whether a connection cannot be opened for want of something of this machine: descriptors, ports or memory. No server is to blame.
fn is_own(error: &io::Error) -> bool {
    let own = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL];
    Errno::from_io_error(error).is_some_and(|errno| own.contains(&errno))
}

impl Link {
    /// Opens a connection, and shakes hands where TLS is spoken.
    ///
    /// # Errors
    ///
    /// Why there is none; nothing but a handshake has been sent then.
    pub(crate) async fn open(address: SocketAddr, tls: Option<&'static Dial>) -> Result<Self, Refused> {
        Self::over(Self::connect(address).await?, tls).await
    }

    /// Opens a connection; nothing has been sent on it.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) async fn connect(address: SocketAddr) -> Result<TcpStream, Refused> {
        let stream = TcpStream::connect(address).await.map_err(|error| Refused {
            reason: match error.kind() {
                _ if is_own(&error) => Reason::OVERLOADED,
                io::ErrorKind::ConnectionRefused => Reason::UPSTREAM_REFUSED,
                io::ErrorKind::TimedOut => Reason::UPSTREAM_CONNECT_TIMEOUT,
                _ => Reason::UPSTREAM_UNREACHABLE,
            },
            cause: Some(error.kind()),
            why: None,
        })?;
        // Only hints: without them the connection works.
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(NOT_SENT);
        Ok(stream)
    }

    /// Shakes hands over a fresh connection where TLS is spoken.
    ///
    /// # Errors
    ///
    /// Why that fails.
    pub(crate) async fn over(stream: TcpStream, tls: Option<&'static Dial>) -> Result<Self, Refused> {
        match tls {
            None => Ok(Self::Plain(stream)),
            Some(dial) => dial.shake(stream).await,
        }
    }

    /// Reads into `room`. `Ok(0)`: the server has closed its side, and has said so where TLS is spoken.
    pub(crate) fn poll_read(
        &mut self,
        turn: &Turn,
        cx: &mut Context,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => socket::poll_read(stream, turn, cx, room),
            #[cfg(feature = "tls")]
            Self::Secure(session) => session.poll_read(turn, cx, room),
        }
    }

    /// Writes two parts, of which the first may be empty. After `Pending` the same bytes come again, perhaps with more behind them.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => socket::poll_write(stream, cx, first, second),
            #[cfg(feature = "tls")]
            Self::Secure(session) => session.poll_write(cx, first, second),
        }
    }

    /// Whether it is known that there is nothing to read; the task is woken once there may be.
    pub(crate) fn poll_nothing(&mut self, cx: &mut Context) -> bool {
        match self {
            Self::Plain(stream) => socket::empty(stream) && stream.poll_read_ready(cx).is_pending(),
            #[cfg(feature = "tls")]
            Self::Secure(session) => session.poll_nothing(cx),
        }
    }

    /// Whether nothing has arrived for whoever reads: neither an end nor bytes.
    pub(crate) fn quiet(&mut self) -> bool {
        match self {
            Self::Plain(stream) => socket::quiet(stream),
            #[cfg(feature = "tls")]
            Self::Secure(session) => session.quiet(),
        }
    }

    /// The same, and the socket itself is asked, whatever is known of it.
    pub(crate) fn is_silent(&mut self) -> bool {
        match self {
            Self::Plain(stream) => socket::is_silent(stream),
            // It asks in any case.
            #[cfg(feature = "tls")]
            Self::Secure(session) => session.quiet(),
        }
    }

    /// What TLS says of the last error.
    #[cfg_attr(
        not(feature = "tls"),
        allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "nothing is said without TLS")
    )]
    pub(crate) fn why(&self) -> Option<&'static str> {
        match self {
            Self::Plain(_) => None,
            #[cfg(feature = "tls")]
            Self::Secure(session) => session.why(),
        }
    }

    /// Writes all of it.
    pub(crate) async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = poll_fn(|cx| self.poll_write(cx, b"", bytes)).await?;
            bytes = bytes.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    /// Reads what there is.
    pub(crate) async fn read(&mut self, turn: &Turn, room: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(turn, cx, room)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_lacks_is_no_servers_fault() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL] {
            assert!(is_own(&errno.into()), "{errno}");
        }
        for errno in [Errno::CONNREFUSED, Errno::HOSTUNREACH, Errno::NETUNREACH, Errno::TIMEDOUT] {
            assert!(!is_own(&errno.into()), "{errno}");
        }
        assert!(!is_own(&io::ErrorKind::TimedOut.into()));
    }
}
