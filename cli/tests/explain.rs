//! `gw explain` as an operator asks it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::Folder;
use serde_json::Value;

#[test]
fn a_word_has_its_page() {
    let folder = Folder::with(&[]);
    let pages = [
        ("ambiguous_route", "problem", "problem/ambiguous_route"),
        ("timeout", "policy", "policy/timeout"),
        ("upstream", "item", "item/upstream"),
        ("jwt", "auth", "auth/jwt"),
        ("auth/forward", "auth", "auth/forward"),
        ("aggregate", "topic", "aggregate"),
    ];
    for (word, kind, file) in pages {
        let path = format!("{}/../docs/{file}.md", env!("CARGO_MANIFEST_DIR"));
        let page = std::fs::read_to_string(path).unwrap();
        let ran = folder.gw(&["explain", word]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, page.as_str(), ""));
        let document: Value = serde_json::from_str(&folder.gw(&["explain", word, "--json"]).out).unwrap();
        common::schema::validate("explain", &document);
        assert_eq!((&document["result"]["kind"], &document["result"]["page"]), (&kind.into(), &page.into()));
    }
}

#[test]
fn a_reason_of_the_log_has_its_part_of_the_page_of_reasons() {
    let folder = Folder::with(&[]);
    let ran = folder.gw(&["explain", "upstream_refused"]);
    let begin = "# upstream_refused\n\nStatus 502; the client reads: the server behind the gateway refused the connection. ";
    assert!(ran.code == 0 && ran.out.starts_with(begin) && ran.out.contains("*What to do:*"), "{ran:?}");
    assert!(!ran.out.contains("upstream_connect_timeout"), "{ran:?}");
    let document: Value =
        serde_json::from_str(&folder.gw(&["explain", "reason/queue_full", "--json"]).out).unwrap();
    common::schema::validate("explain", &document);
    assert_eq!(document["result"]["kind"], "reason");
    let near = folder.gw(&["explain", "upstream_refusd"]);
    assert!(near.code == 2 && near.err.contains("did you mean `upstream_refused`?"), "{near:?}");
}

#[test]
fn a_word_with_two_pages_names_the_other() {
    let ran = Folder::with(&[]).gw(&["explain", "forward"]);
    assert!(ran.code == 0 && ran.out.starts_with("# forward\n"), "{ran:?}");
    assert_eq!(ran.err, "there is another page: gw explain auth/forward\n");
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

#[test]
fn a_url_in_a_query_is_a_part_of_the_path() {
    let text = "gateway shop { listen http :8080 }\nroute GET /t respond 204\n";
    let folder = Folder::with(&[("gateway.gw", text)]);
    for target in ["/t?back=https://a.example/", "http://shop.example/t?back=https://a.example/"] {
        let ran = folder.gw(&["explain", "GET", target]);
        assert!(ran.code == 0 && ran.out.contains("GET /t"), "{ran:?}");
    }
}

#[test]
fn a_live_value_is_what_the_line_says() {
    let folder = Folder::with(&[(
        "gateway.gw",
        "gateway shop { listen http :8080; admin 127.0.0.1:9900 }
param level: int = 1
live is_open: bool = true
live office: list<cidr> from \"/etc/shop/office.json\"
upstream old { server \"http://127.0.0.1:1\" }
upstream next { server \"http://127.0.0.1:2\" }
live share: int(0..50) = 5
upstream app { split by client.ip; split old weight 95; split next weight share pin request.header(\"x-v\") == \"2\" }
route GET /a when is_open -> app
route GET /a when not is_open respond 503
route GET /b when client.ip in office respond 204
route GET /c respond 200 json { level }
",
    )]);
    let opened = folder.gw(&["explain", "GET", "/a"]);
    assert_eq!(opened.code, 0, "{opened:?}");
    for part in [
        "split by client.ip",
        "split next weight share pin request.header(\"x-v\") == \"2\"",
        "split old weight 95",
    ] {
        assert!(opened.out.contains(part), "{}", opened.out);
    }
    let closed = folder.gw(&["explain", "GET", "/a", "--live", "is_open=false", "--json"]);
    let document: Value = serde_json::from_str(&closed.out).unwrap();
    common::schema::validate("explain", &document);
    assert_eq!(document["result"]["live"][0]["name"], "is_open");
    assert!(document["result"]["route"]["terminal"].to_string().contains("503"), "{document:#}");
    let inside = folder.gw(&["explain", "GET", "/b", "--live", "office=10.0.0.0/8,127.0.0.0/8"]);
    assert_eq!(inside.code, 0, "{inside:?}");
    for (arguments, said) in [
        (&["/b"][..], "a condition asks `office`, which has no default"),
        (&["/a", "--live", "is_open=yes"], "the text for `is_open` is no bool"),
        (&["/a", "--live", "level=2"], "`level` is a parameter, which the start sets"),
        (&["/a", "--param", "is_open=true"], "`is_open` is a live value, which no start sets"),
        (&["/a", "--live", "isopen=true"], "there is no parameter or live value `isopen`"),
        (&["/a", "--live", "is_open"], "write --live name=text"),
    ] {
        let ran = folder.gw(&[&["explain", "GET"], arguments].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}
