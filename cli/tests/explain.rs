//! `gw explain` as an operator asks it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::Folder;
use serde_json::Value;

#[test]
fn a_word_has_its_page() {
    let folder = Folder::with(&[]);
    for (word, kind) in [("ambiguous_route", "problem"), ("timeout", "policy"), ("upstream", "item")] {
        let path = format!("{}/../docs/{kind}/{word}.md", env!("CARGO_MANIFEST_DIR"));
        let page = std::fs::read_to_string(path).unwrap();
        let ran = folder.gw(&["explain", word]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, page.as_str(), ""));
        let document: Value = serde_json::from_str(&folder.gw(&["explain", word, "--json"]).out).unwrap();
        common::schema::validate("explain", &document);
        assert_eq!((&document["result"]["kind"], &document["result"]["page"]), (&kind.into(), &page.into()));
    }
}

#[test]
fn a_word_without_a_page_is_status_2_with_the_nearest() {
    let folder = Folder::with(&[]);
    let ran = folder.gw(&["explain", "ambigous_route"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert_eq!(
        ran.err,
        "error: no page is named `ambigous_route`\n  = help: did you mean `ambiguous_route`?\n"
    );
    let document: Value = serde_json::from_str(&folder.gw(&["explain", "x", "--json"]).out).unwrap();
    common::schema::validate("explain", &document);
    assert_eq!(document["ok"], false);
}
