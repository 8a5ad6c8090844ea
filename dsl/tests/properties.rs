//! Whatever the text: parsing and checking end, never panic, and point only into the text.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "a test")]

#[path = "common/claim.rs"]
mod claim;
mod common;

use gatewright_dsl::Source;
use proptest::prelude::*;
use std::path::Path;

const VALID: [&str; 2] = [include_str!("accept/everything.gw"), include_str!("accept/front.gw")];

fn holds(program: &str) {
    claim::check(program.as_bytes());
    // The same for what checking finds.
    let source = Source::new("gateway.gw", program);
    claim::are_shown(&source, &common::problems(&source));
}

#[test]
fn seeds_and_fixtures_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["fuzz/seeds/text", "tests/accept", "tests/refuse", "tests/format"] {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.collect();
        files.sort();
        assert!(!files.is_empty(), "{folder}");
        for file in files {
            claim::check(&std::fs::read(file).unwrap());
        }
    }
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
        holds(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_characters(program in "\\PC{0,200}") {
        holds(&program);
    }

    #[test]
    fn nearly_valid_programs(program in mutated()) {
        holds(&program);
    }
}
