//! Comparisons whose answer is known from the types alone: a value beyond the bounds of what it is compared with.
//!
//! Only what is certain is said. Two values that are both known may be compared: a policy's parameter may stand there.

use crate::ir::expr::{Comparison, Constant, Expr};
use crate::ty::{Range, Ty};

use super::literal;

/// What a comparison always is; `None` where it depends.
pub(super) fn settled(comparison: Comparison, left: &Expr, right: &Expr) -> Option<bool> {
    match (left.constant(), right.constant()) {
        (None, Some(value)) => with_constant(comparison, &left.ty, value),
        (Some(value), None) => with_constant(flipped(comparison), &right.ty, value),
        _ => None,
    }
}

/// What `value of this type COMPARISON constant` always is.
fn with_constant(comparison: Comparison, ty: &Ty, value: &Constant) -> Option<bool> {
    let (ty, _) = ty.present();
    match comparison {
        Comparison::Equal if !literal::within(value, ty) => Some(false),
        Comparison::NotEqual if !literal::within(value, ty) => Some(true),
        Comparison::Equal | Comparison::NotEqual => None,
        ordered => match (ty, value) {
            (Ty::Int(range), Constant::Int(it)) => in_order(ordered, range, it),
            (Ty::Decimal(range), Constant::Decimal(it)) => in_order(ordered, range, it),
            _ => None,
        },
    }
}

fn in_order<T: PartialOrd>(comparison: Comparison, range: &Range<T>, value: &T) -> Option<bool> {
    let least = range.min.as_ref();
    let most = range.max.as_ref();
    let (always, never) = match comparison {
        Comparison::Less => {
            (most.is_some_and(|most| most < value), least.is_some_and(|least| least >= value))
        }
        Comparison::LessEqual => {
            (most.is_some_and(|most| most <= value), least.is_some_and(|least| least > value))
        }
        Comparison::Greater => {
            (least.is_some_and(|least| least > value), most.is_some_and(|most| most <= value))
        }
        Comparison::GreaterEqual => {
            (least.is_some_and(|least| least >= value), most.is_some_and(|most| most < value))
        }
        Comparison::Equal | Comparison::NotEqual => (false, false),
    };
    if always {
        Some(true)
    } else if never {
        Some(false)
    } else {
        None
    }
}

fn flipped(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        same => same,
    }
}
