//! The functions of the chains, and the tables of what they are run with: configurations and ends.
//!
//! A function's size grows with its steps only; what differs between routes is looked up by number.

use std::collections::BTreeMap;

use gatewright_dsl::policy::Hook;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::table::{self, Tight};
use super::{aggregate, handler, value};
use crate::checked::Place;
use crate::ir::{Chain, EndKind, Ends, Field, Match, Piece, Program, StepTable};

/// The functions, and the table of them.
pub(super) fn functions(program: &Program) -> TokenStream {
    let chains = program.chains.iter().enumerate().map(|(number, chain)| {
        let chain = Walk { number, chain, steps: &program.steps };
        let functions = [Some(chain.request()), chain.body(), chain.response(), chain.own(), chain.log()];
        quote! { #(#functions)* }
    });
    let count = Literal::usize_unsuffixed(program.chains.len());
    let entries = program.chains.iter().enumerate().map(|(number, chain)| {
        let chain = Walk { number, chain, steps: &program.steps };
        let request = format_ident!("chain_{number}");
        let [body, response, own, log] =
            [Hook::Body, Hook::Response, Hook::Own, Hook::Log].map(|hook| chain.entry(hook));
        quote! { g::Chain { request: #request, body: #body, response: #response, own: #own, log: #log } }
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
    let Ends { forwards, responds, redirects, aggregates, handlers, matches } = &program.ends;
    table::write_unless_empty(out, "MATCHES", "g::Match", matches.iter().map(match_on));
    table::write_unless_empty(out, "AGGREGATES", "g::Aggregate", aggregates.iter().map(aggregate::aggregate));
    table::write_unless_empty(
        out,
        "HANDLERS",
        "g::Handler",
        handlers.iter().enumerate().map(|(number, handler)| handler::entry(number, handler)),
    );
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
        responds.iter().map(|answer| Tight(value::respond(answer))),
    );
    table::write_unless_empty(
        out,
        "REDIRECTS",
        "g::Redirect",
        redirects.iter().map(|(status, to)| redirect(*status, to)),
    );
}

/// A chain with what its numbers mean.
struct Walk<'a> {
    number: usize,
    chain: &'a Chain,
    steps: &'a [StepTable],
}

impl Walk<'_> {
    fn request(&self) -> TokenStream {
        let name = format_ident!("chain_{}", self.number);
        let doc = place(self.chain.place.as_ref());
        let reader = self.reader();
        let is_branch = self.chain.end == Some(EndKind::Branch);
        let end = if reader.is_some() || is_branch { None } else { self.end() };
        if end.is_none() && reader.is_none() && !is_branch {
            // Nobody asks what becomes of a request that no route has.
            return quote! { #[doc = #doc] fn #name(_: &mut g::Exchange, _: u32) -> g::Flow { g::Flow::Next } };
        }
        let (picks, calls) = self.calls(Hook::Request);
        // What follows a step that asks for the body is done when that is there.
        let calls = calls.into_iter().filter(|(step, _)| reader.is_none_or(|at| *step <= at));
        // A call of the gateway's own is not the step of a route.
        let calls = calls.map(|(step, call)| {
            (
                call,
                if is_branch {
                    quote! { flow }
                } else {
                    left(step)
                },
            )
        });
        let (calls, lefts): (Vec<_>, Vec<_>) = calls.unzip();
        let last = end.map(|end| quote! { #end[end as usize].request(exchange) });
        let last = last.unwrap_or_else(|| quote! { g::Flow::Next });
        let doc = (!is_branch).then(|| quote! { #[doc = #doc] });
        quote! {
            #doc
            fn #name(exchange: &mut g::Exchange, record: u32) -> g::Flow {
                #picks
                #(
                    match #calls.request(exchange) {
                        g::Flow::Next => {}
                        flow => return #lefts,
                    }
                )*
                #last
            }
        }
    }

    /// The step that reads the body, if one does.
    fn reader(&self) -> Option<usize> {
        let reads = |table: &usize| self.steps.get(*table).is_some_and(|it| it.hooks.contains(&Hook::Body));
        self.chain.steps.iter().position(reads)
    }

    /// What is done when the body is there: from the step that reads it on.
    fn body(&self) -> Option<TokenStream> {
        let (at, name, end) = (self.reader()?, self.name(Hook::Body)?, self.end()?);
        let (picks, calls) = self.calls(Hook::Request);
        let calls = calls.into_iter().filter(|(step, _)| *step >= at).map(|(step, call)| {
            let hook = if step == at {
                quote! { body }
            } else {
                quote! { request }
            };
            (quote! { #call.#hook(exchange) }, left(step))
        });
        let (calls, lefts): (Vec<_>, Vec<_>) = calls.unzip();
        Some(quote! {
            fn #name(exchange: &mut g::Exchange, record: u32) -> g::Flow {
                #picks
                #(
                    match #calls {
                        g::Flow::Next => {}
                        flow => return #lefts,
                    }
                )*
                #end[end as usize].request(exchange)
            }
        })
    }

    /// The table of its ends.
    fn end(&self) -> Option<TokenStream> {
        Some(match self.chain.end? {
            EndKind::Forward => quote! { FORWARDS },
            EndKind::Respond => quote! { RESPONDS },
            EndKind::Redirect => quote! { REDIRECTS },
            EndKind::Aggregate => quote! { AGGREGATES },
            EndKind::Handler => quote! { HANDLERS },
            EndKind::Match => quote! { MATCHES },
            EndKind::Branch => return None,
        })
    }

    fn response(&self) -> Option<TokenStream> {
        let name = self.name(Hook::Response)?;
        let (picks, calls) = self.calls(Hook::Response);
        let calls = calls.into_iter().map(|(_, call)| call);
        Some(quote! {
            fn #name(exchange: &mut g::Exchange, record: u32) {
                #picks
                #(#calls.response(exchange);)*
            }
        })
    }

    fn own(&self) -> Option<TokenStream> {
        let name = self.name(Hook::Own)?;
        let (picks, calls) = self.calls(Hook::Own);
        let calls = calls.into_iter().map(|(_, call)| call);
        Some(quote! {
            fn #name(exchange: &mut g::Exchange, record: u32, own: g::Own) -> Option<&'static g::Respond> {
                #picks
                #(
                    if let Some(answer) = #calls.own(exchange, own) {
                        return Some(answer);
                    }
                )*
                None
            }
        })
    }

    fn log(&self) -> Option<TokenStream> {
        let name = self.name(Hook::Log)?;
        let (picks, calls) = self.calls(Hook::Log);
        let calls = calls.into_iter().map(|(_, call)| call);
        Some(quote! {
            fn #name(exchange: &g::Exchange, record: u32, line: &mut g::LogLine) -> bool {
                #picks
                #(#calls.log(exchange, line))&&*
            }
        })
    }

    /// What stands in the chain's table for a hook.
    fn entry(&self, hook: Hook) -> TokenStream {
        self.name(hook).map_or(quote! { None }, |name| quote! { Some(#name) })
    }

    /// The name of the function of a hook. `None` where no step has it.
    fn name(&self, hook: Hook) -> Option<Ident> {
        let has = |table: &usize| self.steps.get(*table).is_some_and(|table| table.hooks.contains(&hook));
        self.chain
            .steps
            .iter()
            .any(has)
            .then(|| format_ident!("chain_{}_{}", self.number, format!("{hook:?}").to_lowercase()))
    }

    /// Reads of the record what is needed, and names for each step that has the hook its place and its configuration.
    fn calls(&self, hook: Hook) -> (TokenStream, Vec<(usize, TokenStream)>) {
        let records = format_ident!("RECORDS_{}", self.number);
        let mut calls = Vec::new();
        let mut picks = Vec::new();
        for (at, table) in self.chain.steps.iter().enumerate() {
            if self.steps.get(*table).is_some_and(|table| table.hooks.contains(&hook)) {
                let (pick, table) = (format_ident!("step_{at}"), format_ident!("STEPS_{table}"));
                calls.push((at, quote! { #table[#pick as usize] }));
                picks.push(quote! { #pick });
            } else {
                picks.push(quote! { _ });
            }
        }
        if self.end().is_some() {
            picks.push(if hook == Hook::Request {
                quote! { end }
            } else {
                quote! { _ }
            });
        }
        (quote! { let [#(#picks),*] = #records[record as usize]; }, calls)
    }
}

/// What becomes of a request that the step of this number does not let through.
fn left(step: usize) -> TokenStream {
    let step = Literal::usize_unsuffixed(step);
    quote! { flow.at(exchange, #step) }
}

/// Where a chain comes from, as a doc comment.
fn place(place: Option<&Place>) -> String {
    match place {
        Some(place) => format!(" {}:{}", place.file.escape_debug(), place.line),
        None => " What no route has.".to_owned(),
    }
}

fn config(home: &TokenStream, fields: &[Field]) -> Tight {
    let fields = fields.iter().map(|field| value::field(field, home));
    Tight(quote! { #home::Config { #(#fields),* } })
}

fn forward(upstream: usize, target: Option<&[Piece]>) -> Tight {
    let upstream = Literal::usize_unsuffixed(upstream);
    let target = target.map_or(quote! { g::Target::Same }, self::target);
    Tight(quote! { g::Forward { upstream: #upstream, target: #target } })
}

fn match_on(found: &Match) -> Tight {
    let on = format_ident!("expr_{}", found.on);
    // They are looked for by halves.
    let numbered = || (0_usize..).zip(&found.arms);
    let values: BTreeMap<&str, usize> = numbered()
        .flat_map(|(number, arm)| arm.values.iter().map(move |value| (value.as_str(), number)))
        .collect();
    let values = values.into_iter().map(|(value, number)| {
        let (value, number) = (Literal::string(value), Literal::usize_unsuffixed(number));
        quote! { (#value, #number) }
    });
    let others = numbered().find(|(_, arm)| arm.values.is_empty()).map_or(quote! { None }, |(number, _)| {
        let number = Literal::usize_unsuffixed(number);
        quote! { Some(#number) }
    });
    let arms = found.arms.iter().map(|arm| {
        let [chain, record] = [arm.chain, arm.record].map(Literal::usize_unsuffixed);
        quote! { g::Arm { chain: #chain, record: #record } }
    });
    Tight(quote! { g::Match { on: #on, values: &[#(#values),*], others: #others, arms: &[#(#arms),*] } })
}

fn redirect(status: u16, location: &[Piece]) -> Tight {
    let status = Literal::u16_unsuffixed(status);
    let location = target(location);
    Tight(quote! { g::Redirect { status: #status, location: #location } })
}

/// One with values in it is made before anything is sent.
fn target(pieces: &[Piece]) -> TokenStream {
    let is_made = pieces.iter().any(|piece| matches!(piece, Piece::Value(_) | Piece::Query(_)));
    let kind = if is_made {
        quote! { Made }
    } else {
        quote! { Template }
    };
    let pieces = pieces.iter().map(piece);
    quote! { g::Target::#kind(&[#(#pieces),*]) }
}

pub(super) fn piece(piece: &Piece) -> TokenStream {
    match piece {
        Piece::Text(text) => {
            let text = Literal::string(text);
            quote! { g::Piece::Text(#text) }
        }
        Piece::Capture(index) => {
            let index = Literal::u8_unsuffixed(*index);
            quote! { g::Piece::Capture(#index) }
        }
        Piece::Asked => quote! { g::Piece::Asked },
        Piece::Value(number) => {
            let function = format_ident!("expr_{number}");
            quote! { g::Piece::Value(#function) }
        }
        Piece::Query(number) => {
            let function = format_ident!("expr_{number}");
            quote! { g::Piece::Query(#function) }
        }
    }
}
