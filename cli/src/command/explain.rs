//! `gw explain`: what a gateway does with a request and why, or the page of a problem, a setting or a declaration.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;

use gatewright_compiler::explain::{Asked, Decision, Explanation, Foretold, Hop, Unset, Verdict, Why};
use gatewright_compiler::routes::{Listed, Origin};
use gatewright_dsl::problem::nearest::nearest;
use serde_json::{Value, json};

use super::routes::{listed, written};
use crate::carried::{page, reason, reasons, words};
use crate::envelope::{self, Refusal};
use crate::project;

/// Which pages are looked at, in this order.
const KINDS: [&str; 6] = ["problem", "policy", "item", "auth", REASON, "topic"];

/// Why a gateway answers by itself: all of them stand on one page.
const REASON: &str = "reason";

/// Shows the page of a word, which may have its kind before it: `auth/forward`.
pub(crate) fn word(word: &str, as_json: bool) -> ExitCode {
    let (own, word) = word.split_once('/').map_or((None, word), |(kind, word)| (Some(kind), word));
    let mut found = KINDS
        .iter()
        .filter(|kind| own.is_none_or(|own| own == **kind))
        .filter_map(|kind| Some((*kind, text(kind, word)?)));
    let Some((kind, text)) = found.next() else {
        let known = KINDS.iter().flat_map(|kind| words(kind)).chain(reasons());
        let help = match nearest(word, known) {
            Some(near) if near != word => format!("did you mean `{near}`?"),
            _ => "name a problem, a setting, a declaration, a reason, or a request: gw explain GET /path"
                .to_owned(),
        };
        return Refusal::failed(format!("no page is named `{word}`"), help).end(as_json);
    };
    for (kind, _) in found {
        eprintln!("there is another page: gw explain {kind}/{word}");
    }
    if as_json {
        envelope::print(true, &[], &json!({ "kind": kind, "word": word, "page": text }));
    } else {
        print!("{text}");
    }
    ExitCode::SUCCESS
}

fn text(kind: &str, word: &str) -> Option<Cow<'static, str>> {
    if kind == REASON { reason(word).map(Cow::Owned) } else { page(kind, word).map(Cow::Borrowed) }
}

/// A request as the command line names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) method: &'a str,
    /// A path or a URL.
    pub(crate) target: &'a str,
    /// `name: value`
    pub(crate) headers: &'a [String],
    pub(crate) client: IpAddr,
    /// `name=text`
    pub(crate) params: &'a [String],
    /// `name=text`
    pub(crate) lives: &'a [String],
}

/// Shows what becomes of a request.
pub(crate) fn request(line: &Line<'_>, file: &Path, as_json: bool) -> ExitCode {
    let explained = judge(line).and_then(|asked| {
        let plan = project::plan(file)?;
        let explanation = plan.explain(&asked).map_err(|unset| unstarted(&unset))?;
        Ok((explanation, asked))
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

fn unstarted(unset: &Unset) -> Refusal {
    let help = match unset {
        Unset::Missing(name) => format!(
            "say what the gateway is started with: --param {name}=…; of a live value, what it is: --live {name}=…"
        ),
        Unset::Live(name) => format!("write --live {name}=…"),
        Unset::NotLive(name) => format!("write --param {name}=…"),
        Unset::Wrong(..) => "write it as it is given at start-up".to_owned(),
        Unset::Unknown(_) => "name one that the gateway declares".to_owned(),
    };
    Refusal::failed(unset.to_string(), help)
}

fn judge(line: &Line<'_>) -> Result<Asked, Refusal> {
    let Line { method, target, .. } = *line;
    if method.is_empty() || !method.chars().all(|c| c.is_ascii_uppercase() || c == '-') {
        return Err(Refusal::failed(
            format!("`{method}` is no method"),
            "write it as it is sent: GET, POST, …",
        ));
    }
    // Behind a path, it is a part of that.
    let (host, target) = match target.split_once("://").filter(|_| !target.starts_with('/')) {
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
    let headers = line.headers.iter().map(|text| header(text)).collect::<Result<Vec<_>, _>>()?;
    let (hosts, headers): (Vec<_>, Vec<_>) =
        headers.into_iter().partition(|(name, _)| name.eq_ignore_ascii_case("host"));
    if hosts.len() > 1 {
        let help = "a request with two of them is answered 400: write one";
        return Err(Refusal::failed("`Host` is written twice", help));
    }
    // As clients do: the field is what is sent, the URL says only where to.
    let host = hosts.into_iter().next().map(|(_, value)| value).or(host);
    Ok(Asked {
        host,
        headers,
        client: line.client,
        params: given(line.params, "--param")?,
        lives: given(line.lives, "--live")?,
        ..Asked::new(method, target)
    })
}

/// Names and the texts that are given for them.
fn given(texts: &[String], flag: &str) -> Result<Vec<(String, String)>, Refusal> {
    let given = texts.iter().map(|text| match text.split_once('=') {
        Some((name, text)) => Ok((name.to_owned(), text.to_owned())),
        None => Err(Refusal::failed(format!("`{text}` gives nothing"), format!("write {flag} name=text"))),
    });
    given.collect()
}

/// A field of the head: its name, and its value without blanks around it.
fn header(text: &str) -> Result<(String, String), Refusal> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let field = text.split_once(':').map(|(name, value)| (name, value.trim_matches([' ', '\t'])));
    let field = field.filter(|(name, value)| {
        !name.is_empty() && name.chars().all(is_token) && !value.chars().any(|c| c.is_control() && c != '\t')
    });
    let field = field.map(|(name, value)| (name.to_owned(), value.to_owned()));
    field.ok_or_else(|| {
        Refusal::failed(format!("`{text}` is no field"), "write it as it is sent: -H 'x-plan: pro'")
    })
}

fn document(asked: &Asked, explanation: &Explanation) -> Value {
    let others: Vec<Value> = explanation
        .others
        .iter()
        .map(|(route, why)| {
            let (why, methods, condition): (_, &[&str], _) = match why {
                Why::Method(methods) => ("method", methods, None),
                Why::Condition(condition) => ("condition", &[], Some(condition)),
                Why::LessSpecific => ("less_specific", &[], None),
            };
            json!({ "route": listed(route), "why": why, "methods": methods, "condition": condition })
        })
        .collect();
    let shown = |hops: &[Hop]| -> Value {
        hops.iter().map(|hop| json!({ "text": hop.text, "by": hop.by.to_string() })).collect()
    };
    let (labels, segments, route, answer, verdicts, foretold) = match &explanation.decision {
        Decision::Won { route, labels, hops, verdicts, foretold } => {
            let foretold = foretold.as_ref().map_or(Value::Null, |told| {
                json!({ "status": told.status, "reason": told.reason, "sure": told.is_sure, "instead": told.instead })
            });
            let verdicts = verdicts.iter().map(verdict).collect();
            (shown(labels), shown(hops), listed(route), Value::Null, verdicts, foretold)
        }
        Decision::Own { status, reason, allowed, is_floor } => {
            let answer = json!({ "status": status, "reason": reason, "allowed": allowed, "floor": is_floor });
            (json!([]), json!([]), Value::Null, answer, json!([]), Value::Null)
        }
    };
    json!({
        "kind": "request",
        "method": asked.method,
        "target": asked.target,
        "host": asked.host,
        "headers": pairs(&asked.headers),
        "client": asked.client.to_string(),
        "params": pairs(&asked.params),
        "live": pairs(&asked.lives),
        "path": explanation.path,
        "labels": labels,
        "segments": segments,
        "route": route,
        "verdicts": verdicts,
        "foretold": foretold,
        "answer": answer,
        "others": others,
    })
}

fn pairs(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, text)| json!({ "name": name, "text": text })).collect()
}

/// What a step does with the request.
fn verdict(verdict: &Verdict) -> Value {
    let (word, status, reason, wrong): (_, _, _, &[String]) = match verdict {
        Verdict::Passes => ("passes", None, None, &[]),
        Verdict::Open => ("open", None, None, &[]),
        Verdict::Refuses { status, reason, wrong } => ("refuses", Some(status), Some(reason), wrong),
    };
    json!({ "verdict": word, "status": status, "reason": reason, "wrong": wrong })
}

fn show(asked: &Asked, explanation: &Explanation) {
    println!("{} {}{}", asked.method, asked.host.as_deref().unwrap_or_default(), asked.target);
    if explanation.path != asked.target && !explanation.path.is_empty() {
        println!("  path     {}", explanation.path);
    }
    let client = format!("  client   {}", asked.client);
    match &explanation.decision {
        Decision::Won { route, labels, hops, verdicts, foretold } => {
            for hop in labels.iter().rev() {
                println!("  label    {}: {}", hop.text, hop.by);
            }
            for hop in hops {
                println!("  segment  {}: {}", hop.text, hop.by);
            }
            println!("  method   {}\n{client}", asked.method);
            println!("\n{} wins ({})", route.title(), place(route));
            if let Some(also) = &route.also {
                println!("    also {}\n        {}", also.pattern, came(&also.from));
            }
            for (step, verdict) in route.steps.iter().zip(verdicts) {
                println!("    {}", step.text);
                for origin in &step.from {
                    println!("        {}", came(origin));
                }
                for need in &step.needs {
                    println!("        {need}");
                }
                if let Verdict::Refuses { status, reason, wrong } = verdict {
                    println!("        answers {status}: {reason}");
                    for wrong in wrong {
                        println!("            {wrong}");
                    }
                }
            }
            println!("    {}", route.terminal);
            for line in &route.plan {
                println!("        {line}");
            }
            for part in written(route) {
                println!("        {}", part.text);
                for origin in &part.from {
                    println!("            {}", came(origin));
                }
                for need in &part.needs {
                    println!("            {need}");
                }
            }
            if let Some(foretold) = foretold {
                foretell(foretold);
            }
        }
        Decision::Own { status, reason, allowed, is_floor } => {
            println!("{client}\n\nthe gateway answers {status}: {reason}");
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
            Why::Condition(condition) => format!("its condition does not hold: {condition}"),
            Why::LessSpecific => "it is less specific".to_owned(),
        };
        println!("\n{} does not ({})\n    {why}", route.title(), place(route));
    }
}

/// Says which answer the request will have, where its route refuses it.
fn foretell(foretold: &Foretold) {
    let Foretold { status, reason, is_sure, instead } = foretold;
    let unless =
        if *is_sure { "" } else { ", unless a step before refuses it for what a request does not say" };
    let answer = instead.map_or_else(String::new, |instead| format!("{instead}, in the place of "));
    println!("\nthe answer will be {answer}{status}: {reason}{unless}");
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
