//! What can be asked of a document: fields of records, what stands under a key, and the items of lists, one by one.
//!
//! What follows `[*]` is said of each item: `orders[*].lines[*].sku` is a list of lists.

use std::rc::Rc;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{Entry, Name, Value};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::Stage;

use super::{Typed, Typing, is_text};
use crate::check::problem;
use crate::ir::expr::{Expr, Kind, Part};
use crate::ty::{Range, Ty};

/// Names one part of each item.
type OfOne<'f, 'a> = &'f mut dyn FnMut(&mut Typing<'a>, Rc<Expr>) -> Typed;

impl<'a> Typing<'a> {
    /// A document that the exchange may never have read is absent where the answer is known.
    pub(super) fn in_time(&self, expr: Rc<Expr>) -> Rc<Expr> {
        match &expr.kind {
            Kind::Document(..) if self.stage != Stage::Request => {
                Expr::new(expr.kind.clone(), expr.ty.clone().optional())
            }
            _ => expr,
        }
    }

    /// What becomes of a value, or of each item where it stands behind `[*]`.
    pub(super) fn of_each(&mut self, of: Rc<Expr>, one: OfOne<'_, 'a>) -> Typed {
        let Kind::Each(list, number, body) = &of.kind else { return one(self, of) };
        let around = std::mem::replace(&mut self.level, number + 1);
        let body = self.of_each(Rc::clone(body), one);
        self.level = around;
        Some(each(list, *number, body?))
    }

    /// `list[*]`
    pub(super) fn each(&mut self, of: &Value) -> Typed {
        let list = self.typed(of, None)?;
        self.of_each(list, &mut |typing, list| {
            let item = typing.item(&list, of.span, "[*]")?;
            let number = typing.level;
            Some(each(&list, number, Expr::new(Kind::Element(number), item)))
        })
    }

    /// `list[where condition]`
    pub(super) fn those(&mut self, of: &Value, condition: &Value) -> Typed {
        let list = self.typed(of, None)?;
        self.of_each(list, &mut |typing, list| {
            let item = typing.item(&list, of.span, "[where …]")?;
            let number = typing.level;
            let element = Expr::new(Kind::Element(number), item.clone());
            let condition = typing.with(element, |typing| typing.truth(condition))?;
            let ty = Ty::List(item.into(), Range::ALL);
            Some(Expr::new(Kind::Where(list, number, condition), ty))
        })
    }

    /// `record.{ a, b: .c }`
    pub(super) fn shaped(&mut self, of: &Value, entries: &[Entry]) -> Typed {
        let value = self.typed(of, None)?;
        self.of_each(value, &mut |typing, value| match &value.ty {
            Ty::Record(_) => typing.with(value, |typing| typing.record(entries)),
            Ty::Optional(inner) if matches!(**inner, Ty::Record(_)) => {
                let help = "take its fields one by one: a field of it is absent where it is";
                typing.fail(problem::optional_not_handled(&value.ty.to_string(), of.span, help))
            }
            other => {
                let found = format!("`{other}`");
                let problem = wrong_type(of.span, "a record before `.{ … }`", &found);
                let is_list = matches!(other, Ty::List(..));
                typing.fail(problem.help(if is_list {
                    "write `[*]` for each item of it"
                } else {
                    "leave it out"
                }))
            }
        })
    }

    /// `map[key]`
    pub(super) fn under_key(&mut self, of: &Value, key: &Value) -> Typed {
        let map = self.typed(of, None)?;
        self.of_each(map, &mut |typing, map| {
            let Ty::Map(item) = map.ty.present().0 else {
                let found = format!("`{}`", map.ty);
                return typing.fail(wrong_type(of.span, "a map before `[…]`", &found).help("leave it out"));
            };
            let ty = (**item).clone().optional();
            let typed = typing.typed(key, Some(&Ty::STRING))?;
            let typed = typing.seen(typed, key.span)?;
            let typed = match &typed.ty {
                ty if is_text(ty) => typed,
                // What has one text is looked up by that.
                Ty::Int(_) | Ty::Uuid | Ty::Date | Ty::Time => {
                    Expr::new(Kind::Text(vec![Part::Value(typed)]), Ty::STRING)
                }
                other => {
                    let found = format!("`{other}`");
                    return typing.fail(wrong_type(key.span, "`string`", &found).help("its keys are texts"));
                }
            };
            Some(Expr::new(Kind::At(Rc::clone(&map), typed), ty))
        })
    }

    /// `.name`
    pub(super) fn element(&mut self, name: &Name, span: Span) -> Typed {
        let Some(element) = self.element.clone() else {
            let problem = problem::unknown_name(&format!(".{}", name.text), span, &[]);
            return self.fail(problem.help("a field of an item stands in `[where …]` and `.{ … }`"));
        };
        self.member(element, span, name)
    }

    /// Types what stands inside, where `.name` is a field of this.
    fn with<T>(&mut self, element: Rc<Expr>, inside: impl FnOnce(&mut Self) -> T) -> T {
        let is_item = matches!(element.kind, Kind::Element(_));
        let around = self.element.replace(element);
        self.level += u32::from(is_item);
        let typed = inside(self);
        self.level -= u32::from(is_item);
        self.element = around;
        typed
    }

    /// The type of the items of a list that can be walked through.
    fn item(&mut self, list: &Rc<Expr>, span: Span, form: &str) -> Option<Ty> {
        match &list.ty {
            Ty::List(item, _) if list.is_walked() => Some((**item).clone()),
            Ty::Optional(inner) if matches!(**inner, Ty::List(..)) => {
                let help = format!("say what then: `(… ?? []){form}`");
                self.fail(problem::optional_not_handled(&list.ty.to_string(), span, &help))
            }
            other => {
                let found = format!("`{other}`");
                let problem =
                    wrong_type(span, &format!("a list from a body or an answer before `{form}`"), &found);
                self.fail(problem.help("leave it out"))
            }
        }
    }
}

fn each(list: &Rc<Expr>, number: u32, body: Rc<Expr>) -> Rc<Expr> {
    let ty = Ty::List(body.ty.clone().into(), Range::ALL);
    Expr::new(Kind::Each(Rc::clone(list), number, body), ty)
}

/// The field of a record of a document. Where the record may be absent, so may be its field.
pub(super) fn member(of: &Rc<Expr>, name: &str) -> Option<Rc<Expr>> {
    let (Ty::Record(record), is_optional) = of.ty.present() else { return None };
    let at = record.fields.iter().position(|field| field.name == name).filter(|_| of.is_document())?;
    let ty = record.fields.get(at)?.ty.clone();
    Some(Expr::new(Kind::Member(Rc::clone(of), at), if is_optional { ty.optional() } else { ty }))
}
