//! Spans that are sent over TLS to a collector that has a name (`trace to "https://…"`), or that start-up says: whom the gateway
//! believes, where it looks, and what it tells its operator where none are taken.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use gatewright_runtime::generated::Program;
use gatewright_tests::certificates::{Authority, Kind};
use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::names::{Mood, NameServer};
use gatewright_tests::process::{Process, command, run};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::span_hosts::{
    HOST, PORT, front_given, front_given_with_certificate, front_given_with_roots, span_hosts, span_hosts_to,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use rustls::ServerConfig;

use super::traces::metric;

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
/// A collector has 10 s of the gateway's time, and an address of several its share of that: no less of real time than it can need.
const STEP: Duration = Duration::from_millis(5);
const TAKEN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
/// Where the name server says that the collector is; where it really is the test says.
const A: &str = "127.0.1.1";
const B: &str = "127.0.1.2";
/// How long the name server says that an address is good.
const TTL: u32 = 60;

fn at(ip: &str) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), PORT)
}

fn names(records: &[&str]) -> NameServer {
    let names = NameServer::new();
    names.set(HOST, TTL, records);
    names
}

fn takes(connection: &mut Connection) -> std::io::Result<()> {
    connection.request()?;
    connection.write(TAKEN)
}

/// A collector that takes whatever comes over TLS.
pub(super) fn collector(tls: Arc<ServerConfig>) -> Server {
    Server::secure(tls, |connection| {
        takes(connection)?;
        connection.close_notify()
    })
}

fn setup(program: &'static Program, authority: &Authority, names: &NameServer) -> Setup {
    let mut setup = Setup { program, name_server: Some(names.address), ..Setup::app(&Server::ok()) };
    setup.files = vec![("roots.pem".to_owned(), authority.files.roots.into())];
    setup
}

/// Makes a span, and waits until `holds`.
pub(super) fn span(gate: &Gate, holds: impl FnMut() -> bool) {
    assert_eq!(gate.ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    gate.advance_until(STEP, holds);
}

/// How many spans it was sent.
pub(super) fn spans(collector: &Server) -> usize {
    let read = |request: &gatewright_tests::wire::Message| {
        assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
        ExportTraceServiceRequest::decode(&*request.body).expect("a message of OTLP")
    };
    let all: Vec<ExportTraceServiceRequest> = collector.requests().iter().map(read).collect();
    let scopes = all.iter().flat_map(|it| &it.resource_spans).flat_map(|it| &it.scope_spans);
    scopes.map(|it| it.spans.len()).sum()
}

#[test]
fn spans_go_to_a_collector_that_is_verified_by_its_name() {
    let authority = Authority::new();
    let server = collector(authority.server(&[HOST]));
    let gate =
        setup(span_hosts(), &authority, &names(&[&format!("A {A}")])).place(at(A), server.address).start();
    span(&gate, || spans(&server) == 1);
    let request = server.only();
    assert_eq!(request.field("host").as_deref(), Some("collector.example.com:4318"));
    assert_eq!(request.field("content-type").as_deref(), Some("application/x-protobuf"));
    eventually("it is counted", || metric(&gate, "gatewright_trace_spans_exported_total") == 1);
}

#[test]
fn a_name_works_without_tls_as_well() {
    let server = Server::new(takes);
    let program = span_hosts_to("http://collector.example.com:4318", None);
    let names = names(&[&format!("A {A}")]);
    let gate = setup(program, &Authority::new(), &names).place(at(A), server.address).start();
    span(&gate, || spans(&server) == 1);
    assert_eq!(server.only().field("host").as_deref(), Some("collector.example.com:4318"));
}

#[test]
fn whoever_takes_the_name_over_without_its_certificate_gets_no_spans() {
    let authority = Authority::new();
    let other = Authority::new();
    for evil in [
        collector(other.server(&[HOST])),
        collector(authority.server(&["other.example.com", "127.0.0.1"])),
        collector(authority.server_of(&[HOST], Kind::Expired)),
    ] {
        let names = names(&[&format!("A {A}")]);
        let gate = setup(span_hosts(), &authority, &names).place(at(A), evil.address).start();
        span(&gate, || evil.connections() > 0);
        // Until it is given up.
        gate.advance_until(Duration::from_millis(500), || {
            metric(&gate, "gatewright_trace_spans_dropped_total") == 1
        });
        assert!(evil.connections() > 1, "it was tried again");
        assert_eq!(evil.requests(), [], "nothing is sent to who is not believed");
    }
}

#[test]
fn a_name_is_looked_up_again_when_its_time_is_over() {
    let authority = Authority::new();
    let [server, other] = [(); 2].map(|()| collector(authority.server(&[HOST])));
    let names = names(&[&format!("A {A}")]);
    let setup = setup(span_hosts(), &authority, &names).place(at(A), server.address);
    let gate = setup.place(at(B), other.address).start();
    span(&gate, || spans(&server) == 1);
    names.set(HOST, TTL, &[&format!("A {B}")]);
    // Its time is not over.
    span(&gate, || spans(&server) == 2);
    gate.clock.advance(Duration::from_secs(TTL.into()));
    span(&gate, || spans(&other) == 1);
    assert_eq!(spans(&server), 2);
}

#[test]
fn where_no_name_server_answers_the_addresses_of_before_are_used() {
    let authority = Authority::new();
    let server = collector(authority.server(&[HOST]));
    let names = names(&[&format!("A {A}")]);
    let gate = setup(span_hosts(), &authority, &names).place(at(A), server.address).start();
    span(&gate, || spans(&server) == 1);
    names.be(Mood::Fails);
    let asked = names.asked(HOST);
    gate.clock.advance(Duration::from_secs(TTL.into()));
    span(&gate, || spans(&server) == 2);
    assert!(names.asked(HOST) > asked, "it was looked up again");
}

#[test]
fn of_several_addresses_one_that_answers_is_enough() {
    let authority = Authority::new();
    let wrong = collector(Authority::new().server(&[HOST]));
    // Addresses are tried in their order, and these are the real ones.
    let server = std::iter::repeat_with(|| collector(authority.server(&[HOST])))
        .find(|server| server.address > wrong.address)
        .unwrap();
    let names = names(&[&format!("A {A}"), &format!("A {B}")]);
    let setup = setup(span_hosts(), &authority, &names).place(at(A), wrong.address);
    let gate = setup.place(at(B), server.address).start();
    span(&gate, || spans(&server) == 1);
    eventually("the other one was tried", || wrong.connections() == 1);
    assert_eq!(wrong.requests(), []);
    // The next begins with the one that has answered.
    span(&gate, || spans(&server) == 2);
    assert_eq!(wrong.connections(), 1);
}

fn sends_to(url: &str, roots: Option<&str>, names: &NameServer) -> Command {
    let mut command = command(BINARY, SocketAddr::from(([127, 0, 0, 1], 1)));
    command.env("TRACE", url).env("NAMES", names.address.to_string());
    match roots {
        Some(roots) => command.env("ROOTS", roots),
        None => command.env_remove("ROOTS"),
    };
    command
}

/// Starts a process whose collector has this URL, and makes a span.
fn started(command: &mut Command) -> Process {
    let process = Process::start(command);
    let answer = Client::connect(process.address).ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(answer.status(), 200);
    process
}

#[test]
fn the_operator_is_told_once_why_no_spans_are_sent() {
    let authority = Authority::new();
    let other = Authority::new();
    let here = names(&["A 127.0.0.1"]);
    let unknown = NameServer::new();
    let plain = || Server::new(|connection| connection.write("HTTP/1.1 200 OK\r\n\r\n"));
    let busy = || {
        Server::secure(authority.server(&[HOST]), |connection| {
            connection.request()?;
            connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        })
    };
    for (server, names, why) in [
        (collector(other.server(&[HOST])), &here, "its certificate is from nobody who is believed"),
        (collector(authority.server_of(&[HOST], Kind::Expired)), &here, "its certificate has expired"),
        (collector(authority.server(&["other.example.com"])), &here, "its certificate is for another name"),
        (plain(), &here, "it does not speak TLS as it should"),
        (busy(), &here, "status 503"),
        (plain(), &unknown, "`collector.example.com` has no address: the name servers know none"),
    ] {
        let url = format!("https://{HOST}:{}", server.address.port());
        let mut process = started(&mut sends_to(&url, Some(authority.files.roots), names));
        let line = process.says();
        assert!(line.starts_with(&format!("traces cannot be sent to {url}: ")), "{line}");
        assert!(line.contains(why), "{why} expected: {line}");
        process.terminate();
        let (_, _, rest) = process.end();
        assert!(!rest.contains("traces"), "told once: {rest}");
    }
}

#[test]
fn spans_that_are_taken_at_last_are_told_too() {
    let authority = Authority::new();
    let server = collector(authority.server(&[HOST]));
    let names = names(&["A 127.0.0.1"]);
    names.be(Mood::Fails);
    let url = format!("https://{HOST}:{}", server.address.port());
    let mut process = started(&mut sends_to(&url, Some(authority.files.roots), &names));
    let line = process.says();
    assert!(line.contains(&format!("`{HOST}` cannot be looked up: ")), "{line}");
    names.be(Mood::Right);
    assert_eq!(process.says(), format!("traces are sent to {url} again\n"));
    assert_eq!(spans(&server), 1, "what was kept is sent");
}

#[test]
fn without_roots_those_are_believed_whom_the_machine_believes() {
    let authority = Authority::new();
    let server = collector(authority.server(&[HOST]));
    let names = names(&["A 127.0.0.1"]);
    let url = format!("https://{HOST}:{}", server.address.port());
    let start = |store| started(sends_to(&url, None, &names).env("SSL_CERT_FILE", store));
    let process = start(authority.files.roots);
    eventually("spans are sent", || spans(&server) == 1);
    drop(process);
    let mut process = start(Authority::new().files.roots);
    assert!(process.says().contains("from nobody who is believed"));
    assert_eq!(spans(&server), 1);
}

#[test]
fn roots_that_cannot_be_read_stop_the_start() {
    let names = names(&[]);
    let url = format!("https://{HOST}");
    for (arguments, roots, why) in [
        ("", "/nowhere/roots.pem", "`/nowhere/roots.pem` cannot be read: No such file or directory"),
        ("--check", "/dev/null", "`/dev/null` cannot be read: it is no file"),
    ] {
        let mut command = sends_to(&url, Some(roots), &names);
        command.args(Some(arguments).filter(|it| !it.is_empty()));
        let (code, _, said) = run(&mut command);
        assert_eq!(code, Some(2), "{said}");
        let line = format!("error: the collector of traces {url}: {why}");
        assert!(said.starts_with(&line) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn whether_it_could_start_is_said_without_looking_a_name_up() {
    let (authority, names) = (Authority::new(), names(&[]));
    let mut traced = sends_to(&format!("https://{HOST}"), Some(authority.files.roots), &names);
    let mut keyed = sends_to(&format!("https://{HOST}"), Some(authority.files.roots), &names);
    keyed.env_remove("TRACE").env("KEYS", format!("https://{HOST}/keys"));
    for command in [&mut traced, &mut keyed] {
        let (code, _, said) = run(command.arg("--check"));
        assert_eq!((code, said.as_str()), (Some(0), "tested can start with this\n"));
    }
    assert_eq!(names.asked(HOST), 0);
}

/// With this collector given.
fn given(program: &'static Program, url: &str) -> Result<Gate, String> {
    let setup = Setup { program, log_file: Some("/dev/null".into()), ..Setup::app(&Server::ok()) };
    setup.give("collector", url).try_start()
}

#[test]
fn start_up_says_where_the_collector_is() {
    let server = Server::new(takes);
    let gate = given(front_given(), &format!("http://{}/", server.address)).unwrap();
    span(&gate, || spans(&server) == 1);
    assert_eq!(server.only().field("host"), Some(server.address.to_string()));
}

#[test]
fn a_collector_that_the_gateway_cannot_reach_by_what_it_is_made_of_stops_the_start() {
    let compiled = "and nothing of this gateway was compiled for it";
    for (program, url, why) in [
        (front_given(), "https://10.0.0.7:4318", format!("whose scheme is `https`, {compiled}")),
        (
            front_given(),
            "http://collector.example.com:4318",
            "and the name `collector.example.com` is not looked up, since the gateway block does not say `dns`"
                .to_owned(),
        ),
        (front_given(), "http://10.0.0.7:4318/v1/traces", "which has the path `/v1/traces`".to_owned()),
        (front_given(), "http://127.0.0.1:1", "which is this gateway itself".to_owned()),
        (
            front_given_with_roots(),
            "http://10.0.0.7:4318",
            "whose scheme is `http`, and `trace` says `roots`".to_owned(),
        ),
        (
            front_given_with_certificate(),
            "http://10.0.0.7:4318",
            "whose scheme is `http`, and `trace` says `certificate`".to_owned(),
        ),
    ] {
        let said = given(program, url).expect_err("it does not start");
        assert_eq!(
            said,
            format!(
                "the collector of traces must be a URL such as http://10.0.0.7:4318, and `collector` is {url:?} in `this test`, {why}"
            )
        );
    }
}

#[test]
fn start_up_says_where_the_log_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let setup = Setup { program: front_given(), ..Setup::app(&Server::ok()) };
    let gate = setup.give("log_at", path.to_str().unwrap()).start();
    assert_eq!(gate.ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    gate.advance_until(Duration::from_millis(250), || {
        std::fs::read_to_string(&path).unwrap().contains("\"path\":\"/a\"")
    });
}

#[test]
fn a_log_that_has_no_whole_path_stops_the_start() {
    for path in ["", "access.log", "logs/access.log", "/var/log/", "/var/log/a\nb"] {
        for check in [false, true] {
            let mut command = command(BINARY, SocketAddr::from(([127, 0, 0, 1], 1)));
            command.env("GIVEN", "yes").env("LOG_AT", path).args(check.then_some("--check"));
            let (code, _, said) = run(&mut command);
            let line = format!(
                "error: `log_at` must be the absolute path of a file, since the access log is written there, found {path:?} in `LOG_AT`\n"
            );
            assert_eq!((code, said), (Some(2), line));
        }
    }
}
