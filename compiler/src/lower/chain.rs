//! Gives each route its chain and its record: routes with the same sequence of steps share a chain, and values that are
//! equal are kept once.
//!
//! It names no policy; what a configuration holds follows from its row.

use std::collections::BTreeMap;

use gatewright_dsl::Span;
use gatewright_dsl::policy::{Hook, Policy};
use gatewright_dsl::schema::Value;

use super::config;
use super::expr::Expressions;
use super::order::{self, Unit};
use crate::checked::{self, End, Route, Step};
use crate::ir::{
    self, Aggregate, Arm, Branch, Call, Chain, Content, Each, EndKind, Ends, Field, Match, Piece, Respond,
    Said, StepTable, Trails,
};
use crate::ty::{Range, Ty};

/// What an aggregation needs of the runtime.
const AGGREGATE_FEATURE: &str = "json";

/// What a function of the operator's needs of it.
const HANDLER_FEATURE: &str = "handler";

#[derive(Default)]
pub(super) struct Chains {
    pub(super) all: Vec<Chain>,
    pub(super) steps: Vec<StepTable>,
    pub(super) ends: Ends,
    /// What is only known to fit when the gateway starts.
    pub(super) fits: Vec<ir::Fit>,
    /// Each with the first setting that needs it.
    pub(super) features: BTreeMap<&'static str, Option<Span>>,
    pub(super) states: Vec<&'static str>,
    pub(super) expressions: Expressions,
    /// How many routes have been placed.
    placed: usize,
    chain_of: BTreeMap<(Vec<usize>, Option<EndKind>), usize>,
    step_of: BTreeMap<&'static str, usize>,
    config_of: BTreeMap<(usize, String), usize>,
    record_of: BTreeMap<(usize, Vec<usize>), usize>,
    end_of: BTreeMap<End, usize>,
    state_of: BTreeMap<(Vec<Span>, Option<usize>), usize>,
}

/// Where a route has its steps.
pub(super) struct Placed {
    pub(super) chain: usize,
    pub(super) record: usize,
    pub(super) trails: Trails,
}

impl Chains {
    /// The chain of a route, and its record there.
    pub(super) fn place(&mut self, route: Route) -> Placed {
        let (steps, mut record, trails) = self.steps(route.steps);
        self.fits(&steps, &record);
        let (kind, end) = match (route.aggregate, route.arms) {
            (Some(aggregate), _) => (EndKind::Aggregate, self.aggregate(*aggregate)),
            (None, Some(arms)) => (EndKind::Match, self.match_on(*arms, &route.place)),
            (None, None) => self.end(route.end),
        };
        record.push(end);
        self.placed += 1;
        let (chain, record) = self.chain(steps, Some(kind), record, Some(route.place));
        Placed { chain, record, trails }
    }

    /// The arms of the `match` with which this record of a chain ends, if it ends so.
    pub(super) fn arms(&self, chain: usize, record: usize) -> &[Arm] {
        let chain = self.all.get(chain).filter(|chain| chain.end == Some(EndKind::Match));
        let end = chain.and_then(|chain| chain.records.get(record)?.last());
        let found = end.and_then(|end| self.ends.matches.get(*end));
        found.map(|found| found.arms.as_slice()).unwrap_or_default()
    }

    /// Chain and record of exchanges that no route has, where there is anything to do for them.
    pub(super) fn outside(&mut self, steps: Vec<Step>) -> Option<(usize, usize)> {
        let (steps, record, _) = self.steps(steps);
        (!steps.is_empty()).then(|| self.chain(steps, None, record, None))
    }

    /// An upstream, and what its parts say.
    pub(super) fn upstream(&mut self, upstream: checked::Upstream) -> ir::Upstream {
        let checked::Upstream { name, servers, parts, split, identity } = upstream;
        let part = |part: checked::Part| {
            let checked::Part { policy, step } = part;
            if let Some(step) = &step {
                self.need(step);
            }
            let trails = step.as_ref().map(|step| step.trails.clone()).unwrap_or_default();
            let config = step.map(|step| config::fields(&step, &mut self.expressions));
            let Policy { name, home, always, depends, .. } = *policy;
            ir::Part { name, home, always, depends, config, trails }
        };
        let parts = parts.into_iter().map(part).collect();
        let split = split.map(|split| {
            let checked::Split { by, shares } = split;
            let by = by.map(|(by, trail)| (self.expressions.number(&by), trail));
            let share = |share: checked::Share| {
                let checked::Share { upstream, weight, pin, trail } = share;
                let pin = pin.map(|pin| self.expressions.number(&pin));
                ir::Share { upstream, weight, pin, trail }
            };
            ir::Split { by, shares: shares.into_iter().map(share).collect() }
        });
        ir::Upstream { name, servers, parts, identity, split }
    }

    /// How it is found out who asks.
    pub(super) fn auth(&mut self, auth: checked::Auth) -> ir::Auth {
        let checked::Auth { name, span, kind, words, claims, logged: _, calls } = auth;
        self.features.entry(kind.feature).or_insert(Some(span));
        let items = config::words(&words, &mut self.expressions);
        let claim = |claim: checked::Claim| {
            let (required, ty) = (claim.is_required(), claim.ty.present().0.clone());
            let (item, many) =
                if let Ty::List(item, _) = &ty { ((**item).clone(), true) } else { (ty, false) };
            let check = self.expressions.check(&item);
            let checked::Claim { name, wire, inside, default, .. } = claim;
            ir::Claim { name, wire, inside, required, many, check, expected: item.to_string(), default }
        };
        let claims = claims.into_iter().map(claim).collect();
        let calls = calls.into_iter().map(|call| self.call(call.upstream, call.steps).0).collect();
        ir::Auth { name, home: kind.home, claims, items, calls, depends: kind.depends }
    }

    /// A call of the gateway's own to an upstream: with a chain of its own.
    fn call(&mut self, upstream: usize, steps: Vec<Step>) -> (Call, Trails) {
        let (steps, record, trails) = self.steps(steps);
        self.fits(&steps, &record);
        let (chain, record) = self.chain(steps, Some(EndKind::Branch), record, None);
        (Call { upstream, chain, record }, trails)
    }

    /// What is done for each value of something: each way with a chain of its own.
    fn match_on(&mut self, found: checked::Match, place: &checked::Place) -> usize {
        let on = self.expressions.number(&found.on);
        let mut arms = Vec::with_capacity(found.arms.len());
        for checked::Arm { values, steps, end, told, .. } in found.arms {
            let (steps, mut record, trails) = self.steps(steps);
            self.fits(&steps, &record);
            let (kind, end) = self.end(end);
            record.push(end);
            let (chain, record) = self.chain(steps, Some(kind), record, Some(place.clone()));
            arms.push(Arm { values, chain, record, trails, told });
        }
        push(&mut self.ends.matches, Match { on, arms })
    }

    /// Several calls that become one answer: each with a chain of its own.
    fn aggregate(&mut self, aggregate: checked::Aggregate) -> usize {
        self.features.entry(AGGREGATE_FEATURE).or_default();
        let checked::Aggregate { within, branches, answer } = aggregate;
        let mut calls = Vec::with_capacity(branches.len());
        for branch in branches {
            let checked::Branch {
                name,
                each,
                upstream,
                steps,
                method,
                target,
                sent,
                ty,
                is_optional,
                within,
                max,
                failure,
                needs,
                ..
            } = branch;
            let (Call { upstream, chain, record }, trails) = self.call(upstream, steps);
            let target = pieces(target, &mut self.expressions);
            let headers = sent
                .headers
                .into_iter()
                .map(|(name, value)| (name, self.expressions.number(&value)))
                .collect();
            let body = sent.body.map(|body| self.expressions.number(&body));
            let shape = self.expressions.shape(&ty);
            let each = each.map(|each| self.each(each, &ty));
            calls.push(Branch {
                name,
                each,
                upstream,
                chain,
                record,
                trails,
                method,
                target,
                headers,
                body,
                shape,
                is_optional,
                within,
                max,
                failure,
                needs,
            });
        }
        let answer = self.expressions.number(&answer);
        push(&mut self.ends.aggregates, Aggregate { within, branches: calls, answer })
    }

    fn each(&mut self, each: checked::Each, ty: &Ty) -> Each {
        let checked::Each { name, document, list, ty: of, most } = each;
        let list = self.expressions.number(&list);
        let all = Ty::List(of.clone().into(), Range::ALL);
        // INVARIANT: what they become is a map.
        let answer = if let Ty::Map(item) = ty { item } else { ty };
        let shapes = [&all, &of, answer].map(|ty| self.expressions.shape(ty));
        Each { name, document, list, shapes, most, folds: of == Ty::Uuid }
    }

    fn chain(
        &mut self,
        steps: Vec<usize>,
        end: Option<EndKind>,
        record: Vec<usize>,
        place: Option<checked::Place>,
    ) -> (usize, usize) {
        let chain = *self
            .chain_of
            .entry((steps.clone(), end))
            .or_insert_with(|| push(&mut self.all, Chain { steps, end, records: Vec::new(), place }));
        (chain, self.record(chain, record))
    }

    /// For each step its table, its place there, and where its settings were written.
    fn steps(&mut self, steps: Vec<Step>) -> (Vec<usize>, Vec<usize>, Trails) {
        let units = order::order(steps);
        let placed = units.iter().filter_map(|unit| {
            let (table, config) = self.step(unit)?;
            let trails = unit.steps.iter().flat_map(|step| step.trails.iter().cloned());
            Some((table, config, trails.collect()))
        });
        placed.collect()
    }

    /// Notes the times of a route that must fit into others, where a parameter gives one of them. What is written on both sides
    /// has been looked at.
    fn fits(&mut self, steps: &[usize], record: &[usize]) {
        let all: Vec<(&StepTable, &Vec<Field>)> = steps
            .iter()
            .zip(record)
            .filter_map(|(table, config)| {
                let table = self.steps.get(*table)?;
                Some((table, table.configs.get(*config)?))
            })
            .collect();
        let content = |fields: &[Field], name: &str| {
            let content = &fields.iter().find(|field| field.name == name)?.content;
            match content {
                Content::Option(inner) => inner.as_deref().cloned(),
                other => Some(other.clone()),
            }
        };
        let mut found = Vec::new();
        for (table, own) in &all {
            for fit in table.fits {
                let of = all.iter().find(|(other, _)| other.home.rsplit("::").next() == Some(fit.of));
                let Some((part, whole)) =
                    of.and_then(|(_, of)| Some((content(of, fit.part)?, content(of, fit.whole)?)))
                else {
                    continue;
                };
                if [&part, &whole].iter().all(|time| matches!(time, Content::Is(_))) {
                    continue;
                }
                let more = match fit.times.and_then(|times| content(own, times)) {
                    Some(Content::Value(Value::Int(more))) => more,
                    _ => 0,
                };
                let names = [fit.part, fit.whole];
                found.push(ir::Fit { times: more + 1, of: fit.of, names, part, whole, route: self.placed });
            }
        }
        for fit in found {
            let is_same = |known: &ir::Fit| {
                (known.times, known.names, &known.part, &known.whole)
                    == (fit.times, fit.names, &fit.part, &fit.whole)
            };
            if !self.fits.iter().any(is_same) {
                self.fits.push(fit);
            }
        }
    }

    fn step(&mut self, unit: &Unit) -> Option<(usize, usize)> {
        let (first, policy) = (unit.steps.first()?, unit.policy()?);
        for step in &unit.steps {
            self.need(step);
        }
        let mut fields = if policy.merges {
            config::items(&unit.steps, &mut self.expressions)
        } else {
            config::fields(first, &mut self.expressions)
        };
        if let Some(state) = policy.state {
            let is_split = policy.split.is_some_and(|split| first.values.written(split).is_some());
            let number = self.state(state, first.origin.clone(), is_split.then_some(self.placed));
            fields.push(Field { name: "state", content: Content::State(number) });
        }
        let reading = policy.reads(&first.values);
        let home = reading.map_or(policy.home, |reading| reading.home);
        let table = *self.step_of.entry(home).or_insert_with(|| {
            let Policy { hooks, answers, depends, guard, fits, who, .. } = *policy;
            // Without a type nothing is kept of what goes through.
            let depends = if policy.reading.is_some() && reading.is_none() { &[] } else { depends };
            let hooks = if reading.is_some() { &[Hook::Request, Hook::Body] } else { hooks };
            let configs = Vec::new();
            push(&mut self.steps, StepTable { home, hooks, answers, depends, fits, guard, who, configs })
        });
        Some((table, self.config(table, fields)))
    }

    /// Notes what a step needs of the runtime.
    fn need(&mut self, step: &Step) {
        let reading = step.policy.reads(&step.values).map(|reading| reading.feature);
        for feature in step.policy.feature.into_iter().chain(reading) {
            let known = self.features.entry(feature).or_default();
            // What is written stands before what holds by itself.
            let first = known.iter().chain(step.origin.last()).min_by_key(|span| (span.file, span.start));
            *known = first.copied();
        }
    }

    /// The number of a state: one for each place where the setting is written, or for each route that has it.
    fn state(&mut self, ty: &'static str, origin: Vec<Span>, route: Option<usize>) -> usize {
        *self.state_of.entry((origin, route)).or_insert_with(|| push(&mut self.states, ty))
    }

    fn config(&mut self, table: usize, fields: Vec<Field>) -> usize {
        // Values have no order of their own; their debug form tells any two apart.
        *self.config_of.entry((table, format!("{fields:?}"))).or_insert_with(|| {
            let configs = self.steps.get_mut(table).map(|table| &mut table.configs);
            configs.map_or(0, |configs| push(configs, fields))
        })
    }

    fn record(&mut self, chain: usize, record: Vec<usize>) -> usize {
        *self.record_of.entry((chain, record.clone())).or_insert_with(|| {
            let records = self.all.get_mut(chain).map(|chain| &mut chain.records);
            records.map_or(0, |records| push(records, record))
        })
    }

    fn end(&mut self, end: End) -> (EndKind, usize) {
        let kind = match end {
            End::Forward { .. } => EndKind::Forward,
            End::Respond { .. } => EndKind::Respond,
            End::Redirect { .. } => EndKind::Redirect,
            End::Aggregate => EndKind::Aggregate,
            End::Handler(_) => EndKind::Handler,
            End::Match => EndKind::Match,
        };
        if let End::Handler(handler) = &end {
            let known = self.features.entry(HANDLER_FEATURE).or_default();
            // The first in the text, whatever order the routes have.
            *known = known.iter().chain([&handler.span]).min_by_key(|span| (span.file, span.start)).copied();
        }
        let (ends, expressions) = (&mut self.ends, &mut self.expressions);
        let index = *self.end_of.entry(end.clone()).or_insert_with(|| match end {
            End::Forward { upstream, target } => {
                let target = target.map(|target| pieces(target, expressions));
                push(&mut ends.forwards, (upstream, target))
            }
            End::Respond { status, body } => {
                let body = body.map(|(kind, said)| (kind, self::said(said, expressions)));
                push(&mut ends.responds, Respond { status, body })
            }
            End::Redirect { status, location } => {
                push(&mut ends.redirects, (status, pieces(location, expressions)))
            }
            // INVARIANT: what it ends with is said beside it, and has been placed.
            End::Aggregate | End::Match => 0,
            End::Handler(handler) => push(&mut ends.handlers, handler),
        });
        (kind, index)
    }
}

fn said(said: checked::Said, expressions: &mut Expressions) -> Said {
    match said {
        checked::Said::Text(text) => Said::Text(text),
        checked::Said::Expr(function) => Said::Expr(expressions.number(&function)),
    }
}

fn pieces(target: Vec<checked::Piece>, expressions: &mut Expressions) -> Vec<Piece> {
    let piece = |piece| match piece {
        checked::Piece::Text(text) => Piece::Text(text),
        checked::Piece::Capture(number) => Piece::Capture(number),
        checked::Piece::Value(function) => Piece::Value(expressions.number(&function)),
        checked::Piece::Query(function) => Piece::Query(expressions.number(&function)),
        checked::Piece::Asked => Piece::Asked,
    };
    target.into_iter().map(piece).collect()
}

/// Adds an entry and says where it stands.
fn push<T>(table: &mut Vec<T>, entry: T) -> usize {
    table.push(entry);
    table.len() - 1
}
