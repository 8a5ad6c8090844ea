//! Answers of the gateway's own that settings speak of: each must be given on some route that the setting holds for.
//!
//! What can be given is said by the rows; no setting is known by its word here.

use std::collections::BTreeSet;

use gatewright_dsl::ast::{Block, Declaration, Statement};
use gatewright_dsl::auth::Kind;
use gatewright_dsl::schema::{CORE, Cause, Given, Reason, SECURED, Type, UNRESOLVED, Value};
use gatewright_dsl::{Policy, Problem, Span};

use super::auth::principals;
use super::join::Settings;
use super::unit::Unit;
use super::upstream::Upstream;
use super::{Check, problem};
use crate::checked::{Auth, Step};

/// What a setting speaks of at one place.
#[derive(Debug)]
pub(super) struct Spoken {
    cause: Cause,
    /// Whether some route that the setting holds for gives it, or might.
    is_given: bool,
    /// What these routes give: status and reason.
    given: BTreeSet<(u16, &'static str)>,
}

/// Notes what the settings of a route speak of, and whether the route gives it. `upstreams` are those that have the servers, if it
/// forwards or asks several; `of_end` is what its end may give besides.
pub(super) fn note(check: &mut Check<'_>, steps: &[Step], upstreams: &[&Upstream<'_>], of_end: &[Reason]) {
    let speaking: Vec<(Span, Cause)> =
        steps.iter().flat_map(|step| causes(check, step.policy, &step.values.given)).collect();
    if speaking.is_empty() {
        return;
    }
    let core = if upstreams.is_empty() { &[] } else { CORE };
    let unresolved = upstreams.iter().any(|upstream| upstream.may_be_named(check)).then_some(&UNRESOLVED);
    let is_secured = upstreams.iter().any(|upstream| upstream.may_be_secured(check));
    let secured = if is_secured { SECURED } else { &[] };
    let mut given: BTreeSet<_> = core
        .iter()
        .chain(of_end)
        .chain(unresolved)
        .chain(secured)
        .map(|reason| (reason.status, reason.name))
        .collect();
    let parts = upstreams.iter().flat_map(|upstream| &upstream.parts).filter_map(|part| part.step.as_ref());
    for step in steps.iter().chain(parts) {
        let answers = step.policy.answers.iter();
        given.extend(answers.filter_map(|reason| Some((reason.given(&step.values)?, reason.name))));
        for name in step.policy.who.map(|_| principals(&step.values)).unwrap_or_default() {
            if let Some((auth, _)) = check.auths.find(&name.text) {
                given.extend(auth.kind.answers.iter().flat_map(|reason| of_kind(auth, reason)));
            }
        }
    }
    for (place, cause) in speaking {
        let is_given = given.iter().any(|(status, reason)| cause.takes(reason, *status));
        let spoken = spoken(check, place, cause);
        spoken.is_given |= is_given;
        spoken.given.extend(&given);
    }
}

/// How an `auth` gives a reason: with its status, or with each of those that a word lists.
fn of_kind(auth: &Auth, reason: &'static Reason) -> Vec<(u16, &'static str)> {
    let listed = reason.status_of.into_iter().flat_map(|param| {
        auth.words.iter().filter_map(move |word| match word.values.value(param) {
            Some(Value::List(list)) => Some(list),
            _ => None,
        })
    });
    let statuses =
        listed.flatten().filter_map(|it| if let Value::Status(it) = it { Some(*it) } else { None });
    let all: Vec<_> = statuses.map(|status| (status, reason.name)).collect();
    if all.is_empty() { vec![(reason.status, reason.name)] } else { all }
}

/// Takes everything that the settings of a route speak of for given: the route is not understood.
pub(super) fn assume(check: &mut Check<'_>, settings: &Settings) {
    let policies: Vec<&'static Policy> = check.catalogue.policies().collect();
    for policy in policies {
        for item in settings.of(policy) {
            for (place, cause) in causes(check, policy, &item.values.given) {
                spoken(check, place, cause).is_given = true;
            }
        }
    }
}

/// What no route gives, as problems; what some route gives counts as used.
pub(super) fn never(check: &Check<'_>, units: &[Unit<'_>]) -> (Vec<Problem>, BTreeSet<Span>) {
    let written = if check.problems.is_empty() { Words::default() } else { Words::of(units, check) };
    let (mut problems, mut used) = (Vec::new(), BTreeSet::new());
    for (place, spoken) in &check.spoken {
        if spoken.is_given {
            used.insert(*place);
        } else if !written.may_give(check, &spoken.cause) {
            problems.push(never_given(check, *place, spoken));
        }
    }
    (problems, used)
}

fn spoken<'c>(check: &'c mut Check<'_>, place: Span, cause: Cause) -> &'c mut Spoken {
    check.spoken.entry(place).or_insert_with(|| Spoken { cause, is_given: false, given: BTreeSet::new() })
}

fn never_given(check: &Check<'_>, place: Span, spoken: &Spoken) -> Problem {
    // Whose answer it would be.
    let giving = check.catalogue.policies().find_map(|policy| {
        let reason =
            policy.answers.iter().find(|reason| spoken.cause == Cause::Reason(reason.name.into()))?;
        let with = reason.with.map(|with| format!(" … {with}")).unwrap_or_default();
        let without = match reason.without {
            [] => String::new(),
            names => format!(" without `{}`", names.join("` and `")),
        };
        Some(format!("`{}{with}`{without}", policy.name))
    });
    let of_kind = |kind: &&'static Kind| {
        kind.answers.iter().any(|reason| spoken.cause == Cause::Reason(reason.name.into()))
    };
    let giving = giving.or_else(|| {
        let kind = check.catalogue.auths().find(of_kind)?;
        Some(format!("an `auth` of the kind `{}`", kind.name))
    });
    let is_core = CORE.iter().any(|reason| spoken.cause.takes(reason.name, reason.status));
    let mut statuses: Vec<(u16, Vec<String>)> = Vec::new();
    for (status, reason) in &spoken.given {
        let shown = format!("`{reason}`");
        match statuses.last_mut().filter(|(known, _)| known == status) {
            Some((_, reasons)) => reasons.push(shown),
            None => statuses.push((*status, vec![shown])),
        }
    }
    let given: Vec<String> =
        statuses.iter().map(|(status, reasons)| format!("{status} ({})", reasons.join(", "))).collect();
    let why = match (giving, is_core) {
        _ if spoken.cause == Cause::Reason(UNRESOLVED.name.into()) => {
            Some("only a route to a server with a name gives it".to_owned())
        }
        _ if SECURED.iter().any(|reason| spoken.cause == Cause::Reason(reason.name.into())) => {
            Some("only a route to a server that is spoken to over TLS gives it".to_owned())
        }
        (Some(giving), _) => Some(format!("it is an answer of {giving}")),
        (None, true) => Some("only a route that forwards gives it".to_owned()),
        (None, false) => None,
    };
    problem::answer_never_given(&spoken.cause.to_string(), place, why.as_deref(), &given.join(", "))
}

/// The causes that a setting names, each with its place.
fn causes(check: &Check<'_>, policy: &Policy, given: &[Given]) -> Vec<(Span, Cause)> {
    let mut found = Vec::new();
    for param in
        policy.params.iter().filter(|param| matches!(param.ty, Type::Cause | Type::List(Type::Cause)))
    {
        let Some(Given { value, span: Some(span), .. }) = given.iter().find(|given| given.name == param.name)
        else {
            continue;
        };
        let all = if let Value::List(items) = value { items.as_slice() } else { std::slice::from_ref(value) };
        for value in all {
            if let Value::Cause(cause) = value {
                found.push((place(check, *span, cause), cause.clone()));
            }
        }
    }
    found
}

/// Where a cause stands in a list; where that is not seen, the place of the list.
fn place(check: &Check<'_>, list: Span, cause: &Cause) -> Span {
    let (text, cause) = (check.slice(list), cause.to_string());
    let mut start = list.start;
    for item in text.split(',') {
        let own = item.trim_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']'));
        if own == cause {
            let start = start + item.find(own).unwrap_or(0);
            return Span { start, end: start + own.len(), ..list };
        }
        start += item.len() + 1;
    }
    list
}

/// The words of all settings of a program, right or wrong: where one is wrong, nobody knows what it would give.
#[derive(Default)]
struct Words<'a> {
    found: BTreeSet<&'a str>,
    /// Whether a policy is used of which nothing is known.
    is_open: bool,
}

impl<'a> Words<'a> {
    fn of(units: &'a [Unit<'a>], check: &Check<'_>) -> Self {
        let mut words = Self::default();
        for unit in units {
            words.declarations(unit.file.declarations.iter(), check);
        }
        words
    }

    fn declarations(&mut self, all: impl Iterator<Item = &'a Declaration>, check: &Check<'_>) {
        for declaration in all {
            match declaration {
                Declaration::Group(it) => self.block(&it.block, check),
                Declaration::Host(it) => self.block(&it.block, check),
                Declaration::Policy(it) => self.block(&it.block, check),
                Declaration::Upstream(it) => self.block(&it.block, check),
                Declaration::Route(it) => {
                    self.found.extend(it.head_setting.iter().map(|setting| setting.word.text.as_str()));
                    it.block.iter().for_each(|block| self.block(block, check));
                }
                _ => {}
            }
        }
    }

    fn block(&mut self, block: &'a Block, check: &Check<'_>) {
        for statement in &block.statements {
            match statement {
                Statement::Setting(it) => drop(self.found.insert(it.word.text.as_str())),
                Statement::Use(it) => self.is_open |= !check.policies.contains_key(it.name.text.as_str()),
                Statement::Terminal(_) | Statement::Declaration(_) => {}
            }
        }
        self.declarations(block.declarations(), check);
    }

    /// Whether a setting that is written somewhere might give this, if it were right or stood elsewhere.
    fn may_give(&self, check: &Check<'_>, cause: &Cause) -> bool {
        let takes = |reason: &Reason| {
            cause.takes(reason.name, reason.status)
                || reason.status_of.is_some() && !matches!(cause, Cause::Reason(_))
        };
        let mut written = check.catalogue.policies().filter(|policy| self.found.contains(policy.name));
        let of_kinds = || check.catalogue.auths().any(|kind| kind.answers.iter().any(takes));
        self.is_open
            || written.any(|policy| policy.answers.iter().any(takes) || policy.who.is_some() && of_kinds())
    }
}
