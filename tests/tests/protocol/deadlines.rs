//! What servers are told of the time that is left, and what proxies may say of it.

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Setup, refused};
use gatewright_tests::program::{self, THREE, WATCHED};
use gatewright_tests::server::{Connection, Server};

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
    gate.advance_until(std::time::Duration::from_millis(50), || client.stirs());
    refused(&client.answer(), 504, "upstream_timeout");
    let took = gate.clock.now() - began;
    assert!((700_000..3_000_000).contains(&took), "{took}");
    // Without a word of the proxy it has five seconds.
    client = gate.client();
    client.send(get("/hurried/x"));
    let began = gate.clock.now();
    gate.advance_until(std::time::Duration::from_millis(50), || client.stirs());
    assert!(gate.clock.now() - began >= 5_000_000);
}
