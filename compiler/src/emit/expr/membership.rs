//! Whether a value is in a list, a range or a network.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Names, found, is_optional, is_text};
use crate::ir::expr::{Expr, Kind, Set};
use crate::ty::Ty;

impl Names<'_> {
    pub(super) fn membership(self, item: &Expr, set: &Set) -> TokenStream {
        let test = self.test(item.ty.present().0, set);
        let item_value = self.value(item);
        if is_optional(item) {
            return quote! { #item_value.is_some_and(|v| #test) };
        }
        quote! { { let v = #item_value; #test } }
    }

    /// Whether `v` is in the set.
    fn test(self, ty: &Ty, set: &Set) -> TokenStream {
        match set {
            Set::Any(items) => self.any(ty, items.iter().map(|item| &**item)),
            Set::List(list) => self.listed(ty, list),
            Set::Range(low, high) => {
                let low = low.as_ref().map(|low| {
                    let low = self.value(low);
                    quote! { v >= #low }
                });
                let high = high.as_ref().map(|high| {
                    let high = self.value(high);
                    quote! { v <= #high }
                });
                match (low, high) {
                    (Some(low), Some(high)) => quote! { (#low && #high) },
                    (Some(one), None) | (None, Some(one)) => one,
                    (None, None) => quote! { true },
                }
            }
        }
    }

    fn any<'e>(self, ty: &Ty, items: impl Iterator<Item = &'e Expr>) -> TokenStream {
        let tests: Vec<TokenStream> = items
            .map(|item| {
                if item.ty == Ty::Cidr && *ty == Ty::Ip {
                    let network = self.value(item);
                    return quote! { g::scope::in_network(v, #network) };
                }
                let value = self.compared(item);
                if is_text(ty) {
                    quote! { *v == #value }
                } else {
                    quote! { v == #value }
                }
            })
            .collect();
        if tests.is_empty() {
            quote! { false }
        } else {
            quote! { (#(#tests)||*) }
        }
    }

    /// Whether `v` is in a value that is a list.
    fn listed(self, ty: &Ty, list: &Expr) -> TokenStream {
        match &list.kind {
            Kind::List(items) => self.any(ty, items.iter().map(|item| &**item)),
            Kind::If(condition, then, otherwise) => {
                let (condition, then) = (self.value(condition), self.listed(ty, then));
                let otherwise = self.listed(ty, otherwise);
                quote! { (if #condition { #then } else { #otherwise }) }
            }
            Kind::Coalesce(first, second) if first.is_document() && !list.is_document() => {
                let (is_there, then) = (self.place(first), self.listed(ty, &found(first)));
                let otherwise = self.listed(ty, second);
                quote! { (if #is_there.is_some() { #then } else { #otherwise }) }
            }
            _ if list.is_walked() => {
                let walk = self.walked(list);
                match &list.ty {
                    Ty::List(item, _) if is_text(item) => quote! { #walk.any(|i| *i == *v) },
                    Ty::List(item, _) if **item == Ty::Cidr && *ty == Ty::Ip => {
                        quote! { #walk.any(|i| g::scope::in_network(v, i)) }
                    }
                    _ => quote! { #walk.any(|i| i == v) },
                }
            }
            _ => {
                let values = self.value(list);
                match &list.ty {
                    Ty::List(item, _) if is_text(item) && matches!(list.kind, Kind::Read(_)) => {
                        quote! { #values.iter().any(|i| **i == *v) }
                    }
                    Ty::List(item, _) if is_text(item) => {
                        quote! { #values.iter().any(|i| i.as_bytes() == &*v) }
                    }
                    Ty::List(item, _) if **item == Ty::Cidr && *ty == Ty::Ip => {
                        quote! { #values.iter().any(|i| g::scope::in_network(v, *i)) }
                    }
                    _ => quote! { #values.contains(&v) },
                }
            }
        }
    }
}
