//! The ends of things: clients that leave while a server thinks, refusals that are still being sent to, answers that
//! took long, heads that never end, and a stop in the middle of a connection attempt.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, APP, PAIR};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{Cue, eventually};

const STEP: Duration = Duration::from_millis(100);
const GET: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// Has the gateway go round its reactor, so that it has seen what happened before.
fn round(gate: &Gate) {
    for _ in 0..2 {
        assert_eq!(gate.ask(HELLO).status(), 200);
    }
}

#[track_caller]
fn about(by: Duration, seconds: u64) {
    let expected = Duration::from_secs(seconds);
    // The gateway acts a moment of real time after the clock has moved.
    assert!(by >= expected && by < expected + Duration::from_secs(10), "after {by:?}");
}

#[test]
fn a_server_does_not_work_for_long_for_a_client_that_has_closed_its_side() {
    for request in [GET, POST] {
        let server = Server::new(Connection::wait);
        let gate = Gate::before(&server);
        let mut client = gate.client();
        client.send(request).half_close();
        server.only();
        round(&gate);
        let by = gate.advance_until(STEP, || server.is_over(0));
        about(by, 5);
        assert!(client.ends(), "there is nothing to say to it");
        let lines = gate.log(3);
        let line = lines.iter().find(|line| line["path"] == "/app/x").unwrap();
        assert_eq!(line["reason"], "client_closed");
    }
}

#[test]
fn a_client_that_has_sent_more_and_resets_is_gone_at_once() {
    for more in ["G", "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let server = Server::new(Connection::wait);
        let gate = Gate::before(&server);
        let mut client = gate.client();
        client.send(format!("{GET}{more}"));
        server.only();
        round(&gate);
        client.send(more);
        round(&gate);
        client.reset();
        server.over(0);
        let line = gate.log(5).into_iter().find(|line| line["path"] == "/app/x").unwrap();
        assert_eq!(line["reason"], "client_closed", "{more}");
    }
}

#[test]
fn a_client_that_closes_its_side_while_the_server_thinks_has_as_long() {
    let server = Server::new(Connection::wait);
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(GET);
    server.only();
    gate.clock.advance(Duration::from_secs(15));
    client.half_close();
    round(&gate);
    let by = gate.advance_until(STEP, || server.is_over(0));
    about(by, 5);
}

#[test]
fn a_shorter_wait_for_the_server_stays_the_servers_fault() {
    let server = Server::new(Connection::wait);
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n\r\n").half_close();
    server.only();
    round(&gate);
    gate.advance_until(STEP, || client.stirs());
    refused(&client.answer(), 504, "upstream_timeout");
}

#[test]
fn an_answer_that_comes_soon_after_the_client_closed_its_side_is_delivered() {
    let begin = Cue::default();
    let go = begin.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        go.wait()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")?;
        go.wait()?;
        connection.write("lf")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(GET).half_close();
    server.only();
    round(&gate);
    gate.clock.advance(Duration::from_secs(4));
    begin.give();
    eventually("it begins", || client.stirs() && client.held().ends_with(b"ha"));
    // Only the head had to come soon.
    gate.clock.advance(Duration::from_secs(20));
    round(&gate);
    begin.give();
    assert_eq!(client.answer().text(), "half");
    assert!(client.ends_in_order());
}

/// A refused upload, of which some is still to come.
fn refused_upload(gate: &Gate) -> Client {
    let mut client = gate.client();
    let answer = client.ask("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n");
    refused(&answer, 413, "body_too_large");
    client
}

/// Sends a byte; whether anybody still takes it.
fn taken(gate: &Gate, client: &mut Client) -> bool {
    let sent = client.try_send("x").is_ok();
    round(gate);
    sent
}

#[test]
fn a_refusal_is_not_reset_while_the_upload_goes_on() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = refused_upload(&gate);
    let mut by = Duration::ZERO;
    while taken(&gate, &mut client) && by < Duration::from_mins(2) {
        gate.clock.advance(Duration::from_secs(1));
        by += Duration::from_secs(1);
    }
    // A send is the first to meet a closed socket, and the next fails.
    assert!(by >= Duration::from_secs(29) && by <= Duration::from_secs(36), "after {by:?}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_refusal_is_not_waited_for_when_the_upload_stops() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = refused_upload(&gate);
    assert!(taken(&gate, &mut client));
    eventually("it is closed", || {
        gate.clock.advance(Duration::from_millis(2_100));
        // A byte that comes before the gateway has looked at its clock would buy time.
        std::thread::sleep(Duration::from_millis(5));
        round(&gate);
        !taken(&gate, &mut client)
    });
}

#[test]
fn a_connection_is_kept_from_the_end_of_a_long_answer() {
    // Nothing of the answer but its end may tell the time: it states a date, its connection is
    // not kept, and no log is written.
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                  Content-Length: 2\r\n\r\nok";
    let begin = Cue::default();
    let go = begin.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        go.wait()?;
        connection.write(answer)
    });
    let gate = Setup { program: program::silent(), ..Setup::app(&server) }.start();
    let mut client = gate.client();
    client.send(GET);
    server.only();
    gate.clock.advance(Duration::from_secs(28));
    begin.give();
    assert_eq!(client.answer().text(), "ok");
    let by = gate.advance_until(STEP, || client.stirs());
    about(by, 60);
    assert!(client.ends_in_order());
}

#[test]
fn a_connection_is_kept_from_the_end_of_an_answer_in_pieces() {
    let more = Cue::default();
    let go = more.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n")?;
        for _ in 0..3 {
            go.wait()?;
            connection.write("x")?;
        }
        Ok(())
    });
    let gate = Setup { program: program::silent(), ..Setup::app(&server) }.start();
    let mut client = gate.client();
    client.send(GET);
    server.only();
    for n in 1..=3 {
        gate.clock.advance(Duration::from_secs(21));
        more.give();
        eventually("a piece comes", || client.stirs() && client.held().ends_with(&vec![b'x'; n]));
    }
    assert_eq!(client.answer().text(), "xxx");
    let by = gate.advance_until(STEP, || client.stirs());
    about(by, 60);
}

#[test]
fn a_head_that_never_ends_is_logged_with_the_time_that_it_took() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /app/x HTTP/1.1\r\nHost: a\r\n");
    round(&gate);
    gate.advance_until(STEP, || client.stirs());
    refused(&client.answer(), 408, "head_timeout");
    let lines = gate.log(3);
    let line = lines.iter().find(|line| line["reason"] == "head_timeout").unwrap();
    let took = line["microseconds"].as_u64().unwrap();
    assert!((10_000_000..15_000_000).contains(&took), "{took}");
}

/// An address whose connections are never accepted and whose backlog is full.
fn full() -> (SocketAddr, Vec<TcpStream>, socket2::Socket) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(150)) {
        held.push(stream);
    }
    (address, held, socket)
}

#[test]
fn a_cut_while_a_connection_is_made_is_a_503() {
    let (address, _held, _socket) = full();
    let server = Server::ok();
    for path in ["/app/x", "/pair/x"] {
        let gate = Setup::app(&server)
            .place(APP, address)
            .place(PAIR[0], address)
            .limit(|limits| limits.drain = Duration::from_millis(300))
            .start();
        let mut client = gate.client();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        round(&gate);
        gate.drain();
        let by = gate.advance_until(Duration::from_millis(10), || client.stirs());
        assert!(by < Duration::from_secs(1), "the connection itself has a second: {by:?}");
        refused(&client.answer(), 503, "drained");
        gate.join();
    }
    assert_eq!(server.connections(), 0, "no other server is asked");
}
