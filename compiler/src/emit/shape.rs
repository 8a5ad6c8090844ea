//! The tables by which documents are read and written: a type each, its parts inside.

use std::fmt::Write as _;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::expr::constant;
use super::table::Tight;
use crate::ir::Functions;
use crate::ir::expr::Constant;
use crate::ty::{Decimal, Field, Range, Ty};

/// Writes the tables `SHAPE_0`, `SHAPE_1` and so on, one a line.
pub(super) fn write(functions: &Functions, out: &mut String) {
    for (number, ty) in functions.shapes.iter().enumerate() {
        let (name, shape) = (format_ident!("SHAPE_{number}"), shape(ty, functions));
        // Writing into a string cannot fail.
        let _ = writeln!(out, "/// {ty}\n{}", Tight(quote! { static #name: g::json::Shape = #shape; }));
    }
}

/// The number of a type's table.
pub(super) fn number(shapes: &[Ty], ty: &Ty) -> Option<usize> {
    shapes.iter().position(|known| known == ty)
}

fn shape(ty: &Ty, functions: &Functions) -> TokenStream {
    let expected = Literal::string(&ty.to_string());
    let inner = |ty: &Ty| {
        let shape = shape(ty, functions);
        quote! { &#shape }
    };
    let form = match ty {
        Ty::Bool => quote! { Bool },
        Ty::Int(Range { min, max }) => {
            let [min, max] = [min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX)].map(Literal::i64_unsuffixed);
            quote! { Int { min: #min, max: #max } }
        }
        Ty::Decimal(Range { min, max }) => {
            let [min, max] = [min.unwrap_or(Decimal(i128::MIN)), max.unwrap_or(Decimal(i128::MAX))]
                .map(|Decimal(units)| Literal::i128_unsuffixed(units));
            quote! { Decimal { min: g::Decimal(#min), max: g::Decimal(#max) } }
        }
        Ty::List(item, Range { min, max }) => {
            let item = inner(item);
            let count = |end: Option<i64>, all| end.and_then(|end| u32::try_from(end).ok()).unwrap_or(all);
            let [min, max] = [count(*min, 0), count(*max, u32::MAX)].map(Literal::u32_unsuffixed);
            quote! { List { item: #item, min: #min, max: #max } }
        }
        Ty::Map(item) => {
            let item = inner(item);
            quote! { Map(#item) }
        }
        Ty::Record(record) => {
            let members = record.fields.iter().map(|field| member(field, functions));
            let open = record.open;
            quote! { Record { members: &[#(#members),*], open: #open } }
        }
        // INVARIANT: one that may be absent is a member. Were it not, rustc would refuse this, as it would a secret.
        Ty::Optional(_) | Ty::Path | Ty::Secret => quote! { () },
        text => {
            // INVARIANT: whoever asks for a table numbers the checks of its texts. Were one missing, rustc would refuse the number.
            let number = functions.checks.iter().position(|known| known == text).unwrap_or(usize::MAX);
            let check = format_ident!("check_{number}");
            quote! { Text(#check) }
        }
    };
    quote! { g::json::Shape { expected: #expected, form: g::json::Form::#form } }
}

fn member(field: &Field, functions: &Functions) -> TokenStream {
    let key = format!("{}:", constant::json(&Constant::Text(field.name.clone())));
    let (name, key) = (Literal::string(field.on_wire()), Literal::string(&key));
    let is_renamed = field.on_wire() != field.name;
    let (ty, is_optional) = field.ty.present();
    let need = match &field.default {
        Some(default) => {
            let text = Literal::string(&constant::json(default));
            quote! { Default(#text) }
        }
        None if is_optional => quote! { Optional },
        None => quote! { Required },
    };
    let (is_read, shape) = (!field.is_skipped, shape(ty, functions));
    quote! {
        g::json::Member {
            name: #name, key: #key, is_renamed: #is_renamed, need: g::json::Need::#need, is_read: #is_read, shape: &#shape
        }
    }
}
