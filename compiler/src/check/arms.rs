//! `match`: what is looked at, the values of its arms, and that none of them is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::Span;
use gatewright_dsl::ast::{self, Arm};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::{Stage, Want};

use super::expr::scope::Scope;
use super::expr::{self, Asked, literal};
use super::{Check, problem};
use crate::ir::expr::{Constant, Function};
use crate::ty::Ty;

/// Arms of one `match`: each is a chain of its own.
const MOST: usize = 256;

/// What is looked at, and for each arm the texts of its values. `None` where it is not understood, which has been reported.
pub(super) fn values(
    check: &mut Check<'_>,
    written: &ast::Match,
    scope: &Scope<'_>,
) -> Option<(Function, Vec<Vec<String>>)> {
    let before = check.problems.len();
    let asked = Asked { want: Want::Text, stage: Stage::Request, takes_secret: false };
    let on = expr::function(scope, &written.on, asked, &mut check.problems)?;
    let ty = &on.expr.ty;
    if !matches!(ty, Ty::Bool | Ty::Int(_) | Ty::String(_) | Ty::Enum(_)) {
        let expected = "a value that arms can name: one of several texts, `bool`, `int` or `string`";
        let problem = wrong_type(written.on.span, expected, &format!("`{ty}`"));
        check.problems.push(problem.help("match on another value"));
        return None;
    }
    if let Some(extra) = written.arms.get(MOST) {
        check.problems.push(problem::too_many_arms(written.arms.len(), MOST, extra.span));
        return None;
    }
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let arms = written.arms.iter().map(|arm| arm_values(check, arm, ty, &mut seen)).collect();
    if check.problems.len() > before {
        // What is wrong may be the value that would be missing.
        return None;
    }
    let otherwise = written.arms.iter().find(|arm| arm.values.is_empty());
    let missing = missing(ty, &seen.keys().map(String::as_str).collect());
    let shown = ty.to_string();
    match (missing, otherwise) {
        (Some(missing), None) if !missing.is_empty() => {
            check.problems.push(problem::match_incomplete(&shown, &missing, written.on.span));
        }
        (None, None) => check.problems.push(problem::match_incomplete(&shown, &[], written.on.span)),
        (Some(missing), Some(arm)) if missing.is_empty() => {
            let word = Span { end: arm.span.start + "else".len(), ..arm.span };
            check.problems.push(problem::unreached_else(word, &shown));
        }
        _ => {}
    }
    (check.problems.len() == before).then_some((on, arms))
}

fn arm_values(check: &mut Check<'_>, arm: &Arm, ty: &Ty, seen: &mut BTreeMap<String, Span>) -> Vec<String> {
    let mut found = Vec::new();
    for value in &arm.values {
        let text = match literal::constant(value, ty) {
            Ok(constant) => text(&constant),
            Err(problem) => {
                check.problems.push(*problem);
                continue;
            }
        };
        if let Some(first) = seen.get(&text) {
            let shown = check.slice(value.span).to_owned();
            check.problems.push(problem::unreached_arm(&format!("`{shown}`"), value.span, *first));
        } else {
            seen.insert(text.clone(), value.span);
            found.push(text);
        }
    }
    found
}

/// As the value is written when it runs.
fn text(constant: &Constant) -> String {
    match constant {
        Constant::Bool(it) => it.to_string(),
        Constant::Int(it) => it.to_string(),
        Constant::Text(it) => it.clone(),
        // INVARIANT: of the types that can be looked at no value is another one.
        _ => String::new(),
    }
}

/// The values of a type that are not among these, as they would be written; `None` where they cannot be counted.
fn missing(ty: &Ty, seen: &BTreeSet<&str>) -> Option<Vec<String>> {
    let left = |all: &mut dyn Iterator<Item = String>, quoted: bool| {
        let left = all.filter(|value| !seen.contains(value.as_str()));
        left.map(|value| if quoted { format!("`{value:?}`") } else { format!("`{value}`") }).collect()
    };
    match ty {
        Ty::Bool => Some(left(&mut ["true", "false"].map(str::to_owned).into_iter(), false)),
        Ty::Enum(words) => Some(left(&mut words.iter().cloned(), true)),
        Ty::Int(range) => {
            let (min, max) = (range.min?, range.max?);
            // As many as there can be arms that a person writes.
            (max.checked_sub(min)? < 64).then(|| left(&mut (min..=max).map(|it| it.to_string()), false))
        }
        _ => None,
    }
}
