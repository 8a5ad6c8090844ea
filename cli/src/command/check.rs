//! `gw check`: every problem of a gateway, in one run.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use gatewright_compiler::Summary;
use gatewright_dsl::Problem;
use gatewright_dsl::problem::{render, sarif};
use serde_json::{Value, json};

use super::REFUSED;
use crate::envelope;
use crate::project::{self, Entries};

/// In which form the problems are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
    Sarif,
}

/// Checks one entry file, or all below the present directory.
pub(crate) fn run(file: Option<&Path>, form: Form) -> ExitCode {
    let begun = Instant::now();
    let entries = match project::check(file) {
        Ok(entries) => entries,
        // A log of findings has no place for why there are none.
        Err(refusal) => return refusal.end(form == Form::Json),
    };
    let ok = entries.checked.iter().all(|(_, result)| result.is_ok());
    match form {
        Form::Text => show(&entries, begun),
        Form::Json => print(&entries, ok),
        Form::Sarif => print_log(&entries),
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) }
}

fn show(entries: &Entries, begun: Instant) {
    let mut said: Vec<&Problem> = Vec::new();
    for (name, result) in &entries.checked {
        match result {
            Ok(summary) => println!("{name}: {}", describe(summary)),
            Err(problems) => {
                let new = once(problems, &mut said);
                anstream::eprint!("{}", render::text(&new, &entries.sources, render::Colour::On));
                let count = problems.len();
                eprintln!("\n{name}: {count} problem{}", if count == 1 { "" } else { "s" });
            }
        }
    }
    println!("checked in {:.2} s", begun.elapsed().as_secs_f64());
}

/// The problems that were not said yet: a file that several entries share has its problems in each.
fn once<'a>(problems: &'a [Problem], said: &mut Vec<&'a Problem>) -> Vec<Problem> {
    let known = said.len();
    let new: Vec<&Problem> =
        problems.iter().filter(|problem| !said.iter().take(known).any(|other| other == problem)).collect();
    said.extend(&new);
    new.into_iter().cloned().collect()
}

/// `gateway shop: 1 listener, 2 upstreams, 14 routes`
pub(crate) fn describe(summary: &Summary) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    format!(
        "gateway {}: {}, {}, {}",
        summary.name,
        count(summary.listeners.len(), "listener"),
        count(summary.upstreams, "upstream"),
        count(summary.routes, "route")
    )
}

fn print_log(entries: &Entries) {
    let mut said: Vec<&Problem> = Vec::new();
    for problems in entries.checked.iter().filter_map(|(_, result)| result.as_ref().err()) {
        once(problems, &mut said);
    }
    let problems: Vec<Problem> = said.into_iter().cloned().collect();
    let kinds = gatewright_dsl::problem::kinds().chain(gatewright_compiler::kinds());
    println!("{}", sarif::log(&problems, &entries.sources, kinds));
}

fn print(entries: &Entries, ok: bool) {
    let mut said: Vec<&Problem> = Vec::new();
    let mut problems: Vec<Value> = Vec::new();
    for (_, result) in &entries.checked {
        if let Err(found) = result {
            problems.extend(envelope::listed(&once(found, &mut said), &entries.sources));
        }
    }
    let listed = entries.checked.iter().map(|(name, result)| match result {
        Ok(summary) => json!({
            "file": name,
            "ok": true,
            "gateway": summary.name,
            "listeners": summary.listeners.len(),
            "upstreams": summary.upstreams,
            "routes": summary.routes,
        }),
        Err(_) => json!({ "file": name, "ok": false }),
    });
    envelope::print(ok, &problems, &json!({ "entries": listed.collect::<Vec<_>>() }));
}
