//! What a gateway tells of itself: each metric moves by an exact amount, and the listener that tells it is bounded.

#![allow(clippy::float_cmp, reason = "counts are whole numbers, and read from text")]

use std::collections::{BTreeMap, HashSet};
use std::io::{Error, ErrorKind, Write};
use std::time::Duration;

use gatewright_runtime::generated::Program;
use gatewright_runtime::serve::{Options, start_logging};
use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
use gatewright_tests::{Cue, eventually, program};

fn setup(server: &Server) -> Setup {
    Setup { program: program::traffic(), ..Setup::app(server) }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// One request to the admin listener.
fn tell(gate: &Gate, request: impl AsRef<[u8]>) -> Message {
    Client::connect(gate.admin.expect("an admin listener")).ask(request)
}

/// All series and their values.
type Metrics = BTreeMap<String, f64>;

/// What the metrics are, read as strictly as their format is described.
fn metrics(gate: &Gate) -> Metrics {
    let answer = tell(gate, get("/metrics"));
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.field("content-type").as_deref(), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.ends_with('\n'));
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut series = Metrics::new();
    let mut helped = "";
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped = help.split_once(' ').expect("a help has words").0;
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, helped, "each family has its help in front");
            assert!(kinds.insert(name, kind).is_none(), "{name} comes twice");
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            assert!(
                family
                    .strip_prefix(helped)
                    .is_some_and(|end| ["", "_bucket", "_sum", "_count"].contains(&end)),
                "{line}"
            );
            assert_eq!(kinds[helped] == "counter", helped.ends_with("_total"), "{line}");
            if let Some(labels) = name.strip_prefix(family).filter(|labels| !labels.is_empty()) {
                check_labels(labels);
            }
            assert!(series.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{name} comes twice");
        }
    }
    series
}

/// `{name="value",…}`, with quotes and backslashes escaped.
fn check_labels(labels: &str) {
    let mut rest = labels.strip_prefix('{').unwrap();
    loop {
        let (name, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{labels}"));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()), "{labels}");
        let mut end = None;
        let mut chars = value.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => assert!(matches!(chars.next(), Some((_, '\\' | '"' | 'n'))), "{labels}"),
                '"' => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        rest = &value[end.unwrap_or_else(|| panic!("{labels}")) + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return assert_eq!(rest, "}", "{labels}"),
        }
    }
}

/// Waits until something has been counted, which happens when an answer has left, and gives what there is then.
fn once(gate: &Gate, series: &str, value: f64) -> Metrics {
    let mut all = Metrics::new();
    eventually(series, || {
        all = metrics(gate);
        all.get(series).copied() == Some(value)
    });
    all
}

fn of(metrics: &Metrics, series: &str) -> f64 {
    *metrics.get(series).unwrap_or_else(|| panic!("no {series} in {metrics:#?}"))
}

/// The counts of a histogram's buckets.
fn buckets(metrics: &Metrics, family: &str, labels: &str) -> Vec<(f64, f64)> {
    let start = format!("{family}_bucket{{{labels},le=\"");
    let mut all: Vec<(f64, f64)> = metrics
        .iter()
        .filter_map(|(name, count)| {
            let bound = name.strip_prefix(&start)?.strip_suffix("\"}")?;
            Some((if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() }, *count))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(all.len(), 16, "{family} {labels}");
    assert!(all.windows(2).all(|two| two[0].1 <= two[1].1), "buckets add up: {all:?}");
    assert_eq!(all[15].1, of(metrics, &format!("{family}_count{{{labels}}}")));
    all
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn a_route_counts_its_exchanges_their_bytes_and_their_time() {
    let cue = Cue::default();
    let wait = cue.clone();
    let server = Server::new(move |connection| {
        loop {
            connection.request()?;
            wait.wait()?;
            connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        }
    });
    let gate = setup(&server).start();
    let mut client = gate.client();
    // 3 ms, 70 ms and 40 s, in this order of the gateway's own time.
    for (request, millis) in [3, 70, 40_000].into_iter().enumerate() {
        client.send("POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        eventually("the server is asked", || server.requests().len() > request);
        gate.clock.advance(Duration::from_millis(millis));
        if millis < 30_000 {
            cue.give();
            assert_eq!(client.answer().text(), "ok");
        } else {
            refused(&client.answer(), 504, "upstream_timeout");
        }
    }
    let route = "route=\"* /app/{rest: path}\"";
    let all = once(&gate, &format!("gatewright_requests_total{{{route},status=\"5xx\"}}"), 1.0);
    assert_eq!(of(&all, &format!("gatewright_requests_total{{{route},status=\"2xx\"}}")), 2.0);
    for class in ["none", "3xx", "4xx"] {
        assert_eq!(of(&all, &format!("gatewright_requests_total{{{route},status=\"{class}\"}}")), 0.0);
    }
    assert_eq!(of(&all, &format!("gatewright_received_bytes_total{{{route}}}")), 15.0);
    let refusal = of(&all, &format!("gatewright_sent_bytes_total{{{route}}}")) - 4.0;
    assert!(refusal > 50.0, "the refusal has a body too: {refusal}");
    assert!(near(of(&all, &format!("gatewright_request_seconds_sum{{{route}}}")), 40.073));
    let expected = [0., 0., 0., 1., 1., 1., 1., 2., 2., 2., 2., 2., 2., 2., 2., 3.];
    let counts: Vec<f64> = buckets(&all, "gatewright_request_seconds", route).iter().map(|it| it.1).collect();
    assert_eq!(counts, expected);
    // What the server took: its first two answers, and nothing of the one that never came.
    let server = "upstream=\"app\",server=\"127.0.0.1:9000\"";
    assert!(near(of(&all, &format!("gatewright_upstream_first_byte_seconds_sum{{{server}}}")), 0.073));
    let counts: Vec<f64> =
        buckets(&all, "gatewright_upstream_first_byte_seconds", server).iter().map(|it| it.1).collect();
    assert_eq!(counts, expected.map(|count: f64| count.min(2.0)));
}

#[test]
fn what_has_no_route_is_counted_as_none_and_names_are_escaped() {
    let gate = setup(&Server::ok()).start();
    assert!(!metrics(&gate).keys().any(|name| name.contains("route=")), "nothing has been asked for");
    gate.ask(get("/nowhere"));
    gate.ask("GET /who HTTP/1.1\r\n\r\n");
    gate.ask(get("/sku/a1"));
    // Two routes that only a condition tells apart have one name.
    gate.ask(get("/where"));
    gate.ask("GET /where HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
    let all = once(&gate, "gatewright_requests_total{route=\"GET /where\",status=\"2xx\"}", 2.0);
    assert_eq!(of(&all, "gatewright_requests_total{route=\"none\",status=\"4xx\"}"), 2.0);
    let sku =
        "gatewright_requests_total{route=\"GET /sku/{sku: string(re\\\"[a-z]\\\\d\\\")}\",status=\"2xx\"}";
    assert_eq!(of(&all, sku), 1.0);
}

#[test]
fn every_answer_of_the_gateway_is_counted_under_its_reason() {
    let gate = setup(&Server::ok()).start();
    let mut requests = vec![
        (get("/who"), "respond"),
        (get("/moved"), "redirect"),
        ("OPTIONS /who HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "options"),
        (get("/nowhere"), "not_found"),
        ("PUT /who HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "method_not_allowed"),
        (get("/for/friends"), "not_allowed"),
        (get("/dead"), "upstream_refused"),
        (get("/panic"), "panic"),
        ("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ?\r\n\r\n".to_owned(), "forwarding_invalid"),
        ("GET /who HTTP/1.1\r\n\r\n".to_owned(), "host_missing"),
        (get("/once"), "respond"),
        (get("/once"), "limited"),
    ];
    requests.push((get("/app/x"), ""));
    let mut expected: BTreeMap<&str, f64> = BTreeMap::new();
    for (request, reason) in &requests {
        gate.ask(request);
        *expected.entry(reason).or_default() += 1.0;
    }
    expected.remove("");
    let all = once(&gate, "gatewright_worker_requests_total{worker=\"0\"}", 13.0);
    let reasons = all.iter().filter_map(|(name, count)| {
        let reason = name.strip_prefix("gatewright_reasons_total{reason=\"")?.strip_suffix("\"}")?;
        Some((reason, *count))
    });
    let (counted, silent): (BTreeMap<&str, f64>, BTreeMap<&str, f64>) =
        reasons.partition(|(_, count)| *count > 0.0);
    assert_eq!(counted, expected);
    assert!(silent.contains_key("body_too_large"), "those that have not happened are there too");
}

#[test]
fn a_server_counts_tries_connections_and_answers() {
    let server = Server::new(|connection| {
        connection.request()?;
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        connection.request()?;
        connection.write(b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno")?;
        connection.request().map(|_| ())
    });
    let gate = setup(&server).start();
    let mut client = gate.client();
    // The first of the pair refuses connections. What is kept to the second dies with its third request, and is asked anew.
    for status in [200, 503, 200] {
        assert_eq!(client.ask(get("/pair/x")).status(), status);
    }
    let all = once(&gate, "gatewright_requests_total{route=\"* /pair/{rest: path}\",status=\"2xx\"}", 2.0);
    let count = |family: &str, server: &str, more: &str| {
        of(
            &all,
            &format!("gatewright_upstream_{family}{{upstream=\"pair\",server=\"127.0.0.1:{server}\"{more}}}"),
        )
    };
    // Whose turn it is alternates: the refusing one is tried for the first and the third request.
    assert_eq!(count("tries_total", "9002", ""), 2.0);
    assert_eq!(count("connections_total", "9002", ",result=\"failed\""), 2.0);
    assert_eq!(count("connections_total", "9002", ",result=\"opened\""), 0.0);
    assert_eq!(count("first_byte_seconds_count", "9002", ""), 0.0);
    assert_eq!(count("tries_total", "9003", ""), 4.0);
    assert_eq!(count("connections_total", "9003", ",result=\"opened\""), 2.0);
    assert_eq!(count("connections_total", "9003", ",result=\"failed\""), 0.0);
    assert_eq!(count("answers_total", "9003", ",status=\"2xx\""), 2.0);
    assert_eq!(count("answers_total", "9003", ",status=\"5xx\""), 1.0);
    assert_eq!(count("answers_total", "9003", ",status=\"4xx\""), 0.0);
    assert_eq!(count("first_byte_seconds_count", "9003", ""), 3.0);
}

#[test]
fn a_server_that_is_left_out_is_not_in() {
    let gate = setup(&Server::ok()).start();
    let is_in = |all: &Metrics, port: &str| {
        of(all, &format!("gatewright_upstream_in{{upstream=\"frail\",server=\"127.0.0.1:{port}\"}}"))
    };
    let before = metrics(&gate);
    assert_eq!((is_in(&before, "9001"), is_in(&before, "9000")), (1.0, 1.0));
    // Whose turn it is alternates: the one that refuses is tried with one of the two.
    for _ in 0..2 {
        assert_eq!(gate.ask(get("/frail")).status(), 200);
    }
    let after = metrics(&gate);
    assert_eq!((is_in(&after, "9001"), is_in(&after, "9000")), (0.0, 1.0));
    gate.clock.advance(Duration::from_secs(31));
    assert_eq!(is_in(&metrics(&gate), "9001"), 1.0);
}

#[test]
fn a_worker_counts_connections_and_requests_of_its_own() {
    let gate = Setup { workers: 2, ..setup(&Server::ok()) }.start();
    let mut clients: Vec<Client> = (0..8).map(|_| gate.client()).collect();
    for client in &mut clients {
        client.ask(get("/who"));
        client.ask(get("/who"));
    }
    let sum = |all: &Metrics, family: &str| {
        [0, 1].map(|worker| of(all, &format!("{family}{{worker=\"{worker}\"}}"))).iter().sum::<f64>()
    };
    let count = |family: &'static str, expected: f64| {
        eventually(family, || near(sum(&metrics(&gate), family), expected));
    };
    count("gatewright_worker_requests_total", 16.0);
    count("gatewright_worker_accepted_total", 8.0);
    count("gatewright_worker_connections", 8.0);
    clients.truncate(3);
    count("gatewright_worker_connections", 3.0);
    count("gatewright_worker_accepted_total", 8.0);
    assert_eq!(of(&metrics(&gate), "gatewright_requests_total{route=\"GET /who\",status=\"2xx\"}"), 16.0);
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

#[test]
fn lines_that_are_dropped_are_counted() {
    let gate = setup(&Server::ok()).start_to(Closed);
    for _ in 0..5 {
        gate.ask(get("/who"));
    }
    let mut lost = 0.0;
    eventually("all are lost", || {
        gate.clock.advance(Duration::from_millis(250));
        lost = of(&metrics(&gate), "gatewright_log_lines_dropped_total");
        lost >= 5.0
    });
    assert_eq!(lost, 5.0);
}

#[test]
fn budgets_that_a_limit_forgets_are_counted() {
    let gate = setup(&Server::ok()).start();
    let mut client = gate.client();
    let mut forgotten = 0;
    // More clients than it remembers, within a moment.
    for number in 0..1_500_u32 {
        let from = std::net::Ipv4Addr::from(u32::from(std::net::Ipv4Addr::new(198, 18, 0, 0)) + number);
        client.ask(format!("GET /few HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {from}\r\n\r\n"));
    }
    for line in gate.log(1_500) {
        forgotten += line["evicted"].as_u64().unwrap_or(0);
    }
    assert!(forgotten > 0);
    let count = of(&metrics(&gate), "gatewright_limit_evictions_total");
    assert!(near(count, f64::from(u32::try_from(forgotten).unwrap())), "{count} and not {forgotten}");
}

#[test]
fn tells_what_it_was_built_from_and_how_the_process_is() {
    let gate = setup(&Server::ok()).start();
    let answer = tell(&gate, get("/build"));
    assert_eq!(answer.field("content-type").as_deref(), Some("application/json"));
    let build = answer.json();
    let program = program::traffic();
    assert_eq!(build["gateway"], "tested");
    assert_eq!(build["sources"], program.source_hash);
    assert_eq!(build["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        build["features"],
        serde_json::json!([
            "admin", "api_key", "basic", "dns", "forward", "handler", "json", "jwt", "limit", "tls", "trace"
        ])
    );
    let all = metrics(&gate);
    let info = format!(
        "gatewright_build_info{{gateway=\"tested\",version=\"{}\",sources=\"{}\"}}",
        env!("CARGO_PKG_VERSION"),
        program.source_hash
    );
    assert_eq!(of(&all, &info), 1.0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - of(&all, "process_start_time_seconds")).abs() < 60.0);
    assert!(of(&all, "process_resident_memory_bytes") > 1e6);
    assert!(of(&all, "process_open_fds") > 5.0 && of(&all, "process_open_fds") < of(&all, "process_max_fds"));
    // Processor time passes where something is done.
    let before = of(&all, "process_cpu_seconds_total");
    eventually("time passes", || of(&metrics(&gate), "process_cpu_seconds_total") > before);
}

#[test]
fn it_is_ready_until_it_is_told_to_stop_and_healthy_to_the_end() {
    let gate = setup(&Server::ok()).start();
    // An open connection keeps it from ending.
    let mut client = gate.client();
    client.ask(get("/who"));
    assert_eq!((tell(&gate, get("/readyz")).status(), tell(&gate, get("/healthz")).status()), (200, 200));
    assert_eq!(of(&metrics(&gate), "gatewright_ready"), 1.0);
    gate.drain();
    eventually("it says so", || tell(&gate, get("/readyz")).status() == 503);
    assert_eq!(tell(&gate, get("/readyz")).text(), "draining\\n");
    assert_eq!(tell(&gate, get("/healthz")).status(), 200);
    assert_eq!(of(&metrics(&gate), "gatewright_ready"), 0.0);
    let admin = gate.admin.unwrap();
    drop(client);
    gate.join();
    eventually("nobody answers there any more", || std::net::TcpStream::connect(admin).is_err());
}

#[test]
fn only_what_is_asked_well_is_answered() {
    let gate = setup(&Server::ok()).start();
    let mut asked = Client::connect(gate.admin.unwrap());
    asked.send("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = asked.answer_to_head();
    assert!(head.status() == 200 && head.field("content-length").unwrap().parse::<usize>().unwrap() > 1_000);
    assert!(asked.ends_in_order());
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let answer =
            tell(&gate, format!("{method} /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"));
        assert_eq!((answer.status(), answer.field("allow").as_deref()), (405, Some("GET, HEAD")), "{method}");
    }
    for (request, status) in [
        (get("/"), 200),
        (get("/other"), 404),
        (get("/metrics/"), 404),
        (get("/../metrics"), 400),
        (get("/x/../metrics"), 200),
        (get("/metrics?x=1"), 200),
        ("GET /metrics HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET /metrics HTTP/1.1\nHost: a\n\n".to_owned(), 400),
        ("GET /metrics HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), 505),
        ("\0\r\n\r\n".to_owned(), 400),
        (format!("GET /metrics HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(30_000)), 431),
    ] {
        let answer = tell(&gate, &request);
        assert_eq!(answer.status(), status, "{}", &request[..request.len().min(60)]);
        assert_eq!(answer.field("connection").as_deref(), Some("close"));
    }
}

#[test]
fn who_is_slow_is_cut_and_holds_nobody_else() {
    let gate = setup(&Server::ok()).start();
    let mut slow: Vec<Client> = (0..31).map(|_| Client::connect(gate.admin.unwrap())).collect();
    for client in &mut slow {
        client.send("GET /metrics HTTP/1.1\r\nHost:");
    }
    assert_eq!(tell(&gate, get("/healthz")).status(), 200);
    // One more than are served at once waits for its turn.
    slow.push(Client::connect(gate.admin.unwrap()));
    let mut waiting = Client::connect(gate.admin.unwrap());
    waiting.send(get("/healthz"));
    gate.advance_until(Duration::from_secs(3), || waiting.stirs());
    assert_eq!(waiting.answer().status(), 200);
    gate.advance_until(Duration::from_secs(3), || slow.iter_mut().all(Client::ended));
}

#[test]
fn traffic_and_admin_are_two_listeners() {
    let gate = setup(&Server::ok()).start();
    refused(&gate.ask(get("/metrics")), 404, "not_found");
    assert_eq!(tell(&gate, get("/who")).status(), 404);
    // Without the word there is none.
    let program = Program { admin: None, ..*program::traffic() };
    let gate = Setup { program: Box::leak(Box::new(program)), ..Setup::app(&Server::ok()) }.start();
    assert!(gate.admin.is_none());
    assert_eq!(gate.ask(get("/who")).status(), 200);
}

#[test]
fn an_address_that_is_taken_is_said_before_any_traffic() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options = Options {
        listen: vec![program::ANYWHERE],
        admin: Some(taken.local_addr().unwrap()),
        ..Options::default()
    };
    let said = start_logging(program::traffic(), options, std::io::sink()).unwrap_err();
    let port = taken.local_addr().unwrap().port();
    assert_eq!(said, format!("port {port} is taken: something else listens on 127.0.0.1:{port}"));
}

#[test]
fn there_are_never_more_series_than_the_program_has_places() {
    let gate = setup(&Server::ok()).start();
    let names = |all: &Metrics| all.keys().cloned().collect::<HashSet<_>>();
    let mut client = gate.client();
    for path in ["/who", "/app/x", "/nowhere"] {
        client.ask(get(path));
    }
    let before = names(&once(&gate, "gatewright_worker_requests_total{worker=\"0\"}", 3.0));
    for number in 0..200 {
        client.ask(format!("GET /app/{number} HTTP/1.1\r\nHost: host-{number}\r\nX-Forwarded-For: 192.0.2.{number}\r\nUser-Agent: {number}\r\n\r\n"));
        client.ask(format!("M{number} /nowhere/{number} HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    let after = names(&once(&gate, "gatewright_worker_requests_total{worker=\"0\"}", 403.0));
    assert_eq!(before, after);
}
