//! Requests that two readers could read differently: each gets one answer with one reason, and not a byte of it
//! reaches a server.

use gatewright_tests::gate::{Gate, refused};
use gatewright_tests::server::Server;

/// A request is refused, the connection ends, and no server hears of it.
#[track_caller]
fn check(request: impl AsRef<[u8]>, status: u16, reason: &str) {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let answer = client.ask(request);
    refused(&answer, status, reason);
    assert_eq!(answer.field("connection").as_deref(), Some("close"));
    client.half_close();
    assert!(client.ends());
    assert!(server.received(0).is_empty(), "a byte reached the server");
    let line = gate.log(1).remove(0);
    assert_eq!((line["status"].as_u64(), line["reason"].as_str()), (Some(status.into()), Some(reason)));
}

/// With these fields, a body of five bytes, and a request hidden behind it.
#[track_caller]
fn fields(reason: &str, all: &[&str]) {
    for fields in all {
        println!("{fields:?}");
        check(
            format!(
                "POST /app/x HTTP/1.1\r\nHost: a\r\n{fields}\r\nhelloGET /app/hidden HTTP/1.1\r\nHost: a\r\n\r\n"
            ),
            400,
            reason,
        );
    }
}

/// With this request line.
#[track_caller]
fn line(status: u16, reason: &str, all: &[&str]) {
    for line in all {
        println!("{line:?}");
        check(format!("{line}\r\nHost: a\r\n\r\n"), status, reason);
    }
}

#[test]
fn refuses_a_length_beside_a_coding() {
    fields(
        "length_and_coding",
        &[
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
            "content-length: 0\r\nTRANSFER-ENCODING: chunked\r\n",
            "Content-Length: 5\r\nConnection: content-length\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 5\r\nConnection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n",
        ],
    );
}

#[test]
fn refuses_a_length_that_is_not_one_number() {
    fields(
        "length_invalid",
        &[
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\ncontent-length: 0\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: 5,\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -5\r\n",
            "Content-Length: -0\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5h\r\n",
            "Content-Length: 5.0\r\n",
            "Content-Length: 5 5\r\n",
            "Content-Length: 1_0\r\n",
            "Content-Length: \"5\"\r\n",
            "Content-Length:\r\n",
            "Content-Length:  \r\n",
            "Content-Length: \u{ff15}\r\n",
            "Content-Length: 18446744073709551621\r\n",
            "Content-Length: 99999999999999999999999999999\r\n",
            "Content-Length: 00000000000000000000005\r\n",
        ],
    );
}

#[test]
fn refuses_every_coding_but_exactly_chunked() {
    fields(
        "coding_unsupported",
        &[
            "Transfer-Encoding: chunked,\r\n",
            "Transfer-Encoding: ,chunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunkedx\r\n",
            "Transfer-Encoding: chunked;q=1\r\n",
            "Transfer-Encoding: \"chunked\"\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: gzip\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: \u{85}chunked\r\n",
            "Transfer-Encoding: chun ked\r\n",
        ],
    );
    check(
        "POST /app/x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "coding_unsupported",
    );
}

#[test]
fn refuses_names_and_values_that_are_none() {
    fields(
        "malformed_head",
        &[
            "Content-Length : 5\r\n",
            "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding\t: chunked\r\n",
            "Transfer-Encoding: \x0bchunked\r\n",
            "Transfer-Encoding: chunked\x0b\r\n",
            "Transfer-Encoding: chunked\0\r\n",
            "Transfer\0-Encoding: chunked\r\n",
            "Transfer-Encoding\u{a0}: chunked\r\n",
            " Transfer-Encoding: chunked\r\n",
            "\tTransfer-Encoding: chunked\r\n",
            "X: 1\r\n Transfer-Encoding: chunked\r\n",
            "X: 1\r\n\tfolded\r\n",
            "X: 1\r\n \r\nY: 2\r\n",
            "Content-Length: 5\r\n 0\r\n",
            "Transfer-Encoding:\r\n chunked\r\n",
            ": no name\r\n",
            "no colon\r\n",
            "(x): 1\r\n",
            "\"x\": 1\r\n",
            "x[y]: 1\r\n",
            "x/y: 1\r\n",
            "x\u{7f}: 1\r\n",
            "x: a\x7fb\r\n",
            "x: a\x01b\r\n",
            "x: a\0b\r\n",
            "x: a\x1bb\r\n",
            "x: a\rb\r\n",
            "x: a\r\r\n",
            "x: a\rTransfer-Encoding: chunked\r\n",
            "\rTransfer-Encoding: chunked\r\n",
        ],
    );
}

#[test]
fn refuses_a_line_that_ends_without_cr() {
    for request in [
        "GET /app/x HTTP/1.1\nHost: a\r\n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\r\nX: 1\n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\r\nX:\n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\r\nX: \n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\r\n\n",
        "GET /app/x HTTP/1.1\nHost: a\n\n",
        "GET /app/x HTTP/1.1\n\n",
        "\nGET /app/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\nGET /app/x HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        println!("{request:?}");
        check(request, 400, "bare_line_feed");
    }
}

#[test]
fn refuses_a_bare_cr_between_lines() {
    for request in [
        "GET /app/x HTTP/1.1\rHost: a\r\n\r\n",
        "GET /app/x HTTP/1.1\r\rHost: a\r\n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\r\r\n\r\n",
        "GET /app/x HTTP/1.1\r\nHost: a\r\n\rX: 1\r\n\r\n",
        "\rGET /app/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\r/app/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /app/x\r HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        println!("{request:?}");
        check(request, 400, "malformed_head");
    }
}

#[test]
fn refuses_request_lines_that_are_none() {
    line(
        400,
        "malformed_head",
        &[
            "GET  /app/x HTTP/1.1",
            "GET /app/x  HTTP/1.1",
            "GET /app/x HTTP/1.1 ",
            " GET /app/x HTTP/1.1",
            "GET\t/app/x HTTP/1.1",
            "GET /app/x\tHTTP/1.1",
            "GET /app/x y HTTP/1.1",
            "GET /app/x",
            "GET",
            "GET /app/x HTTP/",
            "GET /app/x HTTP/1",
            "GET /app/x HTTP/1.",
            "GET /app/x http/1.1",
            "GET /app/x Http/1.1",
            "GET /app/x HTTP/01.1",
            "GET /app/x HTTP/1.1.1",
            "GET /app/x HTTP/1.10",
            "GET /app/x HTTPS/1.1",
            "GET /app/x HTTP-1.1",
            "G(T /app/x HTTP/1.1",
            "G\0T /app/x HTTP/1.1",
            "GET /app/x\0 HTTP/1.1",
            "GET /app/x\x7f HTTP/1.1",
            "GET: /app/x HTTP/1.1",
        ],
    );
}

#[test]
fn refuses_versions_that_are_not_spoken_here() {
    line(
        505,
        "version_unsupported",
        &["GET /app/x HTTP/1.2", "GET /app/x HTTP/2.0", "GET /app/x HTTP/3.0", "GET /app/x HTTP/0.9"],
    );
    check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "version_unsupported");
}

#[test]
fn refuses_targets_that_are_none() {
    line(
        400,
        "target_invalid",
        &[
            "GET app/x HTTP/1.1",
            "GET * HTTP/1.1",
            "GET ?x HTTP/1.1",
            "GET https://a/app/x HTTP/1.1",
            "GET ftp://a/app/x HTTP/1.1",
            "GET http:/app/x HTTP/1.1",
            "GET a:80 HTTP/1.1",
            "GET /app/x#y HTTP/1.1",
            "GET /app/x?a#y HTTP/1.1",
            "GET /app/\u{e4} HTTP/1.1",
            "GET /app/x?\u{e4} HTTP/1.1",
        ],
    );
    line(501, "connect_unsupported", &["CONNECT a:80 HTTP/1.1", "CONNECT / HTTP/1.1"]);
}

#[test]
fn refuses_what_is_not_one_valid_host() {
    for (fields, reason) in [
        ("", "host_missing"),
        ("X-Host: a\r\n", "host_missing"),
        ("Host: a\r\nHost: a\r\n", "host_repeated"),
        ("Host: a\r\nX: 1\r\nhost: b\r\n", "host_repeated"),
        ("Host:\r\n", "host_invalid"),
        ("Host: a b\r\n", "host_invalid"),
        ("Host: a, b\r\n", "host_invalid"),
        ("Host: a/b\r\n", "host_invalid"),
        ("Host: user@a\r\n", "host_invalid"),
        ("Host: a:b\r\n", "host_invalid"),
        ("Host: a:80:80\r\n", "host_invalid"),
        ("Host: a:123456\r\n", "host_invalid"),
        ("Host: :80\r\n", "host_invalid"),
        ("Host: [::1\r\n", "host_invalid"),
        ("Host: ::1\r\n", "host_invalid"),
        ("Host: []\r\n", "host_invalid"),
        ("Host: a%00\r\n", "host_invalid"),
        ("Host: a\"\r\n", "host_invalid"),
        ("Host: \u{e4}\r\n", "host_invalid"),
        ("Host: http://a\r\n", "host_invalid"),
    ] {
        println!("{fields:?}");
        check(format!("GET /app/x HTTP/1.1\r\n{fields}\r\n"), 400, reason);
    }
}

#[test]
fn refuses_an_absolute_target_that_disagrees_with_the_host() {
    for target in
        ["http://b/app/x", "http://a:81/app/x", "http://user@a/app/x", "http:///app/x", "http://a.b?/app/x"]
    {
        println!("{target}");
        check(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "host_disagrees");
    }
}

#[test]
fn passes_an_absolute_target_that_agrees_as_a_path() {
    for (target, sent) in [
        ("http://a/app/x?y=http://b/", "/app/x?y=http://b/"),
        ("HTTP://A/app/x", "/app/x"),
        ("http://a:80/app/x", "/app/x"),
    ] {
        let server = Server::ok();
        let answer = Gate::before(&server).ask(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(answer.status(), 200, "{target}");
        assert_eq!(server.only().target(), sent);
    }
}

#[test]
fn passes_over_blank_lines_before_a_request() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    assert_eq!(client.ask("\r\n\r\nGET /app/1 HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    assert_eq!(client.ask("\r\nGET /app/2 HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    for byte in b"\r\nGET /app/3 HTTP/1.1\r\nHost: a\r\n\r\n" {
        client.send([*byte]);
    }
    assert_eq!(client.answer().status(), 200);
    let targets: Vec<_> = server.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["/app/1", "/app/2", "/app/3"]);
}

#[test]
fn passes_blanks_around_a_coding_and_writes_it_anew() {
    for coding in [
        "Transfer-Encoding: chunked\t\r\n",
        "Transfer-Encoding:\t  CHUNKED \r\n",
        "transfer-encoding:chunked\r\n",
    ] {
        let server = Server::ok();
        let gate = Gate::before(&server);
        let answer = gate.ask(format!("POST /app/x HTTP/1.1\r\nHost: a\r\n{coding}\r\n2\r\nhi\r\n0\r\n\r\n"));
        assert_eq!(answer.status(), 200);
        let request = server.only();
        assert_eq!(request.field("transfer-encoding").as_deref(), Some("chunked"));
        assert_eq!(request.body, b"hi");
    }
}

#[test]
fn refuses_chunks_that_two_readers_could_read_differently() {
    for (body, reason) in [
        ("5\nhello\r\n0\r\n\r\n", "chunk_invalid"),
        ("5\r\nhello\n0\r\n\r\n", "chunk_invalid"),
        (" 5\r\nhello\r\n0\r\n\r\n", "chunk_invalid"),
        ("5 \r\nhello\r\n0\r\n\r\n", "chunk_invalid"),
        ("0x5\r\nhello\r\n0\r\n\r\n", "chunk_invalid"),
        ("-1\r\nhello\r\n0\r\n\r\n", "chunk_invalid"),
        ("5\r\nhelloo\r\n0\r\n\r\n", "chunk_invalid"),
        ("5;a\nb\r\nhello\r\n0\r\n\r\n", "chunk_invalid"),
        ("FFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n", "chunk_invalid"),
        ("0\r\nX : y\r\n\r\n", "trailer_invalid"),
        ("0\r\nX: y\n\r\n", "trailer_invalid"),
        ("0\r\nX: y\r\n folded\r\n\r\n", "trailer_invalid"),
        ("0\r\nno colon\r\n\r\n", "trailer_invalid"),
    ] {
        println!("{body:?}");
        check(
            format!(
                "POST /app/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET /app/hidden HTTP/1.1\r\nHost: a\r\n\r\n"
            ),
            400,
            reason,
        );
    }
}
