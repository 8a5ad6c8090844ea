//! Bounds of heads, bodies and connections, each exact.

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::server::Server;

const MOST: usize = 32 * 1024;

/// A head of exactly so many bytes.
fn head(size: usize) -> String {
    let frame = "GET /hello HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
    format!("GET /hello HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(size - frame))
}

/// A head whose request line has exactly so many bytes, its end included.
fn long_target(size: usize) -> String {
    let frame = "GET /hello? HTTP/1.1\r\n".len();
    format!("GET /hello?{} HTTP/1.1\r\nHost: a\r\n\r\n", "q".repeat(size - frame))
}

#[test]
fn a_head_of_32_kib_is_read_and_one_byte_more_is_431() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    assert_eq!(client.ask(head(MOST)).status(), 200);
    refused(&client.ask(head(MOST + 1)), 431, "head_too_large");
    // It does not matter how it arrives.
    let mut client = gate.client();
    for piece in head(MOST).as_bytes().chunks(1000) {
        client.send(piece);
    }
    assert_eq!(client.answer().status(), 200);
    for piece in head(MOST + 1).as_bytes().chunks(1000) {
        client.send(piece);
    }
    refused(&client.answer(), 431, "head_too_large");
}

#[test]
fn a_head_without_end_is_431() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let endless = format!("GET /hello HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(MOST));
    refused(&gate.ask(endless), 431, "head_too_large");
    let mut client = gate.client();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n");
    for _ in 0..40 {
        client.send(format!("X: {}\r\n", "x".repeat(1000)));
    }
    refused(&client.answer(), 431, "head_too_large");
}

#[test]
fn a_long_target_is_414_however_it_arrives() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(long_target(MOST - 100)).status(), 200);
    refused(&gate.ask(long_target(MOST + 1)), 414, "target_too_long");
    refused(&gate.ask(long_target(MOST * 2)), 414, "target_too_long");
    refused(&gate.ask("x".repeat(MOST + 1)), 414, "target_too_long");
    let mut client = gate.client();
    for piece in long_target(MOST + 1).as_bytes().chunks(1000) {
        client.send(piece);
    }
    refused(&client.answer(), 414, "target_too_long");
}

#[test]
fn a_hundred_fields_are_read_and_one_more_is_431() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let fields =
        |count: usize| format!("GET /app/x HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: 1\r\n".repeat(count - 1));
    assert_eq!(gate.ask(fields(100)).status(), 200);
    assert_eq!(server.only().all("x").len(), 99);
    refused(&gate.ask(fields(101)), 431, "too_many_fields");
}

#[test]
fn a_body_over_its_bound_is_refused_before_anything_is_forwarded() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let post = |length: u64| format!("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    let mut client = gate.client();
    refused(&client.ask(post(1025) + &"x".repeat(1025)), 413, "body_too_large");
    refused(&client.ask(post(999_999_999_999)), 413, "body_too_large");
    assert_eq!(server.connections(), 0);
    assert_eq!(gate.ask(post(1024) + &"x".repeat(1024)).status(), 200);
    assert_eq!(server.only().body.len(), 1024);
}

#[test]
fn a_chunked_body_over_its_bound_is_cut() {
    let server = Server::new(gatewright_tests::server::Connection::wait);
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(format!("400\r\n{}\r\n", "x".repeat(1024)));
    gatewright_tests::eventually("the allowed part arrives", || server.received(0).ends_with(b"x\r\n"));
    let answer = client.ask("1\r\ny\r\n");
    refused(&answer, 413, "body_too_large");
    assert_eq!(answer.field("connection").as_deref(), Some("close"));
    server.over(0);
    assert!(server.requests().is_empty(), "the server never sees an end");
    assert!(!server.received(0).contains(&b'y'));
}

#[test]
fn a_chunked_body_of_just_its_bound_passes() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let chunks = "1\r\nx\r\n".repeat(1024);
    let answer = gate.ask(format!(
        "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
    ));
    assert_eq!(answer.status(), 200);
    assert_eq!(server.only().body.len(), 1024);
}

#[test]
fn the_last_request_of_a_connection_is_told_so() {
    let server = Server::ok();
    let gate = Setup::app(&server).limit(|limits| limits.requests = 3).start();
    for path in ["/app/x", "/hello", "/nowhere"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut client = gate.client();
        client.send(request.repeat(5));
        assert_eq!(client.answer().field("connection"), None);
        assert_eq!(client.answer().field("connection"), None);
        assert_eq!(client.answer().field("connection").as_deref(), Some("close"));
        client.half_close();
        assert!(client.ends_in_order());
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn interim_answers_are_counted_for_each_request() {
    let server =
        Server::always("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let gate = Setup::app(&server).limit(|limits| limits.interim = 1).start();
    let mut client = gate.client();
    for _ in 0..3 {
        assert_eq!(client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").status(), 103);
        assert_eq!(client.answer().status(), 200);
    }
}
