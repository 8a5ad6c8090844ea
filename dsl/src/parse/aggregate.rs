//! `aggregate`: its branches, and what is answered.

use super::reader::{Indentation, Reader};
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Aggregate, Branch, Failure, Status, Terminal, TerminalKind, Value, ValueKind};
use crate::problem::{setting, syntax};
use crate::source::Span;

const FAILURE: &str = "`required`, `else VALUE` or `else skip`";

/// The parts of a branch, as far as they are there.
#[derive(Default)]
struct Parts<'p> {
    name: Option<Pair<'p>>,
    ty: Option<Pair<'p>>,
    call: Option<Pair<'p>>,
    within: Option<Pair<'p>>,
    max: Option<Pair<'p>>,
    failure: Option<Pair<'p>>,
}

impl Reader<'_> {
    /// An aggregation; `None` if its time or its block is missing, which is then reported.
    pub(super) fn aggregate(&mut self, pair: Pair<'_>) -> Option<Terminal> {
        let span = self.trimmed(self.span(&pair));
        let word = Span { end: span.start + "aggregate".len(), ..span };
        let before = self.problems.len();
        let (mut within, mut block, mut has_junk) = (None, None, false);
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::within => within = self.time(part),
                Rule::branches => block = Some(part),
                Rule::junk_head => {
                    has_junk = true;
                    self.explain(Rule::strict_aggregate, span.start, at, END);
                }
                _ => self.after_block(at),
            }
        }
        if within.is_none() && !has_junk && self.problems.len() == before {
            self.report(syntax::missing_value(word.after(), "`within` and a duration", "aggregate"));
        }
        let Some(block) = block else {
            if self.problems.len() == before {
                self.report(syntax::missing_block(word, "aggregate"));
            }
            return None;
        };
        let at = self.span(&block);
        let (mut branches, mut answer) = (Vec::new(), None);
        let mut indentation = Indentation::default();
        for part in block.into_inner() {
            let own = self.trimmed(self.span(&part));
            let word = Span { end: own.start + super::strict::token(self.slice(own)).len(), ..own };
            if indentation.misleads(self, own, word) {
                continue;
            }
            match part.as_rule() {
                Rule::branch => branches.extend(self.branch(part)),
                Rule::composed => self.composed(part, &mut answer),
                _ => self.report(syntax::unexpected_text(word, self.slice(word), "a branch or `respond`")),
            }
        }
        let brace = at.end.saturating_sub(1);
        let end = Span { start: brace, end: brace, ..at };
        if branches.is_empty() && self.problems.len() == before {
            self.report(syntax::missing_value(
                end,
                "a branch such as `user: User = users GET /me required`",
                "aggregate",
            ));
        } else if answer.is_none() && self.problems.len() == before {
            self.report(syntax::missing_value(end, "`respond` and a value", "aggregate"));
        }
        let broken = self.problems.len() > before || self.is_damaged(span);
        let aggregate = Aggregate { within: within?, span: at, branches, answer, broken };
        Some(Terminal { span, kind: TerminalKind::Aggregate(Box::new(aggregate)) })
    }

    fn composed(&mut self, pair: Pair<'_>, answer: &mut Option<(Span, Value)>) {
        let span = self.trimmed(self.span(&pair));
        let word = Span { end: span.start + "respond".len(), ..span };
        let mut value = None;
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::junk_tail => self.explain(Rule::strict_composed, span.start, at, END),
                _ => value = Some(part),
            }
        }
        let Some(value) = value else {
            self.report(syntax::missing_value(word.after(), "a value", "respond"));
            return;
        };
        let Some(value) = self.value(value) else { return };
        if let Some((first, _)) = answer {
            self.report(syntax::repeated_terminal(word, *first));
        } else if self.is_json(&value) {
            *answer = Some((word, value));
        }
    }

    fn branch(&mut self, pair: Pair<'_>) -> Option<Branch> {
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
        let ty = parts.ty.and_then(|pair| self.ty(pair));
        let Some(call) = parts.call else {
            let end = Span { start: span.end, ..span };
            self.report(syntax::missing_value(end, "an upstream, `GET` and a path", "="));
            return None;
        };
        let call = self.call_of(call);
        let within = parts.within.map(|pair| self.time(pair));
        let max = parts.max.map(|pair| self.size(pair));
        let Some(failure) = parts.failure else {
            let last = self.slice(span).split_ascii_whitespace().next_back().unwrap_or_default();
            self.report(syntax::missing_value(Span { start: span.end, ..span }, FAILURE, last));
            return None;
        };
        let failure = self.failure(failure);
        let (upstream, method, path) = call?;
        Some(Branch {
            span,
            name: name?,
            ty: ty?,
            upstream,
            method,
            path,
            within: within.map_or(Some(None), |within| within.map(Some))?,
            max: max.map_or(Some(None), |max| max.map(Some))?,
            failure: failure?,
        })
    }

    fn call_of(
        &mut self,
        pair: Pair<'_>,
    ) -> Option<(crate::ast::Name, crate::ast::Name, crate::ast::Template)> {
        let span = self.trimmed(self.span(&pair));
        let mut parts = pair.into_inner();
        let upstream = parts.next().map(|pair| self.name(&pair))?;
        let Some(method) = parts.next() else {
            self.report(syntax::missing_value(
                Span { start: span.end, ..span },
                "`GET` and a path",
                &upstream.text,
            ));
            return None;
        };
        let method = self.name(&method);
        let Some(path) = parts.next() else {
            self.report(syntax::missing_value(Span { start: span.end, ..span }, "a path", &method.text));
            return None;
        };
        let (path, _) = self.template(path)?;
        Some((upstream, method, path))
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

    /// `within DURATION`
    fn time(&mut self, pair: Pair<'_>) -> Option<Value> {
        self.amount(pair, "within", "a duration such as `250ms`", |kind| {
            matches!(kind, ValueKind::Duration(_))
        })
    }

    /// `max SIZE`
    fn size(&mut self, pair: Pair<'_>) -> Option<Value> {
        self.amount(pair, "max", "a size such as `64KiB`", |kind| matches!(kind, ValueKind::Size(_)))
    }

    fn amount(
        &mut self,
        pair: Pair<'_>,
        word: &str,
        expected: &str,
        is_one: fn(&ValueKind) -> bool,
    ) -> Option<Value> {
        let span = self.trimmed(self.span(&pair));
        let Some(number) = pair.into_inner().next() else {
            self.report(syntax::missing_value(span.after(), expected, word));
            return None;
        };
        let value = self.value(number)?;
        if !is_one(&value.kind) {
            let found = format!("`{}`", self.slice(value.span));
            self.report(
                setting::wrong_type(value.span, expected, &found).help("write the number with its unit"),
            );
            return None;
        }
        Some(value)
    }
}
