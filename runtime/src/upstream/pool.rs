//! Unused connections to one server, kept by one worker: last in, first out.

use std::cell::RefCell;

use crate::clock::Micros;
use crate::link::Link;
use crate::serve::worker::Left;

/// How long nothing may have arrived on a connection that may bring what nobody asked for, before it carries another request.
const QUIET: Micros = 100_000;

/// Unused connections, the longest unused first.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    kept: RefCell<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    stream: Link,
    until: Micros,
    /// From when on it carries another request.
    from: Micros,
}

impl Pool {
    /// The connection used last that is still open. No system call is made for one that is.
    pub(crate) fn take(&self, now: Micros) -> Option<Link> {
        let mut kept = self.kept.borrow_mut();
        while let Some(at) = kept.iter().rposition(|kept| kept.from <= now) {
            let mut candidate = kept.remove(at);
            let is_quiet =
                if candidate.from > 0 { candidate.stream.is_silent() } else { candidate.stream.quiet() };
            if is_quiet {
                return Some(candidate.stream);
            }
        }
        None
    }

    /// Keeps a connection; with `most` already kept, the longest unused goes. One on which something may still arrive that nobody
    /// asked for is left alone for a while, or it would be taken for the answer to whoever comes next.
    pub(crate) fn keep(&self, left: Left, (now, until): (Micros, Micros), most: usize) {
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= most && !kept.is_empty() {
            kept.remove(0);
        }
        if most > 0 {
            let (place, from) = if left.suspect { (0, now.saturating_add(QUIET)) } else { (kept.len(), 0) };
            kept.insert(place, Kept { stream: left.stream, until, from });
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
