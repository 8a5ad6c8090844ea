//! The `auth` blocks: their words, what they know of who asks, and what a program must say once it asks anybody at all.
//!
//! What the words of a kind are is said by its row; here no kind is known by name.

use std::collections::BTreeSet;
use std::rc::Rc;

use gatewright_dsl::ast::{self, Declaration, TypeBody, TypeDeclaration};
use gatewright_dsl::auth::{CLAIMS, Kind, LOGGED};
use gatewright_dsl::policy::Who;
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::problem::syntax::unknown_word;
use gatewright_dsl::schema::{Checked, Given, Row, Type, Value, Values, Written, check_auth};
use gatewright_dsl::source::Span;

use super::around::Nested;
use super::expr::scope::{Principal, Scope};
use super::expr::{self, Asked, literal};
use super::rewrite::Space;
use super::route::Route;
use super::unit::Unit;
use super::upstream::Upstream;
use super::{Check, asked, contract, inside, logged, passed, problem, resolve, step};
use crate::checked::{self, Claim, Resolved, Step, Word};
use crate::emit::expr::constant;
use crate::ir::expr::Constant;
use crate::ty::Ty;

/// All that are declared, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Auths {
    /// Those that are understood.
    pub(super) known: Vec<(checked::Auth, Rc<Principal>)>,
    /// Whether there is one that is not understood.
    pub(super) is_partial: bool,
    /// The fields of requests in which credentials stand.
    pub(super) fields: Vec<String>,
    /// Routes that do not say who may come.
    pub(super) unguarded: Vec<Span>,
    /// The first in the text, where any is declared.
    pub(super) first: Option<Span>,
}

impl Auths {
    pub(super) fn find(&self, name: &str) -> Option<&(checked::Auth, Rc<Principal>)> {
        self.known.iter().find(|(auth, _)| auth.name == name)
    }
}

/// The names of all `auth`s of a program.
fn names(units: &[Unit<'_>]) -> BTreeSet<String> {
    blocks(units).into_iter().map(|block| block.name.text.clone()).collect()
}

fn blocks<'a>(units: &'a [Unit<'_>]) -> Vec<&'a ast::Auth> {
    let all = units.iter().flat_map(|unit| &unit.file.declarations);
    all.filter_map(|it| if let Declaration::Auth(it) = it { Some(it) } else { None }).collect()
}

/// Reads all `auth` blocks; of two with one name, the first.
pub(super) fn check(check: &mut Check<'_>, units: &[Unit<'_>]) {
    check.params.scope.know_auths(names(units), check.catalogue.who());
    let all = units.iter().flat_map(|unit| &unit.file.declarations);
    let types: Vec<&TypeDeclaration> =
        all.filter_map(|it| if let Declaration::Type(it) = it { Some(it) } else { None }).collect();
    let mut blocks = blocks(units);
    blocks.sort_by(|a, b| (&a.name.text, a.name.span).cmp(&(&b.name.text, b.name.span)));
    blocks.dedup_by(|later, first| later.name.text == first.name.text);
    let first = blocks.iter().map(|block| block.name.span).min();
    let declared = blocks.len();
    let known: Vec<_> = blocks.into_iter().filter_map(|block| auth(check, block, &types)).collect();
    check.auths.is_partial = known.len() < declared;
    check.auths.known = known;
    check.auths.first = first;
}

fn auth(
    check: &mut Check<'_>,
    block: &ast::Auth,
    types: &[&TypeDeclaration],
) -> Option<(checked::Auth, Rc<Principal>)> {
    if block.broken {
        // It may ask any of them.
        check.names.lose(Space::Upstream);
        return None;
    }
    let Some(kind) = check.catalogue.auths().find(|kind| kind.name == block.kind.text) else {
        let known = check.catalogue.auths().map(|kind| kind.name);
        check.problems.push(unknown_word(block.kind.span, "kind of `auth`", &block.kind.text, known));
        check.names.lose(Space::Upstream);
        return None;
    };
    let (settings, problems) = check_auth(&block.block, kind, check.catalogue);
    let is_right = problems.is_empty();
    check.problems.extend(problems);
    let may_ask = kind.words.iter().flat_map(|row| row.params).any(|param| param.ty == Type::Upstream);
    if !is_right && may_ask {
        check.names.lose(Space::Upstream);
    }
    asks(check, kind, &settings);
    if let Some(agreed) = kind.check {
        let values: Vec<&Values> = settings.iter().map(|setting| &setting.values).collect();
        if let Some((values, mismatch)) = agreed(&values) {
            check.problems.extend(mismatch.problem(values));
            return None;
        }
    }
    let claims = claims(check, kind, &settings, types);
    // What is said of owners cannot be held against what is not known.
    let claims = claims?;
    let is_found = asked::hold(check, kind, &settings);
    let words = words(check, kind, &settings, &claims)?;
    let logged = logged::allowed(check, &settings, &claims)?;
    let fields = (kind.fields)(&settings.iter().map(|it| &it.values).collect::<Vec<_>>());
    check.auths.fields.extend(fields.into_iter().map(str::to_owned));
    let known = claims.iter().map(|claim| (claim.name.clone(), claim.ty.clone())).collect();
    let name = block.name.text.clone();
    let principal = Rc::new(Principal { name: name.clone(), claims: known });
    let auth = checked::Auth { name, span: block.name.span, kind, words, claims, logged, calls: Vec::new() };
    (is_right && is_found).then_some((auth, principal))
}

/// The names of the upstreams that a word names, with their places.
fn named_upstreams<'v>(row: &Row, values: &'v Values) -> Vec<(&'v str, Option<Span>)> {
    let of = |param: &gatewright_dsl::schema::Param| match values.find(param.name) {
        Some(Given { value: Value::Text(name), span, .. }) => Some((&**name, *span)),
        _ => None,
    };
    row.params.iter().filter(|param| param.ty == Type::Upstream).filter_map(of).collect()
}

/// The path that a word asks its upstreams for, with its place.
pub(super) fn path_asked(row: &Row, values: &Values) -> Option<(String, Span)> {
    let param = row.params.iter().find(|param| param.ty == Type::Path)?;
    let given = values.find(param.name)?;
    let Value::Text(path) = &given.value else { return None };
    Some((path.clone().into_owned(), given.span?))
}

/// Reports the upstreams that a kind asks and that there are not; others are used.
fn asks(check: &mut Check<'_>, kind: &Kind, settings: &[Checked]) {
    for setting in settings {
        let Some(row) = kind.words.iter().find(|row| row.name == setting.values.word) else { continue };
        for (name, span) in named_upstreams(row, &setting.values) {
            if check.names.find(Space::Upstream, name).is_none() && !check.is_torn {
                let known = check.names.all(Space::Upstream);
                let problem = problem::unknown_upstream(name, span.unwrap_or(setting.span), known);
                check.problems.push(problem);
            }
        }
    }
}

/// How the upstreams are asked that `auth`s ask, once all upstreams are read.
pub(super) fn calls(check: &mut Check<'_>, upstreams: &[Upstream<'_>], nested: &Nested<'_>) {
    for at in 0..check.auths.known.len() {
        let Some((auth, _)) = check.auths.known.get(at) else { continue };
        let asked = auth.words.iter().flat_map(|word| {
            let path = path_asked(word.row, &word.values);
            let names = named_upstreams(word.row, &word.values).into_iter();
            names.map(move |(name, _)| (name.to_owned(), path.clone()))
        });
        let asked: Vec<(String, Option<(String, Span)>)> = asked.collect();
        let mut calls = Vec::with_capacity(asked.len());
        for (name, path) in asked {
            let found = upstreams.iter().enumerate().find(|(_, upstream)| upstream.name.text == name);
            let Some((upstream, asked)) = found else { continue };
            if let Some((path, span)) = path {
                contract::called(check, &asked.of(upstreams), &path, span);
            }
            calls.push(checked::Call { upstream, steps: step::of_branch(check, (asked, upstreams), nested) });
        }
        if let Some((auth, _)) = check.auths.known.get_mut(at) {
            auth.calls = calls;
        }
    }
}

/// What is known of everybody: what the kind knows by itself, then the fields of the record. `None` where that is wrong.
fn claims(
    check: &mut Check<'_>,
    kind: &'static Kind,
    settings: &[Checked],
    types: &[&TypeDeclaration],
) -> Option<Vec<Claim>> {
    let own = kind.own.iter().map(|name| Claim {
        name: (*name).to_owned(),
        wire: (*name).to_owned(),
        inside: Vec::new(),
        ty: Ty::STRING,
        default: None,
    });
    let mut claims: Vec<Claim> = own.collect();
    let Some(setting) = settings.iter().find(|setting| setting.values.word == CLAIMS.name) else {
        return Some(claims);
    };
    let Some(Value::Reference(name)) = setting.values.value("type") else { return None };
    let record = match check.types.claims(name) {
        Ok(Some(Ty::Record(record))) => record,
        Ok(None) => return None,
        Ok(Some(other)) => {
            let problem = wrong_type(name.span, "a type with fields", &format!("`{other}`"));
            check.problems.push(problem.help("declare one: `type Customer { sub: string }`"));
            return None;
        }
        Err(problem) => {
            check.problems.push(*problem);
            return None;
        }
    };
    let declared = types.iter().find(|it| Some(&it.name.text) == record.name.as_ref())?;
    let TypeBody::Record { fields, .. } = &declared.body else { return None };
    let (own_claims, mut is_whole) = (claims.len(), true);
    for field in fields {
        if let Some(taken) = claims.iter().take(own_claims).find(|own| own.name == field.name.text) {
            check.problems.push(problem::claim_taken(&taken.name, field.name.span, name.span));
            is_whole = false;
        }
        match claim(check, kind, field) {
            Some(claim) => claims.push(claim),
            None => is_whole = false,
        }
    }
    is_whole &= inside::hold(check, kind, fields, name.span);
    is_whole.then_some(claims)
}

fn claim(check: &mut Check<'_>, kind: &Kind, field: &ast::Field) -> Option<Claim> {
    let ty = match resolve::field_type(check, field, "a claim") {
        Ok(ty) => ty?,
        Err(problem) => {
            check.problems.push(*problem);
            return None;
        }
    };
    let default = match &field.default {
        Some(_) if matches!(ty, Ty::Optional(_)) => {
            let help = "leave the `?` out: with a default, it is never absent";
            let shown = ty.to_string();
            let problem = problem::unsupported_type(&shown, field.ty.span, "a claim with a default", help);
            check.problems.push(problem);
            return None;
        }
        // What is wrong with it is said where the type is declared.
        Some(default) => Some(texts(&literal::constant(default, &ty).ok()?)),
        None => None,
    };
    let (wire, at) = match &field.wire {
        Some(wire) => (wire.value.clone(), wire.span),
        None => (field.name.text.clone(), field.name.span),
    };
    if let Some(mismatch) = (kind.claim)(&wire) {
        check.problems.push(problem::claim_name(mismatch, at));
        return None;
    }
    let inside = field.inside.iter().map(|name| name.value.clone()).collect();
    Some(Claim { name: field.name.text.clone(), wire, inside, ty, default })
}

/// The texts that a value is kept as: one for each item of a list.
fn texts(constant: &Constant) -> Vec<String> {
    match constant {
        Constant::List(items) => items.iter().map(constant::text).collect(),
        one => vec![constant::text(one)],
    }
}

/// The words of a block, with what the compiler makes of them: those that are written, then the defaults of others.
fn words(
    check: &mut Check<'_>,
    kind: &'static Kind,
    settings: &[Checked],
    claims: &[Claim],
) -> Option<Vec<Word>> {
    let params = Rc::clone(&check.params);
    let mut words = Vec::new();
    let mut is_whole = true;
    for row in kind.words.iter().filter(|row| ![CLAIMS.name, LOGGED.name].contains(&row.name)) {
        let written = settings.iter().filter(|setting| setting.values.word == row.name);
        let written: Vec<Values> = written.map(|setting| setting.values.clone()).collect();
        let says_defaults = row.params.iter().all(|param| param.default.given(param.name).is_some());
        let holds_by_itself = written.is_empty() && says_defaults && !row.params.is_empty();
        let all = if holds_by_itself { vec![row.defaults()] } else { written };
        for values in all {
            match resolved(check, &params.scope, (kind, row), &values, claims) {
                Some(resolved) => words.push(Word { row, values, resolved }),
                None => is_whole = false,
            }
        }
    }
    is_whole.then_some(words)
}

fn resolved(
    check: &mut Check<'_>,
    scope: &Scope<'_>,
    (kind, row): (&Kind, &Row),
    values: &Values,
    claims: &[Claim],
) -> Option<Vec<Resolved>> {
    let mut all = Vec::new();
    let mut is_whole = true;
    for wanted in row.wanted(values) {
        let made = match wanted.written {
            Written::Expr { value, want, stage, takes_secret } => {
                let asked = Asked { want, stage, takes_secret };
                expr::function(scope, value, asked, &mut check.problems).map(Resolved::Expr)
            }
            Written::Name { name, param } => resolve::settled(check, name, param).map(Resolved::Param),
            Written::Named { values: given } => {
                let own = claims.get(kind.own.len()..).unwrap_or_default();
                named(check, (row.name, values.span), given, own).map(Resolved::Claims)
            }
            // INVARIANT: no row of a kind asks for these.
            Written::Field { .. }
            | Written::File { .. }
            | Written::Principal { .. }
            | Written::Shape { .. } => None,
        };
        is_whole &= made.is_some();
        all.extend(made);
    }
    // A setting that says nothing of its owner may lack something that must be said.
    let says_nothing = |param: &&gatewright_dsl::schema::Param| {
        param.ty == Type::Record && values.value(param.name) == Some(&Value::Absent)
    };
    if row.params.iter().any(|param| says_nothing(&param)) {
        let own = claims.get(kind.own.len()..).unwrap_or_default();
        is_whole &= named(check, (row.name, values.span), &[], own).is_some();
    }
    is_whole.then_some(all)
}

/// What is said of somebody, for each claim in its order.
fn named(
    check: &mut Check<'_>,
    (word, setting): (&str, Option<Span>),
    given: &[(ast::Name, ast::Value)],
    claims: &[Claim],
) -> Option<Vec<Option<Vec<String>>>> {
    let mut is_whole = true;
    for (name, _) in given {
        if !claims.iter().any(|claim| claim.name == name.text) {
            let known: Vec<&str> = claims.iter().map(|claim| claim.name.as_str()).collect();
            check.problems.push(problem::unknown_claim(&name.text, name.span, &known));
            is_whole = false;
        }
    }
    let mut said = Vec::new();
    for claim in claims {
        let value = given.iter().find(|(name, _)| name.text == claim.name).map(|(_, value)| value);
        let Some(value) = value else {
            if let (true, Some(at)) = (claim.is_required(), setting) {
                check.problems.push(problem::missing_claim(word, &claim.name, &claim.ty.to_string(), at));
                is_whole = false;
            }
            said.push(None);
            continue;
        };
        match literal::constant(value, claim.ty.present().0) {
            Ok(constant) => said.push(Some(texts(&constant))),
            Err(problem) => {
                check.problems.push(*problem);
                is_whole = false;
            }
        }
    }
    is_whole.then_some(said)
}

impl Claim {
    /// Whether somebody of whom nothing is said here is nobody. A list may be empty.
    pub(crate) fn is_required(&self) -> bool {
        self.default.is_none() && !matches!(self.ty, Ty::Optional(_) | Ty::List(..))
    }
}

/// Marks whom a route asks for as used, and says whom it may name.
pub(super) fn asked(check: &mut Check<'_>, scope: &mut Scope<'_>, steps: &[Step]) {
    for step in steps {
        let any = match step.policy.who {
            Some(Who::Somebody(any)) => step.values.written(any).is_some(),
            Some(_) => true,
            None => continue,
        };
        for name in principals(&step.values) {
            if check.names.is_auth(&name.text) {
                check.names.find(Space::Value, &name.text);
            }
            match check.auths.find(&name.text) {
                Some((_, who)) => scope.principal(Rc::clone(who), !any),
                None => scope.lose(&name.text),
            }
        }
    }
}

/// The names of `auth`s in a setting.
pub(crate) fn principals(values: &Values) -> Vec<&ast::Name> {
    let mut found = Vec::new();
    for given in &values.given {
        let items =
            if let Value::List(items) = &given.value { items } else { std::slice::from_ref(&given.value) };
        found.extend(
            items.iter().filter_map(|it| if let Value::Reference(name) = it { Some(name) } else { None }),
        );
    }
    found
}

/// The `auth` of a name; reports it where there is none.
pub(super) fn reference(check: &mut Check<'_>, name: &ast::Name) -> Option<Resolved> {
    if check.auths.find(&name.text).is_some() {
        return Some(Resolved::Auth(name.text.clone()));
    }
    // What is wrong with one that is declared has been said.
    if !check.names.is_auth(&name.text) && !check.is_torn {
        let known: Vec<String> = check.auths.known.iter().map(|(auth, _)| auth.name.clone()).collect();
        check.problems.push(problem::unknown_auth(&name.text, name.span, known.iter().map(String::as_str)));
    }
    None
}

/// Where a program asks anybody who they are, each listener of plain HTTP says why that may be read on the way.
pub(super) fn plaintext(check: &mut Check<'_>, listeners: &[Checked]) {
    for setting in listeners.iter().filter(|setting| setting.values.word == "listen") {
        match (setting.values.find("plaintext").and_then(|given| given.span), check.auths.first) {
            (None, Some(auth)) => check.problems.push(problem::plaintext_listener(setting.span, auth)),
            (Some(why), None) if !check.is_torn => check.problems.push(problem::no_credentials(why)),
            _ => {}
        }
    }
}

/// Reports the routes that do not say who may come. Where a setting or a policy is not understood, that may be what says it.
fn guarded(check: &mut Check<'_>) {
    let Some(first) = check.auths.first else { return };
    let is_lost = check.is_torn || check.problems.iter().any(problem::may_hide_a_setting);
    for route in std::mem::take(&mut check.auths.unguarded).into_iter().filter(|_| !is_lost) {
        check.problems.push(problem::unguarded_route(route, first, check.catalogue.who()));
    }
}

/// What all routes must say and may not say.
pub(super) fn hold(check: &mut Check<'_>, outside: &[Step], routes: &[Route<'_>]) {
    logged::hold(check, outside);
    for route in routes {
        logged::hold(check, &route.steps);
        passed::hold(check, route);
    }
    guarded(check);
}

/// The header fields in which the steps of a route tell an upstream who asks.
pub(super) fn identity(steps: &[Step]) -> Vec<String> {
    let mut found = Vec::new();
    for step in steps {
        let row = step.policy.row();
        let mut resolved = step.resolved.iter();
        let of_params = row.wanted(&Values { items: Vec::new(), ..step.values.clone() }).len();
        let tells = |resolved: &mut std::slice::Iter<'_, Resolved>, count: usize| {
            let mut tells = false;
            for it in resolved.take(count) {
                tells |= matches!(it, Resolved::Expr(function) if function.expr.tells_who());
            }
            tells
        };
        tells(&mut resolved, of_params);
        for item in &step.values.items {
            let Some(row) = row.item(item) else { continue };
            let is_told = tells(&mut resolved, row.wanted(item).len());
            if let (true, Some(name)) = (is_told, row.sends.and_then(|sends| sends(item))) {
                found.push(name.to_owned());
            }
        }
    }
    found
}
