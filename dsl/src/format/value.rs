//! Values. Literals are copied as they are spelt; lines break before an operator where they did.

use super::bracket::{LIST, RECORD};
use super::printer::Printer;
use crate::ast::{Entry, Value, ValueKind};
use crate::source::Span;

/// Where the first part of a value begins, if it begins with another value.
fn first_part(value: &Value) -> Option<usize> {
    match &value.kind {
        ValueKind::Binary { left: of, .. }
        | ValueKind::IsSet { of, .. }
        | ValueKind::Access(of, _)
        | ValueKind::Call { of, .. }
        | ValueKind::Index(of, _)
        | ValueKind::Each(of)
        | ValueKind::Where(of, _)
        | ValueKind::Shape(of, _) => Some(of.span.start),
        _ => None,
    }
}

impl Printer<'_> {
    pub(super) fn value(&mut self, value: &Value) {
        if let ValueKind::List(items) = &value.kind
            && items.first().is_some_and(|first| first.span.start == value.span.start)
        {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    self.push(", ");
                }
                self.value(item);
            }
            return;
        }
        let parentheses = self.parentheses(value.span, first_part(value));
        self.repeat("(", parentheses);
        self.inner(value, self.without(value.span, parentheses));
        self.repeat(")", parentheses);
    }

    /// The place of a value without the parentheses around it.
    fn without(&self, span: Span, parentheses: usize) -> Span {
        let mut text = self.clean.get(span.start..span.end).unwrap_or_default();
        let mut start = span.start;
        for _ in 0..parentheses {
            let inside = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
            start += 1 + (inside.len() - inside.trim_start().len());
            text = inside.trim();
        }
        Span { start, end: start + text.len(), ..span }
    }

    fn inner(&mut self, value: &Value, span: Span) {
        match &value.kind {
            ValueKind::List(items) => {
                let items: Vec<(Span, &Value)> = items.iter().map(|item| (item.span, item)).collect();
                self.bracketed(LIST, (span.start, span.end), &items, |printer, item| printer.value(item));
            }
            ValueKind::Record(entries) => self.record((span.start, span.end), entries),
            ValueKind::Access(of, name) => {
                self.value(of);
                self.break_or_nothing(of.span.end, name.span.start);
                self.push(".");
                self.push(&name.text);
            }
            ValueKind::Call { of, name, arguments } => {
                self.value(of);
                self.break_or_nothing(of.span.end, name.span.start);
                self.push(".");
                self.push(&name.text);
                self.arguments((name.span.end, span.end), arguments);
            }
            ValueKind::Index(of, key) => {
                self.value(of);
                self.push("[");
                self.value(key);
                self.push("]");
            }
            ValueKind::Each(of) => {
                self.value(of);
                self.push("[*]");
            }
            ValueKind::Where(of, condition) => {
                self.value(of);
                self.push("[where ");
                self.value(condition);
                self.push("]");
            }
            ValueKind::Shape(of, entries) => {
                self.value(of);
                let rest = self.clean.get(of.span.end..span.end).unwrap_or_default();
                let brace = of.span.end + rest.find('{').unwrap_or_default();
                self.break_or_nothing(of.span.end, brace);
                self.push(".");
                self.record((brace, span.end), entries);
            }
            ValueKind::Element(name) => {
                self.push(".");
                self.push(&name.text);
            }
            ValueKind::Not(of) => {
                self.push("not ");
                self.value(of);
            }
            ValueKind::Binary { operator, left, right, .. } => {
                self.value(left);
                self.break_or_blank(left.span.end, right.span.start);
                self.push(operator.word());
                self.push(" ");
                self.value(right);
            }
            ValueKind::IsSet { of, negated } => {
                self.value(of);
                self.break_or_blank(of.span.end, span.end);
                self.push(if *negated { "is not set" } else { "is set" });
            }
            ValueKind::If { condition, then, otherwise } => {
                self.push("if ");
                self.value(condition);
                self.break_or_blank(condition.span.end, then.span.start);
                self.push("then ");
                self.value(then);
                self.break_or_blank(then.span.end, otherwise.span.start);
                self.push("else ");
                self.value(otherwise);
            }
            _ => self.copy(span),
        }
    }

    /// Begins a line where the source does between two places that belong together without a blank.
    fn break_or_nothing(&mut self, from: usize, to: usize) {
        if !self.flat && self.breaks(from, to) {
            self.continue_line();
        }
    }

    fn record(&mut self, region: (usize, usize), entries: &[Entry]) {
        let items: Vec<(Span, &Entry)> =
            entries.iter().map(|entry| (entry.name.span.to(entry.value.span), entry)).collect();
        self.bracketed(RECORD, region, &items, |printer, entry| {
            printer.copy(entry.name.span);
            // `{ a }` is short for `{ a: a }`.
            if entry.value.span != entry.name.span {
                printer.push(": ");
                printer.value(&entry.value);
            }
        });
    }
}
