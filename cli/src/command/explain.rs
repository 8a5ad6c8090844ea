//! `gw explain`: what a gateway does with a request and why, or the page of a problem, a setting or a declaration.

use std::path::Path;
use std::process::ExitCode;

use gatewright_compiler::explain::{Asked, Decision, Explanation, Hop, Why};
use gatewright_compiler::routes::{Listed, Origin};
use gatewright_dsl::problem::nearest::nearest;
use serde_json::{Value, json};

use super::routes::listed;
use crate::carried::{page, words};
use crate::envelope::{self, Refusal};
use crate::project;

/// Which pages are looked at, in this order.
const KINDS: [&str; 3] = ["problem", "policy", "item"];

/// Shows the page of a word.
pub(crate) fn word(word: &str, as_json: bool) -> ExitCode {
    let Some((kind, text)) = KINDS.iter().find_map(|kind| Some((*kind, page(kind, word)?))) else {
        let known = KINDS.iter().flat_map(|kind| words(kind));
        let help = match nearest(word, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a problem, a setting, a declaration, or a request: gw explain GET /path".to_owned(),
        };
        return Refusal::failed(format!("no page is named `{word}`"), help).end(as_json);
    };
    if as_json {
        envelope::print(true, &[], &json!({ "kind": kind, "word": word, "page": text }));
    } else {
        print!("{text}");
    }
    ExitCode::SUCCESS
}

/// Shows what becomes of a request.
pub(crate) fn request(method: &str, target: &str, file: &Path, as_json: bool) -> ExitCode {
    let explained = judge(method, target).and_then(|asked| {
        let plan = project::plan(file)?;
        Ok((plan.explain(&asked), asked))
    });
    match explained {
        Ok((explanation, asked)) => {
            if as_json {
                envelope::print(true, &[], &document(&asked, &explanation));
            } else {
                show(&asked, &explanation);
            }
            ExitCode::SUCCESS
        }
        Err(refusal) => refusal.end(as_json),
    }
}

fn judge(method: &str, target: &str) -> Result<Asked, Refusal> {
    if method.is_empty() || !method.chars().all(|c| c.is_ascii_uppercase() || c == '-') {
        return Err(Refusal::failed(
            format!("`{method}` is no method"),
            "write it as it is sent: GET, POST, …",
        ));
    }
    let (host, target) = match target.split_once("://") {
        None => (None, target),
        Some((_, rest)) => {
            let path = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(path);
            (Some(host.to_owned()), if path.is_empty() { "/" } else { path })
        }
    };
    let is_all = target == "*" && method == "OPTIONS";
    if !is_all && !target.starts_with('/') || host.as_ref().is_some_and(String::is_empty) {
        let help = "write it as it is sent: /orders/7, or with its host: http://shop.example.com/orders/7";
        return Err(Refusal::failed(format!("`{target}` is no path"), help));
    }
    Ok(Asked { method: method.to_owned(), target: target.to_owned(), host })
}

fn document(asked: &Asked, explanation: &Explanation) -> Value {
    let others: Vec<Value> = explanation
        .others
        .iter()
        .map(|(route, why)| {
            let (why, methods): (_, &[&str]) = match why {
                Why::Method(methods) => ("method", methods),
                Why::LessSpecific => ("less_specific", &[]),
            };
            json!({ "route": listed(route), "why": why, "methods": methods })
        })
        .collect();
    let shown = |hops: &[Hop]| -> Value {
        hops.iter().map(|hop| json!({ "text": hop.text, "by": hop.by.to_string() })).collect()
    };
    let (labels, segments, route, answer) = match &explanation.decision {
        Decision::Won { route, labels, hops } => (shown(labels), shown(hops), listed(route), Value::Null),
        Decision::Own { status, reason, allowed, is_floor } => {
            let answer = json!({ "status": status, "reason": reason, "allowed": allowed, "floor": is_floor });
            (json!([]), json!([]), Value::Null, answer)
        }
    };
    json!({
        "kind": "request",
        "method": asked.method,
        "target": asked.target,
        "host": asked.host,
        "path": explanation.path,
        "labels": labels,
        "segments": segments,
        "route": route,
        "answer": answer,
        "others": others,
    })
}

fn show(asked: &Asked, explanation: &Explanation) {
    println!("{} {}{}", asked.method, asked.host.as_deref().unwrap_or_default(), asked.target);
    if explanation.path != asked.target && !explanation.path.is_empty() {
        println!("  path     {}", explanation.path);
    }
    match &explanation.decision {
        Decision::Won { route, labels, hops } => {
            for hop in labels.iter().rev() {
                println!("  label    {}: {}", hop.text, hop.by);
            }
            for hop in hops {
                println!("  segment  {}: {}", hop.text, hop.by);
            }
            println!("  method   {}", asked.method);
            println!("\n{} wins ({})", route.title(), place(route));
            if let Some(also) = &route.also {
                println!("    also {}\n        {}", also.pattern, came(&also.from));
            }
            for step in &route.steps {
                println!("    {}", step.text);
                for origin in &step.from {
                    println!("        {}", came(origin));
                }
            }
            println!("    {}", route.terminal);
        }
        Decision::Own { status, reason, allowed, is_floor } => {
            println!("\nthe gateway answers {status}: {reason}");
            if *is_floor {
                println!("    the group or host ends here: nothing less specific is looked at");
            }
            if !allowed.is_empty() {
                println!("    allowed: {}", allowed.join(", "));
            }
        }
    }
    for (route, why) in &explanation.others {
        let why = match why {
            Why::Method(methods) => format!("here it takes {}", methods.join(", ")),
            Why::LessSpecific => "it is less specific".to_owned(),
        };
        println!("\n{} does not ({})\n    {why}", route.title(), place(route));
    }
}

/// A setting, and all that it came through: `timeout 2s (gateway.gw:5) in group /api (gateway.gw:4)`.
fn came(origin: &Origin) -> String {
    let at = |origin: &Origin| format!("{} ({}:{})", origin.text, origin.file, origin.line);
    let through = origin.through.iter().rev().map(|outer| format!(" in {}", at(outer)));
    at(origin) + &through.collect::<String>()
}

fn place(route: &Listed) -> String {
    format!("{}:{}", route.file, route.line)
}
