//! Routes: methods, pattern, condition, what they do.

use super::declaration::{METHODS, Parts};
use super::reader::Reader;
use super::setting::Holder;
use super::{Pair, Rule};
use crate::ast::{
    Argument, Block, Declaration, Methods, Name, Route, Setting, Statement, Terminal, Value, ValueKind,
};
use crate::problem::{setting, syntax};
use crate::source::Span;

impl Reader<'_> {
    pub(super) fn route(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let mut broken = parts.has_junk || self.is_damaged(parts.head);
        let (methods, pattern) = (parts.take(Rule::methods), parts.take(Rule::pattern));
        if !broken && methods.is_none() {
            let expected = if pattern.is_some() { "methods" } else { "methods and a path" };
            self.report(syntax::missing_value(parts.word.after(), expected, "route"));
        } else if !broken && pattern.is_none() {
            let after = methods.as_ref().map_or(parts.word, |methods| self.span(methods));
            self.report(syntax::missing_value(after.after(), "a path", self.slice(after)));
        }
        let methods = methods.and_then(|pair| self.methods(pair));
        let pattern = pattern.and_then(|pair| self.pattern(pair));
        let when = self.condition(&mut parts);
        let mut head_setting = parts.take(Rule::head_setting).map(|pair| self.head_setting(pair));
        if let Some(setting) = head_setting.take_if(|it| self.foreign_head(it.span, &it.word.text)) {
            // What its block holds is not what a route's holds.
            parts.take(Rule::block);
            self.forget_docs(setting.span.end, parts.span.end);
        }
        let mut terminals: Vec<(Span, Option<Terminal>)> = Vec::new();
        for pair in parts.take_all(Rule::terminal) {
            terminals.push((self.trimmed(self.span(&pair)), self.terminal(pair)));
        }
        broken |= self.problems.len() > before;
        let block = parts.take(Rule::block).map(|block| self.block(block, Holder::declaration("route")));
        let inside =
            block.iter().flat_map(|block| &block.statements).filter_map(|statement| match statement {
                Statement::Terminal(terminal) => Some(terminal.span),
                _ => None,
            });
        let all: Vec<Span> = terminals.iter().map(|(span, _)| *span).chain(inside).collect();
        match all.as_slice() {
            [] if !broken && self.problems.len() == before && !block.iter().any(has_foreign) => {
                self.report(syntax::missing_terminal(parts.head));
            }
            [first, again, ..] => self.report(syntax::repeated_terminal(*again, *first)),
            _ => {}
        }
        broken |= all.len() != 1;
        let head_terminal = terminals.into_iter().next().and_then(|(_, terminal)| terminal);
        let (methods, pattern) = (methods?, pattern?);
        let Parts { docs, span, head, .. } = parts;
        Some(Declaration::Route(Box::new(Route {
            span,
            head,
            docs,
            methods,
            pattern,
            when,
            head_setting,
            head_terminal,
            block,
            broken,
        })))
    }

    /// Whether the line of a route goes on with what has a block of its own, or with a word of another system; reports it if so.
    pub(super) fn foreign_head(&mut self, at: Span, text: &str) -> bool {
        let length = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(length).unwrap_or((text, ""));
        let at = Span { end: at.start + length, ..at };
        let problem = match word {
            "match" | "aggregate" => Some(setting::block_in_head(at, word)),
            _ => {
                let status = rest.split_whitespace().next().and_then(|status| status.parse().ok());
                syntax::foreign_terminal(at, word, status)
            }
        };
        let is_foreign = problem.is_some();
        self.problems.extend(problem);
        is_foreign
    }

    /// A word, and words behind it. What it takes is for its row to say.
    fn head_setting(&mut self, pair: Pair<'_>) -> Setting {
        let span = self.trimmed(self.span(&pair));
        let mut word = Name { span, text: String::new() };
        let mut arguments = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::word {
                word = self.name(&part);
                continue;
            }
            let span = self.span(&part);
            let names = part.into_inner().map(|name| {
                let Name { span, text } = self.name(&name);
                Value { span, kind: ValueKind::Word(text) }
            });
            let mut names: Vec<Value> = names.collect();
            let value = match names.pop() {
                Some(only) if names.is_empty() => only,
                last => {
                    names.extend(last);
                    Value { span, kind: ValueKind::List(names) }
                }
            };
            arguments.push(Argument::Value(value));
        }
        Setting { span, docs: Vec::new(), word, arguments, block: None, broken: false }
    }

    pub(super) fn methods(&mut self, pair: Pair<'_>) -> Option<Methods> {
        let mut names: Vec<Name> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::any_method => return Some(Methods::Any(self.span(&part))),
                Rule::trailing_comma => {
                    self.report(syntax::missing_value(self.span(&part).after(), "a method", ","));
                }
                _ => {
                    let name = self.name(&part);
                    if !METHODS.contains(&name.text.as_str()) {
                        self.report(syntax::unknown_method(name.span, &name.text, METHODS));
                    } else if let Some(first) = names.iter().find(|other| other.text == name.text) {
                        self.report(syntax::repeated_method(name.span, first.span, &name.text));
                    }
                    names.push(name);
                }
            }
        }
        (!names.is_empty()).then_some(Methods::List(names))
    }
}

/// Whether a block says what the route does in the word of another system, which is refused as such.
fn has_foreign(block: &Block) -> bool {
    block.statements.iter().any(|statement| {
        let Statement::Setting(it) = statement else { return false };
        syntax::foreign_terminal(it.word.span, &it.word.text, None).is_some()
    })
}
