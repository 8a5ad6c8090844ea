//! `gw routes`: every route of a gateway as it will run, in order of precedence. The same program gives the same bytes,
//! wherever its lines stand, so that the text can be kept and compared.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use gatewright_compiler::routes::{Listed, Origin, Step};
use serde_json::{Value, json};

use crate::envelope;
use crate::project;

/// Lists the routes of one gateway.
pub(crate) fn run(file: &Path, as_json: bool) -> ExitCode {
    match project::plan(file) {
        Ok(plan) if as_json => {
            let routes: Vec<Value> = plan.routes().iter().map(listed).collect();
            envelope::print(true, &[], &json!({ "gateway": plan.name(), "routes": routes }));
            ExitCode::SUCCESS
        }
        Ok(plan) => {
            print!("{}", plan.routes().iter().map(shown).collect::<Vec<_>>().join("\n"));
            ExitCode::SUCCESS
        }
        Err(refusal) => refusal.end(as_json),
    }
}

/// A route as a member of a document.
pub(crate) fn listed(route: &Listed) -> Value {
    let steps: Vec<Value> = route.steps.iter().map(step).collect();
    json!({
        "methods": route.methods,
        "pattern": route.pattern,
        "also": route.also.as_ref().map(|also| json!({ "pattern": also.pattern, "from": origin(&also.from) })),
        "hosts": route.hosts,
        "steps": steps,
        "terminal": route.terminal,
        "upstream": route.upstream.as_ref().map(|upstream| json!({
            "name": upstream.name,
            "parts": upstream.parts.iter().map(step).collect::<Vec<_>>(),
        })),
        "plan": route.plan,
        "file": route.file,
        "line": route.line,
    })
}

fn step(step: &Step) -> Value {
    json!({ "text": step.text, "from": step.from.iter().map(origin).collect::<Vec<_>>() })
}

fn origin(origin: &Origin) -> Value {
    let through: Vec<Value> = origin.through.iter().map(self::origin).collect();
    json!({ "text": origin.text, "file": origin.file, "line": origin.line, "through": through })
}

/// What its upstream says beside its servers, and does not hold by itself.
pub(crate) fn written(route: &Listed) -> impl Iterator<Item = &Step> {
    let parts = route.upstream.iter().flat_map(|upstream| &upstream.parts);
    parts.filter(|part| !part.from.is_empty())
}

/// A route as lines: its name, its steps, its end, and what it leads to.
fn shown(route: &Listed) -> String {
    let mut text = format!("{}\n", route.title());
    if let Some(also) = &route.also {
        let _ = writeln!(text, "    also {}", also.pattern);
    }
    for step in route.steps.iter().map(|step| &step.text).chain([&route.terminal]) {
        // Memory does not run out here.
        let _ = writeln!(text, "    {step}");
    }
    for line in &route.plan {
        let _ = writeln!(text, "        {line}");
    }
    for part in written(route) {
        let _ = writeln!(text, "        {}", part.text);
    }
    text
}
