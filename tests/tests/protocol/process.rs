//! The gateway as a process: how it starts, what it says where it cannot, and how it stops.

use std::process::Command;
use std::time::{Duration, Instant};

use gatewright_tests::process::{Process, command, run};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{Cue, eventually};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_taken_port_is_one_clear_sentence() {
    let server = Server::ok();
    // Whoever holds it: something else, or a gateway that would share it.
    let gateway = Process::start(&mut command(BINARY, server.address));
    for taken in [server.address, gateway.address] {
        let (code, out, err) = run(command(BINARY, server.address).env("LISTEN", taken.to_string()));
        let port = taken.port();
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert_eq!(err, format!("error: port {port} is taken: something else listens on {taken}\n"));
    }
    assert_eq!(gateway.client().ask(HELLO).status(), 200);
}

#[test]
fn too_few_descriptors_are_one_clear_sentence_before_any_traffic() {
    let (code, out, err) = run(Command::new("sh").args(["-c", "ulimit -n 100; exec \"$0\"", BINARY]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.starts_with("error: the limit of open files is 100, and at least "), "{err}");
    assert!(err.contains("help: raise it"), "{err}");
    assert!(!err.contains("listens"), "{err}");
}

#[test]
fn a_limit_that_may_be_raised_is_raised() {
    let server = Server::ok();
    let mut shell = command("sh", server.address);
    let gateway = Process::start(shell.args(["-c", "ulimit -S -n 100; exec \"$0\"", BINARY]));
    assert_eq!(gateway.client().ask(HELLO).status(), 200);
}

#[test]
fn it_says_its_version_and_knows_no_other_argument() {
    let (code, out, _) = run(Command::new(BINARY).arg("--version"));
    assert_eq!(code, Some(0));
    assert!(out.starts_with("tested (gatewright 0."), "{out}");
    let (code, _, err) = run(Command::new(BINARY).arg("--verbose"));
    assert_eq!(code, Some(2));
    assert!(err.contains("unknown argument `--verbose`"), "{err}");
}

#[test]
fn the_first_signal_drains() {
    let cue = Cue::default();
    let go = cue.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        go.wait()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    });
    let mut gateway = Process::start(&mut command(BINARY, server.address));
    let (mut busy, mut idle) = (gateway.client(), gateway.client());
    idle.ask(HELLO);
    busy.send("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    server.only();
    gateway.terminate();
    eventually("the port is closed", || std::net::TcpStream::connect(gateway.address).is_err());
    assert!(!gateway.ended());
    assert_eq!(idle.ask(HELLO).field("connection").as_deref(), Some("close"));
    cue.give();
    assert_eq!(busy.answer().text(), "ok");
    let (well, out, err) = gateway.end();
    assert!(well);
    assert_eq!(err, "tested has stopped\n");
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "no line is lost: {out}");
}

#[test]
fn the_second_signal_cuts() {
    let server = Server::new(Connection::wait);
    let gateway = Process::start(&mut command(BINARY, server.address));
    let mut busy = gateway.client();
    busy.send("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    server.only();
    gateway.terminate();
    eventually("the port is closed", || std::net::TcpStream::connect(gateway.address).is_err());
    gateway.terminate();
    assert_eq!(busy.answer().status(), 503);
    server.over(0);
    drop(busy);
    assert!(gateway.end().0);
}

#[test]
fn a_stop_with_nothing_open_is_prompt() {
    let server = Server::ok();
    let fastest = (0..3).map(|_| {
        let gateway = Process::start(&mut command(BINARY, server.address));
        gateway.client().ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let began = Instant::now();
        gateway.terminate();
        let (well, log, _) = gateway.end();
        assert!(well && log.lines().count() == 1, "{log}");
        began.elapsed()
    });
    // The best of three, so that a busy machine is no failure.
    let fastest = fastest.min().unwrap();
    assert!(fastest < Duration::from_millis(700), "{fastest:?}");
}

#[test]
fn a_log_whose_pipe_is_closed_stops_neither_traffic_nor_the_end() {
    let server = Server::ok();
    let mut gateway = Process::start(&mut command(BINARY, server.address));
    gateway.close_stdout();
    let mut client = gateway.client();
    let long = format!("GET /nowhere/{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(10_000));
    for _ in 0..200 {
        assert_eq!(client.ask(&long).status(), 404);
    }
    assert_eq!(client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").text(), "ok");
    drop(client);
    gateway.terminate();
    assert!(gateway.end().0);
}

#[test]
fn a_log_whose_pipe_is_full_stops_neither_traffic_nor_the_end() {
    let server = Server::ok();
    let mut gateway = Process::start(&mut command(BINARY, server.address));
    let mut client = gateway.client();
    let long = format!("GET /nowhere/{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(10_000));
    // Far more than the pipe and the gateway's own queue hold.
    for _ in 0..500 {
        assert_eq!(client.ask(&long).status(), 404);
    }
    drop(client);
    let began = Instant::now();
    gateway.terminate();
    eventually("it ends although nobody reads its log", || gateway.ended());
    assert!(began.elapsed() < Duration::from_secs(9));
}
