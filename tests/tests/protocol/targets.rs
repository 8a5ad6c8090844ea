//! Values in the path that is sent and in `Location`: each is a part of one segment, whatever a client writes.

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

fn gate(server: &Server) -> Gate {
    Setup { program: program::fields(), ..Setup::app(server) }.start()
}

fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// The target that the server is sent.
fn sent(target: &str, fields: &str) -> String {
    let server = Server::ok();
    assert_eq!(gate(&server).ask(get(target, fields)).status(), 200, "{target}");
    server.only().target().to_owned()
}

fn location(target: &str) -> String {
    let answer = gate(&Server::ok()).ask(get(target, ""));
    assert!((301..=308).contains(&answer.status()), "{target}: {answer:?}");
    answer.field("location").unwrap()
}

/// What cannot stand in a segment, as a query spells it.
const REFUSED: [&str; 22] = [
    "/",
    "%2F",
    "%2f",
    "a/b",
    "../admin",
    "..%2F..%2Fadmin",
    "%5C",
    "\\",
    "..%5Cadmin",
    ";",
    "a%3Bb",
    "%00",
    "%0A",
    "%0D%0AX-Evil:%20yes",
    "%7f",
    "%09",
    "%1b",
    "%ff",
    "%c3",
    "%ed%a0%80",
    "//evil.example",
    "https://evil.example",
];

#[test]
fn values_of_all_kinds_fill_a_path() {
    assert_eq!(sent("/to/7", ""), "/eu/7/none/all.json");
    assert_eq!(sent("/to/-7?x=1", "X-To: b\r\nx-to: c\r\n"), "/eu/-7/1/b,%20c.json?x=1");
    assert_eq!(
        sent("/typed?n=-5&day=2024-02-29&kind=black+tea", ""),
        "/n/-5/2024-02-29/black%20tea?n=-5&day=2024-02-29&kind=black%20tea"
    );
    assert_eq!(sent("/typed", ""), "/n/0/2026-01-01/tea");
    assert_eq!(sent("/named/a/%2e%2e/b/", ""), "/v2/b/");
    assert_eq!(sent("/named/?version=7", ""), "/v7/?version=7");
}

#[test]
fn a_param_fills_a_path_with_what_start_up_says() {
    let server = Server::ok();
    let setup = Setup { program: program::fields(), ..Setup::app(&server) };
    let gate = setup.give("zone", "so%uth é").start();
    assert_eq!(gate.ask(get("/to/7", "")).status(), 200);
    assert_eq!(server.only().target(), "/so%25uth%20%C3%A9/7/none/all.json");
}

#[test]
fn a_value_has_the_one_spelling_of_paths() {
    for (value, spelled) in [
        ("abc-._~", "abc-._~"),
        ("%61%2D", "a-"),
        ("a+b", "a%20b"),
        ("a%2Bb", "a+b"),
        ("%3F", "%3F"),
        ("?x=1", "%3Fx=1"),
        ("%23", "%23"),
        ("%26b%3Dc", "&b=c"),
        ("%25", "%25"),
        ("%252e%252e", "%252e%252e"),
        ("%25%32%46", "%252F"),
        ("%C3%A9", "%C3%A9"),
        ("%E2%80%AE", "%E2%80%AE"),
        ("%F0%9F%A6%80", "%F0%9F%A6%80"),
        ("\"<>[]^`{|}", "%22%3C%3E%5B%5D%5E%60%7B%7C%7D"),
        ("...", "..."),
        (".a", ".a"),
        ("a:b@c", "a:b@c"),
    ] {
        assert_eq!(sent(&format!("/last?x={value}"), ""), format!("/last/{spelled}?x={value}"));
        assert_eq!(location(&format!("/go?x={value}")), format!("/for/{spelled}"));
    }
}

#[test]
fn what_could_change_the_path_is_refused_and_nothing_is_sent() {
    let server = Server::ok();
    let gate = gate(&server);
    for value in REFUSED {
        for path in ["/last", "/to/7", "/go", "/go/query", "/dots"] {
            let answer = gate.ask(get(&format!("{path}?x={value}"), ""));
            // What no query can hold is refused before.
            let reason = if value == "\\" && answer.status() == 400 {
                answer.json()["reason"].as_str().unwrap().to_owned()
            } else {
                "segment_invalid".into()
            };
            refused(&answer, 400, &reason);
            assert_eq!(answer.field("location"), None, "{path} {value}");
        }
    }
    for value in ["", ".", "..", "%2e", "%2E%2e"] {
        for path in ["/last", "/go", "/go/query"] {
            refused(&gate.ask(get(&format!("{path}?x={value}"), "")), 400, "segment_invalid");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn two_values_of_one_segment_are_looked_at_together() {
    let server = Server::ok();
    let gate = gate(&server);
    for query in ["x=.&y=.", "x=&y=..", "x=..&y=", "x=&y=", "x=%2e&y", "y=."] {
        refused(&gate.ask(get(&format!("/dots?{query}"), "")), 400, "segment_invalid");
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(sent("/dots?x=..&y=.", ""), "/a/.../c?x=..&y=.");
    assert_eq!(sent("/dots?x=&y=b", ""), "/a/b/c?x=&y=b");
    assert_eq!(sent("/dots", ""), "/a/.b/c");
}

#[test]
fn fields_of_the_head_are_held_to_the_same() {
    let server = Server::ok();
    let gate = gate(&server);
    for value in ["a/b", "..\\b", "a;b", "\u{e9}/", "a\tb"] {
        refused(&gate.ask(get("/to/7", &format!("X-To: {value}\r\n"))), 400, "segment_invalid");
    }
    // Bytes that are no text.
    let latin = [&b"GET /to/7 HTTP/1.1\r\nHost: a\r\nX-To: caf\xe9\r\n\r\n"[..]].concat();
    refused(&gate.ask(latin), 400, "segment_invalid");
    assert_eq!(server.connections(), 0);
    assert_eq!(sent("/to/7", "X-To: ..\r\n"), "/eu/7/none/...json");
    assert_eq!(sent("/to/7", "X-To:\r\n"), "/eu/7/none/.json");
}

#[test]
fn a_redirect_stays_on_its_host_and_its_head_stays_whole() {
    assert_eq!(location("/go"), "/for/all");
    assert_eq!(location("/go/query?x=a%26b"), "/for/a&b?from=gateway#top");
    let server = Server::ok();
    let answer = gate(&server).ask(get("/go?x=%C2%85%E2%80%A8", ""));
    assert_eq!(answer.field("location").as_deref(), Some("/for/%C2%85%E2%80%A8"));
    assert_eq!(names(&answer), ["Date", "Location", "Content-Length"]);
}

fn names(message: &Message) -> Vec<&str> {
    message.fields.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_refused_request_leaves_the_connection_usable() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    refused(
        &client.ask("POST /last?x=.. HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
        400,
        "segment_invalid",
    );
    assert_eq!(client.ask(get("/last?x=next", "")).status(), 200);
    assert_eq!(server.only().target(), "/last/next?x=next");
    let answer = client.send("HEAD /last?x=.. HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!((answer.status(), answer.body.len()), (400, 0));
    // Nothing of an earlier path is left.
    assert_eq!(client.ask(get("/last?x=b", "")).status(), 200);
    assert_eq!(server.requests()[1].target(), "/last/b?x=b");
}

#[test]
fn a_path_that_grows_too_long_is_refused() {
    let server = Server::ok();
    let gate = gate(&server);
    // Each byte of it becomes three.
    let long = "\"".repeat(12_000);
    refused(&gate.ask(get(&format!("/last?x={long}"), "")), 414, "target_too_long");
    let fits = "\"".repeat(10_000);
    assert_eq!(gate.ask(get(&format!("/last?x={fits}"), "")).status(), 200);
    assert_eq!(server.only().target().len(), "/last/?x=".len() + 40_000);
}

#[test]
fn a_server_that_fails_is_asked_again_with_the_same_path() {
    let server = Server::new(|connection| {
        connection.request()?;
        if connection.index == 0 {
            // A kept connection that dies when it is used again.
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
            connection.request()?;
            return Ok(());
        }
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    });
    let gate = gate(&server);
    assert_eq!(gate.ask(get("/last?x=one", "")).status(), 200);
    assert_eq!(gate.ask(get("/last?x=two+", "")).status(), 200);
    let targets: Vec<String> = server.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["/last/one?x=one", "/last/two%20?x=two+", "/last/two%20?x=two+"]);
}
