//! Functions that say whether a text is of a type: one for each type of a declared field.

use std::fmt::Write as _;

use gatewright_dsl::ast::Rate;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::dfa;
use super::expr::constant;
use super::table::Tight;
use crate::algebra::Automaton;
use crate::ir::expr::Constant;
use crate::ty::{Range, Text, Ty};

/// Writes the functions `check_0`, `check_1` and so on, one a line.
pub(super) fn write(types: &[Ty], out: &mut String) {
    for (number, ty) in types.iter().enumerate() {
        let (name, test) = (format_ident!("check_{number}"), test(ty));
        let tokens = quote! { fn #name(t: &str) -> bool { let t = t.as_bytes(); #test } };
        // Writing into a string cannot fail.
        let _ = writeln!(out, "/// {ty}\n{}", Tight(tokens));
    }
}

/// Whether the text `t` is of a type.
fn test(ty: &Ty) -> TokenStream {
    match ty {
        Ty::Bool => quote! { g::scope::read::bool(t).is_some() },
        Ty::Int(range) => {
            let range = bounds(range, |number| {
                let number = Literal::i64_suffixed(*number);
                quote! { #number }
            });
            quote! { g::scope::read::int(t).is_some_and(|v| #range) }
        }
        Ty::Decimal(range) => {
            let range = bounds(range, |number| {
                let number = Literal::i128_unsuffixed(number.0);
                quote! { g::Decimal(#number) }
            });
            quote! { g::scope::read::decimal(t).is_some_and(|v| #range) }
        }
        // What is no text is no `str`.
        Ty::String(Text::Length(range)) if range.is_all() => quote! { let _ = t; true },
        Ty::String(Text::Length(range)) => {
            let range = bounds(range, |number| {
                let number = Literal::i64_suffixed(*number);
                quote! { #number }
            });
            quote! {{ let v = g::scope::read::length(t); #range }}
        }
        Ty::Enum(words) => {
            let words = words.iter().map(|word| Literal::byte_string(word.as_bytes()));
            quote! { matches!(t, #(#words)|*) }
        }
        Ty::Duration(range) if range.is_all() => quote! { g::scope::read::duration(t).is_some() },
        Ty::Size(range) if range.is_all() => quote! { g::scope::read::size(t).is_some() },
        Ty::Rate(range) if range.is_all() => quote! { g::scope::read::rate(t).is_some() },
        Ty::Percent(range) if range.is_all() => quote! { g::scope::read::percent(t).is_some() },
        Ty::Duration(range) => {
            let range = bounds(range, |time| constant::value(&Constant::Duration(*time)));
            quote! { g::scope::read::duration(t).is_some_and(|v| #range) }
        }
        Ty::Size(range) => {
            let range = bounds(range, |bytes| constant::value(&Constant::Size(*bytes)));
            quote! { g::scope::read::size(t).is_some_and(|v| #range) }
        }
        Ty::Rate(Range { min, max }) => {
            let rate = |rate: &Rate| constant::value(&Constant::Rate(rate.count, rate.per));
            let min = min.as_ref().map(rate).map(|min| quote! { && g::scope::read::is_at_most(#min, v) });
            let max = max.as_ref().map(rate).map(|max| quote! { && g::scope::read::is_at_most(v, #max) });
            quote! { g::scope::read::rate(t).is_some_and(|v| true #min #max) }
        }
        Ty::Percent(range) => {
            let range = bounds(range, |share| constant::value(&Constant::Percent(share.0)));
            quote! { g::scope::read::percent(t).is_some_and(|v| #range) }
        }
        Ty::Ip => quote! { g::scope::read::ip(t).is_some() },
        Ty::Cidr => quote! { g::scope::read::cidr(t).is_some() },
        Ty::Addr => quote! { g::scope::read::addr(t).is_some() },
        Ty::Url => quote! { g::scope::read::text(t).and_then(g::scope::url::read).is_some() },
        Ty::Uuid => quote! { g::scope::read::uuid(t).is_some() },
        Ty::Date => quote! { g::scope::read::date(t).is_some() },
        Ty::Time => quote! { g::scope::read::time(t).is_some() },
        Ty::Optional(inner) | Ty::List(inner, _) => test(inner),
        Ty::String(Text::Matches(regex)) => matches(regex, &quote! { t }),
        // INVARIANT: a field of another type is refused. Were one not, rustc would refuse this.
        Ty::Path | Ty::Map(_) | Ty::Record(_) | Ty::Secret => quote! { () },
    }
}

/// Whether a text matches as a whole.
pub(super) fn matches(regex: &str, text: &TokenStream) -> TokenStream {
    // INVARIANT: one that cannot be used is refused. Were it not, rustc would refuse this.
    let Ok(automaton) = Automaton::regex(regex) else { return quote! { () } };
    let dfa = dfa::dfa(&automaton);
    quote! { { static D: g::Dfa = #dfa; D.accepts(#text) } }
}

/// Whether `v` is within bounds.
fn bounds<T>(range: &Range<T>, literal: impl Fn(&T) -> TokenStream) -> TokenStream {
    let min = range.min.as_ref().map(|min| {
        let min = literal(min);
        quote! { v >= #min }
    });
    let max = range.max.as_ref().map(|max| {
        let max = literal(max);
        quote! { v <= #max }
    });
    match (min, max) {
        (None, None) => quote! { true },
        (Some(min), Some(max)) => quote! { #min && #max },
        (Some(one), None) | (None, Some(one)) => one,
    }
}
