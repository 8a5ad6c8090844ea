//! `aggregate`: its branches, which of them waits for which, and what is answered.
//!
//! Every branch has a type that is written, so that all are known before any is looked at: only who reads whom makes an order.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gatewright_dsl::ast::{self, Value, ValueKind};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::Stage;
use gatewright_dsl::{Problem, Span};

use super::around::Nested;
use super::expr::scope::Scope;
use super::expr::{self, literal};
use super::pattern::Pattern;
use super::rewrite::Space;
use super::upstream::Upstream;
use super::{Check, document, problem, step, target};
use crate::checked::{Aggregate, Branch, Failure, Piece};
use crate::emit::expr::constant;
use crate::ir::expr::{Expr, Kind, Method};
use crate::json;
use crate::ty::{Record, Ty};

/// Branches of one answer.
const MOST: usize = 16;

/// How large an answer may be where nothing else is said.
const DEFAULT_MAX: u64 = 1 << 20;

/// What may be seen of the program.
pub(super) struct Seen<'r, 'a> {
    pub(super) pattern: &'r Pattern<'a>,
    pub(super) scope: &'r Scope<'r>,
    pub(super) upstreams: &'r [Upstream<'a>],
    pub(super) nested: &'r Nested<'a>,
}

/// The upstreams that its branches ask, as far as they are known.
pub(super) fn upstreams<'r, 'a>(written: &ast::Aggregate, all: &'r [Upstream<'a>]) -> Vec<&'r Upstream<'a>> {
    let find = |branch: &ast::Branch| all.iter().find(|upstream| upstream.name.text == branch.upstream.text);
    written.branches.iter().filter_map(find).collect()
}

/// An aggregation. `None` where it is not understood, which has been reported.
pub(super) fn check(
    check: &mut Check<'_>,
    written: &ast::Aggregate,
    seen: &Seen<'_, '_>,
) -> Option<Box<Aggregate>> {
    if written.broken {
        // What could not be read may be what the rest is about.
        check.names.lose(Space::Upstream);
        for branch in &written.branches {
            check.names.find(Space::Upstream, &branch.upstream.text);
        }
        return None;
    }
    let before = check.problems.len();
    if let Some(extra) = written.branches.get(MOST) {
        let count = written.branches.len();
        check.problems.push(problem::too_many_branches(count, MOST, extra.span));
    }
    let mut scope = Scope::within(seen.scope);
    let types: Vec<Option<Ty>> = written.branches.iter().map(|branch| ty(check, branch)).collect();
    for ((number, branch), ty) in (1..).zip(&written.branches).zip(&types) {
        // What may be skipped may be absent.
        let ty = ty.clone().map(|ty| match branch.failure {
            ast::Failure::Skip(_) => ty.optional(),
            _ => ty,
        });
        if let Err(problem) = scope.document(&branch.name, number, ty.as_ref()) {
            check.problems.push(*problem);
        }
    }
    let whole = duration(&written.within)?;
    let mut used = BTreeSet::new();
    let branches: Vec<Option<Branch>> = written
        .branches
        .iter()
        .zip(&types)
        .map(|(branch, ty)| one(check, branch, ty.as_ref(), (written, &scope, seen), &mut used))
        .collect();
    circles(check, written, &branches);
    let (_, value) = written.answer.as_ref()?;
    let answer = expr::answer(&scope, value, Stage::Request, &mut check.problems);
    target::unused(check, seen.pattern, &scope, &used, written.span);
    if check.problems.len() > before {
        return None;
    }
    let branches: Vec<Branch> = branches.into_iter().collect::<Option<_>>()?;
    let answer = answer?;
    unread(check, written, &branches, &answer.expr);
    if check.problems.len() > before {
        return None;
    }
    let mut aggregate = Aggregate { within: whole, branches, answer };
    prune(&mut aggregate);
    Some(Box::new(aggregate))
}

fn ty(check: &mut Check<'_>, branch: &ast::Branch) -> Option<Ty> {
    match document::ty(check, &branch.ty) {
        Ok(ty) => ty,
        Err(problem) => {
            check.problems.push(*problem);
            None
        }
    }
}

fn one(
    check: &mut Check<'_>,
    branch: &ast::Branch,
    ty: Option<&Ty>,
    (written, scope, seen): (&ast::Aggregate, &Scope<'_>, &Seen<'_, '_>),
    used: &mut BTreeSet<String>,
) -> Option<Branch> {
    if branch.method.text != "GET" {
        check.problems.push(problem::branch_method(&branch.method.text, branch.method.span));
    }
    let name = &branch.upstream;
    let is_known = check.names.find(Space::Upstream, &name.text).is_some();
    if !is_known && !check.is_torn {
        let problem = problem::unknown_upstream(&name.text, name.span, check.names.all(Space::Upstream));
        check.problems.push(problem);
    }
    let (target, names) = target::asked(check, &branch.path, (seen.pattern, scope));
    used.extend(names);
    let within = branch.within.as_ref().and_then(duration);
    if let (Some(own), Some(whole), Some(value)) = (within, duration(&written.within), &branch.within)
        && own > whole
    {
        check.problems.push(problem::branch_outlasts(&branch.name.text, value.span, written.within.span));
    }
    let max = match branch.max.as_ref().map(|max| (&max.kind, max.span)) {
        Some((ValueKind::Size(max), span)) => {
            if *max == 0 || *max > 64 << 20 {
                let problem = gatewright_dsl::problem::setting::out_of_bounds(
                    span,
                    "max",
                    check.slice(span),
                    "within `1B..64MiB`",
                );
                check.problems.push(problem.help("an answer is kept as a whole"));
            }
            *max
        }
        _ => DEFAULT_MAX,
    };
    let failure = match &branch.failure {
        ast::Failure::Required(passed) => {
            Failure::Required(passed.iter().map(|status| status.code).collect())
        }
        ast::Failure::Skip(_) => Failure::Skip,
        ast::Failure::Value(value) => {
            let mut text = String::new();
            if let Err(problem) = as_json(value, ty?, &mut text) {
                check.problems.push(*problem);
            }
            Failure::Value(text)
        }
    };
    let upstream = seen.upstreams.iter().position(|known| known.name.text == name.text)?;
    let steps = step::of_branch(check, seen.upstreams.get(upstream)?, seen.nested);
    let needs = reads(&target);
    let name = branch.name.text.clone();
    Some(Branch { name, upstream, steps, target, ty: ty?.clone(), within, max, failure, needs })
}

fn duration(value: &Value) -> Option<std::time::Duration> {
    if let ValueKind::Duration(time) = value.kind { Some(time) } else { None }
}

/// The places of the branches whose values a path is made of.
fn reads(target: &[Piece]) -> Vec<usize> {
    let mut found = BTreeSet::new();
    for piece in target {
        if let Piece::Value(function) | Piece::Query(function) = piece {
            documents(&function.expr, &mut found);
        }
    }
    found.into_iter().collect()
}

fn documents(expr: &Expr, found: &mut BTreeSet<usize>) {
    if let Kind::Document(number @ 1.., _) = expr.kind {
        found.insert(usize::from(number) - 1);
    }
    for operand in expr.kind.operands() {
        documents(operand, found);
    }
}

/// None waits for itself, whatever else is wrong: what is not understood of a branch waits for nobody.
fn circles(check: &mut Check<'_>, written: &ast::Aggregate, branches: &[Option<Branch>]) {
    let needs: Vec<&[usize]> =
        branches.iter().map(|branch| branch.as_ref().map_or(&[][..], |branch| &branch.needs)).collect();
    let named = |at: &usize| {
        let branch = written.branches.get(*at)?;
        Some((branch.name.text.as_str(), branch.path.span))
    };
    let mut done: BTreeSet<usize> = BTreeSet::new();
    for start in 0..needs.len() {
        if let Some(circle) = circle(&needs, start, &mut Vec::new(), &mut done) {
            let shown: Vec<(&str, Span)> = circle.iter().filter_map(named).collect();
            check.problems.push(problem::aggregate_cycle(&shown));
        }
    }
}

/// No branch is asked for nothing.
fn unread(check: &mut Check<'_>, written: &ast::Aggregate, branches: &[Branch], answer: &Expr) {
    let mut left: Vec<usize> = Vec::new();
    let mut read = BTreeSet::new();
    documents(answer, &mut read);
    left.extend(&read);
    while let Some(at) = left.pop() {
        let needs = branches.get(at).map(|branch| branch.needs.as_slice()).unwrap_or_default();
        left.extend(needs.iter().filter(|need| read.insert(**need)));
    }
    for (at, branch) in written.branches.iter().enumerate() {
        if !read.contains(&at) {
            check.problems.push(problem::unused_branch(&branch.name.text, branch.name.span));
        }
    }
}

/// The branches of a circle that can be reached, in the order in which they wait.
fn circle(
    needs: &[&[usize]],
    at: usize,
    open: &mut Vec<usize>,
    done: &mut BTreeSet<usize>,
) -> Option<Vec<usize>> {
    if let Some(from) = open.iter().position(|known| *known == at) {
        return open.get(from..).map(<[usize]>::to_vec);
    }
    if !done.insert(at) {
        return None;
    }
    open.push(at);
    let own = needs.get(at).copied().unwrap_or_default();
    let found = own.iter().find_map(|need| circle(needs, *need, open, done));
    open.pop();
    found
}

/// A value that is written out, as JSON of a type, under the names of the wire.
fn as_json(value: &Value, ty: &Ty, out: &mut String) -> Result<(), Box<Problem>> {
    match (ty, &value.kind) {
        (Ty::Optional(inner), _) => as_json(value, inner, out),
        (Ty::Record(record), ValueKind::Record(entries)) => {
            out.push('{');
            for (at, entry) in entries.iter().enumerate() {
                let known = || record.fields.iter().map(|field| field.name.as_str());
                let Some(field) = record.fields.iter().find(|field| field.name == entry.name.text) else {
                    let known: Vec<&str> = known().collect();
                    let of = format!("`{ty}`");
                    return Err(Box::new(problem::unknown_member(
                        &of,
                        &entry.name.text,
                        entry.name.span,
                        &known,
                    )));
                };
                out.push_str(if at == 0 { "" } else { "," });
                json::string(field.on_wire(), out);
                out.push(':');
                as_json(&entry.value, &field.ty, out)?;
            }
            out.push('}');
            let is_missing = |field: &&crate::ty::Field| {
                field.default.is_none()
                    && !matches!(field.ty, Ty::Optional(_))
                    && !entries.iter().any(|entry| entry.name.text == field.name)
            };
            match record.fields.iter().find(is_missing) {
                Some(field) => {
                    let found = format!("one without `{}`", field.name);
                    let problem = wrong_type(value.span, &format!("`{ty}`"), &found);
                    Err(Box::new(problem.help("write every field that must be there")))
                }
                None => Ok(()),
            }
        }
        (Ty::Map(item), ValueKind::Record(entries)) => {
            out.push('{');
            for (at, entry) in entries.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                json::string(&entry.name.text, out);
                out.push(':');
                as_json(&entry.value, item, out)?;
            }
            out.push('}');
            Ok(())
        }
        (Ty::List(item, range), ValueKind::List(items))
            if range.holds(&i64::try_from(items.len()).unwrap_or(i64::MAX)) =>
        {
            out.push('[');
            for (at, entry) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                as_json(entry, item, out)?;
            }
            out.push(']');
            Ok(())
        }
        _ => {
            constant::write_json(&literal::constant(value, ty)?, out);
            Ok(())
        }
    }
}

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
fn prune(aggregate: &mut Aggregate) {
    let mut reads = Reads::default();
    reads.of(&aggregate.answer.expr, Read::All);
    for branch in &aggregate.branches {
        for piece in &branch.target {
            if let Piece::Value(function) | Piece::Query(function) = piece {
                reads.of(&function.expr, Read::All);
            }
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
