//! `aggregate`: its branches, and what is answered.

use super::reader::{Indentation, Reader};
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Aggregate, Terminal, TerminalKind, Value, ValueKind};
use crate::problem::{setting, syntax};
use crate::source::Span;

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

    /// `within DURATION`
    pub(super) fn time(&mut self, pair: Pair<'_>) -> Option<Value> {
        self.amount(pair, "within", "a duration such as `250ms`", |kind| {
            matches!(kind, ValueKind::Duration(_))
        })
    }

    /// `max SIZE`
    pub(super) fn size(&mut self, pair: Pair<'_>) -> Option<Value> {
        self.amount(pair, "max", "a size such as `64KiB`", |kind| matches!(kind, ValueKind::Size(_)))
    }

    pub(super) fn amount(
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
