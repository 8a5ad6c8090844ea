//! `capacity`: what is more than a gateway takes at once waits or is refused, and what is under way goes on.

use std::time::Duration;

use gatewright_runtime::generated::{Capacity, Program, Setting};
use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::process::{Process, command, run};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{Cue, eventually};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const GET: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";
const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
const NOTHING: Capacity = Capacity {
    connections: None,
    in_flight: None,
    memory: None,
    retry_after: Setting::Is(Duration::from_secs(7)),
};

fn gate(server: &Server, capacity: Capacity, workers: usize) -> Gate {
    let setup = Setup::app(server);
    let program = Box::leak(Box::new(Program { capacity: Some(capacity), ..*setup.program }));
    Setup { program, workers, ..setup }.start()
}

/// Answers when it is told to.
fn slow() -> (Server, Cue) {
    let cue = Cue::default();
    let given = cue.clone();
    let server = Server::new(move |connection: &mut Connection| {
        loop {
            connection.request()?;
            given.wait()?;
            connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        }
    });
    (server, cue)
}

#[test]
fn what_is_more_than_may_be_under_way_is_told_when_to_come_again() {
    for workers in [1, 2] {
        let (server, cue) = slow();
        let gate = gate(&server, Capacity { in_flight: Some(Setting::Is(3)), ..NOTHING }, workers);
        let mut busy: Vec<Client> = (0..3)
            .map(|_| {
                let mut client = gate.client();
                client.send(GET);
                client
            })
            .collect();
        eventually("three are under way", || server.requests().len() == 3);
        // The connection stays: it may ask again on it.
        let mut more = gate.client();
        for _ in 0..3 {
            let answer = more.ask(HELLO);
            refused(&answer, 503, "overloaded");
            assert_eq!(answer.field("retry-after").as_deref(), Some("7"));
        }
        cue.give();
        eventually("one has its answer", || busy.iter_mut().any(Client::stirs));
        eventually("its place is free", || more.ask(HELLO).status() == 200);
        for _ in 0..2 {
            cue.give();
        }
        for client in &mut busy {
            assert_eq!(client.answer().text(), "ok");
        }
    }
}

#[test]
fn whoever_leaves_or_fails_leaves_a_place() {
    let server = Server::new(Connection::wait);
    let gate = gate(&server, Capacity { in_flight: Some(Setting::Is(1)), ..NOTHING }, 1);
    for round in 0..3 {
        let mut client = gate.client();
        client.send(GET);
        eventually("it is under way", || server.connections() > round);
        refused(&gate.ask(HELLO), 503, "overloaded");
        client.reset();
        eventually("its place is free", || gate.ask(HELLO).status() == 200);
        refused(&gate.ask("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n"), 500, "panic");
    }
    assert_eq!(gate.ask(HELLO).status(), 200);
}

#[test]
fn who_is_one_too_many_waits_to_be_accepted() {
    let server = Server::ok();
    let gate = gate(&server, Capacity { connections: Some(Setting::Is(3)), ..NOTHING }, 1);
    let mut first: Vec<Client> = (0..3).map(|_| gate.client()).collect();
    for client in &mut first {
        assert_eq!(client.ask(HELLO).status(), 200);
    }
    let mut last = gate.client();
    last.send(HELLO);
    for _ in 0..5 {
        gate.clock.advance(Duration::from_millis(100));
        assert!(!last.stirs());
    }
    drop(first.pop());
    gate.advance_until(Duration::from_millis(100), || last.stirs());
    assert_eq!(last.answer().status(), 200);
}

#[test]
fn the_memory_of_the_process_stays_within_what_is_said() {
    const MOST: u64 = 64 << 20;
    let server = Server::new(Connection::wait);
    let mut command = command(BINARY, server.address);
    let gateway = Process::start(command.env("MEMORY", MOST.to_string()));
    let body = vec![b'x'; 300_000];
    let mut clients: Vec<Client> = Vec::new();
    let mut overloaded = 0;
    for _ in 0..300 {
        let mut client = gateway.client();
        client.send("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
        client.send_some(&body);
        clients.push(client);
    }
    eventually("everybody is under way or refused", || {
        overloaded = clients.iter_mut().map(|client| usize::from(client.stirs())).sum();
        server.connections() + overloaded == clients.len()
    });
    assert!(overloaded > 100 && server.connections() > 20, "{overloaded} {}", server.connections());
    assert!(gateway.memory() * 1024 < MOST, "{} KiB", gateway.memory());
    drop(clients);
    eventually("it has room again", || gateway.client().ask(HELLO).status() == 200);
}

#[test]
fn too_little_memory_for_what_is_said_does_not_start() {
    let server = Server::ok();
    let (code, _, err) = run(command(BINARY, server.address).env("MEMORY", "4194304"));
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: `capacity memory` is 4MiB, and "), "{err}");
}
