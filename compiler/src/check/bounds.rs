//! What start-up holds a parameter against beyond its type: the bounds of the settings in whose place it stands. So a setting
//! is never outside its bounds, and a parameter need not repeat them.

use std::time::Duration;

use gatewright_dsl::ast::Name;
use gatewright_dsl::problem::setting::out_of_bounds;
use gatewright_dsl::schema::{Param as Row, Value};

use super::Check;
use super::expr::literal;
use crate::checked::Param;
use crate::ir::expr::Constant;
use crate::ty::{Range, Ty};

/// The smallest and the largest that every one of several settings takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    least: Option<Value>,
    most: Option<Value>,
}

/// Notes that a parameter stands in the place of a row's value, and holds its default against the row.
pub(super) fn narrow(check: &mut Check<'_>, param: &str, name: &Name, row: &Row) {
    let declared = check.params.all.iter().find(|it| it.name == param);
    let own = declared.map(|it| of_type(&it.ty)).unwrap_or_default();
    let bounds = check.bounds.entry(param.to_owned()).or_insert(own);
    let (before, row_least, row_most) = (bounds.clone(), row.min.clone(), row.max.clone());
    bounds.least = of_two(before.least, row_least, std::cmp::Ordering::Greater);
    bounds.most = of_two(before.most, row_most, std::cmp::Ordering::Less);
    let is_empty = matches!((&bounds.least, &bounds.most), (Some(least), Some(most))
        if least.compare(most) == Some(std::cmp::Ordering::Greater));
    if is_empty {
        let found = "nothing that its other places take";
        check.problems.push(out_of_bounds(name.span, &name.text, found, &shown(row)));
        return;
    }
    let declared = check.params.all.iter().find(|it| it.name == param);
    let Some(default) = declared.and_then(|it| it.default.as_ref()) else { return };
    let outside = items(default).into_iter().find(|value| !is_within(value, row));
    if let Some(value) = outside {
        let found = format!("{value} by default");
        check.problems.push(out_of_bounds(name.span, &name.text, &found, &shown(row)));
    }
}

/// A parameter with the bounds of its places and of its type.
pub(super) fn bounded(param: &Param, bounds: Option<&Bounds>) -> Param {
    let Bounds { least, most } = bounds.cloned().unwrap_or_else(|| of_type(&param.ty));
    Param { least, most, ..param.clone() }
}

/// The bounds that a type says, where its values have a unit.
fn of_type(ty: &Ty) -> Bounds {
    let item = if let Ty::List(item, _) = ty { item } else { ty };
    let Range { min, max } = item.amounts().unwrap_or(Range::ALL);
    Bounds { least: min, most: max }
}

/// The bounds of a time; nothing for any other type.
pub(super) fn of_time(ty: &Ty) -> Option<(Option<Duration>, Option<Duration>)> {
    if let Ty::Duration(Range { min, max }) = ty { Some((*min, *max)) } else { None }
}

/// The one of two that is the stricter.
fn of_two(a: Option<Value>, b: Option<Value>, wins: std::cmp::Ordering) -> Option<Value> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.compare(&a) == Some(wins) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// What has an order, of a value or of each of several.
fn items(constant: &Constant) -> Vec<Value> {
    match constant {
        Constant::List(items) => items.iter().flat_map(items_of).collect(),
        one => items_of(one),
    }
}

fn items_of(constant: &Constant) -> Vec<Value> {
    match constant {
        Constant::Int(number) => vec![Value::Int(*number)],
        other => literal::amount(other).into_iter().collect(),
    }
}

fn is_within(value: &Value, row: &Row) -> bool {
    let holds = |bound: &Option<Value>, against: std::cmp::Ordering| {
        bound.as_ref().is_none_or(|bound| value.compare(bound) != Some(against))
    };
    holds(&row.min, std::cmp::Ordering::Less) && holds(&row.max, std::cmp::Ordering::Greater)
}

fn shown(row: &Row) -> String {
    match (&row.min, &row.max) {
        (Some(min), Some(max)) => format!("from `{min}` to `{max}`"),
        (Some(min), None) => format!("at least `{min}`"),
        (None, Some(max)) => format!("at most `{max}`"),
        (None, None) => String::new(),
    }
}
