//! Who asks in a test: an `auth` that is there, and claims that it knows, each of its type.

use gatewright_dsl::ast::{Name, Value, ValueKind};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::Want;

use crate::check::expr::literal;
use crate::check::{Check, answer, auth, inside, problem};
use crate::suite::{As, StepKind};
use crate::ty::Ty;

/// The word for a client that says nothing of itself.
const NOBODY: &str = "nobody";

/// Who asks from here on.
pub(super) fn of(check: &mut Check<'_>, name: &Name, claims: Option<&Value>) -> Option<StepKind> {
    if name.text == NOBODY && !check.names.is_auth(NOBODY) {
        if let Some(claims) = claims {
            let found = format!("`{}`", check.slice(claims.span));
            check.problems.push(wrong_type(claims.span, "the end of the line behind `as nobody`", &found));
            return None;
        }
        return Some(StepKind::As(None));
    }
    auth::reference(check, name)?;
    let (known, _) = check.auths.find(&name.text)?;
    let known = known.claims.clone();
    let entries = match claims.map(|claims| &claims.kind) {
        Some(ValueKind::Record(entries)) => entries.as_slice(),
        _ => &[],
    };
    let before = check.problems.len();
    let mut said = Vec::new();
    for entry in entries {
        let Some(claim) = known.iter().find(|claim| claim.name == entry.name.text) else {
            let names: Vec<&str> = known.iter().map(|claim| claim.name.as_str()).collect();
            let of = format!("`{}`", name.text);
            check.problems.push(problem::unknown_member(&of, &entry.name.text, entry.name.span, &names));
            continue;
        };
        let (present, _) = claim.ty.present();
        if let Err(problem) = literal::constant(&entry.value, present) {
            check.problems.push(*problem);
            continue;
        }
        let Some(text) = answer::known(&entry.value, Want::Json) else {
            let found = super::on_one_line(check.slice(entry.value.span));
            let expected = "JSON in which every value is written out";
            check.problems.push(wrong_type(entry.value.span, expected, &found));
            continue;
        };
        said.push((claim, text));
    }
    let is_said = |name: &str| entries.iter().any(|entry| entry.name.text == name);
    let needs = |ty: &Ty| !matches!(ty, Ty::Optional(_) | Ty::List(..));
    let lacking = known.iter().find(|it| it.default.is_none() && needs(&it.ty) && !is_said(&it.name));
    if let Some(claim) = lacking {
        let at = claims.map_or(name.span, |claims| claims.span);
        let expected = format!("a record with `{}: {}`", claim.name, claim.ty);
        let found = claims.map_or("nothing".to_owned(), |claims| format!("`{}`", check.slice(claims.span)));
        check.problems.push(wrong_type(at, &expected, &found));
    }
    let auth = name.text.clone();
    let claims = inside::object(&said);
    (check.problems.len() == before).then_some(StepKind::As(Some(As { auth, claims })))
}
