//! Answers of a server that cannot be framed, or that two readers could read differently: 502, nothing of them is
//! passed on, and their connection is not used again.

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::server::Server;
use gatewright_tests::wire::find;
use gatewright_tests::{Cue, eventually};

const GET: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";

/// The first answer is refused, and the next request goes over a connection of its own.
#[track_caller]
fn check(answer: impl AsRef<[u8]>, reason: &str) {
    let answer = answer.as_ref().to_vec();
    println!("{}", answer.escape_ascii());
    let server = Server::new(move |connection| {
        connection.request()?;
        let good: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        connection.write(if connection.index == 0 { &answer } else { good })?;
        connection.request()?;
        connection.write(good)
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let bad = client.ask(GET);
    refused(&bad, 502, reason);
    assert!(find(format!("{bad:?}").as_bytes(), b"secret").is_none());
    server.over(0);
    assert_eq!(client.ask(GET).text(), "ok");
    assert_eq!(server.connections(), 2);
    assert_eq!(gate.log(2)[0]["reason"], reason);
}

#[test]
fn refuses_a_framing_that_is_ambiguous() {
    for fields in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
        "Content-Length: 6\r\nContent-Length: 6\r\n",
        "Content-Length: 6\r\nContent-Length: 7\r\n",
        "Content-Length: 6, 6\r\n",
        "Content-Length: +6\r\n",
        "Content-Length: -6\r\n",
        "Content-Length: 0x6\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ] {
        check(format!("HTTP/1.1 200 OK\r\n{fields}\r\nsecret"), "upstream_framing");
    }
    check(
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n",
        "upstream_framing",
    );
}

#[test]
fn refuses_a_head_that_is_malformed() {
    for head in [
        "HTTP/1.1 200 OK\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\n",
        "HTTP/1.1 200 OK\r\nX: 1\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\n X: 1\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: 1\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 099 OK\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 600 OK\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1  200 OK\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 abc OK\r\nContent-Length: 6\r\n\r\n",
        "HTTP/2.0 200 OK\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.2 200 OK\r\nContent-Length: 6\r\n\r\n",
        "http/1.1 200 OK\r\nContent-Length: 6\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n",
        "\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n",
        "ICY 200 OK\r\nContent-Length: 6\r\n\r\n",
    ] {
        check(format!("{head}secret"), "upstream_malformed");
    }
}

#[test]
fn refuses_a_body_that_is_broken_from_the_start() {
    for body in [
        "x\r\n",
        "6\nsecret\r\n0\r\n\r\n",
        "6 \r\nsecret\r\n0\r\n\r\n",
        "-6\r\nsecret",
        "6\r\nsecrets\r\n0\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
    ] {
        check(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"), "upstream_truncated");
    }
}

#[test]
fn refuses_a_head_that_is_too_large() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 6\r\n\r\nsecret", "x".repeat(33_000));
    check(long, "upstream_head_too_large");
    check(format!("HTTP/1.1 200 {}", "x".repeat(40_000)), "upstream_head_too_large");
    let many = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 6\r\n\r\nsecret", "x: 1\r\n".repeat(100));
    check(many, "upstream_head_too_large");
}

#[test]
fn passes_a_head_of_just_the_size_that_is_allowed() {
    let frame = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: \r\n\r\n".len();
    let value = "x".repeat(32 * 1024 - frame);
    let exact = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: {value}\r\n\r\nok");
    let server = Server::always(exact);
    let answer = Gate::before(&server).ask(GET);
    assert_eq!((answer.status(), answer.field("x").unwrap().len()), (200, value.len()));
    let fields: String = (1..100).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let server = Server::always(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok"));
    let answer = Gate::before(&server).ask(GET);
    assert_eq!((answer.status(), answer.field("x-99").as_deref()), (200, Some("99")));
}

#[test]
fn refuses_a_change_of_protocol_that_nobody_asked_for() {
    check(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nsecret",
        "upstream_upgraded",
    );
}

#[test]
fn refuses_interim_answers_without_end() {
    let server = Server::always("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(17));
    let gate = Setup::app(&server).start();
    let mut client = gate.client();
    client.send("GET /app/x HTTP/1.0\r\nHost: a\r\n\r\n");
    refused(&client.answer(), 502, "upstream_malformed");
}

#[test]
fn refuses_an_answer_that_ends_within_its_head() {
    for part in
        ["", "H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"]
    {
        let server = Server::once(part);
        let gate = Gate::before(&server);
        let mut client = gate.client();
        client.send("GET /app/x HTTP/1.0\r\nHost: a\r\n\r\n");
        refused(&client.answer(), 502, "upstream_closed");
    }
}

#[test]
fn breaks_off_where_a_body_breaks_off() {
    for (framing, body) in [
        ("Content-Length: 20", "0123456789"),
        ("Transfer-Encoding: chunked", "a\r\n0123456789\r\n"),
        ("Transfer-Encoding: chunked", "14\r\n0123456789"),
        ("Transfer-Encoding: chunked", "a\r\n0123456789\r\n0\r\nX: y\r\n"),
    ] {
        let server = Server::once(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n{body}"));
        let gate = Gate::before(&server);
        let mut client = gate.client();
        let (rest, _) = client.send(GET).rest();
        assert!(find(&rest, b"0123456789").is_some(), "what came is passed on");
        assert!(
            gatewright_tests::wire::answer(&rest, false, true).unwrap().is_none(),
            "and is seen to be incomplete"
        );
        assert_eq!(gate.log(1)[0]["reason"], "upstream_truncated");
    }
}

#[test]
fn breaks_off_where_a_later_chunk_is_broken() {
    let cue = Cue::default();
    let go = cue.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n")?;
        go.wait()?;
        connection.write("x\r\nsecret")?;
        connection.wait()
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.send(GET);
    eventually("the first chunk arrives", || client.stirs() && client.held().ends_with(b"4\r\ngood\r\n"));
    cue.give();
    assert!(client.rest().0.ends_with(b"4\r\ngood\r\n"));
    server.over(0);
    assert_eq!(gate.log(1)[0]["reason"], "upstream_truncated");
}
