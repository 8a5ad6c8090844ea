//! What the steps of a chain see and change behind the request: the answer's head, refusals, lines of the log.

use std::sync::atomic::{AtomicU32, Ordering};

use gatewright_runtime::generated::{
    Chain, Content, Exchange, LogLine, Outside, Own, Program, Respond, Slot, new_state,
};
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::program;
use gatewright_tests::server::Server;

#[derive(Default)]
struct Seen(AtomicU32);

/// Adds what it sees of the answer, and how often it has seen one.
fn response(x: &mut Exchange, _: u32) {
    let seen = x.state::<Seen>(Slot(0)).map_or(0, |seen| seen.0.fetch_add(1, Ordering::Relaxed) + 1);
    let kind = x.answer_field("CONTENT-type").next().unwrap_or(b"none").to_vec();
    let told = format!("{seen} {} {} {}", x.answer_status(), x.client_ip(), String::from_utf8(kind).unwrap());
    assert!(x.say("X-Seen", told.as_bytes()));
    assert!(!x.say("X-Torn", b"a\r\nX-Smuggled: yes"));
}

fn own(x: &mut Exchange, _: u32, own: Own) -> Option<&'static Respond> {
    const LESS: Respond =
        Respond { status: 503, content_type: "text/plain", body: Content::Text("come back later\n") };
    const MADE: Respond =
        Respond { status: 404, content_type: "text/plain", body: Content::Write(write_path) };
    assert_eq!(x.answer_status(), 0);
    match own.reason.word {
        "upstream_refused" => Some(&LESS),
        "not_found" => Some(&MADE),
        _ => None,
    }
}

fn write_path(x: &Exchange, out: &mut Vec<u8>) {
    out.extend_from_slice(x.head().path());
}

fn log(x: &Exchange, record: u32, line: &mut LogLine) -> bool {
    line.add("record", |out| out.extend_from_slice(record.to_string().as_bytes()));
    !x.head().path().ends_with(b"/quiet")
}

fn gate(server: &Server) -> Gate {
    let original = program::program();
    let hooked = |chain: &Chain| Chain { response: Some(response), own: Some(own), log: Some(log), ..*chain };
    let mut chains: Vec<Chain> = original.chains.iter().map(hooked).collect();
    chains.push(hooked(&original.chains[0]));
    let chain = u16::try_from(original.chains.len()).unwrap();
    let program = Program {
        chains: chains.leak(),
        states: &[new_state::<Seen>],
        outside: Some(Outside { chain, record: 77 }),
        ..*original
    };
    let mut setup = Setup::app(server);
    setup.program = Box::leak(Box::new(program));
    setup.start()
}

#[test]
fn steps_see_every_answer_before_it_leaves() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    let answer = client.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(answer.field("x-seen").as_deref(), Some("1 200 127.0.0.1 text/plain; charset=utf-8"));
    let answer = client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    let seen = answer.field("x-seen").unwrap();
    assert!(seen.starts_with("2 200 127.0.0.1 "), "{seen}");
    assert_eq!((answer.field("x-torn"), answer.field("x-smuggled")), (None, None));
    let answer = client.ask("GET /old/x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(answer.field("x-seen").as_deref(), Some("3 308 127.0.0.1 none"));
}

#[test]
fn steps_may_answer_in_a_refusal_s_place_and_the_reason_stays() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    let answer = client.ask("GET /dead HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((answer.status(), answer.text().as_str()), (503, "come back later\\n"));
    assert!(answer.field("proxy-status").unwrap().contains("upstream_refused"));
    assert!(answer.field("x-seen").unwrap().contains(" 503 "));
    let answer = client.ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((answer.status(), answer.text().as_str()), (404, "/nowhere"));
    let answer = client.ask("POST /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.field("content-type").as_deref(), Some("application/problem+json"));
}

#[test]
fn steps_decide_on_the_line_and_what_stands_in_it() {
    let server = Server::ok();
    let gate = gate(&server);
    let mut client = gate.client();
    client.ask("GET /app/quiet HTTP/1.1\r\nHost: a\r\n\r\n");
    client.ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    client.ask("GET /app/loud HTTP/1.1\r\nHost: a\r\n\r\n");
    let lines = gate.log(2);
    assert_eq!(lines[0]["path"], "/nowhere");
    assert_eq!(lines[0]["record"], 77);
    assert_eq!(lines[1]["path"], "/app/loud");
    assert!(lines[1]["record"].is_u64());
}
