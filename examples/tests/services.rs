//! The services, spoken to over real sockets as a gateway does.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use gatewright_examples::connection::Handler;
use gatewright_examples::{orders, serve, users};

/// Sends bytes to a service on a port of its own, and returns all it answers until it closes.
fn exchange(handler: Handler, bytes: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    thread::spawn(move || serve("service", &listener, handler));
    client.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn answers_two_requests_on_one_connection_in_order() {
    let answer = exchange(
        orders::answer,
        "GET /v2/orders/7 HTTP/1.1\r\nHost: x\r\n\r\n\
         GET /v2/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    let one = answer.find(r#"{"id":"7","status":"shipped"}"#).unwrap();
    assert!(answer.get(one..).unwrap().contains(r#"[{"id":"1""#), "{answer}");
}

#[test]
fn a_new_order_is_created_and_shown() {
    let answer = exchange(
        orders::answer,
        "POST /v2/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: 13\r\n\r\n{\"sku\":\"tea\"}",
    );
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert!(
        answer.contains("Location: /v2/orders/3\r\n") && answer.ends_with("{\"sku\":\"tea\"}"),
        "{answer}"
    );
}

#[test]
fn an_echo_asks_for_the_body_that_the_client_holds_back() {
    let answer = exchange(
        users::answer,
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n\
         Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n2\r\nhi\r\n0\r\n\r\n"), "{answer}");
}

#[test]
fn a_user_shows_what_the_service_saw() {
    let answer = exchange(
        users::answer,
        "GET /users/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nVia: 1.1 \"a\"\r\n\r\n",
    );
    assert!(answer.contains(r#""seen":{"host":"x","via":"1.1 \"a\""}"#), "{answer}");
}

#[test]
fn an_unclear_request_is_refused_and_the_connection_closed() {
    let answer = exchange(users::answer, "GET /users/1 HTTP/1.1\nHost: x\n\n");
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"), "{answer}");
}
