//! Keys that are fetched over TLS from a server that has a name (`auth NAME jwt`, `keys "https://…"`): whom the gateway believes, where
//! it looks, and what it tells its operator where it gets none.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use super::key_sets::{Said, fetches, token};
use super::tokens::{OTHER_RSA, RSA, ask};
use gatewright_tests::certificates::{Authority, Kind};
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::key_hosts::{HOST, PORTS, key_hosts};
use gatewright_tests::names::{Mood, NameServer};
use gatewright_tests::process::{Process, command, run};
use gatewright_tests::server::{Connection, Server};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const TARGET: &str = "/realms/shop@home/certs?now";
const COOL_DOWN: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_mins(1);
/// Where the name server says that the server is; where it really is the test says.
const A: &str = "127.0.1.1";
const B: &str = "127.0.1.2";

fn at(ip: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), port)
}

fn names(records: &[&str]) -> NameServer {
    let names = NameServer::new();
    names.set(HOST, 10, records);
    names
}

/// A server of these keys.
fn keys(keys: &[(&str, &[u8])], tls: Arc<ServerConfig>) -> (Said, Server) {
    let said = Said::default();
    said.keys(keys);
    let server = said.secure(tls);
    (said, server)
}

fn setup(authority: &Authority, names: &NameServer) -> Setup {
    let app = Server::ok();
    let mut setup = Setup { program: key_hosts(), name_server: Some(names.address), ..Setup::app(&app) };
    setup.files = vec![("roots.pem".to_owned(), authority.files.roots.into())];
    setup
}

/// A gateway for which `login.example.com` is at this server.
fn gate(authority: &Authority, server: &Server) -> Gate {
    setup(authority, &names(&[&format!("A {A}")])).place(at(A, PORTS[0]), server.address).start()
}

/// Moves the clock once, and waits.
fn after(gate: &Gate, by: Duration, what: &str, holds: impl FnMut() -> bool) {
    gate.clock.advance(by);
    eventually(what, holds);
}

#[test]
fn keys_come_from_a_server_that_is_verified_by_its_name() {
    let authority = Authority::new();
    let (_said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let gate = gate(&authority, &server);
    assert_eq!(ask(&gate, "/me", &token("one", RSA)).status(), 200);
    refused(&ask(&gate, "/me", &token("one", OTHER_RSA)), 401, "credential_invalid");
    let request = server.only();
    assert_eq!(request.target(), TARGET);
    assert_eq!(request.field("host").as_deref(), Some("login.example.com:9033"));
}

#[test]
fn a_name_works_without_tls_as_well() {
    let authority = Authority::new();
    let said = Said::default();
    said.keys(&[("one", RSA)]);
    let server = said.server();
    let names = names(&[&format!("A {A}")]);
    let gate = setup(&authority, &names).place(at(A, PORTS[1]), server.address).start();
    assert_eq!(ask(&gate, "/plain", &token("one", RSA)).status(), 200);
    refused(&ask(&gate, "/me", &token("one", RSA)), 503, "identity_unavailable");
    assert_eq!(server.only().field("host").as_deref(), Some("login.example.com:9034"));
}

#[test]
fn a_new_key_is_fetched_over_tls_for_the_token_that_names_it() {
    let authority = Authority::new();
    let (said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let gate = gate(&authority, &server);
    said.keys(&[("two", OTHER_RSA)]);
    gate.clock.advance(COOL_DOWN);
    assert_eq!(ask(&gate, "/me", &token("two", OTHER_RSA)).status(), 200);
    assert_eq!(fetches(&server, TARGET), 2);
    refused(&ask(&gate, "/me", &token("one", RSA)), 401, "credential_invalid");
}

#[test]
fn whoever_takes_the_name_over_without_its_certificate_gives_no_keys() {
    let authority = Authority::new();
    let (_said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let names = names(&[&format!("A {A}")]);
    let other = Authority::new();
    let evil = [
        keys(&[("two", OTHER_RSA)], other.server(&[HOST])).1,
        keys(&[("two", OTHER_RSA)], authority.server(&["other.example.com", "127.0.0.1"])).1,
        keys(&[("two", OTHER_RSA)], authority.server_of(&[HOST], Kind::Expired)).1,
    ];
    for evil in &evil {
        names.set(HOST, 10, &[&format!("A {A}")]);
        let setup = setup(&authority, &names).place(at(A, PORTS[0]), server.address);
        let gate = setup.place(at(B, PORTS[0]), evil.address).start();
        names.set(HOST, 10, &[&format!("A {B}")]);
        after(&gate, EVERY, "the name leads elsewhere", || evil.connections() > 0);
        after(&gate, COOL_DOWN, "it is tried again", || evil.connections() > 1);
        assert_eq!(ask(&gate, "/me", &token("one", RSA)).status(), 200, "the last good keys are kept");
        refused(&ask(&gate, "/me", &token("two", OTHER_RSA)), 401, "credential_invalid");
        assert_eq!(evil.requests(), [], "nothing is asked of who is not believed");
        // Until they are too old.
        gate.advance_until(Duration::from_mins(1), || ask(&gate, "/me", &token("one", RSA)).status() == 503);
    }
}

#[test]
fn a_name_is_looked_up_again_when_its_time_is_over() {
    let authority = Authority::new();
    let (_said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let (_new, other) = keys(&[("two", OTHER_RSA)], authority.server(&[HOST]));
    let names = names(&[&format!("A {A}")]);
    let setup = setup(&authority, &names).place(at(A, PORTS[0]), server.address);
    let gate = setup.place(at(B, PORTS[0]), other.address).start();
    names.set(HOST, 10, &[&format!("A {B}")]);
    // Its time is not over.
    gate.clock.advance(COOL_DOWN);
    refused(&ask(&gate, "/me", &token("two", OTHER_RSA)), 401, "credential_invalid");
    assert_eq!((fetches(&server, TARGET), fetches(&other, TARGET)), (2, 0));
    gate.clock.advance(COOL_DOWN * 2);
    assert_eq!(ask(&gate, "/me", &token("two", OTHER_RSA)).status(), 200);
}

#[test]
fn where_no_name_server_answers_the_addresses_of_before_are_used() {
    let authority = Authority::new();
    let (said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let names = names(&[&format!("A {A}")]);
    let gate = setup(&authority, &names).place(at(A, PORTS[0]), server.address).start();
    names.be(Mood::Fails);
    said.keys(&[("two", OTHER_RSA)]);
    gate.advance_until(COOL_DOWN * 3, || ask(&gate, "/me", &token("two", OTHER_RSA)).status() == 200);
}

#[test]
fn a_name_that_is_denied_twice_has_no_address() {
    let authority = Authority::new();
    let (_said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let names = names(&[&format!("A {A}")]);
    let gate = setup(&authority, &names).place(at(A, PORTS[0]), server.address).start();
    names.forget(HOST);
    let before = names.asked(HOST);
    after(&gate, EVERY, "one denial is no denial", || server.connections() == 2);
    after(&gate, EVERY, "it is denied again", || names.asked(HOST) >= before + 2);
    after(&gate, COOL_DOWN, "and again", || names.asked(HOST) >= before + 3);
    assert_eq!(server.connections(), 2);
    assert_eq!(ask(&gate, "/me", &token("one", RSA)).status(), 200, "the last good keys are kept");
    names.set(HOST, 10, &[&format!("A {A}")]);
    gate.advance_until(COOL_DOWN, || server.connections() > 2);
}

#[test]
fn of_several_addresses_one_that_answers_is_enough() {
    let authority = Authority::new();
    let (_said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let other = Authority::new();
    let (_evil, wrong) = keys(&[("two", OTHER_RSA)], other.server(&[HOST]));
    let names = names(&[&format!("A {A}"), &format!("A {B}")]);
    let setup = setup(&authority, &names).place(at(A, PORTS[0]), wrong.address);
    let gate = setup.place(at(B, PORTS[0]), server.address).start();
    assert_eq!(ask(&gate, "/me", &token("one", RSA)).status(), 200);
    refused(&ask(&gate, "/me", &token("two", OTHER_RSA)), 401, "credential_invalid");
}

/// Starts a process whose keys are at this port of the name, and says what it has said before it serves.
fn told(port: u16, roots: Option<&str>, names: &NameServer) -> (Process, Vec<String>) {
    Process::start_saying(&mut told_by(&format!("https://{HOST}:{port}/certs"), roots, names))
}

fn told_by(url: &str, roots: Option<&str>, names: &NameServer) -> Command {
    let mut command = command(BINARY, at("127.0.0.1", 1));
    command.env("KEYS", url).env("NAMES", names.address.to_string());
    match roots {
        Some(roots) => command.env("ROOTS", roots),
        None => command.env_remove("ROOTS"),
    };
    command
}

#[test]
fn the_operator_is_told_once_why_there_are_no_keys() {
    let authority = Authority::new();
    let other = Authority::new();
    let here = names(&["A 127.0.0.1"]);
    let secure = |config| keys(&[("one", RSA)], config).1;
    let silent = || Server::new(Connection::wait);
    let plain = Server::new(|connection| connection.write("HTTP/1.1 200 OK\r\n\r\n"));
    let unanswered = Server::secure(authority.server(&[HOST]), |connection| {
        connection.request()?;
        connection.wait()
    });
    let failing = Server::secure(authority.server(&[HOST]), |connection| {
        connection.request()?;
        connection.write("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
    });
    for (server, why) in [
        (secure(other.server(&[HOST])), "its certificate is from nobody who is believed"),
        (
            secure(authority.server_of(&[HOST], Kind::SelfSigned)),
            "its certificate is from nobody who is believed",
        ),
        (secure(authority.server_of(&[HOST], Kind::Expired)), "its certificate has expired"),
        (secure(authority.server_of(&[HOST], Kind::Early)), "its certificate is not valid yet"),
        (secure(authority.server(&["other.example.com"])), "its certificate is for another name"),
        (secure(authority.server(&["127.0.0.1"])), "its certificate is for another name"),
        (secure(authority.server_of(&[HOST], Kind::Client)), "its certificate is none for a server"),
        (plain, "it does not speak TLS as it should"),
        (silent(), "no TLS handshake in time"),
        (unanswered, "no answer in time"),
        (failing, "status 500"),
    ] {
        let port = server.address.port();
        let (process, said) = told(port, Some(authority.files.roots), &here);
        let line = said.concat();
        assert!(
            line.contains(&format!("customer: keys cannot be had from https://{HOST}:{port}/certs: ")),
            "{line}"
        );
        assert!(line.contains(why), "{why} expected: {line}");
        assert_eq!(said.len(), 1, "{said:?}");
        eventually("it has tried again", || server.connections() > 2);
        process.terminate();
        let (_, _, rest) = process.end();
        assert!(!rest.contains("keys"), "told once: {rest}");
    }
}

#[test]
fn the_operator_is_told_what_is_wrong_with_a_name() {
    let authority = Authority::new();
    let unknown = names(&[]);
    unknown.forget(HOST);
    let (failing, silent) = (names(&["A 127.0.0.1"]), names(&["A 127.0.0.1"]));
    failing.be(Mood::Fails);
    silent.be(Mood::Silent);
    let nowhere = names(&["A 0.0.0.0"]);
    for (names, why) in [
        (&unknown, format!("`{HOST}` has no address: the name servers know none")),
        (&failing, format!("`{HOST}` cannot be looked up: {} says", failing.address)),
        (&silent, "its name cannot be looked up in time".to_owned()),
        (&nowhere, "there are only addresses that are not used: 0.0.0.0:9".to_owned()),
    ] {
        let (_process, said) = told(9, Some(authority.files.roots), names);
        assert!(said.len() == 1 && said[0].contains(&why), "{why} expected: {said:?}");
    }
    let (_process, said) = told(dead(), Some(authority.files.roots), &names(&["A 127.0.0.1"]));
    assert!(said.len() == 1 && said[0].contains("connection refused"), "{said:?}");
}

/// A port of this machine at which nobody listens, for as long as this process lives.
fn dead() -> u16 {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::mem::forget(socket);
    port
}

#[test]
fn keys_that_come_at_last_are_told_too() {
    let authority = Authority::new();
    let (_said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let names = names(&["A 127.0.0.1"]);
    names.be(Mood::Fails);
    let (mut process, said) = told(server.address.port(), Some(authority.files.roots), &names);
    assert_eq!(said.len(), 1, "{said:?}");
    names.be(Mood::Right);
    let line = process.says();
    assert!(line.contains("customer: keys are there again, from https://login.example.com:"), "{line}");
}

#[test]
fn without_roots_those_are_believed_whom_the_machine_believes() {
    let authority = Authority::new();
    let (_said, server) = keys(&[("one", RSA)], authority.server(&[HOST]));
    let names = names(&["A 127.0.0.1"]);
    let url = format!("https://{HOST}:{}", server.address.port());
    let start = |store| Process::start_saying(told_by(&url, None, &names).env("SSL_CERT_FILE", store));
    let (process, said) = start(authority.files.roots);
    drop(process);
    let fetched = fetches(&server, "/");
    assert!(said.is_empty() && fetched > 0, "{said:?}");
    let (_process, said) = start(Authority::new().files.roots);
    assert!(said.concat().contains("from nobody who is believed"), "{said:?}");
    assert_eq!(fetches(&server, "/"), fetched);
}

#[test]
fn roots_that_cannot_be_read_stop_the_start() {
    let names = names(&[]);
    let url = format!("https://{HOST}");
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (roots, why) in [
        ("/nowhere/roots.pem", "`/nowhere/roots.pem` cannot be read: No such file or directory"),
        ("/dev/null", "`/dev/null` cannot be read: it is no file"),
        (other, &format!("`{other}` holds no certificate in PEM")),
    ] {
        let (code, _, said) = run(&mut told_by(&url, Some(roots), &names));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(&format!("error: the keys of `customer`: {why}")), "{said}");
    }
}
