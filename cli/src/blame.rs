//! Whose fault it is that rustc refuses something: of a crate of the operator's, of a call of a function in one, or of emitted code,
//! which is a bug of this project.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use gatewright_compiler::Output;
use gatewright_dsl::{Problem, Source};
use serde_json::Value;

use crate::envelope::Refusal;
use crate::linked::Linked;
use crate::package::Package;

/// The file of emitted code, from the folder of the package.
const EMITTED: &str = "src/gateway.rs";

/// What to say of errors of rustc.
pub(crate) fn refusal(
    package: &Package,
    errors: &[Value],
    (output, sources): (&Output, &[Source]),
    crates: &[Linked],
) -> Refusal {
    let emitted = fs::read_to_string(package.directory().join(EMITTED)).unwrap_or_default();
    let problems: Vec<Problem> = errors
        .iter()
        .filter_map(|error| {
            let number = called(&emitted, place(error)?)?;
            Some(output.handlers.get(number)?.refused(&said(error)))
        })
        .collect();
    if !problems.is_empty() {
        return Refusal::Problems(once(problems), sources.to_vec());
    }
    let own = errors.iter().find_map(|error| {
        let file = Path::new(file(error)?);
        crates.iter().find(|it| it.holds(file))
    });
    Refusal::Broken(match own {
        Some(own) => {
            let mut text = format!("error: the crate in {} does not compile\n", own.folder().display());
            render(errors, &mut text);
            text
        }
        None => report(&emitted, errors),
    })
}

/// One error for each call: what rustc says of it first.
fn once(problems: Vec<Problem>) -> Vec<Problem> {
    let mut kept: Vec<Problem> = Vec::new();
    for problem in problems {
        if !kept.iter().any(|known| known.span() == problem.span()) {
            kept.push(problem);
        }
    }
    gatewright_dsl::problem::sort(&mut kept);
    kept
}

/// What rustc says, in one line each: what is wrong, what is seen at the place, and what belongs to it.
fn said(error: &Value) -> Vec<String> {
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
    let message = error.get("message").cloned().unwrap_or_default();
    let spans = || message.get("spans").and_then(Value::as_array).into_iter().flatten();
    let is_primary = |span: &&Value| span.get("is_primary") == Some(&Value::Bool(true));
    let first = text(&message, "message").unwrap_or_default();
    let label = spans().find(is_primary).and_then(|span| text(span, "label"));
    let mut lines = vec![match label {
        Some(label) if !first.contains(&label) => format!("{first}: {label}"),
        _ => first,
    }];
    let children = message.get("children").and_then(Value::as_array).into_iter().flatten();
    for child in children.filter(|child| child.get("level").and_then(Value::as_str) == Some("note")) {
        let span = child.get("spans").and_then(|spans| spans.get(0));
        let at = span.and_then(|span| {
            Some(format!(": {}:{}", text(span, "file_name")?, span.get("line_start")?.as_u64()?))
        });
        lines.extend(text(child, "message").map(|said| said + &at.unwrap_or_default()));
    }
    lines
}

/// The file and the line of an error's place in emitted code.
fn place(error: &Value) -> Option<u64> {
    primary(error)
        .filter(|span| span.get("file_name").and_then(Value::as_str).is_some_and(|it| it.ends_with(EMITTED)))?
        .get("line_start")?
        .as_u64()
}

fn file(error: &Value) -> Option<&str> {
    primary(error)?.get("file_name")?.as_str()
}

fn primary(error: &Value) -> Option<&Value> {
    let spans = error.pointer("/message/spans").and_then(Value::as_array)?;
    spans.iter().find(|span| span.get("is_primary") == Some(&Value::Bool(true)))
}

/// The number of the function around a line of emitted code, if that calls one of the operator's.
fn called(emitted: &str, line: u64) -> Option<usize> {
    let above = usize::try_from(line).ok()?;
    let lines: Vec<&str> = emitted.lines().take(above).collect();
    let begin =
        lines.into_iter().rev().find(|line| line.starts_with("fn ") || line.starts_with("static "))?;
    begin.strip_prefix("fn handler_")?.split('(').next()?.trim().parse().ok()
}

fn render(errors: &[Value], text: &mut String) {
    for error in errors {
        text.push_str(error.pointer("/message/rendered").and_then(Value::as_str).unwrap_or_default());
    }
}

fn report(emitted: &str, errors: &[Value]) -> String {
    let mut text = String::from("error: the code emitted for this gateway does not compile\n");
    text.push_str(
        "  = note: this is a bug of gatewright, not of your file; please report it with the lines below\n",
    );
    for error in errors {
        let line = primary(error).and_then(|span| span.get("line_start")?.as_u64());
        if let Some(place) = line.and_then(|line| origin(emitted, line)) {
            let _ = writeln!(text, "  = note: it comes from {place}");
        }
        render(std::slice::from_ref(error), &mut text);
    }
    text
}

/// The place in the `.gw` text that the nearest `/// FILE:LINE` above a line of emitted code names.
fn origin(emitted: &str, line: u64) -> Option<&str> {
    let above = usize::try_from(line).ok()?;
    let lines: Vec<&str> = emitted.lines().take(above).collect();
    lines.into_iter().rev().find_map(|line| {
        let place = line.trim_start().strip_prefix("/// ")?;
        let place = place.split(',').next()?.trim();
        let number = place.rsplit(':').next()?;
        (place.contains(".gw:") && number.parse::<u32>().is_ok()).then_some(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_emitted_code_is_traced_to_the_line_that_it_came_from() {
        let emitted = "/// shop.gw:3\nfn chain_0() {\n    good\n}\n/// teams/a.gw:42, teams/b.gw:7\nfn chain_1() {\n    bad\n}\n";
        assert_eq!(origin(emitted, 3), Some("shop.gw:3"));
        assert_eq!(origin(emitted, 7), Some("teams/a.gw:42"));
        assert_eq!(origin("fn none() {}\n", 1), None);
    }

    #[test]
    fn an_error_in_a_call_is_that_of_the_function() {
        let emitted = "fn expr_0() {}\n/// a.gw:3\nfn handler_12 (x : & g :: Exchange) -> g::handler::Called { g::handler::called(\n    ::a::b() // a.gw:3\n) }\nfn expr_1() {}\n";
        assert_eq!(called(emitted, 4), Some(12));
        assert_eq!(called(emitted, 3), Some(12));
        assert_eq!((called(emitted, 1), called(emitted, 6)), (None, None));
    }
}
