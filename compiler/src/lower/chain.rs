//! Gives each route its chain and its record: routes with the same sequence of steps share a chain, and values that are
//! equal are kept once.
//!
//! It names no policy; what a configuration holds follows from its row.

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::schema::{Default as Standing, Param, Type, Values};

use crate::checked::{End, Route};
use crate::ir::{Chain, EndKind, Ends, Field, StepTable};

#[derive(Default)]
pub(super) struct Chains {
    pub(super) all: Vec<Chain>,
    pub(super) steps: Vec<StepTable>,
    pub(super) ends: Ends,
    pub(super) features: BTreeSet<&'static str>,
    chain_of: BTreeMap<(Vec<usize>, EndKind), usize>,
    step_of: BTreeMap<&'static str, usize>,
    config_of: BTreeMap<(usize, String), usize>,
    record_of: BTreeMap<(usize, Vec<usize>), usize>,
    end_of: BTreeMap<End, usize>,
}

impl Chains {
    /// The chain of a route, and its record there.
    pub(super) fn place(&mut self, route: Route) -> (usize, usize) {
        let mut steps = Vec::new();
        let mut record = Vec::new();
        for step in &route.steps {
            self.features.extend(step.policy.feature);
            let (table, config) = self.config(step.policy.home, fields(step.policy.params, &step.values));
            steps.push(table);
            record.push(config);
        }
        let (kind, end) = self.end(route.end);
        record.push(end);
        let chain = *self.chain_of.entry((steps.clone(), kind)).or_insert_with(|| {
            self.all.push(Chain { steps, end: kind, records: Vec::new(), place: route.place });
            self.all.len() - 1
        });
        (chain, self.record(chain, record))
    }

    fn config(&mut self, home: &'static str, fields: Vec<Field>) -> (usize, usize) {
        let table = *self.step_of.entry(home).or_insert_with(|| {
            self.steps.push(StepTable { home, configs: Vec::new() });
            self.steps.len() - 1
        });
        // Values have no order of their own; their debug form tells any two apart.
        let config = *self.config_of.entry((table, format!("{fields:?}"))).or_insert_with(|| {
            let configs = self.steps.get_mut(table).map(|table| &mut table.configs);
            configs.map_or(0, |configs| push(configs, fields))
        });
        (table, config)
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
        };
        let ends = &mut self.ends;
        let index = *self.end_of.entry(end.clone()).or_insert_with(|| match end {
            End::Forward { upstream, target } => push(&mut ends.forwards, (upstream, target)),
            End::Respond { status, body } => push(&mut ends.responds, (status, body)),
            End::Redirect { status, location } => push(&mut ends.redirects, (status, location)),
        });
        (kind, index)
    }
}

/// Adds an entry and says where it stands.
fn push<T>(table: &mut Vec<T>, entry: T) -> usize {
    table.push(entry);
    table.len() - 1
}

/// What the runtime's type holds: a field for each parameter, but none for a word without an alternative.
fn fields(params: &[Param], values: &Values) -> Vec<Field> {
    let telling = params.iter().filter(|param| !matches!(param.ty, Type::Word([] | [_])));
    let field = |param: &Param| {
        let value = values.value(param.name)?.clone();
        Some(Field { name: param.name, optional: param.default == Standing::Absent, value })
    };
    telling.filter_map(field).collect()
}
