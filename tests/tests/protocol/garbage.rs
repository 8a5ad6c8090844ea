//! Bytes that nobody thought of: nothing hangs, nothing panics, and a server is never sent what the strict reader does
//! not accept.

use std::sync::{Arc, Mutex};

use gatewright_tests::gate::Gate;
use gatewright_tests::server::Server;
use gatewright_tests::{show, wire};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const REQUESTS: [&str; 10] = [
    "GET /app/x?a=1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /app/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
    "PUT /app/%41/../b HTTP/1.1\r\nHost: a:80\r\nContent-Length: 0\r\nConnection: x, keep-alive\r\nX: 1\r\n\r\n",
    "GET http://a/app/y HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n",
    "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /app/old HTTP/1.0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
    "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /orders/1/lines/2 HTTP/1.1\r\nHost: [::1]:8080\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n",
];

const ANSWERS: [&str; 8] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: y\r\n\r\nuntil the end",
    "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nno",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"x\"\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: close, x\r\nX: 1\r\nContent-Length: 2\r\n\r\nok",
];

/// What breaks parsers.
const PIECES: [&str; 26] = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "1",
    "f",
    "\u{b}",
    "%",
    "%2F",
    "/",
    "//",
    "..",
    "\r\n\r\n",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: b\r\n",
    "\r\n ",
    "chunked",
    "HTTP/1.1",
    "\u{ff}",
];

/// Changes that are made to a message, one after the other.
fn changed(templates: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let some = prop::collection::vec(prop::sample::select(templates), 1..4);
    let changes = prop::collection::vec(
        (any::<prop::sample::Index>(), 0..4_u8, prop::sample::select(&PIECES[..]), 1..6_usize),
        0..5,
    );
    (some, changes).prop_map(|(some, changes)| {
        let mut bytes = some.concat().into_bytes();
        for (at, kind, piece, count) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + count).min(bytes.len());
            match kind {
                0 => drop(bytes.splice(at..at, piece.bytes())),
                1 => drop(bytes.splice(at..end, piece.bytes())),
                2 => drop(bytes.drain(at..end)),
                _ => {
                    let again = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, again));
                }
            }
        }
        bytes
    })
}

fn messages(templates: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => changed(templates), 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

/// The same cases in every run.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Reads answers to the end of the connection; what is broken off at the end is fine, what is malformed is not.
fn well_formed(mut bytes: &[u8]) -> Result<(), String> {
    while !bytes.is_empty() {
        match wire::answer(bytes, false, true)? {
            Some((_, len)) => bytes = &bytes[len..],
            None => return Ok(()),
        }
    }
    Ok(())
}

#[test]
fn whatever_a_client_sends_a_server_gets_only_whole_messages() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let checked = Mutex::new(0);
    let cases = (messages(&REQUESTS), prop::collection::vec(1..60_usize, 0..4));
    let result = runner(1000).run(&cases, |(bytes, cuts)| {
        let mut client = gate.client();
        let mut rest = &bytes[..];
        for cut in cuts {
            let (piece, left) = rest.split_at(cut.min(rest.len()));
            client.send(piece);
            rest = left;
        }
        client.send(rest);
        client.half_close_if_open();
        let (answers, _) = client.rest();
        if wire::find(&bytes, b"HEAD").is_none() {
            well_formed(&answers)
                .map_err(|problem| TestCaseError::fail(format!("{problem}: {}", show(&answers))))?;
        }
        // Connections are used again, so the last one checked may have grown.
        let mut checked = checked.lock().unwrap();
        for index in *checked..server.connections() {
            wire::requests(&server.received(index)).map_err(TestCaseError::fail)?;
        }
        *checked = server.connections().saturating_sub(1);
        Ok(())
    });
    result.unwrap();
    assert_eq!(gate.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    for index in 0..server.connections() {
        wire::requests(&server.received(index)).unwrap();
    }
    assert!(gate.log(1).iter().all(|line| line["reason"] != "panic"));
}

#[test]
fn whatever_a_server_sends_a_client_gets_only_whole_messages() {
    let answer = Arc::new(Mutex::new(Vec::new()));
    let next = Arc::clone(&answer);
    let server = Server::new(move |connection| {
        connection.request()?;
        let answer = next.lock().unwrap().clone();
        connection.write(answer)
    });
    let gate = Gate::before(&server);
    let result = runner(500).run(&messages(&ANSWERS), |bytes| {
        answer.lock().unwrap().clone_from(&bytes);
        for version in ["1.1", "1.0"] {
            let mut client = gate.client();
            client.send(format!("GET /app/x HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n"));
            let (got, _) = client.rest();
            prop_assert!(!got.is_empty(), "no answer at all");
            well_formed(&got).map_err(|problem| TestCaseError::fail(format!("{problem}: {}", show(&got))))?;
        }
        Ok(())
    });
    result.unwrap();
    assert!(gate.log(1).iter().all(|line| line["reason"] != "panic"));
}
