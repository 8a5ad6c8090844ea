//! The access log: one JSON line for each exchange, whatever clients write into it and whatever becomes of it.

use std::io::{Error, ErrorKind, Write};

use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::server::Server;
use gatewright_tests::{Cue, eventually};

#[test]
fn a_line_says_what_happened() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let mut client = gate.client();
    client.ask("POST /app/x?secret=1 HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\nbody");
    client.ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    let lines = gate.log(2);
    assert_eq!(lines.len(), 2);
    let line = &lines[0];
    let expect = |key: &str, value: serde_json::Value| assert_eq!(line[key], value, "{line}");
    expect("client", "127.0.0.1".into());
    expect("method", "POST".into());
    expect("host", "shop".into());
    expect("path", "/app/x".into());
    expect("status", 200.into());
    expect("received", 4.into());
    expect("sent", 2.into());
    expect("server", server.address.to_string().into());
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
    assert!(line["route"].as_str().unwrap().contains("/app/{rest: path}"), "{line}");
    assert!(line.get("reason").is_none(), "an answer of the server needs no reason");
    assert!(!line.to_string().contains("secret"));
    assert_eq!(lines[1]["reason"], "not_found");
}

#[test]
fn nothing_that_a_client_sends_makes_a_line_of_its_own() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let requests: [&[u8]; 6] = [
        b"GET /app/%0a%0d%22%7d%7b%22status%22:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /app/\"},{\"status\":1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"G\"T /app/x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /app/x HTTP/1.1\r\nHost: a\"\\\r\n\r\n",
        b"GET /app/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\xff\x00\"\n\n\r\n\r\n",
    ];
    for request in requests {
        gate.ask(request);
    }
    let lines = gate.log(requests.len());
    assert_eq!(lines.len(), requests.len());
    for line in lines {
        assert_ne!(line["status"], 1);
        assert!(line["method"].as_str().is_some_and(|method| !method.contains('"')));
    }
}

/// A log that fails.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Err(Error::from(ErrorKind::BrokenPipe))
    }
}

/// A log that nobody reads.
struct Blocked(Cue);

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.wait()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_log_that_fails_or_is_not_read_never_stops_traffic() {
    let server = Server::ok();
    for closed in [true, false] {
        let setup = Setup::app(&server);
        let gate = if closed { setup.start_to(Closed) } else { setup.start_to(Blocked(Cue::default())) };
        let mut client = gate.client();
        // Far more lines than are kept for a writer that is behind.
        let many = format!("GET /nowhere/{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(8000));
        for _ in 0..300 {
            assert_eq!(client.ask(&many).status(), 404);
            gate.clock.advance(std::time::Duration::from_millis(250));
        }
        assert_eq!(client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").text(), "ok");
    }
}

/// A log that counts.
#[derive(Clone, Default)]
struct Kept(std::sync::Arc<std::sync::Mutex<Vec<u8>>>, Cue);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.1.wait();
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_that_were_lost_are_counted() {
    let server = Server::ok();
    let log = Kept::default();
    let gate = Setup::app(&server).start_to(log.clone());
    let mut client = gate.client();
    let many = format!("GET /nowhere/{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(17_000));
    for _ in 0..100 {
        client.ask(&many);
    }
    for _ in 0..200 {
        log.1.give();
    }
    // The next lines tell of those before them.
    eventually("the loss is told", || {
        client.ask(&many);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
            && text.contains("{\"event\":\"log_lines_dropped\",\"count\":")
    });
}
