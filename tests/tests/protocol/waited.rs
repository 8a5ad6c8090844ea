//! A request that has waited for who it is from (`auth … forward`), and whose chain has run once more: what it keeps, and what is not
//! done twice.

use gatewright_tests::certificates::Authority;
use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

use super::asked::{ADA, answer, before, get, setup};

#[test]
fn the_id_and_the_trace_of_a_request_outlive_the_wait() {
    let (app, asked) = (Server::ok(), Server::always(ADA));
    let other = Server::always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let program = program::asked_and_recorded();
    let gate = Setup { program, ..setup(&app, Some(&asked), Some(&other)) }.start();
    let parent =
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\ntracestate: a=b\r\n";
    let answer = gate.ask(get("/in/app/x", &format!("X-Request-Id: forged\r\n{parent}")));
    let id = answer.all("x-request-id");
    let sent = app.only();
    assert_eq!((id.len(), sent.all("x-request-id")), (1, id.clone()));
    assert_ne!(id, ["forged"]);
    assert_eq!(sent.all("x-caller"), ["ada"]);
    // What the server is told of the trace is what the one that was asked is told, but for the try.
    let trace = |message: &Message| {
        let all = message.all("traceparent");
        assert_eq!(all.len(), 1, "{message:?}");
        all[0][..35].to_owned()
    };
    assert_eq!(trace(&sent), trace(&asked.only()));
    // And so it is where one step waits behind another.
    gate.ask(get("/both", ""));
    assert_eq!(trace(&asked.requests()[1]), trace(&other.only()));
}

#[test]
fn a_call_to_ask_is_no_try_of_the_route() {
    let app = Server::new(|connection| {
        connection.request()?;
        connection.wait()
    });
    let asked = Server::always(ADA);
    let gate = Setup { program: program::asked_and_recorded(), ..setup(&app, Some(&asked), None) }.start();
    let mut client = gate.client();
    client.send(get("/in/app/x", ""));
    eventually("the app is asked", || app.requested("/in/app/x") == 1);
    let mut admin = Client::connect(gate.admin.unwrap());
    let metrics = admin.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").body;
    let metrics = String::from_utf8(metrics).unwrap();
    let under_way = |upstream: &str| {
        let start = format!("gatewright_upstream_in_flight{{upstream=\"{upstream}\"");
        let line = metrics.lines().find(|line| line.starts_with(&start));
        line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    };
    assert_eq!(under_way("app").as_deref(), Some("1"), "{metrics}");
    assert_eq!(under_way("sessions").as_deref(), Some("0"), "{metrics}");
    client.reset();
    assert_eq!(gate.log(1)[0]["tries"], 1);
}

#[test]
fn a_limit_tells_a_request_that_has_waited_once() {
    let (app, asked) = (Server::always(answer("404 Not Found", "")), Server::always(ADA));
    let gate = before(&app, &asked);
    for left in [5, 4] {
        let answer = gate.ask(get("/in/tried", "Authorization: Bearer x\r\n"));
        let told = answer.all("ratelimit");
        assert_eq!((answer.status(), told.len()), (404, 1), "{answer:?}");
        assert!(told[0].contains(&format!(";r={left};")), "{told:?}");
        assert_eq!(answer.all("ratelimit-policy").len(), 1);
    }
}

#[test]
fn an_answer_of_several_is_for_nobody_else_where_it_was_asked_who_it_is_from() {
    let app =
        Server::always("HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\nContent-Length: 1\r\n\r\n7");
    let kept = |asked: &Server, path: &str| {
        let answer = before(&app, asked).ask(get(path, ""));
        assert_eq!(answer.status(), 200, "{answer:?}");
        answer.field("cache-control").unwrap()
    };
    let (knows, refuses) = (Server::always(ADA), Server::always(answer("401 Unauthorized", "")));
    assert_eq!(kept(&knows, "/sum"), "max-age=60");
    assert_eq!(kept(&knows, "/in/sum"), "private, max-age=60");
    // Of nobody, too: somebody else who asks may be known.
    assert_eq!(kept(&refuses, "/maybe-sum"), "private, max-age=60");
}

#[test]
fn what_tls_says_of_the_one_that_is_asked_stands_in_the_log() {
    let (authority, other) = (Authority::new(), Authority::new());
    let app = Server::ok();
    let asked = Server::secure(other.server(&["127.0.0.1"]), |connection| {
        connection.request()?;
        connection.write(ADA)
    });
    let program = program::asked_over_tls(&authority.files);
    let gate = Setup { program, ..setup(&app, Some(&asked), None) }.start();
    refused(&gate.ask(get("/in/app/x", "")), 503, "auth_unavailable");
    let said = gate.log(1)[0]["cause"].to_string();
    assert!(said.contains("from nobody who is believed"), "{said}");
}
