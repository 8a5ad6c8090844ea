//! Functions of the operator's that answer (`handler`): what they are called with, what becomes of what they give, and of every way in
//! which one can fail.

use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::handlers::{release, waiting};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
use serde_json::{Value, json};

fn gate() -> Gate {
    Setup { program: program::handled(), ..Setup::app(&Server::ok()) }.start()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn post(body: &str) -> String {
    format!(
        "POST /body HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn json_of(answer: &Message) -> Value {
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.field("content-type").as_deref(), Some("application/json"));
    assert_eq!(answer.field("x-own").as_deref(), Some("yes"));
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn values_of_the_head_arrive_as_what_they_are() {
    let gate = gate();
    let answer =
        gate.ask("GET /head/7?page=-3&tag=a%20b&tag=c HTTP/1.1\r\nHost: a\r\nUser-Agent: Mosaic\r\n\r\n");
    let expected = json!({ "id": 7, "page": -3, "tags": ["a b", "c"], "agent": "mosaic", "ip": "127.0.0.1", "on": true });
    assert_eq!(json_of(&answer), expected);
    let expected =
        json!({ "id": -8, "page": null, "tags": [], "agent": "nobody", "ip": "127.0.0.1", "on": false });
    assert_eq!(json_of(&gate.ask(get("/head/-8"))), expected);
    refused(&gate.ask(get("/head/7?page=x")), 400, "wrong_fields");
    assert_eq!(gate.log(3)[0]["reason"], "handler");
}

#[test]
fn a_body_arrives_as_a_struct() {
    let gate = gate();
    let id = "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10";
    let whole = json!({
        "sku": "t\u{e9}a", "quantity": 3, "total": 10.50, "gift-note": { "type": "card" }, "lines": [{ "id": id }, { "id": id }],
        "tags": { "a": 1, "b": 2 },
    });
    let expected = json!({
        "sku": "téa", "quantity": 3, "total": "10.5", "note": "card", "lines": ["6f", "6f"], "tags": { "a": 1, "b": 2 },
        "skus": ["téa", "last"], "first": "card",
    });
    assert_eq!(json_of(&gate.ask(post(&whole.to_string()))), expected);
    let least = json!({ "sku": "tea", "total": 0, "lines": [], "tags": {} });
    let expected = json!({
        "sku": "tea", "quantity": 1, "total": "0", "note": null, "lines": [], "tags": {}, "skus": ["tea", "last"], "first": null,
    });
    assert_eq!(json_of(&gate.ask(post(&least.to_string()))), expected);
    refused(&gate.ask(post(r#"{"sku":"tea"}"#)), 400, "wrong_body");
    refused(&gate.ask(post(&format!("{{\"sku\":\"{}\"}}", "a".repeat(2_000)))), 413, "body_too_large");
}

#[test]
fn every_kind_of_answer_is_sent_as_it_is_meant() {
    let gate = gate();
    let mut client = gate.client();
    let text = client.ask(get("/text"));
    assert_eq!((text.status(), &*text.body), (200, &b"hello"[..]));
    assert_eq!(text.field("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    let nothing = client.ask(get("/nothing"));
    assert_eq!((nothing.status(), nothing.field("content-length")), (204, None));
    let teapot = client.ask(get("/teapot"));
    assert_eq!((teapot.status(), &*teapot.body), (418, &b"short and stout"[..]));
    let unchanged = client.ask(get("/unchanged"));
    assert_eq!((unchanged.status(), unchanged.field("etag").as_deref()), (304, Some("\\\"1\\\"")));
    // All on one connection: none of these bodies has been taken for the next answer.
    assert_eq!(client.ask(get("/text")).status(), 200);
}

#[test]
fn a_failure_is_said_in_the_log_and_to_nobody_else() {
    let gate = gate();
    let answer = gate.ask(get("/fails?why=model%20%22a%22%20is%20gone"));
    refused(&answer, 500, "handler_failed");
    assert!(!String::from_utf8_lossy(&answer.body).contains("model"), "{answer:?}");
    let smuggled = gate.ask(get("/smuggles"));
    refused(&smuggled, 500, "handler_failed");
    assert_eq!(smuggled.field("transfer-encoding"), None);
    let log = gate.log(2);
    assert_eq!(log[0]["cause"], "model \"a\" is gone");
    assert_eq!(
        log[1]["cause"],
        "it answers with the field `transfer-encoding`, which is the gateway's to write"
    );
    // The exchange is used again, and knows nothing of it.
    assert_eq!(gate.ask(get("/text")).status(), 200);
    assert_eq!(gate.log(3)[2]["cause"], Value::Null);
}

#[test]
fn a_panic_ends_one_exchange_and_nothing_else() {
    let gate = gate();
    for path in ["/panics", "/panics?late"] {
        let mut client = gate.client();
        refused(&client.ask(get(path)), 500, "panic");
        assert!(client.ends());
    }
    assert_eq!(gate.ask(get("/text")).status(), 200);
}

#[test]
fn a_function_may_wait_for_a_time() {
    let gate = gate();
    assert_eq!(gate.ask(get("/naps")).text(), "deadline has elapsed");
}

#[test]
fn what_blocks_is_not_kept_to_the_processor_of_its_worker() {
    let all = rustix::thread::sched_getaffinity(None).unwrap().count();
    let workers = usize::try_from(all).unwrap();
    let gate = Setup { program: program::handled(), workers, ..Setup::app(&Server::ok()) }.start();
    assert_eq!(gate.ask(get("/spread")).text(), all.to_string());
}

#[test]
fn a_function_that_is_not_async_runs_beside_its_worker() {
    let all = rustix::thread::sched_getaffinity(None).unwrap().count();
    let workers = usize::try_from(all).unwrap();
    let gate = Setup { program: program::handled(), workers, ..Setup::app(&Server::ok()) }.start();
    let answer = json_of(&gate.ask(get("/plain/ada")));
    assert_eq!((&answer["name"], &answer["processors"]), (&json!("ada"), &json!(all)), "{answer}");
    assert_ne!(answer["thread"], Value::Null);
    // It fails as others do, and what it says of that need not be fit for another thread.
    assert_eq!(gate.ask(get("/plainly-fails")).text(), "fine");
    refused(&gate.ask(get("/plainly-fails?why=late")), 500, "handler_failed");
    assert!(gate.log(3).iter().any(|line| line["cause"] == "late"), "{:?}", gate.log(3));
    refused(&gate.ask(get("/plainly-fails?why=bug")), 500, "panic");
}

/// One test, since all calls are counted in one place.
#[test]
fn a_call_ends_with_its_time_and_with_its_client() {
    let held = gate();
    let mut waits = held.client();
    waits.send(get("/blocks"));
    eventually("it is called", || waiting() == 1);
    held.cut();
    held.join();
    release();
    eventually("what has blocked goes on, and nobody has waited for it", || waiting() == 0);

    // It keeps nobody of its worker from anything, and is left alone when its time is over.
    let blocked = gate();
    let mut waits = blocked.client();
    waits.send(get("/plainly-blocks"));
    eventually("it is called", || waiting() == 1);
    assert_eq!(blocked.ask(get("/text")).status(), 200);
    blocked.advance_until(Duration::from_millis(50), || waits.stirs());
    refused(&waits.answer(), 504, "handler_timeout");
    assert_eq!(waiting(), 1);
    release();
    eventually("it goes on, and nobody hears of it", || waiting() == 0);

    let gate = gate();
    let begin = |method: &str| {
        let mut client: Client = gate.client();
        client.send(format!("{method} /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
        eventually("it is called", || waiting() == 1);
        client
    };
    let mut client = begin("GET");
    let start = gate.clock.now();
    gate.advance_until(Duration::from_millis(50), || client.stirs());
    let took = gate.clock.now() - start;
    assert!((2_000_000..4_000_000).contains(&took), "{took}");
    let late = client.answer();
    assert_eq!((late.status(), &*late.body), (504, &b"{\"slow\":true}"[..]), "{late:?}");
    assert_eq!(gate.log(1)[0]["reason"], "handler_timeout");
    eventually("nothing of it goes on", || waiting() == 0);
    // The connection goes on.
    assert_eq!(client.ask(get("/text")).status(), 200);

    begin("POST").reset();
    eventually("it goes with its client", || waiting() == 0);
    assert_eq!(gate.log(3)[2]["reason"], "client_closed");

    let mut client = begin("GET");
    gate.cut();
    refused(&client.answer(), 503, "drained");
    assert!(client.ends() && waiting() == 0, "it goes with its gateway");
}
