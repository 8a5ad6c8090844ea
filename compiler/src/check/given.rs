//! Arguments and parameters of policies: that they fit, and that each argument stands in the place of its parameter.

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ast::{Name, PolicyDeclaration, Statement, TextPart, Use, Value, ValueKind};
use gatewright_dsl::{Catalogue, Problem, Span};

use super::rewrite::{self, Rewrite};
use super::{Check, problem, unit};

/// The argument of each parameter, if their number is right.
pub(super) fn arguments<'u>(
    check: &mut Check<'_>,
    used: &'u Use,
    declared: &'u PolicyDeclaration,
) -> Option<BTreeMap<&'u str, &'u Value>> {
    let (most, found) = (declared.params.len(), used.arguments.len());
    let least = declared.params.iter().take_while(|param| param.default.is_none()).count();
    if found > most || declared.params.iter().skip(found).any(|param| param.default.is_none()) {
        let expected = if least == most { most.to_string() } else { format!("{least} to {most}") };
        let (name, head) = (&declared.name.text, declared.name.span);
        check.problems.push(problem::policy_arguments(name, &expected, found, used.span, head));
        return None;
    }
    let written = used.arguments.iter().map(Some).chain(std::iter::repeat(None));
    let given = declared.params.iter().zip(written);
    Some(
        given
            .filter_map(|(param, written)| {
                Some((param.name.text.as_str(), written.or(param.default.as_ref())?))
            })
            .collect(),
    )
}

/// Looks at the parameters of a policy where they are declared.
pub(super) fn parameters(check: &mut Check<'_>, declared: &PolicyDeclaration) {
    let mut words = Words { found: BTreeSet::new(), catalogue: check.catalogue };
    for statement in &declared.block.statements {
        match statement {
            Statement::Setting(it) => rewrite::setting(&mut it.clone(), &mut words),
            Statement::Use(it) => rewrite::used(&mut it.clone(), &mut words),
            Statement::Terminal(_) | Statement::Declaration(_) => {}
        }
    }
    let mut seen: Vec<&Name> = Vec::new();
    for param in &declared.params {
        let (name, span) = (&param.name.text, param.name.span);
        if let Some(first) = seen.iter().find(|first| first.text == *name) {
            check.problems.push(problem::duplicate_name(rewrite::Space::Value, name, span, first.span));
        } else if !words.found.contains(name) && !declared.broken && !has_broken(declared) {
            check.problems.push(problem::unused_parameter(name, &declared.name.text, span));
        }
        seen.push(&param.name);
    }
}

/// Whether some of what a policy says could not be read.
fn has_broken(declared: &PolicyDeclaration) -> bool {
    declared.block.statements.iter().any(|statement| match statement {
        Statement::Setting(it) => it.broken,
        Statement::Use(it) => it.broken,
        Statement::Terminal(_) | Statement::Declaration(_) => true,
    })
}

struct Words<'a> {
    found: BTreeSet<String>,
    catalogue: &'a Catalogue,
}

impl Rewrite for Words<'_> {
    fn word(&mut self, value: &mut Value) {
        if let ValueKind::Word(word) = &value.kind {
            self.found.insert(word.clone());
        }
    }

    fn is_label(&self, setting: &str, word: &str) -> bool {
        unit::is_label(self.catalogue, setting, word)
    }
}

/// Puts arguments in the places of parameters.
pub(super) struct Giving<'g> {
    given: &'g BTreeMap<&'g str, &'g Value>,
    catalogue: &'g Catalogue,
    /// Where an argument stands, and where its parameter stood.
    places: Vec<(Span, Span)>,
    /// The number of parts that came in.
    pub(super) size: usize,
}

impl<'g> Giving<'g> {
    pub(super) fn of(given: &'g BTreeMap<&'g str, &'g Value>, catalogue: &'g Catalogue) -> Self {
        Self { given, catalogue, places: Vec::new(), size: 0 }
    }

    /// A problem of what came out: one with an argument shows where the policy puts it.
    pub(super) fn explain(&self, problem: Problem) -> Problem {
        let Some(at) = problem.span() else { return problem };
        let holds = |argument: &Span| {
            argument.file == at.file && argument.start <= at.start && at.end <= argument.end
        };
        match self.places.iter().find(|(argument, _)| holds(argument)) {
            Some((_, place)) => problem.because(*place, "the policy puts it here"),
            None => problem,
        }
    }
}

impl Rewrite for Giving<'_> {
    fn word(&mut self, value: &mut Value) {
        let ValueKind::Word(word) = &value.kind else { return };
        if let Some(argument) = self.given.get(word.as_str()) {
            self.places.push((argument.span, value.span));
            let mut argument = (*argument).clone();
            let mut parts = Parts(0);
            rewrite::value(&mut argument, &mut parts);
            self.size += parts.0;
            *value = argument;
        }
    }

    fn text(&mut self, value: &mut Value) {
        let ValueKind::Interpolated(parts) = &value.kind else { return };
        let known = parts.iter().map(|part| match part {
            TextPart::Literal(text) | TextPart::Value(Value { kind: ValueKind::Text(text), .. }) => {
                Some(text.as_str())
            }
            TextPart::Value(_) => None,
        });
        if let Some(text) = known.collect::<Option<String>>() {
            value.kind = ValueKind::Text(text);
        }
    }

    fn is_label(&self, setting: &str, word: &str) -> bool {
        unit::is_label(self.catalogue, setting, word)
    }
}

/// Counts places, of which every part of a value has one.
struct Parts(usize);

impl Rewrite for Parts {
    fn span(&mut self, _span: &mut Span) {
        self.0 += 1;
    }
}
