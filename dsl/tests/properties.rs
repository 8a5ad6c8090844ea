//! Whatever the text: parsing and checking end, never panic, and point only into the text.

#![allow(missing_docs, reason = "a test")]

mod common;

use gatewright_dsl::problem::render::{Colour, json, text};
use gatewright_dsl::{Source, parse};
use proptest::prelude::*;

const VALID: [&str; 2] = [include_str!("accept/everything.gw"), include_str!("accept/front.gw")];

fn holds(program: String) {
    let source = Source::new("gateway.gw", program);
    let (file, _) = parse(&source);
    let inside = |span: gatewright_dsl::Span| {
        span.start <= span.end && source.text.get(span.start..span.end).is_some() && span.file == 0
    };
    for comment in &file.comments {
        assert!(inside(comment.span), "{comment:?}");
    }
    for route in file.routes() {
        assert!(inside(route.span) && inside(route.head) && inside(route.pattern.span), "{route:#?}");
        assert!(route.head.start == route.span.start && route.head.end <= route.span.end, "{route:#?}");
    }
    let problems = common::problems(&source);
    assert!(problems.is_sorted_by_key(gatewright_dsl::Problem::span), "{problems:#?}");
    for problem in &problems {
        assert_eq!(problem.labels.iter().filter(|label| label.primary).count(), 1, "{problem:#?}");
        assert!(problem.labels.iter().all(|label| inside(label.span)), "{problem:#?}");
        assert!(problem.fix.as_ref().is_none_or(|fix| inside(fix.span)), "{problem:#?}");
        assert!(!problem.message.ends_with('.') && !problem.message.contains("Rule"), "{problem:#?}");
        let _ = json(problem, std::slice::from_ref(&source));
    }
    let _ = text(&problems, &[source], Colour::Off);
}

/// A valid program with a few pieces cut out, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let change = (0..4_000_usize, 0..12_usize, "[ \n\"{}()\\[\\]/,;:=a5.#*<>|?+\\\\é-]{0,3}");
    let valid = prop::sample::select(VALID.as_slice());
    (valid, prop::collection::vec(change, 1..5)).prop_map(|(valid, changes)| {
        let mut text = valid.to_owned();
        for (start, length, insert) in changes {
            let mut start = start % (text.len() + 1);
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.replace_range(start..end, &insert);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        holds(String::from_utf8_lossy(&bytes).into_owned());
    }

    #[test]
    fn any_characters(program in "\\PC{0,200}") {
        holds(program);
    }

    #[test]
    fn nearly_valid_programs(program in mutated()) {
        holds(program);
    }
}
