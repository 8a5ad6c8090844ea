//! Traces: what servers are told, and the spans that a collector is sent, read by the messages that OpenTelemetry publishes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright_runtime::generated::{Program, Setting, Trace};
use gatewright_tests::client::Client;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Log, Setup};
use gatewright_tests::program::{COLLECTOR, traced};
use gatewright_tests::server::Server;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use prost::Message as _;

/// A collector has 10 s of the gateway's time: that is no less of real time than it can need.
const STEP: Duration = Duration::from_millis(20);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
const TAKEN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";

/// A collector that answers as it is told, one answer after the other and the last for ever.
fn collector(answers: &[&str]) -> Server {
    let (answers, next) =
        (answers.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(), AtomicUsize::new(0));
    Server::new(move |connection| {
        connection.request()?;
        let number = next.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        connection.write(&answers[number])
    })
}

/// What it was sent.
fn requests(collector: &Server) -> Vec<ExportTraceServiceRequest> {
    let all = collector.requests();
    let read = |request: gatewright_tests::wire::Message| {
        assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
        assert_eq!(request.field("content-type").as_deref(), Some("application/x-protobuf"));
        ExportTraceServiceRequest::decode(&*request.body).expect("a message of OTLP")
    };
    all.into_iter().map(read).collect()
}

fn spans(collector: &Server) -> Vec<Span> {
    let scopes =
        requests(collector).into_iter().flat_map(|it| it.resource_spans).flat_map(|it| it.scope_spans);
    scopes.flat_map(|it| it.spans).collect()
}

/// The spans, once there are so many.
fn sent(gate: &Gate, collector: &Server, count: usize) -> Vec<Span> {
    gate.advance_until(STEP, || spans(collector).len() >= count);
    let spans = spans(collector);
    assert_eq!(spans.len(), count, "{spans:#?}");
    spans
}

fn with(change: impl FnOnce(&mut Program)) -> &'static Program {
    let mut program = traced();
    change(&mut program);
    Box::leak(Box::new(program))
}

/// What of the traces that begin here is recorded, in millionths, and whether every client's are continued.
fn set(program: &mut Program, sample: u32, everyone: bool) {
    let trace = program.trace.expect("it has traces");
    program.trace = Some(Trace { sample: Setting::Is(sample), everyone, ..trace });
}

fn start(program: &'static Program, server: &Server, collector: &Server) -> Gate {
    Setup { program, ..Setup::app(server) }.place(COLLECTOR, collector.address).start()
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match attributes.iter().find(|it| it.key == key)?.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        other => panic!("{key} is no text: {other:?}"),
    }
}

fn number(span: &Span, key: &str) -> Option<i64> {
    match span.attributes.iter().find(|it| it.key == key)?.value.as_ref()?.value.as_ref()? {
        Value::IntValue(number) => Some(*number),
        other => panic!("{key} is no number: {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_error(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
}

/// A number of the metrics.
pub(super) fn metric(gate: &Gate, name: &str) -> u64 {
    let mut admin = Client::connect(gate.admin.expect("it can be asked"));
    let body = admin.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").body;
    let text = String::from_utf8(body).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_else(|| panic!("{name}: {text}"))
}

#[test]
fn an_exchange_is_a_span_and_each_of_its_tries_one_below_it() {
    // The first try is refused, of the others the first is answered with 503.
    let answered = AtomicUsize::new(0);
    let server = Server::new(move |connection| {
        loop {
            connection.request()?;
            let status = if answered.fetch_add(1, Ordering::Relaxed) == 0 { "503 Busy" } else { "200 OK" };
            connection.write(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok"))?;
        }
    });
    let collector = collector(&[TAKEN]);
    let gate = start(with(|_| {}), &server, &collector);
    let mut client = gate.client();
    client.send("GET /pair/a%20b?token=s3cret HTTP/1.1\r\nHost: Shop.example:81\r\n\r\n");
    gate.advance_until(Duration::from_millis(1), || {
        client.stirs();
        client.held().ends_with(b"ok")
    });
    assert_eq!(client.answer().status(), 200);
    let told: Vec<String> = server.requests().iter().filter_map(|it| it.field("traceparent")).collect();
    gate.advance_until(STEP, || !spans(&collector).is_empty());
    let all = spans(&collector);
    let (own, tried): (Vec<&Span>, Vec<&Span>) = all.iter().partition(|it| it.kind() == SpanKind::Server);
    assert_eq!(own.len(), 1);
    let own = own[0];
    assert_eq!(own.name, "GET /pair/{p: path}");
    assert!(own.parent_span_id.is_empty() && own.trace_id.len() == 16 && own.span_id.len() == 8);
    assert!(!is_error(own));
    assert_eq!(own.flags, 0x101);
    for (key, expected) in [
        ("http.request.method", "GET"),
        ("url.scheme", "http"),
        ("url.path", "/pair/a%20b"),
        ("http.route", "/pair/{p: path}"),
        ("server.address", "shop.example"),
        ("client.address", "127.0.0.1"),
        ("network.peer.address", "127.0.0.1"),
    ] {
        assert_eq!(text(&own.attributes, key), Some(expected), "{key}");
    }
    assert_eq!((number(own, "http.response.status_code"), number(own, "server.port")), (Some(200), Some(81)));
    assert_eq!(text(&own.attributes, "error.type"), None);
    for (at, span) in tried.iter().enumerate() {
        assert_eq!((&span.trace_id, &span.parent_span_id), (&own.trace_id, &own.span_id));
        assert_eq!(text(&span.attributes, "gatewright.upstream"), Some("pair"));
        assert_eq!(number(span, "http.request.resend_count"), (at > 0).then(|| i64::try_from(at).unwrap()));
        assert!(span.start_time_unix_nano >= own.start_time_unix_nano);
        assert!(
            span.end_time_unix_nano <= own.end_time_unix_nano
                && span.end_time_unix_nano >= span.start_time_unix_nano
        );
    }
    // What each server was told is the span of the try that asked it.
    let answered: Vec<&&Span> =
        tried.iter().filter(|span| number(span, "http.response.status_code").is_some()).collect();
    let ids: Vec<String> =
        answered.iter().map(|span| format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id))).collect();
    assert_eq!(ids, told);
    let statuses: Vec<_> =
        answered.iter().map(|span| number(span, "http.response.status_code").unwrap()).collect();
    assert_eq!(statuses, [503, 200]);
    assert_eq!(text(&answered[0].attributes, "error.type"), Some("503"));
    assert!(is_error(answered[0]) && !is_error(answered[1]));
    assert_eq!(
        text(&answered[1].attributes, "url.full"),
        Some("http://127.0.0.1:9003/pair/a%20b"),
        "without the query"
    );
    assert!(!format!("{all:?}").contains("s3cret"));
    let refused: Vec<_> =
        tried.iter().filter(|it| text(&it.attributes, "error.type") == Some("upstream_refused")).collect();
    assert_eq!(refused.len() + 2, tried.len(), "{tried:#?}");
    assert!(refused.iter().all(|span| is_error(span)));
    let resource = requests(&collector)[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(text(&resource.attributes, "service.name"), Some("recorded"));
    let mut unique: Vec<&Vec<u8>> = all.iter().map(|span| &span.span_id).collect();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), all.len(), "each span has an id of its own");
}

#[test]
fn a_failure_has_the_reason_as_its_kind() {
    let (server, collector) = (Server::ok(), collector(&[TAKEN]));
    let gate = start(with(|_| {}), &server, &collector);
    assert_eq!(gate.ask("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n").status(), 502);
    assert_eq!(gate.ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").status(), 404);
    assert_eq!(gate.ask("\x01\r\n\r\n").status(), 400);
    let all = sent(&gate, &collector, 4);
    let errors: Vec<_> = all.iter().map(|span| text(&span.attributes, "error.type")).collect();
    assert_eq!(errors, [Some("upstream_refused"), Some("upstream_refused"), None, None]);
    assert_eq!(all.iter().map(is_error).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(
        (all[2].name.as_str(), text(&all[2].attributes, "gatewright.reason")),
        ("GET", Some("not_found"))
    );
    assert_eq!(number(&all[2], "http.response.status_code"), Some(404));
    assert_eq!(
        (all[3].name.as_str(), text(&all[3].attributes, "http.request.method")),
        ("HTTP", Some("_OTHER"))
    );
}

#[test]
fn a_route_of_several_methods_is_named_by_the_one_that_was_asked() {
    let (server, collector) = (Server::ok(), collector(&[TAKEN]));
    let gate = start(with(|_| {}), &server, &collector);
    gate.ask("POST /many HTTP/1.1\r\nHost: a\r\n\r\n");
    let all = sent(&gate, &collector, 1);
    assert_eq!((all[0].name.as_str(), text(&all[0].attributes, "http.route")), ("POST /many", Some("/many")));
    assert_eq!(text(&all[0].attributes, "gatewright.reason"), Some("respond"));
}

#[test]
fn times_are_those_of_the_exchange() {
    let cue = gatewright_tests::Cue::default();
    let wait = cue.clone();
    let server = Server::new(move |connection| {
        connection.request()?;
        wait.wait()?;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    });
    let collector = collector(&[TAKEN]);
    let gate = start(with(|_| {}), &server, &collector);
    let mut client = gate.client();
    client.send("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the server is asked", || !server.requests().is_empty());
    gate.clock.advance(Duration::from_millis(300));
    cue.give();
    assert_eq!(client.answer().status(), 200);
    // The exchange is over before the clock moves again.
    eventually("it is counted", || metric(&gate, "gatewright_worker_requests_total{worker=\"0\"}") == 1);
    for span in sent(&gate, &collector, 2) {
        assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 300_000_000, "{span:#?}");
        // 2026 or later: it is no time since the start.
        assert!(span.start_time_unix_nano > 1_767_000_000_000_000_000);
    }
}

/// What the server is told of a request with these lines, from a client that is trusted or not.
fn told(program: &'static Program, lines: &str) -> (String, Option<String>) {
    let (server, collector) = (Server::ok(), collector(&[TAKEN]));
    let gate = start(program, &server, &collector);
    gate.ask(format!("GET /app/x HTTP/1.1\r\nHost: a\r\n{lines}\r\n"));
    let request = server.only();
    (request.field("traceparent").expect("it is told"), request.field("tracestate"))
}

#[test]
fn a_parent_is_continued_where_it_is_believed() {
    let lines = format!("Traceparent: 00-{TRACE}-{SPAN}-01\r\nTraceState: a=1, b=2\r\ntracestate: c=3\r\n");
    let (parent, state) = told(with(|_| {}), &lines);
    assert!(parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-01"), "{parent}");
    assert!(!parent.contains(SPAN), "the span is the gateway's own: {parent}");
    assert_eq!(state.as_deref(), Some("a=1,b=2,c=3"));
    let (parent, state) = told(with(|it| it.trusted_proxies = None), &lines);
    assert!(!parent.contains(TRACE) && state.is_none(), "from anybody else it is dropped: {parent}");
    let everyone = with(|it| {
        it.trusted_proxies = None;
        set(it, 0, true);
    });
    let (parent, _) = told(everyone, &lines);
    assert!(
        parent.contains(TRACE) && parent.ends_with("-01"),
        "the parent decides, not the sample: {parent}"
    );
    let (parent, _) = told(with(|_| {}), &lines.replace("-01\r", "-00\r"));
    assert!(parent.contains(TRACE) && parent.ends_with("-00"), "both ways: {parent}");
}

#[test]
fn the_span_of_a_parent_is_above_the_gateways() {
    let (server, collector) = (Server::ok(), collector(&[TAKEN]));
    let gate = start(with(|it| set(it, 0, false)), &server, &collector);
    gate.ask("GET /app/unrecorded HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.ask(format!(
        "GET /app/x HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{TRACE}-{SPAN}-01\r\ntracestate: a=1\r\n\r\n"
    ));
    let all = sent(&gate, &collector, 2);
    assert_eq!((hex(&all[0].trace_id), hex(&all[0].parent_span_id)), (TRACE.to_owned(), SPAN.to_owned()));
    assert_eq!(all[0].flags, 0x301, "the parent is remote");
    assert_eq!((all[0].trace_state.as_str(), all[1].trace_state.as_str()), ("a=1", "a=1"));
    assert_eq!(all[1].parent_span_id, all[0].span_id);
}

#[test]
fn what_is_no_parent_begins_a_trace_anew() {
    let program = with(|it| set(it, 0, true));
    for value in [
        String::new(),
        format!("00-{TRACE}-{SPAN}"),
        format!("00-{TRACE}-{SPAN}-1"),
        format!("00-{TRACE}-{SPAN}-01-"),
        format!("00-{TRACE}-{SPAN}-01-more"),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{TRACE}-{SPAN}-zz"),
        format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-01\r\ntraceparent: 00-{TRACE}-{SPAN}-01"),
    ] {
        let (parent, state) = told(program, &format!("traceparent: {value}\r\ntracestate: a=1\r\n"));
        let is_new = parent.len() == 55 && parent.starts_with("00-") && parent.ends_with("-00");
        assert!(is_new && !parent.to_lowercase().contains(TRACE), "{value}: {parent}");
        assert_eq!(state, None, "{value}: its state goes with it");
    }
    let later = format!("traceparent: cc-{TRACE}-{SPAN}-01-what-the-future-brings\r\n");
    assert!(
        told(program, &later).0.starts_with(&format!("00-{TRACE}-")),
        "of a later version, what is known"
    );
    let (parent, state) =
        told(program, &format!("traceparent: 00-{TRACE}-{SPAN}-01\r\ntracestate: a=1,a=2\r\n"));
    assert!(parent.contains(TRACE) && state.is_none(), "a state that is none is dropped alone");
    assert_eq!(told(program, "tracestate: a=1\r\n").1, None, "and so is one without a parent");
}

#[test]
fn a_routes_own_edit_wins() {
    let (server, collector) = (Server::ok(), collector(&[TAKEN]));
    let gate = start(with(|_| {}), &server, &collector);
    gate.ask("GET /own HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(server.only().field("traceparent").as_deref(), Some("00-own"));
}

#[test]
fn the_log_has_the_ids_of_trace_and_span() {
    let (server, collector, log) = (Server::ok(), collector(&[TAKEN]), Log::default());
    let setup = Setup { program: with(|_| {}), ..Setup::app(&server) }.place(COLLECTOR, collector.address);
    let gate = setup.start_to(log.clone());
    gate.ask("GET /line HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.ask("GET /text HTTP/1.1\r\nHost: a\r\n\r\n");
    let all = sent(&gate, &collector, 4);
    let text = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    gate.advance_until(Duration::from_millis(250), || text().lines().count() == 2);
    let text = text();
    let ids = |at: usize| (hex(&all[at].trace_id), hex(&all[at].span_id));
    let lines: Vec<&str> = text.lines().collect();
    let (trace, span) = ids(0);
    assert_eq!(lines[0], format!("{{\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"}}"));
    let (trace, span) = ids(2);
    assert_eq!(lines[1], format!("{trace} {span}"));
}

#[test]
fn a_collector_that_is_busy_is_asked_again_later() {
    let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
    let (server, collector) = (Server::ok(), collector(&[busy, TAKEN]));
    let gate = start(with(|_| {}), &server, &collector);
    gate.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.advance_until(Duration::from_millis(500), || collector.connections() == 1);
    collector.over(0);
    let waited = gate.advance_until(Duration::from_millis(500), || collector.connections() == 2);
    assert!(waited >= Duration::from_millis(6_500), "{waited:?}");
    collector.over(1);
    let both = requests(&collector);
    assert!(both.len() == 2 && both[0] == both[1], "the same spans once more");
    eventually("they are counted once", || metric(&gate, "gatewright_trace_spans_exported_total") == 2);
    assert_eq!(metric(&gate, "gatewright_trace_spans_dropped_total"), 0);
}

#[test]
fn what_a_collector_does_not_take_is_counted() {
    let mut body = Vec::new();
    let partial = ExportTracePartialSuccess { rejected_spans: 1, error_message: "too old".into() };
    ExportTraceServiceResponse { partial_success: Some(partial) }.encode(&mut body).unwrap();
    let partly = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
        body.len(),
        String::from_utf8(body).expect("of ASCII")
    );
    let refused = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let (server, collector) = (Server::ok(), collector(&[refused, &partly]));
    let gate = start(with(|_| {}), &server, &collector);
    let count = |result: &str| metric(&gate, &format!("gatewright_trace_spans_{result}_total"));
    gate.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.advance_until(STEP, || count("dropped") == 2);
    assert_eq!((count("exported"), collector.connections()), (0, 1), "a refusal is final");
    gate.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.advance_until(STEP, || count("exported") == 1);
    assert_eq!(count("dropped"), 3, "one of two was not taken");
}

#[test]
fn a_collector_that_is_dead_costs_spans_and_no_request() {
    let server = Server::ok();
    // A server that takes the connection and says nothing, and one that is not there.
    let silent = Server::new(|connection| {
        connection.request()?;
        connection.wait()
    });
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for collector in [silent.address, nobody] {
        let setup = Setup { program: with(|_| {}), ..Setup::app(&server) };
        let gate = setup.place(COLLECTOR, collector).start();
        assert_eq!(gate.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
        let lost = || metric(&gate, "gatewright_trace_spans_dropped_total");
        let waited = gate.advance_until(Duration::from_millis(500), || lost() == 2);
        assert!(waited > Duration::from_secs(10), "it was tried several times: {waited:?}");
        assert_eq!(gate.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n").status(), 200);
    }
}

#[test]
fn a_queue_that_is_full_drops_spans_and_no_request() {
    let (server, collector) = (Server::ok(), collector(&[TAKEN]));
    let gate = start(with(|_| {}), &server, &collector);
    // The clock stands still, and so does whoever sends.
    let mut client = gate.client();
    for _ in 0..25 {
        client.send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
        for _ in 0..100 {
            assert_eq!(client.answer().status(), 404);
        }
        if metric(&gate, "gatewright_trace_spans_dropped_total") > 0 {
            break;
        }
    }
    let lost = metric(&gate, "gatewright_trace_spans_dropped_total");
    assert!(lost > 0);
    gate.advance_until(STEP, || metric(&gate, "gatewright_trace_spans_exported_total") == 2_048);
    assert!(requests(&collector).len() >= 4, "in batches");
}

#[test]
fn what_is_left_is_sent_when_the_gateway_ends() {
    let (server, collector) = (Server::ok(), collector(&[TAKEN]));
    let gate = start(with(|_| {}), &server, &collector);
    gate.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.drain();
    gate.join();
    assert_eq!(spans(&collector).len(), 2);
}
