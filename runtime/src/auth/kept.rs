//! What files say of who may come, beside what the program says: read before any socket is opened, looked at again once a second, or
//! at once when an operator asks for it, and replaced whole.
//!
//! Where a file is not right, everything that held before goes on to hold.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::time::Duration;

use tokio::sync::watch;

use super::{Reads, Start, Upkeep};
use crate::clock::{self, Alarm, Clock};
use crate::serve::say;
use crate::watched::{Look, Watched, pause};

/// Gives all of a file of this name, which has so many bytes at most.
pub(super) type Read<'r> = &'r mut dyn FnMut(&'static str, u64) -> Result<Vec<u8>, String>;

/// Makes it of what the files say, or says what is wrong with them.
type Make<T> = Box<dyn Fn(Read<'_>) -> Result<T, String> + Send + Sync>;

/// What the program says alone, or what files say too.
#[derive(Debug)]
pub(super) enum Held<T> {
    /// It stays as it is.
    Fixed(Arc<T>),
    /// It may be replaced.
    Kept(Arc<Kept<T>>),
}

/// Something that files say.
pub(super) struct Kept<T> {
    auth: &'static str,
    /// What it is, in the plural.
    what: &'static str,
    make: Make<T>,
    present: RwLock<Arc<T>>,
    /// Each with its declared name.
    files: Mutex<Vec<(&'static str, Watched)>>,
    /// Forgets what was verified with another.
    forget: Box<dyn Fn() + Send + Sync>,
    clock: Clock,
    asked: watch::Receiver<u64>,
    used: AtomicU64,
    refused: AtomicU64,
    is_refused: AtomicBool,
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("auth", &self.auth).field("what", &self.what).finish_non_exhaustive()
    }
}

impl<T> Held<T> {
    /// What is made of these files, for the first time.
    ///
    /// # Errors
    ///
    /// A sentence for the operator.
    pub(super) fn new(
        start: &Start,
        (what, paths): (&'static str, &[&'static str]),
        forget: impl Fn() + Send + Sync + 'static,
        make: impl Fn(Read<'_>) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let mut files: Vec<_> = paths.iter().map(|path| (*path, Watched::new(path, start.files))).collect();
        let said = |error: String| format!("the {what} of `{}`: {error}", start.auth.name);
        let first = Arc::new(read(&mut files, &make).map_err(said)?);
        if files.is_empty() {
            return Ok(Self::Fixed(first));
        }
        Ok(Self::Kept(Arc::new(Kept {
            auth: start.auth.name,
            what,
            make: Box::new(make),
            present: RwLock::new(first),
            files: Mutex::new(files),
            forget: Box::new(forget),
            clock: start.clock.clone(),
            asked: start.asked.clone(),
            used: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            is_refused: AtomicBool::new(false),
        })))
    }

    /// What holds now.
    pub(super) fn with<R>(&self, use_it: impl FnOnce(&Arc<T>) -> R) -> R {
        match self {
            Self::Fixed(fixed) => use_it(fixed),
            Self::Kept(kept) => use_it(&kept.present.read().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// How often the files were read again, where there are any.
    pub(super) fn reads(&self) -> Option<Reads> {
        let Self::Kept(kept) = self else { return None };
        Some(Reads {
            used: kept.used.load(Ordering::Relaxed),
            refused: kept.refused.load(Ordering::Relaxed),
            is_refused: kept.is_refused.load(Ordering::Relaxed),
        })
    }
}

impl<T: Send + Sync + 'static> Held<T> {
    /// What has to be kept up to date for it.
    pub(super) fn upkeep(&self) -> Option<Arc<dyn Upkeep>> {
        match self {
            Self::Fixed(_) => None,
            Self::Kept(kept) => Some(Arc::clone(kept) as Arc<dyn Upkeep>),
        }
    }
}

/// Reads all files, and makes something of them.
fn read<T>(
    files: &mut [(&'static str, Watched)],
    make: &dyn Fn(Read<'_>) -> Result<T, String>,
) -> Result<T, String> {
    make(&mut |path, most| {
        let file = files.iter_mut().find(|(own, _)| *own == path);
        let (_, file) = file.ok_or_else(|| format!("{path} is not looked at"))?;
        let bytes = file.read(most).map_err(|error| format!("{path} cannot be read: {error}"))?;
        if bytes.len() as u64 > most {
            return Err(format!("{path} has more than {most} bytes"));
        }
        Ok(bytes)
    })
}

impl<T> Kept<T> {
    /// Looks whether a file is another one, and uses all of them then.
    fn look(&self, is_asked: bool) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let looks: Vec<Look> = files.iter_mut().map(|(_, file)| file.look()).collect();
        // All of them are read together: as long as somebody writes one, none is.
        let is_due = looks.iter().any(|look| look.is_new) && looks.iter().all(|look| look.stands_still);
        if !is_asked && !is_due {
            return;
        }
        // Where one is not right, others are not read again until something changes.
        files.iter_mut().for_each(|(_, file)| file.pass());
        let made = read(&mut files, &self.make);
        drop(files);
        let Self { auth, what, .. } = self;
        let now = clock::timestamp(clock::unix_seconds());
        self.is_refused.store(made.is_err(), Ordering::Relaxed);
        match made {
            Ok(made) => {
                *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
                // Whoever is gone is not known by what was verified before.
                (self.forget)();
                self.used.fetch_add(1, Ordering::Relaxed);
                say(format_args!("{now} the {what} of `{auth}` are read again, and hold from now on"));
            }
            Err(error) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                say(format_args!("{now} the {what} of `{auth}` stay what they were: {error}"));
            }
        }
    }

    async fn watch(&self) -> io::Result<()> {
        let alarm = Alarm::new()?;
        // What an operator has asked for since the files were read for the first time is not lost.
        let mut asked = self.asked.clone();
        loop {
            let is_asked = pause(&self.clock, &alarm, async {
                if asked.changed().await.is_err() {
                    // Nobody is left who could ask.
                    std::future::pending::<()>().await;
                }
            });
            let is_asked = is_asked.await;
            self.look(is_asked);
        }
    }
}

impl<T: Send + Sync + 'static> Upkeep for Kept<T> {
    fn keep(self: Arc<Self>, first: mpsc::Sender<()>) -> Pin<Box<dyn Future<Output = ()>>> {
        // They were read before.
        drop(first);
        Box::pin(async move {
            if let Err(error) = self.watch().await {
                say(format_args!("error: the {} of `{}` cannot be looked at: {error}", self.what, self.auth));
            }
        })
    }

    fn patience(&self) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::auth::{Auth, Nobody};

    static PARTNER: Auth = Auth { name: "partner", claims: &[], kind: &Nobody, calls: &[] };

    /// What the files `a` and `b` say, one behind the other, where they are in this folder.
    fn both(folder: &std::path::Path) -> Arc<Kept<Vec<u8>>> {
        asked(folder, &watch::channel(0).1)
    }

    /// The same, for an operator who may ask.
    fn asked(folder: &std::path::Path, asked: &watch::Receiver<u64>) -> Arc<Kept<Vec<u8>>> {
        let files: Vec<(String, PathBuf)> =
            ["a", "b"].map(|name| (name.to_owned(), folder.join(name))).into();
        let clock = Clock::manual();
        let params = Arc::default();
        let start = Start {
            auth: &PARTNER,
            params: &params,
            clock: &clock,
            #[cfg(feature = "jwt")]
            ways: &crate::errand::Ways::nowhere(&params),
            memory: None,
            files: &files,
            asked,
        };
        let make = |read: Read<'_>| Ok([read("a", 9)?, read("b", 9)?].concat());
        match Held::new(&start, ("keys", &["a", "b"]), || (), make).unwrap() {
            Held::Kept(kept) => kept,
            Held::Fixed(_) => panic!("there are files"),
        }
    }

    /// Does something in a folder of its own.
    fn in_folder(name: &str, does: impl FnOnce(&std::path::Path)) {
        let folder = std::env::temp_dir().join(format!("gatewright-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a"), "1").unwrap();
        std::fs::write(folder.join("b"), "2").unwrap();
        does(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn as_long_as_one_is_being_written_none_is_read() {
        in_folder("kept", |folder| {
            let kept = both(folder);
            let present = || kept.present.read().unwrap().as_slice().to_vec();
            let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
            write("a", "one");
            kept.look(false);
            assert_eq!(present(), b"12", "it may be being written");
            // The first stands still by now; half of the second is there.
            write("b", "tw");
            kept.look(false);
            assert_eq!(present(), b"12", "its neighbour may be being written");
            write("b", "two");
            kept.look(false);
            assert_eq!(present(), b"12");
            kept.look(false);
            assert_eq!(present(), b"onetwo");
            // What an operator asks for is read as it stands.
            write("b", "t");
            kept.look(true);
            assert_eq!(present(), b"onet");
        });
    }

    #[test]
    fn what_is_asked_before_anybody_watches_is_not_lost() {
        in_folder("asked", |folder| {
            let (operator, receiver) = watch::channel(0);
            let kept = asked(folder, &receiver);
            std::fs::write(folder.join("b"), "two").unwrap();
            operator.send_modify(|times| *times += 1);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            let _guard = runtime.enter();
            let mut watching = std::pin::pin!(kept.watch());
            let mut cx = Context::from_waker(Waker::noop());
            assert!(matches!(watching.as_mut().poll(&mut cx), Poll::Pending));
            assert_eq!(kept.present.read().unwrap().as_slice(), b"1two");
        });
    }

    #[test]
    fn files_are_looked_at_even_where_nobody_is_left_who_could_ask() {
        in_folder("left", |folder| {
            let kept = both(folder);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            let _guard = runtime.enter();
            let mut watching = std::pin::pin!(kept.watch());
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..3 {
                assert!(matches!(watching.as_mut().poll(&mut cx), Poll::Pending));
            }
        });
    }
}
