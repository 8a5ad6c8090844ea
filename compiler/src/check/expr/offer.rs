//! Values of fields that are sent: text, or nothing at all, where it is written so.

use std::rc::Rc;

use gatewright_dsl::ast::{Operator, Value, ValueKind};
use gatewright_dsl::{Problem, Span};

use super::{Typed, Typing, is_text, stand_in};
use crate::check::problem;
use crate::ir::expr::{Expr, Kind};
use crate::ty::Ty;

/// The word for nothing. No value has it as its name.
pub(in crate::check) const NONE: &str = "none";

/// What stands before the last `?? none`, and where that word stands.
pub(in crate::check) fn or_none(value: &Value) -> Option<(Value, Span)> {
    let ValueKind::Binary { operator: Operator::Coalesce, at, left, right } = &value.kind else {
        return None;
    };
    if right.is_word(NONE) {
        return Some(((**left).clone(), right.span));
    }
    // It groups to the right.
    let (last, none) = or_none(right)?;
    let span = left.span.to(last.span);
    let (left, right) = (left.clone(), Box::new(last));
    let kind = ValueKind::Binary { operator: Operator::Coalesce, at: *at, left, right };
    Some((Value { kind, span }, none))
}

/// The word for nothing where something is wanted.
pub(in crate::check) fn misplaced(span: Span) -> Problem {
    explained(NONE, problem::unknown_name(NONE, span, &[]))
}

/// What is to be said where the word for nothing stands for a value.
pub(super) fn explained(word: &str, problem: Problem) -> Problem {
    if word == NONE {
        problem.help(
            "nothing is no value: it stands last behind `??` where a field is written, and `remove` has no value",
        )
    } else {
        problem
    }
}

impl Typing<'_> {
    /// What is there, and has a text of its own.
    pub(super) fn offer(&mut self, expr: Rc<Expr>, span: Span) -> Typed {
        if matches!(expr.ty, Ty::Optional(_)) && expr.ty.present().0.is_scalar() {
            let instead = if is_text(expr.ty.present().0) { "\"unknown\"" } else { stand_in(&expr.ty) };
            let help =
                format!("say what then: `… ?? none` leaves the field out, `… ?? {instead}` sends that");
            return self.fail(problem::optional_not_handled(&expr.ty.to_string(), span, &help));
        }
        self.printed(expr, span)
    }

    /// What may be absent and has a text of its own where it is there.
    pub(super) fn offered(&mut self, expr: Rc<Expr>, span: Span) -> Typed {
        if let Ty::Optional(inner) = &expr.ty {
            let there = Expr::new(Kind::Found(Rc::clone(&expr)), (**inner).clone());
            return self.printed(there, span).map(|_| expr);
        }
        let expr = self.seen(expr, span)?;
        let ty = expr.ty.to_string();
        self.fail(problem::always_present("?? none", &ty, span))
    }
}
