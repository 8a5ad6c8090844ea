//! Gateways with hosts, groups, conditions and patterns: what a running one answers is what the words of the rule say, for every
//! request.
//!
//! The rule is read off the text of the gateway. Sets of texts and of requests are compared member by member, over texts and
//! requests that tell any two of them apart.

mod sets;

use gatewright_runtime::generated::{Program, method};
use gatewright_tests::client::Client;
use gatewright_tests::gate::Setup;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

use self::sets::{Asked, CONDITIONS, Set, TEXTS, worlds};
use super::request::{bit, encoded};

/// A warning is as much a mistake of the compiler as an error.
#[deny(warnings)]
mod programs {
    use super::Program;

    include!(concat!(env!("OUT_DIR"), "/contested.rs"));
}

/// To each gateway.
const REQUESTS: usize = 400;

/// A route with one method and one host, or where a block ends.
#[derive(Clone, Debug)]
struct Claim {
    /// What a route answers with; `None` where a block ends in its 404.
    number: Option<u32>,
    /// From the right; `None`: every host.
    host: Option<Vec<Set>>,
    segments: Vec<Set>,
    rest: bool,
    method: String,
    /// Numbers of conditions that must all hold.
    when: Vec<usize>,
}

/// What must come of a request.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Route(u32, Vec<String>),
    OtherMethods(u16),
    Nothing,
}

#[test]
fn every_request_gets_what_hosts_paths_methods_and_conditions_say() {
    let server = Server::ok();
    let (mut won, mut contested, mut refused, mut fenced) = (0, 0, 0, 0);
    for (seed, (text, program)) in (0..).zip(programs::ALL) {
        let claims = claims(text);
        let gate = Setup { program, ..Setup::app(&server) }.start();
        let mut client = gate.client();
        let mut requests =
            Requests { random: TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]), claims: &claims };
        for _ in 0..REQUESTS {
            let asked = requests.next();
            let candidates = candidates(&claims, &asked);
            let expected = expected(&claims, &candidates, &asked);
            let found = found(&mut client, &asked, &expected);
            assert_eq!(found, expected, "{asked:?}\n{text}");
            won += usize::from(matches!(expected, Expected::Route(..)));
            refused += usize::from(matches!(expected, Expected::OtherMethods(_)));
            contested += usize::from(candidates.iter().filter(|claim| claim.number.is_some()).count() > 1);
            // Where a block ends, something outside would have taken the request.
            let routes = candidates.iter().any(|claim| claim.number.is_some());
            fenced += usize::from(routes && !matches!(expected, Expected::Route(..)));
        }
    }
    // Else the requests would prove little.
    let total = programs::ALL.len() * REQUESTS;
    assert!(
        won > total / 4 && contested > total / 20 && refused > total / 100 && fenced > total / 200,
        "{won} won, {contested} contested, {refused} refused, {fenced} fenced, of {total}"
    );
}

/// What a gateway of its text claims: each route once for each method and host, and where blocks end.
fn claims(text: &str) -> Vec<Claim> {
    struct Block {
        hosts: Option<Vec<Vec<Set>>>,
        segments: Vec<Set>,
        when: Vec<usize>,
    }
    let mut claims = Vec::new();
    let mut blocks = vec![Block { hosts: None, segments: Vec::new(), when: Vec::new() }];
    for line in text.lines().map(str::trim) {
        let around = blocks.last().unwrap();
        let (mut hosts, mut segments, mut when) =
            (around.hosts.clone(), around.segments.clone(), around.when.clone());
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "}" => drop(blocks.pop()),
            "host" | "group" => {
                let (pattern, condition) = with_condition(rest.strip_suffix('{').unwrap());
                when.extend(condition);
                let mut ends = true;
                if word == "host" {
                    hosts = Some(pattern.split(", ").map(host).collect());
                } else {
                    ends = !pattern.is_empty();
                    segments.extend(pattern.split('/').skip(1).map(Set::read));
                }
                if ends {
                    for rest in [false, true] {
                        // No path is without a segment.
                        if rest || !segments.is_empty() {
                            let (method, segments, when) =
                                ("every".to_owned(), segments.clone(), when.clone());
                            each_host(
                                hosts.as_deref(),
                                &Claim { number: None, host: None, segments, rest, method, when },
                                &mut claims,
                            );
                        }
                    }
                }
                blocks.push(Block { hosts, segments, when });
            }
            "route" => {
                let (head, answer) = rest.split_once(" respond 200 text \"").unwrap();
                let number = answer.split([' ', '"']).next().unwrap().parse().unwrap();
                let (head, condition) = with_condition(head);
                when.extend(condition);
                let (methods, path) = head.split_once(" /").unwrap();
                segments.extend(path.split('/').map(Set::read));
                let rest = segments.pop_if(|last| matches!(last, Set::Rest)).is_some();
                for method in methods.split(", ") {
                    let (method, segments, when) = (method.to_owned(), segments.clone(), when.clone());
                    let claim = Claim { number: Some(number), host: None, segments, rest, method, when };
                    each_host(hosts.as_deref(), &claim, &mut claims);
                }
            }
            _ => {}
        }
    }
    claims
}

fn each_host(hosts: Option<&[Vec<Set>]>, claim: &Claim, claims: &mut Vec<Claim>) {
    match hosts {
        None => claims.push(claim.clone()),
        Some(hosts) => {
            claims.extend(hosts.iter().map(|host| Claim { host: Some(host.clone()), ..claim.clone() }));
        }
    }
}

fn with_condition(head: &str) -> (&str, Option<usize>) {
    let Some((head, condition)) =
        head.trim_end().split_once(" when ").or(head.strip_prefix("when ").map(|it| ("", it)))
    else {
        return (head.trim(), None);
    };
    let number = CONDITIONS.iter().position(|(written, _)| *written == condition.trim());
    (head.trim(), Some(number.unwrap_or_else(|| panic!("{condition}"))))
}

/// The labels of a host, from the right.
fn host(pattern: &str) -> Vec<Set> {
    // The dots of a type part nothing.
    let mut labels = vec![String::new()];
    let mut depth = 0;
    for c in pattern.trim().chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == '.' && depth == 0 {
            labels.push(String::new());
        } else {
            labels.last_mut().unwrap().push(c);
        }
    }
    labels.iter().rev().map(|label| Set::read(label)).collect()
}

impl Claim {
    fn has_host(&self, asked: &Asked) -> bool {
        self.host.as_ref().is_none_or(|sets| has(sets, &asked.labels, false))
    }

    fn has_path(&self, asked: &Asked) -> bool {
        has(&self.segments, &asked.segments, self.rest)
    }

    fn holds(&self, asked: &Asked) -> bool {
        self.when.iter().all(|number| CONDITIONS[*number].1(asked))
    }

    fn bits(&self) -> u16 {
        match self.method.as_str() {
            "every" => 0,
            "*" => method::ANY,
            "GET" => method::GET | method::HEAD,
            own => bit(own),
        }
    }

    fn takes(&self, name: &str) -> bool {
        self.number.is_none() || self.bits() & bit(name) != 0
    }

    /// Whether it is another claim that comes before `other`, where both have the request.
    fn beats(&self, other: &Self) -> bool {
        let hosts = match (&self.host, &other.host) {
            (Some(own), Some(other)) => before(own, other, false, false),
            (own, other) => (own.is_some() != other.is_some()).then_some(own.is_some()),
        };
        let size = |claim: &Self| match claim.method.as_str() {
            "every" => 4,
            "*" => 3,
            "GET" => 2,
            _ => 1,
        };
        let methods = || (size(self) != size(other)).then(|| size(self) < size(other));
        let conditions = || {
            let holds = |claim: &Self| worlds().iter().map(|world| claim.holds(world)).collect::<Vec<_>>();
            let (own, other) = (holds(self), holds(other));
            let is_within = |a: &[bool], b: &[bool]| a.iter().zip(b).all(|(a, b)| !a || *b);
            is_within(&own, &other) && own != other
        };
        let paths = || before(&self.segments, &other.segments, self.rest, other.rest);
        hosts.or_else(paths).or_else(methods).unwrap_or_else(conditions)
    }
}

fn has(sets: &[Set], texts: &[String], rest: bool) -> bool {
    let enough = if rest { texts.len() > sets.len() } else { texts.len() == sets.len() };
    enough && sets.iter().zip(texts).all(|(set, text)| set.has(text))
}

/// Which of two patterns that have the same request comes first; `None` where they are alike.
fn before(own: &[Set], other: &[Set], own_rest: bool, other_rest: bool) -> Option<bool> {
    for at in 0..own.len().max(other.len()) {
        match (own.get(at), other.get(at)) {
            (Some(own), Some(other)) if own.is_in(other) && other.is_in(own) => {}
            (Some(own), Some(other)) => return Some(own.is_in(other)),
            // Where one has ended, its rest takes over.
            (own, _) => return Some(own.is_some()),
        }
    }
    (own_rest != other_rest).then_some(!own_rest)
}

/// The claims that have the host, the path, the method and the condition of a request.
fn candidates<'a>(claims: &'a [Claim], asked: &Asked) -> Vec<&'a Claim> {
    let is_candidate = |claim: &&Claim| {
        claim.has_host(asked) && claim.has_path(asked) && claim.takes(asked.method) && claim.holds(asked)
    };
    claims.iter().filter(is_candidate).collect()
}

fn expected(claims: &[Claim], candidates: &[&Claim], asked: &Asked) -> Expected {
    // Two blocks may end alike: then it does not matter which.
    let best = candidates.iter().find(|claim| candidates.iter().all(|other| !other.beats(claim))).copied();
    if let Some(Claim { number: Some(number), segments, rest, .. }) = best {
        let ties = candidates
            .iter()
            .filter(|other| other.number != Some(*number) && !best.unwrap().beats(other))
            .count();
        assert_eq!(ties, 0, "a tie: {asked:?}");
        let mut captures: Vec<String> = segments
            .iter()
            .zip(&asked.segments)
            .filter(|(set, _)| set.captures())
            .map(|(_, text)| text.clone())
            .collect();
        if *rest {
            captures.push(asked.segments[segments.len()..].join("/"));
        }
        return Expected::Route(*number, captures);
    }
    // What comes after the end of a block is not looked at.
    let passed: Vec<&Claim> = claims
        .iter()
        .filter(|claim| claim.number.is_some() && claim.has_host(asked) && claim.has_path(asked))
        .filter(|claim| best.is_none_or(|floor| claim.beats(floor)))
        .collect();
    let is_unmet = passed.iter().any(|claim| claim.takes(asked.method));
    match passed.iter().fold(0, |all, claim| all | claim.bits()) {
        0 => Expected::Nothing,
        _ if is_unmet => Expected::Nothing,
        methods => Expected::OtherMethods(methods),
    }
}

/// What a gateway answers.
fn found(client: &mut Client, asked: &Asked, expected: &Expected) -> Expected {
    client.send(asked.bytes());
    let answer = if asked.method == "HEAD" { client.answer_to_head() } else { client.answer() };
    let Some(number) = answer.field("x-route") else { return own(&answer) };
    let number: u32 = number.parse().unwrap();
    assert_eq!(answer.status(), 200);
    let captures = match expected {
        // There is no body to look at.
        Expected::Route(_, captures) if asked.method == "HEAD" => captures.clone(),
        _ => {
            let body = String::from_utf8(answer.body).unwrap();
            let mut texts = body.split(' ').map(|text| text.replace('\u{1f}', " "));
            assert_eq!(texts.next(), Some(number.to_string()));
            texts.collect()
        }
    };
    Expected::Route(number, captures)
}

fn own(answer: &Message) -> Expected {
    match answer.status() {
        404 => Expected::Nothing,
        // OPTIONS has an answer where the others are refused.
        204 | 405 => {
            let allow = answer.field("allow").unwrap();
            let named =
                allow.split(", ").filter(|name| *name != "OPTIONS").fold(0, |all, name| all | bit(name));
            Expected::OtherMethods(named)
        }
        status => panic!("{status}: {answer:?}"),
    }
}

/// Requests that lie near the claims of a gateway.
struct Requests<'a> {
    random: TestRng,
    claims: &'a [Claim],
}

impl Requests<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.random.next_u32() as usize % bound
    }

    fn text(&mut self) -> String {
        TEXTS[self.below(TEXTS.len())].to_owned()
    }

    fn member(&mut self, set: &Set) -> String {
        if let Set::Literal(text) = set {
            return text.clone();
        }
        (0..60).map(|_| self.text()).find(|text| set.has(text)).unwrap_or_else(|| "a".to_owned())
    }

    fn next(&mut self) -> Asked {
        let claim = self.claims[self.below(self.claims.len())].clone();
        let mut segments: Vec<String> = claim.segments.iter().map(|set| self.member(set)).collect();
        for _ in 0..if claim.rest { 1 + self.below(2) } else { 0 } {
            segments.push(self.text());
        }
        match self.below(8) {
            0 => segments.push(self.text()),
            1 => drop(segments.pop()),
            2 if !segments.is_empty() => {
                let at = self.below(segments.len());
                segments[at] = self.text();
            }
            3 => segments.push(String::new()),
            _ => {}
        }
        // Only the last segment of a canonical path may be empty.
        let last = segments.pop().unwrap_or_default();
        segments.retain(|segment| !segment.is_empty());
        segments.push(last);
        let hosts = [
            "shop.example.com",
            "api.example.com",
            "api.example.org",
            "localhost",
            "eu.example.com",
            "x1.example.com",
            "shop.acme.com",
            "x.y.com",
            "ab.example.org",
            "other",
            "a.b.c.d",
        ];
        let own = claim.host.as_ref().map(|sets| {
            let labels: Vec<String> = sets.iter().rev().map(|set| self.label(set)).collect();
            labels.join(".")
        });
        let host =
            own.filter(|_| self.below(4) > 0).unwrap_or_else(|| hosts[self.below(hosts.len())].to_owned());
        let methods = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"];
        let own = methods.into_iter().find(|method| *method == claim.method).filter(|_| self.below(3) > 0);
        let method = own.unwrap_or(methods[self.below(methods.len())]);
        let world = worlds()[self.below(worlds().len())].clone();
        let labels = host.rsplit('.').map(str::to_owned).collect();
        // The client of these tests is this machine.
        Asked { method, host, labels, segments, ip: "127.0.0.1", ..world }
    }

    fn label(&mut self, set: &Set) -> String {
        if let Set::Literal(text) = set {
            return text.clone();
        }
        let labels = ["eu", "us", "acme", "x1", "a", "shop", "longer-than-8", "api"];
        labels[self.below(labels.len())].to_owned()
    }
}

impl Asked {
    fn bytes(&self) -> String {
        let path: String = self.segments.iter().map(|segment| format!("/{}", encoded(segment))).collect();
        let query = self.query.map_or_else(String::new, |value| format!("?q={value}"));
        // A host has other spellings.
        let host = match self.segments.len() % 3 {
            0 => self.host.to_uppercase(),
            1 => format!("{}:8080", self.host),
            _ => format!("{}.", self.host),
        };
        let header = self.header.map_or_else(String::new, |value| format!("X-A: {value}\r\n"));
        let cookie = self.cookie.map_or_else(String::new, |value| format!("Cookie: a=1; c={value}\r\n"));
        format!("{} {path}{query} HTTP/1.1\r\nHost: {host}\r\n{header}{cookie}\r\n", self.method)
    }
}
