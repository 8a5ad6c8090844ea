//! `cargo xtask test`: everything that must hold before a change lands. A step that fails does not hide the next.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cargo::{cargo, released, root};
use crate::{front, need, new_policy, tidy};

type Step = fn() -> Result<(), String>;

/// THE list, in running order: what each step proves, and how.
const STEPS: &[(&str, Step)] = &[
    ("the machine has what the tests need", need::install),
    ("the code is formatted", || succeed(cargo().args(["fmt", "--all", "--check"]))),
    ("the linter has nothing to say", lint),
    ("the house is tidy", tidy::run),
    ("a policy more needs no change of the compiler", new_policy::prove),
    ("the runtime compiles with each of its features alone, and without each", choices),
    ("the tests pass", tests),
    ("the documentation builds", document),
    ("the compared gateways are valid", compared),
    ("the repository's gateway routes", || front::run(front::Until::Tried)),
    ("the gateway is small", size),
];

const SEED: &str = "PROPTEST_RNG_SEED";

/// Without TLS; the design's gate.
const GATEWAY_MAX: u64 = 3 * 1024 * 1024;

/// Runs every step and shows how each went.
///
/// # Errors
/// When any step failed.
pub(crate) fn run_all() -> Result<(), String> {
    let begin = Instant::now();
    let mut shown = Vec::new();
    let mut failed = Vec::new();
    for (number, (claim, step)) in STEPS.iter().enumerate() {
        println!("\n=== {} of {}: {claim}", number + 1, STEPS.len());
        let begin = Instant::now();
        let result = step();
        if let Err(why) = &result {
            println!("failed: {why}");
            failed.push(*claim);
        }
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        shown.push(format!("{word:>6} {:>8}  {claim}", seconds(begin.elapsed())));
    }
    println!("\n=== all steps, {}", seconds(begin.elapsed()));
    println!("{}", shown.join("\n"));
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join("; "))) }
}

/// A gateway switches on what it uses, and only that: each choice is somebody's. Tried are all, none, each alone and each left out:
/// what is missing without another feature shows in one of them.
fn choices() -> Result<(), String> {
    let manifest = root().join("runtime/Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let features = features(&text);
    let all = (1_u32 << features.len()) - 1;
    let alone = (0..features.len()).map(|at| 1 << at);
    let choices: BTreeSet<u32> = [0, all].into_iter().chain(alone.flat_map(|one| [one, all ^ one])).collect();
    for choice in choices {
        let chosen = features.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1);
        let chosen: Vec<&str> = chosen.map(|(_, name)| *name).collect();
        let mut command = cargo();
        command.args(["check", "--quiet", "--package", "gatewright-runtime", "--no-default-features"]);
        command.args(["--features", &chosen.join(",")]);
        // For the runtime alone: with flags for everything, all that it needs would be compiled once more.
        command.env("RUSTC_WORKSPACE_WRAPPER", root().join("xtask/deny_warnings"));
        succeed(&mut command).map_err(|why| format!("with the features {chosen:?}: {why}"))?;
    }
    Ok(())
}

/// The features that a gateway may ask for: those of the manifest, without what only benches and fuzz targets need, and without
/// what others bring along.
fn features(manifest: &str) -> Vec<&str> {
    let section = manifest.split("[features]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split_once(" = [")).map(|(name, _)| name.trim());
    names
        .filter(|name| !name.starts_with('#') && !matches!(*name, "bench" | "call" | "default" | "way"))
        .collect()
}

fn lint() -> Result<(), String> {
    succeed(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// With `CI` set, property tests draw the same cases in each run: what fails then, the change has broken. By hand each
/// run draws new ones, unless `PROPTEST_RNG_SEED` says which.
fn tests() -> Result<(), String> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    if env::var_os("CI").is_some() && env::var_os(SEED).is_none() {
        command.env(SEED, "1");
    }
    succeed(&mut command)
}

fn document() -> Result<(), String> {
    succeed(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Writes the gateways of the comparison and has the compiler check them: ten thousand routes among them.
fn compared() -> Result<(), String> {
    let sources = root().join("target/compare/source");
    succeed(Command::new("python3").current_dir(root()).args(["benches/compare/run", "--write-only"]))?;
    let entries = fs::read_dir(&sources).map_err(|error| format!("no sources were written: {error}"))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        succeed(cargo().args(["run", "--quiet", "--package", "gatewright-cli", "--", "check"]).arg(path))?;
    }
    Ok(())
}

fn size() -> Result<(), String> {
    let path = released("gateway");
    let bytes = fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?.len();
    println!("{bytes} bytes, at most {GATEWAY_MAX}");
    if bytes <= GATEWAY_MAX { Ok(()) } else { Err("the gateway has grown too large".into()) }
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{status}")) }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_those_of_the_manifest() {
        let manifest = "[package]\nname = \"a\"\n\n[features]\n# One.\nadmin = []\nbench = []\nlimit = [\"dep:b\"]\n\n[dependencies]\nc = [1]\n";
        assert_eq!(features(manifest), ["admin", "limit"]);
    }
}
