//! Memory is bounded by connections, never by bodies. Measured on a process of its own.

use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::process::{Process, command};
use gatewright_tests::server::{Connection, Server};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const SIZE: u64 = 200_000_000;
/// For ten exchanges at once: two buffers of 80 KiB each, and what an allocator keeps.
const BOUND: u64 = 8 * 1024;

/// A gateway that has served a little, so that what it needs anyway is there.
fn start(server: &Server) -> (Process, u64) {
    let gateway = Process::start(&mut command(BINARY, server.address));
    for _ in 0..20 {
        gateway.client().ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    let memory = gateway.memory();
    (gateway, memory)
}

/// Waits until nothing moves any more.
fn settle(mut moved: impl FnMut() -> u64) {
    let mut before = 0;
    let mut same = 0;
    eventually("it stalls", || {
        std::thread::sleep(Duration::from_millis(20));
        let now = moved();
        same = if now == before && now > 0 { same + 1 } else { 0 };
        before = now;
        same > 10
    });
}

#[track_caller]
fn flat(gateway: &Process, before: u64) {
    let after = gateway.memory();
    assert!(after < before + BOUND, "{before} KiB became {after} KiB");
}

#[test]
fn clients_that_never_read_cost_no_more_than_buffers() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"))?;
        for _ in 0..SIZE / 100_000 {
            connection.write([b'x'; 100_000])?;
            connection.counted(100_000);
        }
        connection.wait()
    });
    let (gateway, before) = start(&server);
    let clients: Vec<Client> = (0..10)
        .map(|_| {
            let mut client = gateway.client();
            client.send("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
            client
        })
        .collect();
    settle(|| (0..10).map(|index| server.count(index)).sum());
    flat(&gateway, before);
    drop(clients);
}

#[test]
fn servers_that_never_read_cost_no_more_than_buffers() {
    let server = Server::new(|connection| {
        connection.head()?;
        std::thread::park_timeout(gatewright_tests::PATIENCE);
        Ok(())
    });
    let (gateway, before) = start(&server);
    let piece = vec![b'x'; 1_000_000];
    let mut clients: Vec<_> = (0..10)
        .map(|_| {
            let mut client = gateway.client();
            client.send(format!("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n"));
            client
        })
        .collect();
    let mut sent = 0;
    settle(|| {
        sent += clients.iter_mut().map(|client| client.send_some(&piece).unwrap() as u64).sum::<u64>();
        sent
    });
    assert!(sent < 10 * SIZE);
    flat(&gateway, before);
}

#[test]
fn large_bodies_pass_through_little_memory() {
    let server = Server::new(|connection| {
        connection.head()?;
        connection.count(SIZE)?;
        connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"))?;
        for _ in 0..SIZE / 100_000 {
            connection.write([b'x'; 100_000])?;
        }
        connection.wait()
    });
    let (gateway, before) = start(&server);
    let mut client = gateway.client();
    client.send(format!("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n"));
    for _ in 0..SIZE / 100_000 {
        client.send([b'x'; 100_000]);
    }
    flat(&gateway, before);
    let mut left = SIZE;
    while left > 0 {
        left = left.saturating_sub(client.read(50_000).len() as u64);
        if left.is_multiple_of(10_000_000) {
            flat(&gateway, before);
        }
    }
}

#[test]
fn idle_connections_cost_little() {
    let server = Server::ok();
    let (gateway, before) = start(&server);
    let clients: Vec<_> = (0..500)
        .map(|_| {
            let mut client = gateway.client();
            assert_eq!(client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").text(), "ok");
            client
        })
        .collect();
    let each = gateway.memory().saturating_sub(before) * 1024 / 500;
    assert!(each < 8 * 1024, "{each} bytes for each connection");
    drop(clients);
}

#[test]
fn requests_sent_ahead_cost_no_more_than_a_head() {
    const CLIENTS: usize = 200;
    let later = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".repeat(6_000);
    // Behind a head, behind a body of known length, and behind the end of a chunked one.
    for (head, end) in [
        ("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n", ""),
        ("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n", "body"),
        ("POST /app/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n"),
    ] {
        let server = Server::new(Connection::wait);
        let (gateway, before) = start(&server);
        let all = [end, &later].concat();
        let clients: Vec<Client> = (0..CLIENTS)
            .map(|n| {
                let mut client = gateway.client();
                if end.is_empty() {
                    client.send([head, &later].concat());
                } else {
                    client.send(head);
                    eventually("the head arrives", || server.received(n).ends_with(b"\r\n\r\n"));
                    client.send_some(all.as_bytes());
                }
                client
            })
            .collect();
        eventually("all arrive", || (0..CLIENTS).all(|n| server.received(n).ends_with(end.as_bytes())));
        let each = gateway.memory().saturating_sub(before) * 1024 / CLIENTS as u64;
        assert!(each < 56 * 1024, "{each} bytes for each connection, {head:?}");
        drop(clients);
    }
}
