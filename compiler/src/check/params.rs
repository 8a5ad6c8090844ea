//! `param`, `live` and `secret` declarations: what may be set when the gateway starts, or while it runs.
//!
//! They are the outermost names of every expression. Names that are taken twice, and parameters that nobody uses, are looked
//! for where all names are.

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ast::{self, Comment};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::{Problem, Span};

use super::bounds::{Bounds, bounded};
use super::expr::literal;
use super::expr::scope::Scope;
use super::problem;
use crate::checked::{Live, Param, Program, Secret};
use crate::ir::expr::{Constant, Expr, Kind};
use crate::ty::{Text, Ty, Types};

/// What start-up may set, and what may change later.
#[derive(Debug, Default)]
pub(super) struct Params {
    /// Sorted by name.
    pub(super) all: Vec<Param>,
    /// Sorted by name.
    pub(super) secrets: Vec<Secret>,
    /// Where each is by default: a place for each item of a list.
    pub(super) defaults: BTreeMap<String, Vec<Span>>,
    /// What each name stands for.
    pub(super) scope: Scope<'static>,
}

/// Arguments of every gateway.
const FLAGS: &[&str] = &["check", "params", "version"];

impl Params {
    /// Gives a program what it needs of these.
    pub(super) fn set_at_start(
        &self,
        program: &mut Program,
        (needed, bounds): (&BTreeSet<String>, &BTreeMap<String, Bounds>),
    ) {
        let used = self.all.iter().filter(|it| needed.contains(&it.name));
        program.params = used.map(|it| bounded(it, bounds.get(&it.name))).collect();
        let used = self.secrets.iter().filter(|it| self.scope.is_used(&it.name));
        program.secrets = used.cloned().collect();
    }

    /// What a parameter is where nobody sets it: each value with its place.
    pub(super) fn by_default(&self, name: &str) -> Vec<(Constant, Span)> {
        let param = self.all.iter().find(|param| param.name == name);
        let values = match param.and_then(|param| param.default.clone()) {
            Some(Constant::List(items)) => items,
            one => one.into_iter().collect(),
        };
        let places = self.defaults.get(name).into_iter().flatten().copied();
        values.into_iter().zip(places).collect()
    }
}

/// Reads all declarations; of two with one name, the first.
pub(super) fn read(
    params: &[&ast::Param],
    lives: &[&ast::Live],
    secrets: &[&ast::Secret],
    types: &Types,
    problems: &mut Vec<Problem>,
) -> Params {
    let mut read = Params::default();
    let mut variables: BTreeMap<String, (String, Span)> = BTreeMap::new();
    let params = params.iter().map(|it| Written::of_param(it));
    for written in params.chain(lives.iter().map(|it| Written::of_live(it))) {
        let Written { name, from, .. } = written;
        let ty = if written.broken { None } else { ty(&written, types, problems) };
        let expr = ty.as_ref().map(|ty| Expr::new(Kind::Param(name.text.clone()), ty.clone()));
        // Nothing but a start has flags and variables.
        let is_declared = match from {
            From::Start => declare(&mut read, &mut variables, name, expr, problems),
            From::Live(_) => bind(&mut read, name, expr, problems),
        };
        if is_declared && let Some(ty) = ty {
            read.all.extend(param(&written, ty, problems));
            read.defaults.insert(name.text.clone(), defaults(written.default));
        }
    }
    for secret in secrets {
        let expr = Expr::new(Kind::Secret(secret.name.text.clone()), Ty::Secret);
        if declare(&mut read, &mut variables, &secret.name, Some(expr), problems) {
            read.secrets.push(Secret { name: secret.name.text.clone(), doc: doc(&secret.docs) });
        }
    }
    read.all.sort_by(|a, b| a.name.cmp(&b.name));
    read.secrets.sort_by(|a, b| a.name.cmp(&b.name));
    read
}

/// Gives a name its meaning. Whether it is the first of its name.
fn declare(
    read: &mut Params,
    variables: &mut BTreeMap<String, (String, Span)>,
    name: &ast::Name,
    expr: Option<std::rc::Rc<Expr>>,
    problems: &mut Vec<Problem>,
) -> bool {
    let is_flag = FLAGS.contains(&name.text.as_str());
    if is_flag {
        problems.push(problem::reserved_name(&name.text, name.span));
    }
    let expr = expr.filter(|_| !is_flag);
    let is_secret = expr.as_ref().is_some_and(|expr| expr.ty == Ty::Secret);
    if !bind(read, name, expr, problems) {
        return false;
    }
    let variable = name.text.replace('-', "_").to_uppercase();
    let file = is_secret.then(|| format!("{variable}_FILE"));
    for variable in [Some(variable), file].into_iter().flatten() {
        if let Some((_, first)) = variables.get(&variable) {
            problems.push(problem::same_variable(&name.text, name.span, *first, &variable));
        } else {
            variables.insert(variable, (name.text.clone(), name.span));
        }
    }
    true
}

/// Gives a name its meaning in expressions. Whether it is the first of its name.
fn bind(
    read: &mut Params,
    name: &ast::Name,
    expr: Option<std::rc::Rc<Expr>>,
    problems: &mut Vec<Problem>,
) -> bool {
    let bound = read.scope.bind(name, expr);
    if let Err(problem) = bound {
        // That a name is declared twice is said for all names together.
        if problem.name == "reserved_name" {
            problems.push(*problem);
        }
        return false;
    }
    true
}

/// A `param` or a `live`, as it is written.
#[derive(Clone, Copy)]
struct Written<'a> {
    docs: &'a [Comment],
    name: &'a ast::Name,
    ty: &'a ast::Type,
    default: Option<&'a ast::Value>,
    from: From<'a>,
    broken: bool,
}

/// Who says a value.
#[derive(Clone, Copy)]
enum From<'a> {
    Start,
    /// Whoever may change it: a file, or else the admin listener.
    Live(Option<&'a ast::Text>),
}

impl<'a> Written<'a> {
    fn of_param(it: &'a ast::Param) -> Self {
        let (docs, name, ty, default) = (&it.docs, &it.name, &it.ty, it.default.as_ref());
        Self { docs, name, ty, default, from: From::Start, broken: it.broken }
    }

    fn of_live(it: &'a ast::Live) -> Self {
        let (docs, name, ty, default) = (&it.docs, &it.name, &it.ty, it.default.as_ref());
        Self { docs, name, ty, default, from: From::Live(it.from.as_ref()), broken: it.broken }
    }
}

/// The type of a parameter, if it can be given as a text.
fn ty(param: &Written<'_>, types: &Types, problems: &mut Vec<Problem>) -> Option<Ty> {
    let ty = match types.find(param.ty) {
        Ok(ty) => ty?,
        Err(problem) => {
            problems.push(*problem);
            return None;
        }
    };
    let item = if let Ty::List(item, _) = &ty { item } else { &ty };
    let help = match item {
        Ty::String(Text::Matches(_)) => "bound its length, or name the texts that it may be: `\"a\" | \"b\"`",
        Ty::Optional(_) => "leave the `?` out, and give it a default",
        Ty::Path => "write `string`",
        item if !item.is_scalar() => "one text holds a value, or a list of values",
        _ => return Some(ty),
    };
    let what = if matches!(param.from, From::Start) { "a parameter" } else { "a live value" };
    problems.push(problem::unsupported_type(&ty.to_string(), param.ty.span, what, help));
    None
}

fn param(param: &Written<'_>, ty: Ty, problems: &mut Vec<Problem>) -> Option<Param> {
    let default = match param.default {
        None => None,
        Some(default) => match literal::constant(default, &ty) {
            Ok(default) => Some(default),
            Err(problem) => {
                problems.push(*problem);
                return None;
            }
        },
    };
    let live = match param.from {
        From::Start => None,
        From::Live(None) => Some(Live::Admin),
        From::Live(Some(path)) => {
            if !gatewright_dsl::item::gateway::is_file(&path.value) {
                let found = format!("{:?}", path.value);
                let problem = wrong_type(path.span, "the absolute path of a file", &found);
                problems.push(problem.help("write the whole path: `\"/etc/shop/blocked.json\"`"));
                return None;
            }
            Some(Live::File(path.value.clone()))
        }
    };
    let name = param.name.text.clone();
    Some(Param { name, doc: doc(param.docs), ty, default, least: None, most: None, live })
}

/// Where a default stands, or each item of it.
fn defaults(default: Option<&ast::Value>) -> Vec<Span> {
    let Some(default) = default else { return Vec::new() };
    match &default.kind {
        ast::ValueKind::List(items) => items.iter().map(|item| item.span).collect(),
        _ => vec![default.span],
    }
}

/// The lines above a declaration.
fn doc(docs: &[Comment]) -> String {
    docs.iter().map(|doc| doc.text.as_str()).collect::<Vec<_>>().join("\n")
}
