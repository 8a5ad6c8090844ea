//! The events that keep the live page up to date: what they say, for how many, and how they end.

use std::time::Duration;

use gatewright_tests::client::{Client, End};
use gatewright_tests::eventually;
use gatewright_tests::gate::Gate;
use gatewright_tests::server::Server;

use super::{admin, counted, get, page, setup, table};

/// Reads events, each as JSON.
pub struct Reader(Client);

impl Reader {
    pub fn open(gate: &Gate, path: &str) -> Self {
        let mut client = admin(gate);
        client.send(get(path));
        let mut reader = Self(client);
        let head = reader.until("\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"), "{head}");
        assert!(
            !head.to_lowercase().contains("content-length") && head.contains("Cache-Control: no-store\r\n")
        );
        assert_eq!(reader.until("\n"), "retry: 1000\n");
        reader
    }

    fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            read.extend(self.0.read(1));
        }
        String::from_utf8(read).unwrap()
    }

    pub fn next(&mut self) -> serde_json::Value {
        let event = self.until("\n\n");
        let data = event.strip_prefix("data: ").unwrap_or_else(|| panic!("{event}"));
        assert_eq!(data.trim_end_matches('\n').lines().count(), 1, "one line");
        serde_json::from_str(data).unwrap()
    }
}

/// The row of a table in an event whose key or name is this.
pub fn cells(event: &serde_json::Value, id: &str, name: &str) -> Vec<String> {
    let table = event["tables"].as_array().unwrap().iter().find(|table| table["id"] == id).unwrap();
    let text = |cell: &serde_json::Value| cell.as_str().or(cell["t"].as_str()).unwrap().to_owned();
    let rows = table["rows"].as_array().unwrap().iter().map(|row| row.as_array().unwrap());
    let mut rows = rows.map(|row| row.iter().map(text).collect::<Vec<_>>());
    rows.find(|row| row.iter().any(|cell| cell == name)).unwrap_or_else(|| panic!("no {name} in {table:#}"))
}

#[test]
fn an_event_each_second_says_what_the_page_says() {
    let gate = setup(&Server::ok()).start();
    let mut reader = Reader::open(&gate, "/events");
    let first = reader.next();
    assert_eq!(first["state"], serde_json::json!(["good", "ready"]));
    assert_eq!(cells(&first, "routes", "GET /who")[3..6], ["0", "0", "0"]);
    for _ in 0..30 {
        gate.ask(get("/who"));
    }
    counted(&gate, 30);
    assert!(!reader.0.stirs(), "the clock stands still");
    gate.clock.advance(Duration::from_secs(10));
    let second = reader.next();
    assert_eq!(cells(&second, "routes", "GET /who")[3..6], ["3.0", "3.0", "3.0"]);
    assert_eq!(
        (second["facts"]["uptime"].as_str(), second["facts"]["rate"].as_str()),
        (Some("10 s"), Some("3.0"))
    );
    // Word by word what the page says.
    let shown = page(&gate, "/");
    for (name, row) in table(&shown, "routes") {
        let name = name.split(" (").next().unwrap();
        let event = cells(&second, "routes", &name.replace("&quot;", "\""));
        let named: Vec<&String> =
            event.iter().skip(1).enumerate().filter(|(at, _)| *at != 1).map(|(_, it)| it).collect();
        assert_eq!(named, row.iter().collect::<Vec<_>>(), "{name}");
    }
    gate.clock.advance(Duration::from_millis(999));
    assert!(!reader.0.stirs(), "not yet");
    gate.clock.advance(Duration::from_millis(1));
    assert_eq!(reader.next()["facts"]["uptime"], "11 s");
    // A reader that goes makes room.
    drop(reader);
}

#[test]
fn a_filter_shows_only_rows_that_hold_it() {
    let gate = setup(&Server::ok()).start();
    let shown = page(&gate, "/?q=%2FAPP%2F");
    assert_eq!(table(&shown, "routes").len(), 1);
    assert!(shown.contains(">1 that match, in order of precedence") && shown.contains("value=\"/APP/\""));
    assert!(table(&page(&gate, "/?q=frail"), "upstreams").len() == 1);
    let event = Reader::open(&gate, "/events?q=frail").next();
    assert_eq!(event["tables"][1]["rows"].as_array().unwrap().len(), 1);
    let shown = page(&gate, "/?q=nothing%20at%20all");
    assert!(table(&shown, "routes").is_empty() && shown.contains("No route matches the filter."));
}

#[test]
fn readers_are_few_and_a_ninth_is_told_so() {
    let gate = setup(&Server::ok()).start();
    let mut readers: Vec<Reader> = (0..8).map(|_| Reader::open(&gate, "/events")).collect();
    let refused = admin(&gate).ask(get("/events"));
    assert_eq!((refused.status(), refused.text().as_str()), (503, "there are 8 readers already\\n"));
    assert_eq!(refused.field("retry-after").as_deref(), Some("2"));
    // Everything else is answered all the same.
    assert_eq!(admin(&gate).ask(get("/healthz")).status(), 200);
    for reader in &mut readers {
        reader.next();
    }
    readers.pop();
    eventually("there is room again", || {
        let mut client = admin(&gate);
        client.send(get("/events"));
        client.read(12) == b"HTTP/1.1 200"
    });
}

#[test]
fn who_does_not_read_is_dropped() {
    let gate = setup(&Server::ok()).start();
    let mut slow: Vec<Client> = (0..8).map(|_| admin(&gate)).collect();
    for client in &mut slow {
        client.narrow().send(get("/events"));
    }
    // Whoever comes before the last of them has got its place is answered, and goes again.
    let status = || {
        let mut client = admin(&gate);
        client.send(get("/events")).read(12)
    };
    eventually("all places are taken", || status() == b"HTTP/1.1 503");
    // Each event takes some room in the kernel, until there is none; five seconds later the reader is gone.
    gate.advance_until(Duration::from_secs(1), || status() == b"HTTP/1.1 200");
    eventually("one of them finds its connection closed", || slow.iter_mut().any(Client::ended));
    let most = slow.iter().map(|client| client.held().len()).max();
    assert!(most < Some(2 << 20), "what waits in the kernel is bounded: {most:?}");
}

#[test]
fn pages_that_are_open_end_with_the_order_to_stop() {
    let gate = setup(&Server::ok()).start();
    let mut readers: Vec<Reader> = (0..3).map(|_| Reader::open(&gate, "/events")).collect();
    for reader in &mut readers {
        reader.next();
    }
    // A client keeps the gateway from ending, and the clock stands still: the pages end all the same.
    let mut client = gate.client();
    client.ask(get("/who"));
    gate.drain();
    for reader in &mut readers {
        assert_eq!(reader.0.rest(), (Vec::new(), End::Closed));
    }
    let refused = admin(&gate).ask(get("/events"));
    assert_eq!((refused.status(), refused.text().as_str()), (503, "draining\\n"));
    eventually("the page says so", || {
        page(&gate, "/").contains("<span id=\"state\" class=\"state warn\">draining</span>")
    });
    drop(client);
    gate.join();
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    let gate = setup(&Server::ok()).start();
    let mut reader = Reader::open(&gate, "/events");
    reader.next();
    // The clock stands still: none of them has had its time.
    let mut idle: Vec<Client> = (0..40).map(|_| admin(&gate)).collect();
    for _ in 0..40 {
        let mut client = admin(&gate);
        assert_eq!(client.ask(get("/healthz")).status(), 200);
        idle.push(client);
    }
    assert!(idle[0].ends(), "the oldest has made room");
    gate.advance_until(Duration::from_secs(1), || reader.0.stirs());
    reader.next();
}
