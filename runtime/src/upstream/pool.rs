//! Unused connections to one server, kept by one worker: last in, first out.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use crate::clock::Micros;

/// Unused connections, the longest unused first.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    kept: RefCell<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    stream: TcpStream,
    until: Micros,
}

impl Pool {
    /// The connection used last that is still open. No system call is made for one that is.
    pub(crate) fn take(&self) -> Option<TcpStream> {
        let mut kept = self.kept.borrow_mut();
        while let Some(mut candidate) = kept.pop() {
            if quiet(&mut candidate.stream) {
                return Some(candidate.stream);
            }
        }
        None
    }

    /// Keeps a connection; with `most` already kept, the longest unused goes.
    pub(crate) fn keep(&self, stream: TcpStream, until: Micros, most: usize) {
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= most && !kept.is_empty() {
            kept.remove(0);
        }
        if most > 0 {
            kept.push(Kept { stream, until });
        }
    }

    /// Closes what has been unused too long or was closed by the server; answers when the next is due.
    pub(crate) fn expire(&self, now: Micros) -> Micros {
        let mut kept = self.kept.borrow_mut();
        kept.retain_mut(|kept| kept.until > now && quiet(&mut kept.stream));
        kept.first().map_or(u64::MAX, |kept| kept.until)
    }

    /// Closes all.
    pub(crate) fn clear(&self) {
        self.kept.borrow_mut().clear();
    }
}

/// Whether nothing has arrived: neither an end nor bytes that nobody asked for. Readiness is known without a system
/// call; only where it is set does a read tell what is there.
fn quiet(stream: &mut TcpStream) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    match stream.poll_read_ready(&mut cx) {
        Poll::Pending => true,
        Poll::Ready(Err(_)) => false,
        Poll::Ready(Ok(())) => {
            let mut byte = [0_u8; 1];
            Pin::new(stream).poll_read(&mut cx, &mut ReadBuf::new(&mut byte)).is_pending()
        }
    }
}
