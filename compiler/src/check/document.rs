//! Types of documents: of bodies, and of what servers answer.

use gatewright_dsl::Problem;
use gatewright_dsl::ast;

use super::{Check, problem};
use crate::algebra::Automaton;
use crate::ty::{Text, Ty};

/// The type that is written, as one of a document. `None` where it is not understood, which has been reported.
pub(super) fn ty(check: &Check<'_>, written: &ast::Type) -> Result<Option<Ty>, Box<Problem>> {
    match said(check, written)? {
        Some((ty, true)) => {
            let help = format!("write `{ty}`: JSON that is `null` is refused");
            let shown = ty.optional().to_string();
            Err(Box::new(problem::unsupported_type(&shown, written.span, "a whole document", &help)))
        }
        found => Ok(found.map(|(ty, _)| ty)),
    }
}

/// The same of a document that need not be there: the type of what is, and whether there may be nothing.
pub(super) fn said(check: &Check<'_>, written: &ast::Type) -> Result<Option<(Ty, bool)>, Box<Problem>> {
    let Some(ty) = check.types.find(written)? else { return Ok(None) };
    let (inner, is_optional) = ty.present();
    can_be_read(inner, written).map(|()| Some((inner.clone(), is_optional)))
}

/// Whether every part of it can be a part of a document.
fn can_be_read(ty: &Ty, written: &ast::Type) -> Result<(), Box<Problem>> {
    match ty {
        Ty::String(Text::Matches(regex)) => match Automaton::regex(regex) {
            Ok(_) => Ok(()),
            Err(refusal) => Err(Box::new(problem::regex(&refusal, written.span))),
        },
        Ty::List(item, _) | Ty::Map(item) | Ty::Optional(item) => can_be_read(item, written),
        Ty::Record(record) => record.fields.iter().try_for_each(|field| can_be_read(&field.ty, written)),
        _ => Ok(()),
    }
}
