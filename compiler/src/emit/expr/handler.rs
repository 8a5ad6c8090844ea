//! Calls of the operator's functions, with values that are the function's own.
//!
//! The one place where a name of the source becomes a path of Rust: it was looked at letter by letter. A record becomes a struct of
//! its type's name, beside the function, so that rustc holds every field against the declared type.

use std::fmt::Write as _;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::document::scalar;
use super::{Names, is_optional};
use crate::checked::Handler;
use crate::emit::value::ident;
use crate::ir::expr::{Expr, Kind};
use crate::ty::{Record, Ty};

impl Names<'_> {
    /// Writes the function that calls a handler. The call has a line of its own, which ends in the place where it is written, so that
    /// it is shown where rustc complains of it.
    pub(super) fn write_handler(self, number: usize, handler: &Handler, out: &mut String) {
        let (name, module) = (format_ident!("handler_{number}"), Module::of(handler));
        let function = module.path(handler.path.last().map_or("", String::as_str));
        let begin = quote! { fn #name(x: &g::Exchange) -> g::handler::Called };
        let place = format!("{}:{}", handler.place.file.escape_debug(), handler.place.line);
        // Writing into a string cannot fail.
        let _ = writeln!(out, "/// {place}\n{begin} {{");
        let names: Vec<Ident> = (0..handler.arguments.len()).map(|at| format_ident!("a{at}")).collect();
        for (name, argument) in names.iter().zip(&handler.arguments) {
            // They are read here: where the function runs, the exchange may not be at hand.
            let argument = self.owned(argument, &module);
            let _ = writeln!(out, "    {} // {place}", quote! { let #name = #argument; });
        }
        let call = quote! { move || #function(#(#names),*) };
        let _ = writeln!(out, "    g::handler::called(\n    {call} // {place}\n) }}");
    }

    /// A value that the function may keep.
    fn owned(self, expr: &Expr, module: &Module) -> TokenStream {
        if expr.is_document() {
            let (place, (ty, _)) = (self.place(expr), expr.ty.present());
            if is_optional(expr) {
                let inner = module.placed(ty, &quote! { i });
                return quote! { #place.map(|i| #inner) };
            }
            return module.placed(ty, &place);
        }
        match (&expr.kind, &expr.ty) {
            (Kind::List(items), _) => {
                let items = items.iter().map(|item| self.owned(item, module));
                quote! { vec![#(#items),*] }
            }
            (Kind::Each(list, number, body), _) => {
                let (walk, item) = (self.walk(list), format_ident!("e{number}"));
                let body = self.owned(body, module);
                quote! { #walk.map(|#item| #body).collect::<Vec<_>>() }
            }
            (Kind::Where(..), Ty::List(item, _)) => {
                let (walk, item) = (self.walk(expr), module.placed(item, &quote! { i }));
                quote! { #walk.map(|i| #item).collect::<Vec<_>>() }
            }
            (Kind::Present(of), _) => {
                let of = self.owned(of, module);
                quote! { Some(#of) }
            }
            (Kind::If(condition, then, otherwise), _) => {
                let (condition, then) = (self.value(condition), self.owned(then, module));
                let otherwise = self.owned(otherwise, module);
                quote! { (if #condition { #then } else { #otherwise }) }
            }
            (Kind::Coalesce(first, second), _) => {
                let call = if is_optional(second) {
                    quote! { or_else }
                } else {
                    quote! { unwrap_or_else }
                };
                let (first, second) = (self.owned(first, module), self.owned(second, module));
                quote! { #first.#call(|| #second) }
            }
            _ => {
                let value = self.value(expr);
                quote! { g::handler::own(#value) }
            }
        }
    }
}

/// The module that a function stands in.
struct Module(Vec<Ident>);

impl Module {
    fn of(handler: &Handler) -> Self {
        let modules = handler.path.split_last().map(|(_, modules)| modules).unwrap_or_default();
        Self(modules.iter().map(|name| Ident::new(name, proc_macro2::Span::call_site())).collect())
    }

    fn path(&self, name: &str) -> TokenStream {
        let (modules, name) = (&self.0, ident(name));
        quote! { #(::#modules)*::#name }
    }

    /// The value at a place of a document.
    fn placed(&self, ty: &Ty, place: &TokenStream) -> TokenStream {
        match ty {
            Ty::List(item, _) => {
                let item = self.placed(item, &quote! { i });
                quote! { #place.items().map(|i| #item).collect::<Vec<_>>() }
            }
            Ty::Map(item) => {
                let item = self.placed(item, &quote! { i });
                quote! { #place.pairs().map(|(k, i)| (g::handler::own(k), #item)).collect::<g::handler::Map<_>>() }
            }
            Ty::Record(record) => self.record(record, place),
            ty => {
                let value = scalar(ty, place).unwrap_or_else(|| place.clone());
                quote! { g::handler::own(#value) }
            }
        }
    }

    fn record(&self, record: &Record, place: &TokenStream) -> TokenStream {
        // INVARIANT: one without a name is not handed over.
        let name = self.path(&rust(record.name.as_deref().unwrap_or_default()));
        let fields = record.fields.iter().enumerate().map(|(number, field)| {
            let (own, number) = (ident(&rust(&field.name)), Literal::usize_unsuffixed(number));
            match field.ty.present() {
                (ty, true) => {
                    let value = self.placed(ty, &quote! { i });
                    quote! { #own: r.member(#number).map(|i| #value) }
                }
                (ty, false) => {
                    let value = self.placed(ty, &quote! { r.own(#number) });
                    quote! { #own: #value }
                }
            }
        });
        quote! { { let r = #place; #name { #(#fields),* } } }
    }
}

/// A name of the language in Rust's spelling.
fn rust(name: &str) -> String {
    name.replace('-', "_")
}
