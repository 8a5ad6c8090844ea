//! `gw test`: the tests of a gateway against the compiled gateway.

use std::path::Path;
use std::process::ExitCode;

use gatewright_compiler::suite::Test;

use super::build;
use super::{FAILED, REFUSED};
use crate::cargo::{Profile, UnderWay};
use crate::envelope::Refusal;
use crate::progress::Progress;
use crate::project::{self, Tried};
use crate::testing::{self, Outcome};

/// Builds the gateway as tests need it, and runs them.
pub(crate) fn run(file: &Path, filter: Option<&str>) -> ExitCode {
    let progress = Progress::begin();
    match tested(file, filter, &progress) {
        Ok((passed, failed)) => {
            println!("{}: {passed} passed, {failed} failed", counted(passed + failed, "test"));
            if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) }
        }
        Err(refusal) => {
            progress.clear();
            refusal.show();
            ExitCode::from(if matches!(refusal, Refusal::Problems(..)) { REFUSED } else { FAILED })
        }
    }
}

fn tested(file: &Path, filter: Option<&str>, progress: &Progress) -> Result<(usize, usize), Refusal> {
    progress.step("check");
    let Tried { result, sources, root, .. } = project::tested(file);
    let (output, suite) = result?;
    if suite.tests.is_empty() {
        let why = format!("{}: this gateway has no test", file.display());
        return Err(Refusal::failed(why, "write one: test \"it is there\" { GET /status => 200 }"));
    }
    let tests: Vec<&Test> =
        suite.tests.iter().filter(|test| filter.is_none_or(|part| test.name.contains(part))).collect();
    if tests.is_empty() {
        let why = format!("no test has {:?} in its name", filter.unwrap_or_default());
        return Err(Refusal::failed(why, format!("there are {}", counted(suite.tests.len(), "test"))));
    }
    let built = build::build(file, (output, &sources, &root), Profile::Test, progress, &UnderWay::default())?;
    progress.clear();
    let outcomes =
        testing::run(&built.binary, &suite, &tests, show).map_err(|why| Refusal::failed(why, ""))?;
    let failed = outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    Ok((outcomes.len() - failed, failed))
}

/// Says what has become of a test.
fn show(outcome: &Outcome<'_>) {
    let word = if outcome.failures.is_empty() { "ok" } else { "FAILED" };
    println!("{word:>8} {:>6.2} s  {}", outcome.took.as_secs_f64(), outcome.test.name);
    for failure in &outcome.failures {
        println!("    {}:{}  {}", failure.place.file, failure.place.line, failure.what);
        for line in failure.lines.iter().flat_map(|lines| lines.lines()) {
            println!("        {line}");
        }
    }
}

/// `1 test`, `2 tests`
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
