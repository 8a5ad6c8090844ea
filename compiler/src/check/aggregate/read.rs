//! What is read of each answer: the rest is passed over without a look, so that a server may change it.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::checked::Aggregate;
use crate::ir::expr::{Expr, Kind, Method};
use crate::ty::{Record, Ty};

/// What is read of a value.
#[derive(Clone)]
enum Read {
    All,
    /// Of a record, or of the records in it, these members.
    Members(BTreeMap<usize, Read>),
}

impl Read {
    fn nothing() -> Self {
        Self::Members(BTreeMap::new())
    }

    fn add(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::All, _) => {}
            (own, Self::All) => *own = Self::All,
            (Self::Members(own), Self::Members(more)) => {
                for (at, read) in more {
                    own.entry(at).or_insert_with(Self::nothing).add(read);
                }
            }
        }
    }
}

/// What is read of each document, and of each item at hand.
#[derive(Default)]
struct Reads {
    documents: BTreeMap<u16, Read>,
    items: BTreeMap<u32, Read>,
}

impl Reads {
    fn of(&mut self, expr: &Expr, read: Read) {
        match &expr.kind {
            Kind::Document(number, _) => {
                self.documents.entry(*number).or_insert_with(Read::nothing).add(read);
            }
            Kind::Element(number) => self.items.entry(*number).or_insert_with(Read::nothing).add(read),
            Kind::Member(of, at) => self.of(of, Read::Members(BTreeMap::from([(*at, read)]))),
            Kind::At(map, key) => {
                self.of(map, read);
                self.of(key, Read::All);
            }
            Kind::Each(list, number, body) => {
                let around = self.items.remove(number);
                self.of(body, read);
                self.walked(list, *number, around);
            }
            Kind::Where(list, number, condition) => {
                let around = self.items.insert(*number, read);
                self.of(condition, Read::All);
                self.walked(list, *number, around);
            }
            Kind::Coalesce(a, b) | Kind::If(_, a, b) if expr.is_document() => {
                self.of(a, read.clone());
                self.of(b, read);
                if let Kind::If(condition, ..) = &expr.kind {
                    self.of(condition, Read::All);
                }
            }
            Kind::Present(of) | Kind::Found(of) => self.of(of, read),
            // To count items, nobody looks into them.
            Kind::IsSet(of) | Kind::Call(Method::Length, of) => self.of(of, Read::nothing()),
            kind => {
                for operand in kind.operands() {
                    self.of(operand, Read::All);
                }
            }
        }
    }

    /// What is read of the items of a list is read of the list.
    fn walked(&mut self, list: &Rc<Expr>, number: u32, around: Option<Read>) {
        let read = self.items.remove(&number).unwrap_or_else(Read::nothing);
        self.items.extend(around.map(|around| (number, around)));
        self.of(list, read);
    }
}

/// Leaves of each type what somebody reads.
pub(super) fn prune(aggregate: &mut Aggregate) {
    let mut reads = Reads::default();
    reads.of(&aggregate.answer.expr, Read::All);
    for branch in &aggregate.branches {
        for function in branch.functions() {
            reads.of(&function.expr, Read::All);
        }
    }
    for (number, branch) in (1..).zip(&mut aggregate.branches) {
        if let Some(read) = reads.documents.get(&number) {
            branch.ty = pruned(&branch.ty, read);
        }
    }
}

fn pruned(ty: &Ty, read: &Read) -> Ty {
    match ty {
        Ty::Record(record) => {
            let mut record: Record = (**record).clone();
            for (at, field) in record.fields.iter_mut().enumerate() {
                let own = match read {
                    Read::All => Some(read),
                    Read::Members(members) => members.get(&at),
                };
                match own {
                    Some(read) => field.ty = pruned(&field.ty, read),
                    None => field.is_skipped = true,
                }
            }
            // Members that nobody names are nobody's business in an answer.
            record.open = true;
            Ty::Record(record.into())
        }
        Ty::List(item, range) => Ty::List(pruned(item, read).into(), *range),
        Ty::Map(item) => Ty::Map(pruned(item, read).into()),
        Ty::Optional(inner) => Ty::Optional(pruned(inner, read).into()),
        other => other.clone(),
    }
}
