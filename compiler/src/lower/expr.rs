//! Numbers for the functions that emitted code has beside its chains: equal ones are one function.

use std::collections::BTreeMap;

use crate::ir::Functions;
use crate::ir::expr::{Form, Function};
use crate::ty::Ty;

/// All functions that were asked for, numbered in the order of the first question.
#[derive(Default)]
pub(super) struct Expressions {
    pub(super) functions: Functions,
    /// The names of all parameters, by number.
    pub(super) params: Vec<String>,
    /// The names of all `auth`s, by number.
    pub(super) auths: Vec<String>,
    number_of: BTreeMap<Function, usize>,
    check_of: BTreeMap<Ty, usize>,
    shape_of: BTreeMap<Ty, usize>,
}

impl Expressions {
    /// The number of the function that evaluates an expression.
    pub(super) fn number(&mut self, function: &Function) -> usize {
        if let Some(number) = self.number_of.get(function) {
            return *number;
        }
        if function.form == Form::Json {
            let mut parts = Vec::new();
            function.expr.written(&mut parts);
            for ty in &parts {
                self.written(ty);
            }
        }
        let number = self.functions.exprs.len();
        self.functions.exprs.push(function.clone());
        self.number_of.insert(function.clone(), number);
        number
    }

    /// The number of a parameter.
    pub(super) fn param(&self, name: &str) -> u16 {
        // INVARIANT: a name that resolves is that of a parameter; there are far fewer than 65,535.
        let number = self.params.iter().position(|param| param == name);
        number.and_then(|number| u16::try_from(number).ok()).unwrap_or(u16::MAX)
    }

    /// What is written as a whole: scalars need no table for that, and neither do lists that are written item by item.
    fn written(&mut self, ty: &Ty) {
        match ty {
            Ty::List(..) | Ty::Map(_) | Ty::Record(_) => drop(self.shape(ty)),
            _ => {}
        }
    }

    /// The number of the table by which documents of a type are read and written.
    pub(super) fn shape(&mut self, ty: &Ty) -> usize {
        if let Some(number) = self.shape_of.get(ty) {
            return *number;
        }
        self.texts(ty);
        let number = self.functions.shapes.len();
        self.functions.shapes.push(ty.clone());
        self.shape_of.insert(ty.clone(), number);
        number
    }

    /// Numbers the checks of all texts in a type.
    fn texts(&mut self, ty: &Ty) {
        match ty {
            Ty::Bool | Ty::Int(_) | Ty::Decimal(_) => {}
            Ty::List(item, _) | Ty::Map(item) | Ty::Optional(item) => self.texts(item),
            Ty::Record(record) => record.fields.iter().for_each(|field| self.texts(&field.ty)),
            text => drop(self.check(text)),
        }
    }

    /// The number of the function that says whether a text is of a type.
    pub(super) fn check(&mut self, ty: &Ty) -> usize {
        if let Some(number) = self.check_of.get(ty) {
            return *number;
        }
        let number = self.functions.checks.len();
        self.functions.checks.push(ty.clone());
        self.check_of.insert(ty.clone(), number);
        number
    }
}
