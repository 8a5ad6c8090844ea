//! A client that goes away takes its request to the server with it; one that only closes its sending side does not.

use gatewright_tests::client::End;
use gatewright_tests::gate::Gate;
use gatewright_tests::server::Server;
use gatewright_tests::{Cue, eventually};

const GET: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";

fn silent() -> Server {
    Server::new(gatewright_tests::server::Connection::wait)
}

fn closed(gate: &Gate) {
    assert_eq!(gate.log(1)[0]["reason"], "client_closed");
}

#[test]
fn a_client_that_resets_while_it_waits_is_noticed() {
    let server = silent();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(GET);
    server.only();
    client.reset();
    server.over(0);
    closed(&gate);
}

#[test]
fn a_client_that_closes_or_resets_during_its_upload_is_noticed() {
    for reset in [false, true] {
        let server = silent();
        let gate = Gate::before(&server);
        let mut client = gate.client();
        client.send("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
        eventually("the body begins", || server.received(0).ends_with(b"half"));
        if reset {
            client.reset();
        } else {
            drop(client);
        }
        server.over(0);
        assert!(server.received(0).ends_with(b"half"));
        closed(&gate);
    }
}

#[test]
fn a_chunked_upload_that_breaks_off_never_looks_whole() {
    for part in
        ["", "5", "5\r\n", "5\r\nhel", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\nX: y\r\n"]
    {
        let server = silent();
        let gate = Gate::before(&server);
        let mut client = gate.client();
        client.send(format!("POST /app/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{part}"));
        eventually("the head arrives", || !server.received(0).is_empty());
        client.half_close();
        server.over(0);
        assert!(server.requests().is_empty(), "{part:?}");
        closed(&gate);
    }
}

#[test]
fn a_client_that_goes_during_its_download_is_noticed() {
    for reset in [false, true] {
        let server = Server::new(|connection| {
            connection.request()?;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")?;
            loop {
                connection.write([b'x'; 16_384])?;
            }
        });
        let gate = Gate::before(&server);
        let mut client = gate.client();
        client.send(GET);
        client.read(100_000);
        if reset {
            client.reset();
        } else {
            drop(client);
        }
        server.over(0);
        closed(&gate);
    }
}

#[test]
fn a_client_that_resets_between_two_parts_of_its_download_is_noticed() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(GET);
    eventually("the answer begins", || client.stirs() && client.held().ends_with(b"half"));
    client.reset();
    server.over(0);
    closed(&gate);
}

#[test]
fn a_half_closed_client_still_gets_its_answer() {
    for request in [GET, "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"] {
        let cue = Cue::default();
        let go = cue.clone();
        let server = Server::new(move |connection| {
            connection.request()?;
            go.wait()?;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
            connection.wait()
        });
        let gate = Gate::before(&server);
        let mut client = gate.client();
        client.send(request).half_close();
        server.only();
        cue.give();
        let answer = client.answer();
        assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
        assert_eq!(client.rest(), (vec![], End::Closed));
    }
}

#[test]
fn a_half_closed_client_gets_the_answers_to_all_that_it_sent() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(GET.repeat(5)).half_close();
    for _ in 0..5 {
        assert_eq!(client.answer().text(), "ok");
    }
    assert!(client.ends_in_order());
}

#[test]
fn a_connection_that_closes_without_a_word_is_nothing() {
    let server = silent();
    let gate = Gate::before(&server);
    gate.client().half_close().ends();
    gate.client().reset();
    // A head that breaks off is nobody's request either.
    gate.client().send("GET /app/x HTT").half_close().ends();
    assert_eq!(gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    assert_eq!(gate.log(1).len(), 1);
    assert_eq!(server.connections(), 0);
}
