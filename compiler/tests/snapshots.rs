//! What programs become: the Rust of those that are accepted, the problems of those that are not. A snapshot holds source
//! and result together.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the programs are files, and tests may fail"
)]

use std::fs;
use std::path::Path;

use gatewright_compiler::{Crate, Feature, compile};
use gatewright_dsl::Catalogue;
use gatewright_dsl::page::sources;
use gatewright_dsl::problem::render::{Colour, text};

fn compiled(path: &Path) -> (String, Result<String, String>) {
    let program = fs::read_to_string(path).unwrap();
    let sources = sources("gateway.gw", &program);
    let mut result = compile(&sources, &Catalogue::standard());
    // These are refused by a package alone: one without any feature, and without any dependency.
    if path.ends_with("missing_feature.gw") {
        result = result.and_then(|output| Err(output.features.iter().map(Feature::missing).collect()));
    }
    if path.ends_with("missing_crate.gw") {
        result = result.and_then(|output| Err(output.crates.iter().map(Crate::missing).collect()));
    }
    // As rustc says it.
    if path.ends_with("handler_refused.gw") {
        let said =
            ["mismatched types: expected `String`, found `i64`", "function defined here: fraud/src/lib.rs:3"];
        let said = said.map(str::to_owned);
        result = result.and_then(|output| Err(output.handlers.iter().map(|it| it.refused(&said)).collect()));
    }
    let result = result.map(|output| output.rust).map_err(|problems| text(&problems, &sources, Colour::Off));
    (program, result)
}

#[test]
fn what_is_accepted_becomes_rust() {
    insta::glob!("emit/*.gw", |path| {
        let (program, result) = compiled(path);
        let rust = result.unwrap_or_else(|problems| panic!("{problems}"));
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{program}\n{}\n{rust}", "─".repeat(40)));
        });
    });
}

#[test]
fn what_is_refused_is_named() {
    insta::glob!("refuse/*.gw", |path| {
        let (program, result) = compiled(path);
        let problems = result.expect_err("a fixture is refused");
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_of_one_kind = gatewright_compiler::kinds().any(|kind| kind.name == name);
        assert!(!is_of_one_kind || problems.contains(&format!("error[{name}]")), "{problems}");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{program}\n{}\n{problems}", "─".repeat(40)));
        });
    });
}
