//! What is asked of documents: places in them, which are as cheap to copy as a number, and values that are made of places only
//! where somebody wants one.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{Names, is_optional, is_text, reader};
use crate::emit::shape;
use crate::ir::expr::{Expr, Form, Kind};
use crate::ty::Ty;

impl Names<'_> {
    /// The place of a part of a document; an option where that may be absent.
    pub(super) fn place(self, expr: &Expr) -> TokenStream {
        match &expr.kind {
            Kind::Document(number, _) => {
                let number = Literal::u16_unsuffixed(*number);
                if is_optional(expr) {
                    quote! { g::json::document(x, #number) }
                } else {
                    quote! { g::json::known(x, #number) }
                }
            }
            Kind::Element(number) => {
                let item = item(*number);
                quote! { #item }
            }
            Kind::Member(of, at) => {
                let (place, number) = (self.place(of), Literal::usize_unsuffixed(*at));
                let own_optional = match of.ty.present().0 {
                    Ty::Record(record) => {
                        record.fields.get(*at).is_some_and(|field| matches!(field.ty, Ty::Optional(_)))
                    }
                    _ => false,
                };
                match (is_optional(of), own_optional) {
                    (false, false) => quote! { #place.own(#number) },
                    (false, true) => quote! { #place.member(#number) },
                    (true, false) => quote! { #place.map(|r| r.own(#number)) },
                    (true, true) => quote! { #place.and_then(|r| r.member(#number)) },
                }
            }
            Kind::At(map, key) => {
                let (place, key) = (self.place(map), self.slice(key));
                if is_optional(map) {
                    quote! { #place.and_then(|m| m.at(#key)) }
                } else {
                    quote! { #place.at(#key) }
                }
            }
            Kind::Coalesce(a, b) => {
                let (first, second) = (self.place(a), self.place(b));
                if is_optional(b) {
                    quote! { #first.or_else(|| #second) }
                } else {
                    quote! { #first.unwrap_or_else(|| #second) }
                }
            }
            Kind::If(condition, a, b) => {
                let (condition, a, b) = (self.value(condition), self.place(a), self.place(b));
                quote! { (if #condition { #a } else { #b }) }
            }
            Kind::Present(of) => {
                let place = self.place(of);
                quote! { Some(#place) }
            }
            Kind::Found(of) => {
                let place = self.place(of);
                quote! { g::json::found(#place) }
            }
            // The list without items: there is no place where it stands, and nothing is there.
            Kind::List(_) => quote! { g::json::found(None) },
            // INVARIANT: this is asked of parts of documents only. Were it not, rustc would refuse this.
            _ => quote! { () },
        }
    }

    /// The value of a part of a document: of a record, a list or a map, its place.
    pub(super) fn part(self, expr: &Expr) -> TokenStream {
        let place = self.place(expr);
        let (ty, is_optional) = expr.ty.present();
        let Some(value) = scalar(ty, &quote! { i }) else { return place };
        if is_optional {
            quote! { #place.map(|i| #value) }
        } else {
            scalar(ty, &place).unwrap_or(place)
        }
    }

    /// An iterator over the items of a list: places of a document, or what is made of them.
    pub(super) fn walk(self, list: &Expr) -> TokenStream {
        match &list.kind {
            Kind::Each(of, number, body) => {
                let (walk, item, body) = (self.walk(of), item(*number), self.value(body));
                quote! { #walk.map(|#item| #body) }
            }
            Kind::Where(of, number, condition) => {
                let (walk, item, condition) = (self.walk(of), item(*number), self.value(condition));
                quote! { #walk.filter(|&#item| #condition) }
            }
            _ => {
                let place = self.place(list);
                quote! { #place.items() }
            }
        }
    }

    /// The same with the values of scalar items.
    pub(super) fn walked(self, list: &Expr) -> TokenStream {
        let walk = self.walk(list);
        let item = if let Ty::List(item, _) = &list.ty { scalar(item, &quote! { i }) } else { None };
        match (&list.kind, item) {
            (Kind::Each(..), _) | (_, None) => walk,
            (_, Some(value)) => quote! { #walk.map(|i| #value) },
        }
    }

    /// Statements that append a list as JSON, item by item.
    pub(super) fn listed_json(self, list: &Expr) -> TokenStream {
        let (of, number, body) = match &list.kind {
            Kind::Each(of, number, body) => (&**of, *number, self.written(body, Form::Json)),
            Kind::Where(_, number, _) => {
                let element = match &list.ty {
                    Ty::List(item, _) => Expr::new(Kind::Element(*number), (**item).clone()),
                    _ => return quote! {},
                };
                (list, *number, self.part_json(&element))
            }
            _ => return quote! {},
        };
        let (walk, item) = (self.walk(of), item(number));
        quote! {
            o.push(b'[');
            for #item in #walk { g::json::comma(o); #body }
            o.push(b']');
        }
    }

    /// Statements that append a part of a document as JSON.
    pub(super) fn part_json(self, expr: &Expr) -> TokenStream {
        let place = self.place(expr);
        self.place_json(&place, expr.ty.present().0)
    }

    /// The same of one whose place is known.
    pub(super) fn place_json(self, place: &TokenStream, ty: &Ty) -> TokenStream {
        let Some(number) = shape::number(self.shapes, ty) else {
            return quote! { o.extend_from_slice(#place.raw()); };
        };
        let shape = format_ident!("SHAPE_{number}");
        quote! { g::json::write(#place, &#shape, o); }
    }
}

fn item(number: u32) -> Ident {
    format_ident!("e{number}")
}

/// The value at a place, of a type that one text holds.
pub(super) fn scalar(ty: &Ty, place: &TokenStream) -> Option<TokenStream> {
    Some(match ty {
        Ty::Bool => quote! { #place.bool() },
        Ty::Int(_) => quote! { #place.int() },
        Ty::Decimal(_) => quote! { #place.decimal() },
        ty if is_text(ty) => quote! { #place.text() },
        ty => {
            let reader = reader(ty)?;
            quote! { g::scope::known(g::scope::read::#reader(&#place.text())) }
        }
    })
}
