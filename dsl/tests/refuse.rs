//! Every file in `refuse/` is refused, and the snapshot beside it says with which words. Every file in `accept/` is
//! accepted without a word.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Source, problem};
use std::path::Path;

fn source(path: &Path) -> Source {
    Source::new("gateway.gw", std::fs::read_to_string(path).unwrap())
}

#[test]
fn says_what_is_wrong() {
    insta::glob!("refuse/*.gw", |path| {
        let source = source(path);
        let problems = common::problems(&source);
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(problems.iter().any(|problem| problem.name == name), "{name} is not among {problems:#?}");
        let shown = text(&problems, std::slice::from_ref(&source), Colour::Off);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "refuse", snapshot_suffix => "" }, {
            insta::assert_snapshot!(name, format!("{}\n----\n{shown}", source.text));
        });
    });
}

#[test]
fn says_nothing_where_nothing_is_wrong() {
    insta::glob!("accept/*.gw", |path| {
        let source = source(path);
        let shown = text(&common::problems(&source), &[source], Colour::Off);
        assert!(shown.is_empty(), "{}:\n{shown}", path.display());
    });
}

#[test]
fn every_kind_of_problem_has_a_fixture() {
    for kind in problem::kinds().filter(|kind| kind.name != "too_large") {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refuse").join(kind.name).with_extension("gw");
        assert!(path.exists(), "{}", path.display());
    }
}
