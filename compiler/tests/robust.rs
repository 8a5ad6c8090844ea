//! Whatever the text, compiling ends with problems or with Rust that parses, and never with a panic.

use gatewright_compiler::compile;
use gatewright_dsl::{Catalogue, Problem, Source};
use proptest::prelude::*;

const PROGRAMS: [&str; 6] = [
    include_str!("emit/answers.gw"),
    include_str!("emit/orders.gw"),
    include_str!("emit/precedence.gw"),
    include_str!("refuse/several_at_once.gw"),
    include_str!("refuse/ambiguous_route.gw"),
    include_str!("refuse/target_not_normal.gw"),
];

/// What is put in the place of a piece of a program.
const PIECES: [&str; 18] = [
    "",
    " ",
    "\n",
    "{",
    "}",
    "/",
    "//",
    "{id}",
    "{x: path}",
    "{n: int(3..4)}",
    "*",
    "GET",
    "->",
    "\"",
    "%2F",
    "é",
    "9999999999999999999",
    "route ",
];

fn mangled() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec(
        (any::<prop::sample::Index>(), 0..12_usize, prop::sample::select(PIECES.to_vec())),
        0..6,
    );
    (prop::sample::select(PROGRAMS.to_vec()), edits).prop_map(|(program, edits)| {
        let mut text: Vec<char> = program.chars().collect();
        for (at, len, piece) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + len).min(text.len());
            text.splice(at..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mangled_program_is_refused_or_becomes_rust(text in mangled()) {
        match compile(&[Source::new("gateway.gw", text)], &Catalogue::standard()) {
            Ok(output) => prop_assert!(output.rust.parse::<proc_macro2::TokenStream>().is_ok_and(|it| syn::parse2::<syn::File>(it).is_ok())),
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                prop_assert!(problems.is_sorted_by_key(Problem::span));
            }
        }
    }
}

#[test]
fn a_path_without_end_is_refused_and_not_walked() {
    let text = format!("gateway g {{ listen http :1 }}\nroute GET {} respond 200\n", "/a".repeat(500_000));
    let problems = compile(&[Source::new("gateway.gw", text)], &Catalogue::standard()).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.name).collect::<Vec<_>>(), ["pattern_too_long"]);
}

#[test]
fn many_colliding_routes_are_reported_in_time() {
    let mut routes = String::new();
    for n in 0..3_000 {
        routes.extend([
            "route GET /{a: int(",
            &n.to_string(),
            "..",
            &(n + 5_000).to_string(),
            ")} respond 200
",
        ]);
    }
    let same = "route GET /x/{id} respond 200\n".repeat(3_000);
    let text = format!("gateway g {{ listen http :1 }}\n{routes}{same}");
    let problems = compile(&[Source::new("gateway.gw", text)], &Catalogue::standard()).unwrap_err();
    assert!(problems.iter().any(|problem| problem.name == "router_too_wide"));
}
