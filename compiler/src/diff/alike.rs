//! Whether two expressions say the same in two programs: with documents and members by their names, captures by their places, and whatever
//! types their parts have. That a type has become another is said where it is declared.

use std::mem::discriminant;

use super::content::Both;
use crate::ir::expr::{Expr, Kind, Method, Part, Read, Set};
use crate::ty::{Field, Ty};

/// The numbers that one of several values has among the documents of each side.
pub(super) type Item = Option<(u16, u16)>;

impl Both<'_> {
    /// Two functions, by their numbers.
    pub(super) fn same(&self, a: usize, b: usize, item: Item) -> bool {
        let (a, b) = (self.a.program.functions.exprs.get(a), self.b.program.functions.exprs.get(b));
        matches!((a, b), (Some(a), Some(b)) if a.form == b.form && self.alike(&a.expr, &b.expr, item))
    }

    pub(super) fn alike(&self, a: &Expr, b: &Expr, item: Item) -> bool {
        let (a, b) = (bare(a), bare(b));
        let is_same = match (&a.kind, &b.kind) {
            (Kind::Constant(a), Kind::Constant(b)) => a == b,
            (Kind::Read(Read::Capture(a)), Kind::Read(Read::Capture(b))) => self.captures(*a, *b),
            // What stands for it where it is not there is said where it is declared.
            (Kind::Read(Read::Field(source, name, _)), Kind::Read(Read::Field(other_source, other, _))) => {
                (source, name) == (other_source, other)
            }
            (Kind::Read(a), Kind::Read(b)) => a == b,
            (Kind::Param(a), Kind::Param(b))
            | (Kind::Secret(a), Kind::Secret(b))
            | (Kind::Call(Method::Matches(a), _), Kind::Call(Method::Matches(b), _)) => a == b,
            (Kind::Document(number, a), Kind::Document(other, b)) => match item {
                Some((own, its)) if *number == own || *other == its => (*number, *other) == (own, its),
                _ => a == b,
            },
            (Kind::Element(a), Kind::Element(b)) => a == b,
            (Kind::Member(of, at), Kind::Member(other, to)) => member(of, *at) == member(other, *to),
            (Kind::Compare(a, ..), Kind::Compare(b, ..)) => a == b,
            (Kind::In(_, a), Kind::In(_, b)) => match (a, b) {
                (Set::Range(low, high), Set::Range(other_low, other_high)) => {
                    (low.is_some(), high.is_some()) == (other_low.is_some(), other_high.is_some())
                }
                (a, b) => discriminant(a) == discriminant(b),
            },
            (Kind::Call(a, _), Kind::Call(b, _)) => discriminant(a) == discriminant(b),
            (Kind::Text(a), Kind::Text(b)) => {
                let same = |(a, b): (&Part, &Part)| match (a, b) {
                    (Part::Literal(a), Part::Literal(b)) => a == b,
                    (a, b) => discriminant(a) == discriminant(b),
                };
                a.len() == b.len() && a.iter().zip(b).all(same)
            }
            (Kind::Record(a), Kind::Record(b)) => {
                a.iter().map(|(name, _)| name).eq(b.iter().map(|(name, _)| name))
            }
            (Kind::Each(_, a, _), Kind::Each(_, b, _)) | (Kind::Where(_, a, _), Kind::Where(_, b, _)) => {
                a == b
            }
            (a, b) => discriminant(a) == discriminant(b),
        };
        let (own, others) = (a.kind.operands(), b.kind.operands());
        is_same && own.len() == others.len() && own.iter().zip(&others).all(|(a, b)| self.alike(a, b, item))
    }
}

/// The value itself, which may be seen as one of another type.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match &expr.kind {
        Kind::Present(of) | Kind::Found(of) | Kind::Widened(of) => bare(of),
        _ => expr,
    }
}

/// The name of a member on the wire.
fn member(of: &Expr, at: usize) -> Option<&str> {
    match of.ty.present().0 {
        Ty::Record(record) => record.fields.get(at).map(Field::on_wire),
        _ => None,
    }
}
