//! `gw check` as an operator runs it: what it prints, where, and with which exit status.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{Folder, GOOD};
use serde_json::Value;

const BAD: &str = "gateway shop { listen http :8080 }\nupstream orders { server \"http://127.0.0.1:9001\"; timout 2s }\nroute GET /orders -> ordres\n";

#[test]
fn a_good_file_is_described() {
    let folder = Folder::with(&[("gateway.gw", GOOD)]);
    let ran = folder.gw(&["check", "gateway.gw"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.starts_with("gateway.gw: gateway hello: 1 listener, 1 upstream, 1 route\nchecked in "),
        "{ran:?}"
    );
    assert_eq!(ran.err, "");
}

#[test]
fn all_problems_of_a_bad_file_are_shown_in_one_run() {
    let folder = Folder::with(&[("gateway.gw", BAD)]);
    let ran = folder.gw(&["check", "gateway.gw"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for shown in [
        "error[unknown_word]",
        "error[unknown_upstream]",
        "gateway.gw:2:51",
        "gateway.gw:3:22",
        "did you mean `orders`?",
    ] {
        assert!(ran.err.contains(shown), "{shown}: {ran:?}");
    }
    assert!(ran.err.ends_with("gateway.gw: 2 problems\n"), "{ran:?}");
    assert!(!ran.err.contains('\u{1b}'), "no colours without a terminal: {ran:?}");
}

#[test]
fn without_a_file_every_entry_below_is_checked_and_no_other_file() {
    let folder = Folder::with(&[
        ("gateway.gw", GOOD),
        ("inner/phone.gw", &GOOD.replace("hello", "phone")),
        ("inner/no_gateway.gw", "upstream a { server \"http://127.0.0.1:9000\" }\n"),
        ("target/old.gw", BAD),
        (".hidden/old.gw", BAD),
    ]);
    let ran = folder.gw(&["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let checked: Vec<&str> =
        ran.out.lines().filter_map(|line| line.split_once(": gateway ").map(|(file, _)| file)).collect();
    assert_eq!(checked, ["gateway.gw", "inner/phone.gw"]);
}

#[test]
fn what_cannot_be_checked_is_status_2() {
    let folder = Folder::with(&[("notes.txt", "")]);
    for (words, said) in [
        (&["check"][..], "no .gw file here or below declares a gateway"),
        (&["check", "missing.gw"], "missing.gw: No such file or directory"),
        (&["check", "."], ".: Is a directory"),
        (&["check", "--frobnicate"], "unexpected argument"),
        (&["frobnicate"], "unrecognized subcommand"),
        (&[], "Usage: gw <COMMAND>"),
    ] {
        let ran = folder.gw(words);
        assert_eq!(ran.code, 2, "{words:?} {ran:?}");
        assert!(ran.err.contains(said), "{words:?} {ran:?}");
        assert_eq!(ran.out, "", "{words:?}");
    }
}

#[test]
fn a_file_that_is_not_text_is_refused() {
    let folder = Folder::with(&[]);
    std::fs::write(folder.path().join("gateway.gw"), b"gateway \xff {}").unwrap();
    let ran = folder.gw(&["check", "gateway.gw"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("gateway.gw: stream did not contain valid UTF-8"), "{ran:?}");
}

#[test]
fn the_document_is_what_its_schema_says() {
    let folder = Folder::with(&[("good.gw", GOOD), ("bad.gw", BAD)]);
    for (words, code) in [
        (&["check", "--json", "good.gw"][..], 0),
        (&["check", "--json", "bad.gw"], 1),
        (&["check", "--json"], 1),
        (&["check", "--json", "missing.gw"], 2),
    ] {
        let ran = folder.gw(words);
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{words:?} {ran:?}");
        assert_eq!(ran.out.lines().count(), 1);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(document["ok"], code == 0);
        common::schema::validate("check", &document);
    }
}

#[test]
fn the_document_names_places_and_fixes() {
    let folder = Folder::with(&[("bad.gw", BAD)]);
    let document: Value = serde_json::from_str(&folder.gw(&["check", "bad.gw", "--json"]).out).unwrap();
    let problem = &document["problems"][1];
    assert_eq!(problem["name"], "unknown_upstream");
    let fix = &problem["fix"];
    let place = |name: &str| usize::try_from(fix[name].as_u64().unwrap()).unwrap();
    let (start, end) = (place("start"), place("end"));
    assert_eq!((&BAD[start..end], fix["replacement"].as_str()), ("ordres", Some("orders")));
    assert_eq!(
        (fix["file"].as_str(), fix["line"].as_u64(), fix["column"].as_u64()),
        (Some("bad.gw"), Some(3), Some(22))
    );
    assert_eq!(document["result"]["entries"][0], serde_json::json!({ "file": "bad.gw", "ok": false }));
}

const SHOP: &str =
    "gateway shop { listen http :8080 }\nimport \"shared/*.gw\"\nroute GET /orders -> orders\n";
const DESK: &str =
    "gateway desk { listen http :8081 }\nimport \"../shared/upstreams.gw\"\nroute GET /users -> users\n";
const SHARED: &str = "upstream orders { server \"http://127.0.0.1:9001\" }\nupstream users { server \"http://127.0.0.1:9002\" }\n";

#[test]
fn entries_share_files_and_only_what_none_of_them_uses_is_unused() {
    let files =
        [("shop.gw", SHOP), ("desk/desk.gw", DESK), ("shared/upstreams.gw", SHARED), ("Cargo.toml", "")];
    let folder = Folder::with(&files);
    let ran = folder.gw(&["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("desk/desk.gw: gateway desk: 1 listener, 1 upstream, 1 route\n"), "{ran:?}");
    let ran = folder.gw(&["check", "shop.gw"]);
    assert_eq!(ran.code, 0, "the other entry uses the rest: {ran:?}");
    assert_eq!(ran.out.lines().count(), 2, "{ran:?}");

    let more = format!("{SHARED}upstream mails {{ server \"http://127.0.0.1:9003\" }}\n");
    let folder = Folder::with(&[files[0], files[1], files[3], ("shared/upstreams.gw", &more)]);
    let ran = folder.gw(&["check"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.err.matches("error[unused_upstream]").count(), 1, "said once: {ran:?}");
    assert!(ran.err.contains("shared/upstreams.gw:3:10"), "{ran:?}");
    assert_eq!(folder.gw(&["check", "shop.gw"]).code, 1);
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_project_and_a_file_has_one_name() {
    let outside = Folder::with(&[("orders.gw", SHARED)]);
    let folder = Folder::with(&[
        ("gateway.gw", "gateway g { listen http :8080 }\nimport \"orders.gw\"\nroute GET / respond 200\n"),
        ("Cargo.toml", ""),
    ]);
    std::os::unix::fs::symlink(outside.path().join("orders.gw"), folder.path().join("orders.gw")).unwrap();
    let ran = folder.gw(&["check", "gateway.gw"]);
    assert!(ran.err.contains("error[file_outside]"), "{ran:?}");

    let both =
        "gateway g { listen http :8080 }\nimport \"one.gw\"\nimport \"two.gw\"\nroute GET / respond 200\n";
    let folder =
        Folder::with(&[("gateway.gw", both), ("one.gw", "route GET /one respond 200\n"), ("Cargo.toml", "")]);
    std::os::unix::fs::symlink("one.gw", folder.path().join("two.gw")).unwrap();
    let ran = folder.gw(&["check", "gateway.gw"]);
    assert!(ran.err.contains("error[repeated_import]: `one.gw` is imported twice here"), "{ran:?}");
}

#[test]
fn a_problem_of_an_imported_file_names_that_file() {
    let folder = Folder::with(&[
        ("gateway.gw", "gateway g { listen http :8080 }\nimport \"teams/orders.gw\"\n"),
        ("teams/orders.gw", "// orders\nroute GET /orders -> orders\n"),
        ("Cargo.toml", ""),
    ]);
    let ran = folder.gw(&["check", "--json"]);
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(said["problems"][0]["name"], "unknown_upstream", "{said}");
    assert_eq!(said["problems"][0]["labels"][0]["file"], "teams/orders.gw", "{said}");
    assert_eq!(said["problems"][0]["labels"][0]["line"], 2, "{said}");
}

#[test]
fn problems_are_a_sarif_log() {
    let folder = Folder::with(&[("gateway.gw", BAD)]);
    let ran = folder.gw(&["check", "--sarif"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{ran:?}");
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!((results.len(), rules.len(), &log["version"]), (2, 2, &"2.1.0".into()), "{log:#}");
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
        (&"gateway.gw".into(), &3.into())
    );

    folder.write("gateway.gw", GOOD);
    let ran = folder.gw(&["check", "gateway.gw", "--sarif"]);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &log["runs"][0]["results"]), (0, &Value::Array(Vec::new())), "{log:#}");
    assert_eq!(folder.gw(&["check", "--sarif", "--json"]).code, 2);
}
