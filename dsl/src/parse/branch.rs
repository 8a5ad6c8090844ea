//! One branch of an `aggregate`: who is asked for what, what is sent, and what becomes of its failure.

use super::reader::{Indentation, Reader};
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Branch, EachOf, Failure, Name, Sent, Status, Template, Text, Value, ValueKind};
use crate::problem::{setting, syntax};
use crate::source::Span;

const FAILURE: &str = "`required`, `else VALUE` or `else skip`";

const SENT: &str = "`header \"NAME\" = VALUE` or `body VALUE`";

/// The parts of a branch, as far as they are there.
#[derive(Default)]
struct Parts<'p> {
    name: Option<Pair<'p>>,
    ty: Option<Pair<'p>>,
    call: Option<Pair<'p>>,
    within: Option<Pair<'p>>,
    max: Option<Pair<'p>>,
    failure: Option<Pair<'p>>,
    sent: Option<Pair<'p>>,
}

/// Who is asked for what.
struct Call {
    each: Option<EachOf>,
    upstream: Name,
    method: Name,
    path: Template,
}

impl Reader<'_> {
    pub(super) fn branch(&mut self, pair: Pair<'_>) -> Option<Branch> {
        let span = self.trimmed(self.span(&pair));
        let mut parts = Parts::default();
        for part in pair.into_inner() {
            let at = self.span(&part);
            let place = match part.as_rule() {
                Rule::field_name => &mut parts.name,
                Rule::r#type => &mut parts.ty,
                Rule::call => &mut parts.call,
                Rule::within => &mut parts.within,
                Rule::max => &mut parts.max,
                Rule::failure => &mut parts.failure,
                Rule::sent => &mut parts.sent,
                Rule::colon => continue,
                _ => {
                    self.explain(Rule::strict_branch, span.start, at, END);
                    return None;
                }
            };
            if let Some(first) = place.as_ref() {
                let first = self.trimmed(self.span(first));
                let word = super::strict::token(self.slice(at)).to_owned();
                self.report(setting::repeated_argument(
                    Span { end: at.start + word.len(), ..at },
                    first,
                    &word,
                ));
                return None;
            }
            *place = Some(part);
        }
        let name = parts.name.map(|pair| self.chosen_name(&pair));
        let ty = parts.ty.map(|pair| self.ty(pair));
        let Some(call) = parts.call else {
            let end = Span { start: span.end, ..span };
            self.report(syntax::missing_value(end, "an upstream, a method and a path", "="));
            return None;
        };
        let call = self.call_of(call);
        let within = parts.within.map(|pair| self.time(pair));
        let max = parts.max.map(|pair| self.size(pair));
        let Some(failure) = parts.failure else {
            // It stands in front of what is sent.
            let end = parts.sent.map_or(span.end, |sent| self.span(&sent).start);
            let before = self.trimmed(Span { end, ..span });
            let last = self.slice(before).split_ascii_whitespace().next_back().unwrap_or_default();
            self.report(syntax::missing_value(Span { start: before.end, ..before }, FAILURE, last));
            return None;
        };
        let failure = self.failure(failure);
        let sent = parts.sent.map(|pair| self.sent(pair));
        let Call { each, upstream, method, path } = call?;
        Some(Branch {
            span,
            name: name?,
            ty: ty.map_or(Some(None), |ty| ty.map(Some))?,
            each,
            upstream,
            method,
            path,
            within: within.map_or(Some(None), |within| within.map(Some))?,
            max: max.map_or(Some(None), |max| max.map(Some))?,
            failure: failure?,
            sent: sent.map_or(Some(None), |sent| sent.map(Some))?,
        })
    }

    fn call_of(&mut self, pair: Pair<'_>) -> Option<Call> {
        let span = self.trimmed(self.span(&pair));
        let end = Span { start: span.end, ..span };
        let mut parts = pair.into_inner().peekable();
        let each = parts.next_if(|pair| pair.as_rule() == Rule::each_of).map(|pair| self.each_of(pair));
        let upstream = parts.next().map(|pair| self.name(&pair))?;
        let Some(method) = parts.next() else {
            self.report(syntax::missing_value(end, "a method and a path", &upstream.text));
            return None;
        };
        let method = self.name(&method);
        let Some(path) = parts.next() else {
            self.report(syntax::missing_value(end, "a path", &method.text));
            return None;
        };
        let (path, _) = self.template(path)?;
        Some(Call { each: each.map_or(Some(None), |each| each.map(Some))?, upstream, method, path })
    }

    /// `for NAME in LIST max N`
    fn each_of(&mut self, pair: Pair<'_>) -> Option<EachOf> {
        let span = self.trimmed(self.span(&pair));
        let mut parts = pair.into_inner();
        let (name, list) = (parts.next()?, parts.next()?);
        let name = self.chosen_name(&name);
        let list = self.value(list);
        let Some(max) = parts.next() else {
            let before = self.slice(span).split_ascii_whitespace().next_back().unwrap_or_default();
            self.report(syntax::missing_value(span.after(), "`max` and a number", before));
            return None;
        };
        let max = self.amount(max, "max", "a number such as `20`", |kind| matches!(kind, ValueKind::Int(_)));
        Some(EachOf { name, list: list?, max: max? })
    }

    fn failure(&mut self, pair: Pair<'_>) -> Option<Failure> {
        let span = self.trimmed(self.span(&pair));
        let mut failure = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::pass => return self.passed(part).map(Failure::Required),
                Rule::otherwise => match part.into_inner().next() {
                    None => {
                        self.report(syntax::missing_value(span.after(), "a value or `skip`", "else"));
                        return None;
                    }
                    Some(skip) if skip.as_rule() == Rule::skip => {
                        failure = Some(Failure::Skip(self.span(&skip)));
                    }
                    Some(value) => failure = self.value(value).map(Failure::Value),
                },
                _ => failure = Some(Failure::Required(Vec::new())),
            }
        }
        failure
    }

    fn passed(&mut self, pair: Pair<'_>) -> Option<Vec<Status>> {
        let span = self.trimmed(self.span(&pair));
        let mut passed: Vec<Status> = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::trailing_comma {
                self.report(syntax::missing_value(self.span(&part).after(), "a status", ","));
                return None;
            }
            let status =
                self.status(&part, |code| (400..=599).contains(&code), "a status from 400 to 599")?;
            if let Some(first) = passed.iter().find(|first| first.code == status.code) {
                self.report(setting::repeated_argument(status.span, first.span, &status.code.to_string()));
                return None;
            }
            passed.push(status);
        }
        if passed.is_empty() {
            self.report(syntax::missing_value(span.after(), "a status", "pass"));
            return None;
        }
        Some(passed)
    }

    /// `{ header "NAME" = EXPRESSION; body EXPRESSION }`
    fn sent(&mut self, pair: Pair<'_>) -> Option<Sent> {
        let span = self.span(&pair);
        let before = self.problems.len();
        let mut sent = Sent { span, headers: Vec::new(), body: None };
        let mut indentation = Indentation::default();
        for part in pair.into_inner() {
            let own = self.trimmed(self.span(&part));
            let word = Span { end: own.start + super::strict::token(self.slice(own)).len(), ..own };
            if indentation.misleads(self, own, word) {
                continue;
            }
            match part.as_rule() {
                Rule::sent_header => {
                    if let Some((name, value)) = self.sent_header(part, word) {
                        sent.headers.push((own, name, value));
                    }
                }
                Rule::sent_body => {
                    let Some(value) = self.sent_body(part, word) else { continue };
                    match &sent.body {
                        Some((first, _)) => self.report(setting::repeated_setting(word, *first, "body")),
                        None => sent.body = Some((word, value)),
                    }
                }
                _ => self.report(syntax::unexpected_text(word, self.slice(word), SENT)),
            }
        }
        if sent.headers.is_empty() && sent.body.is_none() && self.problems.len() == before {
            let brace = span.end.saturating_sub(1);
            self.report(syntax::missing_value(Span { start: brace, end: brace, ..span }, SENT, "{"));
        }
        (self.problems.len() == before).then_some(sent)
    }

    fn sent_header(&mut self, pair: Pair<'_>, word: Span) -> Option<(Text, Value)> {
        let span = self.trimmed(self.span(&pair));
        let (mut name, mut value) = (None, None);
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::string => name = Some(part),
                Rule::assigned => value = Some(part),
                _ => {
                    self.explain(Rule::strict_sent_header, span.start, at, END);
                    return None;
                }
            }
        }
        let Some(name) = name else {
            self.report(syntax::missing_value(word.after(), "a name in quotes, `=` and a value", "header"));
            return None;
        };
        let name = self.value(name)?;
        let ValueKind::Text(text) = name.kind else {
            let found = format!("`{}`", self.slice(name.span));
            let problem = setting::wrong_type(name.span, "the name of a field", &found);
            self.report(problem.help("write its letters, digits and `-`: \"x-tenant\""));
            return None;
        };
        let Some(value) = value else {
            let found = self.slice(name.span).to_owned();
            self.report(syntax::missing_value(name.span.after(), "`=` and a value", &found));
            return None;
        };
        let value = self.assigned(value)?;
        Some((Text { span: name.span, value: text }, value))
    }

    fn sent_body(&mut self, pair: Pair<'_>, word: Span) -> Option<Value> {
        let span = self.trimmed(self.span(&pair));
        let mut value = None;
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::junk_tail => {
                    self.explain(Rule::strict_sent_body, span.start, at, END);
                    return None;
                }
                _ => value = Some(part),
            }
        }
        let Some(value) = value else {
            self.report(syntax::missing_value(word.after(), "a value", "body"));
            return None;
        };
        let value = self.value(value)?;
        self.is_json(&value).then_some(value)
    }
}
