//! Unused connections to one server, kept by one worker: last in, first out.

use std::cell::RefCell;

use crate::clock::Micros;
use crate::link::Link;
use crate::serve::worker::Left;

/// Unused connections, the longest unused first.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    kept: RefCell<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    stream: Link,
    until: Micros,
}

impl Pool {
    /// The connection used last that is still open. No system call is made for one that is.
    pub(crate) fn take(&self) -> Option<Link> {
        let mut kept = self.kept.borrow_mut();
        while let Some(mut candidate) = kept.pop() {
            if candidate.stream.quiet() {
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
        kept.retain_mut(|kept| kept.until > now && kept.stream.quiet());
        kept.iter().map(|kept| kept.until).min().unwrap_or(u64::MAX)
    }

    /// Closes all.
    pub(crate) fn clear(&self) {
        self.kept.borrow_mut().clear();
    }
}
