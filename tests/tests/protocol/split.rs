//! Upstreams that share requests out: who gets how many, who stays, and who is pinned.

use std::collections::BTreeMap;

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, SHARES};
use gatewright_tests::server::Server;
use serde_json::json;

use super::live::{is_refused, metric, patch, put};

const USERS: usize = 400;

/// Three servers, each of which says who it is.
fn servers() -> [Server; 3] {
    ["a", "b", "c"].map(|name| Server::always(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}")))
}

fn setup(servers: &[Server; 3]) -> Setup {
    let setup = Setup { program: program::split(), ..Setup::app(&servers[0]) };
    SHARES
        .into_iter()
        .zip(servers)
        .fold(setup, |setup, (declared, server)| setup.place(declared, server.address))
}

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// Whose server each user gets.
fn ask(gate: &Gate) -> BTreeMap<usize, String> {
    let mut client = gate.client();
    let mut ask = |user: usize| {
        let answer = client.ask(get("/orders", &format!("X-User: user-{user}\r\n")));
        assert_eq!(answer.status(), 200);
        answer.text()
    };
    (0..USERS).map(|user| (user, ask(user))).collect()
}

fn count(found: &BTreeMap<usize, String>, name: &str) -> usize {
    found.values().filter(|own| *own == name).count()
}

#[test]
fn a_user_stays_and_shares_are_as_their_weights() {
    let servers = servers();
    let gate = setup(&servers).start();
    let first = ask(&gate);
    // A tenth of 400, with room for chance: the keys are always the same.
    assert!((20..=65).contains(&count(&first, "b")), "{}", count(&first, "b"));
    assert_eq!(count(&first, "c"), 0, "no weight is no request");
    assert_eq!(ask(&gate), first);
    // And so it is for every worker, and after a start.
    let other = Setup { workers: 3, ..setup(&servers) }.start();
    assert_eq!(ask(&other), first);
}

#[test]
fn a_weight_that_grows_moves_only_whom_it_gains() {
    let servers = servers();
    let gate = setup(&servers).give("third", "9").start();
    let mut before = ask(&gate);
    for weight in [20, 50, 100] {
        assert_eq!(put(&gate, "next", &json!(weight)).status(), 200);
        let after = ask(&gate);
        let moved = before.iter().zip(&after).filter(|((_, old), (_, new))| old != new);
        assert!(moved.clone().all(|(_, (_, new))| new == "b"), "only towards the one that has grown");
        assert!(moved.count() > 0);
        before = after;
    }
    assert_eq!(put(&gate, "old", &json!(0)).status(), 200);
    let last = ask(&gate);
    assert_eq!(count(&last, "a"), 0);
    let stayed = before.iter().filter(|(_, name)| *name != "a").all(|(user, name)| last[user] == *name);
    assert!(stayed, "nobody leaves a server whose weight is as it was");
}

#[test]
fn weights_that_give_nobody_anything_are_refused() {
    let servers = servers();
    let why = setup(&servers).give("third", "10").try_start().map(|_| ()).unwrap_err();
    assert!(why.contains("`third` must be int(0..9)"), "{why}");
    let gate = setup(&servers).start();
    assert_eq!(put(&gate, "old", &json!(0)).status(), 200);
    is_refused(&put(&gate, "next", &json!(0)), 422, "does_not_fit");
    is_refused(&put(&gate, "next", &json!(101)), 422, "out_of_bounds");
    assert!(ask(&gate).values().all(|name| name == "b"));
    assert_eq!(patch(&gate, &json!({ "old": 1, "next": 0 })).status(), 200);
    assert!(ask(&gate).values().all(|name| name == "a"));
}

#[test]
fn whoever_is_pinned_goes_there_whatever_the_weights_are() {
    let servers = servers();
    let gate = setup(&servers).start();
    assert_eq!(put(&gate, "next", &json!(0)).status(), 200);
    for (fields, name) in [
        ("X-Try: b\r\n", "b"),
        ("Cookie: try=b\r\n", "b"),
        ("X-Try: c\r\n", "c"),
        // Of several that hold, the first by name.
        ("X-Try: c\r\nCookie: try=b\r\n", "b"),
        ("Cookie: try=c\r\n", "a"),
        ("", "a"),
    ] {
        assert_eq!(gate.ask(get("/orders", fields)).text(), name, "{fields}");
    }
}

#[test]
fn without_a_key_each_request_is_drawn_for() {
    let servers = servers();
    let gate = setup(&servers).start();
    let mut client = gate.client();
    let found: Vec<String> = (0..400).map(|_| client.ask(get("/drawn", "")).text()).collect();
    let b = found.iter().filter(|name| *name == "b").count();
    // A quarter, six deviations wide.
    assert!((48..=152).contains(&b), "{b}");
    assert_eq!(found.iter().filter(|name| *name == "c").count(), 0);
}

#[test]
fn each_share_is_an_upstream_of_its_own() {
    let busy = Server::always("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops");
    let [a, _, c] = servers();
    let servers = [a, busy, c];
    let gate = setup(&servers).start();
    let pinned = get("/orders", "X-Try: b\r\n");
    let statuses: Vec<u16> = (0..3).map(|_| gate.ask(&pinned).status()).collect();
    assert_eq!(statuses, [500, 500, 503], "the breaker of the one is open");
    refused(&gate.ask(&pinned), 503, "breaker_open");
    assert_eq!(gate.ask(get("/direct", "")).text(), "a");
    assert_eq!(gate.ask(get("/orders", "X-Try: c\r\n")).text(), "c");
    let series = |upstream: &str, server: u16, status: &str| {
        let labels = format!("upstream=\"{upstream}\",server=\"127.0.0.1:{server}\",status=\"{status}\"");
        metric(&gate, &format!("gatewright_upstream_answers_total{{{labels}}}"))
    };
    assert_eq!((series("b", 9042, "5xx"), series("a", 9041, "2xx"), series("c", 9043, "2xx")), (2, 1, 1));
    let lines = gate.log(6);
    let names: Vec<&str> = lines.iter().filter_map(|line| line["upstream"].as_str()).collect();
    assert_eq!(names, ["b", "b", "b", "b", "a", "c"]);
}
