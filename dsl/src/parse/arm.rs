//! `match`: what is looked at, and what is done for each value of it.

use super::reader::{Indentation, Reader};
use super::strict::{END, TERMINALS, token};
use super::{Pair, Rule};
use crate::ast::{Arm, Match, Terminal, TerminalKind, Value};
use crate::problem::{setting, syntax};
use crate::source::Span;

impl Reader<'_> {
    /// A match; `None` if what is looked at or its block is missing, which is then reported.
    pub(super) fn match_on(&mut self, pair: Pair<'_>) -> Option<Terminal> {
        let span = self.trimmed(self.span(&pair));
        let word = Span { end: span.start + "match".len(), ..span };
        let before = self.problems.len();
        let (mut on, mut block) = (None, None);
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::expression => on = self.value(part),
                Rule::arms => block = Some(part),
                Rule::junk_head => self.explain(Rule::strict_match, span.start, at, END),
                _ => self.after_block(at),
            }
        }
        if on.is_none() && self.problems.len() == before {
            self.report(syntax::missing_value(word.after(), "a value to look at", "match"));
        }
        let Some(block) = block else {
            if self.problems.len() == before {
                self.report(syntax::missing_block(word, "match"));
            }
            return None;
        };
        let at = self.span(&block);
        let mut arms: Vec<Arm> = Vec::new();
        let mut indentation = Indentation::default();
        for part in block.into_inner() {
            let own = self.trimmed(self.span(&part));
            let word = Span { end: own.start + token(self.slice(own)).len(), ..own };
            if indentation.misleads(self, own, word) {
                continue;
            }
            match part.as_rule() {
                Rule::arm => arms.extend(self.arm(part, own, word)),
                Rule::other_arm => {
                    let Some(arm) = self.arm(part, own, word) else { continue };
                    match arms.iter().find(|arm| arm.values.is_empty()) {
                        Some(first) => {
                            let first = Span { end: first.span.start + "else".len(), ..first.span };
                            self.report(setting::repeated_setting(word, first, "else"));
                        }
                        None => arms.push(arm),
                    }
                }
                _ => self.report(syntax::unexpected_text(word, self.slice(word), "a value or `else`")),
            }
        }
        if arms.is_empty() && self.problems.len() == before {
            let brace = at.end.saturating_sub(1);
            let end = Span { start: brace, end: brace, ..at };
            self.report(syntax::missing_value(end, "a value and what is done for it", "{"));
        }
        let broken = self.problems.len() > before || self.is_damaged(span);
        let found = Match { on: on?, span: at, arms, broken };
        Some(Terminal { span, kind: TerminalKind::Match(Box::new(found)) })
    }

    /// One way; that of `else` has no values.
    fn arm(&mut self, pair: Pair<'_>, span: Span, word: Span) -> Option<Arm> {
        let (mut values, mut terminal): (Vec<Value>, Option<Terminal>) = (Vec::new(), None);
        let before = self.problems.len();
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::arm_value => {
                    values.extend(part.into_inner().next().and_then(|value| self.value(value)));
                }
                Rule::terminal => terminal = self.terminal(part),
                Rule::trailing_comma => {
                    self.report(syntax::missing_value(at.after(), "a value", ","));
                    return None;
                }
                _ => {
                    self.explain(Rule::strict_arm, span.start, at, END);
                    return None;
                }
            }
        }
        if terminal.is_none() && self.problems.len() == before {
            let text = self.slice(span).to_owned();
            let last = text.split_ascii_whitespace().next_back().unwrap_or_else(|| self.slice(word));
            self.report(syntax::missing_value(span.after(), TERMINALS, last));
        }
        Some(Arm { span, values, terminal: terminal? })
    }
}
