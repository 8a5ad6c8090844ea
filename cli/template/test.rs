//! The gateway as its clients see it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

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

/// The tests that stand in `gateway.gw`. They need `gw`, which builds the gateway as tests need it: that of the PATH, or the one
/// that the variable GW names.
#[test]
fn the_tests_of_the_gateway_pass() {
    let gw = std::env::var_os("GW").unwrap_or_else(|| "gw".into());
    let run = Command::new(gw).arg("test").current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let run = run.expect("gw is on the PATH, or GW names it");
    let said = [run.stdout, run.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(run.status.success(), "{said}");
}
