//! Whatever stands in brackets: on one line if it is written so and fits, else one item a line.

use super::printer::Printer;
use crate::ast::{Block, Statement};
use crate::source::Span;

/// The signs of a kind of bracket.
#[derive(Clone, Copy)]
pub(super) struct Bracket {
    open: &'static str,
    close: &'static str,
    /// What stands inside of them on one line.
    pad: &'static str,
    /// Between items on one line, and behind each of them on lines of their own.
    between: &'static str,
    behind: &'static str,
}

pub(super) const LIST: Bracket = Bracket { open: "[", close: "]", pad: "", between: ", ", behind: "," };
pub(super) const CALL: Bracket = Bracket { open: "(", close: ")", ..LIST };
pub(super) const RECORD: Bracket = Bracket { open: "{", close: "}", pad: " ", ..LIST };
/// The fields of a type.
pub(super) const FIELDS: Bracket = Bracket { behind: "", ..RECORD };
pub(super) const BLOCK: Bracket = Bracket { between: "; ", ..FIELDS };

impl Printer<'_> {
    /// Writes items in brackets. `from` is a place on the line of the opening bracket, `to` one on that of the closing.
    pub(super) fn bracketed<T>(
        &mut self,
        bracket: Bracket,
        (from, to): (usize, usize),
        items: &[(Span, T)],
        print: impl Fn(&mut Self, &T),
    ) {
        let has_remark = !self.flat && self.has_remark(from, to);
        if items.is_empty() && !has_remark {
            self.push(bracket.open);
            self.push(bracket.close);
            return;
        }
        if self.flat {
            self.flat_items(bracket, items, print);
            return;
        }
        let is_open = has_remark || self.breaks(from, to);
        if !is_open && self.on_one_line(|printer| printer.flat_items(bracket, items, &print)) {
            return;
        }
        self.push(bracket.open);
        self.remark_behind(from, items.first().map_or(to, |(span, _)| span.start));
        self.inside(to, |printer| {
            for (index, (span, item)) in items.iter().enumerate() {
                let next = items.get(index + 1).map_or(to, |(span, _)| span.start);
                printer.item(*span, |printer| {
                    print(printer, item);
                    printer.push(bracket.behind);
                    printer.remark_behind(span.end, next);
                });
            }
        });
        self.push(bracket.close);
    }

    fn flat_items<T>(&mut self, bracket: Bracket, items: &[(Span, T)], print: impl Fn(&mut Self, &T)) {
        self.push(bracket.open);
        self.push(bracket.pad);
        for (index, (_, item)) in items.iter().enumerate() {
            if index > 0 {
                self.push(bracket.between);
            }
            print(self, item);
        }
        self.push(bracket.pad);
        self.push(bracket.close);
    }

    pub(super) fn block(&mut self, block: &Block) {
        let items: Vec<(Span, &Statement)> =
            block.statements.iter().map(|statement| (statement.span(), statement)).collect();
        let region = (block.span.start, block.span.end);
        self.bracketed(BLOCK, region, &items, |printer, statement| match statement {
            Statement::Setting(it) => printer.setting(it),
            Statement::Terminal(it) => printer.terminal(it),
            Statement::Use(it) => printer.use_policy(it),
            Statement::Declaration(it) => printer.declaration(it),
        });
    }
}
