//! `test`.

use super::bracket::BLOCK;
use super::printer::Printer;
use crate::ast::{Asked, Clause, ClauseKind, Got, Is, Test, TestKind, TestStatement};
use crate::source::Span;

impl Printer<'_> {
    pub(super) fn test(&mut self, test: &Test) {
        self.push(" ");
        self.copy(test.name.span);
        self.push(" ");
        let items: Vec<(Span, &TestStatement)> = test.statements.iter().map(|it| (it.span, it)).collect();
        let region = (test.block.start, test.block.end);
        self.bracketed(BLOCK, region, &items, |printer, it| printer.line_of_test(it));
    }

    fn line_of_test(&mut self, statement: &TestStatement) {
        match &statement.kind {
            TestKind::Mock { upstream, mocked, answers } => {
                self.push("mock ");
                self.push(&upstream.text);
                self.push(" ");
                let end = if let Some(mocked) = mocked {
                    self.push(&mocked.method.text);
                    self.push(" ");
                    self.copy(mocked.pattern.span);
                    mocked.pattern.span.end
                } else {
                    self.push("*");
                    upstream.span.end
                };
                self.answers(end, answers);
            }
            TestKind::Given { word, name, value } => {
                self.push(&word.text);
                self.push(" ");
                self.push(&name.text);
                self.push(" = ");
                self.value(value);
            }
            TestKind::As { name, claims } => {
                self.push("as ");
                self.push(&name.text);
                if let Some(claims) = claims {
                    self.push(" ");
                    self.value(claims);
                }
            }
            TestKind::After(time) => {
                self.push("after ");
                self.value(time);
            }
            TestKind::Ask { asked, clauses, expected } => {
                self.asked(asked);
                self.clauses(clauses);
                let end = clauses.last().map_or(asked.target.span.end, |clause| clause.span.end);
                self.answers(end, expected);
            }
            TestKind::Got { upstream, got, clauses } => {
                self.push("expect ");
                self.push(&upstream.text);
                self.push(" got ");
                match got {
                    Got::Nothing(_) => self.push("nothing"),
                    Got::Asked(asked) => self.asked(asked),
                }
                self.clauses(clauses);
            }
        }
    }

    fn asked(&mut self, asked: &Asked) {
        self.push(&asked.method.text);
        self.push(" ");
        self.copy(asked.target.span);
    }

    /// Each `=>` begins a line where it did.
    fn answers(&mut self, end: usize, answers: &[Vec<Clause>]) {
        let mut end = end;
        for clauses in answers {
            let start = clauses.first().map_or(end, |clause| clause.span.start);
            self.break_or_blank(end, start);
            self.push("=>");
            self.clauses(clauses);
            end = clauses.last().map_or(end, |clause| clause.span.end);
        }
    }

    fn clauses(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            self.push(" ");
            self.copy(clause.word);
            match &clause.kind {
                ClauseKind::Status(_, body) => {
                    if let Some(value) = body {
                        self.push(" ");
                        self.value(value);
                    }
                }
                ClauseKind::Header(name, is) => {
                    self.push(" ");
                    self.copy(name.span);
                    match is {
                        Is::Text(value) => {
                            self.push(" = ");
                            self.value(value);
                        }
                        Is::Set => self.push(" is set"),
                        Is::NotSet => self.push(" is not set"),
                    }
                }
                ClauseKind::Value(value) => {
                    self.push(" ");
                    self.value(value);
                }
                ClauseKind::Repeated(value, times) => {
                    self.push(" ");
                    self.value(value);
                    self.push(" repeated ");
                    self.value(times);
                }
                ClauseKind::Name(name) => {
                    self.push(" ");
                    self.push(&name.text);
                }
                ClauseKind::Lone => {}
            }
        }
    }
}
