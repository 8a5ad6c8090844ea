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

/// A parameter with the bounds of its places and of its type. What the type of a number says is held by the type, and told once.
pub(super) fn bounded(param: &Param, bounds: Option<&Bounds>) -> Param {
    let Bounds { least, most } = bounds.cloned().unwrap_or_else(|| of_type(&param.ty));
    let item = if let Ty::List(item, _) = &param.ty { item } else { &param.ty };
    let Range { min, max } = if let Ty::Int(range) = item { *range } else { Range::ALL };
    let beyond = |own: Option<i64>, bound: &Value, order| {
        own.is_none_or(|own| Value::Int(own).compare(bound) == Some(order))
    };
    let least = least.filter(|least| beyond(min, least, std::cmp::Ordering::Less));
    let most = most.filter(|most| beyond(max, most, std::cmp::Ordering::Greater));
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

#[cfg(test)]
mod tests {
    use gatewright_dsl::{Catalogue, Source};

    #[test]
    fn what_the_type_of_a_number_says_is_not_told_twice() {
        let text = "gateway g { listen http :8080 }
param narrow: int(64..1000) = 64
param low: int(..1000) = 64
param wide: int = 64
route GET /a respond 200 { limit 1/s keys narrow }
route GET /b respond 200 { limit 1/s keys low }
route GET /c respond 200 { limit 1/s keys wide }
";
        let output = crate::compile(&[Source::new("g.gw", text)], &Catalogue::standard()).unwrap();
        let rust: String = output.rust.split_whitespace().collect();
        let bounds = |name: &str| {
            let (_, behind) = rust.split_once(&format!("name:\"{name}\"")).unwrap();
            let (own, _) = behind.split_once("live:").unwrap();
            ["least:None", "most:None"].map(|none| own.contains(none))
        };
        assert_eq!(bounds("narrow"), [true, true]);
        assert_eq!(bounds("low"), [false, true]);
        assert_eq!(bounds("wide"), [false, false]);
    }
}
