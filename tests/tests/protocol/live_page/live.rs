//! The live values on the live page: what they are, who said so, and what was refused.

use std::time::Duration;

use gatewright_tests::server::Server;
use serde_json::json;

use super::super::live::{put, setup};
use super::{page, row, table};

#[test]
fn live_values_are_shown_with_who_said_them() {
    let folder = tempfile::tempdir().unwrap();
    let gate = setup(&Server::ok(), folder.path()).start();
    let shown = page(&gate, "/");
    let all = table(&shown, "live");
    let cells = row(&all, "at_once");
    assert_eq!((cells[0], cells[1], cells[3]), ("2", "default", "–"), "{cells:?}");
    assert_eq!(row(&all, "office")[..2], ["[]", "file /etc/tested/office.json"]);

    assert_eq!(put(&gate, "at_once", &json!(7)).status(), 200);
    let all = table(&page(&gate, "/?q=at_once"), "live");
    assert_eq!(all.len(), 1, "{all:#?}");
    let cells = row(&all, "at_once");
    assert_eq!(cells[0], "7");
    assert!(cells[1].starts_with("peer 127.0.0.1:"), "{cells:?}");

    std::fs::write(folder.path().join("office.json"), "7").unwrap();
    gate.advance_until(Duration::from_secs(1), || {
        let all = table(&page(&gate, "/"), "live");
        let cells = row(&all, "office");
        assert_eq!(cells[0], "[]", "the last good one is kept");
        cells[3] == "wrong_type"
    });
}

#[test]
fn a_gateway_without_live_values_has_no_table_of_them() {
    let gate = super::setup(&Server::ok()).start();
    assert!(!page(&gate, "/").contains("id=\"live\""));
}
