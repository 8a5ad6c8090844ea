//! How it is found out who asks: one entry for each `auth`.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::value;
use crate::ir::{Auth, Call, Claim};

pub(super) fn auth(auth: &Auth) -> TokenStream {
    let (name, home) = (Literal::string(&auth.name), value::home(auth.home));
    let claims = auth.claims.iter().map(claim);
    let items = value::items(&auth.items, &home);
    let calls = auth.calls.iter().map(call);
    quote! {
        g::Auth { name: #name, claims: &[#(#claims),*], kind: &#home::Config { items: #items }, calls: &[#(#calls),*] }
    }
}

fn call(call: &Call) -> TokenStream {
    let [upstream, chain, record] = [call.upstream, call.chain, call.record].map(Literal::usize_unsuffixed);
    quote! { g::Call { upstream: #upstream, chain: #chain, record: #record } }
}

fn claim(claim: &Claim) -> TokenStream {
    let (name, expected) = (Literal::string(&claim.wire), Literal::string(&claim.expected));
    let (required, many) = (claim.required, claim.many);
    let check = format_ident!("check_{}", claim.check);
    let default = value::optional_texts(claim.default.as_deref());
    let field = quote! { g::Field { name: #name, required: #required, many: #many, check: #check, expected: #expected } };
    let inside = &claim.inside;
    quote! { g::Claim { field: #field, inside: &[#(#inside),*], default: #default } }
}
