//! Arguments of policies, held against the types of their parameters where a route knows what they are.

use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::{Problem, Span};

use super::scope::Scope;
use crate::ty::Ty;
use crate::ty::inclusion::{Held, Wire, compared};

/// What is wrong with a value of this type at a place, where an argument stands there.
pub(super) fn held(scope: &Scope<'_>, found: &Ty, at: Span) -> Option<Problem> {
    let wanting = scope.wanting(at, &|wanted| takes(wanted, found))?;
    let (name, wanted) = (&wanting.name, &wanting.ty);
    let problem = wrong_type(at, &format!("`{wanted}`"), &format!("`{found}`"));
    Some(
        problem
            .because(name.span, format!("`{}` takes it as `{wanted}`", name.text))
            .help(format!("give it a value of the type `{wanted}`")),
    )
}

/// Whether each value of a type is one of another.
fn takes(wanted: &Ty, found: &Ty) -> bool {
    // The rest of a path is a text.
    let found = if *found == Ty::Path { &Ty::STRING } else { found };
    is_alike(found, wanted) && compared(found, wanted, Wire::Json) != Held::Fewer
}

/// Whether values of one type can be values of the other, bounds left aside.
pub(crate) fn is_alike(found: &Ty, wanted: &Ty) -> bool {
    match (found, wanted) {
        (Ty::Optional(found), Ty::Optional(wanted)) => is_alike(found, wanted),
        (Ty::Optional(_), _) => false,
        (found, Ty::Optional(wanted)) => is_alike(found, wanted),
        (Ty::List(found, _), Ty::List(wanted, _)) | (Ty::Map(found), Ty::Map(wanted)) => {
            is_alike(found, wanted)
        }
        (Ty::String(_) | Ty::Enum(_), Ty::String(_)) | (Ty::Int(_), Ty::Decimal(_)) => true,
        (Ty::Enum(found), Ty::Enum(wanted)) => found.iter().all(|text| wanted.contains(text)),
        (Ty::Record(found), Ty::Record(wanted)) => found == wanted,
        (found, wanted) => std::mem::discriminant(found) == std::mem::discriminant(wanted),
    }
}
