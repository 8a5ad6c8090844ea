//! Who the client is behind proxies that are trusted, and behind those that are not.

use std::net::{IpAddr, Ipv4Addr};

use gatewright_runtime::generated::{Program, SaidBy, Setting, TrustedProxies};
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;

fn gate(server: &Server) -> Gate {
    Setup { program: program::traffic(), ..Setup::app(server) }.start()
}

/// The same, but the test's client is no proxy of its.
fn untrusting(server: &Server) -> Gate {
    static ELSEWHERE: [(IpAddr, u8); 1] = [(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8)];
    let trusted = TrustedProxies { proxies: Setting::Is(&ELSEWHERE), by: SaidBy::XForwardedFor };
    let program = Program { trusted_proxies: Some(trusted), ..*program::traffic() };
    Setup { program: Box::leak(Box::new(program)), ..Setup::app(server) }.start()
}

fn get(path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

fn by(client: &str) -> String {
    format!("X-Forwarded-For: {client}\r\n")
}

#[test]
fn the_client_is_whom_the_trusted_proxies_name() {
    let gate = gate(&Server::ok());
    let mut client = gate.client();
    for (lines, expected) in [
        ("", "127.0.0.1"),
        ("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
        ("x-forwarded-for:192.0.2.7:4711\r\n", "192.0.2.7"),
        ("X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.2\r\n", "192.0.2.7"),
        ("X-Forwarded-For: garbage,, \"', 192.0.2.7 ,\t[fd00::1]:9\r\n", "192.0.2.7"),
        (
            "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:db8::7\r\nX-Forwarded-For: 10.0.0.2\r\n",
            "2001:db8::7",
        ),
        // A client may not have its proxy's word taken away.
        ("Connection: x-forwarded-for\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
        // Other fields are nobody's word.
        ("Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\n", "127.0.0.1"),
    ] {
        assert_eq!(client.ask(get("/who", lines)).text(), expected, "{lines}");
    }
}

#[test]
fn nobody_else_is_believed() {
    let gate = untrusting(&Server::ok());
    let mut client = gate.client();
    for lines in [by("192.0.2.7"), by("10.0.0.1"), by("garbage"), by("192.0.2.7, 10.0.0.1"), by("")] {
        assert_eq!(client.ask(get("/who", &lines)).text(), "127.0.0.1", "{lines}");
    }
}

#[test]
fn what_a_trusted_proxy_garbles_is_refused_and_the_connection_goes_on() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    for garbled in [
        "",
        "unknown",
        "192.0.2.7,",
        "1.2.3",
        "fe80::1%1",
        "192.0.2.7, , 10.0.0.1",
        "\"192.0.2.7\"",
        "10.0.0.1,\u{7f}",
    ] {
        let answer = client.ask(get("/app/x", &by(garbled)));
        let expected = if garbled.contains('\u{7f}') { "malformed_head" } else { "forwarding_invalid" };
        refused(&answer, 400, expected);
        if expected == "malformed_head" {
            client = gate.client();
        }
    }
    assert_eq!(client.ask(get("/who", &by("192.0.2.7"))).text(), "192.0.2.7");
    for proto in [
        "X-Forwarded-Proto: https, http\r\n",
        "X-Forwarded-Proto: ftp\r\n",
        "X-Forwarded-Proto: http\r\nX-Forwarded-Proto: http\r\n",
    ] {
        refused(&client.ask(get("/app/x", proto)), 400, "forwarding_invalid");
    }
    assert_eq!(server.requests().len(), 0, "none of them reached a server");
    let line = gate.log(1).swap_remove(0);
    assert_eq!(line["client"], "127.0.0.1", "it is the proxy that is at fault: {line}");
}

#[test]
fn each_request_of_a_connection_has_a_client_of_its_own() {
    let gate = gate(&Server::ok());
    let mut client = gate.client();
    client.send(get("/who", &by("192.0.2.1")) + &get("/who", "") + &get("/who", &by("192.0.2.2")));
    let clients = [client.answer().text(), client.answer().text(), client.answer().text()];
    assert_eq!(clients, ["192.0.2.1", "127.0.0.1", "192.0.2.2"]);
}

#[test]
fn guards_limits_conditions_and_the_log_see_the_client_and_not_the_proxy() {
    let gate = gate(&Server::ok());
    let mut client = gate.client();
    let mut ask = |path: &str, from: &str| client.ask(get(path, &by(from)));
    assert_eq!(ask("/for/friends", "192.0.2.7").text(), "friend");
    refused(&ask("/for/friends", "198.51.100.7"), 403, "not_allowed");
    refused(&ask("/for/friends", "192.0.2.7, 198.51.100.7"), 403, "not_allowed");
    refused(&ask("/for/others", "192.0.2.7"), 403, "denied");
    assert_eq!(ask("/for/others", "198.51.100.7").text(), "other");
    assert_eq!(ask("/where", "192.0.2.7").text(), "there");
    assert_eq!(ask("/where", "198.51.100.7").text(), "here");
    assert_eq!(ask("/once", "192.0.2.1").text(), "once");
    assert_eq!(ask("/once", "192.0.2.2").text(), "once", "another client has a budget of its own");
    refused(&ask("/once", "6.6.6.6, 192.0.2.1"), 429, "limited");
    let lines = gate.log(10);
    assert_eq!((&lines[0]["client"], &lines[0]["peer"]), (&"192.0.2.7".into(), &"127.0.0.1".into()));
    assert_eq!(lines[9]["client"], "192.0.2.1");
}

#[test]
fn a_server_is_told_of_the_client_alone_and_how_it_came_to_the_proxy() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    let lines = "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n";
    client.ask(get("/app/x", lines));
    client.ask(get("/app/x", ""));
    let requests = server.requests();
    let said = |at: usize| {
        ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]
            .map(|name| requests[at].field(name).unwrap())
    };
    assert_eq!(said(0), ["192.0.2.7", "https", "a"]);
    assert_eq!(said(1), ["127.0.0.1", "http", "a"]);
    assert_eq!((requests[0].field("forwarded"), requests[0].field("x-real-ip")), (None, None));
    let gate = untrusting(&server);
    gate.ask(get("/app/x", lines));
    let requests = server.requests();
    assert_eq!(requests[2].field("x-forwarded-proto").as_deref(), Some("http"), "it is not believed");
    assert_eq!(requests[2].field("x-forwarded-for").as_deref(), Some("127.0.0.1"));
}

#[test]
fn with_forwarded_nothing_else_is_read() {
    let server = Server::ok();
    let trusted = TrustedProxies { by: SaidBy::Forwarded, ..program::traffic().trusted_proxies.unwrap() };
    let program = Program { trusted_proxies: Some(trusted), ..*program::traffic() };
    let gate = Setup { program: Box::leak(Box::new(program)), ..Setup::app(&server) }.start();
    let mut client = gate.client();
    let lines = "Forwarded: for=6.6.6.6, for=\"[2001:db8::7]:1\";proto=https, for=10.0.0.2;proto=http\r\n";
    assert_eq!(client.ask(get("/who", &(lines.to_owned() + &by("192.0.2.7")))).text(), "2001:db8::7");
    client.ask(get("/app/x", lines));
    assert_eq!(server.only().field("x-forwarded-proto").as_deref(), Some("https"));
    assert_eq!(client.ask(get("/who", &by("192.0.2.7"))).text(), "127.0.0.1");
    refused(&client.ask(get("/who", "Forwarded: for=\"x, for=192.0.2.7\r\n")), 400, "forwarding_invalid");
}

#[test]
fn a_body_behind_a_garbled_head_is_read_and_dropped() {
    let gate = gate(&Server::ok());
    let mut client = gate.client();
    let post =
        |from: &str| format!("POST /who HTTP/1.1\r\nHost: a\r\n{}Content-Length: 4\r\n\r\nbody", by(from));
    refused(&client.ask(post("garbage")), 400, "forwarding_invalid");
    assert_eq!(client.ask(post("192.0.2.7")).text(), "192.0.2.7");
}
