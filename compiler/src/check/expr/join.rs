//! What types have in common, and values as what they are taken for.

use std::rc::Rc;

use crate::ir::expr::{Constant, Expr, Kind};
use crate::ty::{Range, Ty};

/// The type without bounds: what a literal that stands beside it is.
pub(super) fn widest(ty: &Ty) -> Ty {
    match ty {
        Ty::Int(_) => Ty::INT,
        Ty::Decimal(_) => Ty::DECIMAL,
        Ty::Duration(_) => Ty::DURATION,
        Ty::Size(_) => Ty::SIZE,
        Ty::Rate(_) => Ty::RATE,
        Ty::Percent(_) => Ty::PERCENT,
        Ty::String(_) | Ty::Enum(_) | Ty::Path | Ty::Url => Ty::STRING,
        other => other.clone(),
    }
}

/// The least type that both are of. `None` where they have nothing in common.
pub(super) fn join(a: &Ty, b: &Ty) -> Option<Ty> {
    if a == b {
        return Some(a.clone());
    }
    let ((left, left_optional), (right, right_optional)) = (a.present(), b.present());
    let joined = match (left, right) {
        (a, b) if a == b => a.clone(),
        (Ty::Int(_), Ty::Int(_)) => Ty::INT,
        (Ty::Int(_) | Ty::Decimal(_), Ty::Int(_) | Ty::Decimal(_)) => Ty::DECIMAL,
        (a, b) if is_text(a) && is_text(b) => Ty::STRING,
        (Ty::Duration(_), Ty::Duration(_)) => Ty::DURATION,
        (Ty::Size(_), Ty::Size(_)) => Ty::SIZE,
        (Ty::Rate(_), Ty::Rate(_)) => Ty::RATE,
        (Ty::Percent(_), Ty::Percent(_)) => Ty::PERCENT,
        (Ty::List(a, _), Ty::List(b, _)) => Ty::List(join(a, b)?.into(), Range::ALL),
        _ => return None,
    };
    Some(if left_optional || right_optional { joined.optional() } else { joined })
}

/// The type of whichever of two there is. A text that is written out is of the enum beside it, where that has it.
pub(super) fn either(a: &Expr, b: &Expr) -> Option<Ty> {
    let beside = |text: &Expr, other: &Expr| match (text.constant(), other.ty.present().0) {
        (Some(Constant::Text(text)), Ty::Enum(words)) => words.contains(text).then(|| other.ty.clone()),
        _ => None,
    };
    beside(a, b).or_else(|| beside(b, a)).or_else(|| join(&a.ty, &b.ty))
}

/// Whether its values are texts.
pub(super) fn is_text(ty: &Ty) -> bool {
    matches!(ty, Ty::String(_) | Ty::Enum(_) | Ty::Path | Ty::Url)
}

/// What may stand behind `??`, for a message.
pub(super) fn stand_in(ty: &Ty) -> &'static str {
    match ty.present().0 {
        Ty::Bool => "false",
        Ty::Int(_) | Ty::Decimal(_) => "0",
        Ty::Duration(_) => "0s",
        Ty::Size(_) => "0B",
        Ty::Percent(_) => "0%",
        Ty::List(..) => "[]",
        ty if is_text(ty) => "\"\"",
        Ty::Uuid | Ty::Date | Ty::Time => "\"…\"",
        _ => "…",
    }
}

/// The expression as one of a type that [`join`] has found for it.
pub(super) fn fitted(expr: Rc<Expr>, ty: &Ty) -> Rc<Expr> {
    let ((own, is_optional), (wanted, wants_optional)) = (expr.ty.present(), ty.present());
    let widens = matches!((own, wanted), (Ty::Int(_), Ty::Decimal(_)));
    let expr = match (widens, is_optional) {
        (false, _) => expr,
        (true, false) => Expr::new(Kind::Widened(expr), Ty::DECIMAL),
        (true, true) => Expr::new(Kind::Widened(expr), Ty::DECIMAL.optional()),
    };
    if wants_optional && !matches!(expr.ty, Ty::Optional(_)) {
        let ty = expr.ty.clone().optional();
        return Expr::new(Kind::Present(expr), ty);
    }
    expr
}

#[cfg(test)]
mod tests {
    use gatewright_dsl::{Catalogue, Source};

    fn problems(on: &str) -> Vec<&'static str> {
        let text = format!(
            "gateway g {{ listen http :8080 }}
upstream u {{ server \"http://127.0.0.1:9001\" }}
type E = \"a\" | \"b\"
type B {{ g: E?, h: E, s: string }}
route POST /m {{
  body B
  match {on} {{
    \"a\" -> u
    \"b\" respond 200
  }}
}}
"
        );
        let checked = crate::check(&[Source::new("gateway.gw", text)], &Catalogue::standard());
        checked.err().unwrap_or_default().into_iter().map(|problem| problem.name).collect()
    }

    #[test]
    fn a_text_is_of_the_enum_beside_it() {
        const FINE: [&str; 0] = [];
        assert_eq!(problems("body.g ?? \"a\""), FINE);
        assert_eq!(problems("(if body.h == \"a\" then \"b\" else body.h)"), FINE);
        assert_eq!(problems("(if body.s == \"x\" then body.h else \"a\")"), FINE);
        assert_eq!(problems("body.g ?? \"c\""), ["match_incomplete"]);
        assert_eq!(problems("(if body.s == \"x\" then body.s else \"a\")"), ["match_incomplete"]);
    }
}
