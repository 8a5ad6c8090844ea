//! A gateway that runs in this process, on a free port, with a clock that stands still unless a test moves it.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gatewright_runtime::clock::Clock;
use gatewright_runtime::generated::Program;
use gatewright_runtime::limits::Limits;
use gatewright_runtime::params::given::Text;
use gatewright_runtime::serve::{Options, Running, start_logging};

use crate::client::Client;
use crate::program::{self, APP, DEAD, PAIR};
use crate::server::Server;
use crate::wire::Message;
use crate::{PATIENCE, eventually};

/// What a gateway starts with.
#[derive(Debug)]
pub struct Setup {
    /// Pairs of the declared and the real address.
    pub servers: Vec<(SocketAddr, SocketAddr)>,
    /// Bounds.
    pub limits: Limits,
    /// Stands still unless told otherwise.
    pub clock: Clock,
    /// Threads.
    pub workers: usize,
    /// What is given for parameters and secrets.
    pub given: Vec<Text>,
    /// What is served.
    pub program: &'static Program,
    /// Where its log is written to, if it has a file.
    pub log_file: Option<PathBuf>,
    /// Where files are: pairs of the declared and the real path.
    pub files: Vec<(String, PathBuf)>,
    /// Who is asked for names.
    pub name_server: Option<SocketAddr>,
}

/// A running gateway; it is cut when this is dropped.
#[derive(Debug)]
pub struct Gate {
    running: Option<Running>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it is asked about itself, if it can be.
    pub admin: Option<SocketAddr>,
    /// Its clock.
    pub clock: Clock,
    log: Log,
}

/// An access log in memory.
#[derive(Clone, Debug, Default)]
pub struct Log(pub Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Setup {
    /// With one server, which is the app.
    pub fn app(server: &Server) -> Self {
        // A port that is bound and does not listen refuses connections for as long as the process lives.
        let refusing = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        refusing.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let dead = refusing.local_addr().unwrap().as_socket().unwrap();
        std::mem::forget(refusing);
        let servers = vec![(APP, server.address), (DEAD, dead), (PAIR[0], dead), (PAIR[1], server.address)];
        Self {
            servers,
            limits: Limits::DEFAULT,
            clock: Clock::manual(),
            workers: 1,
            given: Vec::new(),
            program: program::program(),
            log_file: None,
            files: Vec::new(),
            name_server: None,
        }
    }

    /// Puts a server elsewhere.
    #[must_use]
    pub fn place(mut self, declared: SocketAddr, real: SocketAddr) -> Self {
        self.servers.retain(|(known, _)| *known != declared);
        self.servers.push((declared, real));
        self
    }

    /// Gives a text for a parameter or secret.
    #[must_use]
    pub fn give(mut self, name: &str, text: &str) -> Self {
        self.given.push(Text {
            name: name.into(),
            text: text.into(),
            items: None,
            place: "this test".into(),
        });
        self
    }

    /// Changes a bound.
    #[must_use]
    pub fn limit(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// With the machine's clock.
    #[must_use]
    pub fn real_time(mut self) -> Self {
        self.clock = Clock::real();
        self
    }

    /// Starts, with the log in memory.
    pub fn start(self) -> Gate {
        let log = Log::default();
        self.start_logging(log.clone(), log).expect("the gateway starts")
    }

    /// Starts, or says why that cannot be.
    pub fn try_start(self) -> Result<Gate, String> {
        let log = Log::default();
        self.start_logging(log.clone(), log)
    }

    /// Starts with a log of the test's own.
    pub fn start_to(self, to: impl Write + Send + 'static) -> Gate {
        self.start_logging(to, Log::default()).expect("the gateway starts")
    }

    fn start_logging(self, to: impl Write + Send + 'static, log: Log) -> Result<Gate, String> {
        let options = Options {
            workers: self.workers,
            servers: self.servers,
            given: self.given,
            limits: Some(self.limits),
            clock: Some(self.clock.clone()),
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            inherit: false,
            admin: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            log_file: self.log_file,
            files: self.files,
            name_server: self.name_server,
        };
        let running = start_logging(self.program, options, to)?;
        let (address, admin) = (running.addresses()[0], running.admin_address());
        Ok(Gate { running: Some(running), address, admin, clock: self.clock, log })
    }
}

impl Gate {
    /// In front of one server.
    pub fn before(server: &Server) -> Self {
        Setup::app(server).start()
    }

    /// A new connection to it.
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on a connection of its own.
    pub fn ask(&self, request: impl AsRef<[u8]>) -> Message {
        self.client().ask(request)
    }

    /// Moves the clock in steps until `holds` does; answers how far.
    pub fn advance_until(&self, step: Duration, mut holds: impl FnMut() -> bool) -> Duration {
        let end = Instant::now() + PATIENCE;
        let mut by = Duration::ZERO;
        while !holds() {
            assert!(Instant::now() < end, "still not, after {by:?} of the gateway's time");
            self.clock.advance(step);
            by += step;
            // The gateway takes a moment of real time to act on it.
            std::thread::sleep(Duration::from_millis(2));
        }
        by
    }

    /// Waits until so much of the gateway's time has passed: then it holds, and not before. However slow the machine is, that is so.
    pub fn holds_after(&self, time: Duration, mut holds: impl FnMut() -> bool) {
        const MARGIN: Duration = Duration::from_millis(20);
        self.clock.advance(time.saturating_sub(MARGIN));
        std::thread::sleep(MARGIN);
        assert!(!holds(), "it holds before {time:?} have passed");
        self.clock.advance(MARGIN * 2);
        eventually("it holds in time", holds);
    }

    /// Opens the file of the access log anew.
    pub fn reopen_log(&self) {
        self.running.as_ref().expect("it runs").reopen_log();
    }

    /// Reads all files at once.
    pub fn reread(&self) {
        self.running.as_ref().expect("it runs").reread();
    }

    /// The lines of the access log once there are so many; parsed, so that each is known to be JSON.
    pub fn log(&self, count: usize) -> Vec<serde_json::Value> {
        eventually("lines of the access log", || {
            self.clock.advance(Duration::from_millis(250));
            self.log.0.lock().unwrap().iter().filter(|byte| **byte == b'\n').count() >= count
        });
        let bytes = self.log.0.lock().unwrap().clone();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        lines.map(|line| serde_json::from_slice(line).expect("a line is JSON")).collect()
    }

    /// Begins to stop.
    pub fn drain(&self) {
        self.running.as_ref().unwrap().drain();
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.running.as_ref().unwrap().cut();
    }

    /// Waits until it has stopped.
    pub fn join(mut self) {
        let running = self.running.take().unwrap();
        let joined = std::thread::spawn(move || running.join());
        let clock = self.clock.clone();
        eventually("the gateway ends", || {
            clock.advance(Duration::from_millis(50));
            joined.is_finished()
        });
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.cut();
        }
    }
}

/// Asserts that an answer is a refusal of the gateway, with one reason everywhere.
pub fn refused(answer: &Message, status: u16, reason: &str) {
    assert_eq!(answer.status(), status, "{answer:#?}");
    assert_eq!(answer.field("content-type").as_deref(), Some("application/problem+json"));
    let proxy = answer.field("proxy-status").expect("Proxy-Status");
    assert!(proxy.starts_with("tested; error="), "{proxy}");
    assert!(
        proxy.replace('\\', "").ends_with(&format!("; details=\"{reason}\"")),
        "{reason} expected: {proxy}"
    );
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["reason"], reason);
}
