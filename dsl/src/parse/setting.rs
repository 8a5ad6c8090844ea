//! Blocks and their settings: `word argument… [{ block }]`.

use super::declaration::is_declaration;
use super::reader::{Indentation, Reader};
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Argument, Block, Setting, Statement, Use, Value, ValueKind};
use crate::problem::syntax;
use crate::source::Span;

/// Whose block it is, which says what may stand in it.
#[derive(Clone, Copy)]
pub(super) struct Holder<'a> {
    /// The word of the declaration or setting.
    word: &'a str,
    /// Whether routes, groups, hosts and imports may stand in it.
    nests: bool,
}

impl<'a> Holder<'a> {
    pub(super) fn declaration(word: &'a str) -> Self {
        Self { word, nests: matches!(word, "group" | "host") }
    }

    fn setting(word: &'a str) -> Self {
        Self { word, nests: false }
    }
}

impl Reader<'_> {
    pub(super) fn block(&mut self, pair: Pair<'_>, holder: Holder<'_>) -> Block {
        let span = self.span(&pair);
        let mut statements = Vec::new();
        let mut indentation = Indentation::default();
        // Those found before are not this block's.
        let strays = self.strays.len();
        for statement in pair.into_inner() {
            let at = self.trimmed(self.span(&statement));
            let text = self.slice(at);
            let word = Span { end: at.start + super::strict::token(text).len(), ..at };
            let misleads = indentation.misleads(self, at, word);
            let docs = self.docs(at.start);
            match statement.as_rule() {
                Rule::setting => {
                    let mut setting = self.setting(statement, holder);
                    setting.docs = docs;
                    setting.broken |= misleads;
                    if !is_declaration(&setting.word.text) {
                        statements.push(Statement::Setting(setting));
                    }
                }
                Rule::use_policy => {
                    if let Some(mut it) = self.use_policy(statement) {
                        it.docs = docs;
                        it.broken |= misleads;
                        statements.push(Statement::Use(it));
                    }
                }
                Rule::block_terminal => {
                    for part in statement.into_inner() {
                        match part.as_rule() {
                            Rule::terminal => statements.extend(self.terminal(part).map(Statement::Terminal)),
                            _ => self.explain(Rule::strict_terminal, at.start, self.span(&part), END),
                        }
                    }
                }
                Rule::aggregate => {
                    statements.extend(self.aggregate(statement).map(Statement::Terminal));
                }
                Rule::match_on => {
                    statements.extend(self.match_on(statement).map(Statement::Terminal));
                }
                Rule::broken if misleads => {}
                Rule::broken => {
                    self.report(syntax::unexpected_text(word, self.slice(word), "a setting"));
                }
                _ => {
                    if !holder.nests {
                        self.misplaced(word, self.slice(word), holder.word);
                    }
                    // Those that it holds itself come behind it.
                    let place = self.strays.len();
                    let declaration = self.nested_declaration(statement, docs);
                    if holder.nests {
                        statements.extend(declaration.map(Statement::Declaration));
                    } else if let Some(declaration) = declaration {
                        self.strays.insert(place, declaration);
                    }
                }
            }
            if holder.nests {
                statements.extend(self.strays.drain(strays..).map(Statement::Declaration));
            }
        }
        Block { span, statements }
    }

    fn use_policy(&mut self, pair: Pair<'_>) -> Option<Use> {
        let span = self.trimmed(self.span(&pair));
        let word = Span { end: span.start + "use".len(), ..span };
        let before = self.problems.len();
        let (mut name, mut arguments, mut junk) = (None, Vec::new(), false);
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::name => name = Some(self.chosen_name(&part)),
                Rule::arguments | Rule::bad_arguments => {
                    let read = self.arguments(part).unwrap_or_default();
                    arguments = read.into_iter().map(|built| built.value).collect();
                }
                Rule::block => {
                    let brace = Span { end: at.start + 1, ..at };
                    self.report(syntax::unexpected_text(brace, "{", END));
                    self.forget_docs(at.start, at.end);
                }
                Rule::junk_head => {
                    junk = true;
                    self.explain(Rule::strict_use, span.start, at, END);
                }
                _ => self.after_block(at),
            }
        }
        if name.is_none() && !junk {
            self.report(syntax::missing_value(word.after(), "the name of a policy", "use"));
        }
        let broken = junk || self.problems.len() > before || self.is_damaged(word);
        Some(Use { span, docs: Vec::new(), name: name?, arguments, broken })
    }

    fn setting(&mut self, pair: Pair<'_>, holder: Holder<'_>) -> Setting {
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
                Rule::word => {
                    setting.word = self.name(&part);
                    if is_declaration(part.as_str()) {
                        // Nothing further is known of what it was meant to be.
                        self.misplaced(setting.word.span, part.as_str(), holder.word);
                        self.forget_docs(whole.start, whole.end);
                        break;
                    }
                }
                Rule::argument => {
                    let argument = part.into_inner().next().and_then(|inner| self.argument(inner));
                    setting.broken |= argument.is_none();
                    setting.arguments.extend(argument);
                }
                Rule::if_label | Rule::label | Rule::record_label | Rule::record | Rule::bad_record => {
                    let value = self.value(part);
                    setting.broken |= value.is_none();
                    setting.arguments.extend(value.map(Argument::Value));
                }
                Rule::junk_head => {
                    setting.broken = true;
                    if self.problems.len() == problems {
                        self.explain(Rule::strict_setting, start, self.span(&part), END);
                    }
                }
                Rule::block => {
                    let before = self.problems.len();
                    setting.block = Some(self.block(part, Holder::setting(&setting.word.text)));
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
            Rule::field => self.field(pair, true).map(|field| Argument::Field(Box::new(field))),
            _ => self.list(pair),
        }
    }

    /// What is behind `=`.
    pub(super) fn assigned(&mut self, pair: Pair<'_>) -> Option<Value> {
        let span = self.span(&pair);
        let Some(value) = pair.into_inner().next() else {
            self.report(syntax::missing_value(self.trimmed(span).after(), "a value", "="));
            return None;
        };
        self.value(value)
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
                    assigned = Some(self.assigned(item)?);
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
}
