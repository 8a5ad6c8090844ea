//! The tests of the examples, run as whoever reads them would: all pass, and reach what is said here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::path::Path;

use common::Folder;
use serde_json::Value;

/// Entries, and how much of each its tests reach at least, in percent.
const ENTRIES: &[(&str, u64)] = &[
    ("hello/gateway.gw", 100),
    ("back_office/gateway.gw", 80),
    ("partners/gateway.gw", 80),
    ("phone/gateway.gw", 80),
    ("storefront/mobile.gw", 80),
    ("storefront/web.gw", 50),
];

#[test]
fn the_tests_of_the_examples_pass() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let folder = Folder::with(&[]);
    for (entry, least) in ENTRIES {
        let file = examples.join(entry);
        let ran = folder.gw(&["test", file.to_str().unwrap(), "--json"]);
        assert_eq!(ran.code, 0, "{entry}: {}{}", ran.out, ran.err);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        common::schema::validate("test", &document);
        let coverage = &document["result"]["coverage"];
        assert!(coverage["percent"].as_u64().unwrap() >= *least, "{entry}: {coverage:#}");
        // Each branch of an aggregation brings its value in one test, and fails in another.
        for of in ["routes", "branches", "arms"].map(|kind| &coverage[kind]) {
            assert_eq!(of["reached"], of["all"], "{entry}: {coverage:#}");
        }
    }
}
