//! Runs the tests of a gateway against its binary: each in a process of its own, with servers on this machine in the place of its
//! upstreams. What is asked and expected is data of the compiler; nothing here evaluates a program.

mod client;
pub(crate) mod coverage;
mod gateway;
mod judge;
pub(crate) mod junit;
mod mock;
mod wire;

use std::path::Path;
use std::time::{Duration, Instant};

use gatewright_compiler::suite::{Ask, Got, Place, Step, StepKind, Suite, Test};

use gateway::Tested;
use mock::Servers;

/// What has become of one test.
#[derive(Debug)]
pub(crate) struct Outcome<'s> {
    pub(crate) test: &'s Test,
    pub(crate) took: Duration,
    /// What was not so; none of it: the test has passed.
    pub(crate) failures: Vec<Failure>,
    /// What its requests have come to.
    pub(crate) reached: Vec<String>,
}

/// One thing that was not so.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Where it is written.
    pub(crate) place: Place,
    /// What was asked, in short.
    pub(crate) what: String,
    /// What was expected and what was found, a line for each thing to say.
    pub(crate) lines: Vec<String>,
}

impl Failure {
    /// Its lines, with where it is and what was asked in the first.
    pub(crate) fn said(&self) -> Vec<String> {
        let head = format!("{}:{}  {}", self.place.file, self.place.line, self.what);
        let lines = self.lines.iter().flat_map(|lines| lines.lines()).map(|line| format!("    {line}"));
        std::iter::once(head).chain(lines).collect()
    }
}

/// Runs tests, and says each outcome as it comes.
///
/// # Errors
///
/// A sentence, where tests cannot be run at all.
pub(crate) fn run<'s>(
    binary: &Path,
    suite: &'s Suite,
    tests: &[&'s Test],
    mut said: impl FnMut(&Outcome<'s>),
) -> Result<Vec<Outcome<'s>>, String> {
    let servers = Servers::open(&suite.upstreams)
        .map_err(|error| format!("no socket for the servers of a test: {error}"))?;
    let mut outcomes = Vec::with_capacity(tests.len());
    for test in tests {
        let begun = Instant::now();
        let (failures, reached) = one(binary, suite, &servers, test);
        let outcome = Outcome { test, took: begun.elapsed(), failures, reached };
        said(&outcome);
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn one(binary: &Path, suite: &Suite, servers: &Servers, test: &Test) -> (Vec<Failure>, Vec<String>) {
    let whole = |lines| Failure { place: test.place.clone(), what: format!("test {:?}", test.name), lines };
    servers.begin(test);
    let given = test.given.iter().chain(&suite.given);
    let mut gateway = match Tested::start(binary, &servers.addresses(), given) {
        Ok(gateway) => gateway,
        Err(said) => {
            return (vec![whole(vec!["the gateway does not start:".to_owned(), said])], Vec::new());
        }
    };
    let mut failures = Vec::new();
    let mut credential = None;
    let wrong = |step: &Step, what: String, why: String| Failure {
        place: step.place.clone(),
        what,
        lines: vec![why],
    };
    for step in &test.steps {
        match &step.kind {
            StepKind::As(None) => credential = None,
            StepKind::As(Some(who)) => match gateway.credential(who) {
                Ok(found) => credential = Some(found),
                Err(why) => failures.push(wrong(step, format!("as {}", who.auth), why)),
            },
            StepKind::After(time) => {
                let moved = gateway.after(*time);
                failures.extend(moved.err().map(|why| wrong(step, format!("after {time:?}"), why)));
            }
            StepKind::Mock(mock) => servers.mock(mock),
            StepKind::Ask(ask) => {
                let mut ask = ask.clone();
                // What is written comes before who asks.
                if let Some((field, value)) = &credential
                    && !ask.headers.iter().any(|(name, _)| name == field)
                {
                    ask.headers.push((field.clone(), value.clone()));
                }
                failures.extend(asked(&gateway, servers, &ask, &step.place));
            }
            StepKind::Got(got) => failures.extend(reached(servers, got, &step.place)),
        }
    }
    let reached = gateway.reached().unwrap_or_else(|why| {
        failures.push(whole(vec![why]));
        Vec::new()
    });
    if !failures.is_empty() {
        let said = gateway.said();
        if let (Some(last), false) = (failures.last_mut(), said.is_empty()) {
            last.lines.extend(said.lines().map(|line| format!("the gateway says: {line}")));
        }
    }
    (failures, reached)
}

/// Asks the gateway, and holds what comes back against what was expected.
fn asked(gateway: &Tested, servers: &Servers, ask: &Ask, place: &Place) -> Vec<Failure> {
    servers.forget();
    let what = format!("{} {}", ask.method, ask.target);
    let mut failures = Vec::new();
    match client::ask(gateway.address(), ask) {
        Ok(answer) => failures.extend(judge::answer(&ask.expected, &answer, &what)),
        Err(error) => {
            let lines = vec!["expected  an answer".to_owned(), format!("found     {error}")];
            failures.push(Failure { place: place.clone(), what: what.clone(), lines });
        }
    }
    for (upstream, line) in servers.unexpected() {
        let lines = vec![format!(
            "`{upstream}` was asked {line}, and no `mock {upstream}` of this test answers that"
        )];
        failures.push(Failure { place: place.clone(), what: what.clone(), lines });
    }
    failures
}

/// Holds what has reached an upstream against what was expected.
fn reached(servers: &Servers, got: &Got, place: &Place) -> Option<Failure> {
    let all = servers.received(&got.upstream);
    let lines = judge::received(got, &all);
    (!lines.is_empty()).then(|| Failure {
        place: place.clone(),
        what: format!("expect {} got", got.upstream),
        lines,
    })
}
