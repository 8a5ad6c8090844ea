//! The live page: what it says without scripts, the events that keep it up to date, and what a browser may do with it.

use std::collections::BTreeMap;
use std::time::Duration;

use gatewright_runtime::generated::{Label, Program, Route, Upstream};
use gatewright_tests::client::{Client, End};
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
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
    let written = include_str!("../../gateways/traffic.gw").lines();
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

/// Reads events, each as JSON.
struct Reader(Client);

impl Reader {
    fn open(gate: &Gate, path: &str) -> Self {
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

    fn next(&mut self) -> serde_json::Value {
        let event = self.until("\n\n");
        let data = event.strip_prefix("data: ").unwrap_or_else(|| panic!("{event}"));
        assert_eq!(data.trim_end_matches('\n').lines().count(), 1, "one line");
        serde_json::from_str(data).unwrap()
    }
}

/// The row of a table in an event whose key or name is this.
fn cells(event: &serde_json::Value, id: &str, name: &str) -> Vec<String> {
    let table = event["tables"].as_array().unwrap().iter().find(|table| table["id"] == id).unwrap();
    let text = |cell: &serde_json::Value| cell.as_str().or(cell["t"].as_str()).unwrap().to_owned();
    let rows = table["rows"].as_array().unwrap().iter().map(|row| row.as_array().unwrap());
    let mut rows = rows.map(|row| row.iter().map(text).collect::<Vec<_>>());
    rows.find(|row| row.iter().any(|cell| cell == name)).unwrap_or_else(|| panic!("no {name} in {table:#}"))
}

#[test]
fn an_event_each_second_says_what_the_page_says() {
    let gate = setup(&Server::ok()).start();
    let mut reader = Reader::open(&gate, "/live");
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
    let event = Reader::open(&gate, "/live?q=frail").next();
    assert_eq!(event["tables"][1]["rows"].as_array().unwrap().len(), 1);
    let shown = page(&gate, "/?q=nothing%20at%20all");
    assert!(table(&shown, "routes").is_empty() && shown.contains("No route matches the filter."));
}

#[test]
fn readers_are_few_and_a_ninth_is_told_so() {
    let gate = setup(&Server::ok()).start();
    let mut readers: Vec<Reader> = (0..8).map(|_| Reader::open(&gate, "/live")).collect();
    let refused = admin(&gate).ask(get("/live"));
    assert_eq!((refused.status(), refused.text().as_str()), (503, "there are 8 readers already\\n"));
    assert_eq!(refused.field("retry-after").as_deref(), Some("2"));
    // Everything else is answered all the same.
    assert_eq!(admin(&gate).ask(get("/healthz")).status(), 200);
    readers.iter_mut().for_each(|reader| drop(reader.next()));
    readers.pop();
    eventually("there is room again", || {
        let mut client = admin(&gate);
        client.send(get("/live"));
        client.read(12) == b"HTTP/1.1 200"
    });
}

#[test]
fn who_does_not_read_is_dropped() {
    let gate = setup(&Server::ok()).start();
    let mut slow: Vec<Client> = (0..8).map(|_| admin(&gate)).collect();
    for client in &mut slow {
        client.narrow().send(get("/live"));
    }
    eventually("all places are taken", || admin(&gate).ask(get("/live")).status() == 503);
    // Each event takes some room in the kernel, until there is none; five seconds later the reader is gone.
    gate.advance_until(Duration::from_secs(1), || {
        let mut client = admin(&gate);
        client.send(get("/live"));
        client.read(12) == b"HTTP/1.1 200"
    });
    eventually("one of them finds its connection closed", || slow.iter_mut().any(Client::ended));
    let most = slow.iter().map(|client| client.held().len()).max();
    assert!(most < Some(2 << 20), "what waits in the kernel is bounded: {most:?}");
}

#[test]
fn pages_that_are_open_end_with_the_order_to_stop() {
    let gate = setup(&Server::ok()).start();
    let mut readers: Vec<Reader> = (0..3).map(|_| Reader::open(&gate, "/live")).collect();
    readers.iter_mut().for_each(|reader| drop(reader.next()));
    // A client keeps the gateway from ending, and the clock stands still: the pages end all the same.
    let mut client = gate.client();
    client.ask(get("/who"));
    gate.drain();
    for reader in &mut readers {
        assert_eq!(reader.0.rest(), (Vec::new(), End::Closed));
    }
    let refused = admin(&gate).ask(get("/live"));
    assert_eq!((refused.status(), refused.text().as_str()), (503, "draining\\n"));
    eventually("the page says so", || {
        page(&gate, "/").contains("<span id=\"state\" class=\"state warn\">draining</span>")
    });
    drop(client);
    gate.join();
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

fn is_guarded(answer: &Message) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("connection", "close"),
    ] {
        // Values are shown escaped.
        assert_eq!(answer.field(name).map(|it| it.replace('\\', "")).as_deref(), Some(value), "{answer:#?}");
    }
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let gate = setup(&Server::ok()).start();
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
        ("/build", "application/json"),
        ("/healthz", "text/plain; charset=utf-8"),
    ] {
        let answer = admin(&gate).ask(get(path));
        is_guarded(&answer);
        assert_eq!((answer.status(), answer.field("content-type").as_deref()), (200, Some(kind)));
        let mut client = admin(&gate);
        client.send(get(path).replace("GET", "HEAD"));
        let head = client.answer_to_head();
        is_guarded(&head);
        assert!(head.body.is_empty() && client.ends_in_order());
        let refused = admin(&gate).ask(get(path).replace("GET", "POST"));
        is_guarded(&refused);
        assert_eq!((refused.status(), refused.field("allow").as_deref()), (405, Some("GET, HEAD")));
    }
    for request in [get("/other"), "\0\r\n\r\n".into(), "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n".into()]
    {
        is_guarded(&admin(&gate).ask(request));
    }
    // Nothing in the page is run or styled that is not a file of its own.
    let shown = page(&gate, "/");
    let handles = |rest: &str| rest.trim_start_matches(char::is_alphanumeric).starts_with('=');
    assert!(
        !shown.contains("<style") && !shown.contains(" style=") && !shown.split(" on").skip(1).any(handles)
    );
    assert_eq!(shown.matches("<script").count(), 1);
    assert!(shown.contains("<script src=\"/page.js\" defer></script>"));
    let mut head = admin(&gate);
    head.send("HEAD /live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(head.answer_to_head().field("content-type").as_deref(), Some("text/event-stream"));
}

#[test]
fn a_name_of_somebody_elses_is_answered_nothing_in_a_browser() {
    let gate = setup(&Server::ok()).start();
    let ask = |path: &str, host: &str, more: &str| {
        admin(&gate).ask(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"))
    };
    for path in ["/", "/live", "/?q=a"] {
        let refused = ask(path, "rebound.example:9900", "");
        assert_eq!(refused.status(), 421, "{path}");
        assert!(refused.text().starts_with("a browser may ask only by an address"));
    }
    // Tools call it as they like; a browser's script cannot pass for one.
    assert_eq!(ask("/metrics", "rebound.example", "").status(), 200);
    assert_eq!(ask("/metrics", "rebound.example", "Accept-Language: en\r\n").status(), 421);
    assert_eq!(ask("/metrics", "127.0.0.1:9900", "Accept-Language: en\r\n").status(), 200);
    // The target may name the host (RFC 9112 section 3.2.2).
    assert_eq!(
        admin(&gate).ask("GET http://rebound.example/ HTTP/1.1\r\nHost: rebound.example\r\n\r\n").status(),
        421
    );
    assert_eq!(ask("/", "localhost:9900", "").status(), 200);
}

/// A text in the place of every name that a program has.
const MARKUP: &str = "</script><script>alert('1')</script><img src=x onerror=\"alert(2)\">&amp;";

#[test]
fn nothing_that_stands_in_a_program_or_a_request_becomes_markup() {
    let program = program::traffic();
    let text: &'static str = Box::leak(format!("{}{MARKUP}", program.text).into_boxed_str());
    let label = Label {
        start: u32::try_from(program.text.len()).unwrap(),
        len: u16::try_from(MARKUP.len()).unwrap(),
    };
    let routes: Vec<Route> = program.routes.iter().map(|route| Route { label, ..*route }).collect();
    let upstreams: Vec<Upstream> =
        program.upstreams.iter().map(|it| Upstream { name: MARKUP, ..*it }).collect();
    let program = Program {
        name: MARKUP,
        text,
        routes: routes.leak(),
        upstreams: upstreams.leak(),
        files: vec![label].leak(),
        ..*program
    };
    let gate = Setup { program: Box::leak(Box::new(program)), ..Setup::app(&Server::ok()) }.start();
    let attack = "%3C/script%3E%3Cscript%3Ealert(3)%3C/script%3E";
    gate.ask(format!("GET /dead?{attack} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: <script>alert(4)</script>\r\nX-Forwarded-For: <script>alert(5)</script>\r\n\r\n"));
    gate.ask(format!(
        "GET /dead?{attack} HTTP/1.1\r\nHost: 127.0.0.1\r\nReferer: <script>alert(4)</script>\r\n\r\n"
    ));
    gate.ask(get(&format!("/{attack}")));
    counted(&gate, 3);
    for path in
        ["/".to_owned(), format!("/?q={attack}"), "/?q=%22%3E%3Cimg%20src=x%20onerror=alert(6)%3E".to_owned()]
    {
        let shown = page(&gate, &path);
        assert_eq!(shown.matches("<script").count(), 1, "{path}");
        assert!(
            !shown.contains("<img") && !shown.contains("alert(4)") && !shown.contains("alert(5)"),
            "{path}"
        );
        assert!(path != "/" || shown.contains("<h1>&lt;/script&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(2)&quot;&gt;&amp;amp; "));
        let event = Reader::open(&gate, &path.replacen('/', "/live", 1)).next();
        if path == "/" {
            assert_eq!(cells(&event, "latest", "upstream_refused")[4], MARKUP);
        }
    }
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
    let events = Reader::open(&gate, "/live").next();
    assert_eq!(events["tables"][0]["rows"].as_array().unwrap().len(), 100);
}
