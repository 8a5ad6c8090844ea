//! What `gw build` is doing, and for how long: a line that moves on a terminal, plain lines elsewhere.

use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often something is said where there is no terminal.
const QUIET: Duration = Duration::from_secs(5);

/// The console of one build.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
    step: Cell<Instant>,
    said: Cell<Instant>,
}

impl Progress {
    /// Begins to count.
    pub(crate) fn begin() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_style(
                ProgressStyle::with_template("{spinner} {msg} {elapsed}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        let now = Instant::now();
        Self { bar, begun: now, step: Cell::new(now), said: Cell::new(now) }
    }

    /// A step begins.
    pub(crate) fn step(&self, name: &str) {
        self.step.set(Instant::now());
        self.now(name);
    }

    /// What is being done at present.
    pub(crate) fn now(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        } else if self.said.get().elapsed() >= QUIET {
            self.said.set(Instant::now());
            eprintln!("  … {what}, {:.0} s", self.begun.elapsed().as_secs_f64());
        }
    }

    /// A step has ended.
    pub(crate) fn done(&self, step: &str, what: &str) {
        let line = format!("{step:>8} {:>6.2} s  {what}", self.step.get().elapsed().as_secs_f64());
        self.step.set(Instant::now());
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Takes the moving line away, so that something longer can be said.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Everything has been done.
    pub(crate) fn end(&self) {
        self.clear();
        eprintln!("{:>8} {:>6.2} s", "total", self.begun.elapsed().as_secs_f64());
    }
}
