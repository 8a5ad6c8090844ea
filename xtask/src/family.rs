//! Programs that run as long as this one: started together, and ended together however it ends, except by SIGKILL.

use std::future::poll_fn;
use std::io;
use std::process::{Child, Command, Stdio};
use std::task::Poll;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{self, SignalKind, signal};

/// After this, a program that was asked to end is made to.
const PATIENCE: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(20);

/// The programs, and the signals that end them.
#[derive(Debug)]
pub(crate) struct Family {
    children: Vec<(&'static str, Child)>,
    runtime: Runtime,
    signals: Vec<unix::Signal>,
}

impl Family {
    /// No programs yet; from now on Ctrl-C, SIGTERM and a closed terminal are only noticed by [`Family::pause`].
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub(crate) fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let signals = {
            let _entered = runtime.enter();
            kinds.into_iter().map(signal).collect::<io::Result<_>>()?
        };
        Ok(Self { children: Vec::new(), runtime, signals })
    }

    /// Starts one more program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(&mut self, name: &'static str, program: &mut Command) -> Result<(), String> {
        // Nothing is typed to them; what they print is for the terminal.
        let child =
            program.stdin(Stdio::null()).spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
        self.children.push((name, child));
        Ok(())
    }

    /// Waits a moment. Returns whether everything shall end because a signal asks for it.
    ///
    /// # Errors
    /// When one of the programs has ended by itself.
    pub(crate) fn pause(&mut self) -> Result<bool, String> {
        if self.is_asked_within(TICK) {
            return Ok(true);
        }
        let ended = self.children.iter_mut().find_map(|(name, child)| match child.try_wait() {
            Ok(Some(status)) => Some(format!("{name} ended by itself: {status}")),
            _ => None,
        });
        // Ctrl-C reaches the children too, and may have reached them first.
        ended.map_or(Ok(false), |why| if self.is_asked_within(TICK) { Ok(true) } else { Err(why) })
    }

    fn is_asked_within(&mut self, wait: Duration) -> bool {
        let signals = &mut self.signals;
        let any = poll_fn(|context| {
            let is_ready = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if is_ready { Poll::Ready(()) } else { Poll::Pending }
        });
        self.runtime.block_on(async { tokio::time::timeout(wait, any).await }).is_ok()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        for (_, child) in &mut self.children {
            // A child that was not waited for keeps its id, so that no other program can be hit.
            if let Ok(None) = child.try_wait() {
                // It fails only for a child that has just ended, which is what is wanted.
                let _ = kill_process(Pid::from_child(child), Signal::TERM);
            }
        }
        let asked = Instant::now();
        for (_, child) in &mut self.children {
            while let Ok(None) = child.try_wait() {
                if asked.elapsed() > PATIENCE {
                    let _ = child.kill();
                    let _ = child.wait();
                }
                sleep(TICK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_program_that_ends_by_itself_is_reported() {
        let mut family = Family::new().unwrap();
        family.start("the truth", &mut Command::new("true")).unwrap();
        let ended = loop {
            match family.pause() {
                Ok(is_asked) => assert!(!is_asked),
                Err(ended) => break ended,
            }
        };
        assert_eq!(ended, "the truth ended by itself: exit status: 0");
    }

    #[test]
    fn programs_end_with_their_family() {
        let mut family = Family::new().unwrap();
        family.start("a sleeper", Command::new("sleep").arg("60")).unwrap();
        let id = family.children[0].1.id();
        drop(family);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}
