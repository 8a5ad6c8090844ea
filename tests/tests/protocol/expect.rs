//! `Expect` and interim answers.

use gatewright_tests::gate::{Gate, refused};
use gatewright_tests::server::Server;

const POST: &str = "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";

#[test]
fn the_servers_continue_is_relayed_before_the_body() {
    let server = Server::new(|connection| {
        connection.head()?;
        connection.write("HTTP/1.1 100 Continue\r\n\r\n")?;
        connection.read(4)?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let interim = client.ask(POST);
    assert_eq!((interim.status(), interim.fields.len()), (100, 0));
    let answer = client.ask("body");
    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
    assert_eq!(server.only().field("expect").as_deref(), Some("100-continue"));
}

#[test]
fn a_refusal_comes_without_continue() {
    let server = Server::new(|connection| {
        connection.head()?;
        connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let answer = client.ask(POST);
    assert_eq!(answer.status(), 403);
    // The body may come or not, so the connection cannot go on.
    assert_eq!(answer.field("connection").as_deref(), Some("close"));
    server.over(0);
    client.half_close();
    assert!(client.ends());
}

#[test]
fn the_gateways_own_answers_come_without_continue() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    for (request, status) in [
        ("PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", 201),
        ("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", 404),
        ("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\nExpect: 100-continue\r\n\r\n", 413),
    ] {
        let answer = gate.ask(request);
        assert_eq!(answer.status(), status);
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_unknown_expectation_is_417() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    for expectation in ["200-ok", "100-continue, x", "", "100-continue;x"] {
        let answer = gate.ask(format!(
            "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: {expectation}\r\n\r\nbody"
        ));
        refused(&answer, 417, "expectation_failed");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_expectation_without_a_body_or_in_1_0_means_nothing() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    for request in [
        "GET /app/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
        "POST /app/x HTTP/1.0\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody",
        "POST /app/x HTTP/1.0\r\nHost: a\r\nContent-Length: 4\r\nExpect: x\r\n\r\nbody",
    ] {
        assert_eq!(gate.ask(request).status(), 200, "{request}");
    }
    assert!(server.requests().iter().all(|request| request.field("expect").is_none()));
}

#[test]
fn a_body_that_does_not_wait_for_continue_is_taken() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send([POST, "body"].concat());
    assert_eq!(client.answer().status(), 100);
    assert_eq!(client.answer().text(), "ok");
    assert_eq!(server.only().body, b"body");
}

#[test]
fn interim_answers_are_relayed_in_order() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x-hop\r\nX-Hop: 1\r\nContent-Length: 9\r\n\r\n";
    let server = Server::always(format!(
        "HTTP/1.1 102 Processing\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        hints.repeat(15)
    ));
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for _ in 0..3 {
        assert_eq!(client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").status(), 102);
        for _ in 0..15 {
            let interim = client.answer();
            assert_eq!(interim.status(), 103);
            assert_eq!(interim.fields, [("Link".to_owned(), b"</a>".to_vec())]);
        }
        assert_eq!(client.answer().text(), "ok");
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn interim_answers_are_not_for_1_0() {
    let server = Server::always(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    let gate = Gate::before(&server);
    let mut client = gate.client();
    assert_eq!(client.ask("GET /app/x HTTP/1.0\r\n\r\n").text(), "ok");
    assert!(client.ends_in_order());
}
