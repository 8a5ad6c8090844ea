//! What the captures of a pattern took: places in the canonical path, and in the canonical host.
//!
//! Those of the host are numbered from the other end, so that a path's do not depend on how many a host has.

/// Captures of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Captures {
    spans: [(u32, u32); Captures::MOST],
}

impl Captures {
    /// Captures that one route can have, its host's included.
    pub const MOST: usize = 16;

    /// The text of the n-th capture of the path.
    #[must_use]
    pub fn at(self, index: u8, path: &[u8]) -> &[u8] {
        let (start, end) = self.spans.get(usize::from(index)).copied().unwrap_or_default();
        path.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The text of the n-th capture of the host, counted from the right, in the host as [`super::canonical_host`] writes it.
    #[must_use]
    pub fn at_host(self, index: u8, host: &[u8]) -> &[u8] {
        match Self::MOST.checked_sub(usize::from(index) + 1).and_then(|at| u8::try_from(at).ok()) {
            Some(at) => self.at(at, host),
            None => &[],
        }
    }

    pub(super) fn set_host(&mut self, index: usize, start: usize, end: usize) {
        if let Some(at) = Self::MOST.checked_sub(index + 1) {
            self.set(at, start, end);
        }
    }

    pub(super) fn set(&mut self, index: usize, start: usize, end: usize) {
        // A canonical path is at most three times as long as a head, which is bounded far below 4 GiB.
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        if let Some(span) = self.spans.get_mut(index) {
            *span = (narrow(start), narrow(end));
        }
    }
}
