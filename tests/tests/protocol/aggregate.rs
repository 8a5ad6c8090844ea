//! Answers that are made of several (`aggregate`), against real servers: what each of them is asked, when, and what becomes of every
//! way in which it can fail.

use std::time::Duration;

use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program::{self, BRANCHES};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::wire::Message;
use gatewright_tests::{Cue, eventually};
use serde_json::json;

const USER: &str = "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10";
const ADA: &str =
    r#"{"segment":"v/i p","name":"Ada","address":{"city":"London"},"unknown":[1,{"a":null}],"secret":7}"#;
const ORDERS: &str = r#"[
  {"id":"6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a11","total":10.50,"status":"open","lines":[{"sku":"a"},{"sku":"b","quantity":2}]},
  {"id":"6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a12","total":0,"status":3},
  {"id":"6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a13","total":1e-1,"status":null}
]"#;

/// Servers at the addresses of the branches; where there is none, nobody takes a connection.
pub(super) fn setup(servers: [Option<&Server>; 5]) -> Setup {
    let nobody = Server::ok();
    let base = Setup { program: program::aggregated(), ..Setup::app(&nobody) };
    let dead = base.servers.iter().find(|(declared, _)| *declared == program::DEAD).unwrap().1;
    let placed = BRANCHES.iter().zip(servers);
    placed.fold(base, |setup, (declared, server)| {
        setup.place(*declared, server.map_or(dead, |server| server.address))
    })
}

pub(super) fn answer(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

pub(super) fn ok(body: &str) -> String {
    answer("200 OK", "", body)
}

pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-Client: c\r\nCookie: d=e\r\nAuthorization: f\r\n\r\n")
}

fn home() -> String {
    get(&format!("/home/{USER}?limit=7"))
}

#[test]
fn three_calls_become_one_answer() {
    let users = Server::always(ok(&ADA.replace("v/i p", "v i p")));
    let (orders, tips) = (Server::always(ok(ORDERS)), Server::always(ok(r#"["x","y\u00e9"]"#)));
    let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
    let answer = gate.ask(home());
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.field("content-type").as_deref(), Some("application/json"));
    assert_eq!(answer.field("x-incomplete"), None);
    assert_eq!(answer.field("cache-control").as_deref(), Some("no-cache"), "nobody has allowed more");
    assert_eq!(
        String::from_utf8_lossy(&answer.body),
        r#"{"name":"Ada","city":"London","zip":"none","role":"user","recent":[{"id":"6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a11","total":10.50,"skus":["a","b"]},{"id":"6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a13","total":1e-1,"skus":[]}],"tips":["x","y\u00e9"],"sum":3}"#,
        "numbers and texts keep their text, and what is absent is left out"
    );
    let log = gate.log(1);
    assert_eq!((&log[0]["status"], &log[0]["reason"]), (&json!(200), &json!("aggregate")));
    assert_eq!(tips.only().target(), "/for/v%20i%20p");
}

#[test]
fn a_server_is_asked_for_what_the_path_says_and_hears_nothing_of_the_client() {
    let (users, orders, tips) = (Server::always(ok(ADA)), Server::always(ok("[]")), Server::always(ok("[]")));
    let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
    // A slash in a value can stand in no segment: the branch fails, and may.
    let answer = gate.ask(home());
    assert_eq!(answer.field("x-incomplete").as_deref(), Some("tips=segment_invalid"));
    assert_eq!(tips.connections(), 0);
    let request = users.only();
    assert_eq!(request.target(), format!("/users/{USER}"));
    let names: Vec<String> = request.fields.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    assert_eq!(names, ["host", "accept", "via"]);
    assert_eq!(request.field("via").as_deref(), Some("1.1 tested"));
    assert_eq!(orders.only().target(), format!("/v2/orders?user={USER}&limit=7"));
}

#[test]
fn a_branch_begins_when_its_values_are_there_and_the_others_at_once() {
    let cue = Cue::default();
    let users = {
        let cue = cue.clone();
        Server::new(move |connection| {
            connection.request()?;
            cue.wait()?;
            connection.write(ok(r#"{"segment":"vip","name":"Ada"}"#))
        })
    };
    let (orders, tips) = (Server::always(ok("[]")), Server::always(ok("[]")));
    let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
    let mut client = gate.client();
    client.send(home());
    eventually("both are asked at once", || users.requests().len() == 1 && orders.requests().len() == 1);
    assert_eq!(tips.connections(), 0, "it waits for the segment");
    cue.give();
    assert_eq!(client.answer().status(), 200);
    let request = tips.only();
    assert_eq!(request.target(), "/for/vip");
    assert_eq!(request.field("x-left").as_deref(), Some("400"), "what is left of the whole");
}

#[test]
fn connections_are_kept_and_used_again() {
    let (users, orders, tips) = (Server::always(ok(ADA)), Server::always(ok("[]")), Server::always(ok("[]")));
    let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
    let mut client = gate.client();
    for _ in 0..3 {
        client.send(home());
        assert_eq!(client.answer().status(), 200);
    }
    assert_eq!((users.connections(), users.requests().len()), (1, 3));
    assert_eq!((orders.connections(), orders.requests().len()), (1, 3));
}

/// What a server does with the request of a branch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Does {
    Right,
    NotFound,
    Fails,
    NothingInIt,
    Resets,
    IsNull,
    IsSlow,
    StopsInTheHead,
    StopsInTheBody,
    IsCut,
    ClosesAtOnce,
    IsNoHttp,
    IsNoJson,
    IsEmpty,
    IsTooLarge,
    IsTooLargeInChunks,
    IsOfAnotherType,
    IsBeyondBounds,
    IsCoded,
    IsNotThere,
}

pub(super) const ALL: [Does; 20] = [
    Does::Right,
    Does::NotFound,
    Does::Fails,
    Does::NothingInIt,
    Does::Resets,
    Does::IsNull,
    Does::IsSlow,
    Does::StopsInTheHead,
    Does::StopsInTheBody,
    Does::IsCut,
    Does::ClosesAtOnce,
    Does::IsNoHttp,
    Does::IsNoJson,
    Does::IsEmpty,
    Does::IsTooLarge,
    Does::IsTooLargeInChunks,
    Does::IsOfAnotherType,
    Does::IsBeyondBounds,
    Does::IsCoded,
    Does::IsNotThere,
];

impl Does {
    fn plays(self, connection: &mut Connection) -> std::io::Result<()> {
        connection.request()?;
        let bytes = match self {
            Self::Right => ok("[1,2]"),
            Self::NotFound => answer("404 Not Found", "", "no"),
            Self::Fails => answer("500 No", "", "no"),
            Self::NothingInIt => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            Self::Resets => answer("205 Reset Content", "", ""),
            Self::IsNull => ok(" null\n"),
            Self::IsSlow => String::new(),
            Self::StopsInTheHead => "HTTP/1.1 200 OK\r\nContent-Le".to_owned(),
            Self::StopsInTheBody => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,".to_owned(),
            Self::IsCut => {
                return connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,");
            }
            Self::ClosesAtOnce => return Ok(()),
            Self::IsNoHttp => return connection.write("[1,2]\r\n\r\n"),
            Self::IsNoJson => ok("[1,2"),
            Self::IsEmpty => ok(""),
            Self::IsTooLarge => ok(&format!("[1{}]", " ".repeat(64))),
            Self::IsTooLargeInChunks => format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n40\r\n{}\r\n1\r\n]\r\n0\r\n\r\n",
                " ".repeat(64)
            ),
            Self::IsOfAnotherType => ok(r#"["1"]"#),
            Self::IsBeyondBounds => ok("[1,2,3,4]"),
            Self::IsCoded => answer("200 OK", "Content-Encoding: gzip\r\n", "[1,2]"),
            Self::IsNotThere => unreachable!("nobody listens"),
        };
        connection.write(bytes)?;
        // Until the gateway lets go.
        connection.request().map(|_| ())
    }

    /// The status and the reason of a whole that needs it.
    pub(super) fn is(self) -> (u16, &'static str) {
        match self {
            Self::Right => (200, ""),
            Self::NotFound => (404, "branch_status"),
            Self::Fails => (502, "branch_status"),
            Self::IsSlow | Self::StopsInTheHead | Self::StopsInTheBody => (504, "upstream_timeout"),
            Self::IsCut => (502, "upstream_truncated"),
            Self::ClosesAtOnce => (502, "upstream_closed"),
            Self::IsNoHttp => (502, "upstream_malformed"),
            Self::NothingInIt | Self::Resets => (502, "branch_empty"),
            Self::IsNull
            | Self::IsNoJson
            | Self::IsEmpty
            | Self::IsOfAnotherType
            | Self::IsBeyondBounds
            | Self::IsCoded => (502, "branch_unreadable"),
            Self::IsTooLarge | Self::IsTooLargeInChunks => (502, "branch_too_large"),
            Self::IsNotThere => (502, "upstream_refused"),
        }
    }

    /// Whether it ends only because it has taken too long.
    fn waits(self) -> bool {
        matches!(self, Self::IsSlow | Self::StopsInTheHead | Self::StopsInTheBody)
    }
}

/// The answer of a route whose one branch meets such a server, and how long it took on the gateway's clock.
pub(super) fn meets(path: &str, does: Does) -> (Message, Duration) {
    let server = Server::new(move |connection| does.plays(connection));
    let is_there = (does != Does::IsNotThere).then_some(&server);
    let gate = setup([is_there, None, None, None, None]).start();
    let mut client = gate.client();
    client.send(get(path));
    let mut waited = Duration::ZERO;
    if does.waits() {
        eventually("the server is asked", || server.requested("/it") == 1);
        waited = gate.advance_until(Duration::from_millis(20), || client.stirs());
    }
    let answer = client.answer();
    assert_eq!(server.requested("/it"), usize::from(is_there.is_some()), "{path} {does:?}");
    // Whatever has happened, the connection goes on.
    client.send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    refused(&client.answer(), 404, "not_found");
    (answer, waited)
}

/// Held against a bound of 20 ms, and what the sweep of deadlines adds to it.
fn took(waited: Duration, does: Does, within: u64) {
    if does.waits() {
        let within = Duration::from_millis(within);
        assert!(waited >= within && waited <= within + Duration::from_millis(60), "{does:?}: {waited:?}");
    }
}

#[test]
fn a_branch_that_is_required_fails_the_whole() {
    for does in ALL {
        let (answer, waited) = meets("/required", does);
        match does.is() {
            (200, _) => assert_eq!(answer.json(), json!({ "it": [1, 2] })),
            (status, reason) => refused(&answer, status, reason),
        }
        took(waited, does, 500);
    }
}

#[test]
fn a_branch_that_sends_something_fails_in_the_same_ways_and_is_asked_once() {
    for does in ALL {
        let (answer, waited) = meets("/sent", does);
        match does.is() {
            (200, _) => assert_eq!(answer.json(), json!({ "it": [1, 2] })),
            (status, reason) => refused(&answer, status, reason),
        }
        took(waited, does, 500);
    }
}

#[test]
fn the_whole_bounds_a_branch_without_a_time_of_its_own() {
    for does in [Does::IsSlow, Does::StopsInTheHead, Does::StopsInTheBody] {
        let (answer, waited) = meets("/whole", does);
        refused(&answer, 504, "upstream_timeout");
        took(waited, does, 1_000);
    }
}

#[test]
fn a_branch_with_another_value_falls_back_and_says_so() {
    for does in ALL {
        let (answer, waited) = meets("/value", does);
        assert_eq!(answer.status(), 200, "{does:?}");
        let (said, cache, value) = match does.is() {
            (200, _) => (None, "no-cache", json!([1, 2])),
            (_, reason) => (Some(format!("it={reason}")), "no-store", json!([7])),
        };
        assert_eq!(answer.json(), json!({ "it": value }), "{does:?}");
        assert_eq!(answer.field("x-incomplete"), said, "{does:?}");
        assert_eq!(answer.field("cache-control").as_deref(), Some(cache), "{does:?}");
        took(waited, does, 500);
    }
}

#[test]
fn a_branch_that_may_be_skipped_is_left_out_and_says_so() {
    for does in ALL {
        let (answer, waited) = meets("/skip", does);
        assert_eq!(answer.status(), 200, "{does:?}");
        let (said, value) = match does.is() {
            (200, _) => (None, json!({ "it": [1, 2], "there": true })),
            (_, reason) => (Some(format!("it={reason}")), json!({ "there": false })),
        };
        assert_eq!(answer.json(), value, "{does:?}");
        assert_eq!(answer.field("x-incomplete"), said, "{does:?}");
        took(waited, does, 500);
    }
}

#[test]
fn the_answer_depends_on_all_that_its_branches_depend_on() {
    let varies = |users: &str, orders: &str| {
        let user = r#"{"segment":"vip","name":"Ada"}"#;
        let users = Server::always(answer("200 OK", users, user));
        let orders = Server::always(answer("200 OK", orders, "[]"));
        let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
        gate.ask(home()).field("vary")
    };
    let by = "Vary: Accept-Language\r\n";
    assert_eq!(varies("", ""), None);
    assert_eq!(
        varies(by, "Vary: accept-language, X-Tenant\r\n").as_deref(),
        Some("accept-language, x-tenant")
    );
    assert_eq!(varies(by, "Vary: *\r\n").as_deref(), Some("*"));
}

#[test]
fn what_is_said_of_keeping_is_that_of_the_strictest() {
    let said = |users: &str, orders: &str, segment: &str| {
        let user = format!(r#"{{"segment":"{segment}","name":"Ada"}}"#);
        let users = Server::always(answer("200 OK", users, &user));
        let orders = Server::always(answer("200 OK", orders, "[]"));
        let tips = Server::always(answer("200 OK", "Cache-Control: max-age=3600\r\n", "[]"));
        let gate = setup([Some(&users), Some(&orders), Some(&tips), None, None]).start();
        gate.ask(home()).field("cache-control").unwrap()
    };
    let [minute, short] =
        ["Cache-Control: max-age=60\r\nAge: 20\r\n", "Cache-Control: private, max-age=9\r\n"];
    assert_eq!(said(minute, minute, "vip"), "max-age=40");
    assert_eq!(said(minute, short, "vip"), "private, max-age=9");
    assert_eq!(said(minute, "", "vip"), "no-cache");
    assert_eq!(said(minute, "Cache-Control: no-store\r\n", "vip"), "no-store");
    assert_eq!(said(minute, minute, "a/b"), "no-store", "it is not complete");
}

#[test]
fn a_client_that_goes_ends_all_calls() {
    let silent = || {
        Server::new(|connection| {
            connection.request()?;
            connection.request().map(|_| ())
        })
    };
    let (users, orders) = (silent(), silent());
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let mut client = Client::connect(gate.address);
    client.send(home());
    eventually("both are asked", || users.requests().len() == 1 && orders.requests().len() == 1);
    client.reset();
    users.over(0);
    orders.over(0);
    assert_eq!(gate.log(1)[0]["reason"], "client_closed");
}

#[test]
fn a_failure_of_one_that_is_required_ends_the_others() {
    let users = Server::always(answer("404 Not Found", "", "no"));
    let orders = Server::new(|connection| {
        connection.request()?;
        connection.request().map(|_| ())
    });
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let mut client = gate.client();
    client.send(home());
    refused(&client.answer(), 404, "branch_status");
    eventually("the other is let go", || orders.connections() == 0 || orders.is_over(0));
}

#[test]
fn what_an_upstream_says_of_calls_holds_for_branches() {
    let times = std::sync::atomic::AtomicUsize::new(0);
    let patient = Server::new(move |connection| {
        loop {
            connection.request()?;
            match times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 => connection.write(answer("503 No", "", "later"))?,
                1 => return Ok(()),
                _ => connection.write(ok("7"))?,
            }
        }
    });
    let gate = setup([None, None, None, Some(&patient), None]).start();
    let mut client = gate.client();
    client.send(get("/retried"));
    gate.advance_until(Duration::from_millis(10), || client.stirs());
    assert_eq!(client.answer().json(), json!({ "it": 7 }));
    assert_eq!(patient.requests().len(), 3);
}

#[test]
fn an_upstream_has_no_more_calls_than_it_may_and_is_left_alone_when_it_fails() {
    let cue = Cue::default();
    let narrow = {
        let cue = cue.clone();
        Server::new(move |connection| {
            loop {
                connection.request()?;
                cue.wait()?;
                connection.write(answer("500 No", "", "no"))?;
            }
        })
    };
    let gate = setup([None, None, None, None, Some(&narrow)]).start();
    let asked = || {
        let mut client = gate.client();
        client.send(get("/narrow"));
        client
    };
    let said = |mut client: Client| client.answer().field("x-incomplete").unwrap();
    let first = asked();
    eventually("one of two is asked", || narrow.requests().len() == 1);
    cue.give();
    assert_eq!(said(first), "b=queue_full, a=branch_status");
    let second = asked();
    eventually("one more", || narrow.requests().len() == 2);
    cue.give();
    assert_eq!(said(second), "b=queue_full, a=branch_status");
    assert_eq!(said(asked()), "a=breaker_open, b=breaker_open");
    assert_eq!(narrow.requests().len(), 2);
}

#[test]
fn a_body_is_a_value_too() {
    let users = Server::always(ok(r#"{"name":"B","segment":"s","secret":"t","role":"admin"}"#));
    let gate = setup([Some(&users), None, None, None, None]).start();
    let post = |text: &str| {
        let body = format!("{{\"text\":{text}}}");
        let length = body.len();
        format!(
            "POST /both HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let answer = gate.ask(post("\"a&b\""));
    assert_eq!(answer.json(), json!({ "text": "a&b", "it": { "name": "B", "role": "admin" } }));
    assert_eq!(users.only().target(), "/of/a&b?t=a%26b");
    let answer = gate.ask(post("\"a/b\""));
    assert_eq!(answer.json(), json!({ "text": "a/b", "it": { "name": "nobody", "role": "user" } }));
    refused(&gate.ask(post("7")), 400, "wrong_body");
    assert_eq!(users.requests().len(), 1);
}

#[test]
fn a_value_that_can_stand_in_no_path_is_the_fault_of_who_has_said_it() {
    let users = Server::always(ok(ADA));
    let gate = setup([Some(&users), None, None, None, None]).start();
    refused(&gate.ask(get("/chained/7")), 502, "segment_invalid");
    assert_eq!(users.only().target(), "/users/7");
}

#[test]
fn head_is_answered_without_a_body_and_a_request_may_follow() {
    let users = Server::always(ok("[1]"));
    let gate: Gate = setup([Some(&users), None, None, None, None]).start();
    let mut client = gate.client();
    client.send("HEAD /required HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer_to_head().field("content-length").as_deref(), Some("10"));
    client.send(get("/required"));
    assert_eq!(client.answer().json(), json!({ "it": [1] }));
}

#[test]
fn a_branch_goes_where_its_upstream_shares_it_out() {
    let (users, orders) = (Server::always(ok("\"users\"")), Server::always(ok("\"orders\"")));
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    for _ in 0..3 {
        assert_eq!(gate.ask(get("/shared")).json(), json!({"who": "users"}));
    }
    // It is the client's request that is asked, of which the server hears nothing.
    let pinned = "GET /shared HTTP/1.1\r\nHost: a\r\nX-Try: 1\r\n\r\n";
    assert_eq!(gate.ask(pinned).json(), json!({"who": "orders"}));
    assert_eq!(orders.only().field("x-try"), None);
}
