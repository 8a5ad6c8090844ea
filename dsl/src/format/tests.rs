//! What the canonical form is, and what it keeps: for written samples, and for random programs in random spacing.

mod program;

use super::format;
use crate::source::Source;
use crate::{ast, parse};
use program::Writer;
use proptest::prelude::*;

fn formatted(text: &str) -> String {
    format(&Source::new("a.gw", text)).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"))
}

/// A tree without its places.
fn shape(text: &str) -> String {
    let (file, problems): (ast::File, _) = parse(&Source::new("a.gw", text));
    assert!(problems.is_empty(), "{text}\n{problems:#?}");
    let whole = format!("{file:?}");
    let mut shape = String::with_capacity(whole.len());
    let mut rest = whole.as_str();
    while let Some((before, after)) = rest.split_once("Span { ") {
        shape.push_str(before);
        rest = after.split_once(" }").map_or("", |(_, rest)| rest);
    }
    shape + rest
}

fn holds(text: &str) {
    let once = formatted(text);
    assert_eq!(formatted(&once), once, "again, of\n{text}");
    assert_eq!(shape(&once), shape(text), "the tree of\n{text}\nand of\n{once}");
    for line in once.lines() {
        assert_eq!(line.trim_end(), line, "a blank at the end of a line of\n{once}");
        assert!(!line.contains(['\t', '\r']), "{once}");
    }
}

#[test]
fn writes_the_canonical_form() {
    insta::glob!("../../tests/format", "*.gw", |path| {
        #[allow(clippy::disallowed_methods, reason = "a test")]
        let text = std::fs::read_to_string(path).unwrap();
        holds(&text);
        let name = path.file_stem().unwrap().to_str().unwrap();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../../tests/format", snapshot_suffix => "" }, {
            insta::assert_snapshot!(name, format!("{text}\n----\n{}", formatted(&text)));
        });
    });
}

#[test]
fn what_is_written_so_stays() {
    for text in [
        include_str!("../../tests/accept/everything.gw"),
        include_str!("../../tests/accept/front.gw"),
        include_str!("../../tests/accept/crlf.gw"),
        include_str!("../../tests/accept/hello.gw"),
        include_str!("../../tests/accept/tests.gw"),
    ] {
        holds(text);
    }
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n\n"), "");
    assert_eq!(formatted("// a"), "// a\n");
    assert_eq!(formatted("secret a\r\n\r\n\r\n\r\nsecret b"), "secret a\n\nsecret b\n");
}

#[test]
fn a_text_that_is_not_understood_is_not_touched() {
    let problems = format(&Source::new("a.gw", "uptream a { b 1 }\n")).unwrap_err();
    assert_eq!(problems.iter().map(|it| it.name).collect::<Vec<_>>(), ["unknown_word"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn keeps_the_tree_and_all_comments_of_random_programs(seed in any::<u64>()) {
        holds(&Writer::new(seed).program());
    }
}
