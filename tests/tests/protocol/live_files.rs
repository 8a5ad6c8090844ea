//! Live values that files say: before the start, while it runs, and over a hand-over.

use std::path::Path;
use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, refused};
use gatewright_tests::process::{Process, command, run};
use gatewright_tests::server::Server;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::live::{get, metric, one, setup, shown};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");

/// A second of the gateway's, until something holds.
fn until(gate: &Gate, holds: impl FnMut() -> bool) {
    gate.advance_until(Duration::from_secs(1), holds);
}

fn office(gate: &Gate) -> serde_json::Value {
    one(gate, "office")["value"].clone()
}

/// Writes as one should: all at once.
fn rename(folder: &Path, text: &str) {
    let fresh = folder.join("fresh");
    std::fs::write(&fresh, text).unwrap();
    std::fs::rename(&fresh, folder.join("office.json")).unwrap();
}

#[test]
fn a_file_that_cannot_be_read_or_says_something_else_starts_nothing() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("office.json");
    for (text, said) in [
        ("", "it ends after 0 bytes: expected a value"),
        ("[\"10.0.0.0/8\"", "expected `,` or `]`"),
        ("\"10.0.0.0/8\"", "`office` must be list<cidr>, found \"10.0.0.0/8\""),
        ("[\"10.0.0.1/8\"]", "`office` must be list<cidr>, found \"10.0.0.1/8\""),
        ("10.0.0.0/8\n", "expected the end"),
    ] {
        std::fs::write(&file, text).unwrap();
        let why = setup(&server, folder.path()).try_start().map(|_| ()).unwrap_err();
        assert!(why.contains(said), "{text}: {why}");
        assert!(why.starts_with("`office` cannot be read from /etc/tested/office.json: "), "{why}");
        assert_eq!(why.lines().count(), 1, "{why}");
    }
    std::fs::write(&file, format!("[{}]", " ".repeat(1 << 20))).unwrap();
    let why = setup(&server, folder.path()).try_start().map(|_| ()).unwrap_err();
    assert!(why.contains("more than 1048576 bytes"), "{why}");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let why = setup(&server, folder.path()).try_start().map(|_| ()).unwrap_err();
    assert!(why.contains("it is no file"), "{why}");
}

#[test]
fn a_process_says_so_in_one_line_before_it_opens_anything() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.json");
    for arguments in [&[][..], &["--check"]] {
        let (code, out, said) = run(command(BINARY, server.address).env("LIVE", &missing).args(arguments));
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(said.contains("missing.json: No such file") && !said.contains("listens"), "{said}");
    }
    std::fs::write(&missing, "[]").unwrap();
    let (code, _, said) = run(command(BINARY, server.address).env("LIVE", &missing).arg("--check"));
    assert_eq!(code, Some(0), "{said}");
    // It is nothing that a start could be given.
    let (code, _, said) = run(command(BINARY, server.address).env("LIVE", &missing).args(["--step", "5"]));
    assert_eq!(code, Some(2));
    assert!(said.contains("unknown argument `--step`"), "{said}");
}

#[test]
fn a_file_that_changes_is_what_holds() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let gate = setup(&server, folder.path()).start();
    refused(&gate.ask(get("/office")), 403, "not_allowed");
    rename(folder.path(), "[\"127.0.0.0/8\"]");
    until(&gate, || gate.ask(get("/office")).status() == 200);
    assert_eq!(metric(&gate, "gatewright_live_changes_total{by=\"file\"}"), 1);
    // Written in place, and of the same length.
    std::fs::write(folder.path().join("office.json"), "[\"128.0.0.0/8\"]").unwrap();
    until(&gate, || gate.ask(get("/office")).status() == 403);
    assert_eq!(office(&gate), json!(["128.0.0.0/8"]));
}

#[test]
fn what_is_no_value_leaves_the_last_good_one() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("office.json");
    std::fs::write(&file, "[\"127.0.0.0/8\"]").unwrap();
    let gate = setup(&server, folder.path()).start();
    let series = |reason: &str| format!("gatewright_live_refused_total{{reason=\"{reason}\"}}");
    let is_refused = "gatewright_live_file_refused{name=\"office\"}";
    assert_eq!(metric(&gate, is_refused), 0);
    for (text, reason) in [
        ("", "not_json"),
        ("[\"10.0.0.0/8\", \"10.", "not_json"),
        ("[\"10.0.0.0/8\"]]", "not_json"),
        ("{}", "wrong_type"),
        ("[1]", "wrong_type"),
    ] {
        let before = metric(&gate, &series(reason));
        rename(folder.path(), text);
        until(&gate, || metric(&gate, &series(reason)) > before);
        assert_eq!(gate.ask(get("/office")).status(), 200, "{text}");
        assert_eq!((office(&gate), metric(&gate, is_refused)), (json!(["127.0.0.0/8"]), 1));
        assert_eq!(one(&gate, "office")["refused"], reason);
    }
    std::fs::remove_file(&file).unwrap();
    until(&gate, || metric(&gate, &series("unreadable")) == 1);
    assert_eq!(gate.ask(get("/office")).status(), 200);
    assert_eq!(shown(&gate)["generation"], 0);
    // It is said once, however long it lasts.
    for _ in 0..5 {
        gate.clock.advance(Duration::from_secs(1));
    }
    rename(folder.path(), "[]");
    until(&gate, || gate.ask(get("/office")).status() == 403);
    assert_eq!((metric(&gate, &series("unreadable")), metric(&gate, is_refused)), (1, 0));
}

#[test]
fn an_operator_may_have_it_read_at_once() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let gate = setup(&server, folder.path()).start();
    rename(folder.path(), "[\"127.0.0.0/8\"]");
    gate.reread();
    gatewright_tests::eventually("it is read", || gate.ask(get("/office")).status() == 200);
}

/// Where a process says that it is asked about itself.
pub(super) fn admin_at(process: &mut Process) -> std::net::SocketAddr {
    let line = process.says();
    let at =
        line.trim().strip_prefix("tested tells of itself on http://").unwrap_or_else(|| panic!("{line}"));
    at.parse().unwrap()
}

fn admin(process: &mut Process) -> Client {
    Client::connect(admin_at(process))
}

fn change(mut admin: Client, name: &str, value: &str) -> u16 {
    let length = value.len();
    let head = format!("PUT /live/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n");
    admin.ask(format!("{head}Content-Length: {length}\r\n\r\n{value}")).status()
}

#[test]
fn each_change_is_one_line_and_the_next_generation_knows_it() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("office.json");
    std::fs::write(&file, "[]").unwrap();
    let mut process = Process::start(command(BINARY, server.address).env("LIVE", &file));
    let asking = admin(&mut process);
    assert_eq!(change(asking, "mode", "\"green\""), 200);
    let line = process.says();
    let (when, line) = line.split_once(' ').unwrap();
    assert!(when.len() == 20 && when.ends_with('Z'), "{when}");
    assert!(line.starts_with("live mode: \"blue\" -> \"green\", by peer 127.0.0.1:"), "{line}");
    assert!(line.ends_with(", generation 1\n"), "{line}");
    // The file is read at once, and what it says is said.
    std::fs::write(&file, "[\"127.0.0.0/8\"]").unwrap();
    process.hang_up();
    let line = process.says();
    assert!(line.contains(" live office: [] -> [\"127.0.0.0/8\"], by file "), "{line}");
    assert_eq!(process.client().ask(get("/office")).status(), 200);

    kill_process(process.pid(), Signal::USR2).unwrap();
    // Lines of both generations come the same way, in any order.
    let (mut said, mut next) = (String::new(), None);
    while !said.contains("has stopped") {
        let line = process.says();
        assert!(!line.is_empty(), "{said}");
        if line.contains("as its next generation") {
            let number: i32 = line.split(' ').find_map(|word| word.parse().ok()).unwrap();
            next = Some(Next(Pid::from_raw(number).unwrap()));
        }
        said.push_str(&line);
    }
    let next = next.unwrap_or_else(|| panic!("{said}"));
    assert!(said.contains("live mode: \"blue\" -> \"green\", by generation before, generation 1"), "{said}");
    assert_eq!(process.client().ask(get("/mode")).text(), "green");
    assert_eq!(process.client().ask(get("/office")).status(), 200);
    drop(next);
}

/// A generation that nobody else ends.
struct Next(Pid);

impl Drop for Next {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}
