//! What the operator is told of servers that are left out and of breakers that open.

use std::time::{Duration, Instant};

use gatewright_tests::process::{Process, command};
use gatewright_tests::server::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_tested");

/// A server that fails where the target says so.
fn obedient() -> Server {
    Server::new(|connection| {
        loop {
            let request = connection.request()?;
            let status = if request.target().contains("bad") { "500 No" } else { "200 OK" };
            connection.write(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"))?;
        }
    })
}

fn start(app: &Server, other: Option<&Server>, millis: u64) -> Process {
    let mut command = command(BINARY, app.address);
    command.env("OUTAGES", millis.to_string());
    match other {
        Some(other) => command.env("OTHER", other.address.to_string()),
        None => command.env_remove("OTHER"),
    };
    Process::start(&mut command)
}

fn ask(process: &Process, target: &str) -> u16 {
    process.client().ask(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).status()
}

#[test]
fn a_breaker_that_opens_is_half_open_and_closes_is_told() {
    let app = obedient();
    let mut process = start(&app, None, 1_000);
    for _ in 0..4 {
        assert_eq!(ask(&process, "/app/bad"), 500);
    }
    assert_eq!(process.says(), "app: its breaker is open for 1 s: 4 of 4 requests in 10 s have failed\n");
    assert_eq!(process.says(), "app: its breaker is half open: 1 request may go through\n");
    assert_eq!(ask(&process, "/app/good"), 200);
    assert_eq!(process.says(), "app: its breaker is closed: requests go through again\n");
    process.terminate();
    let (_, _, rest) = process.end();
    assert!(!rest.contains("breaker"), "nothing else has happened: {rest}");
}

#[test]
fn a_breaker_that_flaps_is_told_once_a_second_with_what_was_not_told() {
    let app = obedient();
    let mut process = start(&app, None, 20);
    let began = Instant::now();
    while ask(&process, "/app/bad") == 500 {}
    let line = process.says();
    assert!(line.starts_with("app: its breaker is "), "{line}");
    // Each that goes through opens it anew.
    let mut failed = 0;
    while began.elapsed() < Duration::from_millis(900) {
        failed += u32::from(ask(&process, "/app/bad") == 500);
    }
    let line = process.says();
    assert!(began.elapsed() >= Duration::from_secs(1), "no sooner: {line}");
    let (state, untold) = line.trim().split_once("; ").expect("something was not told");
    let is_state = state == "app: its breaker is half open: 1 request may go through"
        || state == "app: its breaker is open for another 1 s: a request that it let through has failed";
    assert!(is_state, "{line}");
    let untold: u32 = untold.strip_suffix(" changes before were not told").unwrap().parse().unwrap();
    assert!(failed > 1 && untold >= 2 * failed - 1, "{failed} failed: {line}");
}

#[test]
fn a_server_that_is_left_out_and_comes_back_is_told() {
    let (app, other) = (obedient(), Server::ok());
    let mut process = start(&app, Some(&other), 1_000);
    // The other one answers whatever is asked.
    while app.requests().len() < 3 {
        ask(&process, "/app/bad");
    }
    let address = app.address;
    assert_eq!(process.says(), format!("app: {address} is left out for 1 s: 3 failures in a row\n"));
    assert_eq!(process.says(), format!("app: {address} is no longer left out after failures\n"));
    process.terminate();
    let (_, _, rest) = process.end();
    assert!(!rest.contains("left out"), "nothing else has happened: {rest}");
}
