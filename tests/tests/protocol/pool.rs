//! Connections to servers: which are used again, and what happens where one has died or cannot be made.

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::PAIR;
use gatewright_tests::server::Server;
use gatewright_tests::{Cue, eventually};

const GET: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn one_connection_carries_the_requests_of_many_clients() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    for _ in 0..20 {
        assert_eq!(gate.ask(GET).text(), "ok");
        assert_eq!(gate.ask(POST).text(), "ok");
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 40));
}

#[test]
fn requests_at_once_have_connections_of_their_own() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut clients: Vec<_> = (0..10).map(|_| gate.client()).collect();
    for _ in 0..5 {
        for client in &mut clients {
            client.send(GET);
        }
        assert!(clients.iter_mut().all(|client| client.answer().text() == "ok"));
    }
    assert!(server.connections() <= 10);
}

#[test]
fn a_connection_that_the_server_closed_while_it_was_unused_is_not_used() {
    let server = Server::once(OK);
    let gate = Gate::before(&server);
    for n in 1..=10 {
        // Even a request that could not be repeated.
        assert_eq!(gate.ask(POST).text(), "ok");
        server.over(n - 1);
        // Two answers of the gateway's own: it has been round its reactor since the server closed.
        for _ in 0..2 {
            gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        assert_eq!(server.connections(), n);
    }
}

/// A server whose first connection dies when its second request has arrived.
fn dies(
    on_reuse: impl Fn(&mut gatewright_tests::server::Connection) -> std::io::Result<()> + Send + Sync + 'static,
) -> Server {
    Server::new(move |connection| {
        connection.request()?;
        connection.write(OK)?;
        connection.request()?;
        if connection.index == 0 {
            return on_reuse(connection);
        }
        connection.write(OK)?;
        connection.wait()
    })
}

#[test]
fn a_safe_request_on_a_connection_that_dies_is_sent_once_more() {
    for reset in [false, true] {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
            let server = dies(move |connection| if reset { connection.reset() } else { Ok(()) });
            let gate = Gate::before(&server);
            assert_eq!(gate.ask(GET).text(), "ok");
            let mut client = gate.client();
            client.send(format!("{method} /app/again HTTP/1.1\r\nHost: a\r\n\r\n"));
            let answer = if method == "HEAD" { client.answer_to_head() } else { client.answer() };
            assert_eq!((answer.status(), answer.field("connection")), (200, None), "{method}");
            let again = server.requests().iter().filter(|request| request.target() == "/app/again").count();
            assert_eq!((again, server.connections()), (2, 2));
        }
    }
}

#[test]
fn a_safe_request_is_sent_once_more_with_its_body_if_that_is_still_there() {
    let server = dies(|_| Ok(()));
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(GET).text(), "ok");
    assert_eq!(gate.ask("PUT /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody").text(), "ok");
    let sent: Vec<String> =
        server.requests().iter().skip(1).map(gatewright_tests::wire::Message::text).collect();
    assert_eq!(sent, ["body", "body"]);
    let server = dies(|_| Ok(()));
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(GET).text(), "ok");
    let long =
        format!("PUT /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n{}", "x".repeat(90_000));
    refused(&gate.ask(long), 502, "upstream_closed");
    assert_eq!((server.connections(), server.requests().len()), (1, 2));
}

#[test]
fn a_request_that_may_have_had_an_effect_is_not_sent_again() {
    for request in
        [POST, "POST /app/x HTTP/1.1\r\nHost: a\r\n\r\n", "PATCH /app/x HTTP/1.1\r\nHost: a\r\n\r\n"]
    {
        let server = dies(|_| Ok(()));
        let gate = Gate::before(&server);
        assert_eq!(gate.ask(GET).text(), "ok");
        refused(&gate.ask(request), 502, "upstream_closed");
        assert_eq!((server.connections(), server.requests().len()), (1, 2));
    }
}

#[test]
fn a_fresh_connection_that_dies_is_a_502() {
    for reset in [false, true] {
        let server = Server::new(move |connection| {
            connection.request()?;
            if reset { connection.reset() } else { Ok(()) }
        });
        let gate = Gate::before(&server);
        let mut client = gate.client();
        for _ in 0..3 {
            let answer = client.ask(GET);
            refused(&answer, 502, "upstream_closed");
            assert_eq!(answer.field("connection"), None, "the client's connection is none the worse");
        }
        assert_eq!(server.connections(), 3, "not sent again");
    }
}

#[test]
fn a_request_is_sent_again_only_once() {
    let server = Server::new(|connection| {
        connection.request()?;
        if connection.index == 0 {
            connection.write(OK)?;
            connection.request()?;
        }
        Ok(())
    });
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(GET).text(), "ok");
    refused(&gate.ask(GET), 502, "upstream_closed");
    assert_eq!(server.connections(), 2);
}

#[test]
fn an_answer_that_has_begun_is_not_asked_for_again() {
    let server = dies(|connection| connection.write("HTTP/1.1 200 OK\r\nContent-Le"));
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(GET).text(), "ok");
    refused(&gate.ask(GET), 502, "upstream_closed");
    assert_eq!(server.connections(), 1);
}

#[test]
fn bytes_that_nobody_asked_for_end_a_kept_connection() {
    let cue = Cue::default();
    let go = cue.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        connection.write(OK)?;
        if connection.index == 0 {
            go.wait()?;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")?;
            return connection.wait();
        }
        connection.wait()
    });
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(GET).text(), "ok");
    cue.give();
    // The gateway closes it as soon as it looks, which it does when a deadline is due.
    gate.advance_until(std::time::Duration::from_secs(1), || {
        assert_eq!(gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
        !server.received(0).is_empty() && gate.clock.now() > 40_000_000
    });
    assert_eq!(gate.ask(GET).text(), "ok");
    server.over(0);
    assert_eq!(server.connections(), 2);
}

#[test]
fn an_unused_connection_is_closed_in_time() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(GET).text(), "ok");
    let over = || server.connections() == 1 && server.is_over(0);
    let by = gate.advance_until(std::time::Duration::from_secs(1), over);
    assert!(by.as_secs() >= 29, "after {by:?}");
    assert_eq!(gate.ask(GET).text(), "ok");
    assert_eq!(server.connections(), 2);
}

#[test]
fn only_so_many_unused_connections_are_kept() {
    let cue = Cue::default();
    let go = cue.clone();
    let server = Server::new(move |connection| {
        loop {
            connection.request()?;
            go.wait()?;
            connection.write(OK)?;
        }
    });
    let gate = Setup::app(&server).limit(|limits| limits.upstream_kept = 2).start();
    let mut clients: Vec<_> = (0..5).map(|_| gate.client()).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(GET);
        eventually("the request arrives", || server.requests().len() == n + 1);
    }
    for _ in 0..5 {
        cue.give();
    }
    assert!(clients.iter_mut().all(|client| client.answer().text() == "ok"));
    eventually("three are closed", || (0..5).filter(|index| server.is_over(*index)).count() == 3);
}

#[test]
fn the_next_server_is_asked_where_one_refuses() {
    let server = Server::ok();
    let gate = Setup::app(&server).start();
    for request in [
        "GET /pair/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /pair/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
    ] {
        for _ in 0..4 {
            assert_eq!(gate.ask(request).text(), "ok");
        }
    }
    assert_eq!(server.requests().len(), 8);
    assert!(
        server.requests().iter().all(|request| request.field("host").as_deref() == Some("127.0.0.1:9003"))
    );
}

#[test]
fn servers_take_turns() {
    let (one, two) = (Server::ok(), Server::ok());
    let gate = Setup::app(&one).place(PAIR[0], one.address).place(PAIR[1], two.address).start();
    for _ in 0..10 {
        assert_eq!(gate.ask("GET /pair/x HTTP/1.1\r\nHost: a\r\n\r\n").text(), "ok");
    }
    assert_eq!((one.requests().len(), two.requests().len()), (5, 5));
    assert_eq!((one.connections(), two.connections()), (1, 1));
}

#[test]
fn servers_that_all_refuse_are_a_502() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for request in [
        "GET /dead HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /dead HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
    ] {
        let answer = client.ask(request);
        refused(&answer, 502, "upstream_refused");
        assert_eq!(answer.field("connection"), None);
    }
    let line = gate.log(2).remove(0);
    assert!(line["cause"].as_str().unwrap().contains("refused"), "{line}");
}
