//! Membership: a value in a list, a range or a network, and a list that has a value.

use std::rc::Rc;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{Value, ValueKind};
use gatewright_dsl::problem::setting::wrong_type;

use super::operator::{has_equality, has_order};
use super::{Typed, Typing, join, literal, settled::settled, stand_in};
use crate::check::problem;
use crate::ir::expr::{Comparison, Constant, Expr, Kind, Set};
use crate::ty::Ty;

/// A value, and where it stands.
type Placed = (Rc<Expr>, Span);

impl Typing<'_> {
    /// `list has item`
    pub(super) fn has(&mut self, left: &Value, right: &Value) -> Typed {
        let list = self.typed(left, None)?;
        let item = match list.ty.present() {
            (Ty::List(item, _), false) => (**item).clone(),
            (Ty::List(..), true) => {
                let help = "say what then: `(… ?? []) has …`";
                return self.fail(problem::optional_not_handled(&list.ty.to_string(), left.span, help));
            }
            _ => {
                let found = format!("`{}`", list.ty);
                let problem = wrong_type(left.span, "a list before `has`", &found);
                return self.fail(problem.help("a part of a text is found with `.contains(\"…\")`"));
            }
        };
        let item = self.operand(right, Some(&item))?;
        self.member_of((item, right.span), "has", (list, left.span))
    }

    /// `left in right`. Where absence counts as "not in", `allows_absent`.
    pub(super) fn membership(&mut self, left: &Value, right: &Value, allows_absent: bool) -> Typed {
        let is_written = literal::is_literal(right)
            || matches!(right.kind, ValueKind::List(_) | ValueKind::Range(..) | ValueKind::StatusClass(_));
        // A literal is read as one of the items.
        let list =
            if literal::is_literal(left) && !is_written { Some(self.operand(right, None)?) } else { None };
        let hint = match list.as_ref().map(|list| &list.ty) {
            Some(Ty::List(item, _)) => Some((**item).clone()),
            _ => right
                .parts()
                .iter()
                .any(|item| matches!(item.kind, ValueKind::Decimal(_)))
                .then_some(Ty::DECIMAL),
        };
        let item = self.operand(left, hint.as_ref())?;
        if matches!(item.ty, Ty::Optional(_)) && !allows_absent {
            let help = format!(
                "say what then: `… ?? {}`, or write `not (… in …)`, which is true for an absent value",
                stand_in(&item.ty)
            );
            return self.fail(problem::optional_not_handled(&item.ty.to_string(), left.span, &help));
        }
        let span = left.span;
        match &right.kind {
            ValueKind::List(items) => self.any_of(&item, span, items),
            ValueKind::Range(low, high) => self.in_range(item, span, low.as_deref(), high.as_deref()),
            ValueKind::StatusClass(class) => {
                if !matches!(item.ty.present().0, Ty::Int(_)) {
                    let found = format!("`{}`", item.ty);
                    return self
                        .fail(wrong_type(span, "a status before `in`", &found).help("compare it otherwise"));
                }
                let end = |at| Some(Expr::new(Kind::Constant(Constant::Int(at)), Ty::INT));
                let (low, high) = (end(i64::from(*class)), end(i64::from(*class) + 99));
                Some(Expr::new(Kind::In(item, Set::Range(low, high)), Ty::Bool))
            }
            _ => {
                let hint = item.ty.present().0.clone();
                let list = match list {
                    Some(list) => list,
                    None => self.operand(right, Some(&hint))?,
                };
                if list.ty == Ty::Cidr {
                    return self.any_of(&item, span, std::slice::from_ref(right));
                }
                self.member_of((item, span), "in", (list, right.span))
            }
        }
    }

    /// `item in [a, b]`
    fn any_of(&mut self, item: &Rc<Expr>, span: Span, values: &[Value]) -> Typed {
        let ty = item.ty.present().0.clone();
        let (mut single, mut lists) = (Vec::new(), Vec::new());
        let mut is_right = true;
        for value in values {
            let Some(expr) = self.operand(value, Some(&ty)) else {
                is_right = false;
                continue;
            };
            let inner = match &expr.ty {
                Ty::List(inner, _) => (**inner).clone(),
                other => other.clone(),
            };
            if !fits_in(&ty, &inner) {
                let sides = [(&*item.ty.to_string(), span), (&*expr.ty.to_string(), value.span)];
                self.problems.push(problem::incompatible_types(
                    "in",
                    value.span,
                    sides,
                    "look for values of one type",
                ));
                is_right = false;
            } else if let Some(false) = settled(Comparison::Equal, item, &expr) {
                self.problems.push(problem::settled_comparison(
                    false,
                    value.span,
                    &item.ty.to_string(),
                    span,
                ));
                is_right = false;
            } else if matches!(expr.ty, Ty::List(..)) {
                lists.push(expr);
            } else {
                single.push(expr);
            }
        }
        if !is_right {
            return None;
        }
        let mut found = Expr::new(Kind::In(Rc::clone(item), Set::Any(single)), Ty::Bool);
        for list in lists {
            let within = Expr::new(Kind::In(Rc::clone(item), Set::List(list)), Ty::Bool);
            found = Expr::new(Kind::Or(found, within), Ty::Bool);
        }
        Some(found)
    }

    fn in_range(&mut self, item: Rc<Expr>, span: Span, low: Option<&Value>, high: Option<&Value>) -> Typed {
        let ty = item.ty.present().0.clone();
        if !has_order(&ty) {
            let found = format!("`{}`", item.ty);
            return self.fail(
                wrong_type(span, "a number, duration, date or time before `in`", &found)
                    .help("a range holds what has an order"),
            );
        }
        let mut ends = Vec::new();
        for value in [low, high] {
            let Some(value) = value else {
                ends.push(None);
                continue;
            };
            let end = self.operand(value, Some(&ty))?;
            if !fits_in(&ty, &end.ty) {
                let sides = [(&*item.ty.to_string(), span), (&*end.ty.to_string(), value.span)];
                return self.fail(problem::incompatible_types(
                    "in",
                    value.span,
                    sides,
                    "write a range of that type",
                ));
            }
            ends.push(Some(end));
        }
        let high = ends.pop().flatten();
        let low = ends.pop().flatten();
        Some(Expr::new(Kind::In(item, Set::Range(low, high)), Ty::Bool))
    }

    /// An item in a value that is a list.
    fn member_of(&mut self, (item, span): Placed, word: &str, (list, at): Placed) -> Typed {
        let inner = match &list.ty {
            Ty::List(inner, _) => (**inner).clone(),
            other => {
                let found = format!("`{other}`");
                let expected = format!("a list, a range or a network at `{word}`");
                let problem = wrong_type(at, &expected, &found);
                return self.fail(problem.help("write `[a, b]`, or `==` for one value"));
            }
        };
        if !fits_in(item.ty.present().0, &inner) {
            let sides = [(&*item.ty.to_string(), span), (&*list.ty.to_string(), at)];
            return self.fail(problem::incompatible_types(
                word,
                span.to(at),
                sides,
                "look for values of one type",
            ));
        }
        Some(Expr::new(Kind::In(item, Set::List(list)), Ty::Bool))
    }
}

/// Whether a value of the first type can be among values of the second.
fn fits_in(item: &Ty, of: &Ty) -> bool {
    match (item, of) {
        (Ty::Ip, Ty::Ip | Ty::Cidr) | (Ty::Int(_), Ty::Int(_)) | (Ty::Decimal(_), Ty::Decimal(_)) => true,
        (Ty::Int(_) | Ty::Decimal(_), _) => false,
        (item, of) => has_equality(item) && !matches!(of, Ty::Optional(_)) && join(item, of).is_some(),
    }
}
