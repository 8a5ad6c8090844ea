//! What rows ask of the compiler, answered for one route: its expressions typed, its fields declared, its names looked up.
//!
//! The names of a route are those of its captures, of the fields that it declares and of its `let`s, over the parameters of
//! the program. Where they stand does not matter; a `let` may use another, but not itself.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gatewright_dsl::Problem;
use gatewright_dsl::ast::{self, Name, Value, ValueKind};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::ty::Bounds;
use gatewright_dsl::schema::{Dynamic, Param, Source, Stage, Type, Value as Checked, Want, Wanted, Written};

use super::expr::scope::{Found, Scope};
use super::expr::{self, Asked, literal};
use super::pattern::{Capture, Takes};
use super::rewrite::Space;
use super::{Check, answer, auth, bounds, document, file, problem};
use crate::algebra::Automaton;
use crate::checked::{Resolved, Step};
use crate::ir::expr::{Constant, Expr, Form, Function, Kind, Lookup};
use crate::ty::{Text, Ty};

/// The names of a route, over those of the whole program.
pub(super) fn scope<'a>(
    check: &mut Check<'_>,
    outer: &'a Scope<'a>,
    captures: &[Capture<'_>],
    steps: &[Step],
) -> Scope<'a> {
    let mut scope = Scope::within(outer);
    auth::asked(check, &mut scope, steps);
    for capture in captures {
        let declared = match &capture.takes {
            Takes::Noted(number) => scope.capture(capture.name, &capture.ty, *number),
            Takes::Known(text) => scope.bind(capture.name, Some(known(text, &capture.ty))),
        };
        report(check, declared);
    }
    for (field, source) in steps.iter().flat_map(fields) {
        let declared = declare(check, &mut scope, field, source);
        report(check, declared);
    }
    for step in steps {
        let Some((name, ty)) = read(check, step) else { continue };
        let declared = scope.document(&name, 0, ty.as_ref());
        report(check, declared);
    }
    let lets: Vec<Let<'_>> = steps.iter().flat_map(lets).collect();
    let mut binding = Binding { lets: BTreeMap::new(), open: Vec::new(), done: BTreeSet::new() };
    for bound in &lets {
        if binding.lets.insert(&bound.name.text, bound).is_some() {
            // INVARIANT: two in one place are refused, and of two in different places the inner one is left.
            debug_assert!(check.is_torn, "two `let`s of one name");
        }
    }
    for bound in &lets {
        binding.bind(check, &mut scope, bound);
    }
    scope
}

/// Answers what the row of each step asks, in its order.
pub(super) fn steps(check: &mut Check<'_>, scope: &Scope<'_>, steps: &mut [Step]) {
    for step in steps {
        let row = step.policy.row();
        let wanted = row.wanted(&step.values);
        let resolved: Vec<Resolved> =
            wanted.iter().filter_map(|wanted| self::wanted(check, scope, step, wanted)).collect();
        step.resolved = resolved;
    }
}

/// The condition of a route, from those of all blocks around it. It knows parameters, and of the request what every route
/// knows.
pub(super) fn condition(check: &mut Check<'_>, outer: &Scope<'_>, written: &Value) -> Option<Function> {
    let asked = Asked { want: Want::Bool, stage: Stage::Request, takes_secret: false };
    expr::function(outer, written, asked, &mut check.problems)
}

fn report(check: &mut Check<'_>, declared: Result<(), Box<Problem>>) {
    if let Err(problem) = declared {
        check.problems.push(*problem);
    }
}

/// The one value of a capture that can take no other text, which is given in canonical spelling.
fn known(text: &str, ty: &Ty) -> Rc<Expr> {
    let kind = match (ty, text.parse()) {
        (Ty::Int(_), Ok(number)) => Constant::Int(number),
        _ => Constant::Text(decoded(text)),
    };
    Expr::new(Kind::Constant(kind), ty.clone())
}

/// What a text in canonical spelling says.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let (digits, after) = escape.split_at_checked(2).unwrap_or((escape, ""));
        // INVARIANT: behind every `%` of canonical spelling stand two digits.
        bytes.extend(u8::from_str_radix(digits, 16));
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The fields that a step declares.
fn fields(step: &Step) -> Vec<(&ast::Field, Source)> {
    let declared =
        step.policy.params.iter().filter_map(|param| match (&param.ty, step.values.value(param.name)?) {
            (Type::Field(source), Checked::Field(field)) => Some((&**field, *source)),
            _ => None,
        });
    declared.collect()
}

/// The name of what a step reads of the body, and its type; none where that is not understood.
fn read(check: &Check<'_>, step: &Step) -> Option<(Name, Option<Ty>)> {
    let reading = step.policy.reads(&step.values)?;
    let Some(Checked::Type(name)) = step.values.value(reading.param) else { return None };
    let ty = document::ty(check, &of_name(name)).ok().flatten();
    Some((Name { text: step.policy.name.to_owned(), span: step.values.span.unwrap_or(name.span) }, ty))
}

/// A type as if a name were written in its place.
fn of_name(name: &Name) -> ast::Type {
    ast::Type { span: name.span, kind: ast::TypeKind::Named { name: name.clone(), bounds: None } }
}

fn declare(
    check: &mut Check<'_>,
    scope: &mut Scope<'_>,
    field: &ast::Field,
    source: Source,
) -> Result<(), Box<Problem>> {
    let name = field.alias.as_ref().unwrap_or(&field.name);
    let ty = match field_type(check, field, "a field of a request") {
        Ok(Some(ty)) => ty,
        Ok(None) => return scope.bind(name, None),
        Err(problem) => {
            // The name is known all the same.
            scope.bind(name, None)?;
            return Err(problem);
        }
    };
    let default = match &field.default {
        Some(_) if matches!(ty, Ty::Optional(_)) => {
            scope.bind(name, None)?;
            let help = "leave the `?` out: with a default, it is never absent";
            return Err(Box::new(problem::unsupported_type(
                &ty.to_string(),
                field.ty.span,
                "a field with a default",
                help,
            )));
        }
        Some(default) => match literal::constant(default, &ty) {
            Ok(default) => Some(default),
            Err(problem) => {
                scope.bind(name, None)?;
                return Err(problem);
            }
        },
        None => None,
    };
    scope.field(name, &ty, (lookup(source), &wire(field, source)), default)
}

/// The type of a declared field. `None` where it is not understood, which has been reported.
pub(super) fn field_type(
    check: &Check<'_>,
    field: &ast::Field,
    what: &str,
) -> Result<Option<Ty>, Box<Problem>> {
    let Some(ty) = check.types.find(&field.ty)? else { return Ok(None) };
    let (present, _) = ty.present();
    let item = if let Ty::List(item, _) = present { item } else { present };
    let help = match item {
        _ if matches!(&ty, Ty::Optional(inner) if matches!(**inner, Ty::List(..))) => {
            "leave the `?` out: a list may be empty"
        }
        _ if matches!(present, Ty::List(_, range) if !range.is_all()) => "leave the bounds of the list out",
        Ty::Path => "write `string`",
        Ty::String(Text::Matches(regex)) => {
            return match Automaton::regex(regex) {
                Ok(_) => Ok(Some(ty)),
                Err(refusal) => Err(Box::new(problem::regex(&refusal, field.ty.span))),
            };
        }
        item if !item.is_scalar() => "one text holds a value; several hold a list of values",
        _ => return Ok(Some(ty)),
    };
    Err(Box::new(problem::unsupported_type(&ty.to_string(), field.ty.span, what, help)))
}

fn lookup(source: Source) -> Lookup {
    match source {
        Source::Query => Lookup::Query,
        Source::Header => Lookup::Header,
        Source::Cookie => Lookup::Cookie,
    }
}

/// The name of a field in a request.
fn wire(field: &ast::Field, source: Source) -> String {
    let name = field.wire.as_ref().map_or(&field.name.text, |wire| &wire.value);
    if source == Source::Header { name.to_ascii_lowercase() } else { name.clone() }
}

/// `let NAME = VALUE [else STATUS]`
struct Let<'s> {
    name: &'s Name,
    value: &'s Value,
    /// Whether the request is answered where there is no value.
    is_asked: bool,
}

/// The names that a step gives to values.
fn lets(step: &Step) -> Vec<Let<'_>> {
    let is_asked = step.policy.acts.is_some_and(|label| step.values.written(label).is_some());
    let given =
        step.policy.params.iter().filter_map(|param| match (&param.ty, step.values.value(param.name)?) {
            (Type::Binding(_), Checked::Binding(name, value)) => Some(Let { name, value, is_asked }),
            _ => None,
        });
    given.collect()
}

/// The `let`s of a route, each typed after those that it uses.
struct Binding<'s> {
    lets: BTreeMap<&'s str, &'s Let<'s>>,
    open: Vec<&'s str>,
    done: BTreeSet<&'s str>,
}

impl<'s> Binding<'s> {
    fn bind(&mut self, check: &mut Check<'_>, scope: &mut Scope<'_>, bound: &'s Let<'s>) {
        let name = bound.name.text.as_str();
        if !self.done.insert(name) {
            return;
        }
        self.open.push(name);
        let mut is_circle = false;
        for word in words(bound.value) {
            if self.open.contains(&word) {
                is_circle = true;
            } else if let Some(other) = self.lets.get(word).copied() {
                self.bind(check, scope, other);
            }
        }
        self.open.pop();
        let expr = if is_circle {
            check.problems.push(problem::let_cycle(name, bound.name.span));
            None
        } else {
            expr::expression(scope, bound.value, Stage::Request, &mut check.problems)
        };
        let expr = match expr {
            Some(expr) if bound.is_asked && !matches!(expr.ty, Ty::Optional(_)) => {
                let ty = expr.ty.to_string();
                check.problems.push(problem::always_present("else", &ty, bound.value.span));
                None
            }
            Some(expr) if bound.is_asked => Some(expr::found(&expr)),
            other => other,
        };
        let declared = scope.bind(bound.name, expr);
        report(check, declared);
    }
}

/// The bare words of an expression.
fn words(value: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        if let ValueKind::Word(word) = &value.kind {
            found.push(word.as_str());
        }
        left.extend(value.parts());
    }
    found
}

fn wanted(check: &mut Check<'_>, scope: &Scope<'_>, step: &Step, wanted: &Wanted<'_>) -> Option<Resolved> {
    match wanted.written {
        Written::Expr { value, want, stage, takes_secret } => {
            if let Some(Checked::Binding(name, _)) = bound(step, value) {
                return match scope.find(&name.text) {
                    Found::Expr(expr) => {
                        Some(Resolved::Expr(Function { form: Form::IsSet, expr: asked_of(&expr) }))
                    }
                    _ => None,
                };
            }
            if is_answer(step, wanted.param)
                && let Some(text) = answer::known(value, want)
            {
                return Some(Resolved::Text(text));
            }
            let asked = Asked { want, stage, takes_secret };
            expr::function(scope, value, asked, &mut check.problems).map(Resolved::Expr)
        }
        Written::Field { field, source } => {
            let ty = field_type(check, field, "").ok().flatten()?;
            let (present, is_optional) = ty.present();
            let (item, many) =
                if let Ty::List(item, _) = present { (&**item, true) } else { (present, false) };
            let required = !is_optional && field.default.is_none() && !many;
            let default =
                field.default.as_ref().and_then(|default| expr::literal::constant(default, &ty).ok());
            Some(Resolved::Field { name: wire(field, source), required, many, ty: item.clone(), default })
        }
        Written::Shape { name } => match document::ty(check, &of_name(name)) {
            Ok(ty) => ty.map(Resolved::Shape),
            Err(problem) => {
                check.problems.push(*problem);
                None
            }
        },
        Written::File { path } => file::read(check, path).map(|(media, text)| Resolved::File(media, text)),
        Written::Principal { name } => auth::reference(check, name),
        // INVARIANT: no policy asks for values with names.
        Written::Named { .. } => None,
        // What is made of it when the gateway starts does not change.
        Written::Name { name, param } if step.policy.part || param.dynamic == Dynamic::Start => {
            settled(check, name, param).map(Resolved::Param)
        }
        Written::Name { name, param } => reference(check, scope, name, param).map(Resolved::Param),
    }
}

/// The binding of a step that holds this very expression.
fn bound<'s>(step: &'s Step, value: &Value) -> Option<&'s Checked> {
    let params = step.policy.params.iter().filter(|param| matches!(param.ty, Type::Binding(_)));
    let mut values = params.filter_map(|param| step.values.value(param.name));
    values.find(|it| matches!(it, Checked::Binding(_, own) if own.span == value.span))
}

/// What is asked whether it is there, of what has been found to be there.
fn asked_of(expr: &Rc<Expr>) -> Rc<Expr> {
    match &expr.kind {
        Kind::Found(inner) => Rc::clone(inner),
        _ => Rc::clone(expr),
    }
}

fn is_answer(step: &Step, param: &str) -> bool {
    let row = step.policy.row();
    let all = row.params.iter().chain(row.block.iter().flat_map(|row| row.params));
    all.filter(|own| own.name == param).any(|own| matches!(own.ty, Type::Answer(_)))
}

/// A parameter in the place of a row's value, where no route is.
pub(super) fn of_program(check: &mut Check<'_>, name: &Name, row: &Param) -> Option<String> {
    let params = Rc::clone(&check.params);
    reference(check, &params.scope, name, row)
}

/// A parameter in the place of a row's value that is settled when the gateway starts.
pub(super) fn settled(check: &mut Check<'_>, name: &Name, row: &Param) -> Option<String> {
    let params = Rc::clone(&check.params);
    let param = reference(check, &params.scope, name, row)?;
    if params.all.iter().any(|it| it.name == param && it.live.is_some()) {
        let declared = check.names.place(Space::Value, &param);
        check.problems.push(problem::live_not_here(&param, name.span, declared));
        return None;
    }
    Some(param)
}

/// A parameter in the place of a row's value.
fn reference(check: &mut Check<'_>, scope: &Scope<'_>, name: &Name, row: &Param) -> Option<String> {
    let wanted = &row.ty;
    let expr = match scope.find(&name.text) {
        Found::Expr(expr) => expr,
        Found::Broken => return None,
        Found::Unknown => {
            let known = scope.known();
            check.problems.push(problem::unknown_param(&name.text, name.span, &known, &wanted.to_string()));
            return None;
        }
    };
    let Kind::Param(param) = &expr.kind else {
        let found = format!("`{}`, which only a request has", name.text);
        let problem = wrong_type(name.span, &format!("{wanted}, or a `param`"), &found);
        check.problems.push(problem.help("write a value, or declare a `param` for it"));
        return None;
    };
    if !fits(&expr.ty, wanted) {
        let found = format!("`{}`", expr.ty);
        check
            .problems
            .push(wrong_type(name.span, &wanted.to_string(), &found).help("give its declaration that type"));
        return None;
    }
    bounds::narrow(check, param, name, row);
    Some(param.clone())
}

/// Whether a parameter of this type can stand where a row takes that one.
fn fits(ty: &Ty, wanted: &Type) -> bool {
    match (ty, wanted) {
        (Ty::List(item, _), Type::List(wanted)) => fits(item, wanted),
        (Ty::Bool, Type::Bool)
        | (Ty::Duration(_), Type::Duration)
        | (Ty::Size(_), Type::Size)
        | (Ty::Rate(_), Type::Rate)
        | (Ty::Percent(_), Type::Percent)
        | (Ty::Ip, Type::Ip)
        | (Ty::Cidr, Type::Cidr | Type::Net)
        | (Ty::Addr, Type::Addr)
        | (Ty::Url, Type::Url(_) | Type::Origin(_)) => true,
        // A row that bounds the length of a text takes none that start-up gives.
        (Ty::String(_) | Ty::Enum(_), Type::String(bounds)) => *bounds == Bounds::NONE,
        (Ty::Int(range), Type::Int(bounds)) => {
            bounds.min.is_none_or(|min| range.min.is_some_and(|own| own >= min))
                && bounds.max.is_none_or(|max| range.max.is_some_and(|own| own <= max))
        }
        _ => false,
    }
}
