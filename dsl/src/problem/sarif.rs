//! Problems as SARIF 2.1.0, for tools that show the findings of many programs: code review, editors.
//!
//! Columns count Unicode scalars. What SARIF has no place for, the request that shows a problem, stands in its message.

use super::render::source;
use super::{Fix, Kind, Label, Problem, Severity};
use crate::source::{Source, Span};
use serde_json::{Value, json};
use std::fmt::Write;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The log of one run. `kinds` are all that a run can report; those that occur are described in it.
#[must_use]
pub fn log<'a>(problems: &[Problem], sources: &[Source], kinds: impl IntoIterator<Item = &'a Kind>) -> Value {
    let mut rules: Vec<&Kind> =
        kinds.into_iter().filter(|kind| problems.iter().any(|problem| problem.name == kind.name)).collect();
    rules.sort_by_key(|kind| kind.name);
    let described: Vec<Value> = rules
        .iter()
        .map(|kind| {
            let help = format!("`gw explain {}` shows its page", kind.name);
            json!({ "id": kind.name, "shortDescription": { "text": kind.title }, "help": { "text": help } })
        })
        .collect();
    let results: Vec<Value> = problems.iter().map(|problem| result(problem, sources, &rules)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "gw", "version": env!("CARGO_PKG_VERSION"), "rules": described } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(problem: &Problem, sources: &[Source], rules: &[&Kind]) -> Value {
    let level = match problem.severity {
        Severity::Error => "error",
    };
    let mut said = problem.message.clone();
    for (word, text) in [("proof", &problem.witness), ("help", &problem.help)] {
        if let Some(text) = text {
            // Writing into a string cannot fail.
            let _ = write!(said, "\n{word}: {text}");
        }
    }
    let places = |primary: bool| -> Vec<Value> {
        let labels = problem.labels.iter().filter(|label| label.primary == primary);
        labels.filter_map(|label| location(label, sources)).collect()
    };
    let mut result = json!({
        "ruleId": problem.name,
        "level": level,
        "message": { "text": said },
        "locations": places(true),
    });
    let Value::Object(members) = &mut result else { return result };
    if let Some(index) = rules.iter().position(|kind| kind.name == problem.name) {
        members.insert("ruleIndex".into(), index.into());
    }
    let related = places(false);
    if !related.is_empty() {
        members.insert("relatedLocations".into(), related.into());
    }
    if let Some(fix) = problem.fix.as_ref().and_then(|fix| change(fix, sources)) {
        members.insert("fixes".into(), json!([fix]));
    }
    result
}

fn location(label: &Label, sources: &[Source]) -> Option<Value> {
    let source = source(sources, label.span.file)?;
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&source.name) },
            "region": region(source, label.span),
        },
    });
    if let (Value::Object(members), false) = (&mut location, label.text.is_empty()) {
        members.insert("message".into(), json!({ "text": label.text }));
    }
    Some(location)
}

fn change(fix: &Fix, sources: &[Source]) -> Option<Value> {
    let source = source(sources, fix.span.file)?;
    Some(json!({
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(&source.name) },
            "replacements": [{
                "deletedRegion": region(source, fix.span),
                "insertedContent": { "text": fix.replacement },
            }],
        }],
    }))
}

/// The end is the place behind the last character.
fn region(source: &Source, span: Span) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "byteOffset": span.start,
        "byteLength": span.end - span.start,
    })
}

/// A file's name as a URI reference: relative to where the command ran, unless it begins at the root.
fn uri(name: &str) -> String {
    let mut uri = String::with_capacity(name.len());
    if name.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in name.bytes() {
        match byte {
            b'\\' => uri.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parse, problem};

    fn logged(text: &str) -> Value {
        let source = Source::new("a b.gw", text);
        let (_, problems) = parse(&source);
        log(&problems, &[source], problem::kinds())
    }

    /// What the standard demands of every log, and what readers of it rely on (SARIF 2.1.0, sections 3.13 to 3.30).
    fn is_valid(log: &Value) {
        assert_eq!(log["version"], "2.1.0");
        let [run] = log["runs"].as_array().unwrap().as_slice() else { panic!("{log:#}") };
        assert!(run["tool"]["driver"]["name"].is_string());
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert!(
            rules.iter().all(|rule| rule["id"].is_string() && rule["shortDescription"]["text"].is_string())
        );
        for result in run["results"].as_array().unwrap() {
            assert!(result["message"]["text"].is_string() && result["level"] == "error", "{result:#}");
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
            let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
            for place in result["locations"].as_array().unwrap().iter().chain(&related) {
                assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "a%20b.gw");
                let region = &place["physicalLocation"]["region"];
                let number = |name: &str| region[name].as_u64().unwrap();
                assert!(number("startLine") > 0 && number("startColumn") > 0, "{region}");
                assert!(
                    (number("startLine"), number("startColumn")) <= (number("endLine"), number("endColumn"))
                );
            }
            for fix in result["fixes"].as_array().cloned().unwrap_or_default() {
                let change = &fix["artifactChanges"][0];
                assert!(change["artifactLocation"]["uri"].is_string());
                assert!(change["replacements"][0]["deletedRegion"]["startLine"].is_u64());
            }
        }
    }

    #[test]
    fn every_problem_is_a_result_with_its_rule_places_and_fix() {
        let log = logged("uptream a { b 1 }\nroute GET, GET /é/x//y respond 200\n");
        is_valid(&log);
        let results = log["runs"][0]["results"].as_array().unwrap();
        let names: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
        assert_eq!(names, ["unknown_word", "repeated_method", "path_not_canonical"]);
        assert_eq!(
            results[0]["message"]["text"],
            "unknown declaration `uptream`\nhelp: did you mean `upstream`?"
        );
        let fix = &results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(
            (&fix["insertedContent"]["text"], &fix["deletedRegion"]["endColumn"]),
            (&"upstream".into(), &8.into())
        );
        assert_eq!(results[1]["relatedLocations"][0]["message"]["text"], "first here");
        let region = &results[2]["locations"][0]["physicalLocation"]["region"];
        assert_eq!(
            (&region["startColumn"], &region["endColumn"], &region["byteLength"]),
            (&16.into(), &23.into(), &8.into())
        );
    }

    #[test]
    fn nothing_wrong_is_a_log_without_results() {
        let log = logged("gateway g { listen http :8080 }\n");
        is_valid(&log);
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 0);
    }

    #[test]
    fn names_of_files_become_uris() {
        assert_eq!(uri("teams/ä b.gw"), "teams/%C3%A4%20b.gw");
        assert_eq!(uri("/srv/a.gw"), "file:///srv/a.gw");
    }
}
