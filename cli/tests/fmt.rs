//! `gw fmt` as an operator runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{Folder, GOOD};
use serde_json::Value;

const UGLY: &str = "// one\ngateway   hello{listen http :8080 } // two\n";
const CLEAN: &str = "// one\ngateway hello { listen http :8080 } // two\n";

fn ugly() -> String {
    UGLY.replace("hello{", "hello {")
}

fn text(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn every_file_below_gets_the_canonical_form_and_says_so_once() {
    let folder =
        Folder::with(&[("gateway.gw", &ugly()), ("teams/a.gw", "secret   a\n\n\n\n"), ("good.gw", GOOD)]);
    let ran = folder.gw(&["fmt"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(ran.out, "gateway.gw: formatted\nteams/a.gw: formatted\n");
    assert_eq!(
        (text(&folder, "gateway.gw"), text(&folder, "teams/a.gw")),
        (CLEAN.into(), "secret a\n".into())
    );
    let ran = folder.gw(&["fmt"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
}

#[test]
fn a_check_writes_nothing_and_fails() {
    let folder = Folder::with(&[("gateway.gw", &ugly()), ("good.gw", GOOD)]);
    let ran = folder.gw(&["fmt", "--check"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "gateway.gw: not in canonical form\n"), "{ran:?}");
    assert_eq!(text(&folder, "gateway.gw"), ugly());
    assert_eq!(folder.gw(&["fmt", "--check", "good.gw"]).code, 0);
}

#[test]
fn a_file_that_is_not_understood_is_not_touched_and_the_others_are_written() {
    let folder = Folder::with(&[("a.gw", "gateway   a {\n"), ("b.gw", &ugly())]);
    let ran = folder.gw(&["fmt", "a.gw", "b.gw", "c.gw"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("unclosed_brace") && ran.err.contains("c.gw: "), "{ran:?}");
    assert_eq!((text(&folder, "a.gw"), text(&folder, "b.gw")), ("gateway   a {\n".into(), CLEAN.into()));
    assert_eq!(folder.gw(&["fmt", "a.gw"]).code, 1);
}

#[test]
fn nothing_to_format_is_said() {
    let folder = Folder::with(&[]);
    let ran = folder.gw(&["fmt"]);
    assert!(ran.code == 2 && ran.err.contains("no .gw file"), "{ran:?}");
}

/// What a run says to a program, and its status.
fn document(folder: &Folder, words: &[&str]) -> (i32, Value) {
    let ran = folder.gw(&[&["fmt", "--json"], words].concat());
    assert_eq!((ran.err.as_str(), ran.out.lines().count()), ("", 1), "{ran:?}");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    common::schema::validate("fmt", &document);
    assert_eq!(document["ok"], ran.code == 0, "{document:#}");
    (ran.code, document)
}

fn states(document: &Value) -> Vec<(&str, &str)> {
    let files = document["result"]["files"].as_array().unwrap();
    files.iter().map(|file| (file["file"].as_str().unwrap(), file["state"].as_str().unwrap())).collect()
}

#[test]
fn a_program_is_told_which_files_changed() {
    let folder = Folder::with(&[("gateway.gw", &ugly()), ("good.gw", GOOD)]);
    let (code, told) = document(&folder, &["--check"]);
    assert_eq!((code, states(&told)), (1, vec![("gateway.gw", "changed"), ("good.gw", "kept")]));
    assert_eq!(told["result"]["check"], true);
    assert_eq!(text(&folder, "gateway.gw"), ugly(), "a check writes nothing");
    let (code, told) = document(&folder, &[]);
    assert_eq!((code, states(&told)), (0, vec![("gateway.gw", "changed"), ("good.gw", "kept")]));
    assert_eq!(
        (&told["result"]["check"], text(&folder, "gateway.gw").as_str()),
        (&Value::Bool(false), CLEAN)
    );
    let (code, told) = document(&folder, &["--check"]);
    assert_eq!((code, states(&told)), (0, vec![("gateway.gw", "kept"), ("good.gw", "kept")]));
}

#[test]
fn a_program_is_told_what_is_wrong_with_a_file() {
    let folder = Folder::with(&[("a.gw", "gateway   a {\n"), ("b.gw", &ugly())]);
    let (code, told) = document(&folder, &["a.gw", "b.gw", "c.gw"]);
    assert_eq!(
        (code, states(&told)),
        (2, vec![("a.gw", "refused"), ("b.gw", "changed"), ("c.gw", "failed")])
    );
    assert_eq!(told["problems"][0]["name"], "unclosed_brace");
    assert_eq!(told["problems"][0]["labels"][0]["file"], "a.gw");
    assert!(told["result"]["files"][2]["failure"].as_str().unwrap().starts_with("c.gw: "));
    let (code, told) = document(&Folder::with(&[]), &[]);
    assert_eq!((code, told["result"]["failure"].as_str()), (2, Some("there is no .gw file here or below")));
}
