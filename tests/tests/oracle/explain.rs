//! What `gw explain` says of a request is what a running gateway does with it: the same route and chain, or the same answer
//! for the same reason.

use gatewright_compiler::explain::{Asked, Decision};
use gatewright_compiler::routes::Plan;
use gatewright_dsl::{Catalogue, Source};
use gatewright_runtime::generated::{AccessLog, Chain, Program};
use gatewright_tests::client::Client;
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::server::Server;
use serde_json::Value;

use super::matcher;
use super::programs::ALL;
use super::request::Requests;

/// Together for all gateways.
const REQUESTS: usize = 1_000;

#[test]
fn explain_and_the_running_gateway_agree() {
    let server = Server::ok();
    let (mut won, mut own) = (0, 0);
    for (seed, (text, program)) in (0..).zip(ALL) {
        let sources = [Source::new("random.gw", *text)];
        let plan = gatewright_compiler::plan(&sources, &Catalogue::standard()).unwrap();
        // They log nothing, and here each exchange needs its line.
        let chains = program.chains.iter().map(|chain| Chain { log: None, ..*chain }).collect::<Vec<_>>();
        let logging = Program { access_log: AccessLog::On, chains: chains.leak(), ..**program };
        let logging = &*Box::leak(Box::new(logging));
        let gate = Setup { program: logging, ..Setup::app(&server) }.start();
        let routes = matcher::routes(text);
        let requests = Requests::new(seed ^ 0x55, &routes).take(REQUESTS.div_ceil(ALL.len()));
        let asked: Vec<Asked> = (0..)
            .zip(requests)
            .map(|(at, request)| Asked {
                method: request.method.into(),
                target: odd(at, request.path()),
                host: Some("a".into()),
                ..Asked::new("", "")
            })
            .collect();
        for asked in &asked {
            ask(&gate, asked);
        }
        for (asked, line) in asked.iter().zip(gate.log(asked.len())) {
            match compare(&plan, program, asked, &line) {
                Ok(true) => won += 1,
                Ok(false) => own += 1,
                Err(why) => panic!("{} {}: {why}\n{line:#}\n{text}", asked.method, asked.target),
            }
        }
    }
    // Else the requests would prove little.
    assert!(won > REQUESTS / 4 && own > REQUESTS / 10, "{won} won, {own} answered by the gateway");
}

/// Some paths in a spelling that is not canonical, or in one that has none.
fn odd(at: usize, path: String) -> String {
    match at % 12 {
        3 => format!("/.{path}?a=/b"),
        5 => format!("/x/..{path}"),
        7 => path.to_lowercase(),
        8 => path + ";a",
        9 => format!("/{path}"),
        10 => path + "%2fa",
        11 => format!("/..{path}"),
        _ => path,
    }
}

/// A connection for each request, so that lines of the log come in order.
fn ask(gate: &Gate, asked: &Asked) {
    let mut client: Client = gate.client();
    client
        .send(format!("{} {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", asked.method, asked.target));
    if asked.method == "HEAD" {
        client.answer_to_head();
    } else {
        client.answer();
    }
}

/// Holds what is explained against what was logged; says whether a route won.
fn compare(plan: &Plan, program: &Program, asked: &Asked, line: &Value) -> Result<bool, String> {
    let explanation = plan.explain(asked).unwrap();
    let same = |what: &str, explained: Value, logged: &Value| {
        if explained == *logged { Ok(()) } else { Err(format!("{what}: {explained} is explained")) }
    };
    match explanation.decision {
        Decision::Won { route, .. } => {
            same("route", route.name().into(), &line["route"])?;
            same("path", explanation.path.into(), &line["path"])?;
            let mut running = program.routes.iter().filter(|running| running.line == route.line);
            let chain = running.next().map(|running| usize::from(running.chain));
            if chain != Some(route.chain) {
                return Err(format!("chain {} is explained, and {chain:?} runs", route.chain));
            }
            Ok(true)
        }
        Decision::Own { status, reason, .. } => {
            same("status", status.into(), &line["status"])?;
            same("reason", reason.into(), &line["reason"])?;
            same("route", Value::Null, &line["route"])?;
            Ok(false)
        }
    }
}
