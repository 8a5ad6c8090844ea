//! The running order of a route's steps: by phase, then by the catalogue, outer blocks first, and nothing before what gives
//! it a name that it reads.
//!
//! Where lines stand decides nothing: of two steps that are alike in all this, the values decide.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gatewright_dsl::Policy;
use gatewright_dsl::ast;
use gatewright_dsl::schema::{Phase, Row, Type, Value, Values, Written};

use crate::checked::Step;

/// Settings that run as one step.
#[derive(Debug)]
pub(super) struct Unit {
    /// At least one; several only of policies that merge.
    pub(super) steps: Vec<Step>,
    gives: BTreeSet<String>,
    reads: BTreeSet<String>,
}

/// The steps of one route. Those that come are in the order of the catalogue.
pub(super) fn order(steps: Vec<Step>) -> Vec<Unit> {
    let mut units = units(steps);
    // What comes first of a policy says where the policy stands.
    units.sort_by_cached_key(Unit::phase);
    units = grouped(units);
    let mut ordered = Vec::with_capacity(units.len());
    while !units.is_empty() {
        let is_ready = |at: usize| {
            let Some(own) = units.get(at) else { return false };
            let mut others = units.iter().enumerate().filter(|(other, _)| *other != at);
            others.all(|(_, other)| other.gives.is_disjoint(&own.reads))
        };
        // INVARIANT: names are not given in a circle, which the check of expressions sees to.
        let next = (0..units.len()).find(|at| is_ready(*at)).unwrap_or(0);
        ordered.push(units.remove(next));
    }
    ordered.retain(Unit::acts);
    ordered
}

/// Of one policy, outer blocks come first, and of one block the values decide.
fn grouped(units: Vec<Unit>) -> Vec<Unit> {
    let mut groups: Vec<Vec<Unit>> = Vec::new();
    for unit in units {
        let name = unit.policy().map(|policy| policy.name);
        let group =
            groups.iter_mut().find(|group| group.first().and_then(Unit::policy).map(|it| it.name) == name);
        match group {
            Some(group) => group.push(unit),
            None => groups.push(vec![unit]),
        }
    }
    for group in groups.iter_mut().filter(|group| group.len() > 1) {
        group.sort_by_cached_key(Unit::place);
    }
    groups.into_iter().flatten().collect()
}

/// Puts settings that run as one step together, at the place of the first.
fn units(steps: Vec<Step>) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for step in steps {
        let merged = units.iter_mut().find(|unit| {
            let first = unit.policy();
            step.policy.merges && first.is_some_and(|first| first.merges && first.home == step.policy.home)
        });
        let (gives, reads) = (given(step.policy, &step.values), read(step.policy, &step.values));
        match merged {
            Some(unit) => {
                unit.steps.push(step);
                unit.gives.extend(gives);
                unit.reads.extend(reads);
            }
            None => units.push(Unit { steps: vec![step], gives, reads }),
        }
    }
    units
}

impl Unit {
    pub(super) fn policy(&self) -> Option<&'static Policy> {
        Some(self.steps.first()?.policy)
    }

    /// Whether anything runs: a setting may only give something a name.
    fn acts(&self) -> bool {
        self.steps.iter().any(|step| {
            step.policy
                .acts
                .is_none_or(|acts| step.values.value(acts).is_some_and(|value| *value != Value::Absent))
        })
    }

    fn phase(&self) -> Option<Phase> {
        Some(self.policy()?.phase)
    }

    fn place(&self) -> Option<(usize, String)> {
        let step = self.steps.first()?;
        Some((step.depth, step.canonical()))
    }
}

impl Step {
    /// Tells any two settings of one policy apart that differ in what they say, wherever they stand.
    pub(super) fn canonical(&self) -> String {
        let mut text = format!("{:?}", self.resolved);
        literals(&self.policy.row(), &self.values, &mut text);
        text
    }
}

/// The values that are not left to resolve.
fn literals(row: &Row, values: &Values, text: &mut String) {
    for given in &values.given {
        // INVARIANT: a string takes whatever is written to it.
        let _ = write!(text, " {}={}", given.name, given.value);
    }
    for item in &values.items {
        if let Some(row) = row.item(item) {
            let _ = write!(text, " {}", row.name);
            literals(row, item, text);
        }
    }
}

/// The names that a setting gives to values.
fn given(policy: &Policy, values: &Values) -> BTreeSet<String> {
    let of_param = |name: &str, ty: &Type| match (ty, values.value(name)?) {
        (Type::Field(_), Value::Field(field)) => {
            Some(field.alias.as_ref().unwrap_or(&field.name).text.clone())
        }
        (Type::Binding(_), Value::Binding(name, _)) => Some(name.text.clone()),
        _ => None,
    };
    let mut names: BTreeSet<String> =
        policy.params.iter().filter_map(|param| of_param(param.name, &param.ty)).collect();
    names.extend(policy.reads(values).map(|_| policy.name.to_owned()));
    names.extend(crate::check::principals(values).into_iter().map(|name| name.text.clone()));
    names
}

/// The names that its expressions may read. A name that nothing gives does no harm.
fn read(policy: &Policy, values: &Values) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for wanted in policy.row().wanted(values) {
        if let Written::Expr { value, .. } = wanted.written {
            words(value, &mut names);
        }
    }
    names
}

fn words(value: &ast::Value, names: &mut BTreeSet<String>) {
    if let ast::ValueKind::Word(word) = &value.kind {
        names.insert(word.clone());
    }
    for part in value.parts() {
        words(part, names);
    }
}
