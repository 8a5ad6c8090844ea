//! Files that may change while a gateway runs: whether one has, without reading it.
//!
//! A file that has changed is read once it has stood still from one look to the next, so that one which is being written is left
//! alone.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::clock::Micros;

/// The time from one look to the next.
pub(crate) const EVERY: Micros = 1_000_000;

/// Where declared files really are: pairs of the declared and the real path.
pub(crate) type Moved = [(String, PathBuf)];

/// Where a declared file really is.
pub(crate) fn moved(declared: &str, moved: &Moved) -> PathBuf {
    let found = moved.iter().find(|(own, _)| own == declared);
    found.map_or_else(|| PathBuf::from(declared), |(_, real)| real.clone())
}

/// What tells one content of a file from another, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(about: &Metadata) -> Self {
        Self {
            place: (about.dev(), about.ino()),
            len: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        }
    }
}

/// A file, and what was seen of it.
#[derive(Debug)]
pub(crate) struct Watched {
    path: PathBuf,
    /// What was read last, or why it could not be.
    read: Option<Result<Stamp, io::ErrorKind>>,
    /// What stood there at the last look.
    seen: Option<Result<Stamp, io::ErrorKind>>,
}

impl Watched {
    /// A declared file, wherever it really is.
    pub(crate) fn new(declared: &str, moved: &Moved) -> Self {
        Self { path: self::moved(declared, moved), read: None, seen: None }
    }

    /// Looks whether there is something new. What an operator has asked for is read as it stands.
    pub(crate) fn is_due(&mut self, is_asked: bool) -> bool {
        let stands =
            std::fs::metadata(&self.path).map(|about| Stamp::of(&about)).map_err(|error| error.kind());
        let before = self.seen.replace(stands);
        is_asked || self.read != Some(stands) && before == Some(stands)
    }

    /// What was seen last needs not to be read, whatever becomes of the file's neighbours.
    #[cfg(any(feature = "api_key", feature = "basic", feature = "jwt"))]
    pub(crate) fn pass(&mut self) {
        self.read = self.seen;
    }

    /// Reads it; of one that has more than `most` bytes, one more.
    pub(crate) fn read(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let read = self.bytes(most);
        self.read = Some(read.as_ref().map(|(stamp, _)| *stamp).map_err(io::Error::kind));
        read.map(|(_, bytes)| bytes)
    }

    fn bytes(&self, most: u64) -> io::Result<(Stamp, Vec<u8>)> {
        let mut file = File::open(&self.path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        let mut bytes = Vec::new();
        (&mut file).take(most + 1).read_to_end(&mut bytes)?;
        Ok((Stamp::of(&about), bytes))
    }
}
