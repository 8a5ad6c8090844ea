//! Settings, their arguments, and the use of policies.

use super::bracket::CALL;
use super::printer::Printer;
use crate::ast::{Argument, Field, Setting, Use, Value};
use crate::source::Span;

impl Printer<'_> {
    pub(super) fn setting(&mut self, setting: &Setting) {
        self.push(&setting.word.text);
        for argument in &setting.arguments {
            self.push(" ");
            match argument {
                Argument::Value(value) => self.value(value),
                Argument::Field(field) => self.field(field),
                Argument::Assignment { target, value, .. } => {
                    self.value(target);
                    self.push(" = ");
                    self.value(value);
                }
            }
        }
        if let Some(block) = &setting.block {
            self.push(" ");
            self.block(block);
        }
    }

    pub(super) fn use_policy(&mut self, it: &Use) {
        self.push("use ");
        self.push(&it.name.text);
        if !it.arguments.is_empty() {
            self.arguments((it.name.span.end, it.span.end), &it.arguments);
        }
    }

    pub(super) fn arguments(&mut self, region: (usize, usize), arguments: &[Value]) {
        let items: Vec<(Span, &Value)> = arguments.iter().map(|value| (value.span, value)).collect();
        self.bracketed(CALL, region, &items, |printer, value| printer.value(value));
    }

    pub(super) fn field(&mut self, field: &Field) {
        self.push(&field.name.text);
        self.push(": ");
        self.ty(&field.ty);
        if let Some(wire) = &field.wire {
            self.push(" from ");
            self.copy(wire.span);
            for name in &field.inside {
                self.push(" ");
                self.copy(name.span);
            }
        }
        self.default(field.default.as_ref());
        if let Some(alias) = &field.alias {
            self.push(" as ");
            self.push(&alias.text);
        }
    }
}
