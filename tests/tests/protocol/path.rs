//! One spelling for each path: what is matched is what is sent, and what servers read in two ways is refused.

use gatewright_tests::gate::{Gate, refused};
use gatewright_tests::server::Server;

#[test]
fn what_is_matched_is_what_is_sent() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let table = [
        ("/app/a", "/app/a"),
        ("/app/", "/app/"),
        ("/app/a/", "/app/a/"),
        ("/%61pp/x", "/app/x"),
        ("/a%70%70/%7e%41%2D%2e%5F", "/app/~A-._"),
        ("/app/a%3ab%40c%21", "/app/a:b@c!"),
        ("/app/%c3%a4", "/app/%C3%A4"),
        ("/app/%e2%82%ac/%F0%9F%92%A9", "/app/%E2%82%AC/%F0%9F%92%A9"),
        ("/app/a%20b", "/app/a%20b"),
        ("/app/%0d%0aX:y", "/app/%0D%0AX:y"),
        ("/app/%7f%01", "/app/%7F%01"),
        ("/app/\"<>[]^`{|}", "/app/%22%3C%3E%5B%5D%5E%60%7B%7C%7D"),
        ("/app/%22%3c", "/app/%22%3C"),
        ("/app/%25", "/app/%25"),
        ("/app/%252e%252e/x", "/app/%252e%252e/x"),
        ("/app/%252F", "/app/%252F"),
        ("/app/%23%3F", "/app/%23%3F"),
        ("/app/./a", "/app/a"),
        ("/./app/a", "/app/a"),
        ("/app/b/../a", "/app/a"),
        ("/app/b/%2e%2E/a", "/app/a"),
        ("/app/b/.%2e/a", "/app/a"),
        ("/hello/../app/a", "/app/a"),
        ("/app/a/.", "/app/a/"),
        ("/app/a/..", "/app/"),
        ("/app/a/b/../..", "/app/"),
        ("/app/...", "/app/..."),
        ("/app/..a/.b", "/app/..a/.b"),
        ("/app/a?b/../c", "/app/a?b/../c"),
    ];
    for (raw, _) in table {
        assert_eq!(client.ask(format!("GET {raw} HTTP/1.1\r\nHost: a\r\n\r\n")).status(), 200, "{raw}");
    }
    let sent: Vec<_> = server.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(sent, table.map(|(_, sent)| sent));
    // The log says the same.
    let logged: Vec<_> =
        gate.log(table.len()).iter().map(|line| line["path"].as_str().unwrap().to_owned()).collect();
    let without_query: Vec<_> =
        table.iter().map(|(_, sent)| sent.split('?').next().unwrap().to_owned()).collect();
    assert_eq!(logged, without_query);
}

#[test]
fn a_path_that_leads_out_of_a_route_is_matched_where_it_leads() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    for raw in ["/app/../hello", "/app/%2e%2e/hello", "/app/x/../../hello", "/app/.%2E/./hello"] {
        assert_eq!(client.ask(format!("GET {raw} HTTP/1.1\r\nHost: a\r\n\r\n")).text(), "hello\\n");
    }
    for raw in ["/app/..", "/app/../nowhere"] {
        refused(&client.ask(format!("GET {raw} HTTP/1.1\r\nHost: a\r\n\r\n")), 404, "not_found");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_path_that_servers_read_in_two_ways_never_reaches_one() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let table = [
        ("/app/a%2Fb", "encoded_separator"),
        ("/app/a%2fb", "encoded_separator"),
        ("/app%2fa", "encoded_separator"),
        ("/app/..%2f..%2fx", "encoded_separator"),
        ("/app/a%5Cb", "encoded_separator"),
        ("/app/a%5cb", "encoded_separator"),
        ("/app/a\\b", "encoded_separator"),
        ("/app/..\\x", "encoded_separator"),
        ("/app/a%00", "encoded_separator"),
        ("/app/%00", "encoded_separator"),
        ("/app/a;b", "path_parameter"),
        ("/app/a%3Bb", "path_parameter"),
        ("/app/..;/x", "path_parameter"),
        ("/app/;jsessionid=1", "path_parameter"),
        ("//app/a", "empty_segment"),
        ("/app//a", "empty_segment"),
        ("/app/a//", "empty_segment"),
        ("//", "empty_segment"),
        ("/app/x/..//a", "empty_segment"),
        ("/..", "above_root"),
        ("/../app/a", "above_root"),
        ("/app/../../app/a", "above_root"),
        ("/%2e%2e/app/a", "above_root"),
        ("/app/%", "escape_invalid"),
        ("/app/%4", "escape_invalid"),
        ("/app/%4g", "escape_invalid"),
        ("/app/%u0041", "escape_invalid"),
        ("/app/% 41", "malformed_head"),
        ("/app/%ff", "path_not_utf8"),
        ("/app/%c3", "path_not_utf8"),
        ("/app/%c3/%a4", "path_not_utf8"),
        ("/app/%c0%ae%c0%ae/x", "path_not_utf8"),
        ("/app/%c0%af", "path_not_utf8"),
        ("/app/%e0%80%af", "path_not_utf8"),
        ("/app/%ed%a0%80", "path_not_utf8"),
        ("/app/%f4%90%80%80", "path_not_utf8"),
        ("/app/a#b", "target_invalid"),
    ];
    for (raw, reason) in table {
        let answer = gate.ask(format!("GET {raw} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
        println!("{raw}");
        refused(&answer, 400, reason);
    }
    assert_eq!(server.connections(), 0);
}

/// A path behind `/app/` that is as long as this in canonical spelling, and shorter as it is sent.
fn swelling(canonical: usize) -> String {
    let bytes = canonical - "/app/".len();
    format!("GET /app/{}{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(bytes % 3), "{".repeat(bytes / 3))
}

#[test]
fn a_path_that_escapes_make_too_long_is_414() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    assert_eq!(client.ask(swelling(32 * 1024)).status(), 200);
    assert_eq!(server.only().target().len(), 32 * 1024);
    refused(&client.ask(swelling(32 * 1024 + 1)), 414, "target_too_long");
    // Beyond 64 KiB offsets into it would not fit 16 bits.
    for target in ["/app/", "/old/", "/orders/1/lines/", "http://a/app/"] {
        let long = "{".repeat(22_000);
        refused(&gate.ask(format!("GET {target}{long} HTTP/1.1\r\nHost: a\r\n\r\n")), 414, "target_too_long");
        let behind = format!("{target}{long}/lines/1 HTTP/1.1\r\nHost: a\r\n\r\n");
        refused(&gate.ask(format!("DELETE {behind}")), 414, "target_too_long");
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 1));
}

#[test]
fn a_long_capture_is_sent_whole() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let (id, line) = ("{".repeat(5_000), "}".repeat(5_000));
    gate.ask(format!("GET /orders/{id}/lines/{line} HTTP/1.1\r\nHost: a\r\n\r\n"));
    let (id, line) = ("%7B".repeat(5_000), "%7D".repeat(5_000));
    assert_eq!(server.only().target(), format!("/v2/{line}/of/{id}"));
    let answer = gate.ask(format!("GET /old/{} HTTP/1.1\r\nHost: a\r\n\r\n", "{".repeat(10_000)));
    assert_eq!(answer.field("location"), Some(format!("/new/{}", "%7B".repeat(10_000))));
}
