//! The gateway's own answers, and what of a request's body they leave.

use gatewright_tests::gate::{Gate, refused};
use gatewright_tests::server::Server;

fn gate() -> (Server, Gate) {
    let server = Server::ok();
    let gate = Gate::before(&server);
    (server, gate)
}

#[test]
fn a_stated_answer_is_given_as_stated() {
    let (server, gate) = gate();
    let mut client = gate.client();
    let answer = client.ask("GET /hello?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((answer.line.as_str(), answer.text().as_str()), ("HTTP/1.1 200 OK", "hello\\n"));
    assert_eq!(answer.field("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.field("content-length").as_deref(), Some("6"));
    assert!(answer.field("date").unwrap().ends_with(" GMT"));
    let head = client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!((head.status(), head.field("content-length").as_deref()), (200, Some("6")));
    let empty = client.ask("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((empty.line.as_str(), empty.field("content-length")), ("HTTP/1.1 204 No Content", None));
    assert_eq!(client.ask("PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n").json(), serde_json::json!({}));
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_unknown_path_is_404() {
    let (_server, gate) = gate();
    let mut client = gate.client();
    for path in [
        "/",
        "/hell",
        "/hello/",
        "/hello/x",
        "/HELLO",
        "/app",
        "/orders/1",
        "/orders/1/lines/",
        "/orders//lines/2",
    ] {
        let answer = client.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        match path {
            "/app" => refused(&answer, 405, "method_not_allowed"),
            "/orders//lines/2" => {
                refused(&answer, 400, "empty_segment");
                client = gate.client();
            }
            _ => refused(&answer, 404, "not_found"),
        }
    }
    let head = gate.client().send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!(head.status(), 404);
    assert!(head.field("content-length").unwrap().parse::<u32>().unwrap() > 0);
}

#[test]
fn a_method_that_a_path_lacks_is_405_with_those_that_it_has() {
    let (server, gate) = gate();
    let mut client = gate.client();
    for (request, allow) in [
        ("POST /hello", "GET, HEAD, PUT, OPTIONS"),
        ("DELETE /hello", "GET, HEAD, PUT, OPTIONS"),
        ("BREW /hello", "GET, HEAD, PUT, OPTIONS"),
        ("get /hello", "GET, HEAD, PUT, OPTIONS"),
        ("TRACE /hello", "GET, HEAD, PUT, OPTIONS"),
        ("GET /small", "POST, OPTIONS"),
        ("POST /orders/1/lines/2", "GET, HEAD, DELETE, OPTIONS"),
    ] {
        let answer = client.ask(format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n"));
        refused(&answer, 405, "method_not_allowed");
        assert_eq!(answer.field("allow").as_deref(), Some(allow), "{request}");
    }
    // `*` takes any method but TRACE and CONNECT.
    refused(&client.ask("TRACE /app/x HTTP/1.1\r\nHost: a\r\n\r\n"), 405, "method_not_allowed");
    assert_eq!(server.connections(), 0);
    assert_eq!(client.ask("BREW /app/x HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    assert_eq!(server.only().line, "BREW /app/x HTTP/1.1");
}

#[test]
fn options_are_answered_by_the_method_table() {
    let (server, gate) = gate();
    let mut client = gate.client();
    for (target, allow) in [
        ("/hello", "GET, HEAD, PUT, OPTIONS"),
        ("/orders/1/lines/2", "GET, HEAD, DELETE, OPTIONS"),
        ("*", "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"),
    ] {
        let answer = client.ask(format!("OPTIONS {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!((answer.status(), answer.field("allow").as_deref()), (204, Some(allow)), "{target}");
    }
    refused(&client.ask("OPTIONS /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"), 404, "not_found");
    assert_eq!(
        client.ask("OPTIONS /app/x HTTP/1.1\r\nHost: a\r\n\r\n").status(),
        200,
        "a route that names it"
    );
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_redirect_carries_what_the_pattern_captured() {
    let (server, gate) = gate();
    let mut client = gate.client();
    for (path, location) in [
        ("/old/a/b", "/new/a/b"),
        ("/old/", "/new/"),
        ("/old/%61%20b", "/new/a%20b"),
        ("/old/%0d%0aSet-Cookie:x", "/new/%0D%0ASet-Cookie:x"),
        ("/old/x/../y", "/new/y"),
    ] {
        let answer = client.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!((answer.status(), answer.field("location").as_deref()), (308, Some(location)));
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_small_body_is_dropped_and_the_connection_goes_on() {
    let (_server, gate) = gate();
    let mut client = gate.client();
    for request in [
        "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\nx",
        "PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        let answer = client.ask(request);
        assert_eq!(answer.field("connection"), None);
    }
    // It may come after the answer.
    assert_eq!(client.ask("PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 262144\r\n\r\n").status(), 201);
    client.send(vec![b'x'; 262_144]);
    assert_eq!(client.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").text(), "hello\\n");
}

#[test]
fn a_large_or_chunked_body_ends_the_connection() {
    let (_server, gate) = gate();
    for framing in ["Content-Length: 262145", "Transfer-Encoding: chunked"] {
        let mut client = gate.client();
        let answer = client.ask(format!("PUT /hello HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n"));
        assert_eq!((answer.status(), answer.field("connection").as_deref()), (201, Some("close")));
        // What still comes is not served, and does not cost the client its answer.
        client.send("0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n").half_close();
        assert!(client.ends_in_order());
    }
}

#[test]
fn a_refusal_of_a_head_after_head_has_its_body() {
    // What one exchange leaves behind is nothing to the next.
    let (_server, gate) = gate();
    for _ in 0..3 {
        let mut client = gate.client();
        assert_eq!(client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head().status(), 200);
        refused(&client.ask("GET /hello HTTP/1.1\r\nHost : a\r\n\r\n"), 400, "malformed_head");
        refused(&gate.ask("G@T /hello HTTP/1.1\r\n\r\n"), 400, "malformed_head");
    }
}

#[test]
fn a_path_template_is_filled_with_captures() {
    let (server, gate) = gate();
    let mut client = gate.client();
    for path in ["/orders/7/lines/%61?q=%2F;x&y", "/orders/a%20b/lines/c:d?", "/orders/..x/lines/%C3%A4"] {
        assert_eq!(client.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).status(), 200);
    }
    let targets: Vec<_> = server.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["/v2/a/of/7?q=%2F;x&y", "/v2/c:d/of/a%20b?", "/v2/%C3%A4/of/..x"]);
}
