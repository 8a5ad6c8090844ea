//! The live page: what it says without scripts; beside this, the events that keep it up to date, and what a browser may do with it.

mod events;
mod guard;
mod live;

use std::collections::BTreeMap;
use std::time::Duration;

use gatewright_runtime::generated::{Label, Program, Route};
use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::names::NameServer;
use gatewright_tests::server::Server;
use gatewright_tests::{eventually, program};

fn setup(server: &Server) -> Setup {
    Setup { program: program::traffic(), ..Setup::app(server) }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
}

fn admin(gate: &Gate) -> Client {
    Client::connect(gate.admin.expect("an admin listener"))
}

fn page(gate: &Gate, path: &str) -> String {
    let answer = admin(gate).ask(get(path));
    assert_eq!(answer.status(), 200, "{answer:#?}");
    assert_eq!(answer.field("content-type").as_deref(), Some("text/html; charset=utf-8"));
    String::from_utf8(answer.body).unwrap()
}

/// Waits until so many exchanges have been counted.
fn counted(gate: &Gate, exchanges: usize) {
    let series = format!("\ngatewright_worker_requests_total{{worker=\"0\"}} {exchanges}\n");
    let metrics = || String::from_utf8(admin(gate).ask(get("/metrics")).body).unwrap();
    eventually("exchanges are counted", || metrics().contains(&series));
}

/// The rows of a table: the name of each, and the texts of its cells.
fn table(page: &str, id: &str) -> BTreeMap<String, Vec<String>> {
    let table = page.split_once(&format!("<table id=\"{id}\">")).expect("the table is there").1;
    let body = table.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
    let rows = body.split("<tr ").skip(1).map(|row| {
        let name = text(row.split_once("<th scope=\"row\"").unwrap().1);
        let cells = row.split("<td ").skip(1).map(text).collect();
        (name, cells)
    });
    rows.collect()
}

/// What a person reads of a cell.
fn text(cell: &str) -> String {
    let Some((_, text)) = cell.split_once("<span>") else { return String::new() };
    let (text, rest) = text.split_once("</span>").unwrap();
    let more = rest.strip_prefix(" <small>").and_then(|more| more.split_once("</small>"));
    more.map_or_else(|| text.to_owned(), |(more, _)| format!("{text} ({more})"))
}

fn fact(page: &str, key: &str) -> String {
    let fact = page.split_once(&format!("id=\"fact-{key}\">")).expect("the fact is there").1;
    fact.split_once('<').unwrap().0.to_owned()
}

fn row<'a>(table: &'a BTreeMap<String, Vec<String>>, start: &str) -> Vec<&'a str> {
    let found = table.iter().find(|(name, _)| name.starts_with(start));
    found.unwrap_or_else(|| panic!("no {start} in {table:#?}")).1.iter().map(String::as_str).collect()
}

#[test]
fn without_scripts_the_page_has_the_exact_numbers() {
    let gate = setup(&Server::ok()).start();
    let mut client = gate.client();
    for _ in 0..20 {
        client.ask(get("/who"));
    }
    for _ in 0..5 {
        client.ask(get("/dead"));
    }
    for _ in 0..3 {
        client.ask(get("/nowhere"));
    }
    counted(&gate, 28);
    gate.clock.advance(Duration::from_secs(10));
    let shown = page(&gate, "/");
    let routes = table(&shown, "routes");
    let written = include_str!("../../../gateways/traffic.gw").lines();
    let line = 1 + written.take_while(|line| !line.starts_with("route GET  /who")).count();
    let who = row(&routes, &format!("GET /who (gateways/traffic.gw:{line})"));
    // Precedence, three rates, the trend, errors, three quantiles, all.
    assert_eq!(who[1..], ["2.0", "2.0", "2.0", "", "0%", "0.3 ms", "0.5 ms", "0.5 ms", "20"]);
    assert_eq!(
        row(&routes, "* /dead")[1..],
        ["0.5", "0.5", "0.5", "", "100%", "0.3 ms", "0.5 ms", "0.5 ms", "5"]
    );
    assert_eq!(row(&routes, "no route")[..4], ["–", "0.3", "0.3", "0.3"]);
    assert_eq!(row(&routes, "GET /moved")[1..], ["0", "0", "0", "", "–", "–", "–", "–", "0"]);
    // Of two routes with one name there is one row.
    assert!(
        row(&routes, "GET /where (gateways/traffic.gw")[9] == "0"
            && routes.keys().any(|name| name.ends_with("and 1 more)"))
    );
    let servers = table(&shown, "servers");
    assert_eq!(servers.keys().filter(|name| *name == "127.0.0.1:9001").count(), 1);
    let reasons = table(&shown, "reasons");
    let refused = reasons.iter().find(|(name, _)| name.starts_with("upstream_refused (")).unwrap().1;
    assert_eq!(refused[..], ["502", "5", "5", "5", "5"]);
    assert_eq!(row(&reasons, "not_found (")[..], ["404", "3", "3", "3", "3"]);
    assert!(!reasons.keys().any(|name| name.starts_with("respond")), "an answer is no refusal");
    assert_eq!((fact(&shown, "uptime"), fact(&shown, "workers")), ("10 s".into(), "1".into()));
    assert_eq!((fact(&shown, "generation"), fact(&shown, "connections")), ("1".into(), "1".into()));
    assert_eq!((fact(&shown, "rate"), fact(&shown, "failed")), ("2.8".into(), "17.9%".into()));
    assert!(shown.contains(&format!("sources {}", &program::traffic().source_hash[..12])));
    // Ten seconds later nothing has come in the last ten, and half as much in what is told of a minute.
    gate.clock.advance(Duration::from_secs(10));
    let shown = page(&gate, "/");
    assert_eq!(row(&table(&shown, "routes"), "GET /who (")[1..4], ["0", "1.0", "1.0"]);
    // A quarter of an hour later only the total is left, and of times only that there were none lately.
    for _ in 0..16 {
        gate.clock.advance(Duration::from_mins(1));
        page(&gate, "/");
    }
    let shown = page(&gate, "/");
    let who = table(&shown, "routes");
    assert_eq!(row(&who, "GET /who (")[1..], ["0", "0", "0", "", "–", "–", "–", "–", "20"]);
    assert_eq!(row(&table(&shown, "reasons"), "not_found (")[..], ["404", "0", "0", "0", "3"]);
}

#[test]
fn it_shows_what_is_known_of_servers_breakers_and_queues() {
    let server = Server::ok();
    let gate = setup(&server).start();
    let before = page(&gate, "/");
    assert!(before.contains("<section id=\"alerts\" aria-labelledby=\"alerts-title\" hidden>"));
    // The server that refuses is left out after one failure, and the breaker opens after two.
    for path in ["/frail", "/frail", "/brittle", "/brittle", "/brittle"] {
        gate.ask(get(path));
    }
    counted(&gate, 5);
    let shown = page(&gate, "/");
    let upstreams = table(&shown, "upstreams");
    assert_eq!(row(&upstreams, "frail")[0], "1 of 2");
    assert_eq!(row(&upstreams, "brittle")[..2], ["1 of 1", "open (5 s left, opened 1×, 1 refused)"]);
    assert_eq!(row(&upstreams, "narrow")[2..4], ["0 (of 1)", "0 (of 1)"]);
    let failures = |name: &str| row(&upstreams, name)[6].to_owned();
    assert_eq!(
        (failures("frail"), failures("brittle"), failures("app")),
        ("1 (33.3%)".into(), "2 (100%)".into(), "–".into())
    );
    let all: Vec<&str> = shown.split("<table id=\"servers\">").nth(1).unwrap().split("<tr ").collect();
    let of = |upstream: &str, server: &str| {
        let found =
            all.iter().find(|row| row.contains(&format!("<span>{upstream}</span>")) && row.contains(server));
        found.unwrap().split("<td ").map(text).collect::<Vec<_>>()
    };
    assert_eq!(of("frail", "127.0.0.1:9001")[2], "ejected (30 s left)");
    assert_eq!(of("frail", "127.0.0.1:9000")[2], "in");
    assert_eq!(of("app", "127.0.0.1:9000")[2], "not watched");
    assert!(shown.contains(
        "<li>Upstream brittle: its breaker is open.</li><li>Upstream frail: 1 of 2 servers out.</li>"
    ));
    let latest = shown.split("<table id=\"latest\">").nth(1).unwrap().split("</tbody>").next().unwrap();
    let latest = latest
        .split("<tr ")
        .skip(1)
        .map(|row| row.split("<td ").skip(1).map(text).collect::<Vec<_>>().join(" "));
    let latest: Vec<String> = latest.collect();
    assert_eq!(
        latest,
        [
            "breaker_open 503 GET /brittle",
            "upstream_refused 502 GET /brittle",
            "upstream_refused 502 GET /brittle"
        ]
    );
    // It goes on: half open when its time is over, and in again.
    gate.clock.advance(Duration::from_secs(31));
    let later = page(&gate, "/");
    assert_eq!(
        row(&table(&later, "upstreams"), "brittle")[1],
        "half open (1 probes decide, opened 1×, 1 refused)"
    );
    assert_eq!(row(&table(&later, "upstreams"), "frail")[0], "2 of 2");
}

#[test]
fn it_shows_the_addresses_of_a_name_and_how_old_they_are() {
    let names = NameServer::new();
    names.set("orders.internal", 10, &["A 127.0.1.1"]);
    let (one, other) = (Server::ok(), Server::ok());
    let setup = Setup { program: program::names(), name_server: Some(names.address), ..Setup::app(&one) };
    let at = |last: u8| std::net::SocketAddr::from(([127, 0, 1, last], 9041));
    let gate = setup.place(at(1), one.address).place(at(2), other.address).start();
    let servers = || table(&page(&gate, "/?q=gentle"), "servers");
    let shown = servers();
    let name = row(&shown, "orders.internal:9041");
    assert_eq!((name[1], name[9], shown.len()), ("1 of 1 in", "0 s", 2), "{shown:#?}");
    assert_eq!(row(&shown, &one.address.to_string())[1], "not watched");
    // Another address comes with the next look, and has less than its share for a while.
    names.set("orders.internal", 10, &["A 127.0.1.1", "A 127.0.1.2"]);
    gate.advance_until(Duration::from_secs(1), || servers().len() == 3);
    gate.clock.advance(Duration::from_secs(2));
    let shown = servers();
    assert_eq!(row(&shown, "orders.internal:9041")[1], "2 of 2 in");
    let fresh = row(&shown, &other.address.to_string())[1];
    assert!(fresh.starts_with("slow start (") && fresh.ends_with(" s left)"), "{fresh}");
    assert_ne!(row(&shown, "orders.internal:9041")[9], "0 s");
    gate.clock.advance(Duration::from_secs(11));
    assert_eq!(row(&servers(), &other.address.to_string())[1], "not watched");
    // A name that was never found has no address, which needs a look.
    let late = page(&gate, "/?q=watched");
    assert_eq!(row(&table(&late, "servers"), "watched.internal:9043")[1], "no address");
    assert!(late.contains("<li>Upstream watched: it has no address.</li>"));
}

#[test]
fn what_is_under_way_is_shown_until_it_is_over() {
    let cue = gatewright_tests::Cue::default();
    let wait = cue.clone();
    let server = Server::new(move |connection| {
        loop {
            connection.request()?;
            wait.wait()?;
            connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        }
    });
    let gate = setup(&server).start();
    let mut clients: Vec<Client> = (0..3).map(|_| gate.client()).collect();
    for client in &mut clients {
        client.send(get("/narrow"));
    }
    let numbers = || {
        let shown = page(&gate, "/");
        let narrow = table(&shown, "upstreams");
        let narrow = row(&narrow, "narrow");
        (fact(&shown, "flight"), fact(&shown, "waiting"), narrow[2].to_owned(), narrow[3].to_owned())
    };
    // One has the only place, one waits, and one is refused.
    let expected = ("1".to_owned(), "1".to_owned(), "1 (of 1)".to_owned(), "1 (of 1, 1 refused)".to_owned());
    eventually("all have come", || numbers() == expected);
    for _ in 0..2 {
        cue.give();
    }
    for client in &mut clients {
        client.answer();
    }
    eventually("all are over", || numbers().0 == "0" && numbers().1 == "0");
}

#[test]
fn with_ten_thousand_routes_the_page_shows_the_busiest() {
    let program = program::traffic();
    let mut text = program.text.to_owned();
    let mut routes = program.routes.to_vec();
    let last = routes[routes.len() - 1];
    for number in 0..10_000 {
        let label = format!("GET /made/{number}");
        let (start, len) = (u32::try_from(text.len()).unwrap(), u16::try_from(label.len()).unwrap());
        text.push_str(&label);
        routes.push(Route { label: Label { start, len }, line: 100 + number, ..last });
    }
    let program = Program { text: Box::leak(text.into_boxed_str()), routes: routes.leak(), ..*program };
    let gate = Setup { program: Box::leak(Box::new(program)), ..Setup::app(&Server::ok()) }.start();
    for _ in 0..3 {
        gate.ask("DELETE /pair/x HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    counted(&gate, 3);
    gate.clock.advance(Duration::from_secs(1));
    let shown = page(&gate, "/");
    let all = table(&shown, "routes");
    assert_eq!(all.len(), 100);
    assert_eq!(row(&all, "* /pair/{rest: path}")[1], "3.0");
    assert!(shown.contains(">100 of 10,0"), "it says so");
    assert!(shown.contains(": those with most to tell. Filter for others.</p>"));
    assert!(shown.len() < 256 * 1024, "{} bytes", shown.len());
    let shown = page(&gate, "/?q=made/9999");
    assert_eq!(table(&shown, "routes").len(), 1);
    assert!(row(&table(&shown, "routes"), "GET /made/9999 (gateways/traffic.gw:10099)")[9] == "0");
    let events = events::Reader::open(&gate, "/events").next();
    assert_eq!(events["tables"][0]["rows"].as_array().unwrap().len(), 100);
}
