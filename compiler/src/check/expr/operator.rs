//! Operators between two values: logic, comparisons, what stands in for an absent value, and arithmetic.

use std::rc::Rc;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{Operator, Value};

use super::{Typed, Typing, either, fitted, is_text, join, literal, settled::settled, stand_in};
use crate::check::problem;
use crate::ir::expr::{Comparison, Expr, Kind};
use crate::ty::Ty;

impl Typing<'_> {
    pub(super) fn binary(&mut self, operator: Operator, at: Span, left: &Value, right: &Value) -> Typed {
        match operator {
            Operator::And | Operator::Or => {
                let (left, right) = (self.truth(left), self.truth(right));
                let kind = if operator == Operator::And { Kind::And } else { Kind::Or };
                Some(Expr::new(kind(left?, right?), Ty::Bool))
            }
            Operator::Coalesce => self.coalesce(at, left, right),
            Operator::Add | Operator::Subtract => self.arithmetic(operator, at, left, right),
            Operator::In => self.membership(left, right, true),
            Operator::NotIn => {
                let within = self.membership(left, right, false)?;
                Some(Expr::new(Kind::Not(within), Ty::Bool))
            }
            Operator::Has => self.has(left, right),
            compared => self.comparison(compared, at, left, right),
        }
    }

    /// Both sides of an operator. The side that is no literal says how the literal is read.
    fn sides(&mut self, left: &Value, right: &Value) -> Option<(Rc<Expr>, Rc<Expr>)> {
        if literal::is_literal(left) && !literal::is_literal(right) {
            let right = self.operand(right, None)?;
            Some((self.operand(left, Some(&right.ty))?, right))
        } else {
            let typed_left = self.operand(left, None);
            let hint = typed_left.as_ref().map(|left| left.ty.clone());
            let right = self.operand(right, hint.as_ref());
            Some((typed_left?, right?))
        }
    }

    /// A value that is no secret.
    pub(super) fn operand(&mut self, value: &Value, expected: Option<&Ty>) -> Typed {
        let expr = self.typed(value, expected)?;
        if expr.ty == Ty::Secret {
            return self.seen(expr, value.span);
        }
        Some(expr)
    }

    fn comparison(&mut self, operator: Operator, at: Span, left: &Value, right: &Value) -> Typed {
        // Of two texts that are put in order, as policies have it whose arguments are days, both say of which type they are.
        let dated = [Ty::Date, Ty::Time].into_iter().find(|ty| {
            !matches!(operator, Operator::Equal | Operator::NotEqual)
                && [left, right].iter().all(|side| literal::of_class(side, ty).is_ok())
        });
        let (a, b) = match dated {
            Some(ty) => (self.operand(left, Some(&ty))?, self.operand(right, Some(&ty))?),
            None => self.sides(left, right)?,
        };
        let comparison = match operator {
            Operator::NotEqual => Comparison::NotEqual,
            Operator::Less => Comparison::Less,
            Operator::LessEqual => Comparison::LessEqual,
            Operator::Greater => Comparison::Greater,
            Operator::GreaterEqual => Comparison::GreaterEqual,
            _ => Comparison::Equal,
        };
        let is_ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let comparable =
            join(&a.ty, &b.ty).filter(|ty| if is_ordered { has_order(ty) } else { has_equality(ty) });
        let Some(ty) = comparable else {
            let sides = [(&*a.ty.to_string(), left.span), (&*b.ty.to_string(), right.span)];
            let help = match join(&a.ty, &b.ty) {
                Some(_) if is_ordered => {
                    "only numbers, durations, sizes, percentages, dates and times have an order"
                }
                Some(ty) if matches!(ty.present().0, Ty::List(..)) => {
                    "compare its `.length`, or one value of it"
                }
                Some(_) => "compare one value of it",
                None => "compare values of one type",
            };
            return self.fail(problem::incompatible_types(operator.word(), at, sides, help));
        };
        if comparison != Comparison::Equal {
            for (expr, span) in [(&a, left.span), (&b, right.span)] {
                if matches!(expr.ty, Ty::Optional(_)) {
                    let also = match comparison {
                        Comparison::NotEqual => {
                            ", or write `not (… == …)`, which is true for an absent value"
                        }
                        _ => "",
                    };
                    let help = format!("say what then: `… ?? {}`{also}", stand_in(&expr.ty));
                    return self.fail(problem::optional_not_handled(&expr.ty.to_string(), span, &help));
                }
            }
        }
        let whole = left.span.to(right.span);
        if let Some(is_true) = settled(comparison, &a, &b) {
            let (ty, of) = if a.constant().is_some() { (&b.ty, right.span) } else { (&a.ty, left.span) };
            return self.fail(problem::settled_comparison(is_true, whole, &ty.to_string(), of));
        }
        let present = ty.present().0;
        let fit = |expr: Rc<Expr>| {
            let wanted =
                if matches!(expr.ty, Ty::Optional(_)) { present.clone().optional() } else { present.clone() };
            fitted(expr, &wanted)
        };
        Some(Expr::new(Kind::Compare(comparison, fit(a), fit(b)), Ty::Bool))
    }

    fn coalesce(&mut self, at: Span, left: &Value, right: &Value) -> Typed {
        let first = self.operand(left, None)?;
        let Ty::Optional(inner) = first.ty.clone() else {
            let ty = first.ty.to_string();
            return self.fail(problem::always_present("??", &ty, left.span));
        };
        let second = self.operand(right, Some(&inner))?;
        let there = Expr::new(Kind::Found(Rc::clone(&first)), (*inner).clone());
        let Some(ty) = either(&there, &second) else {
            let sides = [(&*first.ty.to_string(), left.span), (&*second.ty.to_string(), right.span)];
            return self.fail(problem::incompatible_types(
                "??",
                at,
                sides,
                "put a value of the same type behind it",
            ));
        };
        let first = fitted(first, &ty.clone().optional());
        Some(Expr::new(Kind::Coalesce(first, fitted(second, &ty)), ty))
    }

    fn arithmetic(&mut self, operator: Operator, at: Span, left: &Value, right: &Value) -> Typed {
        let (a, b) = self.sides(left, right)?;
        for (expr, span) in [(&a, left.span), (&b, right.span)] {
            if matches!(expr.ty, Ty::Optional(_)) {
                let help = format!("say what then: `… ?? {}`", stand_in(&expr.ty));
                return self.fail(problem::optional_not_handled(&expr.ty.to_string(), span, &help));
            }
        }
        let ty = match (&a.ty, &b.ty) {
            (Ty::Duration(_), Ty::Duration(_)) => Ty::DURATION,
            (Ty::Int(_), Ty::Int(_)) => Ty::INT,
            (Ty::Int(_) | Ty::Decimal(_), Ty::Int(_) | Ty::Decimal(_)) => Ty::DECIMAL,
            _ => {
                let sides = [(&*a.ty.to_string(), left.span), (&*b.ty.to_string(), right.span)];
                let help = if is_text(&a.ty) && is_text(&b.ty) {
                    "join texts in one: \"{a}{b}\""
                } else {
                    "there are sums of numbers, and of durations"
                };
                return self.fail(problem::incompatible_types(operator.word(), at, sides, help));
            }
        };
        let (a, b) = (fitted(a, &ty), fitted(b, &ty));
        let kind = if operator == Operator::Add { Kind::Add(a, b) } else { Kind::Subtract(a, b) };
        Some(Expr::new(kind, ty))
    }
}

pub(super) fn has_equality(ty: &Ty) -> bool {
    ty.present().0.is_scalar()
}

pub(super) fn has_order(ty: &Ty) -> bool {
    matches!(
        ty.present().0,
        Ty::Int(_) | Ty::Decimal(_) | Ty::Duration(_) | Ty::Size(_) | Ty::Percent(_) | Ty::Date | Ty::Time
    )
}
