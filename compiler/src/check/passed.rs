//! That by which a client says who it is goes no further: into no request to a server, and into no answer, unless the route says so.

use std::collections::BTreeSet;

use gatewright_dsl::Span;
use gatewright_dsl::ast::TerminalKind;
use gatewright_dsl::policy::Hook;
use gatewright_dsl::schema::{Value, Values};

use super::auth::principals;
use super::route::Route;
use super::{Check, problem};
use crate::checked::{Aggregate, End, Piece, Resolved, Said, Step};
use crate::ir::expr::{Form, Function};

/// Refuses what a route would send of the credentials that it asks for.
pub(super) fn hold(check: &mut Check<'_>, route: &Route<'_>) {
    let fields = fields(check, &route.steps);
    if fields.is_empty() || route.steps.iter().any(passes) {
        return;
    }
    let mut found: BTreeSet<(Span, &str)> = BTreeSet::new();
    let mut look = |function: &Function, span: Span| {
        found.extend(function.expr.header_of(&fields).map(|name| (span, name)));
    };
    let arms = route.arms.iter().flat_map(|it| &it.arms);
    for step in route.steps.iter().chain(arms.clone().flat_map(|arm| &arm.steps)) {
        // What stands in the log is looked at with all that does.
        if step.policy.hooks.contains(&Hook::Log) {
            continue;
        }
        let row = step.policy.row();
        for (wanted, resolved) in row.wanted(&step.values).iter().zip(&step.resolved) {
            if let Resolved::Expr(function) = resolved
                && matches!(function.form, Form::Text | Form::Offer | Form::Line | Form::Json)
            {
                look(function, wanted.span);
            }
        }
    }
    if let Some(terminal) = route.written.terminal() {
        let ends = arms.map(|arm| &arm.end).chain(route.end.iter().filter(|_| route.arms.is_none()));
        for (way, end) in terminal.ways().zip(ends) {
            for function in functions(end) {
                look(function, way.span);
            }
        }
        if let (TerminalKind::Aggregate(written), Some(made)) = (&terminal.kind, route.aggregate.as_deref()) {
            let Aggregate { branches, answer, .. } = made;
            look(answer, terminal.span);
            for (written, branch) in written.branches.iter().zip(branches) {
                branch.functions().for_each(|function| look(function, written.name.span));
            }
        }
    }
    let words = check.catalogue.policies().find_map(|policy| Some((policy.name, policy.passes?.1)));
    let problems = found.into_iter().map(|(span, name)| problem::credential_sent(name, span, words));
    check.problems.extend(problems);
}

/// The fields in which somebody is asked for who it is.
fn fields(check: &Check<'_>, steps: &[Step]) -> Vec<String> {
    let asking = steps.iter().filter(|step| step.policy.who.is_some());
    let auths =
        asking.flat_map(|step| principals(&step.values)).filter_map(|name| check.auths.find(&name.text));
    let fields = auths.flat_map(|(auth, _)| {
        (auth.kind.fields)(&auth.words.iter().map(|word| &word.values).collect::<Vec<&Values>>())
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    fields.collect()
}

/// Whether it says that a credential goes on.
fn passes(step: &Step) -> bool {
    step.policy.passes.is_some_and(
        |(param, word)| matches!(step.values.value(param), Some(Value::Word(written)) if *written == word),
    )
}

/// What an end sends.
fn functions(end: &End) -> Vec<&Function> {
    match end {
        End::Forward { target, .. } => target.iter().flatten().filter_map(Piece::function).collect(),
        End::Redirect { location, .. } => location.iter().filter_map(Piece::function).collect(),
        End::Respond { body: Some((_, Said::Expr(function))), .. } => vec![function],
        // A function of the operator's is part of the gateway.
        End::Respond { .. } | End::Aggregate | End::Match | End::Handler(_) => Vec::new(),
    }
}
