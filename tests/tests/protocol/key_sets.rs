//! Keys that are fetched (`auth NAME jwt`, `keys "http://…"`), from a server that changes them, fails, is slow, or says too much: no valid
//! token is refused, and no other is let in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, encode};
use rustls::ServerConfig;
use serde_json::json;

use super::tokens::{OTHER_RSA, RSA, ask, header, says};
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, KEYS};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{eventually, wire::Message};

const COOL_DOWN: Duration = Duration::from_secs(5);

/// What a server of keys says next.
#[derive(Clone, Default)]
pub(super) struct Said(Arc<Mutex<String>>);

impl Said {
    fn set(&self, answer: String) {
        *self.0.lock().unwrap() = answer;
    }

    /// These keys, as a set.
    pub(super) fn keys(&self, keys: &[(&str, &[u8])]) {
        self.set(ok(&set(keys)));
    }

    /// A server that says it. One that has nothing to say leaves its client waiting.
    pub(super) fn server(&self) -> Server {
        Server::new(self.script())
    }

    /// The same over TLS.
    pub(super) fn secure(&self, tls: Arc<ServerConfig>) -> Server {
        let script = self.script();
        Server::secure(tls, move |connection| {
            script(connection)?;
            connection.close_notify()
        })
    }

    fn script(&self) -> impl Fn(&mut Connection) -> std::io::Result<()> + Send + Sync + use<> {
        let said = self.clone();
        move |connection| {
            connection.request()?;
            let answer = said.0.lock().unwrap().clone();
            if answer.is_empty() { connection.wait() } else { connection.write(answer) }
        }
    }
}

/// Keys without a name have an empty one.
fn set(keys: &[(&str, &[u8])]) -> String {
    let jwk = |(id, pem): &(&str, &[u8])| {
        let key = EncodingKey::from_rsa_pem(pem).unwrap();
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        jwk.common.key_id = (!id.is_empty()).then(|| (*id).to_owned());
        serde_json::to_value(jwk).unwrap()
    };
    json!({ "keys": keys.iter().map(jwk).collect::<Vec<_>>() }).to_string()
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(super) fn token(id: &str, pem: &[u8]) -> String {
    let key = EncodingKey::from_rsa_pem(pem).unwrap();
    encode(&header(Algorithm::RS256, Some(id)), &says(json!({})), &key).unwrap()
}

/// A gateway whose two `auth`s have one server of keys.
fn gate(keys: &Server) -> Gate {
    let app = Server::ok();
    let setup = Setup { program: program::key_sets(), workers: 2, ..Setup::app(&app) };
    setup.place(KEYS[0], keys.address).place(KEYS[1], keys.address).start()
}

pub(super) fn fetches(server: &Server, target: &str) -> usize {
    server.requested(target)
}

#[test]
fn keys_are_there_before_the_first_request() {
    let said = Said::default();
    said.keys(&[("one", RSA)]);
    let server = said.server();
    let gate = gate(&server);
    assert_eq!((fetches(&server, "/realm/keys?now"), fetches(&server, "/")), (1, 1));
    let request = server.requests().into_iter().find(|it| it.target() == "/realm/keys?now").unwrap();
    assert_eq!(request.field("host").as_deref(), Some("127.0.0.1:9031"));
    assert_eq!(ask(&gate, "/me", &token("one", RSA)).status(), 200);
    refused(&ask(&gate, "/me", &token("one", OTHER_RSA)), 401, "credential_invalid");
    assert_eq!(fetches(&server, "/realm/keys?now"), 1, "a key of a known name is not asked for again");
}

#[test]
fn a_new_key_is_fetched_once_for_all_who_wait_and_none_of_them_is_refused() {
    let said = Said::default();
    said.keys(&[("one", RSA)]);
    let server = said.server();
    let gate = gate(&server);
    said.keys(&[("one", RSA), ("two", OTHER_RSA)]);
    gate.clock.advance(COOL_DOWN);
    let new = token("two", OTHER_RSA);
    let answers: Vec<Message> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..16).map(|_| scope.spawn(|| ask(&gate, "/forgetful", &new))).collect();
        asking.into_iter().map(|it| it.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!(answer.status(), 200, "{answer:?}");
    }
    assert_eq!(fetches(&server, "/"), 2);
    assert_eq!(ask(&gate, "/forgetful", &token("one", RSA)).status(), 200);
    // What was counted for whoever waited was counted once.
    let left = ask(&gate, "/forgetful", &new).field("ratelimit").unwrap();
    assert!(left.replace('\\', "").contains(";r=982"), "{left}");
}

#[test]
fn a_key_that_is_used_right_after_another_fetch_is_found() {
    let said = Said::default();
    said.keys(&[("one", RSA)]);
    let server = said.server();
    let gate = gate(&server);
    // Somebody makes one up, and no time passes.
    refused(&ask(&gate, "/me", &token("none", RSA)), 401, "credential_invalid");
    said.keys(&[("one", RSA), ("two", OTHER_RSA)]);
    assert_eq!(ask(&gate, "/me", &token("two", OTHER_RSA)).status(), 200);
    assert_eq!(fetches(&server, "/realm/keys?now"), 3);
}

#[test]
fn a_key_without_a_name_is_not_taken_for_the_one_that_a_token_names() {
    let said = Said::default();
    said.keys(&[("", RSA)]);
    let server = said.server();
    let gate = gate(&server);
    assert_eq!(ask(&gate, "/me", &token("any", RSA)).status(), 200);
    said.keys(&[("", RSA), ("two", OTHER_RSA)]);
    assert_eq!(ask(&gate, "/me", &token("two", OTHER_RSA)).status(), 200);
    assert_eq!(ask(&gate, "/me", &token("any", RSA)).status(), 200);
}

#[test]
fn a_key_of_one_set_does_not_wait_for_another() {
    let (quick, slow) = (Said::default(), Said::default());
    quick.keys(&[("one", RSA)]);
    slow.keys(&[("other", RSA)]);
    let (first, second) = (quick.server(), slow.server());
    let setup = Setup { program: program::key_sets(), workers: 2, ..Setup::app(&Server::ok()) };
    let gate = setup.place(KEYS[0], first.address).place(KEYS[1], second.address).start();
    quick.keys(&[("one", RSA), ("two", OTHER_RSA)]);
    slow.set(String::new());
    // No time passes.
    assert_eq!(ask(&gate, "/both", &token("two", OTHER_RSA)).status(), 200);
}

#[test]
fn unknown_keys_cost_one_fetch_in_each_cool_down_and_a_few_more() {
    let said = Said::default();
    said.keys(&[("one", RSA)]);
    let server = said.server();
    let gate = gate(&server);
    for round in 4..7 {
        for n in 0..20 {
            refused(&ask(&gate, "/me", &token(&format!("none-{n}"), RSA)), 401, "credential_invalid");
        }
        assert_eq!(
            fetches(&server, "/realm/keys?now"),
            round,
            "of 20 tokens in one cool-down, one fetches, and three at first"
        );
        gate.clock.advance(COOL_DOWN);
        // One that was wanted meanwhile is fetched without anybody asking again.
        eventually("the fetch", || fetches(&server, "/realm/keys?now") == round + 1);
    }
}

#[test]
fn a_key_that_is_gone_is_good_for_nothing_even_if_its_token_is_remembered() {
    let said = Said::default();
    said.keys(&[("one", RSA), ("two", OTHER_RSA)]);
    let server = said.server();
    let gate = gate(&server);
    let (one, two) = (token("one", RSA), token("two", OTHER_RSA));
    assert_eq!([ask(&gate, "/me", &one).status(), ask(&gate, "/me", &two).status()], [200, 200]);
    said.keys(&[("two", OTHER_RSA)]);
    gate.advance_until(Duration::from_secs(30), || ask(&gate, "/me", &one).status() == 401);
    assert_eq!(ask(&gate, "/me", &two).status(), 200);
}

#[test]
fn a_server_that_fails_changes_nothing_until_the_keys_are_too_old() {
    let said = Said::default();
    said.keys(&[("one", RSA)]);
    let server = said.server();
    let gate = gate(&server);
    let good = token("one", RSA);
    let huge = format!("{{\"keys\":[{}]}}", "1,".repeat(200_000));
    let failures = [
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ok("{\"keys\":[]}"),
        ok("not JSON"),
        ok("{\"keys\":[],\"keys\":[]}"),
        ok("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"!\",\"e\":\"AQAB\"}]}"),
        ok(&huge),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{huge}\r\n0\r\n\r\n",
            huge.len()
        ),
        format!("HTTP/1.1 200 OK\r\n\r\n{huge}"),
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"keys\":".to_owned(),
        "HTTP/1.1 200 OK\r\nX: ".to_owned() + &"x".repeat(40_000),
        "garbage\r\n\r\n".to_owned(),
        // It says nothing at all.
        String::new(),
    ];
    for failure in failures {
        let before = fetches(&server, "/");
        let shown: String = failure.chars().take(60).collect();
        said.set(failure);
        gate.clock.advance(COOL_DOWN);
        gate.advance_until(Duration::from_secs(3), || fetches(&server, "/") > before);
        assert_eq!(ask(&gate, "/forgetful", &good).status(), 200, "{shown}");
    }
    said.set("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n".to_owned());
    gate.advance_until(Duration::from_secs(30), || ask(&gate, "/forgetful", &good).status() == 503);
    refused(&ask(&gate, "/forgetful", &good), 503, "identity_unavailable");
    // They are there again, and so is whoever is known by them.
    said.keys(&[("one", RSA)]);
    gate.advance_until(Duration::from_secs(3), || ask(&gate, "/forgetful", &good).status() == 200);
}

#[test]
fn without_keys_at_the_start_nobody_is_let_in_until_they_come() {
    let said = Said::default();
    said.set("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_owned());
    let server = said.server();
    let gate = gate(&server);
    let good = token("one", RSA);
    refused(&ask(&gate, "/me", &good), 503, "identity_unavailable");
    refused(&ask(&gate, "/me", "none.of.these"), 401, "credential_invalid");
    said.keys(&[("one", RSA)]);
    gate.advance_until(COOL_DOWN, || ask(&gate, "/me", &good).status() == 200);
}

#[test]
fn a_set_may_come_in_chunks_or_until_the_connection_ends() {
    let body = set(&[("one", RSA)]);
    let (first, second) = body.split_at(100);
    for answer in [
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
            first.len(),
            second.len()
        ),
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}"),
        format!("HTTP/1.1 103 Early Hints\r\n\r\n{}", ok(&body)),
    ] {
        let said = Said::default();
        said.set(answer);
        let server = said.server();
        assert_eq!(ask(&gate(&server), "/me", &token("one", RSA)).status(), 200);
    }
}
