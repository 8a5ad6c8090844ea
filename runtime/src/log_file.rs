//! The file of the access log: opened to append, and opened anew when it is asked for or the name is no longer its own.
//!
//! Programs that rotate logs rename the file; whether they say so afterwards does not matter. What could not be opened is
//! tried again, and until then lines go where they went.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use rustix::fs::OFlags;

/// A file under a name that may be given to another.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    /// Which file that is: device and number.
    own: (u64, u64),
    /// It was said that the name cannot be opened.
    is_told: bool,
}

impl LogFile {
    /// Opens or makes the file.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let (file, own) = open(&path)?;
        Ok(Self { path, file, own, is_told: false })
    }

    /// Opens it anew if `asked`, or if its name is no longer its own. Whether that was done.
    pub(crate) fn look(&mut self, asked: bool) -> bool {
        let is_own = || std::fs::metadata(&self.path).is_ok_and(|it| (it.dev(), it.ino()) == self.own);
        if !asked && is_own() {
            return false;
        }
        match open(&self.path) {
            Ok((file, own)) => {
                (self.file, self.own, self.is_told) = (file, own, false);
                return true;
            }
            Err(_) if self.is_told => {}
            Err(error) => {
                self.is_told = true;
                crate::serve::say(format_args!(
                    "error: the access log {} cannot be opened anew, and is written where it was: {error}",
                    self.path.display()
                ));
            }
        }
        false
    }
}

/// Readable by the owner and its group: lines tell of clients.
fn open(path: &PathBuf) -> io::Result<(File, (u64, u64))> {
    // A pipe that nobody reads is not waited for.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().append(true).create(true).mode(0o640).custom_flags(flags).open(path)?;
    let known = file.metadata()?;
    if !known.is_file() && !known.file_type().is_char_device() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    Ok((file, (known.dev(), known.ino())))
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
