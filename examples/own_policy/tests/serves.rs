//! The gateway, with its policy, as it runs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A program that runs, and ends with whoever started it.
struct Gateway(Child);

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn programs_are_turned_away_where_the_text_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let gateway = Command::new(env!("CARGO_BIN_EXE_own_policy"))
        .args(["--served-at", &free])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut gateway = Gateway(gateway.unwrap());
    let mut line = String::new();
    BufReader::new(gateway.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, format!("shop listens on http://{free}\n"));
    let ask = |path: &str, agent: &str| {
        let mut stream = TcpStream::connect(&free).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answers = [ask("/shop/tea", "Mosaic"), ask("/shop/tea", "curl/8.5.0"), ask("/status", "curl/8.5.0")];
    let [person, program, elsewhere] = answers;
    assert!(person.starts_with("HTTP/1.1 200 OK\r\n") && person.ends_with("tea for people"), "{person}");
    assert!(program.starts_with("HTTP/1.1 403 ") && program.contains("\"reason\":\"denied\""), "{program}");
    assert!(elsewhere.starts_with("HTTP/1.1 200 OK\r\n"), "{elsewhere}");
}
