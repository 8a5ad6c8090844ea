//! Bodies that are read as a whole (`body` with a type), from raw bytes: what is refused never reaches a server, and what is not
//! is sent on as it came.

use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
use serde_json::{Value, json};

const CUSTOMER: &str = "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10";

fn setup(server: &Server) -> Setup {
    Setup { program: program::aggregated(), ..Setup::app(server) }
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn order(lines: &str) -> String {
    format!(r#"{{"customer":"{CUSTOMER}","lines":{lines}}}"#)
}

/// What the answer says is wrong: pointer, problem, expectation, and what is there.
fn wrong(answer: &Message) -> Vec<(String, String, String, String)> {
    refused(answer, 400, "wrong_body");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = |one: &Value| {
        assert_eq!(one["in"], "body");
        (text(&one["pointer"]), text(&one["problem"]), text(&one["expected"]), text(&one["found"]))
    };
    answer.json()["errors"].as_array().expect("errors").iter().map(told).collect()
}

fn of(all: &[(&str, &str, &str, &str)]) -> Vec<(String, String, String, String)> {
    all.iter().map(|(a, b, c, d)| ((*a).into(), (*b).into(), (*c).into(), (*d).into())).collect()
}

#[test]
fn a_body_of_its_type_is_sent_on_byte_by_byte() {
    let server = Server::ok();
    let gate = setup(&server).start();
    let body = format!(" {{\"lines\" : [{{\"sku\":\"a\\u00e9\"}} ],\t\"customer\":\"{CUSTOMER}\"}}\n");
    assert_eq!(gate.ask(post("/orders", &body)).status(), 200);
    let request = server.only();
    assert_eq!(String::from_utf8_lossy(&request.body), body);
    assert_eq!(request.field("content-length"), Some(body.len().to_string()));
}

#[test]
fn a_chunked_body_is_sent_on_with_its_length_and_the_connection_goes_on() {
    let server = Server::ok();
    let gate = setup(&server).start();
    let body = order(r#"[{"sku":"x"}]"#);
    let (first, second) = body.split_at(20);
    let mut client = Client::connect(gate.address);
    client.send(
        "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    );
    let told = client.read(b"HTTP/1.1 100 Continue\r\n\r\n".len());
    assert_eq!(told, b"HTTP/1.1 100 Continue\r\n\r\n");
    for part in [first, second] {
        client.send(format!("{:x}\r\n{part}\r\n", part.len()));
    }
    client.send(format!("0\r\nX-Trailer: y\r\n\r\n{}", post("/orders", &order("[]"))));
    assert_eq!(client.answer().status(), 200);
    wrong(&client.answer());
    let request = server.only();
    assert_eq!(String::from_utf8_lossy(&request.body), body);
    assert_eq!(request.field("content-length"), Some(body.len().to_string()));
    assert_eq!(request.field("transfer-encoding"), None);
    assert_eq!(request.field("expect"), None);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_no_server_is_asked() {
    let server = Server::ok();
    let gate = setup(&server).start();
    let body = r#"{"customer":"x","lines":[{"sku":"","quantity":100},{"quantity":"1","colour":"red"}],"express":1,"note":null}"#;
    assert_eq!(
        wrong(&gate.ask(post("/orders", body))),
        of(&[
            ("/customer", "wrong", "uuid", "a string of 1 characters"),
            ("/lines/0/sku", "wrong", "string(1..40)", "a string of 0 characters"),
            ("/lines/0/quantity", "wrong", "int(1..99)", "a number"),
            ("/lines/1/quantity", "wrong", "int(1..99)", "a string"),
            ("/lines/1/colour", "unknown", "no member of this name", ""),
            ("/lines/1/sku", "missing", "string(1..40)", ""),
            ("/express", "wrong", "bool", "a number"),
        ])
    );
    assert_eq!(
        wrong(&gate.ask(post("/orders", &order("[]")))),
        of(&[("/lines", "wrong", "list<Line>(1..3)", "an array of 0")])
    );
    assert_eq!(
        wrong(&gate.ask(post("/orders", "[1,]"))),
        of(&[("", "malformed", "NewOrder", "no JSON from byte 3 on")])
    );
    assert_eq!(
        wrong(&gate.ask(post("/orders", ""))),
        of(&[("", "malformed", "NewOrder", "no JSON from byte 0 on")])
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_open_record_passes_what_it_does_not_name() {
    let server = Server::ok();
    let gate = setup(&server).start();
    assert_eq!(gate.ask(post("/notes", r#"{"more":[{}],"text":"hello"}"#)).status(), 200);
    assert_eq!(server.only().body, br#"{"more":[{}],"text":"hello"}"#);
}

#[test]
fn other_media_types_and_larger_bodies_are_refused_before_they_are_read() {
    let server = Server::ok();
    let gate = setup(&server).start();
    for fields in
        ["", "Content-Type: text/plain\r\n", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"]
    {
        let answer =
            gate.ask(format!("POST /notes HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: 2\r\n\r\n{{}}"));
        refused(&answer, 415, "wrong_media_type");
    }
    refused(&gate.ask(post("/notes", &" ".repeat(65))), 413, "body_too_large");
    let chunked = format!(
        "POST /notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n{}\r\n0\r\n\r\n",
        " ".repeat(65)
    );
    refused(&gate.ask(chunked), 413, "body_too_large");
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_the_process_has_no_room_for_is_refused_and_the_room_is_free_again() {
    let server = Server::ok();
    let gate = setup(&server).limit(|limits| limits.documents = 2_000).start();
    let body = order(r#"[{"sku":"x"}]"#);
    // Kept beside the body are its text and what is known of it.
    for _ in 0..3 {
        assert_eq!(gate.ask(post("/orders", &body)).status(), 200);
    }
    let (mut first, mut second) = (Client::connect(gate.address), Client::connect(gate.address));
    first.send(post("/orders", &" ".repeat(1_000)).get(..1_000).unwrap());
    second.send(post("/orders", &" ".repeat(1_000)).get(..1_000).unwrap());
    gatewright_tests::eventually("the room is taken", || {
        let answer = gate.ask(post("/orders", &" ".repeat(900)));
        answer.status() == 503 && answer.json()["reason"] == "bodies_full"
    });
    drop((first, second));
    gatewright_tests::eventually("the room is free", || gate.ask(post("/orders", &body)).status() == 200);
}

#[test]
fn a_body_that_has_not_come_takes_no_room() {
    let server = Server::ok();
    let gate = setup(&server).limit(|limits| limits.documents = 2_000).start();
    let mut waiting: Vec<Client> = (0..4).map(|_| Client::connect(gate.address)).collect();
    for client in &mut waiting {
        client.send(
            "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
        );
        assert_eq!(client.read(b"HTTP/1.1 100 Continue\r\n\r\n".len()), b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    assert_eq!(gate.ask(post("/orders", &order(r#"[{"sku":"x"}]"#))).status(), 200);
}

#[test]
fn a_body_that_stops_arriving_is_not_waited_for_for_ever() {
    let server = Server::ok();
    let gate = setup(&server).start();
    let mut client = Client::connect(gate.address);
    client.send(post("/notes", &" ".repeat(60)).get(..100).unwrap());
    let waited = gate.advance_until(Duration::from_secs(1), || client.stirs());
    assert!(waited >= Duration::from_secs(30), "{waited:?}");
    refused(&client.answer(), 408, "body_timeout");
    assert_eq!(server.connections(), 0);
}

#[test]
fn expressions_read_the_body() {
    let server = Server::ok();
    let gate = setup(&server).start();
    let body = format!(
        r#"{{"note":"hi \"you\"","customer":"{CUSTOMER}","lines":[{{"sku":"a","quantity":2}},{{"sku":"b\u0041"}},{{"sku":"c","quantity":3}}]}}"#
    );
    let answer = gate.ask(post("/echo", &body));
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(
        answer.json(),
        json!({
            "lines": [{ "id": "a", "quantity": 2 }, { "id": "bA", "quantity": 1 }, { "id": "c", "quantity": 3 }],
            "note": "hi \"you\"",
            "all": {
                "customer": CUSTOMER,
                "lines": [{ "sku": "a", "quantity": 2 }, { "sku": "bA", "quantity": 1 }, { "sku": "c", "quantity": 3 }],
                "note": "hi \"you\"",
                "express": false,
            },
            "skus": ["a", "bA", "c"],
            "many": [{ "sku": "a", "quantity": 2 }, { "sku": "c", "quantity": 3 }],
            "count": 2,
        })
    );
    let answer = gate.ask(post("/echo", &order(r#"[{"sku":"forbidden"}]"#)));
    refused(&answer, 403, "not_allowed");
    assert_eq!(gate.ask(post("/echo", &order(r#"[{"sku":"a"}]"#))).json()["note"], "none");
    for (name, price) in [("a", "1.50e0"), ("b", "0.30000000000000004"), ("c", "0")] {
        let answer = gate.ask(post(&format!("/price/{name}"), r#"{"a":1.50e0,"b":0.30000000000000004}"#));
        assert_eq!(
            String::from_utf8_lossy(&answer.body),
            format!("{{\"price\":{price}}}"),
            "numbers keep their text"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_request_without_a_body_is_not_held_up() {
    let server = Server::ok();
    let gate: Gate = setup(&server).start();
    let answer = gate.ask("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n");
    assert_eq!(wrong(&answer), of(&[("", "malformed", "NewOrder", "no JSON from byte 0 on")]));
}
