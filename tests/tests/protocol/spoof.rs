//! What a client cannot make a server believe: who it is, which path was asked for, and which connection carries it.

use gatewright_tests::gate::{Gate, refused};
use gatewright_tests::server::Server;

/// A head to the app with these lines.
fn get(lines: &str) -> String {
    format!("GET /app/x HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

#[test]
fn no_spelling_of_what_only_the_gateway_says_reaches_a_server() {
    let names = [
        "X-Forwarded-For",
        "x_forwarded_for",
        "X_Forwarded_For",
        "X-Forwarded_Host",
        "X_Forwarded-Proto",
        "X_FORWARDED_ANYTHING",
        "X-Real-IP",
        "X_Real_IP",
        "x-real_ip",
        "X-Original-URL",
        "X_Original_URL",
        "X-Rewrite-URL",
        "x_rewrite-url",
    ];
    for name in names {
        let server = Server::ok();
        let gate = Gate::before(&server);
        assert_eq!(gate.ask(get(&format!("{name}: spoofed\r\n{name}: spoofed\r\n"))).status(), 200, "{name}");
        let request = server.only();
        assert!(!gatewright_tests::show(&server.received(0)).contains("spoofed"), "{name}");
        // A server that does not tell `_` from `-` sees one value, and it is the gateway's.
        let folded = |wanted: &str| {
            let same = |own: &str| own.replace('_', "-").eq_ignore_ascii_case(wanted);
            let lines = request.fields.iter().filter(|(own, _)| same(own));
            lines.map(|(_, value)| value.escape_ascii().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(folded("x-forwarded-for"), ["127.0.0.1"], "{name}");
        assert_eq!(folded("x-forwarded-host"), ["a"], "{name}");
        assert_eq!(folded("x-forwarded-proto"), ["http"], "{name}");
    }
}

#[test]
fn names_that_only_look_alike_pass() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let names =
        ["X-Forwarded", "X_Real", "X-Original-URI2", "X-Rewrite-URLs", "XForwardedFor", "X_Request_Id"];
    gate.ask(get(&names.map(|name| format!("{name}: kept\r\n")).concat()));
    let request = server.only();
    for name in names {
        assert_eq!(request.field(name).as_deref(), Some("kept"), "{name}");
    }
}

/// A `Connection` field for each so many options.
fn connection(options: usize, each: usize) -> String {
    let names: Vec<String> = (0..options).map(|n| format!("x-{n}")).collect();
    names.chunks(each).map(|names| format!("Connection: {}\r\n", names.join(", "))).collect()
}

#[test]
fn thirty_two_connection_options_are_read_and_one_more_is_400() {
    for each in [1, 8, 33] {
        let server = Server::ok();
        let gate = Gate::before(&server);
        // The last option is honoured too.
        assert_eq!(gate.ask(get(&(connection(32, each) + "X-31: hop\r\nX-32: end\r\n"))).status(), 200);
        let request = server.only();
        assert_eq!((request.field("x-31"), request.field("x-32").as_deref()), (None, Some("end")));
        refused(&gate.ask(get(&connection(33, each))), 400, "malformed_head");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn empty_members_are_no_connection_options() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(get(&format!("Connection: x-a{}\r\nX-A: hop\r\n", ", ".repeat(100)))).status(), 200);
    assert_eq!(server.only().field("x-a"), None);
}

#[test]
fn a_server_with_too_many_connection_options_is_a_502() {
    for (options, status) in [(32, 200), (33, 502)] {
        let lines = connection(options, 11);
        let server = Server::always(format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok"));
        let gate = Gate::before(&server);
        let answer = gate.ask(get(""));
        assert_eq!(answer.status(), status);
        if status == 502 {
            refused(&answer, 502, "upstream_malformed");
        }
    }
}
