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

#[test]
fn what_is_refused_for_its_target_has_its_method_and_host() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    let targets = ["/a//b", "/product/a%2Fb", "/product/%ff", "/%zz", "no-path", "/a?b#c"];
    for target in targets {
        let answer = gate.ask(format!("PUT {target} HTTP/1.1\r\nHost: Shop.example:8080\r\n\r\n"));
        assert_eq!(answer.status(), 400, "{target}");
    }
    gate.ask("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
    let lines = gate.log(targets.len() + 1);
    for line in &lines[..targets.len()] {
        assert_eq!((&line["method"], &line["host"]), (&"PUT".into(), &"Shop.example:8080".into()), "{line}");
    }
    assert_eq!(
        (&lines[targets.len()]["method"], &lines[targets.len()]["host"]),
        (&"CONNECT".into(), &"a:80".into())
    );
}

#[test]
fn a_line_says_where_the_time_went() {
    let cue = Cue::default();
    let wait = cue.clone();
    let server = Server::new(move |connection| {
        loop {
            connection.request()?;
            wait.wait()?;
            connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")?;
            wait.wait()?;
            connection.write(b"ok")?;
        }
    });
    let gate = Gate::before(&server);
    let mut client = gate.client();
    // The clock moves only when told to, so that each time is exact.
    for request in 0..2 {
        client.send("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
        eventually("the server is asked", || server.requests().len() > request);
        gate.clock.advance(std::time::Duration::from_millis(300));
        cue.give();
        eventually("the head is there", || {
            client.stirs();
            client.held().ends_with(b"\r\n\r\n")
        });
        gate.clock.advance(std::time::Duration::from_millis(50));
        cue.give();
        assert_eq!(client.answer().text(), "ok");
    }
    client.ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    let lines = gate.log(3);
    for line in &lines[..2] {
        assert_eq!(line["first_byte_microseconds"], 300_000, "{line}");
        assert_eq!(line["microseconds"], 350_000, "{line}");
        assert_eq!((&line["upstream"], &line["tries"]), (&"app".into(), &1.into()), "{line}");
    }
    assert_eq!(lines[0]["connect_microseconds"], 0, "it was opened, and no time passed");
    assert!(lines[1].get("connect_microseconds").is_none(), "a kept one was used: {}", lines[1]);
    for absent in ["upstream", "server", "tries", "connect_microseconds", "first_byte_microseconds"] {
        assert!(lines[2].get(absent).is_none(), "{absent}: nobody was asked: {}", lines[2]);
    }
}

#[test]
fn every_try_counts() {
    let server = Server::ok();
    let gate = Gate::before(&server);
    // The first of the pair refuses; whose turn it is alternates.
    for _ in 0..2 {
        gate.ask("GET /pair/x HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    gate.ask("GET /dead HTTP/1.1\r\nHost: a\r\n\r\n");
    let lines = gate.log(3);
    let tries: Vec<_> = lines.iter().map(|line| line["tries"].as_u64().unwrap()).collect();
    assert_eq!(tries, [2, 1, 1]);
    assert_eq!(lines[2]["reason"], "upstream_refused");
    assert!(lines[2].get("first_byte_microseconds").is_none(), "{}", lines[2]);
}

#[test]
fn asking_again_over_a_fresh_connection_is_a_try() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        if connection.index > 0 {
            return Ok(());
        }
        // The kept connection dies with the next request.
        connection.request().map(|_| ())
    });
    let gate = Gate::before(&server);
    for _ in 0..2 {
        assert_eq!(gate.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").text(), "ok");
    }
    let lines = gate.log(2);
    assert_eq!((&lines[0]["tries"], &lines[1]["tries"]), (&1.into(), &2.into()), "{lines:?}");
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

/// A disk with room for so many bytes, which says whether it has failed for want of it.
#[derive(Clone, Default)]
struct Disk(std::sync::Arc<std::sync::Mutex<(Vec<u8>, usize, bool)>>);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut disk = self.0.lock().unwrap();
        let room = disk.1.min(bytes.len());
        if room == 0 {
            disk.2 = true;
            return Err(ErrorKind::StorageFull.into());
        }
        disk.0.extend_from_slice(&bytes[..room]);
        disk.1 -= room;
        Ok(room)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_that_an_error_cut_spoils_no_other() {
    // The room that there is before the disk is full: for nothing, or for a part of a line.
    for room in [0, 1, 100] {
        let server = Server::ok();
        let disk = Disk::default();
        disk.0.lock().unwrap().1 = room;
        let gate = Setup::app(&server).start_to(disk.clone());
        let mut client = gate.client();
        let mut ask = |path: &str| {
            client.ask(format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n"));
            gate.clock.advance(std::time::Duration::from_millis(250));
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        eventually("the disk is full", || {
            ask("early");
            disk.0.lock().unwrap().2
        });
        disk.0.lock().unwrap().1 = usize::MAX;
        let text = || String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
        eventually("lines are written again", || {
            ask("kept");
            text().matches("/kept").count() >= 3
        });
        let text = text();
        let (cut, whole) = text.split_at(room);
        assert!(!cut.contains('\n'));
        // Where nothing was begun, there is nothing to end.
        let whole = if room == 0 { whole } else { whole.strip_prefix('\n').expect("the cut line is ended") };
        let lines = whole.lines().map(serde_json::from_str::<serde_json::Value>);
        let lines: Vec<_> =
            lines.map(|line| line.unwrap_or_else(|error| panic!("{error}: {text}"))).collect();
        assert_eq!(lines[0]["event"], "log_lines_dropped", "{text}");
    }
}
