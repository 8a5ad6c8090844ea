//! The functions of the chains, and the tables of what they are run with: configurations and ends.
//!
//! A function's size grows with its steps only; what differs between routes is looked up by number.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::table::{self, Tight};
use super::value;
use crate::checked::{Piece, Place};
use crate::ir::{Chain, EndKind, Ends, Field, Program};

/// The functions, and the table of them.
pub(super) fn functions(program: &Program) -> TokenStream {
    let chains = program.chains.iter().enumerate().map(|(number, chain)| function(number, chain));
    let count = Literal::usize_unsuffixed(program.chains.len());
    let entries = (0..program.chains.len()).map(|number| {
        let function = format_ident!("chain_{number}");
        quote! { g::Chain { request: #function, response: None, own: None, log: None } }
    });
    quote! {
        static CHAINS: [g::Chain; #count] = [#(#entries),*];
        #(#chains)*
    }
}

/// What the functions are run with, of which there may be as much as there are routes.
pub(super) fn write_tables(program: &Program, out: &mut String) {
    for (number, table) in program.steps.iter().enumerate() {
        let home = value::home(table.home);
        let configs = table.configs.iter().map(|fields| config(&home, fields));
        table::write(out, &format!("STEPS_{number}"), &Tight(quote! { #home::Config }).to_string(), configs);
    }
    let Ends { forwards, responds, redirects } = &program.ends;
    table::write_unless_empty(
        out,
        "FORWARDS",
        "g::Forward",
        forwards.iter().map(|(at, target)| forward(*at, target.as_deref())),
    );
    table::write_unless_empty(
        out,
        "RESPONDS",
        "g::Respond",
        responds.iter().map(|(status, body)| respond(*status, body.as_ref())),
    );
    table::write_unless_empty(
        out,
        "REDIRECTS",
        "g::Redirect",
        redirects.iter().map(|(status, to)| redirect(*status, to)),
    );
}

fn function(number: usize, chain: &Chain) -> TokenStream {
    let name = format_ident!("chain_{number}");
    let records = format_ident!("RECORDS_{number}");
    let doc = place(&chain.place);
    let picks: Vec<_> = (0..chain.steps.len()).map(|step| format_ident!("step_{step}")).collect();
    let tables = chain.steps.iter().map(|table| format_ident!("STEPS_{table}"));
    let end = match chain.end {
        EndKind::Forward => quote! { FORWARDS },
        EndKind::Respond => quote! { RESPONDS },
        EndKind::Redirect => quote! { REDIRECTS },
    };
    quote! {
        #[doc = #doc]
        fn #name(exchange: &mut g::Exchange, record: u32) -> g::Flow {
            let [#(#picks,)* end] = #records[record as usize];
            #(
                match #tables[#picks as usize].request(exchange) {
                    g::Flow::Next => {}
                    flow => return flow,
                }
            )*
            #end[end as usize].request(exchange)
        }
    }
}

/// Where a chain comes from, as a doc comment.
fn place(place: &Place) -> String {
    format!(" {}:{}", place.file.escape_debug(), place.line)
}

fn config(home: &TokenStream, fields: &[Field]) -> Tight {
    let fields = fields.iter().map(|field| {
        let name = value::ident(field.name);
        let value = value::value(&field.value, field.optional);
        quote! { #name: #value }
    });
    Tight(quote! { #home::Config { #(#fields),* } })
}

fn forward(upstream: usize, target: Option<&[Piece]>) -> Tight {
    let upstream = Literal::usize_unsuffixed(upstream);
    let target = match target {
        None => quote! { g::Target::Same },
        Some(pieces) => {
            let pieces = pieces.iter().map(piece);
            quote! { g::Target::Template(&[#(#pieces),*]) }
        }
    };
    Tight(quote! { g::Forward { upstream: #upstream, target: #target } })
}

fn respond(status: u16, body: Option<&(&'static str, String)>) -> Tight {
    let status = Literal::u16_unsuffixed(status);
    let content_type = Literal::string(body.map_or("", |(kind, _)| *kind));
    let body = body.map_or(quote! { g::Content::Nothing }, |(_, text)| {
        let text = Literal::string(text);
        quote! { g::Content::Text(#text) }
    });
    Tight(quote! { g::Respond { status: #status, content_type: #content_type, body: #body } })
}

fn redirect(status: u16, location: &[Piece]) -> Tight {
    let status = Literal::u16_unsuffixed(status);
    let pieces = location.iter().map(piece);
    Tight(quote! { g::Redirect { status: #status, location: &[#(#pieces),*] } })
}

fn piece(piece: &Piece) -> TokenStream {
    match piece {
        Piece::Text(text) => {
            let text = Literal::string(text);
            quote! { g::Piece::Text(#text) }
        }
        Piece::Capture(index) => {
            let index = Literal::u8_unsuffixed(*index);
            quote! { g::Piece::Capture(#index) }
        }
    }
}
