//! Moving declarations within a file, or from one file to another, changes no byte of what is emitted but the places that
//! messages name.

use gatewright_dsl::{Catalogue, Source};
use proptest::prelude::*;

use crate::checked::Place;

/// Compiles a program that is spread over two files, and forgets where its lines stood.
fn emitted(first: &[String], second: &[String]) -> String {
    let text = |declarations: &[String]| declarations.join("\n") + "\n";
    let sources = [Source::new("a.gw", text(first)), Source::new("b.gw", text(second)).numbered(1)];
    let (files, problems) = crate::parse(&sources);
    let mut program = crate::check::check(&files, problems, &sources, &Catalogue::standard()).unwrap();
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

fn permuted() -> impl Strategy<Value = (Vec<String>, Vec<String>, usize)> {
    prop::sample::select(PROGRAMS.map(declarations).to_vec()).prop_flat_map(|written| {
        let count = written.len();
        (Just(written.clone()), Just(written).prop_shuffle(), 0..=count)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_declarations_changes_nothing((written, shuffled, cut) in permuted()) {
        let (first, second) = shuffled.split_at(cut);
        prop_assert_eq!(emitted(first, second), emitted(&written, &[]));
    }
}
