//! Files that may change while a gateway runs: whether one has, without reading it.
//!
//! A file that has changed is read once it has stood still from one look to the next, so that one which is being written is left
//! alone.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::task::Poll;

use rustix::fs::{Mode, OFlags};

use crate::clock::{Alarm, Clock, Micros};

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

/// What a look at a file has shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// It is not what was read last.
    pub(crate) is_new: bool,
    /// It is what it was at the look before, so that nobody is writing it.
    pub(crate) stands_still: bool,
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
        let Look { is_new, stands_still } = self.look();
        is_asked || is_new && stands_still
    }

    /// Looks at it, without reading it.
    pub(crate) fn look(&mut self) -> Look {
        let stands =
            std::fs::metadata(&self.path).map(|about| Stamp::of(&about)).map_err(|error| error.kind());
        let before = self.seen.replace(stands);
        let is_new = self.read != Some(stands);
        Look { is_new, stands_still: !is_new || before == Some(stands) }
    }

    /// What was seen last needs not to be read, whatever becomes of the file's neighbours.
    #[cfg(any(feature = "api_key", feature = "basic", feature = "jwt"))]
    pub(crate) fn pass(&mut self) {
        self.read = self.seen;
    }

    /// Reads it; of one that has more than `most` bytes, one more.
    pub(crate) fn read(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let read = bytes(&self.path, most).map(|(about, bytes)| (Stamp::of(&about), bytes));
        self.read = Some(read.as_ref().map(|(stamp, _)| *stamp).map_err(io::Error::kind));
        read.map(|(_, bytes)| bytes)
    }
}

/// What stands in a file; of one that has more than `most` bytes, one more.
///
/// # Errors
///
/// It cannot be read, or is no file. A pipe that nobody writes to would be waited for without end.
pub(crate) fn bytes(path: &Path, most: u64) -> io::Result<(Metadata, Vec<u8>)> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let mut bytes = Vec::new();
    (&mut file).take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((about, bytes))
}

/// Waits for the next look, or until an operator asks for one, whichever comes first. Whether one has been asked for.
pub(crate) async fn pause(clock: &Clock, alarm: &Alarm, asked: impl Future<Output = ()>) -> bool {
    let end = clock.now().saturating_add(EVERY);
    let late = async {
        while clock.now() < end {
            clock.until(alarm, end).await;
        }
    };
    let (mut late, mut asked) = (std::pin::pin!(late), std::pin::pin!(asked));
    std::future::poll_fn(|cx| match asked.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(true),
        Poll::Pending => late.as_mut().poll(cx).map(|()| false),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
        let path = std::env::temp_dir().join(format!("gatewright-pipe-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        let read = bytes(&path, 10);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read.unwrap_err().to_string(), "it is no file");
        assert!(bytes(Path::new("/"), 10).is_err());
        assert_eq!(bytes(Path::new("/proc/self/status"), 3).unwrap().1.len(), 4);
    }
}
