//! Automata as constant tables.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::algebra::Automaton;

/// An expression of the type `g::Dfa`. It is constant, so a reference to it is one too.
pub(super) fn dfa(automaton: &Automaton) -> TokenStream {
    let tables = automaton.tables();
    let classes = Literal::byte_string(&tables.classes);
    let [width, start, accepting] =
        [tables.width, tables.start, tables.accepting].map(Literal::usize_unsuffixed);
    let next = tables.next.iter().map(|next| Literal::usize_unsuffixed(*next));
    quote! { g::Dfa { classes: #classes, width: #width, next: &[#(#next),*], start: #start, accepting: #accepting } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_accept_come_last() {
        let automaton = Automaton::regex("ab*").unwrap();
        let text = dfa(&automaton).to_string();
        assert!(
            text.contains("next : & [1 , 2 , 1 , 1 , 1 , 1 , 1 , 1 , 2] , start : 0 , accepting : 2"),
            "{text}"
        );
    }
}
