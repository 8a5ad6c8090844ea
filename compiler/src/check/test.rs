//! The tests of a program: what they name is there, what they say can be said where it stands, and every value is written out.

mod clause;
mod principal;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{
    Asked, Capture, Clause, ClauseKind, Declaration, Got, Mocked, Name, Pattern, Segment, Test, TestKind,
    TypeKind, Value, ValueKind,
};
use gatewright_dsl::problem::setting::{misplaced_setting, out_of_bounds, repeated_argument, wrong_type};

use self::clause::{Where, answer_of, body, expected_of, fit, line, long, sent, word_of};
use super::expr::scope::Found;
use super::params::Params;
use super::rewrite::Space;
use super::unit::Unit;
use super::{Check, expr::literal, problem};
use crate::checked::Live;
use crate::suite::{self, Answer, Given, Step, StepKind};
use crate::ty::Ty;

/// The most that a clock is moved forward by.
const DAY: (Duration, &str) = (Duration::from_hours(24 * 366), "at most 8784h");

/// All tests that are right.
pub(super) fn check(check: &mut Check<'_>, units: &[Unit<'_>]) -> Vec<suite::Test> {
    let mut names: BTreeMap<&str, Span> = BTreeMap::new();
    let mut tests = Vec::new();
    for declaration in units.iter().flat_map(|unit| &unit.file.declarations) {
        let Declaration::Test(test) = declaration else { continue };
        match names.get(test.name.value.as_str()) {
            // A file that is imported twice has its tests twice.
            Some(first) if *first == test.name.span => {}
            Some(first) => {
                let first = *first;
                check.problems.push(problem::duplicate_test(&test.name.value, test.name.span, first));
            }
            None => {
                names.insert(&test.name.value, test.name.span);
            }
        }
        tests.extend(self::test(check, test));
    }
    tests
}

fn test(check: &mut Check<'_>, test: &Test) -> Option<suite::Test> {
    let before = check.problems.len();
    let (mut given, mut steps) = (Vec::new(), Vec::new());
    let mut named: BTreeMap<&str, Span> = BTreeMap::new();
    let mut mocks: Vec<(suite::Mock, Span)> = Vec::new();
    let mut is_asked = false;
    for statement in &test.statements {
        let place = check.lines.place(statement.span);
        let kind = match &statement.kind {
            TestKind::Given { word, name, value } => {
                if let Some(first) = named.insert(&name.text, name.span) {
                    check.problems.push(repeated_argument(name.span, first, &name.text));
                }
                given.extend(self::given(check, word, name, value));
                continue;
            }
            TestKind::Mock { upstream, mocked, answers } => {
                let Some(mock) = mock(check, upstream, mocked.as_ref(), answers) else { continue };
                let same = |(other, _): &&(suite::Mock, Span)| {
                    other.upstream == mock.upstream && other.mocked == mock.mocked
                };
                if let Some((_, first)) = mocks.iter().find(same) {
                    check.problems.push(problem::repeated_mock(statement.span, *first));
                }
                mocks.push((mock.clone(), statement.span));
                StepKind::Mock(mock)
            }
            TestKind::As { name, claims } => match principal::of(check, name, claims.as_ref()) {
                Some(step) => step,
                None => continue,
            },
            TestKind::After(time) => match clause::time(check, time, DAY) {
                Some(time) => StepKind::After(time),
                None => continue,
            },
            TestKind::Ask { asked, clauses, expected } => {
                is_asked = true;
                // From here on a mock replaces an earlier one.
                mocks.clear();
                let Some(ask) = ask(check, asked, clauses, expected) else { continue };
                StepKind::Ask(ask)
            }
            TestKind::Got { upstream, got, clauses } => {
                if !is_asked && !test.broken {
                    check
                        .problems
                        .push(problem::asks_nothing(statement.span, "nothing has been asked before"));
                }
                let Some(got) = self::got(check, upstream, got, clauses) else { continue };
                StepKind::Got(got)
            }
        };
        steps.push(Step { place, kind });
    }
    if !is_asked && !test.broken && check.problems.len() == before {
        check.problems.push(problem::asks_nothing(test.name.span, "proves nothing"));
    }
    let place = check.lines.place(test.span);
    (!test.broken && check.problems.len() == before).then(|| suite::Test {
        name: test.name.value.clone(),
        place,
        given,
        steps,
    })
}

/// What the gateway of a test is started with for a name.
fn given(check: &mut Check<'_>, word: &Name, name: &Name, value: &Value) -> Option<(String, Given)> {
    let params = std::rc::Rc::clone(&check.params);
    let is_live = word.text == "live";
    if word.text == "secret" {
        if !params.secrets.iter().any(|secret| secret.name == name.text) {
            unknown(check, word, name, params.secrets.iter().map(|secret| secret.name.as_str()));
            return None;
        }
        return match &value.kind {
            ValueKind::Text(text) if !text.is_empty() => Some((name.text.clone(), Given::Text(text.clone()))),
            _ => {
                let found = format!("`{}`", check.slice(value.span));
                check.problems.push(wrong_type(value.span, "a text", &found));
                None
            }
        };
    }
    let of_kind = || params.all.iter().filter(|param| param.live.is_some() == is_live);
    let Some(param) = of_kind().find(|param| param.name == name.text) else {
        unknown(check, word, name, of_kind().map(|param| param.name.as_str()));
        return None;
    };
    if let Some(Live::File(file)) = &param.live {
        let found = format!("`{}`, which the file {file:?} says", name.text);
        check.problems.push(wrong_type(name.span, "a live value with a default", &found));
        return None;
    }
    if let Err(problem) = literal::constant(value, &param.ty) {
        check.problems.push(*problem);
        return None;
    }
    let given = match &value.kind {
        ValueKind::List(items) => Given::List(items.iter().map(|item| text_of(check, item)).collect()),
        _ => Given::Text(text_of(check, value)),
    };
    Some((name.text.clone(), given))
}

fn unknown<'a>(check: &mut Check<'_>, word: &Name, name: &Name, known: impl Iterator<Item = &'a str>) {
    // What is declared and not understood has been reported.
    if check.is_torn || matches!(check.params.scope.peek(&name.text), Found::Broken) {
        return;
    }
    let known: Vec<&str> = known.collect();
    let param = check.params.all.iter().find(|param| param.name == name.text);
    let declared = param.map(|param| if param.live.is_some() { "live" } else { "param" });
    let is_secret = check.params.secrets.iter().any(|secret| secret.name == name.text);
    let declared = declared.or(is_secret.then_some("secret"));
    let (word, name) = ((word.span, word.text.as_str()), (name.text.as_str(), name.span));
    check.problems.push(problem::not_given(word, name, &known, declared));
}

/// A literal as start-up is given it.
fn text_of(check: &Check<'_>, value: &Value) -> String {
    match &value.kind {
        ValueKind::Text(text) => text.clone(),
        _ => check.slice(value.span).to_owned(),
    }
}

/// What is given where neither the program nor a test says a value. An upstream is somewhere else in a test anyway, and so
/// any address does.
pub(super) fn by_default(params: &Params, needed: &BTreeSet<String>) -> Vec<(String, Given)> {
    let is_place = |ty: &Ty| match ty {
        Ty::Url => true,
        Ty::List(item, _) => **item == Ty::Url,
        _ => false,
    };
    let places =
        params.all.iter().filter(|it| it.default.is_none() && needed.contains(&it.name) && is_place(&it.ty));
    let places = (1..).zip(places).map(|(at, param): (u32, _)| {
        let url = |item: i64| format!("http://198.18.{}.{item}", at % 256);
        let given = match &param.ty {
            Ty::List(_, range) => Given::List((1..=range.min.unwrap_or(1).clamp(1, 200)).map(url).collect()),
            _ => Given::Text(url(1)),
        };
        (param.name.clone(), given)
    });
    let secrets = params.secrets.iter().filter(|it| params.scope.is_used(&it.name));
    let secret = |name: &String| (name.clone(), Given::Text(format!("the secret {name} of a test")));
    places.chain(secrets.map(|it| secret(&it.name))).collect()
}

/// A parameter that has no default is given by every test.
pub(super) fn hold_given(check: &mut Check<'_>, units: &[Unit<'_>], param: &str) {
    for declaration in units.iter().flat_map(|unit| &unit.file.declarations) {
        let Declaration::Test(test) = declaration else { continue };
        let gives = test
            .statements
            .iter()
            .any(|it| matches!(&it.kind, TestKind::Given { name, .. } if name.text == param));
        if !gives && !test.broken {
            let declared = check.names.place(Space::Value, param);
            check.problems.push(problem::param_not_given(param, test.name.span, declared));
        }
    }
}

/// The name of an upstream that is there.
fn upstream(check: &mut Check<'_>, name: &Name) -> Option<String> {
    if check.names.has(Space::Upstream, &name.text) {
        return Some(name.text.clone());
    }
    if !check.is_torn {
        let known: Vec<String> = check.names.all(Space::Upstream).map(str::to_owned).collect();
        check.problems.push(problem::unknown_upstream(
            &name.text,
            name.span,
            known.iter().map(String::as_str),
        ));
    }
    None
}

fn mock(
    check: &mut Check<'_>,
    name: &Name,
    mocked: Option<&Mocked>,
    answers: &[Vec<Clause>],
) -> Option<suite::Mock> {
    let upstream = upstream(check, name);
    let all: Vec<Option<Answer>> = answers.iter().map(|clauses| answer_of(check, clauses)).collect();
    let all: Option<Vec<Answer>> = all.into_iter().collect();
    let answers_of = all?;
    if answers_of.contains(&Answer::Refused) && (mocked.is_some() || answers_of.len() > 1) {
        let word = answers.iter().flatten().find(|clause| check.slice(clause.word) == "refused")?.word;
        check.problems.push(problem::refused_with_others(word));
        return None;
    }
    let mocked =
        mocked.map(|it| suite::Mocked { method: it.method.text.clone(), segments: segments(&it.pattern) });
    Some(suite::Mock { upstream: upstream?, mocked, answers: answers_of })
}

fn segments(pattern: &Pattern) -> Vec<suite::Segment> {
    let segment = |segment: &Segment| match segment {
        Segment::Literal { text, .. } => suite::Segment::Literal(text.clone()),
        Segment::Capture(capture) if is_rest(capture) => suite::Segment::Rest,
        Segment::Capture(_) => suite::Segment::Any,
    };
    pattern.segments.iter().map(segment).collect()
}

fn is_rest(capture: &Capture) -> bool {
    matches!(capture.ty.as_ref().map(|ty| &ty.kind), Some(TypeKind::Named { name, .. }) if name.text == "path")
}

fn ask(
    check: &mut Check<'_>,
    asked: &Asked,
    clauses: &[Clause],
    expected: &[Vec<Clause>],
) -> Option<suite::Ask> {
    let is_right = fit(check, clauses, Where::Request).is_some();
    let all: Vec<&Clause> = expected.iter().flatten().collect();
    let expected = expected_of(check, &all, Where::Answer);
    if !is_right {
        return None;
    }
    let (mut headers, mut sent_body, mut host) = (Vec::new(), None, None);
    for clause in clauses {
        match (&clause.kind, check.slice(clause.word)) {
            (ClauseKind::Header(name, is), _) => headers.push(sent(check, name, is)?),
            (ClauseKind::Value(value), "host") => host = Some(line(check, value)?),
            (ClauseKind::Value(value), word) => sent_body = Some(body(check, word, value)?),
            (ClauseKind::Repeated(value, times), word) => {
                sent_body = Some(long(check, word, value, times)?);
            }
            _ => {}
        }
    }
    let (method, target) = (asked.method.text.clone(), asked.target.value.clone());
    Some(suite::Ask { method, target, host, headers, body: sent_body, expected: expected? })
}

fn got(check: &mut Check<'_>, name: &Name, got: &Got, clauses: &[Clause]) -> Option<suite::Got> {
    let upstream = upstream(check, name);
    let all: Vec<&Clause> = clauses.iter().collect();
    let asked = match got {
        Got::Asked(asked) => Some((asked.method.text.clone(), asked.target.value.clone())),
        Got::Nothing(_) => {
            if let Some(clause) = clauses.first() {
                let word = word_of(check, clause);
                check.problems.push(misplaced_setting(
                    clause.word,
                    &word,
                    "got nothing",
                    &["got METHOD PATH"],
                ));
                return None;
            }
            None
        }
    };
    let mut times = None;
    for clause in clauses {
        if let (ClauseKind::Value(value), "times") = (&clause.kind, check.slice(clause.word)) {
            let ValueKind::Int(count @ 1..=1000) = value.kind else {
                let found = check.slice(value.span).to_owned();
                check.problems.push(out_of_bounds(value.span, "times", &found, "a number from 1 to 1000"));
                return None;
            };
            times = u64::try_from(count).ok();
        }
    }
    let expected = expected_of(check, &all, Where::Got)?;
    Some(suite::Got { upstream: upstream?, asked, times, expected })
}

/// What is written, which may go over several lines, for a message.
fn on_one_line(text: &str) -> String {
    format!("`{}`", text.split_whitespace().collect::<Vec<_>>().join(" "))
}
