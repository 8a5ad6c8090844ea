//! The program as Rust text: constant tables, and one function for each chain.
//!
//! All of it is written from typed values; no text of the source becomes Rust but as a string literal, and no name of the
//! source becomes an identifier. It names only paths behind the runtime's one door, here called `g`.

mod aggregate;
mod auth;
mod chain;
mod check;
mod dfa;
pub(crate) mod expr;
mod handler;
mod param;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod value;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use self::table::Tight;
use crate::checked::{At, Capacity, Dns, Drain, Given, Listener, OwnKey, SaidBy, Server, Trace, Trusted};
use crate::ir::{Part, Program};
use crate::lower::segment_hash;

/// The shape of emitted code that this compiler writes.
const VERSION: u32 = 1;

/// A segment on which compiler and runtime must agree.
const SAMPLE: &str = "gatewright-compiler";

pub(crate) fn emit(program: &Program) -> String {
    let mut out = String::from(HEAD);
    out.push_str(&format(items(program)));
    write_upstreams(program, &mut out);
    chain::write_tables(program, &mut out);
    table::write_all(program, &mut out);
    expr::write(program, &mut out);
    check::write(&program.functions.checks, &mut out);
    shape::write(&program.functions, &mut out);
    out.push_str(FOOT);
    out
}

/// It is included, so it cannot hold inner attributes; lints of the operator's package do not concern it.
const HEAD: &str = "// Written by the Gatewright compiler. Change gateway.gw instead.
#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction, dead_code, missing_docs, unreachable_pub, unused_variables, unused_parens, unused_braces, unused_comparisons)]
#[rustfmt::skip]
mod emitted {
";

const FOOT: &str = "}
pub use emitted::PROGRAM;
";

/// Everything but the large tables.
fn items(program: &Program) -> TokenStream {
    let version = Literal::u32_unsuffixed(VERSION);
    let sample = Literal::byte_string(SAMPLE.as_bytes());
    let hash = Literal::u32_unsuffixed(segment_hash(SAMPLE.as_bytes()));
    let program_item = program_item(program);
    let chains = chain::functions(program);
    let helpers = table::helpers();
    quote! {
        use ::gatewright_runtime::generated as g;

        const _: () = assert!(g::VERSION == #version, "the runtime is of another version than the compiler");
        const _: () = assert!(g::segment_hash(#sample) == #hash);
        const _: () = assert!(g::method::GET == 1 && g::method::HEAD == 2 && g::method::POST == 4);
        const _: () = assert!(g::method::PUT == 8 && g::method::DELETE == 16 && g::method::PATCH == 32);
        const _: () = assert!(g::method::OPTIONS == 64 && g::method::OTHER == 128 && g::method::ANY == 255);
        #program_item
        #chains
        #helpers
    }
}

fn program_item(program: &Program) -> TokenStream {
    let name = Literal::string(&program.name);
    let source_hash = Literal::string(&program.source_hash);
    let listeners = program.listeners.iter().map(|listener| {
        let address = listened(program, listener);
        quote! { g::Listener { address: #address } }
    });
    let access_log = match &program.front.access_log {
        _ if !program.logs => quote! { g::AccessLog::Off },
        None => quote! { g::AccessLog::On },
        Some((path, _)) => {
            let path = given(program, path, |path| quote! { #path });
            quote! { g::AccessLog::File(#path) }
        }
    };
    let trusted_proxies =
        program.front.trusted.as_ref().map_or(quote! { None }, |it| trusted_proxies(program, it));
    let request_id = program.front.request_id.as_ref().map_or(quote! { None }, |name| {
        let name = Literal::string(name);
        quote! { Some(#name) }
    });
    let admin = program.front.admin.as_ref().map_or(quote! { None }, |(address, _)| {
        let address = listened(program, address);
        let keep = program.front.kept.as_ref().map_or(quote! { None }, |(path, _)| {
            let path = given(program, path, |path| quote! { #path });
            quote! { Some(#path) }
        });
        quote! { Some(g::Admin { address: #address, keep: #keep }) }
    });
    let drain = program.front.drain.as_ref().map_or(quote! { None }, |it| drain(program, it));
    let capacity = program.front.capacity.as_ref().map_or(quote! { None }, |it| capacity(program, it));
    let trace = program.front.trace.as_ref().map_or(quote! { None }, |it| trace(program, it));
    let dns = program.front.dns.as_ref().map_or(quote! { None }, |(dns, _)| self::dns(dns));
    let tls = program.front.tls.is_some();
    let methods = Literal::u16_unsuffixed(program.router.methods);
    let states = program.states.iter().map(|state| {
        let state = value::home(state);
        quote! { g::new_state::<#state> }
    });
    let outside = program.outside.map_or(quote! { None }, |(chain, record)| {
        let (chain, record) = (Literal::usize_unsuffixed(chain), Literal::usize_unsuffixed(record));
        quote! { Some(g::Outside { chain: #chain, record: #record }) }
    });
    let conditions = program.conditions.iter().map(|number| format_ident!("expr_{number}"));
    let hosts = program.router.hosts.map(Literal::usize_unsuffixed);
    let hosts = hosts.map_or(quote! { g::NONE }, |root| quote! { #root });
    let params = program.params.iter().map(param::param);
    let fits = program.fits.iter().map(|fit| {
        let (times, of) = (Literal::i64_unsuffixed(fit.times), Literal::string(fit.of));
        let [part_name, whole_name] = fit.names.map(Literal::string);
        let home = quote! { g };
        let (part, whole) = (value::content(&fit.part, &home), value::content(&fit.whole, &home));
        let route = Literal::usize_unsuffixed(fit.route);
        quote! { g::Fit { times: #times, of: #of, names: [#part_name, #whole_name], part: #part, whole: #whole, route: #route } }
    });
    let splits = splits(program);
    let secrets = program.secrets.iter().map(param::secret);
    let auths = program.auths.iter().map(auth::auth);
    quote! {
        /// The whole gateway.
        pub static PROGRAM: g::Program = g::Program {
            name: #name,
            source_hash: #source_hash,
            listeners: &[#(#listeners),*],
            upstreams: &UPSTREAMS,
            splits: &[#(#splits),*],
            router: g::Router { nodes: &NODES, edges: &EDGES, params: &PARAMS, kinds: &KINDS, leaves: &LEAVES, methods: #methods, hosts: #hosts },
            conditions: &[#(#conditions),*],
            routes: &ROUTES,
            files: &FILES,
            chains: &CHAINS,
            states: &[#(#states),*],
            outside: #outside,
            text: TEXT,
            auths: &[#(#auths),*],
            params: &[#(#params),*],
            secrets: &[#(#secrets),*],
            access_log: #access_log,
            trusted_proxies: #trusted_proxies,
            request_id: #request_id,
            admin: #admin,
            drain: #drain,
            capacity: #capacity,
            trace: #trace,
            dns: #dns,
            tls: #tls,
            fits: &[#(#fits),*],
        };
    }
}

/// What is written, or the number of the parameter that says it.
fn given<T>(program: &Program, given: &Given<T>, literal: impl Fn(&T) -> TokenStream) -> TokenStream {
    match given {
        Given::Is(value) => {
            let value = literal(value);
            quote! { g::Setting::Is(#value) }
        }
        Given::Param(name) => {
            let number = number(program, name);
            quote! { g::Setting::Param(#number) }
        }
    }
}

fn at(program: &Program, at: &At) -> TokenStream {
    match at {
        At::Is { address, authority, tls } => {
            let (address, authority) = (value::socket_address(*address), Literal::string(authority));
            quote! { g::At::Is { address: #address, authority: #authority, tls: #tls } }
        }
        At::Name { host, port, authority, tls } => {
            let (host, port) = (Literal::string(host), Literal::u16_unsuffixed(*port));
            let authority = Literal::string(authority);
            quote! { g::At::Name { host: #host, port: #port, authority: #authority, tls: #tls } }
        }
        At::Service { name, tls } => {
            let name = Literal::string(name);
            quote! { g::At::Service { name: #name, tls: #tls } }
        }
        At::Param(name) => {
            let number = number(program, name);
            quote! { g::At::Param(#number) }
        }
    }
}

fn trace(program: &Program, trace: &Trace) -> TokenStream {
    let Trace { span: _, to, roots, shown, named: _, secured: _, sample, everyone } = trace;
    let to = match to {
        At::Param(name) => Given::Param(name.clone()),
        At::Is { authority, tls, .. }
        | At::Name { authority, tls, .. }
        | At::Service { name: authority, tls } => {
            Given::Is(format!("{}://{authority}", if *tls { "https" } else { "http" }))
        }
    };
    let to = given(program, &to, |url| quote! { #url });
    let path = |path: Option<&String>| path.map_or(quote! { None }, |path| quote! { Some(#path) });
    let (roots, certificate) = (path(roots.as_ref()), path(shown.as_ref().map(|shown| &shown.certificate)));
    let (key, secret) = match shown.as_ref().map(|shown| &shown.key) {
        Some(OwnKey::File(file)) => (path(Some(file)), quote! { None }),
        Some(OwnKey::Secret(secret)) => {
            // INVARIANT: it has been given a number.
            let number = program.functions.exprs.iter().position(|it| it == secret).unwrap_or(usize::MAX);
            let function = value::function(number);
            (quote! { None }, quote! { Some(#function) })
        }
        None => (quote! { None }, quote! { None }),
    };
    let sample = given(program, sample, |share| quote! { #share });
    // Whatever is compiled for TLS speaks it to everybody.
    let tls = program.front.tls.or(program.front.tls_of_others).is_some();
    quote! {
        Some(g::Trace {
            to: #to, roots: #roots, certificate: #certificate, key: #key, secret: #secret, tls: #tls, sample: #sample, everyone: #everyone
        })
    }
}

fn drain(program: &Program, drain: &Drain) -> TokenStream {
    let [within, wait] =
        [&drain.within, &drain.wait].map(|time| given(program, time, |time| value::duration(*time)));
    quote! { Some(g::Drain { within: #within, wait: #wait }) }
}

fn capacity(program: &Program, capacity: &Capacity) -> TokenStream {
    let optional =
        |given: Option<TokenStream>| given.map_or(quote! { None }, |given| quote! { Some(#given) });
    let number = |number: &i64| {
        let number = Literal::i64_unsuffixed(*number);
        quote! { #number }
    };
    let connections = optional(capacity.connections.as_ref().map(|it| given(program, it, number)));
    let in_flight = optional(capacity.in_flight.as_ref().map(|it| given(program, it, number)));
    let memory = optional(capacity.memory.as_ref().map(|it| {
        given(program, it, |bytes| {
            let bytes = Literal::u64_unsuffixed(*bytes);
            quote! { #bytes }
        })
    }));
    let retry_after = given(program, &capacity.retry_after, |time| value::duration(*time));
    quote! { Some(g::Capacity { connections: #connections, in_flight: #in_flight, memory: #memory, retry_after: #retry_after }) }
}

/// Where the gateway listens.
fn listened(program: &Program, listener: &Listener) -> TokenStream {
    match listener {
        Listener::Is(address) => {
            let address = value::socket_address(*address);
            quote! { g::Setting::Is(#address) }
        }
        Listener::Param(name) => {
            let number = number(program, name);
            quote! { g::Setting::Param(#number) }
        }
    }
}

fn trusted_proxies(program: &Program, trusted: &Trusted) -> TokenStream {
    let proxies = given(program, &trusted.proxies, |networks| {
        let networks = networks.iter().map(|(address, bits)| value::network(*address, *bits));
        quote! { &[#(#networks),*] }
    });
    let by = match trusted.by {
        SaidBy::XForwardedFor => quote! { g::SaidBy::XForwardedFor },
        SaidBy::Forwarded => quote! { g::SaidBy::Forwarded },
    };
    quote! { Some(g::TrustedProxies { proxies: #proxies, by: #by }) }
}

fn dns(dns: &Dns) -> TokenStream {
    let Dns { servers, min_ttl, max_ttl, within, attempts, stale } = dns;
    let servers = servers.iter().map(|server| value::socket_address(*server));
    let [min_ttl, max_ttl, within, stale] = [min_ttl, max_ttl, within, stale].map(|it| value::duration(*it));
    let attempts = Literal::u32_unsuffixed(*attempts);
    quote! {
        Some(g::Dns {
            servers: &[#(#servers),*],
            min_ttl: #min_ttl,
            max_ttl: #max_ttl,
            within: #within,
            attempts: #attempts,
            stale: #stale,
        })
    }
}

fn write_upstreams(program: &Program, out: &mut String) {
    let entries = program.upstreams.iter().map(|upstream| {
        let name = Literal::string(&upstream.name);
        let servers = upstream.servers.iter().map(|server| {
            let Server { at, weight, backup, optional, span: _ } = server;
            let at = self::at(program, at);
            let weight = Literal::u32_unsuffixed(*weight);
            quote! { g::Server { at: #at, weight: #weight, backup: #backup, optional: #optional } }
        });
        let parts = upstream.parts.iter().map(part);
        let identity = &upstream.identity;
        Tight(quote! { g::Upstream { name: #name, servers: &[#(#servers),*] #(, #parts)*, identity: &[#(#identity),*] } })
    });
    table::write(out, "UPSTREAMS", "g::Upstream", entries);
}

/// How upstreams share requests out, for each that does.
fn splits(program: &Program) -> impl Iterator<Item = TokenStream> {
    let splits = program.upstreams.iter().enumerate();
    splits.filter_map(|(number, upstream)| {
        let split = upstream.split.as_ref()?;
        let number = Literal::usize_unsuffixed(number);
        let function = |number: Option<usize>| {
            number.map_or(quote! { None }, |number| {
                let name = format_ident!("expr_{number}");
                quote! { Some(#name) }
            })
        };
        let by = function(split.by.as_ref().map(|(by, _)| *by));
        let shares = split.shares.iter().map(|share| {
            let upstream = Literal::usize_unsuffixed(share.upstream);
            let weight = given(program, &share.weight, |weight| {
                let weight = Literal::i64_unsuffixed(*weight);
                quote! { #weight }
            });
            let pin = function(share.pin);
            quote! { g::Share { upstream: #upstream, weight: #weight, pin: #pin } }
        });
        Some(quote! { g::Split { upstream: #number, by: #by, shares: &[#(#shares),*] } })
    })
}

/// The number of a parameter.
fn number(program: &Program, name: &str) -> Literal {
    let number = program.params.iter().position(|param| param.name == name);
    // INVARIANT: what a gateway needs is among its parameters. Were it not, rustc would refuse the number.
    Literal::usize_unsuffixed(number.unwrap_or(usize::MAX))
}

/// A field of an upstream.
fn part(part: &Part) -> TokenStream {
    let (name, home) = (value::ident(part.name), value::home(part.home));
    let config = part.config.as_ref().map(|fields| {
        let fields = fields.iter().map(|field| value::field(field, &home));
        quote! { #home::Config { #(#fields),* } }
    });
    match config {
        Some(config) if part.always => quote! { #name: #config },
        Some(config) => quote! { #name: Some(#config) },
        None => quote! { #name: None },
    }
}

fn format(items: TokenStream) -> String {
    let unformatted = items.to_string();
    // INVARIANT: the tokens above are items; were they not, rustc would say so about the unformatted text.
    syn::parse2(items).map_or(unformatted, |file| prettyplease::unparse(&file))
}
