//! Edits (`request`, `response`, `forward`) from raw bytes: what a route sets is said once, by nobody else, and never frames.

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

fn gate(server: &Server) -> Gate {
    Setup { program: program::fields(), ..Setup::app(server) }.start()
}

fn sent(head: &str) -> Message {
    let server = Server::ok();
    let answer = gate(&server).ask(format!("{head}\r\n"));
    assert_eq!(answer.status(), 200, "{head} {answer:?}");
    server.only()
}

fn edited(query: &str, fields: &str) -> Message {
    sent(&format!("GET /edited/x{query} HTTP/1.1\r\nHost: a\r\n{fields}"))
}

/// What a client gets of an answer with these lines.
fn given(lines: &str, query: &str) -> Message {
    let server = Server::always(format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok"));
    gate(&server).ask(format!("GET /edited/x{query} HTTP/1.1\r\nHost: a\r\n\r\n"))
}

#[test]
fn a_field_that_is_set_is_there_once_whatever_the_client_sends() {
    for forged in [
        "X-User: root\r\n",
        "x-user: root\r\nX-USER: admin\r\n",
        "X-User:\r\nX-User: root\r\n",
        "X-User: root\r\nConnection: x-user\r\n",
        "Connection: close, X-User\r\nX-User: root\r\n",
        "X-User: é\r\n",
    ] {
        let request = edited("?user=ada", forged);
        assert_eq!(request.all("x-user"), ["ada"], "{forged:?}");
        assert_eq!(request.all("x-path"), ["/edited/x"], "{forged:?}");
    }
}

#[test]
fn what_the_gateway_sets_survives_a_client_that_calls_it_hop_by_hop() {
    // RFC 9110 section 7.6.1: `Connection` speaks of what the client sends, not of what the gateway says.
    let request =
        edited("?user=ada", "Connection: x-user, x-path, x-trace, accept, via, x-forwarded-for\r\n");
    assert_eq!(request.all("x-user"), ["ada"]);
    assert_eq!(request.all("x-trace"), ["gateway"]);
    assert_eq!(request.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(request.all("accept"), ["application/json"]);
}

#[test]
fn an_added_field_is_the_last_line_of_its_name() {
    assert_eq!(edited("", "").all("x-trace"), ["gateway"]);
    assert_eq!(edited("", "X-Trace: a\r\nx-trace: b, c\r\n").all("x-trace"), ["a", "b, c", "gateway"]);
    assert_eq!(edited("", "X-Trace: a\r\nConnection: x-trace\r\n").all("x-trace"), ["gateway"]);
}

#[test]
fn a_default_gives_way_to_what_the_client_sends_even_where_that_is_empty() {
    assert_eq!(edited("", "").all("accept"), ["application/json"]);
    assert_eq!(edited("", "ACCEPT: text/html\r\n").all("accept"), ["text/html"]);
    assert_eq!(edited("", "Accept:\r\n").all("accept"), [""]);
}

#[test]
fn a_removed_field_is_gone_in_every_spelling_but_not_its_neighbours() {
    let request = edited("", "X-Debug: 1\r\nx-dEBUG: 2\r\nX-Debug-Level: 3\r\nX_Debug: 4\r\n");
    assert_eq!(request.field("x-debug"), None);
    assert_eq!(request.field("x-debug-level").as_deref(), Some("3"));
    // Many servers do not tell `_` from `-`.
    assert_eq!(request.field("x_debug"), None);
}

#[test]
fn a_query_that_is_edited_has_each_pair_once_in_one_spelling() {
    let target = |query: &str| edited(query, "").target().to_owned();
    assert_eq!(target(""), "/x?via=nobody");
    assert_eq!(target("?"), "/x?via=nobody");
    assert_eq!(target("?debug=1&a=%7e&v%69a=me&via&user=a+%26"), "/x?a=~&user=a%20%26&via=a%20%26");
    assert_eq!(target("?debug&debug=&%64ebug=2&Debug=3"), "/x?Debug=3&via=nobody");
    // What cannot be decoded is not sent on by a gateway that reads it.
    assert_eq!(target("?a=%zz&b=%4&c=1"), "/x?c=1&via=nobody");
    // Nor can a value add a pair.
    assert_eq!(target("?user=x%26admin%3D1"), "/x?user=x%26admin%3D1&via=x%26admin%3D1");
}

#[test]
fn a_value_that_no_field_can_hold_is_refused_before_anything_is_sent() {
    let server = Server::ok();
    let gate = gate(&server);
    for value in
        ["%0D%0AX-Admin:%20yes", "%0a", "%0d", "%00", "%7f", "a%0D%0A%0D%0AGET%20/%20HTTP/1.1", "%1b", "%08"]
    {
        for path in ["/edited/x", "/edited/x/y/z"] {
            refused(
                &gate.ask(format!("GET {path}?user={value} HTTP/1.1\r\nHost: a\r\n\r\n")),
                400,
                "edit_invalid",
            );
        }
    }
    assert_eq!(server.connections(), 0);
    // A tab, and bytes above ASCII, are field content.
    assert_eq!(edited("?user=a%09b%C3%A9", "").all("x-user"), ["a\\tb\\xc3\\xa9"]);
}

#[test]
fn an_edited_request_has_the_framing_of_its_own_body() {
    let server = Server::ok();
    let gate = gate(&server);
    let answer = gate.ask("POST /edited/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-User: root\r\n\r\n");
    assert_eq!(answer.status(), 200);
    let request = server.only();
    assert_eq!(request.body, b"abc");
    assert_eq!(request.all("x-user"), ["nobody"]);
}

#[test]
fn what_is_set_or_removed_does_not_come_behind_a_body() {
    const TRAILERS: &str =
        "X-User: forged\r\nx_user: forged\r\nX-Debug: forged\r\nX-Trace: forged\r\nX-Sum: 1\r\n";
    let chunked = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n{TRAILERS}\r\n"
        )
    };
    let server = Server::ok();
    let gate = gate(&server);
    for (path, sum) in [("/edited/x", 1), ("/nothing", 0)] {
        assert_eq!(gate.ask(chunked(path)).status(), 200, "{path}");
        let requests = server.requests();
        let sent = requests.last().unwrap();
        let names: Vec<&str> = sent.trailers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["X-Sum"][..sum], "{path}");
    }
    let server = Server::always(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nServer: s\r\nX_Served_By: forged\r\nX-Sum: 1\r\n\r\n",
    );
    let answer = self::gate(&server).ask("GET /edited/x HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
    assert_eq!(answer.trailers, [("X-Sum".to_owned(), b"1".to_vec())]);
}

#[test]
fn an_answer_that_breaks_at_once_is_edited_once() {
    let server = Server::always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    let answer = gate(&server).ask("GET /edited/x HTTP/1.1\r\nHost: a\r\n\r\n");
    refused(&answer, 502, "upstream_truncated");
    assert_eq!(
        (answer.all("x-served-by"), answer.all("vary")),
        (vec!["tested".into()], vec!["accept".into()])
    );
}

#[test]
fn an_answer_is_edited_whatever_the_server_says() {
    let answer = given(
        "Server: s\r\nSERVER: t\r\nX-Served-By: forged\r\nVary: origin\r\nCache-Control: max-age=1\r\n",
        "",
    );
    assert_eq!(answer.all("x-served-by"), ["tested"]);
    assert_eq!(answer.all("server"), [] as [&str; 0]);
    assert_eq!(answer.all("vary"), ["origin", "accept"]);
    assert_eq!(answer.all("cache-control"), ["max-age=1"]);
    let bare = given("", "");
    assert_eq!(bare.all("cache-control"), ["no-store"]);
    assert_eq!(bare.all("x-echo"), ["none"]);
    // What a server calls hop-by-hop is dropped, what the gateway sets is not.
    let hop = given(
        "Connection: x-served-by, cache-control\r\nX-Served-By: forged\r\nCache-Control: public\r\n",
        "",
    );
    assert_eq!(hop.all("x-served-by"), ["tested"]);
    assert_eq!(hop.all("x-echo"), ["none"]);
}

#[test]
fn a_value_cannot_split_an_answer() {
    let server = Server::ok();
    let gate = gate(&server);
    for path in ["/edited/x", "/edited-dead"] {
        let mut client = gate.client();
        let answer =
            client.ask(format!("GET {path}?echo=a%0D%0ASet-Cookie:%20b=1 HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(answer.status(), 400, "{path} {answer:?}");
        assert_eq!(answer.json()["reason"], "edit_invalid");
        assert_eq!(answer.field("set-cookie"), None);
        // An answer that is not edited by halves.
        assert_eq!(answer.field("x-served-by"), None, "{path}");
    }
    assert_eq!(given("", "?echo=a%09%C3%A9").all("x-echo"), ["a\\t\\xc3\\xa9"]);
}

#[test]
fn the_gateways_own_answers_are_edited_too() {
    let gate = gate(&Server::ok());
    let dead = gate.ask("GET /edited-dead HTTP/1.1\r\nHost: a\r\n\r\n");
    refused(&dead, 502, "upstream_refused");
    assert_eq!(dead.all("x-served-by"), ["tested"]);
    let own = gate.ask("GET /edited-own HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        (own.status(), own.all("x-served-by"), own.field("date")),
        (200, vec!["tested".to_owned()], None)
    );
    let head = gate.client().send("HEAD /edited-own HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!(head.field("content-length").as_deref(), Some("4"));
    assert_eq!(head.all("x-served-by"), ["tested"]);
}

#[test]
fn an_answer_to_head_and_one_without_a_body_are_edited_and_framed() {
    let server = Server::always("HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 5\r\n\r\n");
    let head = gate(&server).client().send("HEAD /edited/x HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!((head.field("content-length").as_deref(), head.field("server")), (Some("5"), None));
    let server = Server::always("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nServer: s\r\n\r\n");
    let same = gate(&server).ask("GET /edited/x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        (same.status(), same.field("server"), same.all("x-served-by")),
        (304, None, vec!["tested".to_owned()])
    );
}

#[test]
fn interim_answers_pass_unedited_and_the_final_one_is_edited_once() {
    let server = Server::always(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nServer: early\r\n\r\nHTTP/1.1 200 OK\r\nServer: late\r\nContent-Length: 2\r\n\r\nok",
    );
    let gate = gate(&server);
    let mut client = gate.client();
    let early = client.ask("GET /edited/x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((early.status(), early.all("x-served-by")), (103, vec![]));
    let last = client.answer();
    assert_eq!(
        (last.status(), last.all("x-served-by"), last.field("server")),
        (200, vec!["tested".to_owned()], None)
    );
}

#[test]
fn odd_heads_of_servers_are_refused_before_they_are_edited() {
    for (head, reason) in [
        ("HTTP/1.1 200 OK\r\nServer : s\r\nContent-Length: 0\r\n\r\n", "upstream_malformed"),
        ("HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 0\r\n\r\n", "upstream_malformed"),
        ("HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n", "upstream_malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "upstream_framing"),
    ] {
        let answer = gate(&Server::once(head)).ask("GET /edited/x HTTP/1.1\r\nHost: a\r\n\r\n");
        refused(&answer, 502, reason);
        assert_eq!(answer.all("x-served-by"), ["tested"], "{head:?}");
    }
}

#[test]
fn only_the_fields_that_forward_names_go_on() {
    let request = sent(
        "GET /some?page=1&debug=1&p%61ge=2 HTTP/1.1\r\nHost: a\r\nX-KEEP: 1\r\nx-keep: 2\r\nAccept:\r\nCookie: a=1\r\nAuthorization: b\r\nX-Keep-Not: 3\r\nContent-Type: t\r\n",
    );
    assert_eq!(request.all("x-keep"), ["1", "2"]);
    assert_eq!(request.all("accept"), [""]);
    for dropped in ["cookie", "authorization", "x-keep-not", "content-type"] {
        assert_eq!(request.field(dropped), None, "{dropped}");
    }
    assert_eq!(request.target(), "/some?page=1&page=2");
    // What is between two neighbours does not go on because it is named.
    let hop = sent("GET /some HTTP/1.1\r\nHost: a\r\nX-Keep: 1\r\nConnection: x-keep\r\n");
    assert_eq!(hop.field("x-keep"), None);
}

#[test]
fn forward_none_sends_the_body_and_what_it_is() {
    let server = Server::ok();
    let answer = gate(&server).ask(
        "POST /nothing?a=1 HTTP/1.1\r\nHost: a\r\nContent-Type: t\r\nCONTENT-language: de\r\nCookie: a\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    );
    assert_eq!(answer.status(), 200);
    let request = server.only();
    assert_eq!((request.target(), request.body.as_slice()), ("/nothing", &b"ab"[..]));
    assert_eq!(
        (request.field("content-type").as_deref(), request.field("content-language").as_deref()),
        (Some("t"), Some("de"))
    );
    assert_eq!((request.field("cookie"), request.field("x-a")), (None, None));
    assert_eq!(request.all("x-forwarded-for"), ["127.0.0.1"]);
}
