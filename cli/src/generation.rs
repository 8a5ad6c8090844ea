//! One generation of a gateway under `gw run`: a process that is started with sockets, says when it serves, and is told to
//! stop. Its access log goes to standard output, what else it says to standard error.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a generation may take until it serves.
const START_MAX: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(10);

/// A running gateway. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Generation {
    child: Child,
    /// From 1.
    pub(crate) number: u32,
}

impl Generation {
    /// Starts it and waits until it serves. `ended` is called when it has said its last, however that came about.
    ///
    /// # Errors
    /// A sentence, where it does not come to serve; then it is gone.
    pub(crate) fn start(
        command: &mut Command,
        name: &str,
        number: u32,
        ended: impl FnOnce() + Send + 'static,
    ) -> Result<Self, String> {
        // In a group of its own, so that Ctrl-C reaches it by this program only.
        let spawned = command.stdin(Stdio::null()).stderr(Stdio::piped()).process_group(0).spawn();
        let child = spawned.map_err(|error| format!("the gateway cannot be started: {error}"))?;
        let mut generation = Self { child, number };
        let (serves, told) = channel();
        if let Some(stderr) = generation.child.stderr.take() {
            let name = name.to_owned();
            std::thread::spawn(move || {
                pass_on(stderr, &name, serves);
                ended();
            });
        }
        generation.wait_until_it_serves(&told).map(|()| generation)
    }

    fn wait_until_it_serves(&mut self, told: &Receiver<()>) -> Result<(), String> {
        match told.recv_timeout(START_MAX) {
            Ok(()) => Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("the gateway did not serve within {} s", START_MAX.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait();
                let status = status.map_or_else(|_| "ended".to_owned(), |status| status.to_string());
                Err(format!("the gateway did not start: {status}"))
            }
        }
    }

    /// Tells it to drain; told again, it cuts what is open.
    pub(crate) fn stop(&self) {
        // A child that was not waited for keeps its number, so that no other program can be hit.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end, but not longer than this. Returns whether it has ended.
    pub(crate) fn ends_within(&mut self, patience: Duration) -> bool {
        let begun = Instant::now();
        while self.ended().is_none() {
            if begun.elapsed() > patience {
                return false;
            }
            sleep(TICK);
        }
        true
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Shows what a gateway says, but for where it listens and that it has stopped, which `gw` says itself.
fn pass_on(stderr: ChildStderr, name: &str, serves: Sender<()>) {
    let (listens, stopped) = (format!("{name} listens on "), format!("{name} has stopped"));
    let mut serves = Some(serves);
    for line in BufReader::new(stderr).lines().map_while(io::Result::ok) {
        if line.starts_with(&listens) {
            // Nobody waits for the second listener.
            let _ = serves.take().map(|serves| serves.send(()));
        } else if line != stopped {
            eprintln!("{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> Result<Generation, String> {
        Generation::start(Command::new("sh").args(["-c", script]), "shop", 1, || {})
    }

    #[test]
    fn it_serves_when_it_says_so() {
        let mut generation = start("echo 'shop listens on http://a' >&2; exec sleep 60").unwrap();
        assert!(generation.ended().is_none());
        generation.stop();
        assert!(generation.ends_within(Duration::from_secs(10)));
    }

    #[test]
    fn what_ends_before_it_serves_has_not_started() {
        assert_eq!(start("exit 2").unwrap_err(), "the gateway did not start: exit status: 2");
    }
}
