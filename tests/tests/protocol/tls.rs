//! Servers that are spoken to over TLS: who is believed, what is refused, and that bytes go through as they do without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};

use super::upstreams::get;
use gatewright_tests::certificates::{Authority, Kind};
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::names::NameServer;
use gatewright_tests::program::{self, SECURE};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::wire::Message;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LARGE: usize = 24 << 20;

/// Answers every request.
fn serves(connection: &mut Connection) -> std::io::Result<()> {
    loop {
        connection.request()?;
        connection.write(OK)?;
    }
}

fn setup(authority: &Authority, server: &Server) -> Setup {
    let setup = Setup { program: program::tls(&authority.files), ..Setup::app(server) };
    let mut setup = setup.give("gateway_key", &authority.key);
    setup.name_server = Some(names(server).address);
    SECURE.into_iter().fold(setup, |setup, declared| setup.place(declared, server.address))
}

/// One that knows every name, and where the service is.
fn names(server: &Server) -> NameServer {
    let names = NameServer::of_all("A 127.0.0.1");
    let service = format!("SRV 0 1 {} orders.internal", server.address.port());
    names.set("_orders._tcp.orders.internal", 60, &[&service]);
    names
}

/// A gateway in front of one server that all its upstreams have.
fn gate(authority: &Authority, server: &Server) -> Gate {
    setup(authority, server).start()
}

/// A gateway in front of a server with this configuration, and that server.
fn before(authority: &Authority, config: Arc<ServerConfig>) -> (Gate, Server) {
    let server = Server::secure(config, serves);
    (gate(authority, &server), server)
}

fn cause(gate: &Gate) -> String {
    gate.log(1)[0]["cause"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_server_that_is_vouched_for_is_asked() {
    let authority = Authority::new();
    let (gate, server) = before(&authority, authority.server(&["127.0.0.1"]));
    assert_eq!(gate.ask(get("/one/a?b=c")).text(), "ok");
    let request = server.only();
    assert_eq!((request.target(), request.field("host").as_deref()), ("/a?b=c", Some("127.0.0.1:9051")));
}

#[test]
fn a_certificate_that_is_not_accepted_is_a_reason_of_its_own() {
    let authority = Authority::new();
    let other = Authority::new();
    let here = ["127.0.0.1"];
    for (config, said) in [
        (authority.server_of(&here, Kind::Expired), "has expired"),
        (authority.server_of(&here, Kind::Early), "not valid yet"),
        (authority.server_of(&here, Kind::SelfSigned), "from nobody who is believed"),
        (authority.server_of(&here, Kind::Client), "none for a server"),
        (other.server(&here), "from nobody who is believed"),
        (authority.server(&["127.0.0.2", "orders.internal"]), "another name"),
    ] {
        let (gate, server) = before(&authority, config);
        refused(&gate.ask(get("/one")), 502, "upstream_certificate_invalid");
        let cause = cause(&gate);
        assert!(cause.contains(said), "{said} expected: {cause}");
        assert_eq!(server.requests(), [], "nothing is sent to who is not believed");
        assert_eq!(gate.ask(get("/ours")).text(), "later");
    }
}

#[test]
fn names_are_verified_as_they_are_written() {
    let authority = Authority::new();
    let (gate, server) = before(&authority, authority.server(&["orders.internal"]));
    for path in ["/named", "/said"] {
        assert_eq!(gate.ask(get(path)).status(), 200, "{path}");
    }
    refused(&gate.ask(get("/one")), 502, "upstream_certificate_invalid");
    let hosts: Vec<_> = server.requests().iter().map(|request| request.field("host").unwrap()).collect();
    assert_eq!(hosts, ["orders.internal:9051", "127.0.0.1:9051"]);
}

#[test]
fn of_a_service_the_name_behind_its_labels_is_verified() {
    let authority = Authority::new();
    let (gate, _server) = before(&authority, authority.server(&["orders.internal"]));
    assert_eq!(gate.ask(get("/service")).status(), 200);
}

#[test]
fn the_name_is_asked_for_and_an_address_is_not() {
    let authority = Authority::new();
    let config = authority.server(&["orders.internal", "127.0.0.1"]);
    let server = Server::secure(config, |connection| {
        loop {
            connection.request()?;
            let name = connection.server_name().unwrap_or_default();
            connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len()))?;
        }
    });
    let gate = gate(&authority, &server);
    for (path, name) in [("/named", "orders.internal"), ("/said", "orders.internal"), ("/one", "")] {
        assert_eq!(gate.ask(get(path)).text(), name, "{path}");
    }
}

#[test]
fn a_server_that_wants_a_certificate_gets_the_gateways() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let (gate, _server) = before(&authority, authority.wary(&["127.0.0.1"], &[version]));
        for path in ["/known", "/secret"] {
            assert_eq!(gate.ask(get(path)).status(), 200, "{path}");
        }
        let answer = gate.ask(get("/one"));
        assert_eq!(answer.status(), 502);
        // With TLS 1.3 the server refuses when the handshake is over for the client.
        let reason = answer.json()["reason"].as_str().unwrap().to_owned();
        assert!(["upstream_tls_failed", "upstream_closed"].contains(&&*reason), "{reason}");
        let said = gate.log(3)[2]["cause"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains("refuses") || said.contains("reset") || said.contains("pipe"), "{said}");
    }
}

#[test]
fn what_is_no_handshake_is_a_reason_of_its_own() {
    let authority = Authority::new();
    // TLS 1.1 in the place of a version that was offered (RFC 8446 section 4.1.3).
    let old: &[u8] =
        &[&[0x16, 3, 2, 0, 0x4a, 2, 0, 0, 0x46, 3, 2][..], &[7; 32], &[32], &[9; 32], &[0, 0x2f, 0]]
            .concat()
            .leak()[..];
    let alert: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];
    let failure: &[u8] = &[0x15, 3, 1, 0, 2, 2, 40];
    for (said, expected) in [
        (old, "it"),
        (alert, "no version in common"),
        (failure, "no algorithm in common, or it wants a certificate of the gateway"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak TLS as it should"),
        (b"", "closed the connection in the handshake"),
    ] {
        let server = Server::new(move |connection| {
            connection.read(5)?;
            connection.write(said)
        });
        let gate = gate(&authority, &server);
        refused(&gate.ask(get("/one")), 502, "upstream_tls_failed");
        let cause = cause(&gate);
        assert!(cause.contains(expected), "{expected} expected: {cause}");
    }
}

#[test]
fn a_reset_in_the_handshake_is_one_too() {
    let authority = Authority::new();
    let server = Server::new(|connection| {
        connection.read(5)?;
        connection.reset()
    });
    let gate = gate(&authority, &server);
    refused(&gate.ask(get("/one")), 502, "upstream_tls_failed");
}

#[test]
fn a_server_without_http_1_1_is_one_too() {
    let authority = Authority::new();
    let (gate, _server) = before(&authority, authority.speaking(&["127.0.0.1"], &[&TLS13], "h2"));
    refused(&gate.ask(get("/one")), 502, "upstream_tls_failed");
    assert!(cause(&gate).contains("HTTP/1.1"));
    let (gate, _server) = before(&authority, authority.speaking(&["127.0.0.1"], &[&TLS12], "http/1.1"));
    assert_eq!(gate.ask(get("/one")).status(), 200);
}

#[test]
fn a_slow_handshake_takes_no_longer_than_connect() {
    let authority = Authority::new();
    let server = Server::new(Connection::wait);
    let gate = gate(&authority, &server);
    let mut client = gate.client();
    client.send(get("/one"));
    let asked = std::thread::spawn(move || client.answer());
    let took = gate.advance_until(Duration::from_millis(100), || asked.is_finished());
    refused(&asked.join().unwrap(), 504, "upstream_connect_timeout");
    assert!((Duration::from_secs(2)..Duration::from_secs(4)).contains(&took), "{took:?}");
}

#[test]
fn connections_are_kept_and_sessions_resumed() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let resumed = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&resumed);
        let config = authority.speaking(&["127.0.0.1"], &[version], "http/1.1");
        let server = Server::secure(config, move |connection| {
            for _ in 0..3 {
                connection.request()?;
                connection.write(OK)?;
            }
            seen.fetch_add(usize::from(connection.is_resumed()), Ordering::Relaxed);
            connection.close_notify()
        });
        let gate = gate(&authority, &server);
        for _ in 0..9 {
            assert_eq!(gate.ask(get("/one")).status(), 200);
        }
        server.over(2);
        assert_eq!(server.connections(), 3, "each carries three requests");
        assert_eq!(resumed.load(Ordering::Relaxed), 2);
    }
}

#[test]
fn a_kept_connection_that_the_server_has_closed_is_replaced() {
    let authority = Authority::new();
    for says_so in [true, false] {
        let server = Server::secure(authority.server(&["127.0.0.1"]), move |connection| {
            connection.request()?;
            connection.write(OK)?;
            if says_so { connection.close_notify() } else { Ok(()) }
        });
        let gate = gate(&authority, &server);
        for round in 0..4 {
            assert_eq!(gate.ask(get("/one")).status(), 200);
            server.over(round);
        }
        assert_eq!(server.requests().len(), 4);
    }
}

#[test]
fn an_answer_that_ends_with_the_connection_must_say_so() {
    let authority = Authority::new();
    for (says_so, is_whole) in [(true, true), (false, false)] {
        let server = Server::secure(authority.server(&["127.0.0.1"]), move |connection| {
            connection.request()?;
            connection.write("HTTP/1.0 200 OK\r\n\r\nall of it")?;
            if says_so { connection.close_notify() } else { Ok(()) }
        });
        let gate = gate(&authority, &server);
        let mut client = gate.client();
        client.send(get("/one"));
        if is_whole {
            assert_eq!(client.answer().text(), "all of it");
        } else {
            let (bytes, _) = client.rest();
            assert!(!bytes.ends_with(b"0\r\n\r\n"), "{}", bytes.escape_ascii());
            let line = &gate.log(1)[0];
            assert_eq!(line["reason"], "upstream_truncated");
            assert_eq!(line["cause"], "the connection ended without a word");
        }
    }
}

#[test]
fn large_bodies_go_through_both_ways() {
    let authority = Authority::new();
    for config in
        [authority.speaking(&["127.0.0.1"], &[&TLS12], "http/1.1"), authority.forgetful(&["127.0.0.1"])]
    {
        let server = Server::secure(config, |connection| {
            connection.head()?;
            connection.count(LARGE as u64)?;
            connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"))?;
            connection.write(body())
        });
        let gate = gate(&authority, &server);
        let mut client = gate.client();
        let head = format!("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: {LARGE}\r\n\r\n");
        client.send([head.as_bytes(), &body()].concat());
        assert!(client.answer().body == body(), "every byte comes back as it was");
        let head = server.received(0).windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(server.count(0), (head + LARGE) as u64);
    }
}

/// Bytes that do not repeat at the borders of records.
fn body() -> Vec<u8> {
    (0..251).cycle().take(LARGE).collect()
}

#[test]
fn a_server_that_is_not_believed_is_passed_over() {
    let authority = Authority::new();
    let good = Server::secure(authority.server(&["127.0.0.1"]), serves);
    let bad = Server::secure(authority.server_of(&["127.0.0.1"], Kind::Expired), serves);
    let gate = setup(&authority, &good).place(SECURE[1], bad.address).start();
    for _ in 0..4 {
        assert_eq!(gate.ask(get("/two")).status(), 200);
    }
    assert_eq!((good.requests().len(), bad.requests().len()), (4, 0));
    for line in gate.log(4) {
        assert_eq!(line["cause"], serde_json::Value::Null, "what was mended has no cause");
    }
}

#[test]
fn an_answer_may_be_followed_by_another_try() {
    let authority = Authority::new();
    let busy = Server::secure(authority.server(&["127.0.0.1"]), |connection| {
        loop {
            connection.request()?;
            connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")?;
        }
    });
    let good = Server::secure(authority.server(&["127.0.0.1"]), serves);
    let gate = setup(&authority, &good).place(SECURE[1], busy.address).real_time().start();
    // Which of both is asked first is drawn.
    let most = 64;
    let asked = (1..=most).find(|_| {
        assert_eq!(gate.ask(get("/two")).status(), 200);
        !busy.requests().is_empty()
    });
    assert_eq!(asked, Some(good.requests().len()));
}

#[test]
fn whether_a_server_is_well_is_asked_over_tls() {
    let authority = Authority::new();
    let server = Server::secure(authority.server(&["127.0.0.1"]), serves);
    let well = gate(&authority, &server);
    well.advance_until(Duration::from_millis(5), || server.requested("/healthz") > 0);
    assert_eq!(well.ask(get("/watched")).status(), 200);
    let expired = Server::secure(authority.server_of(&["127.0.0.1"], Kind::Expired), serves);
    let ill = gate(&authority, &expired);
    ill.advance_until(Duration::from_millis(5), || {
        ill.ask(get("/watched")).json()["reason"] == "upstream_unavailable"
    });
    assert_eq!(expired.requested("/healthz"), 0);
}

#[test]
fn several_calls_become_one_answer_over_tls() {
    let authority = Authority::new();
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":7}";
    let server = Server::secure(authority.server(&["127.0.0.1"]), move |connection| {
        loop {
            connection.request()?;
            connection.write(json)?;
        }
    });
    assert_eq!(gate(&authority, &server).ask(get("/order")).json(), serde_json::json!({ "id": 7 }));
    let expired = Server::secure(authority.server_of(&["127.0.0.1"], Kind::Expired), serves);
    let gate = gate(&authority, &expired);
    refused(&gate.ask(get("/order")), 502, "upstream_certificate_invalid");
    assert!(cause(&gate).contains("has expired"));
}

#[test]
fn what_start_up_gives_is_held_against_what_was_compiled() {
    let authority = Authority::new();
    let server = Server::secure(authority.server(&["127.0.0.1"]), serves);
    let ready = |given: Option<&str>| {
        let setup = setup(&authority, &server);
        let setup = given.into_iter().fold(setup, |setup, url| setup.give("given_at", url));
        setup.try_start()
    };
    let answer: Message = ready(None).unwrap().ask(get("/given"));
    assert_eq!(answer.status(), 200);
    let said = ready(Some("http://127.0.0.1:9051")).unwrap_err();
    assert!(said.contains("whose scheme is `http`, and the upstream says `tls`"), "{said}");
}

#[test]
fn files_that_cannot_be_used_are_said_before_anything_is_opened() {
    let authority = Authority::new();
    let other = Authority::new();
    let server = Server::secure(authority.server(&["127.0.0.1"]), serves);
    let start = |roots, certificate, key| {
        let files = gatewright_tests::certificates::Files { roots, certificate, key };
        let setup = Setup { program: program::tls(&files), ..setup(&authority, &server) };
        setup.try_start().unwrap_err()
    };
    let files = authority.files;
    let check = |said: String, lines: &[&str]| {
        for line in lines {
            assert!(said.contains(line), "{line}\nexpected in\n{said}");
        }
    };
    check(
        start("none.pem", files.certificate, files.key),
        &["the upstream `one`: `none.pem` cannot be read: No such file", "the upstream `named`: `none.pem`"],
    );
    check(start(files.key, files.certificate, files.key), &["holds no certificate in PEM"]);
    check(
        start(files.roots, files.key, files.key),
        &["the upstream `known`: `", "holds no certificate in PEM"],
    );
    check(start(files.roots, files.certificate, files.roots), &["holds no key in PEM"]);
    check(
        start(files.roots, files.certificate, other.files.key),
        &["the upstream `known`: `", "is not the key of the certificate in"],
    );
    let mut mine = setup(&authority, &server);
    let wrong = mine.given.iter().position(|given| given.name == "gateway_key").unwrap();
    mine.given[wrong].text = "top secret".to_owned();
    let said = mine.try_start().unwrap_err();
    assert!(said.contains("the upstream `secret`: the secret holds no key in PEM"), "{said}");
    assert!(!said.contains("top secret"), "{said}");
}
