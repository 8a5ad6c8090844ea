//! What a branch says of its answer: its type, and whether there may be nothing.

use gatewright_dsl::Problem;
use gatewright_dsl::ast::{self, TypeKind};

use crate::check::upstream::Upstream;
use crate::check::{Check, contract, document, problem};
use crate::ty::Ty;

/// The type of a branch.
#[derive(Debug)]
pub(in crate::check) struct Said {
    /// Of what is there; of several, of the map that their answers become.
    pub(in crate::check) ty: Ty,
    /// Whether a server may say that there is nothing: `T?`, and `map<T?>` where it is asked for several.
    pub(in crate::check) is_optional: bool,
}

/// The type that is written, or that the contract of the upstream says.
pub(super) fn said(check: &mut Check<'_>, branch: &ast::Branch, upstreams: &[Upstream<'_>]) -> Option<Said> {
    let Some(written) = &branch.ty else { return contract::said(check, branch, upstreams) };
    let read = if branch.each.is_some() { several(check, written) } else { document::said(check, written) };
    match read {
        Ok(found) => found.map(|(ty, is_optional)| Said { ty, is_optional }),
        Err(problem) => {
            check.problems.push(*problem);
            None
        }
    }
}

/// The map of the answers for several values. Of each there may be nothing, and then it has no place there.
fn several(check: &Check<'_>, written: &ast::Type) -> Result<Option<(Ty, bool)>, Box<Problem>> {
    if let TypeKind::Generic { name, of, bounds } = &written.kind
        && name.text == "map"
        && let TypeKind::Optional(inner) = &of.kind
    {
        let kind = TypeKind::Generic { name: name.clone(), of: inner.clone(), bounds: bounds.clone() };
        let found = document::ty(check, &ast::Type { kind, ..written.clone() })?;
        return Ok(found.map(|ty| (ty, true)));
    }
    match document::said(check, written)? {
        Some((Ty::Map(item), true)) => {
            let shown = Ty::Map(item.clone()).optional().to_string();
            let help = format!("write `map<{}>`: there may be nothing of each", (*item).clone().optional());
            let place = "what the answers for several values become";
            Err(Box::new(problem::unsupported_type(&shown, written.span, place, &help)))
        }
        found => Ok(found),
    }
}
