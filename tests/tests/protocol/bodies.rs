//! Where the body of an answer ends: HEAD, 204, 304, closing servers, and both versions on either side.

use std::time::Duration;

use gatewright_tests::client::End;
use gatewright_tests::gate::Gate;
use gatewright_tests::server::Server;

const GET: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n";
const HEAD: &str = "HEAD /app/x HTTP/1.1\r\nHost: a\r\n\r\n";
const OLD: &str = "GET /app/x HTTP/1.0\r\nHost: a\r\n\r\n";

#[test]
fn an_answer_to_head_states_the_length_and_has_no_body() {
    for (fields, stated) in [
        ("Content-Length: 1000\r\n", Some("1000")),
        ("Content-Length: 0\r\n", Some("0")),
        ("", None),
        ("Transfer-Encoding: chunked\r\n", None),
    ] {
        let server = Server::always(format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
        let gate = Gate::before(&server);
        let mut client = gate.client();
        for _ in 0..3 {
            let answer = client.send(HEAD).answer_to_head();
            assert_eq!(
                (answer.status(), answer.field("content-length").as_deref()),
                (200, stated),
                "{fields}"
            );
            assert_eq!(answer.field("connection"), None);
        }
        // What a server should not send behind the head may still come: such a connection is left alone for a while.
        let is_announced = stated.is_some_and(|stated| stated != "0");
        assert_eq!(server.connections(), if is_announced { 3 } else { 1 }, "{fields}");
        gate.clock.advance(Duration::from_millis(100));
        client.send(HEAD).answer_to_head();
        assert_eq!(server.connections(), if is_announced { 3 } else { 1 }, "{fields}");
    }
}

#[test]
fn answers_of_204_and_304_have_no_body() {
    // A server that announces a body behind a 204 may send it: its connection is not used again.
    for (head, stated, connections) in [
        ("204 No Content\r\n", None, 1),
        ("204 No Content\r\nContent-Length: 0\r\n", None, 1),
        ("204 No Content\r\nContent-Length: 7\r\n", None, 3),
        ("204 No Content\r\nTransfer-Encoding: chunked\r\n", None, 3),
        ("304 Not Modified\r\n", None, 1),
        ("304 Not Modified\r\nContent-Length: 7\r\nETag: \"x\"\r\n", Some("7"), 3),
        ("304 Not Modified\r\nTransfer-Encoding: chunked\r\n", None, 1),
    ] {
        let server = Server::always(format!("HTTP/1.1 {head}\r\n"));
        let gate = Gate::before(&server);
        let mut client = gate.client();
        for _ in 0..3 {
            let answer = client.ask(GET);
            assert_eq!(answer.field("content-length").as_deref(), stated, "{head}");
            assert_eq!(answer.field("transfer-encoding"), None);
        }
        assert_eq!(server.connections(), connections, "{head}");
    }
}

#[test]
fn a_body_that_should_not_be_there_never_reaches_the_next_request() {
    for (request, answer) in [
        (HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"),
        (HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n"),
        (HEAD, "HTTP/1.1 200 OK\r\n\r\nsecret"),
        (GET, "HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nsecret"),
        (GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nsecret"),
        (GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nsecret"),
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret",
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret",
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret",
        ),
    ] {
        let server = Server::new(move |connection| {
            connection.request()?;
            if connection.index == 0 {
                connection.write(answer)?;
                return connection.wait();
            }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")?;
            connection.wait()
        });
        let gate = Gate::before(&server);
        let mut client = gate.client();
        client.send(request);
        let first = if request == HEAD { client.answer_to_head() } else { client.answer() };
        assert!(!first.text().contains("secret"));
        assert_eq!(client.ask(GET).text(), "good", "{answer}");
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn a_body_that_ends_with_the_connection_is_chunked_for_1_1() {
    for version in ["1.1", "1.0"] {
        let server = Server::once(format!("HTTP/{version} 200 OK\r\nX: 1\r\n\r\nuntil the end"));
        let gate = Gate::before(&server);
        let mut client = gate.client();
        for _ in 0..2 {
            let answer = client.ask(GET);
            assert_eq!(answer.text(), "until the end");
            assert_eq!(answer.field("transfer-encoding").as_deref(), Some("chunked"));
            assert_eq!(answer.field("connection"), None);
        }
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn an_empty_body_that_ends_with_the_connection_is_whole() {
    let server = Server::once("HTTP/1.1 200 OK\r\n\r\n");
    let answer = Gate::before(&server).ask(GET);
    assert_eq!((answer.status(), answer.body.len()), (200, 0));
}

#[test]
fn a_body_without_a_length_ends_with_the_connection_for_1_0() {
    for answer in [
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        let server = Server::once(answer);
        let gate = Gate::before(&server);
        let mut client = gate.client();
        let answer = client.ask(OLD);
        assert_eq!((answer.text().as_str(), answer.field("transfer-encoding")), ("hello", None));
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
        assert!(client.ends_in_order());
    }
}

#[test]
fn a_body_without_a_length_that_breaks_off_does_not_look_whole_to_1_0() {
    let server = Server::once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    let gate = Gate::before(&server);
    let (rest, end) = gate.client().send(OLD).rest();
    assert!(rest.ends_with(b"hello"));
    assert_eq!(end, End::Reset);
}

#[test]
fn a_1_0_client_is_answered_once() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    for fields in [
        "",
        "Host: a\r\n",
        "Connection: keep-alive\r\n",
        "Connection: Keep-Alive\r\nKeep-Alive: timeout=5\r\n",
    ] {
        for path in ["/app/x", "/hello", "/nowhere"] {
            let mut client = gate.client();
            let answer = client.ask(format!("GET {path} HTTP/1.0\r\n{fields}\r\n"));
            assert_eq!(answer.field("connection").as_deref(), Some("close"));
            assert!(client.ends_in_order());
        }
    }
    // The server is spoken to in 1.1, and its connection is kept.
    assert_eq!(server.connections(), 1);
    let request = server.requests().remove(0);
    assert_eq!(
        (request.field("host").as_deref(), request.field("x-forwarded-host")),
        (Some("127.0.0.1:9000"), None)
    );
    assert_eq!(request.field("via").as_deref(), Some("1.0 tested"));
}

#[test]
fn the_clients_connection_lives_by_its_own_word() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for fields in [
        "",
        "Connection: keep-alive\r\n",
        "Connection: x\r\n",
        "Keep-Alive: timeout=1\r\n",
        "Proxy-Connection: close\r\n",
    ] {
        assert_eq!(
            client.ask(format!("GET /app/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).field("connection"),
            None
        );
    }
    for fields in
        ["Connection: close\r\n", "Connection: x, CLOSE\r\n", "Connection: x\r\nConnection: close\r\n"]
    {
        let mut client = gate.client();
        let answer = client.ask(format!("GET /app/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
        assert_eq!(answer.field("connection").as_deref(), Some("close"), "{fields}");
        assert!(client.ends_in_order());
    }
    assert_eq!(server.connections(), 1, "a client's close does not close the server's connection");
}

#[test]
fn the_servers_connection_lives_by_its_own_word() {
    for (answer, reused) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, Close\r\n\r\nok", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", false),
    ] {
        let server = Server::always(answer);
        let gate = Gate::before(&server);
        let mut client = gate.client();
        for _ in 0..2 {
            let answer = client.ask(GET);
            assert_eq!((answer.text().as_str(), answer.field("connection")), ("ok", None));
        }
        assert_eq!(server.connections(), if reused { 1 } else { 2 }, "{answer}");
    }
}

#[test]
fn a_large_answer_comes_whole_in_every_framing() {
    let body = vec![b'z'; 3_000_000];
    let chunked = |size: usize| {
        let mut wire = Vec::new();
        for chunk in body.chunks(size) {
            wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            wire.extend_from_slice(chunk);
            wire.extend_from_slice(b"\r\n");
        }
        [&wire[..], b"0\r\n\r\n"].concat()
    };
    for (fields, wire) in [
        ("Content-Length: 3000000", body.clone()),
        ("X: 1", body.clone()),
        ("Transfer-Encoding: chunked", chunked(1_000_000)),
        ("Transfer-Encoding: chunked", chunked(7)),
    ] {
        let server =
            Server::once([format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n").into_bytes(), wire].concat());
        let gate = Gate::before(&server);
        assert!(gate.ask(GET).body == body, "{fields}");
        assert!(gate.ask(OLD).body == body, "{fields} to 1.0");
    }
}
