//! Random typed expressions over random requests: a compiled gateway answers what an interpreter says, which knows only the words of
//! the page.

#[path = "../../gateways/programs/chance.rs"]
mod chance;
mod eval;
#[path = "../../gateways/values/mod.rs"]
mod values;
mod world;

use std::collections::BTreeMap;

use gatewright_runtime::generated::Program;
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::server::Server;

use self::chance::Random;
use self::values::expr::Value;
use self::values::written::written;
use self::world::Asked;

/// A warning is as much a mistake of the compiler as an error.
#[deny(warnings)]
mod programs {
    use super::Program;

    include!(concat!(env!("OUT_DIR"), "/values.rs"));
}

/// To each route.
const REQUESTS: usize = 80;

#[test]
fn every_expression_is_what_its_words_say() {
    let server = Server::ok();
    let (mut count, mut asked, mut told) = (0, 0, BTreeMap::<String, usize>::new());
    for (at, (program, routes)) in (0_u64..).zip(programs::ALL) {
        let mut random = Random(at);
        for given in [false, true] {
            let gate = gate(program, given, &server);
            let mut client = gate.client();
            for (route, numbers) in routes.iter().enumerate() {
                count += usize::from(given) * numbers.len();
                for _ in 0..REQUESTS / 2 {
                    let request = Asked::random(&mut random, route, given);
                    let answer = client.ask(request.bytes());
                    assert_eq!(answer.status(), 200, "{}\n{answer:?}", request.shown());
                    compare(at, numbers, &request, &answer.body, &mut told);
                    asked += 1;
                }
            }
        }
    }
    // Else the answers would prove little: all were asked, and few of them are always the same.
    assert!(count > 600 && asked > 5_000, "{count} expressions, {asked} requests");
    let often = told.values().filter(|times| **times > 1).count();
    assert!(told.len() > 2_000 && often > 500, "{} answers, {often} of them more than once", told.len());
}

/// A gateway with its parameters as declared, or as start-up gives them.
fn gate(program: &'static Program, given: bool, server: &Server) -> Gate {
    let setup = Setup { program, ..Setup::app(server) };
    let given: &[(&str, &str)] = if given { &world::GIVEN } else { &[] };
    given.iter().fold(setup, |setup, (name, text)| setup.give(name, text)).start()
}

/// Holds an answer against what its expressions are.
fn compare(program: u64, numbers: &[u64], request: &Asked, body: &[u8], told: &mut BTreeMap<String, usize>) {
    let body = str::from_utf8(body).unwrap();
    let exprs: Vec<_> =
        numbers.iter().map(|number| (*number, values::expression(program, *number))).collect();
    let expected: Vec<Value> = exprs
        .iter()
        .map(|(number, expr)| {
            let said = request.world.eval(expr);
            said.unwrap_or_else(|| panic!("{number} is absent: {}", written(expr, *number)))
        })
        .collect();
    let fail = |at: usize, found: &str| -> ! {
        let (number, expr) = &exprs[at];
        panic!("{}\n{}\nis {:?}, not {found}\n{body}", written(expr, *number), request.shown(), expected[at])
    };
    if numbers[0].is_multiple_of(2) {
        let found: serde_json::Value =
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        for (at, number) in numbers.iter().enumerate() {
            let mut text = String::new();
            eval::json(&expected[at], &mut text);
            let found = &found[format!("v{number}")];
            if *found != serde_json::from_str::<serde_json::Value>(&text).unwrap() {
                fail(at, &found.to_string());
            }
            *told.entry(text).or_default() += 1;
        }
    } else {
        let mut rest = body;
        for (at, value) in expected.iter().enumerate() {
            let text = eval::shown(value);
            match rest.strip_prefix(&format!("<{text}>\n")) {
                Some(behind) => rest = behind,
                None => fail(at, rest),
            }
            *told.entry(text).or_default() += 1;
        }
        assert!(rest.is_empty());
    }
}
