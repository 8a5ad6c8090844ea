//! `gw test` as an operator runs it: the gateways of its page, and what must fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{Folder, Ran};
use gatewright_dsl::page::fences;

/// What it prints, without the time that each test took.
fn said(ran: &Ran) -> String {
    let line = |line: &str| match line.split_once(" s  ") {
        Some((before, name)) if before.ends_with(|c: char| c.is_ascii_digit()) => {
            format!(
                "{}  {name}\n",
                before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')
            )
        }
        _ => format!("{line}\n"),
    };
    ran.out.lines().map(line).collect()
}

#[test]
fn the_page_shows_what_happens() {
    let page = include_str!("../../docs/item/test.md");
    let blocks = fences(page);
    let shown =
        blocks.windows(2).filter(|pair| pair[0].info == "gw" && pair[1].text.starts_with("$ gw test"));
    let mut count = 0;
    for pair in shown {
        let folder = Folder::named("page_of_tests", &[("gateway.gw", pair[0].text)]);
        let ran = folder.gw(&["test"]);
        assert_eq!(format!("$ gw test\n{}", said(&ran)), pair[1].text, "{}", ran.err);
        assert_eq!(ran.code, 0);
        count += 1;
    }
    assert!(count > 0);
}

/// The same gateway for all, so that it is compiled once.
const SHOP: &str = "gateway shop { listen http :8080 }\nupstream orders { server \"http://10.0.0.7:9001\", \"http://10.0.0.8:9001\"; timeout 300ms }\nroute GET /orders/{id: int} -> orders /v2/orders/{id}\nroute GET /text respond 200 text \"hello\"\n";

#[test]
fn what_is_not_so_is_said_with_its_line() {
    let tests = r#"
test "status" { mock orders * => 503 text "busy"; GET /orders/7 => 200 }
test "reason" { GET /none => 404 reason denied; GET /text => 200 reason denied }
test "header" {
  mock orders * => 200 header "a" = "b"
  GET /orders/7 => header "a" = "c" header "a" is not set header "b" is set
}
test "body" {
  mock orders * => 200 { a: [1, 2], b: "x" }
  GET /orders/7
      => 200 { a: [1, 3], b: "x", c: true }
      => contains { b: "y" } contains "z"
  GET /text => text "hallo"
}
test "no mock" { mock orders GET /v2/orders/8 => 200; GET /orders/7 => 200 }
test "reached" {
  mock orders * => 200
  GET /orders/7 header "x" = "1" => 200
  expect orders got nothing
  expect orders got GET /v2/orders/8
  expect orders got GET /v2/orders/7 header "x" = "2"
  expect orders got GET /v2/orders/7 times 2
}
test "late" { mock orders * => 200 delay 1s; GET /orders/7 => 504 reason upstream_timeout within 200ms }
test "failures" {
  mock orders * => closed
  GET /orders/7 => 502 reason upstream_closed
  mock orders * => 200 [1]
  GET /orders/7 => 200 [1]
}
test "nobody" { mock orders * => refused; GET /orders/7 => 502 reason upstream_refused }
"#;
    let folder = Folder::named("tests_that_fail", &[("gateway.gw", &format!("{SHOP}{tests}"))]);
    let ran = folder.gw(&["test"]);
    let expected = r#"  FAILED  status
    gateway.gw:6  GET /orders/7
        expected  200
        found     503 busy
  FAILED  reason
    gateway.gw:7  GET /none
        expected  reason denied
        found     reason not_found
    gateway.gw:7  GET /text
        expected  reason denied
        found     no reason
  FAILED  header
    gateway.gw:10  GET /orders/7
        expected  header "a" = "c"
        found     header "a" = "b"
    gateway.gw:10  GET /orders/7
        expected  header "a" is not set
        found     header "a" = "b"
    gateway.gw:10  GET /orders/7
        expected  header "b" is set
        found     header "b" is not set
  FAILED  body
    gateway.gw:15  GET /orders/7
        .a[1]  expected 3, found 2
        .c  expected true, found nothing
    gateway.gw:16  GET /orders/7
        .b  expected "y", found "x"
    gateway.gw:16  GET /orders/7
        expected  contains "z"
        found     {"a":[1,2],"b":"x"}
    gateway.gw:17  GET /text
        expected  text "hallo"
        found     hello
  FAILED  no mock
    gateway.gw:19  GET /orders/7
        expected  200
        found     501 no mock of this test answers that
    gateway.gw:19  GET /orders/7
        `orders` was asked GET /v2/orders/7, and no `mock orders` of this test answers that
  FAILED  reached
    gateway.gw:23  expect orders got
        expected  nothing
        found     GET /v2/orders/7
    gateway.gw:24  expect orders got
        expected  GET /v2/orders/8
        found     GET /v2/orders/7
    gateway.gw:25  expect orders got
        expected  header "x" = "2"
        found     header "x" = "1"
    gateway.gw:26  expect orders got
        expected  GET /v2/orders/7, 2 times
        found     GET /v2/orders/7
"#;
    let said = said(&ran);
    let (before, late) =
        said.split_at(said.find("  FAILED  late").unwrap_or_else(|| panic!("{said}{}", ran.err)));
    assert_eq!(before, expected, "{}", ran.err);
    assert!(late.contains("expected  an answer within 200ms"), "{late}");
    assert!(late.contains("ok  failures\n") && late.contains("ok  nobody\n"), "{late}");
    assert!(late.ends_with("9 tests: 2 passed, 7 failed\n"), "{late}");
    assert_eq!(ran.code, 1);

    is_chosen_by_its_name(&folder);
}

/// Nothing is compiled for that.
fn is_chosen_by_its_name(folder: &Folder) {
    let ran = folder.gw(&["test", "--filter", "fail"]);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(" 0 crates"), "{}", ran.err);
    let ran = folder.gw(&["test", "--filter", "nothing"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no test has \"nothing\" in its name"), "{}", ran.err);
}

#[test]
fn what_has_no_test_or_problems_is_not_built() {
    let folder = Folder::with(&[("gateway.gw", SHOP)]);
    let ran = folder.gw(&["test"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("this gateway has no test"), "{}", ran.err);
    folder.write("gateway.gw", &format!("{SHOP}test \"a\" {{ mock oders * => 200; GET /text => 200 }}\n"));
    let ran = folder.gw(&["test"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("error[unknown_upstream]") && !ran.err.contains("compile"), "{}", ran.err);
}
