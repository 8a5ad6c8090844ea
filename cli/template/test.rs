//! The gateway as its clients see it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use gatewright_runtime::generated::{Options, start};

include!(concat!(env!("OUT_DIR"), "/gateway.rs"));

/// The whole answer to a request, from a gateway that listens on a port of its own.
fn ask(request: &str) -> String {
    let options = Options { listen: vec![(Ipv4Addr::LOCALHOST, 0).into()], ..Options::default() };
    let gateway = start(&PROGRAM, options).expect("the gateway starts");
    let mut stream = TcpStream::connect(gateway.addresses()[0]).expect("it accepts");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    gateway.cut();
    gateway.join();
    answer
}

#[test]
fn the_status_is_ok() {
    let answer = ask("GET /status HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("{\"ok\":true}"), "{answer}");
}
