//! The clauses of a test: what each says, and whether it can be said where it stands.

use std::collections::BTreeMap;
use std::time::Duration;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{Clause, ClauseKind, Is, Name, Text, Value, ValueKind};
use gatewright_dsl::problem::setting::{misplaced_setting, out_of_bounds, repeated_argument, wrong_type};
use gatewright_dsl::problem::syntax::{unknown_reason, wrong_status};
use gatewright_dsl::schema::{BEFORE, Want};

use crate::check::{Check, answer, problem};
use crate::checked::Place;
use crate::suite::{Answer, Body, Expectation, Expected, Field, Long, Reply};

/// A test lasts for as long as a person waits for it.
const LONGEST: (Duration, &str) = (Duration::from_secs(30), "at most 30s");

/// Where a clause stands, which says what it may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Request,
    Mock,
    Answer,
    Got,
}

impl Where {
    const ALL: [Self; 4] = [Self::Request, Self::Mock, Self::Answer, Self::Got];

    fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Mock => "mock",
            Self::Answer => "answer",
            Self::Got => "expect",
        }
    }

    fn takes(self, word: &str) -> bool {
        match self {
            Self::Request => matches!(word, "header" | "body" | "text" | "host"),
            Self::Mock => {
                matches!(word, "header" | "body" | "text" | "delay" | "closed" | "refused" | "status")
            }
            Self::Answer => {
                matches!(word, "header" | "body" | "text" | "contains" | "reason" | "within" | "status")
            }
            Self::Got => matches!(word, "header" | "body" | "text" | "contains" | "times"),
        }
    }
}

/// One answer of a mock.
pub(super) fn answer_of(check: &mut Check<'_>, clauses: &[Clause]) -> Option<Answer> {
    fit(check, clauses, Where::Mock)?;
    let mut reply = Reply { delay: Duration::ZERO, status: 200, headers: Vec::new(), body: None };
    let mut lone = None;
    for clause in clauses {
        match (&clause.kind, check.slice(clause.word)) {
            (ClauseKind::Status(status, body), _) => {
                reply.status = status.code;
                if let Some(value) = body {
                    reply.body = Some(json(check, value)?);
                }
            }
            (ClauseKind::Header(name, is), _) => reply.headers.push(sent(check, name, is)?),
            (ClauseKind::Value(value), "delay") => reply.delay = time(check, value, LONGEST)?,
            (ClauseKind::Value(value), word) => reply.body = Some(body(check, word, value)?),
            (ClauseKind::Repeated(value, times), word) => {
                reply.body = Some(long(check, word, value, times)?);
            }
            (_, word) => lone = Some((word.to_owned(), clause.word)),
        }
    }
    if let Some((word, at)) = lone {
        if clauses.iter().any(|it| it.word != at && check.slice(it.word) != "delay")
            || word == "refused" && clauses.len() > 1
        {
            check.problems.push(problem::lone_answer(&word, at));
            return None;
        }
        return Some(if word == "closed" { Answer::Closed(reply.delay) } else { Answer::Refused });
    }
    if reply.body.is_some() && matches!(reply.status, 204 | 205 | 304) {
        let status = clauses.iter().find(|it| matches!(it.kind, ClauseKind::Status(..)))?;
        let written = reply.status.to_string();
        check.problems.push(wrong_status(status.word, &written, "a status whose answer has a body"));
        return None;
    }
    Some(Answer::Says(reply))
}

/// What must be so.
pub(super) fn expected_of(check: &mut Check<'_>, clauses: &[&Clause], place: Where) -> Option<Vec<Expected>> {
    let owned: Vec<Clause> = clauses.iter().map(|it| (*it).clone()).collect();
    fit(check, &owned, place)?;
    let mut all = Vec::new();
    for clause in clauses {
        let place: Place = check.lines.place(clause.word);
        let mut push = |kind| all.push(Expected { place: place.clone(), kind });
        match (&clause.kind, check.slice(clause.word)) {
            (ClauseKind::Status(status, body), _) => {
                push(Expectation::Status(status.code));
                if let Some(value) = body {
                    push(Expectation::Body(json(check, value)?));
                }
            }
            (ClauseKind::Header(name, is), _) => {
                let name = field_name(check, name)?;
                push(Expectation::Header(
                    name,
                    match is {
                        Is::Text(value) => Field::Is(line(check, value)?),
                        Is::Set => Field::Set,
                        Is::NotSet => Field::NotSet,
                    },
                ));
            }
            (ClauseKind::Name(name), _) => push(Expectation::Reason(reason(check, name)?)),
            (ClauseKind::Value(value), "within") => push(Expectation::Within(time(check, value, LONGEST)?)),
            (ClauseKind::Value(_), "times") | (ClauseKind::Lone, _) => {}
            (ClauseKind::Value(value), "contains") => {
                let part = match &value.kind {
                    ValueKind::Text(text) => Body::Text(text.clone()),
                    _ => json(check, value)?,
                };
                push(Expectation::Contains(part));
            }
            (ClauseKind::Value(value), word) => push(Expectation::Body(body(check, word, value)?)),
            (ClauseKind::Repeated(value, times), word) => {
                push(Expectation::Body(long(check, word, value, times)?));
            }
        }
    }
    Some(all)
}

/// The word of a clause; of a status, what it is.
pub(super) fn word_of(check: &Check<'_>, clause: &Clause) -> String {
    match clause.kind {
        ClauseKind::Status(..) => "status".to_owned(),
        _ => check.slice(clause.word).to_owned(),
    }
}

/// Refuses what means nothing where it stands, and what is said twice.
pub(super) fn fit(check: &mut Check<'_>, clauses: &[Clause], place: Where) -> Option<()> {
    let before = check.problems.len();
    let mut seen: BTreeMap<&'static str, Span> = BTreeMap::new();
    for clause in clauses {
        let word = word_of(check, clause);
        if !place.takes(&word) {
            let places: Vec<&str> =
                Where::ALL.iter().filter(|it| it.takes(&word)).map(|it| it.word()).collect();
            let shown = if word == "status" { check.slice(clause.word) } else { word.as_str() };
            check.problems.push(misplaced_setting(clause.word, shown, place.word(), &places));
            continue;
        }
        if let (ClauseKind::Repeated(_, times), false) =
            (&clause.kind, ["body", "text"].contains(&word.as_str()))
        {
            check.problems.push(misplaced_setting(times.span, "repeated", &word, &["body", "text"]));
        }
        let once: &[&'static str] = match (&clause.kind, word.as_str()) {
            (ClauseKind::Status(_, Some(_)), _) => &["status", "body"],
            (ClauseKind::Status(..), _) => &["status"],
            (_, "body" | "text") => &["body"],
            (_, "within") => &["within"],
            (_, "delay") => &["delay"],
            (_, "reason") => &["reason"],
            (_, "host") => &["host"],
            (_, "times") => &["times"],
            _ => &[],
        };
        for once in once {
            if let Some(first) = seen.insert(once, clause.word) {
                check.problems.push(repeated_argument(clause.word, first, once));
            }
        }
    }
    (check.problems.len() == before).then_some(())
}

/// A reason that a gateway can have.
fn reason(check: &mut Check<'_>, name: &Name) -> Option<String> {
    let known: Vec<&str> = check.catalogue.reasons().chain(BEFORE.iter().map(|it| it.name)).collect();
    if known.contains(&name.text.as_str()) {
        return Some(name.text.clone());
    }
    check.problems.push(unknown_reason(name.span, &name.text, known));
    None
}

/// A field that a test sends, or that its servers do.
pub(super) fn sent(check: &mut Check<'_>, name: &Text, is: &Is) -> Option<(String, String)> {
    let field = field_name(check, name)?;
    if matches!(field.as_str(), "host" | "content-length" | "transfer-encoding" | "connection") {
        let found = format!("`{field}`, which follows from the rest");
        check.problems.push(wrong_type(name.span, "another field", &found));
        return None;
    }
    let Is::Text(value) = is else {
        check.problems.push(wrong_type(name.span, "`= \"TEXT\"` behind it", "a question"));
        return None;
    };
    Some((field, line(check, value)?))
}

/// The name of a field, in lower case (RFC 9110 section 5.1).
fn field_name(check: &mut Check<'_>, name: &Text) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.value.is_empty() && name.value.bytes().all(is_token) {
        return Some(name.value.to_ascii_lowercase());
    }
    let found = format!("\"{}\"", name.value);
    check.problems.push(wrong_type(name.span, "the name of a header field", &found));
    None
}

/// A text on one line, as a field of a head can hold it.
pub(super) fn line(check: &mut Check<'_>, value: &Value) -> Option<String> {
    match &value.kind {
        ValueKind::Text(text) if !text.bytes().any(|byte| byte < b' ' || byte == 0x7f) => {
            Some(text.trim_matches(' ').to_owned())
        }
        _ => {
            let found = format!("`{}`", check.slice(value.span));
            check.problems.push(wrong_type(value.span, "a text that is written out, on one line", &found));
            None
        }
    }
}

pub(super) fn body(check: &mut Check<'_>, word: &str, value: &Value) -> Option<Body> {
    if word != "text" {
        return json(check, value);
    }
    if let ValueKind::Text(text) = &value.kind {
        return Some(Body::Text(text.clone()));
    }
    let found = format!("`{}`", check.slice(value.span));
    check.problems.push(wrong_type(value.span, "a text that is written out", &found));
    None
}

/// The most that a body may come to.
const LARGEST: usize = 16 << 20;

/// A body that is a text or the items of a list, again and again.
pub(super) fn long(check: &mut Check<'_>, word: &str, value: &Value, times: &Value) -> Option<Body> {
    let (before, part, last, after) = match &value.kind {
        ValueKind::Text(text) if word == "text" => ("", text.clone(), String::new(), ""),
        ValueKind::Text(_) | ValueKind::List(_) if word != "text" => {
            let Body::Json(text) = json(check, value)? else { return None };
            let (open, close) = if text.starts_with('[') { ("[", "]") } else { ("\"", "\"") };
            let inside =
                text.strip_prefix(open).and_then(|text| text.strip_suffix(close)).unwrap_or_default();
            // Between items there is a comma, and behind the last one none.
            match open {
                "[" if !inside.is_empty() => (open, format!("{inside},"), inside.to_owned(), close),
                _ => (open, inside.to_owned(), String::new(), close),
            }
        }
        _ => ("", String::new(), String::new(), ""),
    };
    if part.is_empty() {
        let expected = if word == "text" {
            "a text that is not empty"
        } else {
            "a text or a list, and not an empty one"
        };
        let found = format!("`{}`", check.slice(value.span));
        check.problems.push(wrong_type(value.span, expected, &found));
        return None;
    }
    let count = match times.kind {
        ValueKind::Int(count @ 1..) => usize::try_from(count).ok(),
        _ => None,
    };
    let Some(count) = count.filter(|count| part.len().checked_mul(*count).is_some_and(|all| all <= LARGEST))
    else {
        let found = check.slice(times.span).to_owned();
        let bounds = format!("a number from 1 to {}", LARGEST / part.len());
        let problem = out_of_bounds(times.span, "repeated", &found, &bounds);
        check.problems.push(problem.help("a body of a test has at most 16MiB"));
        return None;
    };
    let is_list = !last.is_empty();
    let times = if is_list { count - 1 } else { count };
    let after = format!("{last}{after}");
    Some(Body::Long(Long { is_json: word != "text", before: before.to_owned(), part, times, after }))
}

fn json(check: &mut Check<'_>, value: &Value) -> Option<Body> {
    if let Some(text) = answer::known(value, Want::Json) {
        return Some(Body::Json(text));
    }
    let found = super::on_one_line(check.slice(value.span));
    let expected = "JSON in which every value is written out";
    check
        .problems
        .push(wrong_type(value.span, expected, &found).help("a test says what is so, and computes nothing"));
    None
}

/// A duration of at most so much.
pub(super) fn time(
    check: &mut Check<'_>,
    value: &Value,
    (most, bounds): (Duration, &str),
) -> Option<Duration> {
    match value.kind {
        ValueKind::Duration(time) if time <= most => Some(time),
        ValueKind::Duration(_) => {
            let found = check.slice(value.span).to_owned();
            check.problems.push(out_of_bounds(value.span, "the time", &found, bounds));
            None
        }
        _ => {
            let found = format!("`{}`", check.slice(value.span));
            check.problems.push(wrong_type(value.span, "a duration such as `250ms`", &found));
            None
        }
    }
}
