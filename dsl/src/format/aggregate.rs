//! Terminals with a block of their own: `aggregate` and `match`.

use super::bracket::BLOCK;
use super::printer::Printer;
use crate::ast::{Aggregate, Arm, Branch, Failure, Match, Sent, Text, Value};
use crate::source::Span;

/// What stands in the block.
enum Part<'a> {
    Arm(&'a Arm),
    Branch(&'a Branch),
    Answer(&'a Value),
    Header(&'a Text, &'a Value),
    Body(&'a Value),
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
        self.bracketed(BLOCK, region, &items, Self::part);
    }

    pub(super) fn match_on(&mut self, written: &Match) {
        self.push(" ");
        self.value(&written.on);
        self.push(" ");
        let items: Vec<(Span, Part<'_>)> =
            written.arms.iter().map(|arm| (arm.span, Part::Arm(arm))).collect();
        self.bracketed(BLOCK, (written.span.start, written.span.end), &items, Self::part);
    }

    fn arm(&mut self, arm: &Arm) {
        if arm.values.is_empty() {
            self.push("else");
        }
        for (at, value) in arm.values.iter().enumerate() {
            self.push(if at == 0 { "" } else { ", " });
            self.value(value);
        }
        self.push(" ");
        self.terminal(&arm.terminal);
    }

    fn part(&mut self, part: &Part<'_>) {
        match part {
            Part::Arm(arm) => self.arm(arm),
            Part::Branch(branch) => self.branch(branch),
            Part::Answer(value) => {
                self.push("respond ");
                self.value(value);
            }
            Part::Header(name, value) => {
                self.push("header ");
                self.copy(name.span);
                self.push(" = ");
                self.value(value);
            }
            Part::Body(value) => {
                self.push("body ");
                self.value(value);
            }
        }
    }

    fn branch(&mut self, branch: &Branch) {
        self.push(&branch.name.text);
        if let Some(ty) = &branch.ty {
            self.push(": ");
            self.ty(ty);
        }
        self.push(" = ");
        if let Some(each) = &branch.each {
            for text in ["for ", &each.name.text, " in "] {
                self.push(text);
            }
            self.value(&each.list);
            self.push(" max ");
            self.copy(each.max.span);
            self.push(" ");
        }
        for text in [&branch.upstream.text, " ", &branch.method.text, " "] {
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
        if let Some(sent) = &branch.sent {
            self.push(" ");
            self.sent(sent);
        }
    }

    fn sent(&mut self, sent: &Sent) {
        let headers =
            sent.headers.iter().map(|(span, name, value)| (span.to(value.span), Part::Header(name, value)));
        let body = sent.body.iter().map(|(word, value)| (word.to(value.span), Part::Body(value)));
        let mut items: Vec<(Span, Part<'_>)> = headers.chain(body).collect();
        items.sort_by_key(|(span, _)| span.start);
        let region = (sent.span.start, sent.span.end);
        self.bracketed(BLOCK, region, &items, Self::part);
    }
}
