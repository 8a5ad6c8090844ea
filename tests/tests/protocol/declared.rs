//! Declared fields (`query`, `header`, `cookie`) from raw bytes: what is checked is what a server and an expression see.

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

fn gate(server: &Server) -> Gate {
    Setup { program: program::fields(), ..Setup::app(server) }.start()
}

fn get(query: &str, fields: &str) -> Vec<u8> {
    let mark = if query.is_empty() { "" } else { "?" };
    format!("GET /declared{mark}{query} HTTP/1.1\r\nHost: a\r\n{fields}\r\n").into_bytes()
}

/// What the server is sent.
fn sent(query: &str, fields: &str) -> Message {
    let server = Server::ok();
    let answer = gate(&server).ask(get(query, fields));
    assert_eq!(answer.status(), 200, "{query} {fields} {answer:?}");
    server.only()
}

/// What the route's expressions have seen: page, tags, depth, header tags, word, session.
fn seen(query: &str, fields: &str) -> String {
    sent(query, fields).field("x-seen").unwrap()
}

/// What is wrong: place, name, problem.
fn wrong(request: &[u8]) -> Vec<(String, String, String)> {
    let server = Server::ok();
    let gate = gate(&server);
    let answer = gate.ask(request);
    refused(&answer, 400, "wrong_fields");
    assert_eq!(server.connections(), 0);
    let problem = answer.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|one| (text(&one["in"]), text(&one["name"]), text(&one["problem"]))).collect()
}

fn one(place: &str, name: &str, problem: &str) -> Vec<(String, String, String)> {
    vec![(place.to_owned(), name.to_owned(), problem.to_owned())]
}

#[test]
fn what_is_not_sent_has_its_default_and_is_not_made_up_for_the_server() {
    let request = sent("", "");
    assert_eq!(request.field("x-seen").as_deref(), Some("1 0 3 0 none none"));
    assert_eq!(request.target(), "/declared");
    assert_eq!(request.field("x-depth"), None);
}

#[test]
fn a_field_of_the_query_is_one_value_however_it_is_spelt() {
    assert_eq!(seen("page=50", ""), "50 0 3 0 none none");
    assert_eq!(seen("%70%61ge=%35%30", ""), "50 0 3 0 none none");
    assert_eq!(seen("&&page=7&", ""), "7 0 3 0 none none");
    assert_eq!(seen("word=a+b%20c", ""), "1 0 3 0 a b c none");
    assert_eq!(seen("tag=a&tag=b&t%61g=c", ""), "1 3 3 0 none none");
    for (query, problem) in [
        ("page=0", "wrong"),
        ("page=51", "wrong"),
        ("page=", "wrong"),
        ("page", "wrong"),
        ("page=07", "wrong"),
        ("page=+7", "wrong"),
        ("page=7+", "wrong"),
        ("page=%2B7", "wrong"),
        ("page=7%00", "wrong"),
        ("page=7%", "wrong"),
        ("page=%zz", "wrong"),
        ("page=%ff", "wrong"),
        ("page=%EF%BC%97", "wrong"),
        ("page=1e1", "wrong"),
        ("page=0x7", "wrong"),
        ("page=99999999999999999999", "wrong"),
        ("page=1&page=2", "repeated"),
        ("page=1&p%61ge=1", "repeated"),
        ("page=1&page", "repeated"),
    ] {
        assert_eq!(wrong(&get(query, "")), one("query", "page", problem), "{query}");
    }
}

#[test]
fn what_has_a_unit_is_held_against_its_bounds_in_whatever_unit_it_is_written() {
    let gate = gate(&Server::ok());
    let ask = |query: &str| gate.ask(format!("GET /measured?{query} HTTP/1.1\r\nHost: a\r\n\r\n"));
    for query in [
        "wait=100ms",
        "wait=5000ms",
        "most=65536B",
        "most=0B",
        "pace=10/s",
        "pace=600/m",
        "pace=1000000/1000s",
        "share=0.5%25",
        "share=5%25",
    ] {
        assert_eq!(ask(query).status(), 200, "{query}");
    }
    for query in [
        "wait=99ms",
        "wait=5001ms",
        "wait=1m",
        "most=65537B",
        "most=65KiB",
        "pace=599/m",
        "pace=1001/s",
        "share=0.4999%25",
        "share=6%25",
    ] {
        refused(&ask(query), 400, "wrong_fields");
    }
}

#[test]
fn names_that_only_look_alike_are_other_fields_and_do_not_go_on() {
    for query in
        ["Page=9", "page[]=9", "page%00=9", "page.x=9", "pag%65%=9", "+page=9", "page%20=9", "%C3%BFpage=9"]
    {
        let request = sent(&format!("{query}&page=3"), "");
        assert_eq!(request.field("x-seen").as_deref(), Some("3 0 3 0 none none"), "{query}");
        assert_eq!(request.target(), "/declared?page=3", "{query}");
    }
    // `;` parts nothing: it belongs to a value.
    assert_eq!(wrong(&get("page=3;page=4", "")), one("query", "page", "wrong"));
    assert_eq!(sent("word=a;b", "").target(), "/declared?word=a%3Bb");
}

#[test]
fn what_goes_on_is_what_was_checked_in_one_spelling() {
    let request = sent("debug=1&w%6Frd=%3D%26%23%2B&tag=%7e&x&tag=%C3%A9", "");
    assert_eq!(request.target(), "/declared?word=%3D%26%23%2B&tag=~&tag=%C3%A9");
    // A value cannot begin another field of the query.
    assert_eq!(sent("word=a%26page=99", "").target(), "/declared?word=a%26page%3D99");
}

#[test]
fn a_value_with_a_line_break_cannot_leave_its_field() {
    let server = Server::ok();
    let answer = gate(&server).ask(get("word=a%0D%0AX-Admin:%20yes", ""));
    refused(&answer, 400, "edit_invalid");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_field_of_the_head_stands_on_one_line_in_any_case() {
    assert_eq!(seen("", "x-DEPTH:9\r\n"), "1 0 9 0 none none");
    assert_eq!(seen("", "X-Depth: \t 9 \t\r\n"), "1 0 9 0 none none");
    for (fields, problem) in [
        ("X-Depth:\r\n", "wrong"),
        ("X-Depth: 10\r\n", "wrong"),
        ("X-Depth: 1, 2\r\n", "wrong"),
        ("X-Depth: 1,\r\n", "wrong"),
        ("X-Depth: 1\r\nX-Depth: 1\r\n", "repeated"),
        ("X-Depth: 1\r\nx-depth: 2\r\n", "repeated"),
        ("X-Depth: 1\r\nX-Depth:\r\n", "repeated"),
        ("X-Depth: \u{ff17}\r\n", "wrong"),
    ] {
        assert_eq!(wrong(&get("", fields)), one("header", "x-depth", problem), "{fields:?}");
    }
    // What is no text is of no type.
    let latin = [&b"GET /declared HTTP/1.1\r\nHost: a\r\nX-Depth: \xb9\r\n\r\n"[..]].concat();
    assert_eq!(wrong(&latin), one("header", "x-depth", "wrong"));
    // `_` is another letter.
    assert_eq!(seen("", "X_Depth: 5\r\n"), "1 0 3 0 none none");
}

#[test]
fn a_list_of_the_head_stands_on_several_lines_and_empty_members_are_none() {
    assert_eq!(seen("", "X-Tags: a, b\r\n"), "1 0 3 2 none none");
    assert_eq!(seen("", "X-Tags: a\r\nX-Other: 1\r\nx-tags: b,a\r\n"), "1 0 3 3 none none");
    assert_eq!(seen("", "X-Tags: ,, a ,\t,\r\nX-Tags:\r\n"), "1 0 3 1 none none");
    assert_eq!(wrong(&get("", "X-Tags: a, c\r\n")), one("header", "x-tags", "wrong"));
    assert_eq!(wrong(&get("", "X-Tags: a\r\nX-Tags: A\r\n")), one("header", "x-tags", "wrong"));
    // As it came, to the server.
    assert_eq!(sent("", "X-Tags: a ,b\r\nX-Tags: a\r\n").all("x-tags"), ["a ,b", "a"]);
}

#[test]
fn a_field_that_connection_names_is_checked_and_does_not_go_on() {
    assert_eq!(wrong(&get("", "X-Depth: 99\r\nConnection: x-depth\r\n")), one("header", "x-depth", "wrong"));
    let request = sent("", "X-Depth: 5\r\nConnection: X-Depth\r\n");
    assert_eq!(
        (request.field("x-depth"), request.field("x-seen").as_deref()),
        (None, Some("1 0 5 0 none none"))
    );
}

#[test]
fn a_cookie_has_one_value_in_all_lines() {
    assert_eq!(seen("", "Cookie: session=abcd\r\n"), "1 0 3 0 none abcd");
    assert_eq!(seen("", "Cookie: a=1; session=abcd;b=2\r\n"), "1 0 3 0 none abcd");
    assert_eq!(seen("", "Cookie: a=1\r\nCookie: session=a=b=\r\n"), "1 0 3 0 none a=b=");
    assert_eq!(seen("", "Cookie: session ; Session=x; sessio=n\r\n"), "1 0 3 0 none none");
    for (cookie, problem) in [
        ("session=", "wrong"),
        ("session=abc", "wrong"),
        ("session=abcdefghi", "wrong"),
        ("session=abcd; session=abcd", "repeated"),
        ("session=abcd; session=", "repeated"),
        ("session=abcd\r\nCookie: session=efgh", "repeated"),
    ] {
        assert_eq!(
            wrong(&get("", &format!("Cookie: {cookie}\r\n"))),
            one("cookie", "session", problem),
            "{cookie}"
        );
    }
}

#[test]
fn everything_that_is_wrong_is_said_once_and_nothing_of_it_is_repeated() {
    let request = get(
        "page=evil1&tag=&tag=evil2evil2",
        "X-Depth: evil3\r\nX-Tags: evil4\r\nCookie: session=evil5evil5\r\n",
    );
    let found = wrong(&request);
    let names: Vec<&str> = found.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(names, ["session", "x-depth", "x-tags", "page", "tag"]);
    let server = Server::ok();
    assert!(!gate(&server).ask(&request).text().contains("evil"));
}

#[test]
fn a_huge_value_is_wrong_as_any_other() {
    assert_eq!(wrong(&get(&format!("word={}", "a".repeat(20_000)), "")), one("query", "word", "wrong"));
    assert_eq!(
        wrong(&get("", &format!("X-Depth: {}\r\n", "9".repeat(20_000)))),
        one("header", "x-depth", "wrong")
    );
    let many = "tag=a&".repeat(2_000);
    assert_eq!(seen(&many, ""), "1 2000 3 0 none none");
}

#[test]
fn a_wrong_field_is_said_to_head_without_a_body_and_keeps_the_connection() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    let answer = client.send("HEAD /declared?page=0 HTTP/1.1\r\nHost: a\r\n\r\n").answer_to_head();
    assert_eq!(answer.status(), 400);
    assert!(answer.field("content-length").is_some_and(|length| length != "0"));
    assert_eq!(client.ask(get("page=2", "")).status(), 200);
    // What was wrong before is forgotten.
    assert_eq!(client.ask(get("page=0", "")).json()["errors"].as_array().unwrap().len(), 1);
}
