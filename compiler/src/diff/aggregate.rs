//! Calls that become one answer: which of them are made otherwise, and what clients are told otherwise.

use std::cmp::Ordering;

use gatewright_dsl::schema::Value;

use super::Class;
use super::content::{Both, reads_captures};
use super::part::{Pair, draft, is_same_chain};
use super::setting::Draft;
use crate::checked::Failure;
use crate::ir::expr::Kind;
use crate::ir::{self, Branch};
use crate::routes::aggregate::failure;
use crate::routes::written::in_full;
use crate::ty::Ty;
use crate::ty::inclusion::{self, Held, Wire};

/// Two programs, of which each has such calls.
#[derive(Clone, Copy)]
pub(super) struct Compared<'a> {
    pub(super) pair: &'a Pair<'a>,
    pub(super) both: Both<'a>,
}

impl Compared<'_> {
    /// Whether the same is asked and answered.
    pub(super) fn is_same(&self, a: &ir::Aggregate, b: &ir::Aggregate) -> bool {
        let ir::Aggregate { within, branches, answer } = a;
        *within == b.within
            && self.both.functions(*answer, b.answer)
            && branches.len() == b.branches.len()
            && branches
                .iter()
                .zip(&b.branches)
                .all(|(a, b)| self.asks_alike(a, b) && self.is_read_alike(a, b) && a.needs == b.needs)
    }

    /// What is otherwise, one by one.
    pub(super) fn changes(&self, a: &ir::Aggregate, b: &ir::Aggregate) -> Vec<Draft> {
        let ir::Aggregate { within, branches, answer: _ } = a;
        let mut drafts = Vec::new();
        if *within != b.within {
            let class = if b.within > *within { Class::Widening } else { Class::Narrowing };
            let what = format!(
                "`aggregate within` was `{}`, and is `{}`",
                Value::Duration(*within),
                Value::Duration(b.within)
            );
            drafts.push(draft(class, "aggregate_within", what));
        }
        for old in branches {
            if let Some(new) = b.branches.iter().find(|new| new.name == old.name) {
                drafts.extend(self.branch((a, old), (b, new)));
            } else {
                let what = format!("`{}` is not asked for any more", old.name);
                drafts.push(draft(Class::Changed, "branch_removed", what));
            }
        }
        for new in b.branches.iter().filter(|new| branches.iter().all(|old| old.name != new.name)) {
            let what = format!("`{}` is asked for too", new.name);
            drafts.push(draft(Class::Changed, "branch_added", what));
        }
        drafts.extend(self.answer(a, b));
        drafts
    }

    fn branch(
        &self,
        (of, a): (&ir::Aggregate, &Branch),
        (other, b): (&ir::Aggregate, &Branch),
    ) -> Vec<Draft> {
        let waits_for = |aggregate: &ir::Aggregate, branch: &Branch| -> Vec<String> {
            let names = branch.needs.iter().filter_map(|at| aggregate.branches.get(*at));
            names.map(|needed| needed.name.clone()).collect()
        };
        let mut drafts = Vec::new();
        let name = &a.name;
        if !self.asks_alike(a, b) || waits_for(of, a) != waits_for(other, b) {
            let what = format!("`{name}` is asked for in another way");
            drafts.push(draft(Class::Changed, "branch_asks", what));
        }
        if let (Some(old), Some(new)) = (&self.ty(a, true), &self.ty(b, false))
            && old != new
        {
            // Of what servers say, less is understood, or more.
            let class = match inclusion::compared(old, new, Wire::Loose) {
                Held::Same => Class::Neutral,
                Held::More => Class::Widening,
                Held::Fewer => Class::Narrowing,
                Held::Unknown => Class::Changed,
            };
            let what = format!("`{name}` was read as `{}`, and is read as `{}`", read(old), read(new));
            drafts.push(draft(class, "branch_type", what));
        }
        let limits = [
            (
                "within",
                a.within.map(Value::Duration),
                b.within.map(Value::Duration),
                longer(a.within, b.within),
            ),
            ("max", Some(Value::Size(a.max)), Some(Value::Size(b.max)), b.max.cmp(&a.max)),
        ];
        for (word, old, new, order) in limits.into_iter().filter(|(_, old, new, _)| old != new) {
            let text =
                |limit: Option<Value>| limit.map_or_else(|| "not written".to_owned(), |it| format!("`{it}`"));
            let class = if order == Ordering::Less { Class::Narrowing } else { Class::Widening };
            let what = format!("`{word}` of `{name}` was {}, and is {}", text(old), text(new));
            drafts.push(draft(class, "branch_limit", what));
        }
        if a.failure != b.failure {
            let class = match (&a.failure, &b.failure) {
                (Failure::Value(_) | Failure::Skip, Failure::Required(_)) => Class::Breaking,
                (Failure::Required(_), Failure::Value(_) | Failure::Skip) => Class::Widening,
                _ => Class::Changed,
            };
            let what = format!("`{name}` was `{}`, and is `{}`", failure(&a.failure), failure(&b.failure));
            drafts.push(draft(class, "branch_failure", what));
        }
        drafts
    }

    /// What clients are told. Who knows the fields that were there passes over further ones.
    fn answer(&self, a: &ir::Aggregate, b: &ir::Aggregate) -> Option<Draft> {
        let (old, new) = (self.both.a.program, self.both.b.program);
        let ty = |program: &'_ ir::Program, answer: usize| {
            program.functions.exprs.get(answer).map(|function| function.expr.ty.clone())
        };
        if self.both.functions(a.answer, b.answer) {
            return None;
        }
        let (from, to) = (ty(old, a.answer)?, ty(new, b.answer)?);
        if from == to {
            let what = "its answer is made in another way".to_owned();
            return Some(draft(Class::Changed, "answer", what));
        }
        let class = match inclusion::compared(&to, &from, Wire::Loose) {
            Held::Same | Held::More if self.only_adds(a.answer, b.answer) => Class::Widening,
            Held::Same | Held::More | Held::Unknown => Class::Changed,
            Held::Fewer => Class::Breaking,
        };
        let what = format!("its answer was `{}`, and is `{}`", in_full(&from), in_full(&to));
        Some(draft(class, "answer", what))
    }

    /// Whether the second answer is the first with further fields.
    fn only_adds(&self, a: usize, b: usize) -> bool {
        let kind = |program: &'_ ir::Program, number: usize| {
            program.functions.exprs.get(number).map(|function| function.expr.kind.clone())
        };
        match (kind(self.both.a.program, a), kind(self.both.b.program, b)) {
            (Some(Kind::Record(a)), Some(Kind::Record(b))) => a.iter().all(|(name, value)| {
                b.iter().any(|(other, now)| other == name && now == value && !reads_captures(value))
            }),
            _ => false,
        }
    }

    fn asks_alike(&self, a: &Branch, b: &Branch) -> bool {
        let Branch {
            name,
            each,
            upstream,
            chain,
            record,
            method,
            target,
            headers,
            body,
            // These are of what is read, and of how long it is waited for.
            shape: _,
            is_optional: _,
            within: _,
            max: _,
            failure: _,
            needs: _,
        } = a;
        let both = &self.both;
        let same_each = match (each, &b.each) {
            (Some(a), Some(b)) => {
                both.functions(a.list, b.list)
                    && (&a.name, a.document, a.most) == (&b.name, b.document, b.most)
            }
            (a, b) => a.is_none() && b.is_none(),
        };
        is_same_chain(both, (*chain, *record), (b.chain, b.record))
            && same_each
            && *name == b.name
            && *method == b.method
            && self.pair.is_same_upstream(*upstream, b.upstream)
            && both.pieces(target, &b.target)
            && headers.len() == b.headers.len()
            && headers.iter().zip(&b.headers).all(|(a, b)| a.0 == b.0 && both.functions(a.1, b.1))
            && match (body, b.body) {
                (Some(a), Some(b)) => both.functions(*a, b),
                (a, b) => a.is_none() && b.is_none(),
            }
    }

    fn is_read_alike(&self, a: &Branch, b: &Branch) -> bool {
        self.ty(a, true) == self.ty(b, false)
            && (&a.within, &a.max, &a.failure) == (&b.within, &b.max, &b.failure)
    }

    fn ty(&self, branch: &Branch, is_a: bool) -> Option<Ty> {
        let program = if is_a { self.both.a.program } else { self.both.b.program };
        branch.ty(&program.functions)
    }
}

/// Whether the second waits longer than the first; without a limit, for as long as the whole does.
fn longer<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.cmp(&a),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// What is read of an answer; what else stands there is passed over in any case.
fn read(ty: &Ty) -> String {
    in_full(ty).trim_end_matches(" open").to_owned()
}
