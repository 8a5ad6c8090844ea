//! The gateway's own certificate, towards those that it asks for keys and sends spans (`certificate`, `key` and `secret` of `keys` and of
//! `trace`): who wants one gets it, and who gets none that is good says why.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};

use super::key_sets::{Said, fetches, token};
use super::span_hosts::{collector, span, spans};
use super::tokens::{RSA, ask};
use super::traces::metric;
use gatewright_tests::certificates::{Authority, Files};
use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::key_hosts::{self, key_hosts};
use gatewright_tests::names::NameServer;
use gatewright_tests::own_certificate::{COLLECTOR, KEYS, own_certificate};
use gatewright_tests::process::{Process, command, run};
use gatewright_tests::server::Server;
use gatewright_tests::span_hosts::{self, span_hosts};

const BINARY: &str = env!("CARGO_BIN_EXE_tested");
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
const HERE: &str = "127.0.0.1";

/// A server of one key.
fn keys(tls: Arc<ServerConfig>) -> Server {
    let said = Said::default();
    said.keys(&[("one", RSA)]);
    said.secure(tls)
}

/// A gateway that has the files of this authority, with both at these places.
fn setup(authority: &Authority, keys: &Server, collector: &Server) -> Setup {
    let setup = Setup { program: own_certificate(), ..Setup::app(&Server::ok()) };
    let setup = setup.place(KEYS, keys.address).place(COLLECTOR, collector.address);
    let Files { roots, certificate, key } = authority.files;
    let file = |name: &str, path: &str| (name.to_owned(), path.into());
    let files = vec![file("roots.pem", roots), file("gateway.pem", certificate), file("gateway.key", key)];
    Setup { files, ..setup.give("gateway_key", &authority.key) }
}

#[test]
fn who_wants_a_certificate_gets_the_gateways() {
    let authority = Authority::new();
    for version in VERSIONS {
        let server = keys(authority.wary(&[HERE], &[version]));
        let collector = collector(authority.wary(&[HERE], &[version]));
        let gate = setup(&authority, &server, &collector).start();
        for path in ["/filed", "/given"] {
            assert_eq!(ask(&gate, path, &token("one", RSA)).status(), 200, "{path}");
            assert_eq!(fetches(&server, path), 1);
        }
        gate.advance_until(Duration::from_millis(5), || spans(&collector) == 2);
        eventually("they are counted", || metric(&gate, "gatewright_trace_spans_exported_total") == 2);
    }
}

#[test]
fn who_wants_none_is_asked_as_ever() {
    let authority = Authority::new();
    let (server, collector) = (keys(authority.server(&[HERE])), collector(authority.server(&[HERE])));
    let gate = setup(&authority, &server, &collector).start();
    assert_eq!(ask(&gate, "/filed", &token("one", RSA)).status(), 200);
    gate.advance_until(Duration::from_millis(5), || spans(&collector) == 1);
}

/// A gateway that has no certificate of its own, and for which this name is at a server.
fn nameless(setup: Setup, authority: &Authority, (host, port): (&str, u16), server: &Server) -> Gate {
    let names = NameServer::new();
    names.set(host, 60, &["A 127.0.1.1"]);
    let mut setup = setup.place(SocketAddr::from(([127, 0, 1, 1], port)), server.address);
    setup.files = vec![("roots.pem".to_owned(), authority.files.roots.into())];
    Setup { name_server: Some(names.address), ..setup }.start()
}

#[test]
fn without_one_there_are_no_keys_and_spans_are_dropped_and_counted() {
    let authority = Authority::new();
    for version in VERSIONS {
        let (host, port) = (key_hosts::HOST, key_hosts::PORTS[0]);
        let server = keys(authority.wary(&[host], &[version]));
        let setup = Setup { program: key_hosts(), ..Setup::app(&Server::ok()) };
        let gate = nameless(setup, &authority, (host, port), &server);
        refused(&ask(&gate, "/me", &token("one", RSA)), 503, "identity_unavailable");
        assert_eq!(server.requests(), [], "nobody is asked who does not know who asks");

        let (host, port) = (span_hosts::HOST, span_hosts::PORT);
        let collector = collector(authority.wary(&[host], &[version]));
        let setup = Setup { program: span_hosts(), ..Setup::app(&Server::ok()) };
        let gate = nameless(setup, &authority, (host, port), &collector);
        span(&gate, || collector.connections() > 0);
        gate.advance_until(Duration::from_millis(500), || {
            metric(&gate, "gatewright_trace_spans_dropped_total") == 1
        });
        assert_eq!(metric(&gate, "gatewright_trace_spans_exported_total"), 0);
        assert_eq!(collector.requests(), []);
    }
}

/// The certificate that a process shows, and its key.
type Own<'a> = Option<(&'a str, &'a str)>;

/// A process that asks or tells this URL, as `what` says.
fn by(what: &str, url: &str, roots: &str, own: Own<'_>) -> Command {
    let mut command = command(BINARY, SocketAddr::from(([127, 0, 0, 1], 1)));
    command.env_remove("KEYS").env_remove("TRACE").env(what, url).env("ROOTS", roots);
    for (name, path) in [("CERTIFICATE", own.map(|own| own.0)), ("KEY", own.map(|own| own.1))] {
        match path {
            Some(path) => command.env(name, path),
            None => command.env_remove(name),
        };
    }
    command
}

/// What is wrong with what the gateway shows, and what a server says of it.
fn refusals<'a>(late: &'a Files, other: &'a Files) -> [(Own<'a>, &'static str); 3] {
    [
        (None, "it refuses: it wants a certificate of the gateway"),
        (
            Some((other.certificate, other.key)),
            "it refuses: the gateway's certificate is from nobody it believes",
        ),
        (Some((late.certificate, late.key)), "it refuses: the certificate of the gateway has expired"),
    ]
}

#[test]
fn the_operator_is_told_once_why_there_are_no_keys() {
    let (authority, other) = (Authority::new(), Authority::new());
    let late = authority.late();
    for version in VERSIONS {
        for (own, why) in refusals(&late, &other.files) {
            let server = keys(authority.wary(&[HERE], &[version]));
            let url = format!("https://{}/certs", server.address);
            let (process, said) = Process::start_saying(&mut by("KEYS", &url, authority.files.roots, own));
            let line = format!("customer: keys cannot be had from {url}: {why}; nobody is known by them\n");
            assert_eq!(said, [line]);
            eventually("it has tried again", || server.connections() > 2);
            process.terminate();
            let (_, _, rest) = process.end();
            assert!(!rest.contains("keys"), "told once: {rest}");
        }
    }
}

#[test]
fn the_operator_is_told_once_why_no_spans_are_sent() {
    let (authority, other) = (Authority::new(), Authority::new());
    let late = authority.late();
    for version in VERSIONS {
        for (own, why) in refusals(&late, &other.files) {
            let collector = collector(authority.wary(&[HERE], &[version]));
            let url = format!("https://{}", collector.address);
            let mut process = Process::start(&mut by("TRACE", &url, authority.files.roots, own));
            let answer = Client::connect(process.address).ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(answer.status(), 200);
            assert_eq!(process.says(), format!("traces cannot be sent to {url}: {why}\n"));
            process.terminate();
            let (_, _, rest) = process.end();
            assert!(!rest.contains("traces"), "told once: {rest}");
        }
    }
}

#[test]
fn a_certificate_in_files_is_shown_by_a_process_too() {
    let authority = Authority::new();
    let own = Some((authority.files.certificate, authority.files.key));
    let server = keys(authority.wary(&[HERE], &[&TLS13]));
    let url = format!("https://{}/certs", server.address);
    let process = Process::start(&mut by("KEYS", &url, authority.files.roots, own));
    assert!(fetches(&server, "/certs") > 0);
    drop(process);
    let collector = collector(authority.wary(&[HERE], &[&TLS13]));
    let url = format!("https://{}", collector.address);
    let process = Process::start(&mut by("TRACE", &url, authority.files.roots, own));
    assert_eq!(process.client().ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    eventually("spans are sent", || spans(&collector) == 1);
}

#[test]
fn files_that_cannot_be_used_stop_the_start() {
    let (authority, other) = (Authority::new(), Authority::new());
    let Files { roots, certificate, key } = authority.files;
    let nowhere = "/nowhere/own.pem";
    let unreadable = format!("`{nowhere}` cannot be read: No such file or directory (os error 2)");
    for (own, why) in [
        ((nowhere, key), unreadable.clone()),
        ((certificate, nowhere), unreadable),
        ((key, key), format!("`{key}` holds no certificate in PEM")),
        ((certificate, roots), format!("`{roots}` holds no key in PEM")),
        (
            (certificate, other.files.key),
            format!("`{}` is not the key of the certificate in `{certificate}`", other.files.key),
        ),
    ] {
        let url = "https://127.0.0.1:9";
        for (what, of) in [
            ("KEYS", "the keys of `customer`".to_owned()),
            ("TRACE", format!("the collector of traces {url}")),
        ] {
            for check in [false, true] {
                let mut command = by(what, url, roots, Some(own));
                let (code, _, said) = run(command.args(check.then_some("--check")));
                assert_eq!((code, said), (Some(2), format!("error: {of}: {why}\n")));
            }
        }
    }
}

#[test]
fn a_secret_that_is_no_key_stops_the_start_and_is_not_shown() {
    let (authority, other) = (Authority::new(), Authority::new());
    let unused = Server::ok();
    for (text, why) in [
        ("top secret", "the secret holds no key in PEM".to_owned()),
        // Where that file really is, the tests alone say.
        (&other.key, "the secret is not the key of the certificate in `gateway.pem`".to_owned()),
    ] {
        let mut setup = setup(&authority, &unused, &unused);
        setup.given[0].text = text.to_owned();
        let said = setup.try_start().unwrap_err();
        assert_eq!(said, format!("the collector of traces https://{COLLECTOR}: {why}"));
    }
}
