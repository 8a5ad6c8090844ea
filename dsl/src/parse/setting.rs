//! Blocks and their settings: `word argument… [{ block }]`.

use super::reader::{Indentation, Reader};
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Argument, Block, Field, Setting, Statement, Value, ValueKind};
use crate::problem::syntax;
use crate::source::Span;

impl Reader<'_> {
    pub(super) fn block(&mut self, pair: Pair<'_>) -> Block {
        let span = self.span(&pair);
        let mut statements = Vec::new();
        let mut indentation = Indentation::default();
        for statement in pair.into_inner() {
            let at = self.trimmed(self.span(&statement));
            let text = self.slice(at);
            let word = Span { end: at.start + super::strict::token(text).len(), ..at };
            let misleads = indentation.misleads(self, at, word);
            let docs = self.docs(at.start);
            match statement.as_rule() {
                Rule::setting => {
                    let mut setting = self.setting(statement);
                    setting.docs = docs;
                    setting.broken |= misleads;
                    statements.push(Statement::Setting(setting));
                }
                Rule::block_terminal => {
                    for part in statement.into_inner() {
                        match part.as_rule() {
                            Rule::terminal => statements.extend(self.terminal(part).map(Statement::Terminal)),
                            _ => self.explain(Rule::strict_terminal, at.start, self.span(&part), END),
                        }
                    }
                }
                Rule::broken if misleads => {}
                Rule::broken => {
                    self.report(syntax::unexpected_text(word, self.slice(word), "a setting"));
                }
                _ => {}
            }
        }
        Block { span, statements }
    }

    fn setting(&mut self, pair: Pair<'_>) -> Setting {
        let whole = self.trimmed(self.span(&pair));
        let start = whole.start;
        let problems = self.problems.len();
        let mut setting = Setting {
            span: whole,
            docs: Vec::new(),
            word: crate::ast::Name { span: whole, text: String::new() },
            arguments: Vec::new(),
            block: None,
            broken: self.is_damaged(Span { end: start, ..whole }),
        };
        let mut nested = 0;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => setting.word = self.name(&part),
                Rule::argument => {
                    let argument = part.into_inner().next().and_then(|inner| self.argument(inner));
                    setting.broken |= argument.is_none();
                    setting.arguments.extend(argument);
                }
                Rule::junk_head => {
                    setting.broken = true;
                    if self.problems.len() == problems {
                        self.explain(Rule::strict_setting, start, self.span(&part), END);
                    }
                }
                Rule::block => {
                    let before = self.problems.len();
                    setting.block = Some(self.block(part));
                    nested = self.problems.len() - before;
                }
                Rule::junk_tail => self.after_block(self.span(&part)),
                _ => {}
            }
        }
        // What is wrong inside its block is the block's own matter.
        setting.broken |= self.problems.len() - nested > problems;
        setting
    }

    /// Text behind a closing brace.
    pub(super) fn after_block(&mut self, junk: Span) {
        let junk = self.trimmed(junk);
        let found = super::strict::token(self.slice(junk));
        let at = Span { end: junk.start + found.len(), ..junk };
        self.report(
            syntax::unexpected_text(at, found, "the end of the line after `}`")
                .help("begin it on a line of its own"),
        );
    }

    fn argument(&mut self, pair: Pair<'_>) -> Option<Argument> {
        match pair.as_rule() {
            Rule::field => self.field(pair).map(|field| Argument::Field(Box::new(field))),
            Rule::list => self.list(pair),
            Rule::lone_value => self.value(pair.into_inner().next()?).map(Argument::Value),
            _ => None,
        }
    }

    /// One value, several with commas between them, or what is before and behind `=`.
    fn list(&mut self, pair: Pair<'_>) -> Option<Argument> {
        let span = self.span(&pair);
        let mut items: Vec<Option<Value>> = Vec::new();
        let mut assigned = None;
        for item in pair.into_inner() {
            match item.as_rule() {
                Rule::trailing_comma => {
                    self.report(syntax::missing_value(self.span(&item).after(), "a value", ","));
                    return None;
                }
                Rule::assigned => {
                    let Some(value) = item.into_inner().next() else {
                        self.report(syntax::missing_value(self.trimmed(span).after(), "a value", "="));
                        return None;
                    };
                    assigned = Some(self.value(value)?);
                }
                _ => items.push(self.value(item)),
            }
        }
        let several = items.len() > 1;
        let mut items = items.into_iter().collect::<Option<Vec<Value>>>()?;
        let (first, last) = (items.first()?.span, items.last()?.span);
        let value = if several {
            Value { span: first.to(last), kind: ValueKind::List(items) }
        } else {
            items.pop()?
        };
        Some(match assigned {
            Some(assigned) => Argument::Assignment { span, target: value, value: assigned },
            None => Argument::Value(value),
        })
    }

    fn field(&mut self, pair: Pair<'_>) -> Option<Field> {
        let span = self.span(&pair);
        let (mut name, mut ty, mut default, mut alias) = (None, None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::field_name => name = Some(self.chosen_name(&part)),
                Rule::r#type => ty = self.ty(part),
                Rule::name => alias = Some(self.chosen_name(&part)),
                _ => default = self.value(part),
            }
        }
        Some(Field { span, name: name?, ty: ty?, wire: None, default, alias })
    }
}
