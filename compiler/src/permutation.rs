//! Moving declarations within a file changes no byte of what is emitted but the places that messages name.

use gatewright_dsl::{Catalogue, Source};
use proptest::prelude::*;

use crate::checked::Place;
use crate::load::{Files, Memory};

/// Compiles a program, and forgets where its lines stood.
fn emitted(declarations: &[String]) -> String {
    let sources = [Source::new("a.gw", declarations.join("\n") + "\n")];
    let memory = Memory(&sources);
    let mut files = Files::numbered(&memory, &sources);
    let entry = files.entry("a.gw").unwrap();
    let outcome = crate::check::check(&files, &entry, &Catalogue::standard());
    assert_eq!((outcome.problems, outcome.unused), (Vec::new(), Vec::new()));
    let mut program = outcome.program.unwrap();
    for route in &mut program.routes {
        route.place = Place { file: String::new(), line: 0 };
    }
    crate::emit::emit(&crate::lower::lower(program, String::new()))
}

const PROGRAMS: [&str; 3] = [
    include_str!("../tests/emit/answers.gw"),
    include_str!("../tests/emit/orders.gw"),
    include_str!("../tests/emit/precedence.gw"),
];

fn declarations(program: &str) -> Vec<String> {
    let source = Source::new("a.gw", program);
    let (file, _) = gatewright_dsl::parse(&source);
    file.declarations.iter().map(|it| source.slice(it.span()).to_owned()).collect()
}

fn permuted() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    prop::sample::select(PROGRAMS.map(declarations).to_vec())
        .prop_flat_map(|written| (Just(written.clone()), Just(written).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_declarations_changes_nothing((written, shuffled) in permuted()) {
        prop_assert_eq!(emitted(&shuffled), emitted(&written));
    }
}
