//! `type` declarations: records, enums and bounded names for other types.
//!
//! A type may name types that stand behind it; none may contain itself. Names that are taken twice, and types that nobody uses,
//! are looked for where all names are.

use std::collections::BTreeMap;

use gatewright_dsl::ast::{self, Field, TypeBody, TypeDeclaration, TypeKind};
use gatewright_dsl::problem::syntax::repeated_field;
use gatewright_dsl::{Problem, Span};

use super::expr::literal;
use super::problem;
use crate::ty::{self, Record, Ty, Types};

/// How many fields a type may have in all: what is made of it grows with them.
const MOST_MEMBERS: usize = 10_000;

/// Reads all type declarations; of two with one name, the first.
pub(super) fn read(declarations: &[&TypeDeclaration], problems: &mut Vec<Problem>) -> Types {
    let mut by_name: BTreeMap<&str, &TypeDeclaration> = BTreeMap::new();
    for declaration in declarations {
        by_name.entry(&declaration.name.text).or_insert(declaration);
    }
    let members = BTreeMap::new();
    let mut reading = Reading { by_name, types: Types::default(), open: Vec::new(), members, problems };
    for declaration in declarations {
        reading.read(declaration);
    }
    reading.types
}

struct Reading<'a> {
    by_name: BTreeMap<&'a str, &'a TypeDeclaration>,
    types: Types,
    /// Those being read, the outermost first, each with the place where the next one is named.
    open: Vec<(&'a str, Option<Span>)>,
    /// How many fields those that were read have in all, with those of the types of their fields.
    members: BTreeMap<&'a str, usize>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn read(&mut self, declaration: &'a TypeDeclaration) {
        let name = declaration.name.text.as_str();
        if self.types.knows(name) {
            return;
        }
        if ty::NAMES.contains(&name) {
            self.problems.push(problem::reserved_name(name, declaration.name.span));
            self.types.declare(name, None);
            return;
        }
        self.open.push((name, None));
        let mut is_whole = !declaration.broken;
        for (used, span) in names(&declaration.body) {
            is_whole &= self.follow(used, span);
        }
        let ty = if is_whole { self.body(declaration) } else { None };
        self.open.pop();
        let members = self.members(&declaration.body);
        let is_bounded = members <= MOST_MEMBERS;
        if ty.is_some() && !is_bounded {
            self.problems.push(problem::type_too_large(name, MOST_MEMBERS, declaration.name.span));
        }
        let ty = ty.filter(|_| is_bounded);
        self.members.insert(name, if ty.is_some() { members } else { 0 });
        self.types.declare(name, ty);
    }

    /// How many fields a value has in all, where no list has more than one.
    fn members(&self, body: &TypeBody) -> usize {
        let of = |name: &str| self.members.get(name).copied().unwrap_or_default();
        let inside = names(body).into_iter().fold(0_usize, |sum, (name, _)| sum.saturating_add(of(name)));
        match body {
            TypeBody::Alias(_) => inside,
            TypeBody::Record { fields, .. } => inside.saturating_add(fields.len()),
        }
    }

    /// Reads the type of a name first. Whether that can be: not if it is still open, which is a circle.
    fn follow(&mut self, name: &str, span: Span) -> bool {
        if let Some(last) = self.open.last_mut() {
            last.1 = Some(span);
        }
        if let Some(from) = self.open.iter().position(|(open, _)| *open == name) {
            let circle = self.open.get(from..).unwrap_or_default();
            let first = circle.first().and_then(|(name, _)| self.by_name.get(name));
            let through = circle.iter().filter_map(|(_, span)| *span).next_back();
            if let Some(first) = first {
                self.problems.push(problem::type_cycle(name, first.name.span, through));
            }
            return false;
        }
        if let Some(declaration) = self.by_name.get(name).copied() {
            self.read(declaration);
        }
        true
    }

    fn body(&mut self, declaration: &TypeDeclaration) -> Option<Ty> {
        match &declaration.body {
            TypeBody::Alias(written) => self.resolve(written),
            TypeBody::Record { fields, open } => {
                let mut read: Vec<ty::Field> = Vec::new();
                let mut is_whole = true;
                for (at, field) in fields.iter().enumerate() {
                    let same =
                        |other: &&Field| path(other) == path(field) || other.name.text == field.name.text;
                    if let Some(first) = fields.iter().take(at).find(same) {
                        self.problems.push(repeated_field(
                            field.name.span,
                            first.name.span,
                            &field.name.text,
                        ));
                    }
                    match self.field(field) {
                        Some(field) => read.push(field),
                        None => is_whole = false,
                    }
                    if let Some(name) = field.inside.first() {
                        self.types.is_inside(&declaration.name.text, name.span);
                    }
                }
                let name = Some(declaration.name.text.clone());
                is_whole.then(|| Ty::Record(Record { name, fields: read, open: *open }.into()))
            }
        }
    }

    fn field(&mut self, field: &Field) -> Option<ty::Field> {
        let ty = self.resolve(&field.ty)?;
        if let (Some(_), Ty::Optional(_)) = (&field.default, &ty) {
            let help = "leave the `?` out: with a default, it is never absent";
            let text = ty.to_string();
            self.problems.push(problem::unsupported_type(
                &text,
                field.ty.span,
                "a field with a default",
                help,
            ));
            return None;
        }
        let default = match field.default.as_ref().map(|default| literal::constant(default, &ty)) {
            Some(Err(problem)) => {
                self.problems.push(*problem);
                None
            }
            Some(Ok(default)) => Some(default),
            None => None,
        };
        let wire = field.wire.as_ref().map(|wire| wire.value.clone());
        Some(ty::Field { name: field.name.text.clone(), wire, ty, default, is_skipped: false })
    }

    fn resolve(&mut self, written: &ast::Type) -> Option<Ty> {
        match self.types.find(written) {
            Ok(Some(Ty::Path)) => {
                let help = "`path` is for the end of a path pattern; write `string`";
                self.problems.push(problem::unsupported_type("path", written.span, "a declared type", help));
                None
            }
            Ok(ty) => ty,
            Err(problem) => {
                self.problems.push(*problem);
                None
            }
        }
    }
}

/// The names under which a field is found, the outermost first.
fn path(field: &Field) -> Vec<&str> {
    let wire = field.wire.as_ref().map_or(&field.name.text, |wire| &wire.value);
    std::iter::once(wire).chain(field.inside.iter().map(|name| &name.value)).map(String::as_str).collect()
}

/// The names in a type, with their places.
fn names(body: &TypeBody) -> Vec<(&str, Span)> {
    fn gather<'a>(ty: &'a ast::Type, found: &mut Vec<(&'a str, Span)>) {
        match &ty.kind {
            TypeKind::Named { name, .. } => found.push((&name.text, name.span)),
            TypeKind::Generic { of, .. } | TypeKind::Optional(of) => gather(of, found),
            TypeKind::Enum(_) => {}
        }
    }
    let mut found = Vec::new();
    match body {
        TypeBody::Alias(ty) => gather(ty, &mut found),
        TypeBody::Record { fields, .. } => fields.iter().for_each(|field| gather(&field.ty, &mut found)),
    }
    found
}
