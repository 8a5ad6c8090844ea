//! Notices when a file of the program changes. It looks at folders, since editors put a new file in the place of the old
//! one; whether anything is different, whoever reads the files finds out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use notify::{Config, EventKind, PollWatcher, RecursiveMode, Watcher};

/// How often folders are looked at where the system does not tell of changes.
const POLL: Duration = Duration::from_millis(500);

/// How the names of files end that make a gateway: its text, and crates that it is linked with.
const OURS: &[&str] = &["gw", "rs", "toml"];

/// What looks, and where.
pub(crate) struct Watch {
    watcher: Box<dyn Watcher>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    /// Sends `event()` whenever a file that makes a gateway in one of the folders may have changed. None is looked at yet.
    pub(crate) fn new<T: Send + 'static>(to: Sender<T>, event: fn() -> T) -> Result<Self, String> {
        let handler = move |changed: notify::Result<notify::Event>| {
            // What cannot be told may be a change.
            let is_ours = changed.map_or(true, |changed| {
                !matches!(changed.kind, EventKind::Access(_))
                    && changed.paths.iter().any(|path| {
                        path.extension().is_some_and(|ending| OURS.iter().any(|ours| ending == *ours))
                    })
            });
            if is_ours {
                // Nobody listens any more when the program ends.
                let _ = to.send(event());
            }
        };
        let watcher: Box<dyn Watcher> = match notify::recommended_watcher(handler.clone()) {
            Ok(watcher) => Box::new(watcher),
            Err(_) => Box::new(
                PollWatcher::new(handler, Config::default().with_poll_interval(POLL))
                    .map_err(|error| format!("files cannot be watched: {error}"))?,
            ),
        };
        Ok(Self { watcher, folders: BTreeSet::new() })
    }

    /// Looks at these folders and at the folders of these files, and at no others. Where there are none, nothing changes.
    pub(crate) fn follow(&mut self, paths: &[PathBuf]) -> Result<(), String> {
        if paths.is_empty() {
            return Ok(());
        }
        let folder = |path: &PathBuf| {
            let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let parent = whole.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
            if whole.is_dir() { whole } else { parent }
        };
        let wanted: BTreeSet<PathBuf> = paths.iter().map(folder).filter(|folder| folder.is_dir()).collect();
        for gone in self.folders.difference(&wanted) {
            // A folder that has been removed is not looked at any more in any case.
            let _ = self.watcher.unwatch(gone);
        }
        for new in wanted.difference(&self.folders) {
            self.watcher
                .watch(new, RecursiveMode::NonRecursive)
                .map_err(|error| format!("{} cannot be watched: {error}", new.display()))?;
        }
        self.folders = wanted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn a_file_that_is_written_or_replaced_is_noticed_and_another_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.gw");
        std::fs::write(&file, "a").unwrap();
        let (to, events) = channel();
        let mut watch = Watch::new(to, || ()).unwrap();
        watch.follow(std::slice::from_ref(&file)).unwrap();
        std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
        assert!(events.recv_timeout(Duration::from_millis(200)).is_err());
        std::fs::write(&file, "b").unwrap();
        events.recv_timeout(PATIENCE).unwrap();
        while events.recv_timeout(Duration::from_millis(200)).is_ok() {}
        std::fs::write(folder.path().join("a.gw.new"), "c").unwrap();
        std::fs::rename(folder.path().join("a.gw.new"), &file).unwrap();
        events.recv_timeout(PATIENCE).unwrap();
    }
}
