//! Functions of a crate beside the gateway, by `gw build`: what rustc has against them is said in words of the program, and what it takes
//! is linked and answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use common::Folder;

/// A program that runs, and ends with whoever started it.
struct Gateway(Child);

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const MANIFEST: &str =
    "[package]\nname = \"greet-them\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";

fn program(port: u16) -> String {
    format!(
        "gateway greeter {{\n  listen http 127.0.0.1:{port}\n  crate greet \"own/greet\"\n}}\ntype Who {{ name: string(1..20), year: int? }}\n\
         route POST /hello {{\n  body Who\n  handler greet::words::hello(body, client.ip) within 1s\n}}\n"
    )
}

fn crate_of(hello: &str) -> String {
    format!(
        "//! Words.\npub mod words {{\n    pub struct Who {{ pub name: String, pub year: Option<i64> }}\n{hello}\n}}\n"
    )
}

const TEST: &str = r#"
test "it prints" {
  POST /hello body { name: "Ada" } => 200 contains "hello Ada"
  after 1s
  POST /hello body { name: "Ada" } => 200 contains "hello Ada"
}
"#;

const RIGHT: &str = "    pub async fn hello(who: Who, from: std::net::IpAddr) -> Result<String, String> {\n        \
    println!(\"somebody says hello\");\n        \
    if who.year.is_some_and(|year| year < 0) { return Err(\"too early\".to_owned()); }\n        \
    Ok(format!(\"hello {} at {from}\", who.name))\n    }";

/// One test, since its steps share one folder: cargo builds one after the other in any case.
#[test]
fn what_rustc_refuses_is_said_of_the_program_and_what_it_takes_answers() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = Folder::named(
        "handlers",
        &[("gateway.gw", &program(port)), ("own/greet/Cargo.toml", MANIFEST), ("own/greet/src/lib.rs", "")],
    );
    let entry = folder.path().join("gateway.gw");
    let build = |source: &str| {
        folder.write("own/greet/src/lib.rs", source);
        folder.gw(&["build", entry.to_str().unwrap(), "--out", "greeter"])
    };

    // No such function; one that takes something else; a type with other fields; an answer that is none.
    let wrong = [
        ("", "cannot find function `hello`"),
        ("    pub async fn hello(who: Who, from: String) -> String { from + &who.name }", "mismatched types"),
        ("    pub async fn hello(who: Who) -> String { who.name }", "takes 1 argument but 2"),
        (
            "    pub async fn hello(_: Who, _: std::net::IpAddr) -> u8 { 7 }",
            "`impl Future<Output = u8>` is nothing that a handler can answer",
        ),
        (
            "    pub fn hello(_: Who, _: std::net::IpAddr) -> u8 { 7 }",
            "`u8` is nothing that a handler can answer",
        ),
    ];
    for (hello, said) in wrong {
        let ran = build(&crate_of(hello));
        assert_eq!(ran.code, 1, "{said}: {ran:?}");
        assert!(
            ran.err.contains("error[handler_refused]: `greet::words::hello` cannot be called so"),
            "{ran:?}"
        );
        assert!(ran.err.contains("gateway.gw:8:11") && ran.err.contains(said), "{said}: {}", ran.err);
        assert!(!ran.err.contains("bug of gatewright") && !ran.err.contains("src/gateway.rs"), "{}", ran.err);
    }
    let ran = build(&crate_of(RIGHT).replace("pub name: String", "pub first: String"));
    assert!(
        ran.code == 2 && ran.err.contains("the crate in") && ran.err.contains("no field `name`"),
        "{}",
        ran.err
    );
    let ran = build(&crate_of(RIGHT).replace("pub year", "pub age: u8, pub year"));
    assert!(ran.code == 1 && ran.err.contains("missing field `age`"), "{}", ran.err);

    let ran = build(&crate_of(RIGHT));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let gateway =
        Command::new(folder.path().join("greeter")).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut gateway = Gateway(gateway.unwrap());
    let mut line = String::new();
    BufReader::new(gateway.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let answer = ask(port, r#"{"name":"Ada"}"#);
    let failure = ask(port, r#"{"name":"Ada","year":-1}"#);
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello Ada at 127.0.0.1"),
        "{line}{answer}"
    );
    assert!(failure.starts_with("HTTP/1.1 500 ") && failure.contains("handler_failed"), "{failure}");
    assert!(!failure.contains("too early"), "{failure}");

    // What it prints is no answer to `gw test`.
    folder.write("gateway.gw", &format!("{}{TEST}", program(port)));
    let ran = folder.gw(&["test", entry.to_str().unwrap()]);
    assert!(ran.code == 0 && ran.out.contains("it prints"), "{ran:?}");
}

fn ask(port: u16, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(stream, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_crate_that_is_not_there_is_a_problem_of_the_program() {
    let folder = Folder::with(&[("gateway.gw", &program(8080))]);
    let ran = folder.gw(&["check"]);
    assert!(ran.code == 1 && ran.err.contains("there is no file `own/greet/Cargo.toml`"), "{ran:?}");
    folder.write("own/greet/Cargo.toml", "[package");
    let ran = folder.gw(&["build"]);
    assert!(ran.code == 2 && ran.err.contains("own/greet/Cargo.toml: "), "{ran:?}");
}
