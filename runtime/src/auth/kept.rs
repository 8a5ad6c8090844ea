//! What files say of who may come, beside what the program says: read before any socket is opened, looked at again once a second, or
//! at once when an operator asks for it, and replaced whole.
//!
//! Where a file is not right, everything that held before goes on to hold.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;

use super::{Reads, Start, Upkeep};
use crate::clock::{self, Alarm, Clock};
use crate::serve::say;
use crate::watched::{EVERY, Watched};

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
        let is_due = files.iter_mut().fold(false, |is_due, (_, file)| file.is_due(is_asked) | is_due);
        if !is_due {
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
        let mut asked = self.asked.clone();
        asked.mark_unchanged();
        loop {
            let end = self.clock.now().saturating_add(EVERY);
            let is_asked = {
                let late = async {
                    while self.clock.now() < end {
                        self.clock.until(&alarm, end).await;
                    }
                };
                let (mut late, mut asked) = (std::pin::pin!(late), std::pin::pin!(asked.changed()));
                std::future::poll_fn(|cx| match asked.as_mut().poll(cx) {
                    Poll::Ready(Ok(())) => Poll::Ready(true),
                    // Nobody is left who could ask.
                    Poll::Ready(Err(_)) | Poll::Pending => late.as_mut().poll(cx).map(|()| false),
                })
                .await
            };
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
