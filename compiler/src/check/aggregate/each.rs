//! `for NAME in LIST max N`: one call for each distinct value of a list, whose answers become a map.

use gatewright_dsl::ast::{self, ValueKind};
use gatewright_dsl::problem::setting::{out_of_bounds, wrong_type};
use gatewright_dsl::schema::Stage;
use gatewright_dsl::schema::Value::Size;

use crate::check::expr::scope::Scope;
use crate::check::{Check, expr, problem};
use crate::checked::Each;
use crate::ty::Ty;

/// How large one of the answers may be where nothing else is said.
pub(super) const DEFAULT_MAX: u64 = 64 << 10;

/// How large all of them may be together.
const ALL: u64 = 64 << 20;

/// Calls of one branch.
const MOST: i64 = 256;

/// For each branch the number of the document for one of its values: behind the request's body and those of the branches.
pub(super) fn documents(written: &ast::Aggregate) -> impl Iterator<Item = u16> {
    let branches = written.branches.iter();
    branches.scan(written.branches.len(), |last, branch| {
        *last += usize::from(branch.each.is_some());
        // INVARIANT: too many branches have been refused; here is room for as many as can be written.
        Some(u16::try_from(*last).unwrap_or(u16::MAX))
    })
}

/// The values, one of which has its name in `own` from now on. `None` where something of it is wrong, which has been reported.
pub(super) fn each(
    check: &mut Check<'_>,
    written: &ast::EachOf,
    document: u16,
    own: &mut Scope<'_>,
) -> Option<Each> {
    let most = if let ValueKind::Int(most @ 1..=MOST) = written.max.kind {
        u16::try_from(most).ok()
    } else {
        let text = check.slice(written.max.span);
        let problem = out_of_bounds(written.max.span, "max", text, &format!("within `1..{MOST}`"));
        check.problems.push(problem.help("each of them is a call"));
        None
    };
    let found = list(check, written, own);
    let ty = found.as_ref().map(|(_, ty)| ty);
    if let Err(problem) = own.document(&written.name, document, ty) {
        check.problems.push(*problem);
        return None;
    }
    let (list, ty) = found?;
    Some(Each { name: written.name.text.clone(), document, list, ty, most: most? })
}

fn list(
    check: &mut Check<'_>,
    written: &ast::EachOf,
    scope: &Scope<'_>,
) -> Option<(crate::ir::expr::Function, Ty)> {
    let list = expr::answer(scope, &written.list, Stage::Request, &mut check.problems)?;
    let span = written.list.span;
    match &list.expr.ty {
        Ty::List(item, _) if can_be_key(item) => {
            let item = (**item).clone();
            Some((list, item))
        }
        Ty::Optional(_) => {
            let help = "say what then: `… ?? []`, or give it a default where its type is declared";
            let ty = list.expr.ty.to_string();
            check.problems.push(problem::optional_not_handled(&ty, span, help));
            None
        }
        other => {
            let problem = wrong_type(span, "a list of texts or whole numbers", &format!("`{other}`"));
            check.problems.push(problem.help("take a field of each item: `posts[*].author`"));
            None
        }
    }
}

/// Whether values of the type can be the keys of a map: texts, and numbers with one spelling.
fn can_be_key(ty: &Ty) -> bool {
    let is_none = matches!(
        ty,
        Ty::Bool | Ty::Decimal(_) | Ty::List(..) | Ty::Map(_) | Ty::Record(_) | Ty::Optional(_) | Ty::Secret
    );
    !is_none
}

/// The type of one answer: where there are several, that of what the map holds.
pub(super) fn answer<'t>(check: &mut Check<'_>, branch: &ast::Branch, ty: &'t Ty) -> Option<&'t Ty> {
    match (&branch.each, ty) {
        (None, ty) => Some(ty),
        (Some(_), Ty::Map(item)) => Some(item),
        (Some(_), other) => {
            // INVARIANT: what a contract says of several is a map.
            let span = branch.ty.as_ref().map_or(branch.name.span, |ty| ty.span);
            let problem = wrong_type(span, "a map: one answer for each of them", &format!("`{other}`"));
            check.problems.push(problem.help(format!("write `map<{other}>`")));
            None
        }
    }
}

/// All answers together have a bound, too.
pub(super) fn bounded(check: &mut Check<'_>, branch: &ast::Branch, max: u64) {
    let Some(each) = &branch.each else { return };
    let ValueKind::Int(most @ 1..=MOST) = each.max.kind else { return };
    if max.saturating_mul(most.unsigned_abs()) > ALL {
        let at_most = format!("at most {} where each answer may be {}", ALL / max, Size(max));
        let problem = out_of_bounds(each.max.span, "max", check.slice(each.max.span), &at_most);
        check.problems.push(problem.help("ask for fewer, or make the `max` behind the path smaller"));
    }
}
