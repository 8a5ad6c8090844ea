//! The arguments of one setting, held against the parameters of its row.

use super::convert::convert;
use super::param::{At, Default, Param};
use super::{Given, Row, Values};
use crate::ast::{Argument, Setting, Value as Written, ValueKind};
use crate::problem::{Problem, setting as wrong, syntax};
use crate::source::Span;

/// The values of a setting; `None` if a parameter is missing or wrong. Every parameter of the row is in them once.
pub(super) fn check_arguments(setting: &Setting, row: &Row) -> (Option<Values>, Vec<Problem>) {
    let mut reading = Reading { row, setting, given: Vec::new(), problems: Vec::new() };
    reading.read();
    reading.complete()
}

struct Reading<'a> {
    row: &'a Row,
    setting: &'a Setting,
    given: Vec<Given>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn read(&mut self) {
        let mut positions = self.row.params.iter().filter(|param| param.at == At::Position).peekable();
        let mut arguments = self.setting.arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            let Argument::Value(value) = argument else {
                self.surplus(argument.span(), "field or assignment");
                continue;
            };
            if let Some(label) = self.label(value) {
                if let Some(Argument::Value(value)) = arguments.next_if(|next| self.may_follow(next)) {
                    self.take(label, value);
                } else {
                    let expected = label.ty.to_string();
                    self.problems.push(syntax::missing_value(value.span.after(), &expected, label.name));
                    // It was meant to be given: it is not reported as missing too.
                    self.given.push(Given {
                        name: label.name,
                        value: super::Value::Absent,
                        span: Some(value.span),
                    });
                }
            } else if let Some(param) = positions.next() {
                self.take(param, value);
            } else if let ValueKind::Word(word) = &value.kind {
                let labels =
                    self.row.params.iter().filter(|param| param.at == At::Label).map(|param| param.name);
                self.problems.push(syntax::unknown_word(value.span, "label", word, labels));
                // What follows an unknown label is its value.
                arguments.next_if(|next| self.may_follow(next));
            } else {
                self.surplus(value.span, "further value");
            }
        }
        if let Some(block) = &self.setting.block {
            self.surplus(block.span, "block");
        }
    }

    /// The parameter whose label a bare word is.
    fn label(&self, value: &Written) -> Option<&'a Param> {
        let ValueKind::Word(word) = &value.kind else { return None };
        self.row.params.iter().find(|param| param.at == At::Label && param.name == word)
    }

    /// Whether an argument can be a label's value: anything but the next label.
    fn may_follow(&self, argument: &Argument) -> bool {
        matches!(argument, Argument::Value(value) if self.label(value).is_none())
    }

    fn surplus(&mut self, at: Span, what: &str) {
        self.problems.push(wrong::unexpected_argument(at, self.row.name, what));
    }

    fn take(&mut self, param: &Param, written: &Written) {
        if let Some(first) =
            self.given.iter().find(|given| given.name == param.name).and_then(|given| given.span)
        {
            self.problems.push(wrong::repeated_argument(written.span, first, param.name));
            return;
        }
        let value = match convert(written, param) {
            Ok(value) => value,
            Err(problem) => {
                self.problems.push(*problem);
                super::Value::Absent
            }
        };
        self.given.push(Given { name: param.name, value, span: Some(written.span) });
    }

    /// Fills in the defaults, in the row's order, and asks the row whether the values go together.
    fn complete(mut self) -> (Option<Values>, Vec<Problem>) {
        let mut given = Vec::new();
        for param in self.row.params {
            let written = self.given.iter().find(|given| given.name == param.name).cloned();
            let Some(value) = written.or_else(|| param.default.given(param.name)) else {
                // An unknown word may have been meant for it.
                if self.problems.is_empty() {
                    self.problems.push(wrong::missing_argument(
                        self.setting.word.span,
                        self.row.name,
                        param.name,
                        param.doc,
                        &param.ty.to_string(),
                    ));
                }
                continue;
            };
            given.push(value);
        }
        // A setting that says nothing is no setting, even where everything has a default.
        if self.setting.arguments.is_empty()
            && self.problems.is_empty()
            && self.row.params.iter().any(|param| param.default != Default::Absent)
            && let Some(param) = self.row.params.first()
        {
            self.problems.push(wrong::missing_argument(
                self.setting.word.span,
                self.row.name,
                param.name,
                param.doc,
                &param.ty.to_string(),
            ));
        }
        let values = Values { word: self.row.name, span: Some(self.setting.span), given };
        if !self.problems.is_empty() {
            return (None, self.problems);
        }
        if let Some(mismatch) = self.row.check.and_then(|check| check(&values)) {
            let place =
                |param: &str| values.find(param).and_then(|given| given.span).unwrap_or(self.setting.span);
            let mut problem =
                wrong::conflicting_arguments(place(mismatch.param), &mismatch.message, &mismatch.text);
            if let Some((param, text)) = mismatch.because {
                problem = problem.because(place(param), text);
            }
            if let Some(help) = mismatch.help {
                problem = problem.help(help);
            }
            return (None, vec![problem]);
        }
        (Some(values), Vec::new())
    }
}
