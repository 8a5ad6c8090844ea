//! `gw test`: the tests of a gateway against the compiled gateway.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gatewright_compiler::suite::{Suite, Test};
use serde_json::{Value, json};

use super::REFUSED;
use super::build;
use crate::cargo::{Profile, UnderWay};
use crate::carried::put;
use crate::envelope::{self, Refusal};
use crate::progress::Progress;
use crate::project::{self, Tried};
use crate::testing::coverage::Coverage;
use crate::testing::{self, Failure, Outcome, junit};

/// What the command is asked for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The entry file.
    pub(crate) file: &'a Path,
    /// Only the tests whose name has this in it.
    pub(crate) filter: Option<&'a str>,
    /// What was not reached is listed.
    pub(crate) lists: bool,
    /// How much must be reached, in percent.
    pub(crate) least: Option<u8>,
    /// Where the outcomes are written for other programs.
    pub(crate) junit: Option<&'a PathBuf>,
    pub(crate) as_json: bool,
}

/// Builds the gateway as tests need it, and runs them.
pub(crate) fn run(asked: &Asked<'_>) -> ExitCode {
    let progress = Progress::begin();
    match tested(asked, &progress) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(REFUSED),
        Err(refusal) => {
            progress.clear();
            refusal.end(asked.as_json)
        }
    }
}

/// Whether all is as it should be.
fn tested(asked: &Asked<'_>, progress: &Progress) -> Result<bool, Refusal> {
    progress.step("check");
    let Tried { result, sources, root, .. } = project::tested(asked.file);
    let (output, suite) = result?;
    let tests = chosen(asked, &suite)?;
    let gateway = output.summary.name.clone();
    let compiled = (output, &*sources, &*root);
    let built = build::build(asked.file, compiled, Profile::Test, progress, &UnderWay::default())?;
    progress.clear();
    let said = |outcome: &Outcome<'_>| {
        if !asked.as_json {
            show(outcome);
        }
    };
    let outcomes =
        testing::run(&built.binary, &suite, &tests, said).map_err(|why| Refusal::failed(why, ""))?;
    let coverage = Coverage::of(&suite.parts, &outcomes);
    let failed = outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    let is_enough = asked.least.is_none_or(|least| coverage.percent() >= usize::from(least));
    if let Some(path) = asked.junit {
        put(path, &junit::document(&gateway, &outcomes))
            .map_err(|why| Refusal::failed(why, "name another file with --junit"))?;
    }
    if asked.as_json {
        print(&gateway, &outcomes, &coverage, failed == 0 && is_enough);
    } else {
        println!("{}: {} passed, {failed} failed", counted(outcomes.len(), "test"), outcomes.len() - failed);
        println!("{}", coverage.summary());
        let missed = if asked.lists { coverage.list() } else { Vec::new() };
        for line in missed {
            println!("    not reached  {line}");
        }
        if let (Some(least), false) = (asked.least, is_enough) {
            println!("FAILED: {} % is less than {least} %", coverage.percent());
        }
    }
    Ok(failed == 0 && is_enough)
}

/// The tests that are asked for; at least one.
fn chosen<'s>(asked: &Asked<'_>, suite: &'s Suite) -> Result<Vec<&'s Test>, Refusal> {
    if suite.tests.is_empty() {
        let why = format!("{}: this gateway has no test", asked.file.display());
        return Err(Refusal::failed(why, "write one: test \"it is there\" { GET /status => 200 }"));
    }
    let is_asked = |test: &&Test| asked.filter.is_none_or(|part| test.name.contains(part));
    let tests: Vec<&Test> = suite.tests.iter().filter(is_asked).collect();
    if tests.is_empty() {
        let why = format!("no test has {:?} in its name", asked.filter.unwrap_or_default());
        return Err(Refusal::failed(why, format!("there are {}", counted(suite.tests.len(), "test"))));
    }
    Ok(tests)
}

/// Says what has become of a test.
fn show(outcome: &Outcome<'_>) {
    let word = if outcome.failures.is_empty() { "ok" } else { "FAILED" };
    println!("{word:>8} {:>6.2} s  {}", outcome.took.as_secs_f64(), outcome.test.name);
    for line in outcome.failures.iter().flat_map(Failure::said) {
        println!("    {line}");
    }
}

fn print(gateway: &str, outcomes: &[Outcome<'_>], coverage: &Coverage<'_>, is_well: bool) {
    let failure = |failure: &Failure| {
        json!({
            "file": failure.place.file,
            "line": failure.place.line,
            "what": failure.what,
            "lines": failure.lines.iter().flat_map(|lines| lines.lines()).collect::<Vec<_>>(),
        })
    };
    let test = |outcome: &Outcome<'_>| {
        let Outcome { test, took, failures, .. } = outcome;
        json!({
            "name": test.name,
            "file": test.place.file,
            "line": test.place.line,
            "passed": failures.is_empty(),
            "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "failures": failures.iter().map(failure).collect::<Vec<_>>(),
        })
    };
    let tests: Vec<Value> = outcomes.iter().map(test).collect();
    let result = json!({ "gateway": gateway, "tests": tests, "coverage": coverage.json() });
    envelope::print(is_well, &[], &result);
}

/// `1 test`, `2 tests`
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
