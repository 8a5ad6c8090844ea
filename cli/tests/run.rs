//! `gw run` as an operator uses it: it serves while its file is edited, and never answers worse than before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::spawn;
use std::time::{Duration, Instant};

use common::{Folder, cache};
use serde_json::Value;

/// The longest that anything here waits.
const PATIENCE: Duration = Duration::from_secs(20);
const ASK: &str = "GET /status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn text(body: &str) -> String {
    format!(
        "gateway shop {{\n  listen http 127.0.0.1:1\n  log none\n}}\nroute GET /status respond 200 text \"{body}\"\n"
    )
}

/// `gw run`, killed at the end, whatever happens.
struct Following {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Following {
    fn begin(folder: &Folder, words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gw"));
        command.current_dir(folder.path()).args(["run", "--json"]).args(words);
        command.env("GATEWRIGHT_CACHE", cache()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        // Read beside, so that a full pipe stops nobody; shown where the test fails.
        let mut err = child.stderr.take().unwrap();
        spawn(move || {
            let mut said = String::new();
            let _ = err.read_to_string(&mut said);
            eprint!("{said}");
        });
        Self { child, out }
    }

    /// What it prints next.
    fn says(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        let document: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        common::schema::validate("run", &document);
        document
    }

    fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            // It ends what it has started, which it cannot when it is killed.
            self.signal("TERM");
            let _ = self.child.wait();
        }
    }
}

/// Waits for an answer. For a moment the generation before answers too: it takes what has come to it already.
fn answers(to: SocketAddr, expected: &str) {
    let end = Instant::now() + PATIENCE;
    while ask(to) != expected {
        assert!(Instant::now() < end, "{expected}: never answered");
    }
}

fn ask(to: SocketAddr) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(ASK.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.rsplit("\r\n\r\n").next().unwrap().to_owned()
}

#[test]
fn a_gateway_is_edited_while_it_serves() {
    let folder = Folder::named("run", &[("gateway.gw", &text("one"))]);
    let mut following = Following::begin(&folder, &["--listen", "127.0.0.1:0"]);
    let first = following.says();
    assert_eq!(
        (&first["ok"], &first["result"]["generation"]),
        (&Value::Bool(true), &Value::from(1)),
        "{first}"
    );
    let address: SocketAddr = first["result"]["listens"][0].as_str().unwrap().parse().unwrap();
    assert_eq!(ask(address), "one");

    let stop = Arc::<AtomicBool>::default();
    let stopped = Arc::clone(&stop);
    let client = spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            let answer = ask(address);
            assert!(["one", "two", "three"].contains(&answer.as_str()), "{answer:?}");
        }
    });

    folder.write("gateway.gw", &text("two"));
    assert_eq!(following.says()["result"]["generation"], 2);
    answers(address, "two");

    // What does not check changes nothing.
    folder.write("gateway.gw", &text("three").replace("200", "2000"));
    let refused = following.says();
    assert_eq!(
        (&refused["ok"], &refused["problems"][0]["name"]),
        (&Value::Bool(false), &Value::from("wrong_status")),
        "{refused}"
    );
    assert_eq!(ask(address), "two");

    folder.write("gateway.gw", &text("three"));
    assert_eq!(following.says()["result"]["generation"], 3);
    answers(address, "three");
    stop.store(true, Ordering::Relaxed);
    client.join().expect("no request was lost");

    // Ctrl-C ends all.
    following.signal("INT");
    assert_eq!(following.child.wait().unwrap().code(), Some(0));
    assert!(TcpStream::connect(address).is_err());
}

/// A crate of the operator's whose functions answer with a word.
fn words(word: &str) -> String {
    format!(
        "//! Words.\npub struct Who {{ pub name: String }}\n\
         pub async fn hello(who: Who) -> String {{ who.name }}\n\
         pub fn status() -> &'static str {{ {word:?} }}\n"
    )
}

#[test]
fn a_crate_of_functions_is_edited_while_the_gateway_serves() {
    let manifest = "[package]\nname = \"greet\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    // What is linked is what `gw build` is asked for in `handlers.rs`, so that it is compiled once.
    let program = "gateway greeter {\n  listen http 127.0.0.1:1\n  log none\n  crate greet \"own/greet\"\n}\ntype Who { name: string(1..20) }\n\
         route POST /hello { body Who; handler greet::hello(body) within 1s }\n\
         route GET /status handler greet::status() within 1s\n";
    let folder = Folder::named(
        "run_words",
        &[
            ("gateway.gw", program),
            ("own/greet/Cargo.toml", manifest),
            ("own/greet/src/lib.rs", &words("one")),
        ],
    );
    let mut following = Following::begin(&folder, &["--listen", "127.0.0.1:0"]);
    let first = following.says();
    assert_eq!(first["result"]["generation"], 1, "{first}");
    let address: SocketAddr = first["result"]["listens"][0].as_str().unwrap().parse().unwrap();
    assert_eq!(ask(address), "one");

    folder.write("own/greet/src/lib.rs", &words("two"));
    let second = following.says();
    assert_eq!(second["result"]["generation"], 2, "{second}");
    answers(address, "two");

    // What rustc refuses changes nothing.
    folder.write("own/greet/src/lib.rs", &words("three").replace("status()", "status(_: u8)"));
    let refused = following.says();
    assert_eq!(
        (&refused["ok"], &refused["problems"][0]["name"]),
        (&Value::Bool(false), &Value::from("handler_refused")),
        "{refused}"
    );
    assert_eq!(ask(address), "two");
}

#[test]
fn a_line_that_cannot_be_followed_is_status_2() {
    let folder = Folder::with(&[]);
    let ran = folder.gw(&["run", "missing.gw"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.starts_with("error: missing.gw: No such file") && ran.err.contains("gw run FILE"),
        "{ran:?}"
    );
}

#[test]
fn a_port_that_is_taken_is_said_and_waited_for() {
    let folder = Folder::named("run_taken", &[("gateway.gw", &text("one"))]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut following = Following::begin(&folder, &["--listen", &address.to_string()]);
    let failure = following.says();
    assert_eq!(
        failure["result"]["failure"].as_str().unwrap(),
        format!("port {} is taken: something else listens on {address}", address.port())
    );
    drop(taken);
    folder.write("gateway.gw", &text("two"));
    assert_eq!(following.says()["result"]["generation"], 1);
    assert_eq!(ask(address), "two");
}
