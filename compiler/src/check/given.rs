//! Arguments and parameters of policies: that they fit, and that each argument stands in the place of its parameter.

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ast::{Field, Name, PolicyDeclaration, Statement, TextPart, Use, Value, ValueKind};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::Stage;
use gatewright_dsl::{Catalogue, Problem, Span};

use super::expr::scope::Parameter;
use super::expr::{self, literal};
use super::rewrite::{self, Rewrite, Space};
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
    let mut given = BTreeMap::new();
    let mut fit = true;
    for (param, written) in declared.params.iter().zip(written) {
        fit &= written.is_none_or(|argument| fits(check, param, argument));
        given.extend(written.or(param.default.as_ref()).map(|value| (param.name.text.as_str(), value)));
    }
    fit.then_some(given)
}

/// Whether an argument is of its parameter's type, as far as that can be told outside of a route; reports it if not.
fn fits(check: &mut Check<'_>, param: &Field, argument: &Value) -> bool {
    // What is wrong with the type is said where the parameter is declared.
    let Ok(Some(ty)) = check.types.find(&param.ty) else { return false };
    // Whoever takes it would not know that there may be nothing.
    if let Some((_, none)) = expr::offer::or_none(argument) {
        check.problems.push(expr::offer::misplaced(none));
        return false;
    }
    let wrong = if is_literal(argument) {
        literal::constant(argument, &ty).err().map(|problem| *problem)
    } else {
        // Names that only a route knows are looked up there; what is wrong with them is said there too.
        let typed = expr::expression(&check.params.scope, argument, Stage::Request, &mut Vec::new());
        let parameter = Parameter { name: param.name.clone(), ty: ty.clone() };
        check.params.scope.give(argument.span, parameter);
        let found = typed.map(|expr| expr.ty.clone()).filter(|found| !expr::is_alike(found, &ty));
        found.map(|found| wrong_type(argument.span, &format!("`{ty}`"), &format!("`{found}`")))
    };
    match wrong {
        Some(problem) => {
            let label = format!("`{}` takes it as `{ty}`", param.name.text);
            check.problems.push(problem.because(param.name.span, label));
            false
        }
        None => true,
    }
}

/// Whether a value is written out, without a name or an operator.
fn is_literal(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Bool(_)
        | ValueKind::Int(_)
        | ValueKind::Decimal(_)
        | ValueKind::Text(_)
        | ValueKind::Duration(_)
        | ValueKind::Size(_)
        | ValueKind::Rate(_)
        | ValueKind::Percent(_)
        | ValueKind::Address(_) => true,
        ValueKind::Word(word) => word.contains("::"),
        ValueKind::List(items) => items.iter().all(is_literal),
        _ => false,
    }
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
        match check.types.find(&param.ty) {
            Ok(Some(ty)) => {
                if let Some(problem) =
                    param.default.as_ref().and_then(|default| literal::constant(default, &ty).err())
                {
                    check.problems.push(*problem);
                }
            }
            Ok(None) => {}
            Err(problem) => check.problems.push(*problem),
        }
        if let Some(first) = check.names.place(Space::Value, name) {
            check.problems.push(problem::shadowed_name(name, span, first));
        }
        if let Some(first) = seen.iter().find(|first| first.text == *name) {
            check.problems.push(problem::duplicate_name(Space::Value, name, span, first.span));
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
