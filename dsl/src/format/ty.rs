//! Types.

use super::printer::Printer;
use crate::ast::{Bounds, Type, TypeKind};
use crate::source::Span;

impl Printer<'_> {
    pub(super) fn ty(&mut self, ty: &Type) {
        let inner = match &ty.kind {
            TypeKind::Optional(of) => Some(of.span.start),
            _ => None,
        };
        let parentheses = self.parentheses(ty.span, inner);
        self.repeat("(", parentheses);
        match &ty.kind {
            TypeKind::Named { name, bounds } => {
                self.push(&name.text);
                self.bounds(bounds.as_ref());
            }
            TypeKind::Generic { name, of, bounds } => {
                self.push(&name.text);
                self.push("<");
                self.ty(of);
                self.push(">");
                self.bounds(bounds.as_ref());
            }
            TypeKind::Enum(words) => {
                let mut before: Option<Span> = None;
                for word in words {
                    if let Some(before) = before {
                        self.break_or_blank(before.end, word.span.start);
                        self.push("| ");
                    }
                    self.copy(word.span);
                    before = Some(word.span);
                }
            }
            TypeKind::Optional(of) => {
                self.ty(of);
                self.push("?");
            }
        }
        self.repeat(")", parentheses);
    }

    fn bounds(&mut self, bounds: Option<&Bounds>) {
        if let Some(bounds) = bounds {
            self.push("(");
            self.copy(bounds.span());
            self.push(")");
        }
    }

    pub(super) fn repeat(&mut self, text: &str, times: usize) {
        for _ in 0..times {
            self.push(text);
        }
    }

    /// How many parentheses stand around something. `inner` is where its first part begins, if it has parts.
    pub(super) fn parentheses(&self, span: Span, inner: Option<usize>) -> usize {
        let end = inner.unwrap_or(span.end);
        let text = self.clean.get(span.start..end).unwrap_or_default();
        text.chars().filter(|c| !c.is_whitespace()).take_while(|c| *c == '(').count()
    }
}
