//! `match`: which way a request takes, and what holds for each of them.

use std::time::Duration;

use gatewright_tests::gate::{Setup, refused};
use gatewright_tests::program::{self, PAIR};
use gatewright_tests::server::Server;
use gatewright_tests::{eventually, gate::Gate};
use serde_json::json;

fn start(app: &Server, patient: &Server) -> Gate {
    let setup = Setup { program: program::ways(), ..Setup::app(app) };
    setup.place(PAIR[0], patient.address).start()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn unwilling() -> Server {
    Server::always("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn each_value_has_its_way() {
    let (app, patient) = (Server::ok(), Server::ok());
    let gate = start(&app, &patient);
    assert_eq!(gate.ask(get("/by/app")).status(), 200);
    assert_eq!(app.only().target(), "/app");
    for way in ["patient", "again"] {
        assert_eq!(gate.ask(get(&format!("/by/{way}"))).status(), 200);
    }
    let targets: Vec<String> = patient.requests().iter().map(|it| it.target().to_owned()).collect();
    assert_eq!(targets, ["/to/patient", "/to/again"]);
    let moved = gate.ask(get("/by/moved"));
    assert_eq!((moved.status(), moved.field("location").as_deref()), (307, Some("/by/moved")));
    assert_eq!(gate.ask(get("/by/App")).json(), json!({ "way": "App", "odd": false }));
    let log = gate.log(5);
    assert!(log.iter().all(|line| line["route"] == "GET, POST /by/{way}"), "{log:?}");
    assert_eq!((&log[0]["upstream"], &log[1]["upstream"]), (&json!("app"), &json!("patient")));
}

#[test]
fn each_way_is_called_as_its_upstream_says() {
    let (app, patient) = (unwilling(), unwilling());
    let gate = start(&app, &patient);
    assert_eq!(gate.ask(get("/by/app")).status(), 503);
    assert_eq!(app.requests().len(), 1);
    let mut client = gate.client();
    client.send(get("/by/patient"));
    gate.advance_until(Duration::from_millis(10), || client.stirs());
    assert_eq!(client.answer().status(), 503);
    assert_eq!(patient.requests().len(), 2, "its upstream says `retry`");
}

#[test]
fn each_way_has_its_own_time_and_that_of_the_route_over_it() {
    let silent = || {
        Server::new(|connection| {
            connection.request()?;
            connection.wait()
        })
    };
    for (path, odd, seconds) in
        [("/by/app", "", 2), ("/by/patient", "", 5), ("/odd/x", "x-odd: true\r\n", 1), ("/odd/x", "", 1)]
    {
        let (app, patient) = (silent(), silent());
        let gate = start(&app, &patient);
        let mut client = gate.client();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{odd}\r\n"));
        eventually("one is asked", || app.requests().len() + patient.requests().len() == 1);
        gate.holds_after(Duration::from_secs(seconds), || client.stirs());
        refused(&client.answer(), 504, "upstream_timeout");
    }
}

#[test]
fn what_the_route_says_holds_for_every_way() {
    let (app, patient) = (Server::ok(), Server::ok());
    let gate = start(&app, &patient);
    let ask = |fields: &str| gate.ask(format!("GET /odd/a/b HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    assert_eq!(ask("X-Odd: true\r\n").field("x-way").as_deref(), Some("true"));
    assert_eq!(ask("").field("x-way").as_deref(), Some("false"));
    assert_eq!((app.only().target(), patient.only().target()), ("/odd/a/b", "/odd/a/b"));
    refused(&ask("X-Odd: maybe\r\n"), 400, "wrong_fields");
    refused(&ask("X-Closed: 1\r\n"), 403, "not_allowed");
    assert_eq!(app.requests().len() + patient.requests().len(), 2);
}

#[test]
fn a_body_may_say_the_way_and_is_sent_on() {
    let (app, patient) = (Server::ok(), Server::ok());
    let gate = start(&app, &patient);
    let post = |kind: &str| {
        let body = format!("{{\"kind\":\"{kind}\",\"text\":\"t\"}}");
        let length = body.len();
        gate.ask(format!(
            "POST /noted HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    };
    assert_eq!(post("a").status(), 200);
    let sent = app.only();
    assert_eq!((sent.target(), sent.body.as_slice()), ("/a", &br#"{"kind":"a","text":"t"}"#[..]));
    assert_eq!(post("b").json(), json!({ "text": "t" }));
    refused(&post("c"), 400, "wrong_body");
    assert_eq!(app.requests().len(), 1);
}
