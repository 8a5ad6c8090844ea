//! What servers are told of the time that is left, what proxies may say of it, and whom it is counted against when it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Setup, refused};
use gatewright_tests::program::{self, THREE, WATCHED};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{Cue, eventually};

use super::upstreams::{ask, get, place};

fn told(request: &gatewright_tests::wire::Message) -> u64 {
    let all: Vec<_> =
        request.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-left-ms")).collect();
    assert_eq!(all.len(), 1, "one, whoever else has said something: {request:?}");
    std::str::from_utf8(&all[0].1).unwrap().parse().unwrap()
}

#[test]
fn each_try_says_what_is_left_for_it() {
    let busy = Server::always("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    let gate = place([Some(&busy), Some(&busy), None], THREE, WATCHED).start();
    let request = "GET /told HTTP/1.1\r\nHost: a\r\nX-Left-Ms: 7\r\n\r\n";
    assert_eq!(ask(&gate, request).status(), 503);
    let all: Vec<u64> = busy.requests().iter().map(told).collect();
    assert_eq!(all.len(), 3);
    // The pause before each takes half of what is left at most, so that after two of them a quarter is.
    assert!(all.contains(&4_000) && all.iter().all(|left| (2_500..=4_000).contains(left)), "{all:?}");
}

#[test]
fn a_trusted_proxy_makes_it_shorter_and_nobody_else_does() {
    let ok = Server::ok();
    let gate = Setup { program: program::traffic(), ..Setup::app(&ok) }.start();
    let ask = |said: &str| gate.ask(format!("GET /hurried/x HTTP/1.1\r\nHost: a\r\n{said}\r\n"));
    for (said, expected) in [
        ("X-Left-Ms: 1500\r\n", 1_500),
        ("X-Left-Ms: 60000\r\n", 5_000),
        ("X-Left-Ms: soon\r\n", 5_000),
        ("X-Left-Ms: 900\r\nx-left-ms: 300\r\n", 300),
        ("", 5_000),
    ] {
        assert_eq!(ask(said).status(), 200);
        assert_eq!(told(ok.requests().last().unwrap()), expected, "{said}");
    }
    let asked = ok.requests().len();
    refused(&ask("X-Left-Ms: 0\r\n"), 504, "upstream_timeout");
    assert_eq!(ok.requests().len(), asked, "nobody is asked for what nobody waits for");
    // Of a gateway that trusts nobody, every client is a stranger.
    let gate = place([Some(&ok), None, None], THREE, WATCHED).start();
    assert_eq!(gate.ask("GET /told HTTP/1.1\r\nHost: a\r\nX-Left-Ms: 0\r\n\r\n").status(), 200);
    assert_eq!(told(ok.requests().last().unwrap()), 4_000);
}

#[test]
fn the_shorter_time_holds() {
    let silent = Server::new(Connection::wait);
    let gate = Setup { program: program::traffic(), ..Setup::app(&silent) }.start();
    let mut client: Client = gate.client();
    let began = gate.clock.now();
    client.send("GET /hurried/x HTTP/1.1\r\nHost: a\r\nX-Left-Ms: 700\r\n\r\n");
    gate.advance_until(Duration::from_millis(50), || client.stirs());
    refused(&client.answer(), 504, "upstream_timeout");
    let took = gate.clock.now() - began;
    assert!((700_000..3_000_000).contains(&took), "{took}");
    // Without a word of the proxy it has five seconds.
    client = gate.client();
    client.send(get("/hurried/x"));
    let began = gate.clock.now();
    gate.advance_until(Duration::from_millis(50), || client.stirs());
    assert!(gate.clock.now() - began >= 5_000_000);
}

#[test]
fn a_try_that_had_little_of_the_time_counts_against_no_server() {
    let (cue, asked) = (Cue::default(), Arc::new(AtomicUsize::new(0)));
    let server = || {
        let (cue, asked) = (cue.clone(), Arc::clone(&asked));
        Server::new(move |connection| {
            loop {
                connection.request()?;
                match asked.fetch_add(1, Ordering::SeqCst) {
                    0 => {
                        cue.wait()?;
                        connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")?;
                    }
                    1 => return connection.wait(),
                    _ => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?,
                }
            }
        })
    };
    let both = [server(), server()];
    let gate = place([Some(&both[0]), Some(&both[1]), None], THREE, WATCHED).start();
    let mut client = gate.client();
    client.send(get("/spared"));
    eventually("one is asked", || asked.load(Ordering::SeqCst) == 1);
    let until = gate.clock.now() + 8_000_000;
    gate.advance_until(Duration::from_millis(100), || gate.clock.now() >= until);
    cue.give();
    gate.advance_until(Duration::from_millis(50), || client.stirs());
    refused(&client.answer(), 504, "upstream_timeout");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    for _ in 0..4 {
        assert_eq!(ask(&gate, get("/spared")).status(), 200);
    }
    let each = both.each_ref().map(|server| server.requests().len());
    assert_eq!(each, [3, 3], "neither is left out");
}
