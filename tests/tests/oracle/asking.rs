//! What `gw explain` says of a request with fields, cookies, a host and a client is what a running gateway does with it: the
//! same route, and the same refusal by one of its steps.

use std::net::Ipv4Addr;

use gatewright_compiler::explain::{Asked, Decision};
use gatewright_compiler::routes::Plan;
use gatewright_dsl::{Catalogue, Source};
use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::Value;

use super::programs::ASKING;

/// For each gateway.
const REQUESTS: usize = 200;

const METHODS: [&str; 6] = ["GET", "GET", "HEAD", "POST", "PUT", "OPTIONS"];
const PATHS: [&str; 11] =
    ["/a", "/a/7", "/a/x", "/b", "/", "/a/x/y", "/level", "/trusted", "/opened", "/office", "/%61/7"];
const QUERIES: [&str; 10] =
    ["", "", "?q=1", "?q=2", "?q=a+b", "?q", "?%71=1&q=x", "?x=1&q=%zz", "?q=12&", "?Q=1"];
const HOSTS: [&str; 7] =
    ["a.example", "A.Example:80", "b.example.", "b.a.example", "c.d.e.example", "other", "[::1]:8080"];
const FIELDS: [&str; 10] = ["1", "2", "3", "", "AB", "abc", "1, 2", "1,", "x", "ä"];
const COOKIES: [&str; 7] = ["c=x", "c=y", "c=z", "c=x; c=y", "d=x;c=y", "C=x", "c"];

/// How often each thing came to pass.
#[derive(Default)]
struct Seen {
    passed: usize,
    refused: usize,
    own: usize,
}

#[test]
fn explain_and_the_running_gateway_agree_on_all_that_a_request_says() {
    let server = Server::ok();
    let mut seen = Seen::default();
    for (seed, (text, program)) in (0_u8..).zip(ASKING) {
        let plan =
            gatewright_compiler::plan(&[Source::new("asking.gw", *text)], &Catalogue::standard()).unwrap();
        let given: &[(&str, &str)] =
            if seed % 2 == 0 { &[] } else { &[("level", "1"), ("trusted", "127.0.0.3/32")] };
        let setup = Setup { program, ..Setup::app(&server) };
        let gate = given.iter().fold(setup, |setup, (name, text)| setup.give(name, text)).start();
        let lives = if seed % 3 == 0 { Vec::new() } else { change(&gate) };
        let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed ^ 0x3c; 32]);
        let params: Vec<_> =
            given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let asked: Vec<Asked> = (0..REQUESTS)
            .map(|_| Asked { params: params.clone(), lives: lives.clone(), ..request(&mut random) })
            .collect();
        let answers: Vec<Message> = asked.iter().map(|asked| ask(&gate, asked)).collect();
        for ((asked, answer), line) in asked.iter().zip(answers).zip(gate.log(REQUESTS)) {
            if let Err(why) = compare(&plan, asked, &answer, &line, &mut seen) {
                panic!("{why}: {asked:?}\n{line:#}\n{text}");
            }
        }
    }
    // Else the requests would prove little.
    let total = ASKING.len() * REQUESTS;
    assert!(total >= 1_000, "{total}");
    let Seen { passed, refused, own } = seen;
    assert!(
        passed > total / 4 && refused > total / 20 && own > total / 50,
        "{passed} passed, {refused} were refused, {own} had no route, of {total}"
    );
}

/// Changes the live values of a gateway; what they are then, as they are given to explain.
fn change(gate: &Gate) -> Vec<(String, String)> {
    let body = r#"{"is_open": false, "office": ["127.0.0.2/31"]}"#;
    let request = format!(
        "PATCH /live HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = Client::connect(gate.admin.expect("an admin listener")).ask(request);
    assert_eq!(answer.status(), 200, "{answer:?}");
    vec![("is_open".into(), "false".into()), ("office".into(), "127.0.0.2/31".into())]
}

fn request(random: &mut TestRng) -> Asked {
    let mut below = |bound: usize| random.next_u32() as usize % bound;
    let mut headers = Vec::new();
    for _ in 0..below(6).min(2) {
        let name = ["x-a", "X-A"][below(2)];
        headers.push((name.to_owned(), FIELDS[below(FIELDS.len())].to_owned()));
    }
    if below(2) == 0 {
        headers.push(("Cookie".to_owned(), COOKIES[below(COOKIES.len())].to_owned()));
    }
    let client = Ipv4Addr::new(127, 0, 0, [1, 1, 2, 3][below(4)]);
    Asked {
        host: Some(HOSTS[below(HOSTS.len())].to_owned()),
        headers,
        client: client.into(),
        ..Asked::new(
            METHODS[below(METHODS.len())],
            &format!("{}{}", PATHS[below(PATHS.len())], QUERIES[below(QUERIES.len())]),
        )
    }
}

/// A connection for each request, so that lines of the log come in order.
fn ask(gate: &Gate, asked: &Asked) -> Message {
    let mut client = Client::connect_from(asked.client, gate.address);
    let host = asked.host.iter().map(|host| format!("Host: {host}\r\n"));
    let fields = asked.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let fields: String = host.chain(fields).collect();
    client.send(format!("{} {} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n", asked.method, asked.target));
    if asked.method == "HEAD" { client.answer_to_head() } else { client.answer() }
}

/// Holds what is explained against what was answered and logged.
fn compare(
    plan: &Plan,
    asked: &Asked,
    answer: &Message,
    line: &Value,
    seen: &mut Seen,
) -> Result<(), String> {
    let explanation = plan.explain(asked).map_err(|unset| unset.to_string())?;
    let same = |what: &str, explained: Value, logged: &Value| {
        if explained == *logged { Ok(()) } else { Err(format!("{what}: {explained} is explained")) }
    };
    match explanation.decision {
        Decision::Own { status, reason, .. } => {
            seen.own += 1;
            same("status", status.into(), &line["status"])?;
            same("reason", reason.into(), &line["reason"])?;
            same("route", Value::Null, &line["route"])
        }
        Decision::Won { route, foretold, .. } => {
            same("route", route.name().into(), &line["route"])?;
            if let Some(foretold) = foretold {
                seen.refused += 1;
                let status = foretold.instead.unwrap_or(foretold.status);
                same("status", status.into(), &line["status"])?;
                return same("reason", foretold.reason.into(), &line["reason"]);
            }
            seen.passed += 1;
            same("reason", "respond".into(), &line["reason"])?;
            // Several routes may have one name; each answers with a text of its own.
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            let is_told = asked.method == "HEAD" || route.terminal.ends_with(&format!("text {said:?}"));
            if is_told || said.is_empty() { Ok(()) } else { Err(format!("{} is explained", route.terminal)) }
        }
    }
}
