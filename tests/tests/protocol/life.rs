//! Panics stay where they happen, and a stop ends what is open in order.

use std::time::Duration;

use gatewright_runtime::clock::Clock;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{Cue, eventually};

const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
const GET: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";

fn slow() -> (Server, Cue) {
    let cue = Cue::default();
    let go = cue.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        go.wait()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        connection.wait()
    });
    (server, cue)
}

#[test]
fn a_panic_is_a_500_and_ends_only_its_own_connection() {
    let (server, cue) = slow();
    let gate = Gate::before(&server);
    let mut other = gate.client();
    other.send(GET);
    server.only();
    let mut idle = gate.client();
    idle.ask(HELLO);
    for _ in 0..3 {
        let mut client = gate.client();
        client.send(["POST /panic HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", HELLO].concat());
        let answer = client.answer();
        refused(&answer, 500, "panic");
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
        client.half_close();
        assert!(client.ends());
    }
    cue.give();
    assert_eq!(other.answer().text(), "ok");
    assert_eq!(idle.ask(HELLO).status(), 200);
    assert_eq!(gate.ask(HELLO).status(), 200);
    let panics = gate.log(1).iter().filter(|line| line["reason"] == "panic").count();
    assert_eq!(panics, 3);
}

#[test]
fn a_stop_without_connections_is_at_once() {
    let server = Server::ok();
    let gate = Setup { clock: Clock::real(), ..Setup::app(&server) }.start();
    gate.drain();
    gate.join();
}

#[test]
fn a_drain_ends_what_is_open_and_accepts_nothing() {
    let (server, cue) = slow();
    let gate = Gate::before(&server);
    let mut busy = gate.client();
    busy.send(GET);
    server.only();
    let mut idle = gate.client();
    assert_eq!(idle.ask(HELLO).field("connection"), None);
    gate.drain();
    eventually("the port is closed", || std::net::TcpStream::connect(gate.address).is_err());
    // Neither is closed in the middle: each gets one more answer, which says that it is the last.
    let answer = idle.ask(HELLO);
    assert_eq!((answer.text().as_str(), answer.field("connection").as_deref()), ("hello\\n", Some("close")));
    assert!(idle.ends_in_order());
    assert!(!busy.stirs());
    cue.give();
    let answer = busy.answer();
    assert_eq!((answer.text().as_str(), answer.field("connection").as_deref()), ("ok", Some("close")));
    assert!(busy.ends_in_order());
    gate.join();
}

#[test]
fn the_end_of_a_drain_cuts_what_is_left() {
    let server = Server::new(Connection::wait);
    let gate = Setup::app(&server).limit(|limits| limits.drain = Duration::from_secs(5)).start();
    let mut idle = gate.client();
    idle.ask(HELLO);
    let mut busy = gate.client();
    busy.send("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    eventually("the half arrives", || server.received(0).ends_with(b"half"));
    gate.drain();
    let by = gate.advance_until(Duration::from_millis(500), || busy.stirs() && idle.stirs());
    assert!(by >= Duration::from_secs(4), "{by:?}");
    refused(&busy.answer(), 503, "drained");
    assert!(idle.ends());
    server.over(0);
    gate.join();
}

#[test]
fn many_gateways_run_side_by_side() {
    let server = Server::ok();
    let gates: Vec<_> = (0..5).map(|_| Setup { workers: 2, ..Setup::app(&server) }.start()).collect();
    for gate in &gates {
        for _ in 0..8 {
            assert_eq!(gate.ask(GET).text(), "ok");
        }
    }
    for gate in gates {
        gate.drain();
        gate.join();
    }
}

#[test]
fn many_clients_come_and_go() {
    let server = Server::ok();
    let gate = Setup { workers: 2, ..Setup::app(&server) }.start();
    let address = gate.address;
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            std::thread::spawn(move || {
                for n in 0..40 {
                    let mut client = gatewright_tests::client::Client::connect(address);
                    match (thread + n) % 4 {
                        0 => client.send(GET).reset_now(),
                        1 => drop(client.send("GET /app/x HT")),
                        _ => assert_eq!(client.ask(GET).text(), "ok"),
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    gate.drain();
    gate.join();
}
