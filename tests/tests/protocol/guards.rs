//! Guards (`only`, `deny`) from raw bytes: no spelling of a request is a way around them.

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;

fn gate(server: &Server) -> Gate {
    Setup { program: program::fields(), ..Setup::app(server) }.start()
}

fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

#[test]
fn only_one_value_of_a_field_opens_the_door() {
    let server = Server::ok();
    let gate = gate(&server);
    for fields in [
        "",
        "X-Key:\r\n",
        "X-Key: Let-Me-In\r\n",
        "X-Key: let-me-in,\r\n",
        "X-Key: \"let-me-in\"\r\n",
        "X_Key: let-me-in\r\n",
        "X-Key2: let-me-in\r\n",
        // Two lines are one list, which is another text.
        "X-Key: let-me-in\r\nX-Key: let-me-in\r\n",
        "X-Key: let-me-in\r\nx-key:\r\n",
    ] {
        refused(&gate.ask(get("/only", fields)), 403, "not_allowed");
    }
    refused(&gate.ask(get("/only?x-key=let-me-in", "Cookie: x-key=let-me-in\r\n")), 403, "not_allowed");
    assert_eq!(server.connections(), 0);
    assert_eq!(gate.ask(get("/only", "x-KEY:  let-me-in \t\r\n")).status(), 200);
    // What the client calls hop-by-hop is read all the same.
    assert_eq!(gate.ask(get("/only", "X-Key: let-me-in\r\nConnection: x-key\r\n")).status(), 200);
}

#[test]
fn trailers_open_no_door() {
    let server = Server::ok();
    let gate = gate(&server);
    let chunked = "POST /only HTTP/1.1\r\nHost: a\r\nTrailer: x-key\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Key: let-me-in\r\n\r\n";
    refused(&gate.ask(chunked), 403, "not_allowed");
    assert_eq!(server.connections(), 0);
}

#[test]
fn whatever_is_denied_is_denied_in_every_spelling() {
    let server = Server::ok();
    let gate = gate(&server);
    for (query, fields) in [
        ("", "X-Bad: 1\r\n"),
        ("", "x-bad:\r\n"),
        ("", "X-BAD: 1\r\nConnection: x-bad\r\n"),
        ("?bad", ""),
        ("?bad=", ""),
        ("?a=1&&b%61d=0", ""),
        ("", "Cookie: bad=\r\n"),
        ("", "Cookie: a=1\r\nCookie: b=2;bad=3\r\n"),
    ] {
        refused(&gate.ask(get(&format!("/deny{query}"), fields)), 403, "denied");
    }
    assert_eq!(server.connections(), 0);
    for (query, fields) in
        [("?Bad=1", ""), ("?bad%00=1", ""), ("", "Cookie: Bad=1; bad\r\n"), ("", "X_Bad: 1\r\n")]
    {
        assert_eq!(gate.ask(get(&format!("/deny{query}"), fields)).status(), 200, "{query} {fields}");
    }
}

#[test]
fn a_value_that_cannot_be_decoded_is_not_taken_for_an_absent_one() {
    let server = Server::ok();
    let gate = gate(&server);
    for query in ["?bad=%zz", "?bad=%", "?bad=%ff", "?bad=%4&bad=1"] {
        refused(&gate.ask(get(&format!("/deny{query}"), "")), 403, "denied");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_guarded_path_has_no_other_spelling() {
    let server = Server::ok();
    let gate = gate(&server);
    for target in [
        "/admin/x",
        "/%61dmin/x",
        "/./admin/x",
        "/x/../admin/x",
        "/admin/./x",
        "/%2e/admin/",
        "/admin/%2e%2e/admin/x",
        "http://a/admin/x",
    ] {
        refused(&gate.ask(get(target, "")), 404, "denied");
    }
    for (target, reason) in [
        ("//admin/x", "empty_segment"),
        ("/admin%2Fx", "encoded_separator"),
        ("/x/..%2Fadmin/x", "encoded_separator"),
        ("/admin;a/x", "path_parameter"),
        ("/..;/admin/x", "path_parameter"),
        ("\\admin\\x", "target_invalid"),
    ] {
        refused(&gate.ask(get(target, "")), 400, reason);
    }
    refused(&gate.ask(get("/Admin/x", "")), 404, "not_found");
    assert_eq!(server.connections(), 0);
}

#[test]
fn no_field_makes_a_client_another_one() {
    let server = Server::ok();
    let gate = gate(&server);
    for fields in [
        "X-Forwarded-For: 192.0.2.1\r\n",
        "X-Real-IP: 192.0.2.1\r\n",
        "Forwarded: for=192.0.2.1\r\n",
        "True-Client-IP: 192.0.2.1\r\nCF-Connecting-IP: 192.0.2.1\r\n",
        "Client-IP: 192.0.2.1\r\nX-Client-IP: 192.0.2.1\r\n",
        "Via: 1.1 192.0.2.1\r\n",
    ] {
        refused(&gate.ask(get("/outside", fields)), 403, "not_allowed");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_refused_request_with_a_body_is_refused_before_the_body_is_needed() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    refused(
        &client.ask("POST /deny?bad HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
        403,
        "denied",
    );
    // The connection goes on behind the body.
    assert_eq!(client.ask(get("/deny", "")).status(), 200);
    let waiting = "POST /deny?bad HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    refused(&client.ask(waiting), 403, "denied");
    assert_eq!(server.requests().len(), 1);
    let answer = gate.client().send("HEAD /deny?bad HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!(answer.status(), 403);
}
