//! `aggregate`: its branches, which of them waits for which, and what is answered.
//!
//! Every branch has a type that is written, here or in a contract, so that all are known before any is looked at: only who reads whom
//! makes an order.

mod each;
mod fallback;
mod read;
mod said;
mod sent;

use std::collections::BTreeSet;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{self, Value, ValueKind};
use gatewright_dsl::schema::Stage;

use self::fallback::as_json;
use self::read::prune;
pub(super) use self::said::Said;
use self::said::said;
use super::around::Nested;
use super::expr;
use super::expr::scope::Scope;
use super::pattern::Pattern;
use super::rewrite::Space;
use super::upstream::Upstream;
use super::{Check, problem, step, target};
use crate::checked::{Aggregate, Branch, Failure, Piece};
use crate::ir::expr::{Expr, Function, Kind};

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
    let types: Vec<Option<Said>> =
        written.branches.iter().map(|branch| said(check, branch, seen.upstreams)).collect();
    for ((number, branch), said) in (1..).zip(&written.branches).zip(&types) {
        // What may be skipped may be absent; of several, those are left out that are.
        let ty = said.as_ref().map(|Said { ty, is_optional }| {
            let may_lack = *is_optional || matches!(branch.failure, ast::Failure::Skip(_));
            if may_lack && branch.each.is_none() { ty.clone().optional() } else { ty.clone() }
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
        .zip(each::documents(written))
        .map(|((branch, said), document)| {
            let around = Around { written, scope: &scope, seen, document };
            one(check, branch, said.as_ref(), &around, &mut used)
        })
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

/// What is around a branch.
struct Around<'r, 'a> {
    written: &'r ast::Aggregate,
    scope: &'r Scope<'r>,
    seen: &'r Seen<'r, 'a>,
    /// The number of the document for one of the values for each of which it is called.
    document: u16,
}

fn one(
    check: &mut Check<'_>,
    branch: &ast::Branch,
    said: Option<&Said>,
    around: &Around<'_, '_>,
    used: &mut BTreeSet<String>,
) -> Option<Branch> {
    let Around { written, seen, document, .. } = *around;
    let mut own = Scope::within(around.scope);
    let each = branch.each.as_ref().map(|each| each::each(check, each, document, &mut own));
    let scope = if each.is_some() { &own } else { around.scope };
    let method = sent::method(check, branch);
    let name = &branch.upstream;
    let is_known = check.names.find(Space::Upstream, &name.text).is_some();
    if !is_known && !check.is_torn {
        let problem = problem::unknown_upstream(&name.text, name.span, check.names.all(Space::Upstream));
        check.problems.push(problem);
    }
    let (target, names) = target::asked(check, &branch.path, (seen.pattern, scope));
    used.extend(names);
    let sent = sent::sent(check, branch, scope);
    if let (Some(written), Some(Some(_))) = (&branch.each, &each)
        && !own.is_used(&written.name.text)
    {
        check.problems.push(problem::unused_element(&written.name.text, written.name.span));
    }
    let within = branch.within.as_ref().and_then(duration);
    if let (Some(own), Some(whole), Some(value)) = (within, duration(&written.within), &branch.within)
        && own > whole
    {
        check.problems.push(problem::branch_outlasts(&branch.name.text, value.span, written.within.span));
    }
    let own_ty = said.map(|said| each::answer(check, branch, &said.ty));
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
        _ if branch.each.is_some() => each::DEFAULT_MAX,
        _ => DEFAULT_MAX,
    };
    each::bounded(check, branch, max);
    let failure = match &branch.failure {
        ast::Failure::Required(passed) => {
            Failure::Required(passed.iter().map(|status| status.code).collect())
        }
        ast::Failure::Skip(_) => Failure::Skip,
        ast::Failure::Value(value) => {
            let mut text = String::new();
            if let Err(problem) = as_json(value, own_ty.flatten()?, &mut text) {
                check.problems.push(*problem);
            }
            Failure::Value(text)
        }
    };
    let upstream = seen.upstreams.iter().position(|known| known.name.text == name.text)?;
    let steps = step::of_branch(check, (seen.upstreams.get(upstream)?, seen.upstreams), seen.nested);
    let (name, place) = (branch.name.text.clone(), check.lines.place(branch.span));
    let (Said { ty, is_optional }, needs) = (said?, Vec::new());
    let mut found = Branch {
        name,
        place,
        each: each.map_or(Some(None), |each| each.map(Some))?,
        upstream,
        steps,
        method: method?,
        target,
        sent: sent?,
        ty: ty.clone(),
        is_optional: *is_optional,
        within,
        max,
        failure,
        needs,
    };
    found.needs = reads(found.functions());
    // What the call is for is no answer.
    found.needs.retain(|need| *need < written.branches.len());
    Some(found)
}

fn duration(value: &Value) -> Option<std::time::Duration> {
    if let ValueKind::Duration(time) = value.kind { Some(time) } else { None }
}

/// The places of the branches whose values these are made of.
fn reads<'f>(functions: impl Iterator<Item = &'f Function>) -> Vec<usize> {
    let mut found = BTreeSet::new();
    functions.for_each(|function| documents(&function.expr, &mut found));
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
    let mut done: BTreeSet<usize> = BTreeSet::new();
    for start in 0..needs.len() {
        if let Some(circle) = circle(&needs, start, &mut Vec::new(), &mut done) {
            let next = circle.iter().cycle().skip(1);
            let shown: Vec<(&str, Span)> = circle
                .iter()
                .zip(next)
                .filter_map(|(at, next)| {
                    let (branch, found) = (written.branches.get(*at)?, branches.get(*at)?.as_ref()?);
                    Some((branch.name.text.as_str(), reader(branch, found, *next)))
                })
                .collect();
            check.problems.push(problem::aggregate_cycle(&shown));
        }
    }
}

/// What of a branch reads another one: its path, or what it sends.
fn reader(written: &ast::Branch, branch: &Branch, other: usize) -> Span {
    let does = |function: &Function| reads(std::iter::once(function)).contains(&other);
    if branch.target.iter().filter_map(Piece::function).any(does) {
        return written.path.span;
    }
    if let (Some(each), Some(found)) = (&written.each, &branch.each)
        && does(&found.list)
    {
        return each.list.span;
    }
    let headers = written.sent.iter().flat_map(|sent| &sent.headers).zip(&branch.sent.headers);
    let mut headers = headers.filter(|(_, (_, function))| does(function));
    let body = || Some(written.sent.as_ref()?.body.as_ref()?.1.span);
    headers.next().map(|((_, _, value), _)| value.span).or_else(body).unwrap_or(written.path.span)
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
