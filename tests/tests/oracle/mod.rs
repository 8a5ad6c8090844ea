//! Random gateways, compiled when the tests were: rustc has nothing to say about what the compiler accepted, and every
//! request gets the route that the words of the rule give it.

mod asking;
mod contested;
mod explain;
mod matcher;
mod request;

use gatewright_runtime::generated::Program;
use gatewright_runtime::route::{Captures, Found};

use self::matcher::{Expected, Route};
use self::request::{Request, Requests};

/// A warning is as much a mistake of the compiler as an error.
#[deny(warnings)]
mod programs {
    use super::Program;

    include!(concat!(env!("OUT_DIR"), "/random.rs"));
    include!(concat!(env!("OUT_DIR"), "/asking.rs"));
}

const REQUESTS: usize = 1_000;

#[test]
fn every_request_gets_the_most_specific_route() {
    let (mut won, mut refused) = (0, 0);
    for (seed, (text, program)) in (0..).zip(programs::ALL) {
        let routes = matcher::routes(text);
        for request in Requests::new(seed, &routes).take(REQUESTS) {
            let expected = matcher::expected(&routes, &request);
            let count = if let Expected::Route { captures, .. } = &expected { captures.len() } else { 0 };
            let found = found(program, &request, count);
            assert_eq!(found, expected, "{} {}\n{text}", request.method, request.path());
            won += usize::from(matches!(found, Expected::Route { .. }));
            refused += usize::from(matches!(found, Expected::OtherMethods(_)));
        }
    }
    // Else the requests would prove little.
    assert!(programs::ALL.iter().filter(|(text, _)| text.contains("slash either")).count() > 20);
    let total = programs::ALL.len() * REQUESTS;
    assert!(won > total / 3 && refused > total / 50, "{won} won and {refused} refused of {total}");
}

#[test]
fn the_random_gateways_have_overlaps() {
    let contested = |routes: &[Route], seed| {
        Requests::new(seed, routes)
            .take(REQUESTS)
            .filter(|it| matcher::candidates(routes, it).len() > 1)
            .count()
    };
    let contested: usize =
        (0..).zip(programs::ALL).map(|(seed, (text, _))| contested(&matcher::routes(text), seed)).sum();
    assert!(contested > programs::ALL.len() * REQUESTS / 20, "{contested}");
}

/// What the router of the runtime says, with lines of the text in the place of indices. Of the captures only the first
/// ones mean something: the walk may have tried longer ways before.
fn found(program: &Program, request: &Request, count: usize) -> Expected {
    let path = request.path();
    let mut captures = Captures::default();
    match program.router.find(program.text, path.as_bytes(), request.bit(), &mut captures) {
        Found::Route(index) => {
            let capture = |at| String::from_utf8(captures.at(at, path.as_bytes()).to_vec()).unwrap();
            let captures = (0..).take(count).map(capture).collect();
            Expected::Route { line: program.routes[index as usize].line, captures }
        }
        Found::OtherMethods(methods) => Expected::OtherMethods(methods),
        Found::Nothing => Expected::Nothing,
    }
}
