//! What emitted text looks like from the outside: it is Rust, and it names only the runtime's door.

mod steps;

use proc_macro2::{TokenStream, TokenTree};
use std::time::Duration;

use gatewright_dsl::{Catalogue, Span};

use super::emit;
use crate::algebra::oracle::claims;
use crate::algebra::{Method, Pattern, Set};
use crate::checked::{At, End, Listener, Piece, Place, Program, Route, Said, Server, Step, Upstream};

/// A program with one of everything.
fn program() -> Program {
    let route = |line, end| Route {
        either: None,
        aggregate: None,
        head: Span::new(0, 0, 0),
        arms: None,
        told: std::collections::BTreeMap::default(),
        place: Place { file: "gateway.gw".to_owned(), line },
        label: format!("route {line}"),
        steps: Catalogue::standard()
            .policies()
            .filter(|policy| policy.always && !policy.part)
            .map(|policy| Step {
                policy,
                values: policy.row().defaults(),
                resolved: Vec::new(),
                depth: 0,
                origin: Vec::new(),
                trails: Vec::new(),
            })
            .collect(),
        end,
    };
    let literal = |text: &str| Set::Literal(text.to_owned());
    let forward = End::Forward {
        upstream: 0,
        target: Some(vec![Piece::Text("/v2/\"quoted\"/".to_owned()), Piece::Capture(0)]),
    };
    let respond = End::Respond {
        status: 200,
        body: Some(("application/json", Said::Text("{\"ok\":true}".to_owned()))),
    };
    let redirect = End::Redirect { status: 308, location: vec![Piece::Text("/new".to_owned())] };
    let path = |segments: Vec<Set>, rest| Pattern { segments, rest };
    Program {
        assertions: Vec::new(),
        declared: crate::checked::Declared::new(),
        auths: Vec::new(),
        name: "shop".to_owned(),
        crates: Vec::new(),
        front: crate::checked::Front::default(),
        listeners: ["127.0.0.1:8080", "[::1]:8080"].map(|it| Listener::Is(it.parse().unwrap())).to_vec(),
        params: Vec::new(),
        secrets: Vec::new(),
        outside: Vec::new(),
        upstreams: vec![Upstream {
            identity: Vec::new(),
            name: "orders".to_owned(),
            servers: vec![Server {
                at: At::Is {
                    address: "127.0.0.1:9001".parse().unwrap(),
                    authority: "127.0.0.1:9001".to_owned(),
                    tls: false,
                },
                weight: 1,
                backup: false,
                optional: false,
                span: gatewright_dsl::Span::new(0, 0, 0),
            }],
            split: None,
            parts: Vec::new(),
        }],
        routes: vec![
            route(3, respond),
            route(4, forward),
            route(5, redirect),
            route(6, End::Forward { upstream: 0, target: None }),
        ],
        claims: claims(&[
            (path(vec![literal("status")], false), vec![Method::Get]),
            (path(vec![literal("a"), Set::int(i64::MIN, 9)], false), vec![Method::Get, Method::Post]),
            (path(vec![Set::Date, Set::Uuid], false), vec![Method::Any]),
            (path(vec![Set::Any], true), vec![Method::Any]),
        ]),
    }
}

fn emitted(program: Program) -> String {
    emit(&crate::lower::lower(program, "00".to_owned()))
}

#[test]
fn it_parses_and_names_only_the_door() {
    let text = emitted(program());
    let tokens: TokenStream = text.parse().unwrap();
    syn::parse2::<syn::File>(tokens.clone()).unwrap();
    let mut roots = Vec::new();
    path_roots(tokens, &mut roots);
    roots.sort();
    roots.dedup();
    assert_eq!(roots, ["clippy", "emitted", "g", "gatewright_runtime", "rustfmt"]);
}

/// The first word of every path with more than one.
fn path_roots(tokens: TokenStream, roots: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    let is_separator = |at: usize| is_colon(at) && is_colon(at + 1);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => path_roots(group.stream(), roots),
            TokenTree::Ident(ident) if is_separator(at + 1) && ident != "use" => {
                let is_name = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident != "use");
                let follows_another = at >= 3 && is_separator(at - 2) && is_name(&tokens[at - 3]);
                if !follows_another {
                    roots.push(ident.to_string());
                }
            }
            _ => {}
        }
    }
}

#[test]
fn functions_are_shared_by_routes_that_run_alike() {
    let text = emitted(program());
    assert_eq!(text.matches("fn chain_").count(), 3, "{text}");
}

#[test]
fn configurations_that_are_equal_are_kept_once() {
    let mut program = program();
    let step = program.routes[3]
        .steps
        .iter_mut()
        .find(|step| {
            step.values
                .given
                .iter()
                .any(|given| matches!(given.value, gatewright_dsl::schema::Value::Duration(_)))
        })
        .unwrap();
    step.values.given[0].value = gatewright_dsl::schema::Value::Duration(Duration::from_nanos(1_500));
    let text = emitted(program);
    assert_eq!(text.matches("from_nanos(1500)").count(), 1, "{text}");
    assert_eq!(text.matches("Config{").count(), 3, "{text}");
}
