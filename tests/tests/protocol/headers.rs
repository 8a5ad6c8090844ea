//! What goes through: end-to-end fields as they came, hop-by-hop fields never, and what only the gateway may say.

use gatewright_tests::gate::Gate;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

/// What the server is sent for these fields.
fn sent(fields: &str) -> Message {
    let server = Server::ok();
    let gate = Gate::before(&server);
    assert_eq!(
        gate.ask(format!("GET /app/x?a=1 HTTP/1.1\r\nHost: shop.example:8080\r\n{fields}\r\n")).status(),
        200
    );
    server.only()
}

/// What the client is sent for these fields of a server.
fn given(fields: &str) -> Message {
    let server = Server::always(format!("HTTP/1.1 200 Fine By Me\r\n{fields}Content-Length: 2\r\n\r\nok"));
    Gate::before(&server).ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn names(message: &Message) -> Vec<&str> {
    message.fields.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_request_goes_through_byte_for_byte_as_written_here() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    gate.ask("GET /app/x?a=1 HTTP/1.1\r\nAccept: */*\r\nHost: shop.example\r\nX-Two: 2\r\n\r\n");
    let expected = "GET /app/x?a=1 HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nAccept: */*\r\nX-Two: 2\r\n\
        X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: shop.example\r\nVia: 1.1 tested\r\n\r\n";
    assert_eq!(String::from_utf8(server.received(0)).unwrap(), expected);
}

#[test]
fn an_answer_goes_through_byte_for_byte_as_written_here() {
    let server = Server::always(
        "HTTP/1.1 203 Odd Phrase\r\nServer: x\r\nContent-Length: 2\r\nDate: today\r\nX-Two: 2\r\n\r\nok",
    );
    let gate = Gate::before(&server);
    let expected =
        "HTTP/1.1 203 Odd Phrase\r\nServer: x\r\nDate: today\r\nX-Two: 2\r\nContent-Length: 2\r\n\r\nok";
    let mut client = gate.client();
    let got = client.send("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").read(expected.len());
    assert_eq!(String::from_utf8(got).unwrap(), expected);
}

#[test]
fn the_host_is_the_servers_and_the_clients_is_told() {
    let request = sent("");
    assert_eq!(request.field("host").as_deref(), Some("127.0.0.1:9000"));
    assert_eq!(request.field("x-forwarded-host").as_deref(), Some("shop.example:8080"));
    assert_eq!(request.field("x-forwarded-proto").as_deref(), Some("http"));
    assert_eq!(request.field("x-forwarded-for").as_deref(), Some("127.0.0.1"));
}

#[test]
fn what_a_client_says_about_forwarding_is_dropped() {
    let request = sent(
        "X-Forwarded-For: 1.2.3.4\r\nx-forwarded-for: 5.6.7.8\r\nX-FORWARDED-PROTO: https\r\nX-Forwarded-Host: evil\r\n\
         X-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /x\r\nX-Forwarded-Anything: y\r\nForwarded: for=1.2.3.4\r\n\
         X-Real-IP: 1.2.3.4\r\nProxy: http://evil\r\n",
    );
    let text = format!("{request:?}");
    for lie in ["1.2.3.4", "5.6.7.8", "https", "evil", "Port", "Prefix", "Anything"] {
        assert!(!text.contains(lie), "{lie} in {text}");
    }
    assert_eq!(request.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(request.all("x-forwarded-proto"), ["http"]);
    for name in ["forwarded", "x-real-ip", "proxy"] {
        assert!(request.all(name).is_empty());
    }
}

#[test]
fn connection_cannot_name_away_what_the_gateway_says() {
    let request = sent(
        "Connection: x-forwarded-for, host, via, x-forwarded-proto, content-length\r\nVia: 1.1 before\r\n",
    );
    assert_eq!(request.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(request.all("host"), ["127.0.0.1:9000"]);
    assert_eq!(request.all("via"), ["1.1 tested"]);
}

#[test]
fn hop_by_hop_fields_are_removed_in_both_directions() {
    let fields = "Connection: x-one, X-Two\r\nConnection: keep-alive\r\nX-One: 1\r\nx-two: 2\r\nX-Three: 3\r\nKeep-Alive: timeout=5\r\n\
        Proxy-Connection: keep-alive\r\nUpgrade: websocket\r\nTE: gzip\r\n";
    let request = sent(fields);
    assert_eq!(
        names(&request),
        ["Host", "X-Three", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Via"]
    );
    let answer = given(fields);
    assert_eq!(names(&answer), ["X-Three", "Date", "Content-Length"]);
}

#[test]
fn via_is_added_behind_those_before() {
    assert_eq!(sent("Via: 1.0 a, 1.1 b\r\nVia: 2 c\r\n").all("via"), ["1.0 a, 1.1 b", "2 c", "1.1 tested"]);
}

#[test]
fn order_and_duplicates_are_kept() {
    let fields = "B: 1\r\nA: 2\r\nB: 3\r\nb: 4\r\nCookie: x=1\r\nCookie: y=2\r\n";
    let expected = [("B", "1"), ("A", "2"), ("B", "3"), ("b", "4"), ("Cookie", "x=1"), ("Cookie", "y=2")];
    for message in [sent(fields), given(fields)] {
        let kept: Vec<_> = message
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), str::from_utf8(value).unwrap()))
            .collect();
        assert!(kept.windows(expected.len()).any(|window| window == expected), "{kept:?}");
    }
}

#[test]
fn odd_blanks_are_written_anew() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    gate.ask("GET /app/x HTTP/1.1\r\nHost:a\r\nA:1\r\nB:   2\r\nC: 3  \t\r\nD:\t4\r\nE:\r\nF: \r\nG: a  b\tc\r\nH: 8\r\n\r\n");
    let received = String::from_utf8(server.received(0)).unwrap();
    let fields = "\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: \r\nF: \r\nG: a  b\tc\r\nH: 8\r\n";
    assert!(received.contains(fields), "{received}");
}

#[test]
fn bytes_beyond_ascii_pass_in_values() {
    let server = Server::always(b"HTTP/1.1 200 OK\r\nX: \xff\x80\xe4\r\nContent-Length: 0\r\n\r\n");
    let gate = Gate::before(&server);
    let answer = gate.ask(b"GET /app/x HTTP/1.1\r\nHost: a\r\nX: \xfe\x81\r\n\r\n");
    assert_eq!(answer.all("x"), ["\\xff\\x80\\xe4"]);
    assert_eq!(server.only().all("x"), ["\\xfe\\x81"]);
}

#[test]
fn a_length_is_written_anew() {
    let server = Server::always("HTTP/1.1 200 OK\r\ncontent-length: 0002\r\n\r\nok");
    let gate = Gate::before(&server);
    let answer = gate.ask("POST /app/x HTTP/1.1\r\nHost: a\r\nCONTENT-LENGTH:  0004\r\n\r\nbody");
    assert_eq!(answer.all("content-length"), ["2"]);
    let request = server.only();
    assert_eq!((request.all("content-length"), request.text()), (vec!["4".to_owned()], "body".to_owned()));
}

#[test]
fn a_stated_empty_body_stays_stated() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    gate.ask("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(server.only().field("content-length").as_deref(), Some("0"));
}

#[test]
fn a_date_is_added_where_the_server_gives_none() {
    assert!(given("").field("date").unwrap().ends_with(" GMT"));
    assert_eq!(given("Date: long ago\r\n").all("date"), ["long ago"]);
}

#[test]
fn the_query_passes_as_it_came() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    let queries = ["?", "??", "?a=%2F&b=%zz&%", "?a/../b;c//d", "?\"<>[]^`{|}\\", "?a=http://x/?y"];
    for query in queries {
        assert_eq!(
            client.ask(format!("GET /app/x{query} HTTP/1.1\r\nHost: a\r\n\r\n")).status(),
            200,
            "{query}"
        );
    }
    let targets: Vec<_> =
        server.requests().iter().map(|request| request.target()["/app/x".len()..].to_owned()).collect();
    assert_eq!(targets, queries);
}
