//! The id of a request: the same for server, client and log, and nobody's but the gateway's or a trusted proxy's.

use gatewright_runtime::generated::Program;
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::program;
use gatewright_tests::server::Server;

fn gate(server: &Server) -> Gate {
    Setup { program: program::traffic(), ..Setup::app(server) }.start()
}

/// The same without proxies that it trusts.
fn untrusting(server: &Server) -> Gate {
    let program = Program { trusted_proxies: None, ..*program::traffic() };
    Setup { program: Box::leak(Box::new(program)), ..Setup::app(server) }.start()
}

fn get(path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

const OWN: &str = "X-Request-ID: 6f1c0d6e-2f63\r\n";

#[test]
fn server_client_and_log_are_told_the_same_id() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    let first = client.ask(get("/app/x", "")).field("x-request-id").unwrap();
    let second = client.ask(get("/app/x", "")).field("x-request-id").unwrap();
    assert_ne!(first, second);
    assert_eq!(first.len(), 36);
    let sent: Vec<_> =
        server.requests().iter().map(|request| request.field("x-request-id").unwrap()).collect();
    assert_eq!(sent, [first.as_str(), second.as_str()]);
    let lines = gate.log(2);
    assert_eq!((&lines[0]["request_id"], &lines[1]["request_id"]), (&first.into(), &second.into()));
}

#[test]
fn an_id_of_a_trusted_proxy_is_kept_and_a_clients_own_is_not() {
    let server = Server::ok();
    let trusting = gate(&server);
    assert_eq!(trusting.ask(get("/app/x", OWN)).field("x-request-id").as_deref(), Some("6f1c0d6e-2f63"));
    let gate = untrusting(&server);
    let own = gate.ask(get("/app/x", OWN)).field("x-request-id").unwrap();
    assert_eq!(own.len(), 36, "{own}");
    // `field` fails where a name is there twice.
    let sent: Vec<_> =
        server.requests().iter().map(|request| request.field("x-request-id").unwrap()).collect();
    assert_eq!(sent, ["6f1c0d6e-2f63", own.as_str()]);
    assert_eq!(trusting.log(1)[0]["request_id"], "6f1c0d6e-2f63");
}

#[test]
fn what_could_harm_is_replaced_even_where_a_trusted_proxy_sends_it() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    let long = format!("X-Request-ID: {}\r\n", "a".repeat(129));
    for lines in [
        "X-Request-ID: \r\n",
        "X-Request-ID: a b\r\n",
        "X-Request-ID: a\"}\r\n",
        "X-Request-ID: a\r\nX-Request-ID: b\r\n",
        "X-Request-ID: \u{e9}\r\n",
        "Connection: x-request-id\r\nX-Request-ID: a;b\r\n",
        &long,
    ] {
        let id = client.ask(get("/app/x", lines)).field("x-request-id").unwrap();
        assert_eq!(id.len(), 36, "{lines}");
        assert_eq!(server.requests().last().unwrap().field("x-request-id"), Some(id), "{lines}");
    }
}

#[test]
fn a_servers_own_id_does_not_reach_the_client() {
    let server = Server::always(
        "HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nx-request-id: again\r\nContent-Length: 2\r\n\r\nok",
    );
    let gate = gate(&server);
    let id = gate.ask(get("/app/x", OWN)).field("x-request-id");
    assert_eq!(id.as_deref(), Some("6f1c0d6e-2f63"));
}

#[test]
fn every_answer_of_the_gateway_has_an_id_and_so_has_its_line() {
    let server = Server::ok();
    let gate = gate(&server);
    let requests = [
        get("/who", ""),
        get("/nowhere", ""),
        get("/dead", ""),
        get("/panic", ""),
        get("/who", "X-Forwarded-For: garbage\r\n"),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /who HTTP/1.1\r\n\r\n".to_owned(),
        "G\"T /\r\n\r\n".to_owned(),
    ];
    let mut ids = Vec::new();
    for (request, status) in requests.iter().zip([200, 404, 502, 500, 400, 204, 400, 400]) {
        let answer = gate.ask(request);
        assert_eq!(answer.status(), status, "{request}");
        ids.push(answer.field("x-request-id").unwrap_or_else(|| panic!("{request}: {answer:?}")));
    }
    let logged: Vec<_> =
        gate.log(requests.len()).iter().map(|line| line["request_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(logged, ids);
    let different: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
}

#[test]
fn a_route_may_say_another_id_or_none() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    assert_eq!(client.ask(get("/named/x", OWN)).field("x-request-id").as_deref(), Some("yours"));
    assert_eq!(client.ask(get("/bare/x", OWN)).field("x-request-id"), None);
    client.ask(get("/default/x", ""));
    let sent: Vec<_> = server.requests().iter().map(|request| request.field("x-request-id")).collect();
    assert_eq!((sent[0].as_deref(), sent[1].as_deref()), (Some("mine"), None));
    assert_eq!(sent[2].as_ref().map(String::len), Some(36), "a default gives way to the gateway's");
    assert!(gate.log(3)[..2].iter().all(|line| line["request_id"] == "6f1c0d6e-2f63"));
}

#[test]
fn without_the_word_a_field_of_that_name_is_one_like_any_other() {
    let server = Server::always("HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nContent-Length: 2\r\n\r\nok");
    let gate = Gate::before(&server);
    assert_eq!(gate.ask(get("/app/x", OWN)).field("x-request-id").as_deref(), Some("theirs"));
    assert_eq!(server.only().field("x-request-id").as_deref(), Some("6f1c0d6e-2f63"));
    assert!(gate.log(1)[0].get("request_id").is_none());
}
