//! Live values by the admin listener: what a change does, what is refused and why, and who may change nothing.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatewright_runtime::serve::{Options, start_logging};
use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Log, Setup, refused};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::wire::Message;
use gatewright_tests::{Cue, eventually, program};
use serde_json::{Value, json};

/// A gateway whose file says `[]`, unless a test writes another one.
pub(super) fn setup(server: &Server, folder: &Path) -> Setup {
    let file = folder.join("office.json");
    if !file.exists() {
        std::fs::write(&file, "[]").unwrap();
    }
    let files: Vec<(String, PathBuf)> = vec![("/etc/tested/office.json".into(), file)];
    Setup { program: program::live(), files, ..Setup::app(server) }
}

fn gate(server: &Server) -> Gate {
    setup(server, tempfile::tempdir().unwrap().path()).start()
}

pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// One request to the admin listener.
fn tell(gate: &Gate, request: impl AsRef<[u8]>) -> Message {
    Client::connect(gate.admin.expect("an admin listener")).ask(request)
}

fn request(method: &str, path: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:9900\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
    )
}

const JSON: &str = "Content-Type: application/json\r\n";

pub(super) fn put(gate: &Gate, name: &str, value: &Value) -> Message {
    tell(gate, request("PUT", &format!("/live/{name}"), JSON, &value.to_string()))
}

pub(super) fn patch(gate: &Gate, values: &Value) -> Message {
    tell(gate, request("PATCH", "/live", JSON, &values.to_string()))
}

pub(super) fn shown(gate: &Gate) -> Value {
    let answer = tell(gate, "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(answer.status(), 200);
    answer.json()
}

/// One value of those that are shown.
pub(super) fn one(gate: &Gate, name: &str) -> Value {
    let all = shown(gate);
    all["values"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone()
}

pub(super) fn metric(gate: &Gate, series: &str) -> u64 {
    let text = String::from_utf8(tell(gate, get("/metrics")).body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series}")).parse().unwrap()
}

pub(super) fn is_refused(answer: &Message, status: u16, reason: &str) {
    assert_eq!(answer.status(), status, "{answer:?}");
    assert_eq!(answer.field("content-type").as_deref(), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!((&problem["status"], &problem["reason"]), (&json!(status), &json!(reason)), "{problem}");
    assert_eq!(problem["errors"][0]["reason"], reason);
}

#[test]
fn the_next_request_sees_a_change_wherever_a_value_stands() {
    let server = Server::ok();
    let gate = gate(&server);
    assert_eq!(gate.ask(get("/mode")).text(), "blue");
    assert_eq!(gate.ask(get("/switched")).status(), 200);
    assert_eq!(gate.ask(get("/blocked")).status(), 200);
    assert_eq!(gate.ask(get("/named/b")).status(), 403);
    let sized = "POST /sized HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n12345678901234567";
    assert_eq!(gate.ask(sized).status(), 413);
    let answer = patch(
        &gate,
        &json!({
            "mode": "green", "is_on": false, "blocked": ["127.0.0.0/8"], "names": ["b", "c"], "most": "17B", "step": -7,
            "price": 9.25, "calls": "20/10s",
        }),
    );
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.json()["values"].as_array().unwrap().len(), 8);
    assert_eq!(gate.ask(get("/mode")).text(), "green");
    refused(&gate.ask(get("/blocked")), 403, "denied");
    let closed = gate.ask(get("/switched"));
    refused(&closed, 503, "not_allowed");
    assert_eq!(closed.field("retry-after").as_deref(), Some("90"));
    assert_eq!((gate.ask(get("/named/a")).status(), gate.ask(get("/named/b")).status()), (403, 200));
    assert_eq!(gate.ask(sized).status(), 200);
    let expected = json!({
        "names": ["b", "c"], "step": -7, "price": 9.25, "mode": "green", "calls": "20/10s", "blocked": ["127.0.0.0/8"],
    });
    assert_eq!(gate.ask(get("/values")).json(), expected);
    // And back again: nothing of what was compiled for the old value is left.
    assert_eq!(patch(&gate, &json!({ "blocked": [], "is_on": true })).status(), 200);
    assert_eq!((gate.ask(get("/blocked")).status(), gate.ask(get("/switched")).status()), (200, 200));
}

#[test]
fn every_worker_sees_a_change() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let gate = Setup { workers: 4, ..setup(&server, folder.path()) }.start();
    let mut clients: Vec<Client> = (0..32).map(|_| gate.client()).collect();
    for mode in ["green", "blue", "green"] {
        assert_eq!(put(&gate, "mode", &json!(mode)).status(), 200);
        for client in &mut clients {
            assert_eq!(client.ask(get("/mode")).text(), mode);
        }
    }
}

#[test]
fn a_request_that_is_under_way_sees_the_values_of_its_beginning() {
    let cue = Cue::default();
    let given = cue.clone();
    let server = Server::new(move |connection: &mut Connection| {
        loop {
            connection.request()?;
            given.wait()?;
            connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        }
    });
    let gate = gate(&server);
    let mut client = gate.client();
    client.send(get("/slow"));
    eventually("the server is asked", || server.requested("/slow") == 1);
    assert_eq!(patch(&gate, &json!({ "mode": "green", "step": 2 })).status(), 200);
    cue.give();
    let answer = client.answer();
    assert_eq!(
        (answer.field("x-mode").unwrap(), answer.field("x-step").unwrap()),
        ("blue".into(), "1".into())
    );
    cue.give();
    let answer = client.ask(get("/slow"));
    assert_eq!(
        (answer.field("x-mode").unwrap(), answer.field("x-step").unwrap()),
        ("green".into(), "2".into())
    );
}

#[test]
fn no_request_sees_half_of_a_change() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let gate = Setup { workers: 2, ..setup(&server, folder.path()) }.start();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let (mut client, mut seen) = (gate.client(), [0, 0]);
                    while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                        let answer = client.ask(get("/values"));
                        if answer.field("connection").is_some() {
                            client = gate.client();
                        }
                        let said = answer.json();
                        let pair = (said["mode"].as_str().unwrap(), said["step"].as_i64().unwrap());
                        assert!(matches!(pair, ("blue", 1) | ("green", 2)), "{pair:?}");
                        seen[usize::from(pair.0 == "green")] += 1;
                    }
                    seen
                })
            })
            .collect();
        for round in 0..150 {
            let (mode, step) = if round % 2 == 0 { ("green", 2) } else { ("blue", 1) };
            assert_eq!(patch(&gate, &json!({ "mode": mode, "step": step })).status(), 200);
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        asking.into_iter().map(|asking| asking.join().unwrap()).collect::<Vec<_>>()
    });
    for kind in [0, 1] {
        assert!(seen.iter().map(|seen| seen[kind]).sum::<i32>() > 0, "{seen:?}");
    }
    assert_eq!(shown(&gate)["generation"], 150);
}

#[test]
fn a_limit_goes_on_with_another_rate() {
    let server = Server::ok();
    let gate = gate(&server);
    let ask = || gate.ask(get("/limited")).status();
    assert_eq!([ask(), ask(), ask()], [200, 200, 429]);
    // Ten a second for each of fifty at once: of which two are spent.
    assert_eq!(put(&gate, "at_once", &json!(50)).status(), 200);
    assert_eq!((0..60).filter(|_| ask() == 200).count(), 48);
    assert_eq!(patch(&gate, &json!({ "at_once": 1, "calls": "1/s" })).status(), 200);
    let answer = gate.ask(get("/limited"));
    assert_eq!((answer.status(), answer.field("retry-after").as_deref()), (429, Some("1")));
    gate.clock.advance(Duration::from_secs(1));
    assert_eq!([ask(), ask()], [200, 429]);
}

#[test]
fn what_is_not_of_the_type_or_not_within_the_bounds_is_refused_whole() {
    let server = Server::ok();
    let gate = gate(&server);
    let before = shown(&gate);
    for (name, value, reason) in [
        ("calls", json!(10), "wrong_type"),
        ("calls", json!("10"), "wrong_type"),
        ("calls", json!("010/s"), "wrong_type"),
        ("calls", json!("1001/s"), "out_of_bounds"),
        ("calls", json!("1/1001ms"), "out_of_bounds"),
        ("calls", Value::Null, "wrong_type"),
        ("at_once", json!(0), "out_of_bounds"),
        ("at_once", json!(51), "out_of_bounds"),
        ("at_once", json!(1.5), "wrong_type"),
        ("at_once", json!("2"), "wrong_type"),
        ("is_on", json!("true"), "wrong_type"),
        ("is_on", json!(1), "wrong_type"),
        ("mode", json!("red"), "wrong_type"),
        ("mode", json!(["blue"]), "wrong_type"),
        ("blocked", json!("10.0.0.0/8"), "wrong_type"),
        ("blocked", json!(["10.0.0.1/8"]), "wrong_type"),
        ("blocked", json!(["10.0.0.0/8", 1]), "wrong_type"),
        ("blocked", json!({ "a": "10.0.0.0/8" }), "wrong_type"),
        ("blocked", json!(["1.0.0.0/8", "2.0.0.0/8", "3.0.0.0/8", "4.0.0.0/8"]), "out_of_bounds"),
        ("patience", json!("0s"), "out_of_bounds"),
        ("patience", json!("21s"), "out_of_bounds"),
        ("try_for", json!("0s"), "out_of_bounds"),
        ("most", json!("16"), "wrong_type"),
        ("names", json!([""]), "out_of_bounds"),
        ("share", json!("100.1%"), "out_of_bounds"),
        ("step", json!(9.5), "wrong_type"),
        ("price", json!(9.75), "out_of_bounds"),
    ] {
        is_refused(&put(&gate, name, &value), 422, reason);
    }
    is_refused(&put(&gate, "office", &json!([])), 409, "comes_from_file");
    is_refused(&put(&gate, "nothing", &json!(1)), 404, "unknown_name");
    // One that is wrong keeps the others out, and all that are wrong are named.
    let answer = patch(&gate, &json!({ "step": 5, "mode": "red", "at_once": 99 }));
    assert_eq!(answer.status(), 422);
    let names: Vec<Value> =
        answer.json()["errors"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, [json!("at_once"), json!("mode")]);
    assert_eq!(shown(&gate), before);
    assert_eq!(metric(&gate, "gatewright_live_refused_total{reason=\"comes_from_file\"}"), 1);
    assert_eq!(metric(&gate, "gatewright_live_generation"), 0);
}

#[test]
fn times_that_no_longer_fit_are_refused_together() {
    let server = Server::ok();
    let gate = gate(&server);
    // Two tries of two seconds fit into ten, and not into three.
    is_refused(&put(&gate, "patience", &json!("3s")), 422, "does_not_fit");
    is_refused(&put(&gate, "try_for", &json!("6s")), 422, "does_not_fit");
    assert_eq!(patch(&gate, &json!({ "patience": "3s", "try_for": "1s" })).status(), 200);
    is_refused(&put(&gate, "try_for", &json!("2s")), 422, "does_not_fit");
    assert_eq!(one(&gate, "try_for")["value"], "1s");
}

#[test]
fn what_is_no_json_or_no_whole_request_changes_nothing() {
    let server = Server::ok();
    let gate = gate(&server);
    for body in ["", "tru", "'a'", "{\"a\": 1", "5 6", "\u{feff}5", "// five\n5", "0x5"] {
        is_refused(&tell(&gate, request("PUT", "/live/step", JSON, body)), 400, "not_json");
    }
    is_refused(&tell(&gate, request("PATCH", "/live", JSON, "{\"step\": 2, \"step\": 3}")), 400, "not_json");
    for body in ["{}", "[]", "5"] {
        is_refused(&tell(&gate, request("PATCH", "/live", JSON, body)), 422, "wrong_type");
    }
    let chunked = format!(
        "PUT /live/step HTTP/1.1\r\nHost: 127.0.0.1\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n1\r\n5\r\n0\r\n\r\n"
    );
    is_refused(&tell(&gate, chunked), 411, "not_json");
    is_refused(
        &tell(&gate, format!("PUT /live/step HTTP/1.1\r\nHost: 127.0.0.1\r\n{JSON}\r\n")),
        411,
        "not_json",
    );
    let large = format!("PUT /live/step HTTP/1.1\r\nHost: 127.0.0.1\r\n{JSON}Content-Length: 65537\r\n\r\n");
    is_refused(&tell(&gate, large), 413, "too_large");
    // A client that goes in the middle.
    let mut gone = Client::connect(gate.admin.unwrap());
    gone.send(format!("PUT /live/step HTTP/1.1\r\nHost: 127.0.0.1\r\n{JSON}Content-Length: 2\r\n\r\n5"));
    gone.half_close();
    assert!(gone.ends());
    for (method, path, allow) in [
        ("POST", "/live", "GET, HEAD, PATCH"),
        ("PATCH", "/live/step", "PUT, DELETE"),
        ("GET", "/live/step", "PUT, DELETE"),
        ("DELETE", "/live", "GET, HEAD, PATCH"),
        ("PUT", "/live/", "GET, HEAD, PATCH"),
        ("PUT", "/live", "GET, HEAD, PATCH"),
    ] {
        let answer = tell(&gate, request(method, path, JSON, "5"));
        assert_eq!((answer.status(), answer.field("allow")), (405, Some(allow.into())), "{method} {path}");
    }
    assert_eq!(one(&gate, "step")["value"], 1);
    // And one that waits for a word before it sends.
    let mut waiting = Client::connect(gate.admin.unwrap());
    waiting.send(format!(
        "PUT /live/step HTTP/1.1\r\nHost: 127.0.0.1\r\n{JSON}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    ));
    assert_eq!(waiting.answer().status(), 100);
    waiting.send("5");
    assert_eq!(waiting.answer().status(), 200);
    assert_eq!(one(&gate, "step")["value"], 5);
}

#[test]
fn a_page_in_a_browser_changes_nothing() {
    let server = Server::ok();
    let gate = gate(&server);
    let ask = |host: &str, fields: &str| {
        tell(&gate, format!("PUT /live/step HTTP/1.1\r\nHost: {host}\r\n{fields}Content-Length: 1\r\n\r\n5"))
    };
    // What a page may send without asking first is no JSON.
    for media in ["", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n"] {
        is_refused(&ask("127.0.0.1:9900", media), 415, "wrong_media");
    }
    // What it would have to ask for is not allowed.
    let preflight = "OPTIONS /live/step HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n";
    let answer = tell(&gate, preflight);
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.field("access-control-allow-origin"), None);
    for field in [
        "Origin: http://127.0.0.1:9900",
        "Origin: null",
        "Sec-Fetch-Site: same-origin",
        "Referer: http://127.0.0.1/",
    ] {
        is_refused(&ask("127.0.0.1:9900", &format!("{JSON}{field}\r\n")), 403, "from_a_page");
    }
    // A name that was led here, in each spelling.
    for host in [
        "evil.example",
        "evil.example:9900",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1x",
        "1",
    ] {
        is_refused(&ask(host, JSON), 421, "wrong_host");
        let looking = tell(&gate, format!("GET /live HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        is_refused(&looking, 421, "wrong_host");
    }
    assert_eq!(one(&gate, "step")["value"], 1);
    for host in ["127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:9900", "[::1]"] {
        assert_eq!(ask(host, JSON).status(), 200, "{host}");
    }
    let cased = "content-type: Application/JSON ; charset=utf-8\r\n";
    assert_eq!(ask("127.0.0.1", cased).status(), 200);
}

#[test]
fn another_machine_may_look_and_not_change() {
    // An address of this machine that is no loopback stands for another machine.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let Some(own) =
        probe.connect("192.0.2.1:9").ok().and_then(|()| probe.local_addr().ok()).map(|it| it.ip())
    else {
        return;
    };
    if own.is_loopback() || own.is_unspecified() {
        return;
    }
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(&server, folder.path());
    let options = Options {
        workers: 1,
        servers: setup.servers,
        listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
        admin: Some(SocketAddr::new(IpAddr::from([0, 0, 0, 0]), 0)),
        files: setup.files,
        ..Options::default()
    };
    let running = start_logging(setup.program, options, Log::default()).unwrap();
    let at = SocketAddr::new(own, running.admin_address().unwrap().port());
    let ask = |request: String| Client::connect(at).ask(request);
    is_refused(&ask(request("PUT", "/live/step", JSON, "5")), 403, "not_local");
    let looked = ask("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".into());
    assert_eq!(looked.status(), 200);
    running.cut();
    running.join();
}

#[test]
fn what_is_shown_is_what_holds_and_who_has_said_it() {
    let server = Server::ok();
    let gate = gate(&server);
    let calls = one(&gate, "calls");
    assert_eq!(
        (&calls["value"], &calls["type"], &calls["by"]),
        (&json!("10/s"), &json!("rate"), &json!("default"))
    );
    assert_eq!((&calls["least"], &calls["most"]), (&json!("1/s"), &json!("1000/s")));
    assert_eq!(one(&gate, "office")["by"], "file /etc/tested/office.json");
    assert_eq!(put(&gate, "calls", &json!("30/s")).status(), 200);
    assert_eq!(shown(&gate)["generation"], 1);
    let by = one(&gate, "calls")["by"].as_str().unwrap().to_owned();
    assert!(by.starts_with("peer 127.0.0.1:"), "{by}");
    assert_eq!(metric(&gate, "gatewright_live_changes_total{by=\"admin\"}"), 1);
    assert_eq!(metric(&gate, "gatewright_live_generation"), 1);
    assert!(metric(&gate, "gatewright_live_since_seconds{name=\"calls\"}") > 1_700_000_000);
    let head = Client::connect(gate.admin.unwrap())
        .send("HEAD /live HTTP/1.1\r\nHost: [::1]\r\n\r\n")
        .answer_to_head();
    assert_eq!(head.status(), 200);
}

#[test]
fn all_that_operators_say_has_room_for_a_hand_over() {
    let server = Server::ok();
    let gate = gate(&server);
    // Each name has up to 23 bytes with what is around it: two thousand come to less than 64 KiB, names of three alone to more.
    let list: Vec<String> = (0..2000).map(|number| format!("name-{number:013}")).collect();
    assert_eq!(put(&gate, "names", &json!(list)).status(), 200);
    let long: Vec<String> = (0..2000).map(|number| format!("name-with-🦀-{number:08}")).collect();
    let answer = put(&gate, "names", &json!(long));
    assert_eq!(answer.status(), 200, "{:?}", answer.text());
    let most = json!({ "names": (0..2000).map(|_| "🦀".repeat(7)).collect::<Vec<_>>() }).to_string();
    assert!(most.len() < 64 * 1024);
    assert_eq!(tell(&gate, request("PATCH", "/live", JSON, &most)).status(), 200);
    assert_eq!(gate.ask(get("/named/%F0%9F%A6%80")).status(), 403);
}

#[test]
fn a_share_of_the_log_may_change() {
    let server = Server::ok();
    let gate = gate(&server);
    assert_eq!(gate.ask(get("/quiet")).status(), 200);
    assert_eq!(put(&gate, "share", &json!("0.0001%")).status(), 200);
    for _ in 0..20 {
        assert_eq!(gate.ask(get("/quiet")).status(), 200);
    }
    assert_eq!(put(&gate, "share", &json!("100%")).status(), 200);
    assert_eq!(gate.ask(get("/quiet")).status(), 200);
    assert_eq!(gate.ask(get("/mode")).status(), 200);
    let routes: Vec<Value> = gate.log(3).iter().map(|line| line["route"].clone()).collect();
    assert_eq!(routes, [json!("GET /quiet"), json!("GET /quiet"), json!("GET /mode")]);
}
