//! What branches of an `aggregate` send: their methods, fields and bodies; and what of it is never sent twice.

use std::time::Duration;

use gatewright_tests::Cue;
use gatewright_tests::program::{GO_ON, PAUSED};
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
use serde_json::json;

use super::aggregate::{answer, get, ok, setup};

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The body, as it came.
pub(super) fn sent(message: &Message) -> &str {
    std::str::from_utf8(&message.body).unwrap()
}

/// Answers every request of every connection with this.
fn says(id: &str) -> Server {
    Server::always(ok(&format!(r#"{{"id":"{id}","unread":"u"}}"#)))
}

#[test]
fn a_server_is_sent_the_method_the_fields_and_the_body_that_are_written() {
    let (users, orders, tips) = (says("m/1"), says("p"), says("t"));
    let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
    let answer = gate.ask(post("/changed/7", r#"{"text":"a\"b","more":[1.50]}"#));
    assert_eq!(answer.status(), 200, "{answer:?}");
    // A slash can stand in no segment, so `put` fell back.
    assert_eq!(
        answer.json(),
        json!({ "made": "m/1", "put": "none", "patched": "t", "gone": "t", "plain": "m/1" })
    );
    assert_eq!(answer.field("x-incomplete").as_deref(), Some("put=segment_invalid"));
    let asked = users.requests();
    let (made, plain) = (&asked[0], &asked[1]);
    assert_eq!((made.line.as_str(), plain.line.as_str()), ("POST /made HTTP/1.1", "POST /plain HTTP/1.1"));
    assert_eq!(
        sent(made),
        r#"{"text":"a\"b","tags":["a","b"],"id":7,"quoted":"say \"a\"b\""}"#,
        "what is absent is left out, and texts are written as JSON"
    );
    assert_eq!(made.field("x-who").as_deref(), Some(r#"7-a\"b"#));
    assert_eq!(made.field("accept").as_deref(), Some("application/vnd.made+json"));
    assert_eq!(made.field("content-type").as_deref(), Some("application/json"));
    assert_eq!(plain.field("content-length").as_deref(), Some("0"), "a POST says that it has no body");
    assert_eq!(plain.field("content-type"), None);
    assert_eq!(plain.field("accept").as_deref(), Some("application/json"));
    let asked = tips.requests();
    let of = |method: &str| asked.iter().find(|asked| asked.line.starts_with(method)).unwrap();
    let patched = of("PATCH /patched");
    assert_eq!(patched.field("content-type").as_deref(), Some("application/merge-patch+json"));
    assert_eq!(sent(patched), r#"{"it":{"id":"none"},"all":{"text":"a\"b"}}"#);
    assert_eq!(of("DELETE /gone").field("content-length"), None);
}

#[test]
fn what_one_has_answered_another_is_sent() {
    let (users, orders, tips) = (says("m1"), says("p"), says("t"));
    let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
    let answer = gate.ask(post("/changed/7", r#"{"text":"a"}"#));
    assert_eq!(answer.json()["put"], "p");
    let put = orders.only();
    assert_eq!((put.line.as_str(), sent(&put)), ("PUT /put/m1 HTTP/1.1", r#"{"id":"m1","unread":"u"}"#));
    assert_eq!(put.field("x-made").as_deref(), Some("m1"));
    assert_eq!(put.field("x-unread").as_deref(), Some("u"));
    assert_eq!(put.field("accept").as_deref(), Some("application/json"), "the gateway's own");
    // What is absent is no field, whether a server left it out or the client did.
    let users = Server::always(ok(r#"{"id":"m2"}"#));
    let orders = says("p");
    let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
    assert_eq!(gate.ask(post("/changed/7", r#"{"text":"a"}"#)).json()["put"], "p");
    let put = orders.only();
    assert_eq!((put.field("x-made").as_deref(), put.field("x-unread")), (Some("m2"), None));
}

#[test]
fn a_value_that_no_field_may_hold_is_sent_to_nobody() {
    let (users, orders, tips) = (says("m"), says("p"), says("t"));
    let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
    let refusal = gate.ask(post("/changed/7", r#"{"text":"a\nb"}"#));
    gatewright_tests::gate::refused(&refusal, 400, "edit_invalid");
    assert_eq!(users.requests().iter().filter(|asked| asked.target() == "/made").count(), 0);
}

/// Answers so many requests with 503, and what follows with `7`.
fn reluctant(refusals: usize) -> Server {
    let times = std::sync::atomic::AtomicUsize::new(0);
    Server::new(move |connection| {
        loop {
            connection.request()?;
            if times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < refusals {
                connection.write(answer("503 No", "", "later"))?;
            } else {
                connection.write(ok("7"))?;
            }
        }
    })
}

#[test]
fn only_what_may_be_repeated_is_sent_again() {
    for (path, tries, value) in [("/once", 1, 0), ("/keyed", 2, 7), ("/replaced", 2, 7)] {
        let server = reluctant(1);
        let gate = setup([None, None, None, Some(&server), None]).start();
        let mut client = gate.client();
        client.send(get(path));
        gate.advance_until(Duration::from_millis(10), || client.stirs());
        assert_eq!(client.answer().json(), json!({ "it": value }), "{path}");
        let asked = server.requests();
        assert_eq!(asked.len(), tries, "{path}");
        assert!(asked.iter().all(|asked| sent(asked) == "7"), "{path}: each time all of it");
    }
}

#[test]
fn a_kept_connection_that_has_died_costs_a_call_only_where_it_may_have_had_an_effect() {
    for (method, value) in [("GET", 7), ("POST", 0)] {
        // The second request on a connection is read, and never answered.
        let server = Server::new(|connection| {
            connection.request()?;
            connection.write(ok("7"))?;
            connection.request().map(|_| ())
        });
        let gate = setup([Some(&server), None, None, None, None]).start();
        let mut client = gate.client();
        client.send(get("/stale/first"));
        assert_eq!(client.answer().json(), json!({ "it": 7 }));
        client.send(format!("{method} /stale/second HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(client.answer().json(), json!({ "it": value }), "{method}");
        assert_eq!(server.connections(), if method == "GET" { 2 } else { 1 });
    }
}

#[test]
fn a_kept_connection_on_which_nothing_could_be_sent_costs_no_call_whatever_its_method() {
    let dies = Cue::default();
    let given = dies.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        connection.write(ok("7"))?;
        if connection.index == 0 {
            given.wait()?;
            return connection.reset();
        }
        connection.wait()
    });
    let gate = setup([Some(&server), None, None, None, None]).start();
    let mut client = gate.client();
    client.send(get("/stale/first"));
    assert_eq!(client.answer().json(), json!({ "it": 7 }));
    // The connection dies while the worker cannot see it.
    client.send("POST /stale-now HTTP/1.1\r\nHost: a\r\n\r\n");
    PAUSED.wait().unwrap();
    dies.give();
    server.over(0);
    GO_ON.give();
    assert_eq!(client.answer().json(), json!({ "it": 7 }));
    assert_eq!((server.requested("/it"), server.connections()), (1, 2));
}

#[test]
fn a_server_may_answer_before_it_has_read_all() {
    let users = Server::always(ok(&format!("{:?}", "x".repeat(12 << 20))));
    let orders = Server::new(|connection| {
        connection.narrow()?;
        connection.head()?;
        connection.write(ok("7"))?;
        connection.until(b"never there").map(drop)
    });
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    for asked in 1..=2 {
        assert_eq!(gate.ask(get("/large")).json(), json!({ "it": 7 }));
        assert_eq!(orders.connections(), asked, "one with bytes to come is not used again");
    }
}
