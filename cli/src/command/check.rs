//! `gw check`: every problem of a gateway, in one run.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use gatewright_compiler::Summary;
use gatewright_dsl::problem::render;
use gatewright_dsl::{Catalogue, Problem, Source};
use serde_json::{Value, json};

use super::REFUSED;
use crate::envelope::{self, Refusal};
use crate::project;

/// What one entry has come to.
struct Checked {
    source: Source,
    result: Result<Summary, Vec<Problem>>,
}

/// Checks one entry file, or all below the present directory.
pub(crate) fn run(file: Option<&Path>, as_json: bool) -> ExitCode {
    let begun = Instant::now();
    let entries =
        match file.map_or_else(project::entries, |file| project::read(file).map(|source| vec![source])) {
            Ok(entries) => entries,
            Err(why) => {
                return Refusal::failed(why, "name an entry file, or run this where one is").end(as_json);
            }
        };
    let catalogue = Catalogue::standard();
    let checked: Vec<Checked> = entries
        .into_iter()
        .map(|source| {
            let result = gatewright_compiler::check(std::slice::from_ref(&source), &catalogue);
            Checked { source, result }
        })
        .collect();
    let ok = checked.iter().all(|entry| entry.result.is_ok());
    if as_json {
        print(&checked, ok);
    } else {
        show(&checked, begun);
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) }
}

fn show(checked: &[Checked], begun: Instant) {
    for entry in checked {
        match &entry.result {
            Ok(summary) => println!("{}: {}", entry.source.name, describe(summary)),
            Err(problems) => {
                let sources = std::slice::from_ref(&entry.source);
                anstream::eprint!("{}", render::text(problems, sources, render::Colour::On));
                let count = problems.len();
                eprintln!("\n{}: {count} problem{}", entry.source.name, if count == 1 { "" } else { "s" });
            }
        }
    }
    println!("checked in {:.2} s", begun.elapsed().as_secs_f64());
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

fn print(checked: &[Checked], ok: bool) {
    let problems: Vec<Value> = checked
        .iter()
        .filter_map(|entry| Some((entry, entry.result.as_ref().err()?)))
        .flat_map(|(entry, problems)| envelope::listed(problems, std::slice::from_ref(&entry.source)))
        .collect();
    let entries: Vec<Value> = checked
        .iter()
        .map(|entry| match &entry.result {
            Ok(summary) => json!({
                "file": entry.source.name,
                "ok": true,
                "gateway": summary.name,
                "listeners": summary.listeners.len(),
                "upstreams": summary.upstreams,
                "routes": summary.routes,
            }),
            Err(_) => json!({ "file": entry.source.name, "ok": false }),
        })
        .collect();
    envelope::print(ok, &problems, &json!({ "entries": entries }));
}
