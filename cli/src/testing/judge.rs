//! Holds what was found against what was expected, and says the difference so that nobody has to look for it.

use std::fmt::Write as _;

use gatewright_compiler::suite::{Body, Expectation, Expected, Field, Got};
use serde_json::Value;

use super::Failure;
use super::client::Answer;
use super::wire::Message;

/// Characters of a text that are shown.
const SHOWN: usize = 600;
/// Differences of two documents that are shown.
const DIFFERENCES: usize = 10;

/// What is wrong with an answer.
pub(crate) fn answer(expected: &[Expected], answer: &Answer, what: &str) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for one in expected {
        let lines = match &one.kind {
            Expectation::Status(status) if *status != answer.message.status => {
                vec![format!("expected  {status}"), format!("found     {}", shown(&answer.message))]
            }
            Expectation::Reason(reason) => {
                let found = self::reason(&answer.message);
                if found.as_deref() == Some(reason) {
                    continue;
                }
                vec![
                    format!("expected  reason {reason}"),
                    format!(
                        "found     {}",
                        found.map_or("no reason".to_owned(), |it| format!("reason {it}"))
                    ),
                ]
            }
            Expectation::Within(most) if answer.took > *most => {
                vec![format!("expected  an answer within {most:?}"), format!("found     {:.3?}", answer.took)]
            }
            other => of_message(other, &answer.message),
        };
        if !lines.is_empty() {
            failures.push(Failure { place: one.place.clone(), what: what.to_owned(), lines });
        }
    }
    failures
}

/// What is wrong with that which has reached an upstream.
pub(crate) fn received(got: &Got, all: &[Message]) -> Vec<String> {
    let line = |message: &Message| format!("{} {}", message.method, message.target);
    let found = || {
        let mut lines: Vec<String> = all.iter().map(|it| format!("found     {}", line(it))).collect();
        if lines.is_empty() {
            lines.push("found     nothing".to_owned());
        }
        lines
    };
    let Some((method, target)) = &got.asked else {
        let wrong = || [vec!["expected  nothing".to_owned()], found()].concat();
        return if all.is_empty() { Vec::new() } else { wrong() };
    };
    // A query that is not written does not matter.
    let path = |target: &'_ str| target.split('?').next().unwrap_or_default().to_owned();
    let is_it = |message: &&Message| {
        message.method == *method
            && if target.contains('?') { message.target == *target } else { path(&message.target) == *target }
    };
    let own: Vec<&Message> = all.iter().filter(is_it).collect();
    if own.is_empty() || got.times.is_some_and(|times| own.len() as u64 != times) {
        let often = match got.times {
            Some(1) => ", once".to_owned(),
            Some(times) => format!(", {times} times"),
            None => String::new(),
        };
        return [vec![format!("expected  {method} {target}{often}")], found()].concat();
    }
    let wrong = |message: &&Message| -> Vec<String> {
        got.expected.iter().flat_map(|one| of_message(&one.kind, message)).collect()
    };
    let wrong: Vec<Vec<String>> = own.iter().map(wrong).collect();
    // With a number, each of them must be so; else one of them is enough.
    let is_right = match got.times {
        Some(_) => wrong.iter().all(Vec::is_empty),
        None => wrong.iter().any(Vec::is_empty),
    };
    if is_right { Vec::new() } else { wrong.into_iter().find(|lines| !lines.is_empty()).unwrap_or_default() }
}

/// What is wrong with the head or the body of a message.
fn of_message(expected: &Expectation, message: &Message) -> Vec<String> {
    match expected {
        Expectation::Header(name, field) => header(name, field, message.header(name).as_deref()),
        Expectation::Body(body) => whole(body, message),
        Expectation::Contains(part) => contained(part, message),
        _ => Vec::new(),
    }
}

fn header(name: &str, field: &Field, found: Option<&str>) -> Vec<String> {
    let is_so = match field {
        Field::Is(text) => found == Some(text),
        Field::Set => found.is_some(),
        Field::NotSet => found.is_none(),
    };
    if is_so {
        return Vec::new();
    }
    let expected = match field {
        Field::Is(text) => format!("= {text:?}"),
        Field::Set => "is set".to_owned(),
        Field::NotSet => "is not set".to_owned(),
    };
    let found = found.map_or("is not set".to_owned(), |text| format!("= {text:?}"));
    vec![format!("expected  header {name:?} {expected}"), format!("found     header {name:?} {found}")]
}

fn whole(body: &Body, message: &Message) -> Vec<String> {
    let text = body.text();
    if body.is_json() {
        return documents(&text, message, false);
    }
    if message.body == text.as_bytes() {
        return Vec::new();
    }
    vec![format!("expected  text {:?}", shortened(&text)), format!("found     {}", of_body(&message.body))]
}

fn contained(part: &Body, message: &Message) -> Vec<String> {
    let text = part.text();
    if part.is_json() {
        return documents(&text, message, true);
    }
    if String::from_utf8_lossy(&message.body).contains(&*text) {
        return Vec::new();
    }
    vec![
        format!("expected  contains {:?}", shortened(&text)),
        format!("found     {}", of_body(&message.body)),
    ]
}

/// The differences of two documents.
fn documents(expected: &str, message: &Message, is_part: bool) -> Vec<String> {
    let Ok(wanted) = serde_json::from_str::<Value>(expected) else { return vec!["not JSON".to_owned()] };
    let Ok(found) = serde_json::from_slice::<Value>(&message.body) else {
        let expected = shortened(expected);
        return vec![format!("expected  {expected}"), format!("found     {}", of_body(&message.body))];
    };
    let mut lines = Vec::new();
    differences(&wanted, &found, is_part, &mut String::new(), &mut lines);
    let more = lines.len().saturating_sub(DIFFERENCES);
    lines.truncate(DIFFERENCES);
    if more > 0 {
        lines.push(format!("and {more} more differences"));
    }
    lines
}

fn differences(wanted: &Value, found: &Value, is_part: bool, path: &mut String, lines: &mut Vec<String>) {
    let depth = path.len();
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, value) in wanted {
                let _ = write!(path, ".{name}");
                match found.get(name) {
                    Some(other) => differences(value, other, is_part, path, lines),
                    None => lines.push(format!("{path}  expected {}, found nothing", shown_value(value))),
                }
                path.truncate(depth);
            }
            for (name, value) in found.iter().filter(|(name, _)| !is_part && !wanted.contains_key(*name)) {
                lines.push(format!("{path}.{name}  expected nothing, found {}", shown_value(value)));
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (at, (value, other)) in wanted.iter().zip(found).enumerate() {
                let _ = write!(path, "[{at}]");
                differences(value, other, is_part, path, lines);
                path.truncate(depth);
            }
        }
        _ if wanted == found => {}
        _ => {
            let place = if path.is_empty() { "the body" } else { path.as_str() };
            lines.push(format!("{place}  expected {}, found {}", shown_value(wanted), shown_value(found)));
        }
    }
}

fn shown_value(value: &Value) -> String {
    shortened(&value.to_string())
}

/// The status of an answer, with the reason if the gateway gave it.
fn shown(message: &Message) -> String {
    match reason(message) {
        Some(reason) => format!("{} reason {reason}", message.status),
        None if message.body.is_empty() => message.status.to_string(),
        None => format!("{} {}", message.status, of_body(&message.body)),
    }
}

/// Why the gateway itself answered: what `Proxy-Status` says (RFC 9209).
fn reason(message: &Message) -> Option<String> {
    let said = message.header("proxy-status")?;
    let (_, details) = said.split_once("details=\"")?;
    details.split_once('"').map(|(reason, _)| reason.to_owned())
}

fn of_body(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok("") => "no body".to_owned(),
        Ok(text) => shortened(text),
        Err(_) => format!("{} bytes that are no text", body.len()),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Message {
        Message { status: 200, body: body.as_bytes().to_vec(), ..Message::default() }
    }

    #[test]
    fn differences_of_documents_are_said_where_they_are() {
        let body =
            |expected: &str, is_part| documents(expected, &found(r#"{"a":[1,{"b":"x"}],"c":2}"#), is_part);
        assert!(body(r#"{"c":2,"a":[1,{"b":"x"}]}"#, false).is_empty());
        assert_eq!(
            body(r#"{"a":[1,{"b":"y"}],"d":0}"#, false),
            [
                ".a[1].b  expected \"y\", found \"x\"",
                ".d  expected 0, found nothing",
                ".c  expected nothing, found 2"
            ]
        );
        assert!(body(r#"{"a":[1,{}]}"#, true).is_empty());
        assert_eq!(body(r#"{"a":[1]}"#, true), [".a  expected [1], found [1,{\"b\":\"x\"}]"]);
        assert_eq!(documents("{}", &found("<p>"), false), ["expected  {}", "found     <p>"]);
    }

    #[test]
    fn a_request_that_reached_an_upstream_is_found_by_method_path_and_number() {
        let message = |target: &str, name: &str| Message {
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: vec![("x-a".to_owned(), name.to_owned())],
            ..Message::default()
        };
        let all = [message("/a?b=1", "1"), message("/a?b=2", "2")];
        let place = gatewright_compiler::suite::Place { file: String::new(), line: 1 };
        let kind = Expectation::Header("x-a".to_owned(), Field::Is("2".to_owned()));
        let got = |target: &str, times| Got {
            upstream: String::new(),
            asked: Some(("GET".to_owned(), target.to_owned())),
            times,
            expected: vec![Expected { place: place.clone(), kind: kind.clone() }],
        };
        assert!(received(&got("/a", None), &all).is_empty());
        assert!(received(&got("/a?b=2", Some(1)), &all).is_empty());
        assert!(!received(&got("/a?b=1", None), &all).is_empty());
        assert_eq!(
            received(&got("/a", Some(1)), &all).first().map(String::as_str),
            Some("expected  GET /a, once")
        );
        assert_eq!(received(&got("/b", None), &[]), ["expected  GET /b", "found     nothing"]);
        let nothing = Got { upstream: String::new(), asked: None, times: None, expected: Vec::new() };
        assert!(received(&nothing, &[]).is_empty() && !received(&nothing, &all).is_empty());
    }

    #[test]
    fn the_reason_is_what_proxy_status_says() {
        let headers = vec![(
            "proxy-status".to_owned(),
            "g; error=http_request_error; details=\"not_found\"".to_owned(),
        )];
        assert_eq!(reason(&Message { headers, ..Message::default() }).as_deref(), Some("not_found"));
        assert_eq!(reason(&Message::default()), None);
    }
}
