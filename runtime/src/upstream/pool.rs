//! Unused connections to one server, kept by one worker: last in, first out.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::unconstrained;

use crate::clock::Micros;
use crate::serve::worker::Left;

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

    /// Keeps a connection; with `most` already kept, the longest unused goes. One on which something may still arrive
    /// that nobody asked for goes to the end that is used last.
    pub(crate) fn keep(&self, left: Left, until: Micros, most: usize) {
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= most && !kept.is_empty() {
            kept.remove(0);
        }
        if most > 0 {
            let place = if left.suspect { 0 } else { kept.len() };
            kept.insert(place, Kept { stream: left.stream, until });
        }
    }

    /// Closes what has been unused too long or was closed by the server; answers when the next is due.
    pub(crate) fn expire(&self, now: Micros) -> Micros {
        let mut kept = self.kept.borrow_mut();
        kept.retain_mut(|kept| kept.until > now && quiet(&mut kept.stream));
        kept.iter().map(|kept| kept.until).min().unwrap_or(u64::MAX)
    }

    /// Closes all.
    pub(crate) fn clear(&self) {
        self.kept.borrow_mut().clear();
    }
}

/// Whether nothing has arrived: neither an end nor bytes that nobody asked for. Readiness is known without a system
/// call; only where it is set does a read tell what is there.
fn quiet(stream: &mut TcpStream) -> bool {
    // Outside the task's budget: spent, it would make every connection look quiet.
    let look = unconstrained(poll_fn(|cx| Poll::Ready(silent(stream, cx))));
    pin!(look).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(true)
}

fn silent(stream: &mut TcpStream, cx: &mut Context) -> bool {
    match stream.poll_read_ready(cx) {
        Poll::Pending => true,
        Poll::Ready(Err(_)) => false,
        Poll::Ready(Ok(())) => {
            let mut byte = [0_u8; 1];
            Pin::new(stream).poll_read(cx, &mut ReadBuf::new(&mut byte)).is_pending()
        }
    }
}
