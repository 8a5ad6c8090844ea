//! Expressions: the grammar gives operands, postfixes and operators in a row; the tree is built here, by precedence.

use super::reader::Reader;
use super::{MAX_HEIGHT, Pair, Rule};
use crate::ast::{Entry, Name, Operator, Value, ValueKind};
use crate::problem::syntax;
use crate::source::Span;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::vec::IntoIter;

/// How tightly `not` binds; operators above it are read first.
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const COALESCE: u8 = 5;

/// How tightly an operator binds, loosest first.
fn binding(operator: Operator) -> u8 {
    match operator {
        Operator::Or => 1,
        Operator::And => 2,
        Operator::Coalesce => COALESCE,
        Operator::Add | Operator::Subtract => 6,
        _ => COMPARISON,
    }
}

pub(super) fn operator(text: &str) -> Option<Operator> {
    if text.starts_with("not") {
        return Some(Operator::NotIn);
    }
    Operator::ALL.iter().copied().find(|operator| operator.word() == text)
}

/// A value, and how many nodes lie between it and its deepest leaf.
pub(super) struct Built {
    pub(super) value: Value,
    pub(super) height: usize,
}

type Tokens<'a> = Peekable<IntoIter<Pair<'a>>>;

impl Reader<'_> {
    /// The value of an `expression`; `None` if it could not be read, which is then reported.
    pub(super) fn expression(&mut self, pair: Pair<'_>) -> Option<Value> {
        let mut parts = pair.into_inner();
        let first = parts.next()?;
        // Most values are one literal.
        let Some(second) = parts.next() else { return self.operand(first).map(|built| built.value) };
        let all: Vec<Pair<'_>> = [first, second].into_iter().chain(parts).collect();
        self.binary(&mut all.into_iter().peekable(), 0).map(|built| built.value)
    }

    /// An expression whose operators all bind at least so tightly.
    fn binary(&mut self, tokens: &mut Tokens<'_>, least: u8) -> Option<Built> {
        let mut left = self.prefixed(tokens, least);
        let mut compared: Option<Span> = None;
        while let Some(sign) =
            tokens.next_if(|next| operator_of(next).is_some_and(|operator| binding(operator) >= least.max(1)))
        {
            let at = self.span(&sign);
            let operator = operator_of(&sign)?;
            let own = binding(operator);
            // `??` groups to the right, all others to the left.
            let right = self.deeper(at, |reader| reader.binary(tokens, own + u8::from(own != COALESCE)));
            if own == COMPARISON {
                if let Some(first) = compared {
                    self.report(syntax::chained_comparison(at, first));
                    left = None;
                }
                compared = Some(at);
            }
            left = left.zip(right).and_then(|(left, right)| {
                let height = left.height.max(right.height) + 1;
                let span = left.value.span.to(right.value.span);
                let (left, right) = (Box::new(left.value), Box::new(right.value));
                self.built(span, height, ValueKind::Binary { operator, at, left, right })
            });
        }
        left
    }

    /// `not …`, or an operand with all behind it.
    fn prefixed(&mut self, tokens: &mut Tokens<'_>, least: u8) -> Option<Built> {
        let first = tokens.next()?;
        if first.as_rule() != Rule::not_word {
            return self.postfixed(first, tokens);
        }
        let at = self.span(&first);
        let of = self.deeper(at, |reader| reader.binary(tokens, NOT))?;
        if least > NOT {
            self.report(syntax::unexpected_text(at, "not", "a value").help("put `not …` in parentheses"));
            return None;
        }
        self.built(at.to(of.value.span), of.height + 1, ValueKind::Not(Box::new(of.value)))
    }

    fn postfixed(&mut self, operand: Pair<'_>, tokens: &mut Tokens<'_>) -> Option<Built> {
        let mut value = self.operand(operand);
        while let Some(postfix) = tokens.next_if(|next| {
            matches!(
                next.as_rule(),
                Rule::access
                    | Rule::arguments
                    | Rule::bad_arguments
                    | Rule::shape
                    | Rule::index
                    | Rule::bad_index
                    | Rule::is_set
            )
        }) {
            value = if let Some(built) = value {
                self.postfix(built, postfix, tokens)
            } else {
                // What is wrong inside is said all the same.
                self.inside(postfix);
                None
            };
        }
        value
    }

    fn postfix(&mut self, of: Built, pair: Pair<'_>, tokens: &mut Tokens<'_>) -> Option<Built> {
        let span = of.value.span.to(self.span(&pair));
        let height = of.height + 1;
        let of = Box::new(of.value);
        match pair.as_rule() {
            Rule::access => {
                let name = self.name(&pair.into_inner().next()?);
                let Some(call) =
                    tokens.next_if(|next| matches!(next.as_rule(), Rule::arguments | Rule::bad_arguments))
                else {
                    return self.built(span, height, ValueKind::Access(of, name));
                };
                let end = self.span(&call);
                let arguments = self.arguments(call)?;
                let height = arguments.iter().map(|it| it.height + 1).max().unwrap_or(0).max(height);
                let arguments = arguments.into_iter().map(|built| built.value).collect();
                self.built(span.to(end), height, ValueKind::Call { of, name, arguments })
            }
            Rule::is_set => {
                let negated = pair.into_inner().any(|part| part.as_rule() == Rule::not_word);
                self.built(span, height, ValueKind::IsSet { of, negated })
            }
            Rule::shape => {
                let record = pair.into_inner().next()?;
                let (entries, inner) = self.of_elements(|reader| reader.record(record, true))?;
                self.built(span, height.max(inner + 1), ValueKind::Shape(of, entries))
            }
            Rule::index => {
                let mut inner = pair.into_inner().filter(|part| part.as_rule() != Rule::close_list);
                let first = inner.next()?;
                match first.as_rule() {
                    Rule::each => self.built(span, height, ValueKind::Each(of)),
                    Rule::where_word => {
                        let condition = inner.next()?;
                        let condition = self.of_elements(|reader| reader.nested(condition))?;
                        let height = height.max(condition.height + 1);
                        self.built(span, height, ValueKind::Where(of, Box::new(condition.value)))
                    }
                    _ => {
                        let key = self.nested(first)?;
                        let height = height.max(key.height + 1);
                        self.built(span, height, ValueKind::Index(of, Box::new(key.value)))
                    }
                }
            }
            _ => {
                self.inside(pair);
                None
            }
        }
    }

    /// Reads a postfix whose operand could not be read, or that cannot stand there, for what is wrong in it.
    fn inside(&mut self, pair: Pair<'_>) {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::bad_index => self.explain(Rule::strict_index, span.start, span, "a value"),
            Rule::arguments | Rule::bad_arguments => {
                self.arguments(pair);
            }
            Rule::shape => {
                if let Some(record) = pair.into_inner().next() {
                    self.of_elements(|reader| reader.record(record, true));
                }
            }
            Rule::index => {
                self.of_elements(|reader| {
                    for part in pair.into_inner() {
                        if !matches!(part.as_rule(), Rule::each | Rule::where_word | Rule::close_list) {
                            reader.nested(part);
                        }
                    }
                });
            }
            _ => {}
        }
    }

    pub(super) fn arguments(&mut self, pair: Pair<'_>) -> Option<Vec<Built>> {
        if pair.as_rule() == Rule::bad_arguments {
            let span = self.span(&pair);
            self.explain(Rule::strict_arguments, span.start, span, "a value");
            return None;
        }
        let items: Vec<Option<Built>> = pair
            .into_inner()
            .filter(|part| !matches!(part.as_rule(), Rule::comma | Rule::close_group))
            .map(|item| self.nested(item))
            .collect();
        items.into_iter().collect()
    }

    pub(super) fn conditional(&mut self, pair: Pair<'_>) -> Option<Built> {
        let span = self.span(&pair);
        let parts = pair
            .into_inner()
            .filter(|part| !matches!(part.as_rule(), Rule::if_word | Rule::then_word | Rule::else_word));
        let parts: Vec<Option<Built>> = parts.map(|part| self.nested(part)).collect();
        let Ok([condition, then, otherwise]) = <[Option<Built>; 3]>::try_from(parts) else { return None };
        let (condition, then, otherwise) = (condition?, then?, otherwise?);
        let height = condition.height.max(then.height).max(otherwise.height) + 1;
        let kind = ValueKind::If {
            condition: Box::new(condition.value),
            then: Box::new(then.value),
            otherwise: Box::new(otherwise.value),
        };
        self.built(span, height, kind)
    }

    /// A value inside brackets, a string or an `if`.
    pub(super) fn nested(&mut self, pair: Pair<'_>) -> Option<Built> {
        let at = self.span(&pair);
        self.deeper(at, |reader| match pair.as_rule() {
            Rule::expression => {
                let parts: Vec<Pair<'_>> = pair.into_inner().collect();
                reader.binary(&mut parts.into_iter().peekable(), 0)
            }
            _ => reader.operand(pair),
        })
    }

    /// A node of the tree, if it is not too high.
    pub(super) fn built(&mut self, span: Span, height: usize, kind: ValueKind) -> Option<Built> {
        if height > MAX_HEIGHT {
            // Each further operator would say it again.
            if self.problems.last().is_none_or(|it| it.name != syntax::TOO_LONG_VALUE.name) {
                self.report(syntax::too_long_value(span.after(), MAX_HEIGHT));
            }
            return None;
        }
        Some(Built { value: Value { span, kind }, height })
    }

    /// The fields of a record or of a shape, with the height of the highest.
    pub(super) fn record(&mut self, pair: Pair<'_>, is_shape: bool) -> Option<(Vec<Entry>, usize)> {
        if pair.as_rule() == Rule::bad_record {
            let span = self.span(&pair);
            self.explain(Rule::strict_record, span.start, span, "a field");
            return None;
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let (mut highest, mut whole) = (0, true);
        for entry in pair.into_inner().filter(|pair| pair.as_rule() == Rule::entry) {
            let mut parts = entry.into_inner().filter(|part| part.as_rule() != Rule::colon);
            let Some(name) = parts.next() else { continue };
            let span = self.span(&name);
            let text = if name.as_rule() == Rule::string {
                self.plain_string(span)
            } else {
                name.as_str().to_owned()
            };
            self.only_once(&mut seen, span, &text);
            let name = Name { span, text };
            let value = match parts.next() {
                Some(value) => self.nested(value),
                None if is_shape => self.built(span, 0, ValueKind::Element(name.clone())),
                None => {
                    self.not_reserved(&name);
                    self.built(span, 0, ValueKind::Word(name.text.clone()))
                }
            };
            whole &= value.is_some();
            if let Some(Built { value, height }) = value {
                highest = highest.max(height);
                entries.push(Entry { name, value });
            }
        }
        whole.then_some((entries, highest))
    }
}

fn operator_of(pair: &Pair<'_>) -> Option<Operator> {
    matches!(pair.as_rule(), Rule::infix_word | Rule::infix_sign | Rule::plus_minus)
        .then(|| operator(pair.as_str()))
        .flatten()
}
