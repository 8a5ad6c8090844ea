//! Connections to servers that are kept although something is wrong with them: closed meanwhile, about to be closed,
//! or with bytes on the way that nobody asked for.

use std::time::Duration;

use gatewright_tests::gate::Gate;
use gatewright_tests::server::Server;
use gatewright_tests::{Cue, eventually};

const GET: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";
const HEAD: &str = "HEAD /app/x HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const STRAY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";

/// Has the gateway go round its reactor, so that it knows what has arrived before.
fn round(gate: &Gate) {
    for _ in 0..2 {
        assert_eq!(gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    }
}

#[test]
fn hundreds_of_closed_connections_cost_no_request() {
    // More than one task may look at before it has to let others run.
    const MANY: usize = 400;
    let (answer, close) = (Cue::default(), Cue::default());
    let (answering, closing) = (answer.clone(), close.clone());
    let server = Server::new(move |connection| {
        connection.request()?;
        if connection.index >= MANY {
            connection.write(OK)?;
            return connection.wait();
        }
        answering.wait()?;
        connection.write(OK)?;
        closing.wait()
    });
    let gate = Gate::before(&server);
    let mut clients: Vec<_> = (0..MANY).map(|_| gate.client()).collect();
    for client in &mut clients {
        client.send(GET);
    }
    eventually("each has a connection of its own", || server.connections() == MANY);
    (0..MANY).for_each(|_| answer.give());
    for client in &mut clients {
        assert_eq!(client.answer().text(), "ok");
    }
    (0..MANY).for_each(|_| close.give());
    (0..MANY).for_each(|index| server.over(index));
    round(&gate);
    // It could not be sent a second time.
    assert_eq!(clients[0].ask(POST).status(), 200);
    assert_eq!(server.connections(), MANY + 1);
}

#[test]
fn a_body_announced_behind_a_204_reaches_nobody() {
    for framing in ["Content-Length: 45", "Transfer-Encoding: chunked"] {
        let server = Server::new(move |connection| {
            connection.request()?;
            if connection.index > 0 {
                return connection.write(OK);
            }
            connection.write(format!("HTTP/1.1 204 No Content\r\n{framing}\r\n\r\n"))?;
            // Where the connection is used again, the late body meets the next request.
            connection.request()?;
            connection.write(STRAY)
        });
        let gate = Gate::before(&server);
        assert_eq!(gate.ask(GET).status(), 204, "{framing}");
        server.over(0);
        assert_eq!(gate.ask(GET).text(), "ok", "{framing}");
    }
}

/// A server whose second connection answers HEAD and holds a late body back, and the gateway in front of it with both
/// connections kept, the second one last.
fn suspected(late: Cue) -> (Server, Gate) {
    let (first, second) = (Cue::default(), Cue::default());
    let (one, two) = (first.clone(), second.clone());
    let server = Server::new(move |connection| {
        connection.request()?;
        if connection.index == 1 {
            two.wait()?;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\n")?;
            late.wait()?;
            connection.write(STRAY)?;
            connection.counted(1);
            return connection.wait();
        }
        if connection.index == 0 {
            one.wait()?;
        }
        loop {
            connection.write(OK)?;
            connection.request()?;
            if connection.index == 0 {
                one.wait()?;
            }
        }
    });
    let gate = Gate::before(&server);
    let (mut getting, mut heading) = (gate.client(), gate.client());
    getting.send(GET);
    eventually("the first is used", || server.requests().len() == 1);
    heading.send(HEAD);
    eventually("the second is used", || server.requests().len() == 2);
    // The first serves once now and once later.
    first.give();
    assert_eq!(getting.answer().text(), "ok");
    second.give();
    assert_eq!(heading.answer_to_head().status(), 200);
    first.give();
    (server, gate)
}

#[test]
fn a_connection_that_may_bring_a_late_body_is_used_last() {
    let (server, gate) = suspected(Cue::default());
    assert_eq!(gate.ask(GET).text(), "ok");
    assert_eq!(server.connections(), 2);
    let before = server.received(1);
    assert!(before.starts_with(b"HEAD") && !gatewright_tests::show(&before).contains("GET"));
}

#[test]
fn a_late_body_that_has_arrived_closes_its_connection() {
    let late = Cue::default();
    let (server, gate) = suspected(late.clone());
    let before = server.count(1);
    late.give();
    eventually("the late body is written", || server.count(1) > before);
    round(&gate);
    // The first connection is busy with one request, so that the other has to look further.
    assert_eq!(gate.ask(GET).text(), "ok");
    let mut busy = gate.client();
    busy.send(GET);
    eventually("the first is busy", || server.requests().len() == 4);
    gate.clock.advance(Duration::from_millis(100));
    assert_eq!(gate.ask(GET).text(), "ok");
    server.over(1);
    assert_eq!(server.connections(), 3);
}

fn keeping(field: &str) -> Server {
    Server::always(format!("HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 2\r\n\r\nok"))
}

#[test]
fn a_connection_is_let_go_before_the_server_does() {
    for field in [
        "Keep-Alive: timeout=3",
        "keep-alive: max=100, Timeout=3",
        "Keep-Alive: timeout=3\r\nKeep-Alive: max=9",
    ] {
        let server = keeping(field);
        let gate = Gate::before(&server);
        let answer = gate.ask(POST);
        assert_eq!((answer.text().as_str(), answer.field("keep-alive")), ("ok", None), "{field}");
        gate.clock.advance(Duration::from_millis(1_500));
        round(&gate);
        assert_eq!(gate.ask(POST).text(), "ok");
        assert_eq!(server.connections(), 1, "{field}");
        let by = gate.advance_until(Duration::from_millis(100), || server.is_over(0));
        assert!(by >= Duration::from_secs(2) && by < Duration::from_secs(10), "{field}: {by:?}");
        assert_eq!(gate.ask(POST).text(), "ok");
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn a_connection_that_the_server_keeps_for_a_second_is_not_used_again() {
    for field in ["Keep-Alive: timeout=1", "Keep-Alive: timeout=0", "Keep-Alive: timeout=1, max=5"] {
        let server = keeping(field);
        let gate = Gate::before(&server);
        for n in 1..=3 {
            assert_eq!(gate.ask(POST).text(), "ok");
            server.over(n - 1);
        }
        assert_eq!(server.connections(), 3, "{field}");
    }
}

#[test]
fn a_keep_alive_that_means_nothing_changes_nothing() {
    for field in
        ["Keep-Alive: 3", "Keep-Alive: timeout=", "Keep-Alive: timeout=x", "Keep-Alive: timeout=999999"]
    {
        let server = keeping(field);
        let gate = Gate::before(&server);
        assert_eq!(gate.ask(POST).text(), "ok");
        let by = gate.advance_until(Duration::from_secs(1), || server.is_over(0));
        assert!(by >= Duration::from_secs(29), "{field}: {by:?}");
    }
}
