//! An upstream that fails: when it is left alone, whom that refuses, and how it comes back.

use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, THREE, WATCHED};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{Cue, eventually};

use super::upstreams::{ask, get, place};

const NO: &str = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn setup(server: &Server) -> Setup {
    place([Some(server), None, None], THREE, WATCHED)
}

/// A server that answers what the field `X-Be` says, so that a test decides request by request; `slow` waits for a cue.
fn obedient(cue: Cue) -> Server {
    Server::new(move |connection| {
        loop {
            let request = connection.request()?;
            match request.field("x-be").as_deref() {
                Some("bad") => connection.write(NO)?,
                Some("slow") => {
                    cue.wait()?;
                    connection.write(OK)?;
                }
                Some("short") => {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")?;
                    return Ok(());
                }
                Some("gone") => return Ok(()),
                Some(status) => {
                    connection.write(format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"))?;
                }
                None => connection.write(OK)?,
            }
        }
    })
}

fn be(path: &str, what: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-Be: {what}\r\n\r\n")
}

/// So many requests that fail.
fn fail(gate: &Gate, path: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(gate.ask(be(path, "bad")).status(), 500);
    }
}

#[test]
fn a_failing_upstream_is_left_alone_and_asked_again_a_little_at_first() {
    let server = obedient(Cue::default());
    let gate = setup(&server).start();
    fail(&gate, "/brittle", 4);
    let answer = gate.ask(get("/brittle"));
    refused(&answer, 503, "breaker_open");
    assert_eq!(answer.field("retry-after").as_deref(), Some("5"));
    assert_eq!(server.requests().len(), 4, "nobody asked it");
    gate.clock.advance(Duration::from_millis(4_999));
    let answer = gate.ask(get("/brittle"));
    refused(&answer, 503, "breaker_open");
    assert_eq!(answer.field("retry-after").as_deref(), Some("1"), "rounded up");
    gate.clock.advance(Duration::from_millis(1));
    // Two succeed, and it is closed: what failed before counts no more.
    (0..2).for_each(|_| assert_eq!(gate.ask(get("/brittle")).status(), 200));
    fail(&gate, "/brittle", 3);
    assert_eq!(gate.ask(get("/brittle")).status(), 200);
    let log = gate.log(5);
    assert_eq!(log[4]["reason"], "breaker_open");
    assert_eq!((&log[4]["upstream"], log[4].get("server")), (&"brittle".into(), None));
}

/// The two probes of a breaker that is half open, on their way to a server that waits.
fn probing(gate: &Gate, server: &Server) -> Vec<Client> {
    fail(gate, "/brittle", 4);
    gate.clock.advance(Duration::from_secs(5));
    let mut probes: Vec<Client> = (0..2).map(|_| gate.client()).collect();
    for client in &mut probes {
        client.send(be("/brittle", "slow"));
    }
    eventually("both are on their way", || server.requests().len() == 6);
    probes
}

#[test]
fn probes_that_take_longer_than_it_was_open_keep_nobody_out() {
    let cue = Cue::default();
    let server = obedient(cue.clone());
    let gate = setup(&server).start();
    let mut probes = probing(&gate, &server);
    for _ in 0..2 {
        refused(&gate.ask(get("/brittle")), 503, "breaker_open");
        gate.clock.advance(Duration::from_secs(5));
        assert_eq!(gate.ask(get("/brittle")).status(), 200, "one more goes through");
    }
    // Two have succeeded, and it is closed.
    (0..3).for_each(|_| assert_eq!(gate.ask(get("/brittle")).status(), 200));
    (0..2).for_each(|_| cue.give());
    for client in &mut probes {
        assert_eq!(client.answer().status(), 200);
    }
    assert_eq!(gate.ask(get("/brittle")).status(), 200);
}

#[test]
fn a_client_that_stalls_says_nothing_of_a_server() {
    // It begins its answer before it has the whole request.
    let server = Server::new(|connection| {
        connection.head()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")?;
        connection.wait()
    });
    let gate = setup(&server).start();
    let mut clients: Vec<Client> = (0..5).map(|_| gate.client()).collect();
    for client in &mut clients {
        client.send("POST /brittle HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    }
    eventually("all are answered", || server.connections() == 5);
    gate.advance_until(Duration::from_millis(100), || (0..5).all(|index| server.is_over(index)));
    let log = gate.log(5);
    assert!(log.iter().all(|line| line["reason"] == "body_timeout"), "{log:?}");
    let mut other = gate.client();
    other.send(get("/brittle"));
    eventually("the breaker is closed", || server.connections() == 6);
}

#[test]
fn a_probe_that_fails_opens_it_again() {
    let server = obedient(Cue::default());
    let gate = setup(&server).start();
    fail(&gate, "/brittle", 4);
    gate.clock.advance(Duration::from_secs(5));
    assert_eq!(gate.ask(get("/brittle")).status(), 200);
    fail(&gate, "/brittle", 1);
    refused(&gate.ask(get("/brittle")), 503, "breaker_open");
    gate.clock.advance(Duration::from_secs(5));
    (0..3).for_each(|_| assert_eq!(gate.ask(get("/brittle")).status(), 200));
}

#[test]
fn no_more_probes_are_on_their_way_than_said_and_one_that_leaves_makes_room() {
    let cue = Cue::default();
    let server = obedient(cue.clone());
    let gate = setup(&server).start();
    let mut probes = probing(&gate, &server);
    let answer = gate.ask(get("/brittle"));
    refused(&answer, 503, "breaker_open");
    assert_eq!(answer.field("retry-after").as_deref(), Some("1"));
    // One client breaks off: that says nothing of the upstream, and another takes its place.
    probes.pop().unwrap().reset();
    eventually("its place is free", || gate.ask(get("/brittle")).status() == 200);
    cue.give();
    cue.give();
    assert_eq!(probes[0].answer().status(), 200);
    fail(&gate, "/brittle", 1);
    assert_eq!(gate.ask(get("/brittle")).status(), 200, "it is closed");
}

#[test]
fn what_a_further_try_has_mended_is_no_failure() {
    let (bad, ok) = (Server::always(NO), Server::ok());
    let gate = place([Some(&bad), Some(&ok), None], THREE, WATCHED).start();
    for _ in 0..10 {
        assert_eq!(ask(&gate, get("/covered")).status(), 200);
    }
    assert!(bad.requests().len() >= 4, "every other request met it");
}

#[test]
fn where_it_is_not_closed_nothing_is_sent_again() {
    let server = obedient(Cue::default());
    let gate = setup(&server).start();
    fail(&gate, "/brittle", 4);
    gate.clock.advance(Duration::from_secs(5));
    assert_eq!(ask(&gate, be("/brittle/again", "bad")).status(), 500);
    assert_eq!(server.requests().len(), 5, "a probe is one request");
}

#[test]
fn an_answer_that_breaks_off_and_a_server_that_refuses_are_failures() {
    let server = obedient(Cue::default());
    let gate = setup(&server).start();
    for _ in 0..4 {
        let (answer, _) = gate.client().send(be("/brittle", "short")).rest();
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "its head was right");
    }
    refused(&gate.ask(get("/brittle")), 503, "breaker_open");
    let gate = place([None, Some(&server), None], THREE, WATCHED).start();
    (0..4).for_each(|_| refused(&gate.ask(get("/brittle")), 502, "upstream_refused"));
    refused(&gate.ask(get("/brittle")), 503, "breaker_open");
}

#[test]
fn only_what_is_named_is_a_failure_and_what_the_client_does_never_is() {
    let server = obedient(Cue::default());
    let gate = setup(&server).start();
    fail(&gate, "/choosy", 6);
    for _ in 0..2 {
        assert_eq!(gate.ask(be("/choosy", "503")).status(), 503);
    }
    assert_eq!(gate.ask(get("/choosy")).status(), 200, "two of eight");
    let gate = setup(&server).start();
    assert_eq!(gate.ask(be("/choosy", "503")).status(), 503);
    refused(&gate.ask(be("/choosy", "gone")), 502, "upstream_closed");
    refused(&gate.ask(get("/choosy")), 503, "breaker_open");
    // Clients that break off.
    let silent = Server::new(Connection::wait);
    let gate = setup(&silent).start();
    for at in 0..6 {
        let mut client = gate.client();
        client.send(get("/brittle"));
        eventually("it is asked", || silent.requests().len() > at);
        client.reset();
        silent.over(at);
    }
    gate.client().send(get("/brittle"));
    eventually("it is asked all the same", || silent.requests().len() == 7);
}

#[test]
fn all_workers_have_one_breaker() {
    let server = obedient(Cue::default());
    let gate = Setup { workers: 2, ..setup(&server) }.start();
    // Each on a connection of its own, which either worker may take.
    let answers: Vec<u16> = (0..24).map(|_| gate.ask(be("/brittle", "bad")).status()).collect();
    assert_eq!(answers.iter().filter(|status| **status == 500).count(), 4, "{answers:?}");
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn its_state_is_told() {
    let server = obedient(Cue::default());
    let setup = Setup { program: program::traffic(), ..Setup::app(&server) };
    let gate = setup.start();
    let lines = || {
        let mut client = Client::connect(gate.admin.expect("it is declared"));
        let answer = client.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        let text = String::from_utf8(answer.body).unwrap();
        let own = |line: &&str| line.starts_with("gatewright_upstream_breaker");
        let short =
            |line: &str| line.replace("gatewright_upstream_breaker", "").replace("upstream=\"brittle\"", "");
        text.lines().filter(own).map(short).collect::<Vec<_>>()
    };
    let told = |state: &str, opened: u32, refused: u32| {
        let is = |name: &str| u8::from(name == state);
        vec![
            format!("{{,state=\"closed\"}} {}", is("closed")),
            format!("{{,state=\"open\"}} {}", is("open")),
            format!("{{,state=\"half_open\"}} {}", is("half_open")),
            format!("_opened_total{{}} {opened}"),
            format!("_refused_total{{}} {refused}"),
        ]
    };
    assert_eq!(lines(), told("closed", 0, 0));
    // Nothing listens where its server is said to be.
    (0..5).for_each(|_| drop(gate.ask(get("/brittle"))));
    assert_eq!(lines(), told("open", 1, 3));
    gate.clock.advance(Duration::from_secs(5));
    assert_eq!(lines(), told("half_open", 1, 3));
    drop(gate.ask(get("/brittle")));
    assert_eq!(lines(), told("open", 2, 3));
}
