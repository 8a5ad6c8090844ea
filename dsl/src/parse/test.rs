//! `test`: its lines, and the clauses in them. Whether a clause means something where it stands is not asked here.

use super::declaration::Parts;
use super::reader::{Indentation, Reader};
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{
    Asked, Clause, ClauseKind, Declaration, Got, Is, Mocked, Name, Test, TestKind, TestStatement, Text, Value,
};
use crate::problem::nearest::nearest;
use crate::problem::syntax;
use crate::source::Span;

const STATEMENT: &str =
    "`mock UPSTREAM …`, a request such as `GET /orders/7 => 200`, or `expect UPSTREAM got …`";
/// The words that begin a line, beside methods.
const WORDS: &[&str] = &["mock", "expect", "as", "after", "param", "live", "secret"];
const VISIBLE: &str = "a path of visible ASCII characters, others encoded such as `%C3%A9`";
const ANSWER: &str = "`=>` and a status";

impl Reader<'_> {
    pub(super) fn test(&mut self, mut parts: Parts<'_>) -> Declaration {
        let before = self.problems.len();
        let written = parts.take(Rule::string);
        if written.is_none() && !parts.has_junk {
            self.report(syntax::missing_value(parts.word.after(), "what it proves, in quotes", "test"));
        }
        let name = written.map(|string| self.quoted(&string));
        let Some(pair) = parts.take(Rule::test_block) else {
            if self.problems.len() == before {
                self.report(syntax::missing_block(parts.head, "test"));
            }
            let Parts { docs, span, word, .. } = parts;
            let name = name.unwrap_or_else(|| Text { span: word.after(), value: String::new() });
            let block = Span { start: span.end, ..span };
            let test = Test { span, docs, name, block, statements: Vec::new(), broken: true };
            return Declaration::Test(Box::new(test));
        };
        let block = self.span(&pair);
        let mut statements = Vec::new();
        let mut indentation = Indentation::default();
        for statement in pair.into_inner() {
            let span = self.trimmed(self.span(&statement));
            let word = Span { end: span.start + super::strict::token(self.slice(span)).len(), ..span };
            if indentation.misleads(self, span, word) {
                continue;
            }
            let rule = statement.as_rule();
            if rule == Rule::broken {
                self.no_statement(word);
                continue;
            }
            statements.extend(self.line_of_test(statement, span).map(|kind| TestStatement { span, kind }));
        }
        let broken = parts.has_junk || self.problems.len() > before || self.is_damaged(parts.span);
        let Parts { docs, span, word, .. } = parts;
        let name = name.unwrap_or_else(|| Text { span: word.after(), value: String::new() });
        Declaration::Test(Box::new(Test { span, docs, name, block, statements, broken }))
    }

    fn line_of_test(&mut self, pair: Pair<'_>, span: Span) -> Option<TestKind> {
        let rule = pair.as_rule();
        let strict = match rule {
            Rule::test_mock => Rule::strict_mock,
            Rule::test_given => Rule::strict_given,
            Rule::test_as => Rule::strict_as,
            Rule::test_after => Rule::strict_after,
            Rule::test_got => Rule::strict_got,
            _ => Rule::strict_ask,
        };
        let mut line = Line::default();
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::junk_tail => {
                    self.explain(strict, span.start, at, END);
                    return None;
                }
                Rule::clause => line.clauses.push(part),
                Rule::test_answer => line.answers.push(part),
                _ => line.parts.push(part),
            }
        }
        match rule {
            Rule::test_mock => self.mock(line, span),
            Rule::test_given => self.given(line),
            Rule::test_as => self.speaks_as(line, span),
            Rule::test_after => {
                let word = Span { end: span.start + "after".len(), ..span };
                let time =
                    self.or_missing(line.parts.into_iter().next(), word, "a duration such as `61s`")?;
                self.value(time).map(TestKind::After)
            }
            Rule::test_got => self.got(line, span),
            _ => self.ask(line, span),
        }
    }

    fn mock(&mut self, line: Line<'_>, span: Span) -> Option<TestKind> {
        let word = Span { end: span.start + "mock".len(), ..span };
        let mut parts = line.parts.into_iter();
        let upstream = self.or_missing(parts.next(), word, "the name of an upstream")?;
        let upstream = self.name(&upstream);
        let asked = self.or_missing(parts.next(), upstream.span, "`*`, or a method and a path")?;
        let (end, mocked) = if asked.as_rule() == Rule::any_method {
            (self.span(&asked), None)
        } else {
            let end = self.trimmed(self.span(&asked));
            let mut inner = asked.into_inner();
            let method = self.method_of(&inner.next()?)?;
            let path = self.or_missing(inner.next(), method.span, "a path")?;
            (end, Some(Mocked { method, pattern: self.pattern(path)? }))
        };
        let answers = self.answers(line.answers, end)?;
        Some(TestKind::Mock { upstream, mocked, answers })
    }

    fn given(&mut self, line: Line<'_>) -> Option<TestKind> {
        let mut parts = line.parts.into_iter();
        let word = self.name(&parts.next()?);
        let name = self.or_missing(parts.next(), word.span, "a name")?;
        let name = self.name(&name);
        let value = self.or_missing(parts.next(), name.span, "`=` and a value")?;
        let value = self.assigned(value)?;
        Some(TestKind::Given { word, name, value })
    }

    fn speaks_as(&mut self, line: Line<'_>, span: Span) -> Option<TestKind> {
        let word = Span { end: span.start + "as".len(), ..span };
        let mut parts = line.parts.into_iter();
        let name = self.or_missing(parts.next(), word, "the name of an `auth`, or `nobody`")?;
        let name = self.name(&name);
        let claims = match parts.next() {
            Some(claims) => Some(self.value(claims)?),
            None => None,
        };
        Some(TestKind::As { name, claims })
    }

    fn got(&mut self, line: Line<'_>, span: Span) -> Option<TestKind> {
        let word = Span { end: span.start + "expect".len(), ..span };
        let mut parts = line.parts.into_iter();
        let upstream = self.or_missing(parts.next(), word, "the name of an upstream")?;
        let upstream = self.name(&upstream);
        let got = self.or_missing(parts.next(), upstream.span, "`got`")?;
        let at = self.trimmed(self.span(&got));
        let what = self.or_missing(got.into_inner().next(), at, "`nothing`, or a method and a path")?;
        let got = match what.as_rule() {
            Rule::got_nothing => Got::Nothing(self.span(&what)),
            _ => Got::Asked(self.asked(what)?),
        };
        let clauses = self.clauses(line.clauses)?;
        Some(TestKind::Got { upstream, got, clauses })
    }

    fn ask(&mut self, line: Line<'_>, span: Span) -> Option<TestKind> {
        let asked = self.asked(line.parts.into_iter().next()?);
        let clauses = self.clauses(line.clauses);
        let expected = self.answers(line.answers, span)?;
        Some(TestKind::Ask { asked: asked?, clauses: clauses?, expected })
    }

    /// A part that must be there.
    fn or_missing<'p>(&mut self, part: Option<Pair<'p>>, behind: Span, expected: &str) -> Option<Pair<'p>> {
        if part.is_none() {
            let last = self.slice(behind).to_owned();
            self.report(syntax::missing_value(behind.after(), expected, &last));
        }
        part
    }

    fn method_of(&mut self, pair: &Pair<'_>) -> Option<Name> {
        let method = self.name(pair);
        if method.text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
            return Some(method);
        }
        self.no_statement(method.span);
        None
    }

    /// Says what may begin a line of a test.
    fn no_statement(&mut self, word: Span) {
        let found = self.slice(word).to_owned();
        let is_meant = WORDS.iter().any(|known| nearest(&found, [*known]).is_some());
        self.report(if is_meant {
            syntax::unknown_word(word, "word", &found, WORDS.iter().copied())
        } else {
            syntax::unexpected_text(word, &found, STATEMENT)
        });
    }

    /// A method and a path in which nothing is filled in.
    fn asked(&mut self, pair: Pair<'_>) -> Option<Asked> {
        let mut parts = pair.into_inner();
        let method = self.method_of(&parts.next()?)?;
        let path = parts.next()?;
        let span = self.span(&path);
        let capture = path
            .clone()
            .into_inner()
            .find(|part| matches!(part.as_rule(), Rule::capture | Rule::bad_capture));
        if let Some(capture) = capture {
            let at = self.span(&capture);
            self.report(syntax::unexpected_text(
                at,
                capture.as_str(),
                "a path as it is sent, without braces",
            ));
            return None;
        }
        let value = match path.as_rule() {
            Rule::quoted_path => self.plain_string(span),
            _ => self.slice(span).to_owned(),
        };
        if let Some(wrong) = value.chars().find(|it| !it.is_ascii_graphic()) {
            self.report(syntax::unexpected_text(span, &wrong.to_string(), VISIBLE));
            return None;
        }
        Some(Asked { method, target: Text { span, value } })
    }

    /// What stands behind each `=>`: at least one.
    fn answers(&mut self, pairs: Vec<Pair<'_>>, behind: Span) -> Option<Vec<Vec<Clause>>> {
        let mut answers = Vec::new();
        let (mut whole, none) = (true, pairs.is_empty());
        for pair in pairs {
            let span = self.trimmed(self.span(&pair));
            let clauses: Vec<Pair<'_>> = pair.into_inner().collect();
            if clauses.is_empty() {
                let arrow = Span { end: span.start + "=>".len(), ..span };
                self.report(syntax::missing_value(arrow.after(), "a status", "=>"));
                whole = false;
                continue;
            }
            match self.clauses(clauses) {
                Some(clauses) => answers.push(clauses),
                None => whole = false,
            }
        }
        if none {
            let last = self.slice(behind).split_ascii_whitespace().next_back().unwrap_or_default().to_owned();
            self.report(syntax::missing_value(behind.after(), ANSWER, &last));
        }
        (whole && !none).then_some(answers)
    }

    fn clauses(&mut self, pairs: Vec<Pair<'_>>) -> Option<Vec<Clause>> {
        let read: Vec<Option<Clause>> = pairs.into_iter().map(|pair| self.clause(pair)).collect();
        read.into_iter().collect()
    }

    fn clause(&mut self, pair: Pair<'_>) -> Option<Clause> {
        let span = self.trimmed(self.span(&pair));
        let mut parts = pair.into_inner();
        let first = parts.next()?;
        let word = self.span(&first);
        let second = parts.next();
        let kind = match first.as_rule() {
            Rule::status => {
                let status =
                    self.status(&first, |code| (200..=599).contains(&code), "a status from 200 to 599");
                let body = match second {
                    Some(value) => {
                        let value = self.value(value)?;
                        self.is_json(&value).then_some(Some(value))?
                    }
                    None => None,
                };
                ClauseKind::Status(status?, body)
            }
            Rule::field_word => {
                let name = self.or_missing(second, word, "the name of a field in quotes")?;
                let name = self.quoted(&name);
                let is =
                    self.or_missing(parts.next(), name.span, "`= \"TEXT\"`, `is set` or `is not set`")?;
                let is = match is.as_rule() {
                    Rule::assigned => Is::Text(self.assigned(is)?),
                    _ if is.into_inner().any(|part| part.as_rule() == Rule::not_word) => Is::NotSet,
                    _ => Is::Set,
                };
                ClauseKind::Header(name, is)
            }
            Rule::value_word => {
                let value = self.or_missing(second, word, "a value")?;
                let value = self.value(value)?;
                match parts.next() {
                    Some(repeated) => ClauseKind::Repeated(value, self.times(repeated)?),
                    None => ClauseKind::Value(value),
                }
            }
            Rule::name_word => {
                let name = self.or_missing(second, word, "a reason such as `not_found`")?;
                ClauseKind::Name(self.name(&name))
            }
            _ => ClauseKind::Lone,
        };
        Some(Clause { span, word, kind })
    }
}

impl Reader<'_> {
    /// How often something is repeated.
    fn times(&mut self, repeated: Pair<'_>) -> Option<Value> {
        let span = self.span(&repeated);
        let word = Span { end: span.start + "repeated".len(), ..span };
        let times = self.or_missing(repeated.into_inner().next(), word, "how often, such as `70000`,")?;
        self.value(times)
    }
}

/// The parts of a line.
#[derive(Default)]
struct Line<'p> {
    parts: Vec<Pair<'p>>,
    clauses: Vec<Pair<'p>>,
    answers: Vec<Pair<'p>>,
}
