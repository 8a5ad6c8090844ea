//! `aggregate`.

use super::bracket::BLOCK;
use super::printer::Printer;
use crate::ast::{Aggregate, Branch, Failure, Value};
use crate::source::Span;

/// What stands in the block.
enum Part<'a> {
    Branch(&'a Branch),
    Answer(&'a Value),
}

impl Printer<'_> {
    pub(super) fn aggregate(&mut self, written: &Aggregate) {
        self.push(" within ");
        self.copy(written.within.span);
        self.push(" ");
        let branches = written.branches.iter().map(|branch| (branch.span, Part::Branch(branch)));
        let answer = written.answer.iter().map(|(word, value)| (word.to(value.span), Part::Answer(value)));
        let mut items: Vec<(Span, Part<'_>)> = branches.chain(answer).collect();
        items.sort_by_key(|(span, _)| span.start);
        let region = (written.span.start, written.span.end);
        self.bracketed(BLOCK, region, &items, |printer, part| match part {
            Part::Branch(branch) => printer.branch(branch),
            Part::Answer(value) => {
                printer.push("respond ");
                printer.value(value);
            }
        });
    }

    fn branch(&mut self, branch: &Branch) {
        self.push(&branch.name.text);
        self.push(": ");
        self.ty(&branch.ty);
        for text in [" = ", &branch.upstream.text, " ", &branch.method.text, " "] {
            self.push(text);
        }
        self.copy(branch.path.span);
        for (word, amount) in [(" within ", &branch.within), (" max ", &branch.max)] {
            if let Some(amount) = amount {
                self.push(word);
                self.copy(amount.span);
            }
        }
        match &branch.failure {
            Failure::Required(passed) => {
                self.push(" required");
                for (at, status) in passed.iter().enumerate() {
                    self.push(if at == 0 { " pass " } else { ", " });
                    self.copy(status.span);
                }
            }
            Failure::Value(value) => {
                self.push(" else ");
                self.value(value);
            }
            Failure::Skip(_) => self.push(" else skip"),
        }
    }
}
