//! That a proof sees what is missing: from gateways of all kinds every step is taken away in turn, and what rested on it fails.

#![allow(clippy::disallowed_methods, reason = "the programs are files")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gatewright_dsl::policy::Who;
use gatewright_dsl::{Catalogue, Policy, Span};

use super::*;
use crate::check;
use crate::load::{Files, Memory};
use crate::lower;

/// A program as it will run, and what is needed to prove something of it.
struct Made {
    plan: Plan,
    claims: RouteSet,
    assertions: Vec<Assertion>,
}

fn made(text: &str) -> Option<Made> {
    let sources = gatewright_dsl::page::sources("gateway.gw", text);
    let memory = Memory(&sources);
    let mut files = Files::numbered(&memory, &sources);
    let entry = files.entry("gateway.gw").unwrap();
    let mut program = check::check(&files, &entry, &Catalogue::standard()).program?;
    let (assertions, claims) = (std::mem::take(&mut program.assertions), program.claims.clone());
    Some(Made { plan: Plan(lower::lower(program, String::new())), claims, assertions })
}

impl Made {
    fn prove(&self, assertions: &[Assertion]) -> Vec<Problem> {
        prove(&self.plan, &self.claims, assertions)
    }
}

/// The names of the routes that break an assertion, and the requests that show it.
fn broken(text: &str) -> Vec<(String, Option<String>)> {
    let gateway = "gateway shop { listen http :8080 plaintext \"a test\" }
auth customer api_key { key \"a\" sha256 \"62249369389075490555a758353aec61500c6218fa597252d52dc4bd0148f12d\" }
auth partner api_key { header \"x-partner\"; key \"b\" sha256 \"62249369389075490555a758353aec61500c6218fa597252d52dc4bd0148f12d\" }
upstream orders { server \"http://127.0.0.1:9001\"; timeout 2s }
upstream tips { server \"http://127.0.0.1:9002\"; timeout 1s; eject after 5 for 30s }
";
    let made = made(&format!("{gateway}{text}")).expect("nothing is wrong but what is asserted");
    let problems = made.prove(&made.assertions);
    let name = |problem: Problem| {
        let name = problem.message.split('`').nth(1).unwrap_or(problem.name).to_owned();
        (name, problem.witness)
    };
    problems.into_iter().map(name).collect()
}

fn names(text: &str) -> Vec<String> {
    broken(text).into_iter().map(|(name, _)| name).collect()
}

/// Every program of the repository's own that is accepted.
fn programs() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in ["compiler/tests/emit", "tests/gateways"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "gw") {
                found.push((path.clone(), std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 20, "{}", found.len());
    found
}

/// Says something of one route alone.
fn of_one(made: &Made, number: usize, says: Says) -> Assertion {
    let span = Span::new(0, 0, 1);
    let all = reach::reached(&made.plan.0, None, None);
    let except = all
        .iter()
        .filter(|(route, _)| **route != number)
        .map(|(route, methods)| Named { span, routes: vec![*route], methods: *methods })
        .collect();
    let meant = Meant { methods: ALL_METHODS, under: None, to: None, files: None, on: None };
    let every = Every { span, meant, except, says, at: span };
    Assertion { span: Span::new(0, 0, 1), why: "it is so".to_owned(), claim: Claim::Every(Box::new(every)) }
}

const ALL_METHODS: u16 = 0xff;

/// Proves something without the steps of a kind in the chain of a route, which has them again afterwards.
fn prove_without(made: &mut Made, number: usize, homes: &[&str], assertion: &Assertion) -> Vec<Problem> {
    let program = &mut made.plan.0;
    let at = program.routes[number].chain;
    let kept = |table: &usize| !homes.contains(&program.steps[*table].home);
    let kept: Vec<bool> = program.chains[at].steps.iter().map(kept).collect();
    // The end stands behind the steps.
    let keep = |all: &mut Vec<usize>| {
        let mut at = 0..;
        all.retain(|_| at.next().and_then(|at| kept.get(at).copied()).unwrap_or(true));
    };
    let chain = &mut program.chains[at];
    let whole = (chain.steps.clone(), chain.records.clone());
    keep(&mut chain.steps);
    chain.records.iter_mut().for_each(keep);
    let problems = made.prove(std::slice::from_ref(assertion));
    let chain = &mut made.plan.0.chains[at];
    (chain.steps, chain.records) = whole;
    problems
}

fn homes(policy: &Policy) -> Vec<&'static str> {
    std::iter::once(policy.home).chain(policy.reading.map(|reading| reading.home)).collect()
}

fn has(policy: &'static Policy) -> Says {
    Says::Has(Has { policy, param: None, against: None })
}

/// What a step of a route lets one say of it.
fn sayable(made: &Made, number: usize) -> Vec<(Says, Vec<&'static str>)> {
    let program = &made.plan.0;
    let route = &program.routes[number];
    let mut all = Vec::new();
    for table in &program.chains[route.chain].steps {
        let home = program.steps[*table].home;
        for policy in Catalogue::standard().policies().filter(|policy| homes(policy).contains(&home)) {
            all.push((has(policy), homes(policy)));
            if matches!(policy.who, Some(Who::Somebody(_))) {
                all.push((Says::Open(false, "public"), homes(policy)));
                let names = program.auths.iter().map(|auth| auth.name.clone()).collect();
                all.push((Says::Requires(names, "require"), homes(policy)));
            }
        }
    }
    all
}

#[test]
fn what_is_said_of_a_step_fails_without_the_step() {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (path, text) in programs() {
        let Some(mut whole) = made(&text) else { continue };
        for number in 0..whole.plan.0.routes.len() {
            for (says, homes) in sayable(&whole, number) {
                let assertion = of_one(&whole, number, says.clone());
                if !whole.prove(std::slice::from_ref(&assertion)).is_empty() {
                    // A step for several words has none of this one, or it only looks on.
                    continue;
                }
                let problems = prove_without(&mut whole, number, &homes, &assertion);
                // What is about calls is not asked of who calls nobody.
                let chain = whole.plan.0.routes[number].chain;
                let end = whole.plan.0.chains[chain].end;
                let forwards = end == Some(EndKind::Forward);
                if end == Some(EndKind::Match) && matches!(&says, Says::Has(has) if !has.policy.runs_alone())
                {
                    // Whether it is asked hangs on the arms.
                    continue;
                }
                let is_free = matches!(&says, Says::Has(has) if !has.policy.runs_alone() && !forwards);
                assert_eq!(problems.len(), usize::from(!is_free), "{}: {says:?}", path.display());
                if let (Says::Has(has), false) = (&says, is_free) {
                    taken.insert(has.policy.name);
                }
            }
        }
    }
    let with_steps = Catalogue::standard();
    let with_steps =
        with_steps.policies().filter(|policy| policy.has_step() && !policy.part && policy.acts.is_none());
    let missing: Vec<&str> =
        with_steps.map(|policy| policy.name).filter(|name| !taken.contains(name)).collect();
    assert_eq!(missing, [""; 0], "no program in compiler/tests/emit or tests/gateways has a step of these");
}

#[test]
fn what_is_said_of_an_upstream_fails_without_its_part() {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (path, text) in programs() {
        let Some(mut whole) = made(&text) else { continue };
        for number in 0..whole.plan.0.routes.len() {
            for policy in Catalogue::standard().policies().filter(|policy| policy.part) {
                let assertion = of_one(&whole, number, has(policy));
                let program = &whole.plan.0;
                let called: Vec<usize> = upstreams(program, &program.routes[number]).collect();
                if called.is_empty() || !whole.prove(std::slice::from_ref(&assertion)).is_empty() {
                    continue;
                }
                let last = *called.last().unwrap();
                let mut parts = whole.plan.0.upstreams[last].parts.iter_mut();
                let at = parts.position(|part| part.name == policy.name).unwrap();
                let config = whole.plan.0.upstreams[last].parts[at].config.take();
                let problems = whole.prove(&[assertion]);
                whole.plan.0.upstreams[last].parts[at].config = config;
                assert_eq!(problems.len(), 1, "{}: {}", path.display(), policy.name);
                taken.insert(policy.name);
            }
        }
    }
    let parts = Catalogue::standard().policies().filter(|policy| policy.part).count();
    assert_eq!(taken.len(), parts, "{taken:?}");
}

#[test]
fn a_route_that_asks_nobody_any_more_is_one_more_that_is_public() {
    let mut seen = 0;
    for (path, text) in programs() {
        let Some(mut whole) = made(&text) else { continue };
        let span = Span::new(0, 0, 1);
        let open = |made: &Made| {
            let program = &made.plan.0;
            let all = reach::reached(program, None, None);
            let is_open = |route: &usize| {
                holds::holds(program, &program.routes[*route], &Says::Open(true, "public")).is_ok()
            };
            let named = all.into_iter().filter(|(route, _)| is_open(route));
            named.map(|(route, methods)| Named { span, routes: vec![route], methods }).collect::<Vec<_>>()
        };
        let named = open(&whole);
        let claim = Claim::Open { word: "public", span, named };
        let assertion = Assertion { span: Span::new(0, 0, 1), why: "these alone".to_owned(), claim };
        assert_eq!(whole.prove(std::slice::from_ref(&assertion)), [], "{}", path.display());
        for number in 0..whole.plan.0.routes.len() {
            let asks = |(says, homes): (Says, Vec<&'static str>)| {
                matches!(says, Says::Requires(..)).then_some(homes)
            };
            let Some(homes) = sayable(&whole, number).into_iter().find_map(asks) else { continue };
            let problems = prove_without(&mut whole, number, &homes, &assertion);
            assert!(!problems.is_empty(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

/// The walk over the tables misses no route, whatever the prefix and the host: each is found by the request that shows it.
#[test]
fn every_route_is_found_under_every_prefix_of_a_request_that_it_wins() {
    let mut seen = 0;
    for (path, text) in programs() {
        let Some(made) = made(&text) else { continue };
        let trie = Trie::of(&made.claims);
        for (number, methods) in reach::reached(&made.plan.0, None, None) {
            let Some(shown) = request::of(&made.plan, (&trie, &made.claims), number, methods, None) else {
                continue;
            };
            let url = shown.split(' ').nth(1).unwrap();
            let (host, target) = match url.strip_prefix("http://") {
                Some(rest) => {
                    let at = rest.find('/').unwrap();
                    (Some(&rest[..at]), &rest[at..])
                }
                None => (None, url),
            };
            let text = |part: &str| Part::Text(part.to_owned());
            let labels: Option<Vec<Part>> = host.map(|host| host.rsplit('.').map(text).collect());
            let segments: Vec<&str> = target.split('?').next().unwrap().split('/').skip(1).collect();
            for length in 0..=segments.len() {
                let part = |part: &&str| text(part);
                let exact: Vec<Part> = segments[..length].iter().map(part).collect();
                let vague = vec![Part::Any; length];
                for prefix in [exact, vague] {
                    let found = reach::reached(&made.plan.0, labels.as_deref(), Some(&prefix));
                    assert!(found.contains_key(&number), "{}: {shown} under {prefix:?}", path.display());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn a_route_with_another_steps_value_breaks_what_is_said_of_the_value() {
    let text = "route GET /a public -> orders { timeout 5s }
route GET /b public -> orders { timeout 1s }
assert \"nobody waits for long\" every route has timeout <= 5s
";
    assert_eq!(names(text), [""; 0]);
    assert_eq!(names(&text.replace("<= 5s", "< 2s")), ["GET /a"]);
    assert_eq!(names(&text.replace("<= 5s", "== 2s")), ["GET /b"]);
    assert_eq!(names(&text.replace("<= 5s", "!= 1000ms")), ["GET /b"]);
    assert_eq!(names(&text.replace("timeout <= 5s", "timeout connect <= 1s")), [""; 0]);
    assert_eq!(names(&text.replace("timeout <= 5s", "timeout each <= 1s")), ["GET /a", "GET /b"]);
}

#[test]
fn what_start_up_gives_holds_within_its_bounds() {
    let text = |ty: &str, said: &str| {
        format!(
            "param slow: {ty} = 1s\nroute GET /a public -> tips {{ timeout idle slow }}
assert \"bounded\" every route has timeout idle {said}\n"
        )
    };
    assert_eq!(names(&text("duration(1s..5s)", "<= 5s")), [""; 0]);
    assert_eq!(names(&text("duration(1s..5s)", "<= 4s")), ["GET /a"]);
    assert_eq!(names(&text("duration(1s..5s)", ">= 1s")), [""; 0]);
    assert_eq!(names(&text("duration(1s..5s)", "!= 6s")), [""; 0]);
    assert_eq!(names(&text("duration(1s..5s)", "== 1s")), ["GET /a"]);
    // A setting takes no more than a day.
    assert_eq!(names(&text("duration", "<= 24h")), [""; 0]);
    assert_eq!(names(&text("duration", "<= 23h")), ["GET /a"]);
}

#[test]
fn a_group_with_a_prefix_keeps_what_is_outside_of_it_away() {
    let inside = "group /api { require customer; route GET /a -> orders }\n";
    let outside = "route GET /{file: path} public respond 404\n";
    let said = "assert \"closed\" every route under /api is not public\n";
    assert_eq!(names(&format!("{inside}{outside}{said}")), [""; 0]);
    // Without the group's end, the others fall out of it.
    let open = inside.replace("group /api {", "group {").replace("/a ", "/api/a ");
    let found = broken(&format!("{open}{outside}{said}"));
    assert_eq!(found, [("GET /{file: path}".to_owned(), Some("GET /api".to_owned()))]);
    // What takes every request below a place keeps them away too, with its own methods.
    let all = "route GET /api/{all: path} require customer respond 200\n";
    let found = broken(&format!("{all}{outside}{said}"));
    assert_eq!(found, [("GET /{file: path}".to_owned(), Some("GET /api".to_owned()))]);
    let either = "route GET /api require customer respond 200\n";
    assert_eq!(names(&format!("{all}{either}{outside}{said}")), [""; 0]);
    let post = outside.replace("GET", "*");
    let found = broken(&format!("{all}{either}{post}{said}"));
    assert_eq!(found, [("* /{file: path}".to_owned(), Some("POST /api".to_owned()))]);
}

#[test]
fn conditions_take_nothing_away_and_are_in_the_request() {
    let text = "route GET /api/{all: path} when request.header(\"x-a\") is set require customer respond 200
route GET /api/{all: path} public respond 200
assert \"closed\" every route under /api requires customer
";
    let found = broken(text);
    assert_eq!(found, [("GET /api/{all: path}".to_owned(), Some("GET /api/0".to_owned()))]);
    let text = text
        .replace("require customer respond", "require partner respond")
        .replace("public", "require customer");
    let found = broken(&text);
    assert!(found[0].1.as_ref().unwrap().contains("-H \"x-a: "), "{found:?}");
}

#[test]
fn hosts_are_asked_for_themselves() {
    let text = "host api.example.com { require customer; route GET /a -> orders }
host {tenant}.example.com { route GET /a public respond 200 }
route GET /a public respond 200
";
    let said = |on: &str| names(&format!("{text}assert \"closed\" every route on {on} is not public\n"));
    assert_eq!(said("api.example.com"), [""; 0]);
    assert_eq!(said("shop.example.com"), ["GET /a"]);
    assert_eq!(said("{any}.example.com").len(), 1);
    assert_eq!(said("example.org"), ["GET /a"]);
    let named =
        format!("{text}assert \"known\" public routes are GET /a, GET /a on {{tenant}}.example.com\n");
    assert_eq!(names(&named), [""; 0]);
    let found = broken(&named.replace("GET /a, ", ""));
    assert_eq!(found, [("GET /a".to_owned(), Some("GET /a".to_owned()))]);
}

#[test]
fn one_of_several_is_less_than_one() {
    let text =
        "route GET /a require any customer, partner respond 200\nassert \"known\" every route requires ";
    assert_eq!(names(&format!("{text}customer\n")), ["GET /a"]);
    assert_eq!(names(&format!("{text}any customer, partner\n")), [""; 0]);
    let one = text.replace("any customer, partner", "partner");
    assert_eq!(names(&format!("{one}customer\n")), ["GET /a"]);
    assert_eq!(names(&format!("{one}any customer, partner\n")), [""; 0]);
    let perhaps = text
        .replace("require any customer, partner", "public")
        .replace("200\n", "200 { identify customer }\n");
    assert_eq!(names(&format!("{perhaps}customer\n")), ["GET /a"]);
}

#[test]
fn methods_are_routes_of_their_own() {
    let text = "route GET, POST /a require customer respond 200
route * /b public respond 200
assert \"closed\" every route POST except * /b is not public
";
    assert_eq!(names(text), [""; 0]);
    assert_eq!(names(&text.replace(" except * /b", "")), ["* /b"]);
    let found = broken("route GET, POST /a public respond 200\nassert \"known\" public routes are GET /a\n");
    assert_eq!(found, [("GET, POST /a".to_owned(), Some("POST /a".to_owned()))]);
}

#[test]
fn a_limit_that_only_looks_on_is_none() {
    let text = "route GET /a public respond 200 { limit 10/s per client.ip }\nassert \"limited\" every route has limit <= 10/s\n";
    assert_eq!(names(text), [""; 0]);
    assert_eq!(names(&text.replace("client.ip }", "client.ip dry_run }")), ["GET /a"]);
    assert_eq!(names(&text.replace("limit <=", "limit ban <").replace("10/s\n", "5m\n")), ["GET /a"]);
    assert_eq!(names(&text.replace("limit <= 10/s", "limit per")), [""; 0]);
    // One of several is enough.
    assert_eq!(names(&text.replace("{ limit", "{ limit 100/s; limit")), [""; 0]);
}

#[test]
fn what_is_said_of_calls_is_said_of_every_call() {
    let text = "type Tip { text: string }
route GET /home public {
  aggregate within 400ms {
    tip: Tip = tips GET /tip required
    more: Tip = orders GET /more required
    respond { tip: tip.text, more: more.text }
  }
}
route GET /tip public -> tips
route GET /ok public respond 200
";
    let said = |what: &str| names(&format!("{text}assert \"so\" every route {what}\n"));
    assert_eq!(said("has timeout <= 2s"), [""; 0]);
    assert_eq!(said("has timeout <= 1s"), ["GET /home"]);
    assert_eq!(said("to orders has eject"), ["GET /home"]);
    assert_eq!(said("to tips has eject after == 5"), ["GET /home"]);
    assert_eq!(said("GET under /tip has eject share <= 100%"), [""; 0]);
}

#[test]
fn many_breaches_are_counted_and_not_all_shown() {
    let routes: Vec<String> = (0..20).map(|at| format!("route GET /a{at} public respond 200\n")).collect();
    let routes = routes.concat();
    let made = made(&format!(
        "gateway shop {{ listen http :8080 }}\n{routes}assert \"limited\" every route has limit\n"
    ));
    let made = made.unwrap();
    let problems = made.prove(&made.assertions);
    assert_eq!(problems.len(), MOST_SHOWN + 1);
    assert_eq!(problems.last().unwrap().message, "12 more routes break \"limited\"");
}
