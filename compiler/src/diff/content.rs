//! Whether what will run is the same in two programs: numbers of functions, parameters and shapes stand for other things in
//! each.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::net::IpAddr;

use gatewright_dsl::schema::effect::{Absent, Amount};
use gatewright_dsl::schema::{Source, Value};

use super::alike::Item;
use crate::algebra::{Pattern, Set};
use crate::ir::expr::{Constant, Expr, Kind, Lookup, Read};
use crate::ir::{self, Content, Declared, Field, Piece, Respond, Said};

/// A program, and what numbers of captures stand for in one of its routes.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) program: &'a ir::Program,
    /// The patterns of hosts and path; none where nothing of a request's path is known.
    pub(super) patterns: Option<(&'a [Pattern], &'a Pattern)>,
}

/// Where a capture stands: whether in the host, at which segment, and whether it takes the rest.
type At = (bool, usize, bool);

/// The first number of a capture of the host.
const HOST: u8 = 128;

impl Reading<'_> {
    /// Where a capture stands: in hosts of several lengths, in one place of each.
    fn places(&self, capture: u8) -> BTreeSet<At> {
        let Some((hosts, path)) = self.patterns else { return BTreeSet::new() };
        let place = |pattern: &Pattern, at: u8, is_host| {
            let is_capture = |(_, set): &(usize, &Set)| !matches!(set, Set::Literal(_));
            let mut captures = pattern.segments.iter().enumerate().filter(is_capture);
            match captures.nth(usize::from(at)) {
                Some((segment, _)) => (is_host, segment, false),
                None => (is_host, pattern.segments.len(), true),
            }
        };
        match capture.checked_sub(HOST) {
            Some(at) => hosts.iter().map(|host| place(host, at, true)).collect(),
            None => BTreeSet::from([place(path, capture, false)]),
        }
    }
}

/// Two programs side by side.
#[derive(Clone, Copy)]
pub(super) struct Both<'a> {
    pub(super) a: Reading<'a>,
    pub(super) b: Reading<'a>,
}

impl<'a> Both<'a> {
    /// What stands for all requests, and knows no path.
    pub(super) fn outside(a: &'a ir::Program, b: &'a ir::Program) -> Self {
        Self { a: Reading { program: a, patterns: None }, b: Reading { program: b, patterns: None } }
    }

    /// Whether two captures take the same of a request. In which order hosts are named means nothing.
    pub(super) fn captures(&self, a: u8, b: u8) -> bool {
        let (a, b) = (self.a.places(a), self.b.places(b));
        a == b || !a.is_disjoint(&b)
    }

    /// Two functions, by their numbers.
    pub(super) fn functions(&self, a: usize, b: usize) -> bool {
        self.same(a, b, None)
    }

    /// Two parts of a target.
    pub(super) fn pieces(&self, a: &[Piece], b: &[Piece], item: Item) -> bool {
        let same = |(a, b): (&Piece, &Piece)| match (a, b) {
            (Piece::Text(a), Piece::Text(b)) => a == b,
            (Piece::Asked, Piece::Asked) => true,
            (Piece::Capture(a), Piece::Capture(b)) => self.captures(*a, *b),
            (Piece::Value(a), Piece::Value(b)) | (Piece::Query(a), Piece::Query(b)) => {
                self.same(*a, *b, item)
            }
            _ => false,
        };
        a.len() == b.len() && a.iter().zip(b).all(same)
    }

    fn responds(&self, a: &Respond, b: &Respond) -> bool {
        let said = |a: &Said, b: &Said| match (a, b) {
            (Said::Text(a), Said::Text(b)) => a == b,
            (Said::Expr(a), Said::Expr(b)) => self.functions(*a, *b),
            _ => false,
        };
        a.status == b.status
            && match (&a.body, &b.body) {
                (None, None) => true,
                (Some((a, own)), Some((b, other))) => a == b && said(own, other),
                _ => false,
            }
    }

    /// What a step is run with. What it keeps is not compared.
    pub(super) fn fields(&self, a: &[Field], b: &[Field]) -> bool {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| a.name == b.name && self.contents(&a.content, &b.content))
    }

    pub(super) fn contents(&self, a: &Content, b: &Content) -> bool {
        match (a, b) {
            (Content::Value(a), Content::Value(b)) => a == b,
            (Content::Option(a), Content::Option(b)) => match (a, b) {
                (Some(a), Some(b)) => self.contents(a, b),
                (a, b) => a.is_none() && b.is_none(),
            },
            (Content::Is(a), Content::Is(b)) => self.contents(a, b),
            (Content::Param(a), Content::Param(b)) => self.param(*a, true) == self.param(*b, false),
            (Content::Least(a), Content::Least(b)) => self.contents(&a.0, &b.0) && self.contents(&a.1, &b.1),
            (Content::Choice(a, own), Content::Choice(b, other)) => a == b && own == other,
            (Content::Expr(a), Content::Expr(b)) => self.functions(*a, *b),
            (Content::Named(name, a), Content::Named(other, b)) => name == other && self.functions(*a, *b),
            (Content::Declared(a), Content::Declared(b)) => self.declared(a, b),
            (Content::Respond(a), Content::Respond(b)) => self.responds(a, b),
            (Content::State(_), Content::State(_)) => true,
            (Content::Shape(a, _), Content::Shape(b, _)) => {
                self.a.program.functions.shapes.get(*a) == self.b.program.functions.shapes.get(*b)
            }
            (Content::List(a), Content::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.contents(a, b))
            }
            (Content::Auth(_, a), Content::Auth(_, b)) => a == b,
            (Content::Claims(a), Content::Claims(b)) => a == b,
            (Content::Items(a), Content::Items(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && self.fields(&a.1, &b.1))
            }
            _ => false,
        }
    }

    fn declared(&self, a: &Declared, b: &Declared) -> bool {
        let Declared { name, source, required, many, check, expected: _, default } = a;
        let checks = |program: &'a ir::Program, check: usize| program.functions.checks.get(check);
        *name == b.name
            && *source == b.source
            && *required == b.required
            && *many == b.many
            && (*default == b.default || !self.is_other_default(a, b))
            && checks(self.a.program, *check) == checks(self.b.program, b.check)
    }

    /// Whether something else stands for a field that is not there, and somebody reads it: it is not sent.
    pub(super) fn is_other_default(&self, a: &Declared, b: &Declared) -> bool {
        let reads = |program: &ir::Program, field: &Declared| {
            let functions = program.functions.exprs.iter().map(|function| &function.expr);
            let arguments = program.ends.handlers.iter().flat_map(|handler| &handler.arguments);
            functions.chain(arguments).any(|expr| reads_field(expr, field))
        };
        a.default != b.default && reads(self.a.program, a) && reads(self.b.program, b)
    }

    fn param(&self, number: u16, is_a: bool) -> Option<&'a str> {
        let program = if is_a { self.a.program } else { self.b.program };
        program.params.get(usize::from(number)).map(|param| param.name.as_str())
    }

    /// Which of two contents is more; `None` where that cannot be said.
    pub(super) fn compare(&self, a: &Content, b: &Content, amount: Amount) -> Option<Ordering> {
        match (a, b) {
            (Content::Value(Value::Bool(a)), Content::Value(Value::Bool(b))) => Some(a.cmp(b)),
            // As much in a longer time is more at once.
            (Content::Value(Value::Rate(a)), Content::Value(Value::Rate(b))) => {
                match (a.compare(b), a.count.cmp(&b.count)) {
                    (order, Ordering::Equal) | (Ordering::Equal, order) => Some(order),
                    (order, other) => (order == other).then_some(order),
                }
            }
            (Content::Value(a), Content::Value(b)) => a.compare(b),
            (Content::Is(a), Content::Is(b)) | (Content::Option(Some(a)), Content::Option(Some(b))) => {
                self.compare(a, b, amount)
            }
            (Content::Option(None), Content::Option(Some(_))) => beside(amount.absent),
            (Content::Option(Some(_)), Content::Option(None)) => beside(amount.absent).map(Ordering::reverse),
            (Content::List(a), Content::List(b)) => {
                let holds = |list: &[Content], item: &Content, turned: bool| {
                    list.iter().any(|other| {
                        covers(other, item)
                            || if turned { self.contents(item, other) } else { self.contents(other, item) }
                    })
                };
                let a_in_b = a.iter().all(|item| holds(b, item, true));
                let b_in_a = b.iter().all(|item| holds(a, item, false));
                match (a_in_b, b_in_a) {
                    (true, true) => Some(Ordering::Equal),
                    (true, false) => Some(Ordering::Less),
                    (false, true) => Some(Ordering::Greater),
                    (false, false) => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether an expression reads a declared field, with what stands for it.
fn reads_field(expr: &Expr, field: &Declared) -> bool {
    let is_it = |lookup: Lookup, name: &str, default: &Option<Constant>| {
        let own = match field.source {
            Source::Query => Lookup::Query,
            Source::Header => Lookup::Header,
            Source::Cookie => Lookup::Cookie,
        };
        (lookup, name, default) == (own, field.name.as_str(), &field.default)
    };
    matches!(&expr.kind, Kind::Read(Read::Field(lookup, name, default)) if is_it(*lookup, name, default))
        || expr.kind.operands().iter().any(|of| reads_field(of, field))
}

/// How absence lies to what is there.
fn beside(absent: Absent) -> Option<Ordering> {
    match absent {
        Absent::Other => None,
        Absent::Least => Some(Ordering::Less),
        Absent::Most => Some(Ordering::Greater),
    }
}

/// Whether all that the second network has is in the first.
fn covers(outer: &Content, inner: &Content) -> bool {
    let network = |content: &Content| match content {
        Content::Value(Value::Cidr(ip, bits)) => Some((*ip, *bits)),
        Content::Value(Value::Ip(ip)) => Some((*ip, if ip.is_ipv4() { 32 } else { 128 })),
        _ => None,
    };
    let digits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()) << 96,
        IpAddr::V6(ip) => ip.to_bits(),
    };
    let (Some((outer, bits)), Some((inner, others))) = (network(outer), network(inner)) else { return false };
    let differ = digits(outer) ^ digits(inner);
    outer.is_ipv4() == inner.is_ipv4() && bits <= others && differ.leading_zeros() >= u32::from(bits)
}
