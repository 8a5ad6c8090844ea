//! Aggregations: a table entry each, with its branches inside.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::chain::piece;
use super::table::Tight;
use super::value::duration;
use crate::algebra::Method;
use crate::checked::Failure;
use crate::ir::{Aggregate, Branch, Each};

pub(super) fn aggregate(aggregate: &Aggregate) -> Tight {
    let (within, answer) = (duration(aggregate.within), format_ident!("expr_{}", aggregate.answer));
    let branches = aggregate.branches.iter().map(branch);
    Tight(quote! { g::Aggregate { within: #within, branches: &[#(#branches),*], answer: #answer } })
}

fn branch(branch: &Branch) -> TokenStream {
    let name = Literal::string(&branch.name);
    let [upstream, chain, record] =
        [branch.upstream, branch.chain, branch.record].map(Literal::usize_unsuffixed);
    let target = branch.target.iter().map(piece);
    let shape = format_ident!("SHAPE_{}", branch.shape);
    let within = branch.within.map_or(quote! { None }, |within| {
        let within = duration(within);
        quote! { Some(#within) }
    });
    let max = Literal::u64_unsuffixed(branch.max);
    let failure = match &branch.failure {
        Failure::Required(passed) => {
            let passed = passed.iter().map(|status| Literal::u16_unsuffixed(*status));
            quote! { Required(&[#(#passed),*]) }
        }
        Failure::Value(text) => {
            let text = Literal::string(text);
            quote! { Value(#text) }
        }
        Failure::Skip => quote! { Skip },
    };
    let needs = branch
        .needs
        .iter()
        .fold(0_u16, |needs, at| needs | 1_u16.checked_shl(u32::try_from(*at).unwrap_or(16)).unwrap_or(0));
    let needs = Literal::u16_unsuffixed(needs);
    let (method, is_optional) = (method(branch.method), branch.is_optional);
    let each = branch.each.as_ref().map_or(quote! { None }, each);
    let headers = branch.headers.iter().map(|(name, value)| {
        let (name, value) = (Literal::string(name), format_ident!("expr_{value}"));
        quote! { (#name, #value) }
    });
    let body = branch.body.map_or(quote! { None }, |body| {
        let body = format_ident!("expr_{body}");
        quote! { Some(#body) }
    });
    quote! {
        g::Branch {
            name: #name,
            each: #each,
            upstream: #upstream,
            chain: #chain,
            record: #record,
            method: g::Method::#method,
            target: &[#(#target),*],
            headers: &[#(#headers),*],
            body: #body,
            shape: &#shape,
            is_optional: #is_optional,
            within: #within,
            max: #max,
            failure: g::Failure::#failure,
            needs: #needs,
        }
    }
}

fn method(method: Method) -> Ident {
    // INVARIANT: a branch has one of these.
    let name = match method {
        Method::Post => "Post",
        Method::Put => "Put",
        Method::Patch => "Patch",
        Method::Delete => "Delete",
        _ => "Get",
    };
    format_ident!("{name}")
}

fn each(each: &Each) -> TokenStream {
    let (list, document) = (format_ident!("expr_{}", each.list), Literal::u16_unsuffixed(each.document));
    let [items, item, answer] = each.shapes.map(|shape| format_ident!("SHAPE_{shape}"));
    let (most, folds) = (Literal::u16_unsuffixed(each.most), each.folds);
    quote! {
        Some(g::Each {
            list: #list,
            items: &#items,
            item: &#item,
            answer: &#answer,
            document: #document,
            most: #most,
            folds: #folds,
        })
    }
}
