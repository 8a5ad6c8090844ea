//! Parameters, live values and secrets, as the runtime reads them when the gateway starts.

use gatewright_dsl::schema::Value;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::expr::constant;
use crate::checked::{Live, Param, Secret};
use crate::ir::expr::Constant;
use crate::ty::{Text, Ty};

pub(super) fn param(param: &Param) -> TokenStream {
    let (name, doc) = (Literal::string(&param.name), Literal::string(&param.doc));
    // The bounds of what has a unit are told beside it, narrowed by the places of the parameter.
    let written = Literal::string(&param.ty.unbounded().to_string());
    let (item, list) = match &param.ty {
        Ty::List(item, range) => {
            let end =
                |end: Option<i64>, open: u32| end.map_or(open, |end| u32::try_from(end).unwrap_or(open));
            let (min, max) = (end(range.min, 0), end(range.max, u32::MAX));
            (&**item, quote! { Some((#min, #max)) })
        }
        ty => (ty, quote! { None }),
    };
    let kind = kind(item);
    let default = param.default.as_ref().map_or(quote! { None }, |default| {
        let texts = match default {
            Constant::List(items) => items.iter().map(constant::text).collect(),
            one => vec![constant::text(one)],
        };
        quote! { Some(&[#(#texts),*]) }
    });
    let bound = |bound: &Option<Value>| {
        bound.as_ref().map_or(quote! { None }, |bound| {
            let text = Literal::string(&bound.to_string());
            quote! { Some(#text) }
        })
    };
    let (least, most) = (bound(&param.least), bound(&param.most));
    let live = match &param.live {
        None => quote! { None },
        Some(Live::Admin) => quote! { Some(g::Live::Admin) },
        Some(Live::File(path)) => {
            let path = Literal::string(path);
            quote! { Some(g::Live::File(#path)) }
        }
    };
    quote! {
        g::Parameter { name: #name, doc: #doc, written: #written, kind: #kind, list: #list, default: #default, least: #least, most: #most, live: #live }
    }
}

pub(super) fn secret(secret: &Secret) -> TokenStream {
    let (name, doc) = (Literal::string(&secret.name), Literal::string(&secret.doc));
    quote! { g::Secret { name: #name, doc: #doc } }
}

/// What the texts of a type are held against.
fn kind(ty: &Ty) -> TokenStream {
    match ty {
        Ty::Bool => quote! { g::ParamKind::Bool },
        Ty::Int(range) => {
            let (min, max) = (range.min.unwrap_or(i64::MIN), range.max.unwrap_or(i64::MAX));
            quote! { g::ParamKind::Int { min: #min, max: #max } }
        }
        Ty::Decimal(range) => {
            let min = range.min.map_or(i128::MIN, |min| min.0);
            let max = range.max.map_or(i128::MAX, |max| max.0);
            quote! { g::ParamKind::Decimal { min: #min, max: #max } }
        }
        Ty::String(Text::Length(range)) => {
            let (min, max) = (range.min.unwrap_or(0), range.max.unwrap_or(i64::MAX));
            quote! { g::ParamKind::Text { min: #min, max: #max } }
        }
        Ty::Enum(words) => quote! { g::ParamKind::Enum(&[#(#words),*]) },
        Ty::Duration(_) => quote! { g::ParamKind::Duration },
        Ty::Size(_) => quote! { g::ParamKind::Size },
        Ty::Rate(_) => quote! { g::ParamKind::Rate },
        Ty::Percent(_) => quote! { g::ParamKind::Percent },
        Ty::Ip => quote! { g::ParamKind::Ip },
        Ty::Cidr => quote! { g::ParamKind::Cidr },
        Ty::Addr => quote! { g::ParamKind::Addr },
        Ty::Url => quote! { g::ParamKind::Url },
        Ty::Uuid => quote! { g::ParamKind::Uuid },
        Ty::Date => quote! { g::ParamKind::Date },
        Ty::Time => quote! { g::ParamKind::Time },
        // INVARIANT: a parameter of another type is refused. Were one not, rustc would refuse this.
        Ty::String(Text::Matches(_))
        | Ty::Path
        | Ty::List(..)
        | Ty::Map(_)
        | Ty::Optional(_)
        | Ty::Record(_)
        | Ty::Secret => {
            quote! { () }
        }
    }
}
