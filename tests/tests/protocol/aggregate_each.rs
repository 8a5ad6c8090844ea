//! `for … in … max …` in an `aggregate`: which calls there are, how many at once, and what becomes of those that fail.

use std::time::Duration;

use gatewright_tests::gate::refused;
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{Cue, eventually};
use serde_json::{Value, json};

use super::aggregate::{answer, get, ok, setup};
use super::aggregate_sends::sent;

/// Posts by these authors.
fn posts<'a>(authors: impl IntoIterator<Item = &'a str>) -> Server {
    let posts = authors.into_iter().enumerate();
    let posts: Vec<Value> =
        posts.map(|(at, author)| json!({ "title": at.to_string(), "author": author })).collect();
    Server::always(ok(&Value::from(posts).to_string()))
}

/// Tells everybody's name, unless `does` does something else.
fn authors(does: impl Fn(&mut Connection, &str) -> std::io::Result<bool> + Send + Sync + 'static) -> Server {
    Server::new(move |connection| {
        loop {
            let request = connection.request()?;
            let name = request.target().rsplit('/').next().unwrap_or_default().to_owned();
            if !does(connection, &name)? {
                connection.write(ok(&format!(r#"{{"more":[1],"name":"N {name}"}}"#)))?;
            }
        }
    })
}

fn targets(server: &Server) -> Vec<String> {
    let mut targets: Vec<String> = server.requests().iter().map(|asked| asked.target().to_owned()).collect();
    targets.sort();
    targets
}

#[test]
fn each_distinct_value_is_one_call_and_the_answers_are_a_map_in_their_order() {
    let users = authors(|_, _| Ok(false));
    let orders = posts(["b", "a", "b", "c d", "a", "\u{e9}\""]);
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let answer = gate.ask(get("/posts/required"));
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(
        sent(&answer),
        "{\"posts\":[{\"title\":\"0\",\"by\":\"N b\"},{\"title\":\"1\",\"by\":\"N a\"},{\"title\":\"2\",\"by\":\"N b\"},\
         {\"title\":\"3\",\"by\":\"N c%20d\"},{\"title\":\"4\",\"by\":\"N a\"},{\"title\":\"5\",\"by\":\"N %C3%A9%22\"}],\
         \"authors\":{\"b\":{\"name\":\"N b\"},\"a\":{\"name\":\"N a\"},\"c d\":{\"name\":\"N c%20d\"},\"\u{e9}\\\"\":{\"name\":\"N %C3%A9%22\"}}}"
    );
    assert_eq!(targets(&users), ["/it/%C3%A9%22", "/it/a", "/it/b", "/it/c%20d"]);
    assert_eq!(answer.field("x-incomplete"), None);
}

#[test]
fn a_list_without_values_is_no_call() {
    let users = authors(|_, _| Ok(false));
    let orders = posts([]);
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    assert_eq!(gate.ask(get("/posts/required")).json(), json!({ "posts": [], "authors": {} }));
    assert_eq!(users.connections(), 0);
}

#[test]
fn values_of_the_request_are_counted_before_anybody_is_asked() {
    let users = Server::always(ok("7"));
    let gate = setup([Some(&users), None, None, None, None]).start();
    assert_eq!(
        gate.ask(get("/numbers?id=3&id=1&id=3&id=-2")).json(),
        json!({ "them": { "3": 7, "1": 7, "-2": 7 }, "first": 7 })
    );
    assert_eq!(targets(&users), ["/n/-2", "/n/1", "/n/3"]);
    refused(&gate.ask(get("/numbers?id=1&id=2&id=3&id=4")), 400, "branch_too_many");
    assert_eq!(users.requests().len(), 3);
    assert_eq!(gate.ask(get("/numbers")).json(), json!({ "them": {}, "first": 0 }));
}

#[test]
fn more_values_than_there_may_be_fail_the_branch_and_nobody_is_asked() {
    let names: Vec<String> = (0..41).map(|number| format!("a{number}")).collect();
    for (path, value) in
        [("/posts/required", None), ("/posts/value", Some(json!({}))), ("/posts/skip", Some(json!({})))]
    {
        let users = authors(|_, _| Ok(false));
        let orders = posts(names.iter().map(String::as_str));
        let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
        let answer = gate.ask(get(path));
        match value {
            None => refused(&answer, 502, "branch_too_many"),
            Some(value) => {
                assert_eq!(answer.json()["authors"], value, "{path}");
                assert_eq!(answer.field("x-incomplete").as_deref(), Some("authors=branch_too_many"));
            }
        }
        assert_eq!(users.connections(), 0, "{path}");
    }
}

#[test]
fn one_that_fails_fails_the_whole_or_is_replaced_or_left_out() {
    let fails: [(&str, (u16, &str)); 6] = [
        ("not_found", (404, "branch_status")),
        ("fails", (502, "branch_status")),
        ("no_json", (502, "branch_unreadable")),
        ("other", (502, "branch_unreadable")),
        ("large", (502, "branch_too_large")),
        ("closes", (502, "upstream_closed")),
    ];
    for (bad, (status, reason)) in fails {
        let users = || {
            authors(|connection, name| {
                let bytes = match name {
                    "not_found" => answer("404 Not Found", "", "no"),
                    "fails" => answer("500 No", "", "no"),
                    "no_json" => ok("{\"name\":\"x\""),
                    "other" => ok("{\"name\":\"longer than twelve\"}"),
                    "large" => ok(&format!("{{\"name\":\"x\"{}}}", " ".repeat(64))),
                    "closes" => return Err(std::io::ErrorKind::BrokenPipe.into()),
                    _ => return Ok(false),
                };
                connection.write(bytes).map(|()| true)
            })
        };
        let ask = |path: &str| {
            let (users, orders) = (users(), posts(["a", bad, "b"]));
            setup([Some(&users), Some(&orders), None, None, None]).start().ask(get(path))
        };
        refused(&ask("/posts/required"), status, reason);
        let said = format!("authors={reason}");
        let value = ask("/posts/value");
        assert_eq!(
            value.json()["authors"],
            json!({ "a": { "name": "N a" }, bad: { "name": "none" }, "b": { "name": "N b" } }),
            "{bad}"
        );
        assert_eq!(value.field("x-incomplete"), Some(said.clone()));
        let skip = ask("/posts/skip");
        assert_eq!(
            skip.json(),
            json!({
                "by": [{ "name": "N a" }, { "name": "?" }, { "name": "N b" }],
                "authors": { "a": { "name": "N a" }, "b": { "name": "N b" } },
            }),
            "{bad}"
        );
        assert_eq!(skip.field("x-incomplete"), Some(said));
        assert_eq!(skip.field("cache-control").as_deref(), Some("no-store"));
    }
}

#[test]
fn one_of_which_there_is_nothing_is_left_out_and_has_not_failed() {
    let users = || {
        authors(|connection, name| {
            let bytes = match name {
                "empty" => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
                "null" => ok("null"),
                _ => return Ok(false),
            };
            connection.write(bytes).map(|()| true)
        })
    };
    let ask = |path: &str, names: &[&str]| {
        let (users, orders) = (users(), posts(names.iter().copied()));
        setup([Some(&users), Some(&orders), None, None, None]).start().ask(get(path))
    };
    let all = ["a", "empty", "null", "b"];
    let answer = ask("/posts/optional", &all);
    assert_eq!(answer.json()["authors"], json!({ "a": { "name": "N a" }, "b": { "name": "N b" } }));
    assert_eq!(answer.field("x-incomplete"), None);
    assert_eq!(answer.field("cache-control").as_deref(), Some("no-cache"));
    // Where there must be something, each has failed, and each reason is said.
    refused(&ask("/posts/required", &all[..2]), 502, "branch_empty");
    let said = ask("/posts/skip", &all).field("x-incomplete").unwrap();
    let mut said: Vec<&str> = said.split(", ").collect();
    said.sort_unstable();
    assert_eq!(said, ["authors=branch_empty", "authors=branch_unreadable"]);
}

#[test]
fn so_many_are_asked_at_once_and_the_others_when_these_are_over() {
    let cue = Cue::default();
    let users = {
        let cue = cue.clone();
        authors(move |_, _| cue.wait().map(|()| false))
    };
    let names: Vec<String> = (0..40).map(|number| format!("a{number}")).collect();
    let orders = posts(names.iter().map(String::as_str));
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let mut client = gate.client();
    client.send(get("/posts/required"));
    eventually("all that may are asked", || users.requests().len() == 16);
    cue.give();
    eventually("one is over and another has begun", || users.requests().len() == 17);
    for _ in 1..40 {
        cue.give();
    }
    let answer = client.answer();
    assert_eq!(answer.json()["authors"].as_object().unwrap().len(), 40, "{answer:?}");
    assert_eq!(users.requests().len(), 40);
    assert_eq!(users.connections(), 16, "connections are used again");
}

#[test]
fn all_calls_together_have_the_time_of_the_branch() {
    // Nobody is answered, whoever asks.
    let users = authors(|connection, _| connection.wait().map(|()| true));
    let names: Vec<String> = (0..40).map(|number| format!("a{number}")).collect();
    let orders = posts(names.iter().map(String::as_str));
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let mut client = gate.client();
    client.send(get("/posts/skip"));
    eventually("all that may are asked", || users.requests().len() == 16);
    gate.holds_after(Duration::from_millis(500), || client.stirs());
    let answer = client.answer();
    assert_eq!(answer.json()["authors"], json!({}));
    assert_eq!(answer.field("x-incomplete").as_deref(), Some("authors=upstream_timeout"), "said once");
    assert_eq!(users.requests().len(), 16, "for the others there was no time left");
}

#[test]
fn a_client_that_goes_ends_all_of_them() {
    let users = authors(|connection, _| connection.wait().map(|()| true));
    let orders = posts(["a", "b", "c"]);
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let mut client = gate.client();
    client.send(get("/posts/required"));
    eventually("all are asked", || users.requests().len() == 3);
    client.reset();
    (0..3).for_each(|at| users.over(at));
    assert_eq!(gate.log(1)[0]["reason"], "client_closed");
}

#[test]
fn each_is_sent_its_own_value() {
    let users = authors(|connection, _| connection.write(ok(r#"{"id":"m"}"#)).map(|()| true));
    let orders = Server::always(ok("[\"x\"]"));
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    let body = r#"{"tags":["a","\u0062","b","line\nend"]}"#;
    let request = format!(
        "POST /tags HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = gate.ask(request);
    assert_eq!(answer.json(), json!({ "made": { "a": { "id": "m" }, "b": { "id": "m" } }, "later": ["x"] }));
    assert_eq!(answer.field("x-incomplete").as_deref(), Some("made=edit_invalid"));
    let mut heard: Vec<(String, String)> = users
        .requests()
        .iter()
        .map(|asked| (asked.field("x-tag").unwrap(), sent(asked).to_owned()))
        .collect();
    heard.sort();
    let heard: Vec<(&str, &str)> = heard.iter().map(|(tag, body)| (tag.as_str(), body.as_str())).collect();
    assert_eq!(heard, [("a", r#"{"tag":"a","all":4}"#), ("b", r#"{"tag":"\u0062","all":4}"#)]);
    assert_eq!(orders.only().target(), "/of/m");
}

#[test]
fn what_is_no_text_is_looked_up_by_its_own() {
    let users = authors(|connection, name| {
        let number = name.len();
        connection.write(ok(&format!(r#"{{"name":"{number}"}}"#))).map(|()| true)
    });
    let orders = Server::always(ok(
        r#"[{"id":"6F1C0d6e-2f63-4c11-9c54-0c8a3f1f7a10","of":7},{"id":"6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a11","of":7}]"#,
    ));
    let gate = setup([Some(&users), Some(&orders), None, None, None]).start();
    assert_eq!(
        gate.ask(get("/tickets")).json(),
        json!({ "tickets": [{ "by": "36", "n": "1" }, { "by": "36", "n": "1" }] })
    );
    assert_eq!(users.requests().len(), 3);
}
