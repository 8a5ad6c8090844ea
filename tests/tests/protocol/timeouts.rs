//! Every wait has an end: heads, bodies, answers, connections, and peers that stop reading. The clock is moved by
//! hand, so nothing here depends on how fast the machine is.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use gatewright_tests::client::{Client, End};
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{APP, PAIR};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::wire::Message;

const STEP: Duration = Duration::from_millis(100);

fn silent() -> Server {
    Server::new(Connection::wait)
}

/// Moves the clock until an answer is there; answers how far that was.
fn advance_to_answer(gate: &Gate, client: &mut Client) -> (Message, Duration) {
    let by = gate.advance_until(STEP, || client.stirs());
    (client.answer(), by)
}

#[track_caller]
fn about(by: Duration, seconds: u64) {
    let expected = Duration::from_secs(seconds);
    // The gateway acts a moment of real time after the clock has moved.
    assert!(by >= expected && by < expected + Duration::from_secs(10), "after {by:?}");
}

#[test]
fn a_head_that_does_not_end_is_408() {
    let server = silent();
    let gate = Gate::before(&server);
    for part in ["G", "GET /app/x HTTP/1.1\r\nHost: a\r\n", "\r\nGET"] {
        let mut client = gate.client();
        client.send(part);
        gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        let (answer, by) = advance_to_answer(&gate, &mut client);
        refused(&answer, 408, "head_timeout");
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
        about(by, 10);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_head_in_drops_does_not_buy_time() {
    let server = silent();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /app/x HTTP/1.1\r\nHost: a\r\nX: ");
    let mut sender = client.also();
    let by = gate.advance_until(STEP, || {
        sender.send("x");
        client.stirs()
    });
    refused(&client.answer(), 408, "head_timeout");
    about(by, 10);
}

#[test]
fn a_quiet_connection_is_closed_without_a_word() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut used = gate.client();
    assert_eq!(used.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    let mut unused = gate.client();
    let by = gate.advance_until(STEP, || used.stirs() && unused.stirs());
    assert!(used.ends_in_order() && unused.ends_in_order());
    about(by, 60);
}

#[test]
fn the_time_for_a_head_is_not_the_servers() {
    // The total counts from the end of the head, so a slow client's request is not refused for its server's sake.
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n");
    gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.clock.advance(Duration::from_secs(5));
    gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send("\r\n");
    gate.clock.advance(Duration::from_millis(100));
    assert_eq!(client.answer().status(), 200);
    let silent = silent();
    let gate = Gate::before(&silent);
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n");
    gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.clock.advance(Duration::from_secs(5));
    client.send("\r\n");
    silent.only();
    let (answer, by) = advance_to_answer(&gate, &mut client);
    refused(&answer, 504, "upstream_timeout");
    about(by, 2);
}

#[test]
fn a_server_that_does_not_answer_is_504_and_the_connection_goes_on() {
    let server = silent();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n\r\n");
    server.only();
    let (answer, by) = advance_to_answer(&gate, &mut client);
    refused(&answer, 504, "upstream_timeout");
    about(by, 2);
    server.over(0);
    assert_eq!(answer.field("connection"), None);
    assert_eq!(client.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
}

#[test]
fn a_request_behind_one_that_timed_out_is_answered() {
    let server = silent();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    server.only();
    let (answer, _) = advance_to_answer(&gate, &mut client);
    refused(&answer, 504, "upstream_timeout");
    assert_eq!(client.answer().text(), "hello\\n");
}

#[test]
fn interim_answers_do_not_buy_time() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write("HTTP/1.1 103 Early Hints\r\n\r\n")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    assert_eq!(client.ask("GET /tight HTTP/1.1\r\nHost: a\r\n\r\n").status(), 103);
    let (answer, by) = advance_to_answer(&gate, &mut client);
    refused(&answer, 504, "upstream_timeout");
    about(by, 2);
}

#[test]
fn half_a_head_of_an_answer_does_not_buy_time() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nX: ")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n\r\n");
    server.only();
    let (answer, _) = advance_to_answer(&gate, &mut client);
    refused(&answer, 504, "upstream_timeout");
}

#[test]
fn the_total_pauses_while_the_client_uploads() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("POST /tight HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    for n in 0..10 {
        // Each byte within the idle time of a second; together far beyond the total of two.
        gate.clock.advance(Duration::from_millis(600));
        client.send([b'0' + n]);
        eventually("the byte arrives", || server.received(0).ends_with(&[b'0' + n]));
    }
    assert_eq!(client.answer().text(), "ok");
}

#[test]
fn the_total_counts_again_after_the_upload() {
    let server = silent();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("POST /tight HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx");
    eventually("the byte arrives", || server.received(0).ends_with(b"x"));
    gate.clock.advance(Duration::from_millis(900));
    client.send("y");
    server.only();
    let (answer, by) = advance_to_answer(&gate, &mut client);
    refused(&answer, 504, "upstream_timeout");
    about(by, 2);
}

#[test]
fn an_upload_that_stops_is_408() {
    let server = silent();
    let gate = Gate::before(&server);
    for framing in [
        "Content-Length: 10\r\n\r\n",
        "Content-Length: 10\r\n\r\nhalf",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
    ] {
        let mut client = gate.client();
        client.send(format!("POST /tight HTTP/1.1\r\nHost: a\r\n{framing}"));
        let (answer, _) = advance_to_answer(&gate, &mut client);
        refused(&answer, 408, "body_timeout");
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_body_that_is_dropped_does_not_hold_the_connection() {
    let server = silent();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let answer = client.ask("PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    assert_eq!(answer.status(), 201);
    gate.advance_until(STEP, || client.stirs());
    assert!(client.ends());
}

#[test]
fn an_answer_that_stops_is_broken_off() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the half arrives", || client.stirs() && client.held().ends_with(b"half"));
    gate.advance_until(STEP, || client.ended());
    assert!(client.rest().0.ends_with(b"half"));
    server.over(0);
    assert_eq!(gate.log(1)[0]["reason"], "upstream_stalled");
}

#[test]
fn a_server_that_stops_taking_the_upload_is_504() {
    let server = Server::new(|connection| {
        connection.narrow()?;
        connection.head()?;
        std::thread::park_timeout(gatewright_tests::PATIENCE);
        Ok(())
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("POST /tight HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n");
    let piece = vec![b'x'; 65_536];
    let mut sender = client.also();
    gate.advance_until(STEP, || {
        while sender.send_some(&piece).is_some_and(|count| count > 0) {}
        client.stirs()
    });
    refused(&client.answer(), 504, "upstream_stalled");
}

#[test]
fn a_client_that_stops_reading_is_cut() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")?;
        loop {
            connection.write([b'x'; 65_536])?;
        }
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.narrow().send("GET /tight HTTP/1.1\r\nHost: a\r\n\r\n");
    server.only();
    gate.advance_until(STEP, || server.is_over(0));
    assert_eq!(client.rest().1, End::Reset, "the kernel keeps nothing for it");
    assert_eq!(gate.log(1)[0]["reason"], "client_stalled");
}

#[test]
fn a_client_that_never_reads_the_gateways_own_answers_is_cut() {
    let server = silent();
    // Requests may take for ever, so that it is the write that is given up.
    let ever = Duration::from_secs(1_000_000);
    let gate = Setup::app(&server).limit(|limits| (limits.head, limits.keep_alive) = (ever, ever)).start();
    let mut client = gate.client();
    let requests = "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
    let mut sent = 0;
    gate.advance_until(Duration::from_secs(1), || {
        // Blocked in both directions until the gateway gives up.
        match client.send_some(&requests.as_bytes()[sent..]) {
            Some(count) => sent = (sent + count) % requests.len(),
            None => return true,
        }
        false
    });
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
fn a_connection_that_is_not_made_in_time_is_504() {
    let (address, _held, _socket) = full();
    let server = Server::ok();
    let gate = Setup::app(&server).place(APP, address).start();
    let mut client = gate.client();
    client.send("GET /tight HTTP/1.1\r\nHost: a\r\n\r\n");
    let by = gate.advance_until(Duration::from_millis(20), || client.stirs());
    let answer = client.answer();
    refused(&answer, 504, "upstream_connect_timeout");
    assert!(by >= Duration::from_millis(500), "{by:?}");
    assert_eq!(answer.field("connection"), None);
}

#[test]
fn the_next_server_is_asked_where_one_does_not_accept() {
    let (address, _held, _socket) = full();
    let server = Server::ok();
    let gate = Setup::app(&server).place(PAIR[0], address).start();
    let mut client = gate.client();
    client.send("GET /tight/pair HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.advance_until(Duration::from_millis(20), || client.stirs());
    assert_eq!(client.answer().text(), "ok");
}
