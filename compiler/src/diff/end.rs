//! What is done at the end of a route, or of an arm of a `match`, otherwise than before; and how what is asked there is called.

use std::collections::{BTreeMap, BTreeSet};

use super::content::Both;
use super::part::{Pair, draft};
use super::setting::{Compared, Draft, Link, Setting};
use super::told::Answers;
use super::{Class, Meaning, Said, aggregate};
use crate::checked::{Handler, Told};
use crate::ir::{self, EndKind, Reach, Trails};
use crate::routes::expr::Reader;
use crate::routes::written;
use gatewright_dsl::schema::Value;

/// A chain with one of its records, and where what it says is written.
pub(super) struct Way<'a> {
    pub(super) chain: usize,
    pub(super) record: usize,
    pub(super) trails: &'a Trails,
    pub(super) told: &'a Told,
    /// Where its arms and its branches are.
    pub(super) reach: Option<&'a Reach>,
    pub(super) said: Said,
}

impl<'a> Way<'a> {
    /// Of a route, which is shown as this.
    pub(super) fn of(route: &'a ir::Route, said: Said) -> Self {
        let ir::Route { chain, record, trails, told, reach, .. } = route;
        Self { chain: *chain, record: *record, trails, told, reach: Some(reach), said }
    }
}

/// What is done otherwise.
#[derive(Default)]
pub(super) struct Found {
    pub(super) drafts: Vec<Draft>,
    pub(super) links: Vec<Link>,
}

/// Ways of two programs.
#[derive(Clone, Copy)]
pub(super) struct Ways<'a> {
    pub(super) pair: &'a Pair<'a>,
    pub(super) both: Both<'a>,
    pub(super) readers: (&'a Reader<'a>, &'a Reader<'a>),
}

impl<'a> Ways<'a> {
    /// What the second does otherwise than the first.
    pub(super) fn changes(&self, a: &Way<'a>, b: &Way<'a>) -> Found {
        let mut found = self.ends(a, b);
        let settings = self.settings((a.chain, a.record, a.trails), (b.chain, b.record, b.trails));
        found.drafts.extend(settings.drafts);
        found.links.extend(settings.links);
        found
    }

    /// Which settings are otherwise: of a route, or of a call.
    pub(super) fn settings(&self, a: (usize, usize, &'a Trails), b: (usize, usize, &'a Trails)) -> Found {
        let mut compared = Compared::new(self.both, self.readers);
        let all = |program: &'a ir::Program, (chain, record, trails): (usize, usize, &'a Trails)| {
            let Some((chain, record)) =
                program.chains.get(chain).and_then(|chain| Some((chain, chain.records.get(record)?)))
            else {
                return Vec::new();
            };
            let steps = chain.steps.iter().zip(record).zip(trails);
            let settings = steps.filter_map(|((table, config), trails)| {
                let table = program.steps.get(*table)?;
                Some(Setting::of_step(&self.pair.policies(table.home), table.configs.get(*config)?, trails))
            });
            settings.flatten().collect::<Vec<_>>()
        };
        compared.settings(&all(self.both.a.program, a), &all(self.both.b.program, b));
        Found { drafts: compared.drafts, links: compared.links }
    }

    fn ends(&self, a: &Way<'a>, b: &Way<'a>) -> Found {
        let end = |program: &'a ir::Program, way: &Way<'a>| {
            let chain = program.chains.get(way.chain)?;
            Some((chain.end?, *chain.records.get(way.record)?.last()?))
        };
        let (own, others) = (&self.both.a.program.ends, &self.both.b.program.ends);
        let drafts = match (end(self.both.a.program, a), end(self.both.b.program, b)) {
            (Some((EndKind::Forward, x)), Some((EndKind::Forward, y))) => {
                match (own.forwards.get(x), others.forwards.get(y)) {
                    (Some(x), Some(y)) if self.is_same_forward(x, y) => Vec::new(),
                    _ => self.terminal(a, b),
                }
            }
            (Some((EndKind::Redirect, x)), Some((EndKind::Redirect, y))) => {
                match (own.redirects.get(x), others.redirects.get(y)) {
                    (Some((x, from)), Some((y, to))) if x == y && self.both.pieces(from, to, None) => {
                        Vec::new()
                    }
                    _ => self.terminal(a, b),
                }
            }
            (Some((EndKind::Respond, x)), Some((EndKind::Respond, y))) => {
                let mut answers = self.answers(a, b);
                if let (Some(x), Some(y)) = (own.responds.get(x), others.responds.get(y)) {
                    answers.responds(x, y);
                }
                answers.drafts
            }
            (Some((EndKind::Aggregate, x)), Some((EndKind::Aggregate, y))) => {
                match (own.aggregates.get(x), others.aggregates.get(y)) {
                    (Some(x), Some(y)) => return aggregate::changes(self, (a, x), (b, y)),
                    _ => self.terminal(a, b),
                }
            }
            (Some((EndKind::Handler, x)), Some((EndKind::Handler, y))) => {
                match (own.handlers.get(x), others.handlers.get(y)) {
                    (Some(x), Some(y)) => self.handlers((a, x), (b, y)),
                    _ => self.terminal(a, b),
                }
            }
            (Some((EndKind::Match, x)), Some((EndKind::Match, y))) => {
                match (own.matches.get(x), others.matches.get(y)) {
                    (Some(x), Some(y)) => return self.matches((a, x), (b, y)),
                    _ => self.terminal(a, b),
                }
            }
            _ => self.terminal(a, b),
        };
        Found { drafts, links: Vec::new() }
    }

    /// It ends in another way.
    fn terminal(&self, a: &Way<'a>, b: &Way<'a>) -> Vec<Draft> {
        let (old, new) = (self.shown(0, a), self.shown(1, b));
        let what = if old == new {
            format!("`{old}` is done in another way")
        } else {
            format!("`{old}` became `{new}`")
        };
        vec![said(draft(Class::Breaking, "terminal", what), a, b)]
    }

    /// How one of the first program ends, or one of the second, as it would be written.
    fn shown(&self, side: usize, way: &Way<'a>) -> String {
        self.end(side, way.chain, way.record)
    }

    fn end(&self, side: usize, chain: usize, record: usize) -> String {
        let (meaning, reader) = self.side(side);
        meaning.plan.end(chain, record, reader)
    }

    fn side(&self, side: usize) -> (&'a Meaning, &'a Reader<'a>) {
        if side == 0 { (self.pair.before, self.readers.0) } else { (self.pair.after, self.readers.1) }
    }

    pub(super) fn answers(&self, a: &Way<'a>, b: &Way<'a>) -> Answers<'a> {
        let whole = (self.shown(0, a), self.shown(1, b));
        Answers { both: self.both, readers: self.readers, told: (a.told, b.told), whole, drafts: Vec::new() }
    }

    fn is_same_forward(
        &self,
        (a, from): &(usize, Option<Vec<ir::Piece>>),
        (b, to): &(usize, Option<Vec<ir::Piece>>),
    ) -> bool {
        self.pair.is_same_upstream(*a, *b)
            && match (from, to) {
                (Some(from), Some(to)) => self.both.pieces(from, to, None),
                (from, to) => from.is_none() && to.is_none(),
            }
    }

    fn handlers(&self, (a, old): (&Way<'a>, &Handler), (b, new): (&Way<'a>, &Handler)) -> Vec<Draft> {
        let Handler { path, span: _, place: _, arguments, within } = old;
        let is_same = *path == new.path
            && arguments.len() == new.arguments.len()
            && arguments.iter().zip(&new.arguments).all(|(a, b)| self.both.alike(a, b, None) && a.ty == b.ty);
        if !is_same {
            return self.terminal(a, b);
        }
        if *within == new.within {
            return Vec::new();
        }
        let class = if new.within > *within { Class::Widening } else { Class::Narrowing };
        let (old, new) = (Value::Duration(*within), Value::Duration(new.within));
        let what = format!("`handler {} within` was `{old}`, and is `{new}`", path.join("::"));
        vec![said(draft(class, "handler_within", what), a, b)]
    }

    /// For each value, what is done otherwise. In which order the arms stand means nothing.
    fn matches(&self, (a, old): (&Way<'a>, &'a ir::Match), (b, new): (&Way<'a>, &'a ir::Match)) -> Found {
        let mut found = Found::default();
        let is_same_type = self.ty(0, old.on) == self.ty(1, new.on);
        let on = (self.readers.0.function(old.on), self.readers.1.function(new.on));
        if !self.both.same(old.on, new.on, None) {
            let what = if on.0 == on.1 {
                format!("`match {}` asks in another way", on.0)
            } else {
                format!("`match {}` became `match {}`", on.0, on.1)
            };
            found.drafts.push(said(draft(Class::Breaking, "match_on", what), a, b));
            if !is_same_type {
                return found;
            }
        }
        let (before, after) = (arms(old), arms(new));
        // Values of which the same becomes of the same are said together; the last is every other one.
        let mut fates: BTreeMap<(Option<usize>, Option<usize>), Vec<String>> = BTreeMap::new();
        let values: BTreeSet<&String> = before.keys().chain(after.keys()).copied().flatten().collect();
        for value in values.into_iter().map(Some).chain([None]) {
            let of = |arms: &BTreeMap<Option<&String>, usize>| {
                arms.get(&value).or_else(|| arms.get(&None)).copied()
            };
            fates.entry((of(&before), of(&after))).or_default().extend(value.cloned());
        }
        let mut is_turned = false;
        for ((own, other), values) in fates {
            let of = |side: usize, values: &[String]| {
                let (program, on) =
                    if side == 0 { (self.both.a.program, old.on) } else { (self.both.b.program, new.on) };
                written::values(values, &program.functions, on)
            };
            let arm = |way: &Way<'a>, of: &'a ir::Match, side, at: Option<usize>| {
                at.and_then(|at| Some(self.arm(side, way, at, of.arms.get(at)?)))
            };
            match (arm(a, old, 0, own), arm(b, new, 1, other)) {
                (Some(x), Some(y)) => {
                    // What is said of a call is nothing to an arm that makes none.
                    let is_alike = self.kind(0, &x) == self.kind(1, &y);
                    let told = if is_alike { self.changes(&x, &y) } else { self.ends(&x, &y) };
                    let values = of(1, &values);
                    let turned =
                        |draft: Draft| Draft { what: format!("for `{values}`: {}", draft.what), ..draft };
                    is_turned |= told.drafts.is_empty() && !is_same_arm((old, own), (new, other));
                    found.drafts.extend(told.drafts.into_iter().map(turned));
                    found.links.extend(told.links);
                }
                (Some(x), None) => {
                    let (values, end) = (of(0, &values), self.shown(0, &x));
                    // Where each value is named now, nothing else is left.
                    let is_left = values != "else" || !is_same_type;
                    let what = format!("`{values}` is gone: it was `{end}`");
                    let gone = draft(Class::Breaking, "arm_removed", what).said(vec![x.said], Vec::new());
                    found.drafts.extend(is_left.then_some(gone));
                    is_turned |= !is_left;
                }
                (None, Some(y)) => {
                    let (values, end) = (of(1, &values), self.shown(1, &y));
                    let is_left = values != "else" || !is_same_type;
                    let what = format!("`{values}` is new: `{end}`");
                    let added = draft(Class::Widening, "arm_added", what).said(Vec::new(), vec![y.said]);
                    found.drafts.extend(is_left.then_some(added));
                    is_turned |= !is_left;
                }
                (None, None) => {}
            }
        }
        if found.drafts.is_empty() && is_turned {
            let what = "its arms are written in another way, and do the same".to_owned();
            found.drafts.push(said(draft(Class::Neutral, "arms", what), a, b));
        }
        found
    }

    fn ty(&self, side: usize, on: usize) -> Option<&'a crate::ty::Ty> {
        let program = if side == 0 { self.both.a.program } else { self.both.b.program };
        program.functions.exprs.get(on).map(|function| &function.expr.ty)
    }

    fn kind(&self, side: usize, way: &Way<'a>) -> Option<EndKind> {
        let program = if side == 0 { self.both.a.program } else { self.both.b.program };
        program.chains.get(way.chain)?.end
    }

    fn arm(&self, side: usize, way: &Way<'a>, at: usize, arm: &'a ir::Arm) -> Way<'a> {
        let ir::Arm { values: _, chain, record, trails, told } = arm;
        let known = way.reach.and_then(|reach| reach.arms.get(at));
        let said = known.map_or_else(
            || way.said.clone(),
            |known| Said::of(format!("{} {}", known.shown, self.end(side, *chain, *record)), &known.place),
        );
        Way { chain: *chain, record: *record, trails, told, reach: None, said }
    }
}

/// For each value the number of its arm, and for none that of every other value.
fn arms(of: &ir::Match) -> BTreeMap<Option<&String>, usize> {
    let mut found = BTreeMap::new();
    for (at, arm) in of.arms.iter().enumerate() {
        found.extend(arm.values.iter().map(|value| (Some(value), at)));
        if arm.values.is_empty() {
            found.insert(None, at);
        }
    }
    found
}

/// Whether two arms are for the same values.
fn is_same_arm((a, own): (&ir::Match, Option<usize>), (b, other): (&ir::Match, Option<usize>)) -> bool {
    let values = |of: &ir::Match, at: Option<usize>| {
        let arm = at.and_then(|at| of.arms.get(at));
        arm.map(|arm| arm.values.iter().cloned().collect::<BTreeSet<_>>())
    };
    values(a, own) == values(b, other)
}

fn said(draft: Draft, a: &Way<'_>, b: &Way<'_>) -> Draft {
    draft.said(vec![a.said.clone()], vec![b.said.clone()])
}
