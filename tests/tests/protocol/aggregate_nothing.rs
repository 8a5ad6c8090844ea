//! Branches of an `aggregate` whose servers may say that there is nothing (`T?`): that is an answer, and whatever else goes wrong is what it is
//! of any other.

use std::time::Duration;

use gatewright_tests::gate::refused;
use gatewright_tests::server::Server;
use serde_json::json;

use super::aggregate::{ALL, Does, answer, get, meets, ok, setup};

/// Whether it says that there is nothing.
fn has_nothing(does: Does) -> bool {
    matches!(does, Does::NothingInIt | Does::Resets | Does::IsNull)
}

#[test]
fn a_branch_of_which_there_may_be_nothing_is_absent_then_and_has_not_failed() {
    for does in ALL {
        for (path, fallback) in [("required", None), ("value", Some(json!([7]))), ("skip", Some(json!(null)))]
        {
            let (answer, _) = meets(&format!("/optional/{path}"), does);
            let (said, cache, value) = match (does.is(), fallback) {
                _ if has_nothing(does) => (None, "no-cache", json!(null)),
                ((200, _), _) => (None, "no-cache", json!([1, 2])),
                ((status, reason), None) => {
                    refused(&answer, status, reason);
                    continue;
                }
                ((_, reason), Some(value)) => (Some(format!("it={reason}")), "no-store", value),
            };
            let expected = if value.is_null() {
                json!({ "there": false })
            } else {
                json!({ "it": value, "there": true })
            };
            assert_eq!((answer.status(), answer.json()), (200, expected), "{path} {does:?}");
            assert_eq!(answer.field("x-incomplete"), said, "{path} {does:?}");
            assert_eq!(answer.field("cache-control").as_deref(), Some(cache), "{path} {does:?}");
        }
    }
}

#[test]
fn a_branch_that_waits_for_one_of_which_there_is_nothing_asks_without_it() {
    let nothing = "HTTP/1.1 204 No Content\r\nCache-Control: max-age=9\r\n\r\n";
    let (users, orders) = (Server::always(nothing), Server::always(ok("7")));
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let answer = gate.ask(get("/optional/chained"));
    assert_eq!(answer.json(), json!({ "behind": 7 }));
    assert_eq!(answer.field("cache-control").as_deref(), Some("no-cache"), "nothing is kept as an answer is");
    assert_eq!(orders.only().target(), "/of/nobody");
}

fn post(body: &str) -> String {
    let len = body.len();
    format!(
        "POST /lists?tag=t HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len}\r\n\r\n{body}"
    )
}

#[test]
fn the_list_without_items_is_of_the_type_of_what_it_stands_beside() {
    let items = r#"[{"author":"a","stars":5},{"author":"b","stars":2}]"#;
    let users = Server::always(ok(&format!(r#"{{"items":{items}}}"#)));
    let orders = Server::always(ok("7"));
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let list: serde_json::Value = serde_json::from_str(items).unwrap();
    assert_eq!(
        gate.ask(post(r#"{"names":["n"]}"#)).json(),
        json!({
            "items": list, "set": list, "not_set": list, "authors": ["a", "b"], "good": 1, "count": 2,
            "names": 1, "none": false, "tags": ["t"], "mixed": ["n"], "each": { "n": 7 }, "empty": [],
        })
    );
    assert_eq!(gate.ask(post("{}")).json()["names"], 1);
}

#[test]
fn where_a_list_is_not_there_the_one_without_items_is() {
    let gate = setup([None, None, None, None, None]).start();
    assert_eq!(
        gate.ask(post("{}")).json(),
        json!({
            "items": [], "set": [], "not_set": [], "authors": [], "good": 0, "count": 0,
            "names": 1, "none": true, "tags": [], "mixed": ["none"], "each": {}, "empty": [],
        })
    );
}

fn members(line: &serde_json::Value) -> [serde_json::Value; 6] {
    ["reason", "branch", "incomplete", "upstream", "server", "tries"].map(|member| line[member].clone())
}

#[test]
fn the_log_says_which_branch_has_failed_and_how_many_tries_there_were() {
    let users = Server::always(answer("503 Service Unavailable", "", ""));
    let orders = Server::always(answer("404 Not Found", "", ""));
    let patient = Server::always(answer("503 Service Unavailable", "", ""));
    let gate = setup([Some(&users), Some(&orders), None, Some(&patient), None]).start();
    for path in ["/required", "/skip"] {
        gate.ask(get(path));
    }
    let mut client = gate.client();
    client.send(get("/retried"));
    gate.advance_until(Duration::from_millis(10), || client.stirs());
    client.answer();
    for path in ["/tickets", "/shared"] {
        gate.ask(get(path));
    }
    let lines = gate.log(5);
    let at = |server: &Server| json!(server.address.to_string());
    let null = || json!(null);
    assert_eq!(
        members(&lines[0]),
        [json!("branch_status"), json!("it"), null(), json!("users"), at(&users), json!(1)]
    );
    assert_eq!(
        members(&lines[1]),
        [json!("aggregate"), null(), json!("it=branch_status"), null(), null(), json!(1)]
    );
    assert_eq!(
        members(&lines[2]),
        [json!("branch_status"), json!("it"), null(), json!("patient"), at(&patient), json!(3)]
    );
    assert_eq!(
        members(&lines[3]),
        [json!("branch_status"), json!("tickets"), null(), json!("orders"), at(&orders), json!(1)]
    );
    // Of an upstream that shares its requests out, the one that was asked.
    assert_eq!(
        members(&lines[4]),
        [json!("branch_status"), json!("who"), null(), json!("users"), at(&users), json!(1)]
    );
}

#[test]
fn an_answer_that_nobody_can_read_and_a_server_that_is_not_there_are_told_of_the_branch() {
    let users = Server::always(ok("[]"));
    let gate = setup([Some(&users), None, None, None, None]).start();
    gate.ask(get("/chained/a"));
    gate.ask(get("/tickets"));
    let lines = gate.log(2);
    assert_eq!(
        members(&lines[0])[..4],
        [json!("branch_unreadable"), json!("first"), json!(null), json!("users")]
    );
    assert_eq!(lines[0]["tries"], 1);
    assert_eq!((&lines[1]["branch"], &lines[1]["reason"]), (&json!("tickets"), &json!("upstream_refused")));
    assert_eq!((&lines[1]["upstream"], &lines[1]["cause"]), (&json!("orders"), &json!("connection refused")));
    assert_eq!(lines[1]["tries"], 1);
}
