//! The names that an expression may use, and what they stand for.
//!
//! One namespace for all values: a local name may not be that of a parameter, nor of another local.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gatewright_dsl::ast::Name;
use gatewright_dsl::policy::WhoWords;
use gatewright_dsl::{Problem, Span};

use super::offer::NONE;
use crate::check::problem;
use crate::ir::expr::{Constant, Expr, Kind, Lookup, Read};
use crate::ty::Ty;

/// What every expression knows without a declaration.
pub(crate) const RESERVED: &[&str] = &["client", "exchange", "request", "response"];

/// What the gateway notes of every exchange, by a word of its block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Records {
    pub(crate) request_id: bool,
    pub(crate) trace: bool,
}

/// Values by name: those of the whole program, or those of one route over them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope<'a> {
    outer: Option<&'a Scope<'a>>,
    names: BTreeMap<String, Named>,
    /// Who asks, by name: what is known of them, and whether somebody is known for certain.
    principals: BTreeMap<String, (Rc<Principal>, bool)>,
    /// Those of whom nothing is understood, which has been reported.
    lost: BTreeSet<String>,
    used: RefCell<BTreeSet<String>>,
    /// Said of the outermost one: the names of all `auth`s.
    auths: RefCell<BTreeSet<String>>,
    /// Said of the outermost one: how routes ask for them.
    words: Cell<WhoWords>,
    /// Said of the outermost one.
    records: Cell<Records>,
    /// Said of the outermost one: by their places, what arguments of policies are given for.
    arguments: RefCell<BTreeMap<Span, Vec<Parameter>>>,
}

/// What an argument of a policy is given for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    pub(crate) ty: Ty,
}

/// Somebody who is known to an `auth`.
#[derive(Debug)]
pub(crate) struct Principal {
    /// The name of the `auth`.
    pub(crate) name: String,
    pub(crate) claims: Vec<(String, Ty)>,
}

/// What has come of looking for a name.
pub(crate) enum Found {
    /// This.
    Expr(Rc<Expr>),
    /// It is declared, and not understood, which has been reported.
    Broken,
    /// It is not declared.
    Unknown,
}

#[derive(Clone, Debug)]
struct Named {
    at: Span,
    /// `None`: declared, and not understood, which has been reported.
    expr: Option<Rc<Expr>>,
}

impl<'a> Scope<'a> {
    /// A scope inside of another, whose names it knows.
    pub(crate) fn within(outer: &'a Self) -> Self {
        Self { outer: Some(outer), ..Self::default() }
    }

    /// Says what the gateway notes of every exchange.
    pub(crate) fn record(&self, records: Records) {
        self.records.set(records);
    }

    /// What the gateway notes of every exchange.
    pub(crate) fn records(&self) -> Records {
        self.outer.map_or_else(|| self.records.get(), Scope::records)
    }

    /// Says what the argument at a place is given for.
    pub(crate) fn give(&self, argument: Span, parameter: Parameter) {
        let mut arguments = self.arguments.borrow_mut();
        let known = arguments.entry(argument).or_default();
        if !known.contains(&parameter) {
            known.push(parameter);
        }
    }

    /// What the argument at a place is given for that cannot have all values of a type.
    pub(crate) fn wanting(&self, argument: Span, takes: &dyn Fn(&Ty) -> bool) -> Option<Parameter> {
        if let Some(outer) = self.outer {
            return outer.wanting(argument, takes);
        }
        let arguments = self.arguments.borrow();
        arguments.get(&argument)?.iter().find(|parameter| !takes(&parameter.ty)).cloned()
    }

    /// Says which names are those of `auth`s.
    pub(crate) fn know_auths(&self, names: BTreeSet<String>, words: WhoWords) {
        self.auths.replace(names);
        self.words.set(words);
    }

    /// How routes ask for them.
    pub(crate) fn who_words(&self) -> WhoWords {
        self.outer.map_or_else(|| self.words.get(), Scope::who_words)
    }

    /// Whether a name is that of an `auth`, whoever asks it.
    pub(crate) fn is_auth(&self, name: &str) -> bool {
        self.outer.map_or_else(|| self.auths.borrow().contains(name), |outer| outer.is_auth(name))
    }

    /// Whether it is that of the whole program, and of no route.
    pub(crate) fn is_outermost(&self) -> bool {
        self.outer.is_none()
    }

    /// Somebody whom a route asks for. Who is known for certain is not known less where it is said again.
    pub(crate) fn principal(&mut self, principal: Rc<Principal>, is_certain: bool) {
        let known = self.principals.entry(principal.name.clone()).or_insert((principal, is_certain));
        known.1 |= is_certain;
    }

    /// Somebody whom a route asks for, and of whom nothing is understood.
    pub(crate) fn lose(&mut self, name: &str) {
        self.lost.insert(name.to_owned());
    }

    /// Whether a route asks for somebody of whom nothing is understood.
    pub(crate) fn is_lost(&self, name: &str) -> bool {
        self.lost.contains(name) || self.outer.is_some_and(|outer| outer.is_lost(name))
    }

    /// Somebody by name, and whether there is somebody for certain.
    pub(crate) fn who(&self, name: &str) -> Option<(Rc<Principal>, bool)> {
        let own = self.principals.get(name).map(|(who, is_certain)| (Rc::clone(who), *is_certain));
        own.or_else(|| self.outer.and_then(|outer| outer.who(name)))
    }

    /// What the n-th capture of a pattern took.
    pub(crate) fn capture(&mut self, name: &Name, ty: &Ty, number: u8) -> Result<(), Box<Problem>> {
        self.add(name, Some(Expr::new(Kind::Read(Read::Capture(number)), ty.clone())))
    }

    /// A field that a route declares. Without a default, one that is not optional is there: its row refuses the request
    /// otherwise.
    pub(crate) fn field(
        &mut self,
        name: &Name,
        ty: &Ty,
        (lookup, wire): (Lookup, &str),
        default: Option<Constant>,
    ) -> Result<(), Box<Problem>> {
        let read = Read::Field(lookup, wire.to_owned(), default);
        self.add(name, Some(Expr::new(Kind::Read(read), ty.clone())))
    }

    /// A document, by its number among those of the exchange; without a type where that is wrong, which has been reported.
    pub(crate) fn document(&mut self, name: &Name, number: u16, ty: Option<&Ty>) -> Result<(), Box<Problem>> {
        let kind = Kind::Document(number, name.text.clone());
        self.add(name, ty.map(|ty| Expr::new(kind, ty.clone())))
    }

    /// A name for an expression; `None` where that is wrong, which has been reported.
    pub(crate) fn bind(&mut self, name: &Name, expr: Option<Rc<Expr>>) -> Result<(), Box<Problem>> {
        self.add(name, expr)
    }

    fn add(&mut self, name: &Name, expr: Option<Rc<Expr>>) -> Result<(), Box<Problem>> {
        let text = name.text.as_str();
        if RESERVED.contains(&text) || text == NONE {
            return Err(Box::new(problem::reserved_name(text, name.span)));
        }
        if let Some(first) = self.named(text) {
            return Err(Box::new(problem::shadowed_name(text, name.span, first.at)));
        }
        if self.is_auth(text) {
            return Err(Box::new(problem::name_of_auth(text, name.span)));
        }
        self.names.insert(text.to_owned(), Named { at: name.span, expr });
        Ok(())
    }

    /// What a name stands for; from now on it is used.
    pub(crate) fn find(&self, name: &str) -> Found {
        match (self.names.get(name), self.outer) {
            (Some(named), _) => {
                self.used.borrow_mut().insert(name.to_owned());
                named.expr.clone().map_or(Found::Broken, Found::Expr)
            }
            (None, Some(outer)) => outer.find(name),
            (None, None) => Found::Unknown,
        }
    }

    /// What a name stands for; that is no use of it.
    pub(crate) fn peek(&self, name: &str) -> Found {
        match self.named(name) {
            Some(named) => named.expr.clone().map_or(Found::Broken, Found::Expr),
            None => Found::Unknown,
        }
    }

    /// Whether some expression names it.
    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    /// Whether some expression of a scope around it names it.
    pub(crate) fn is_used_around(&self, name: &str) -> bool {
        self.outer.is_some_and(|outer| outer.is_used(name) || outer.is_used_around(name))
    }

    /// All names that are known, sorted.
    pub(crate) fn known(&self) -> Vec<&str> {
        let outer = self.outer.map(Scope::known).unwrap_or_default();
        let mut known: Vec<&str> = self.names.keys().map(String::as_str).chain(outer).collect();
        known.sort_unstable();
        known
    }

    /// The names of all secrets, sorted.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let is_secret = |name: &&str| matches!(self.peek(name), Found::Expr(expr) if expr.ty == Ty::Secret);
        self.known().into_iter().filter(is_secret).collect()
    }

    fn named(&self, name: &str) -> Option<&Named> {
        self.names.get(name).or_else(|| self.outer.and_then(|outer| outer.named(name)))
    }
}
