//! `gw run`: builds a gateway, serves it, and follows every change of its files. The listening sockets are this program's
//! and go from one generation to the next, so that no request is lost; what does not check, build or start leaves the
//! generation before it serving.

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use gatewright_compiler::{Listener, Output};
use gatewright_dsl::Source;
use serde_json::json;

use crate::cargo::{Profile, UnderWay};
use crate::envelope::{self, Refusal};
use crate::generation::Generation;
use crate::linked;
use crate::progress::Progress;
use crate::project;
use crate::sockets::Sockets;
use crate::watch::Watch;

/// Changes that lie closer together are one: editors write in several steps.
const SETTLE: Duration = Duration::from_millis(60);
/// At the end, what drains longer than this is cut.
const PATIENCE: Duration = Duration::from_secs(2);

/// What to serve, and how to say so.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) file: &'a Path,
    /// In the place of the addresses that the gateway declares, in their order.
    pub(crate) listen: &'a [SocketAddr],
    /// What each generation is started with.
    pub(crate) arguments: &'a [String],
    pub(crate) as_json: bool,
}

enum Event {
    /// A file may have changed.
    Changed,
    /// Ctrl-C, or its like.
    Interrupted,
    /// A generation has ended.
    Ended,
}

/// Serves until it is interrupted.
pub(crate) fn run(asked: &Asked) -> ExitCode {
    match Run::new(asked) {
        Ok(run) => {
            run.serve();
            ExitCode::SUCCESS
        }
        Err(refusal) => refusal.end(asked.as_json),
    }
}

struct Run<'a> {
    asked: &'a Asked<'a>,
    events: Receiver<Event>,
    sender: Sender<Event>,
    interrupted: Arc<AtomicBool>,
    under_way: UnderWay,
    watch: Watch,
    sockets: Sockets,
    /// The texts that were tried last.
    tried: Vec<Source>,
    /// Tells the files of crates that were tried last.
    stamp: u64,
    serving: Option<Generation>,
    draining: VecDeque<Generation>,
    count: u32,
}

impl<'a> Run<'a> {
    fn new(asked: &'a Asked) -> Result<Self, Refusal> {
        // A file that is not there is a mistake of the line; later it may be gone for a moment.
        project::read(asked.file).map_err(|why| Refusal::failed(why, "name the entry file: gw run FILE"))?;
        let (sender, events) = channel();
        let (interrupted, under_way) = (Arc::<AtomicBool>::default(), UnderWay::default());
        let (told, asked_to_end, ending) = (sender.clone(), Arc::clone(&interrupted), under_way.clone());
        ctrlc::set_handler(move || {
            asked_to_end.store(true, Ordering::SeqCst);
            ending.end();
            let _ = told.send(Event::Interrupted);
        })
        .map_err(|error| Refusal::failed(format!("signals cannot be received: {error}"), ""))?;
        let mut watch =
            Watch::new(sender.clone(), || Event::Changed).map_err(|why| Refusal::failed(why, ""))?;
        watch.follow(&[asked.file.to_owned()]).map_err(|why| Refusal::failed(why, ""))?;
        Ok(Self {
            asked,
            events,
            sender,
            interrupted,
            under_way,
            watch,
            sockets: Sockets::default(),
            tried: Vec::new(),
            stamp: 0,
            serving: None,
            draining: VecDeque::new(),
            count: 0,
        })
    }

    fn serve(mut self) {
        self.follow();
        while !self.is_interrupted() {
            match self.events.recv() {
                Ok(Event::Changed) => {
                    while self.events.recv_timeout(SETTLE).is_ok() {}
                    self.follow();
                }
                Ok(Event::Ended) => self.tidy(),
                Ok(Event::Interrupted) | Err(_) => break,
            }
        }
        self.end();
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// Brings what is served up to what is written, if that has changed. Whatever prevents it is said.
    fn follow(&mut self) {
        let progress = Progress::begin();
        progress.step("check");
        let tried = project::compile(self.asked.file);
        // What could not be read is said each time; what was tried already is not.
        let crates = tried.result.as_ref().map_or(&[][..], |output| &output.crates);
        let (files, stamp) = linked::files(crates, &tried.root);
        if !tried.sources.is_empty() && self.is_known(&tried.sources, stamp) {
            return progress.clear();
        }
        let touched: Vec<PathBuf> = tried.touched.iter().chain(&files).cloned().collect();
        let followed = self.watch.follow(&touched).map_err(|why| Refusal::failed(why, ""));
        let replaced = followed
            .and(tried.result)
            .and_then(|output| self.replace((output, &tried.sources, &tried.root), &progress));
        if let Err(refusal) = replaced {
            progress.clear();
            if !self.is_interrupted() {
                self.say_refused(&refusal);
            }
        }
        self.tidy();
    }

    /// Whether these texts were tried already; from now on they were.
    fn is_known(&mut self, sources: &[Source], stamp: u64) -> bool {
        let same = |(a, b): (&Source, &Source)| a.name == b.name && a.text == b.text;
        let is_known = self.stamp == stamp
            && self.tried.len() == sources.len()
            && self.tried.iter().zip(sources).all(same);
        self.tried = sources.to_vec();
        self.stamp = stamp;
        is_known
    }

    /// Builds the next generation, starts it beside the present one, and lets that one drain.
    fn replace(&mut self, compiled: (Output, &[Source], &Path), progress: &Progress) -> Result<(), Refusal> {
        let failed = |why| Refusal::failed(why, "");
        let built = super::build::build(self.asked.file, compiled, Profile::Try, progress, &self.under_way)?;
        let declared = &built.summary.listeners;
        if self.asked.listen.len() > declared.len() {
            let why = format!(
                "--listen names {} addresses, and the gateway has {}",
                self.asked.listen.len(),
                declared.len()
            );
            return Err(failed(why));
        }
        let given = self.asked.listen.iter().copied().map(Some).chain(std::iter::repeat(None));
        let real = given.zip(declared).map(|(given, declared)| match given {
            Some(given) => Ok(given),
            None => place(declared, self.asked.arguments, |name| std::env::var(name).ok()),
        });
        let wanted = real.collect::<Result<Vec<SocketAddr>, String>>().map_err(failed)?;
        progress.step("start");
        self.sockets.open(&wanted).map_err(failed)?;
        let number = self.count + 1;
        let program = built.binary.with_extension(format!("{}-{number}", std::process::id()));
        // The next build puts another file in the place of this one.
        std::fs::copy(&built.binary, &program)
            .map_err(|error| failed(format!("{}: {error}", program.display())))?;
        let started = self.sockets.pass(&program, &wanted).map_err(|error| error.to_string()).and_then(
            |mut command| {
                let ended = self.sender.clone();
                command.args(self.asked.arguments);
                Generation::start(&mut command, &built.summary.name, number, move || {
                    let _ = ended.send(Event::Ended);
                })
            },
        );
        // A program that runs needs its file no more.
        let _ = std::fs::remove_file(&program);
        let before = self.serving.replace(started.map_err(failed)?);
        self.count = number;
        let places: Vec<String> =
            wanted.iter().map(|address| self.sockets.real(*address).to_string()).collect();
        self.say_serves(&places, before.is_some(), progress);
        if let Some(before) = before {
            before.stop();
            self.draining.push_back(before);
        }
        self.sockets.keep(&wanted);
        Ok(())
    }

    fn say_serves(&self, places: &[String], is_swap: bool, progress: &Progress) {
        let listed: Vec<String> = places.iter().map(|place| format!("http://{place}")).collect();
        let listed = listed.join(" ");
        if is_swap {
            progress.done("swap", &format!("{listed}, generation {}", self.count));
        } else {
            progress.done("start", &listed);
        }
        progress.end();
        if self.asked.as_json {
            envelope::print(true, &[], &json!({ "generation": self.count, "listens": places }));
        } else if !is_swap {
            eprintln!("  following {}; Ctrl-C ends it", self.asked.file.display());
        }
    }

    fn say_refused(&self, refusal: &Refusal) {
        if self.asked.as_json {
            refusal.print();
        } else {
            refusal.show();
        }
        match &self.serving {
            Some(serving) => eprintln!("  generation {} goes on serving", serving.number),
            None => eprintln!("  waiting for a change of {}", self.asked.file.display()),
        }
    }

    /// Forgets generations that have ended, and says when it was the one that serves.
    fn tidy(&mut self) {
        self.draining.retain_mut(|generation| generation.ended().is_none());
        if let Some(status) = self.serving.as_mut().and_then(Generation::ended) {
            self.serving = None;
            self.tried.clear();
            eprintln!(
                "error: the gateway has ended by itself: {status}\n  = help: saving {} starts it again",
                self.asked.file.display()
            );
        }
    }

    /// Ends all generations: they may drain for a moment.
    fn end(&mut self) {
        let mut all: Vec<Generation> = self.draining.drain(..).chain(self.serving.take()).collect();
        for generation in &all {
            generation.stop();
        }
        if !all.iter_mut().all(|generation| generation.ends_within(PATIENCE)) {
            for generation in &all {
                generation.stop();
            }
            for generation in &mut all {
                generation.ends_within(PATIENCE);
            }
        }
    }
}

/// Where a generation will listen: as the gateway itself reads it, a flag before the environment, and that before the default.
fn place(
    declared: &Listener,
    arguments: &[String],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<SocketAddr, String> {
    let (name, default) = match declared {
        Listener::Is(address) => return Ok(*address),
        Listener::Param { name, default } => (name, default),
    };
    let flag = format!("--{}", name.replace('_', "-"));
    let with_value = format!("{flag}=");
    let own = arguments.iter().find_map(|it| it.strip_prefix(&with_value));
    let next = arguments.iter().skip_while(|it| **it != flag).nth(1);
    let text = own.or(next.map(String::as_str)).map(str::to_owned);
    let Some(text) = text.or_else(|| variable(&name.replace('-', "_").to_uppercase())) else {
        return default.ok_or_else(|| format!("`{name}` must be given: `-- {flag} ADDRESS`"));
    };
    let address = match text.strip_prefix(':') {
        Some(port) => port.parse().map(|port| SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)).ok(),
        None => text.parse().ok(),
    };
    address.ok_or_else(|| format!("`{name}` must be an address such as `:8080`, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_where_the_gateway_will_say_it_is() {
        let at = Listener::Param { name: "listen_at".into(), default: "127.0.0.1:1".parse().ok() };
        let none = Listener::Param { name: "listen_at".into(), default: None };
        let check = |declared: &Listener, arguments: &[&str], variable: Option<&str>| {
            let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
            let of = |name: &str| variable.filter(|_| name == "LISTEN_AT").map(str::to_owned);
            place(declared, &arguments, of).map(|address| address.to_string())
        };
        assert_eq!(check(&at, &["--listen-at", "127.0.0.1:2"], Some(":3")).as_deref(), Ok("127.0.0.1:2"));
        assert_eq!(
            check(&at, &["--most", "1", "--listen-at=127.0.0.1:2"], None).as_deref(),
            Ok("127.0.0.1:2")
        );
        assert_eq!(check(&at, &[], Some(":3")).as_deref(), Ok("[::]:3"));
        assert_eq!(check(&at, &[], None).as_deref(), Ok("127.0.0.1:1"));
        assert!(check(&none, &[], None).unwrap_err().contains("must be given"));
        assert!(check(&none, &[], Some("x")).unwrap_err().contains("found \"x\""));
    }
}
