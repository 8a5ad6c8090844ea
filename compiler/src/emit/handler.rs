//! Functions that answer: a table entry each.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::table::Tight;
use super::value::duration;
use crate::checked::Handler;

pub(super) fn entry(number: usize, handler: &Handler) -> Tight {
    let (name, call) = (Literal::string(&handler.path.join("::")), format_ident!("handler_{number}"));
    let within: TokenStream = duration(handler.within);
    Tight(quote! { g::Handler { name: #name, call: #call, within: #within } })
}
