//! Tests in the language hold what is emitted: each of these constants of the generated Rust is made another one, and the test that is
//! about it fails. The gateway is built anew for each, by a cargo that changes the text before it compiles.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Folder, Ran};

const GATEWAY: &str = r#"gateway shop { listen http :8080 plaintext "TLS ends in front" }
type Customer { sub: string, scope: list<string> }
auth customer jwt {
  issuer "https://id.example.com/"
  audience "shop"
  accept ES256
  keys "http://127.0.0.1:9100/keys.json"
  claims Customer
}
upstream orders { server "http://10.0.0.7:9001"; timeout 700ms }
route GET /orders/{id: int(1..500)} -> orders /v2/orders/{id} {
  require customer
  only if customer.scope has "orders:read"
  limit 3/m per customer.sub
}
route GET /slow -> orders { public }
route GET /status public respond 203 text "fine"

test "the path is made anew" {
  mock orders GET /v2/orders/7 => 200
  as customer { sub: "ada", scope: ["orders:read"] }
  GET /orders/7 => 200
}
test "there are five hundred orders" {
  mock orders * => 200
  GET /orders/500 => 401
  GET /orders/501 => 404
}
test "who may not read is refused" {
  as customer { sub: "ada", scope: ["orders:write"] }
  GET /orders/7 => 403
}
test "who may read is let in" {
  mock orders * => 200
  as customer { sub: "ada", scope: ["orders:read"] }
  GET /orders/7 => 200
}
test "three in a minute" {
  mock orders * => 200
  as customer { sub: "ada", scope: ["orders:read"] }
  GET /orders/1 => 200
  GET /orders/1 => 200
  GET /orders/1 => 200
  GET /orders/1 => 429
}
test "a slow server is not waited for" {
  mock orders * => 200 delay 2s
  GET /slow => 504 reason upstream_timeout
}
test "the status is stated" { GET /status => 203 text "fine" }
"#;

/// What is emitted, what it becomes, and the test that fails then.
const MUTANTS: &[(&str, &str, &str)] = &[
    ("Text(\"/v2/orders/\")", "Text(\"/v3/orders/\")", "the path is made anew"),
    ("i(1,500)", "i(1,501)", "there are five hundred orders"),
    ("status:403", "status:404", "who may not read is refused"),
    ("b\"orders:read\"", "b\"orders:rea\"", "who may read is let in"),
    ("(3u64, g::Duration", "(4u64, g::Duration", "three in a minute"),
    ("from_millis(700)", "from_millis(2700)", "a slow server is not waited for"),
    ("status:203", "status:202", "the status is stated"),
];

/// Stands before cargo: keeps what is emitted, and puts a mutant in its place where there is one.
const CARGO: &str = r#"#!/bin/sh
if [ "$1" = build ]; then
  if [ -f "$MUTANTS/mutant.rs" ]; then
    cp "$MUTANTS/mutant.rs" src/gateway.rs
  else
    cp src/gateway.rs "$MUTANTS/emitted.rs"
  fi
fi
exec "$REAL_CARGO" "$@"
"#;

#[test]
fn a_corrupted_constant_fails_the_test_that_is_about_it() {
    let folder = Folder::named("mutants", &[("gateway.gw", GATEWAY), ("cargo", CARGO)]);
    let cargo = folder.path().join("cargo");
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let real = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let variables = [
        ("CARGO", cargo.to_str().unwrap()),
        ("REAL_CARGO", real.as_str()),
        ("MUTANTS", folder.path().to_str().unwrap()),
    ];
    let tested = |words: &[&str]| -> Ran { folder.gw_with(&[&["test"], words].concat(), &variables) };

    let ran = tested(&[]);
    assert!(ran.code == 0 && ran.out.contains("7 tests: 7 passed, 0 failed\n"), "{ran:?}");
    let emitted = std::fs::read_to_string(folder.path().join("emitted.rs")).unwrap();
    for (text, other, test) in MUTANTS {
        assert_eq!(emitted.matches(text).count(), 1, "{text}");
        folder.write("mutant.rs", &emitted.replace(text, other));
        let ran = tested(&["--filter", test]);
        assert!(ran.code == 1 && ran.out.contains("1 test: 0 passed, 1 failed\n"), "{other}: {ran:?}");
    }
}
