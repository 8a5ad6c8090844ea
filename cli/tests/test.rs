//! `gw test` as an operator runs it: the gateways of its page, and what must fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{Folder, Ran};
use gatewright_dsl::page::fences;
use serde_json::Value;

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
        let line = pair[1].text.lines().next().unwrap_or_default();
        let words: Vec<&str> = line.split(' ').skip(2).collect();
        let ran = folder.gw(&words);
        assert_eq!(format!("{line}\n{}", said(&ran)), pair[1].text, "{}", ran.err);
        assert_eq!(ran.code, 0);
        count += 1;
    }
    assert!(count > 0);
}

/// The same gateway for all, so that it is compiled once.
const SHOP: &str = "gateway shop { listen http :8080 }\nupstream orders { server \"http://10.0.0.7:9001\", \"http://10.0.0.8:9001\"; timeout 30s }\nupstream slow { server \"http://10.0.0.9:9001\"; timeout 300ms }\nroute GET /orders/{id: int} -> orders /v2/orders/{id}\nroute GET /slow -> slow\nroute GET /text respond 200 text \"hello\"\n";

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
test "late" { mock slow * => 200 delay 1s; GET /slow => 504 reason upstream_timeout within 200ms }
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
    gateway.gw:8  GET /orders/7
        expected  200
        found     503 busy
  FAILED  reason
    gateway.gw:9  GET /none
        expected  reason denied
        found     reason not_found
    gateway.gw:9  GET /text
        expected  reason denied
        found     no reason
  FAILED  header
    gateway.gw:12  GET /orders/7
        expected  header "a" = "c"
        found     header "a" = "b"
    gateway.gw:12  GET /orders/7
        expected  header "a" is not set
        found     header "a" = "b"
    gateway.gw:12  GET /orders/7
        expected  header "b" is set
        found     header "b" is not set
  FAILED  body
    gateway.gw:17  GET /orders/7
        .a[1]  expected 3, found 2
        .c  expected true, found nothing
    gateway.gw:18  GET /orders/7
        .b  expected "y", found "x"
    gateway.gw:18  GET /orders/7
        expected  contains "z"
        found     {"a":[1,2],"b":"x"}
    gateway.gw:19  GET /text
        expected  text "hallo"
        found     hello
  FAILED  no mock
    gateway.gw:21  GET /orders/7
        expected  200
        found     501 no mock of this test answers that
    gateway.gw:21  GET /orders/7
        `orders` was asked GET /v2/orders/7, and no `mock orders` of this test answers that
  FAILED  reached
    gateway.gw:25  expect orders got
        expected  nothing
        found     GET /v2/orders/7
    gateway.gw:26  expect orders got
        expected  GET /v2/orders/8
        found     GET /v2/orders/7
    gateway.gw:27  expect orders got
        expected  header "x" = "2"
        found     header "x" = "1"
    gateway.gw:28  expect orders got
        expected  GET /v2/orders/7, 2 times
        found     GET /v2/orders/7
"#;
    let said = said(&ran);
    let (before, late) =
        said.split_at(said.find("  FAILED  late").unwrap_or_else(|| panic!("{said}{}", ran.err)));
    assert_eq!(before, expected, "{}", ran.err);
    assert!(late.contains("expected  an answer within 200ms"), "{late}");
    assert!(late.contains("ok  failures\n") && late.contains("ok  nobody\n"), "{late}");
    let reached = "reached: 3 of 3 routes, 1 of 2 refusals: 80 %\n";
    assert!(late.ends_with(&format!("9 tests: 2 passed, 7 failed\n{reached}")), "{late}");
    assert_eq!(ran.code, 1);

    is_chosen_by_its_name(&folder);
}

/// Nothing is compiled for that.
fn is_chosen_by_its_name(folder: &Folder) {
    let ran = folder.gw(&["test", "--filter", "fail"]);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 3), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(" 0 crates"), "{}", ran.err);
    let ran = folder.gw(&["test", "--filter", "nothing"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no test has \"nothing\" in its name"), "{}", ran.err);
}

/// Settings of a block around several routes, several for one reason, branches for several values, and arms.
const WAYS: &str = r#"gateway shop { listen http :8080 }
type User { name: string }
upstream users { server "http://10.0.0.7:9001"; timeout connect 1s }
upstream tips { server "http://10.0.0.8:9001"; timeout 10s }
group /api {
  query plan: "free" | "pro" = "free"
  deny if request.header("x-bad") is set
  route GET /home/{id: int} {
    query friend: list<string(1..9)> as friends
    aggregate within 5s {
      user: User = users GET /users/{id}?p={plan} required
      tips: list<string>? = tips GET /tips else []
      all: map<User> = for friend in friends max 3 users GET /friends/{friend} else skip
      respond { name: user.name, tips, all }
    }
  }
  route GET /ways {
    deny if request.header("x-worse") is set
    match plan {
      "free" -> tips /free
      "pro" respond 200 text "pro"
    }
  }
}
route GET /rest respond 200
test "home" {
  mock users GET /users/7 => 200 { name: "Ada" }
  mock users GET /friends/a => 200 { name: "A" }
  mock users GET /friends/b => 404
  mock tips * => 503 => 204
  GET /api/home/7?friend=a&friend=b => 200 contains { name: "Ada", tips: [] }
  GET /api/home/7 => 200 contains { name: "Ada" }
  GET /api/home/7 header "x-bad" = "1" => 403
  GET /api/ways?plan=pro => 200 text "pro"
}
test "<away> & \"gone\"" { GET /api/ways?plan=x => 400 contains "]]>" }
"#;

#[test]
fn what_was_reached_is_what_the_gateway_says() {
    let folder = Folder::named("coverage", &[("gateway.gw", WAYS)]);
    let ran = folder.gw(&["test", "--coverage", "--min-coverage", "64", "--junit", "out/report.xml"]);
    let expected = r#"2 tests: 1 passed, 1 failed
reached: 2 of 3 routes, 2 of 5 refusals, 5 of 7 branches, 1 of 2 arms: 58 %
    not reached  gateway.gw:4  refusal timeout 10s: upstream_timeout
    not reached  gateway.gw:9  refusal query friend: list<string(1..9)> as friends: wrong_fields
    not reached  gateway.gw:11  branch user fails
    not reached  gateway.gw:12  branch tips brings its value
    not reached  gateway.gw:18  refusal deny if request.header("x-worse") is set: denied
    not reached  gateway.gw:20  arm "free"
    not reached  gateway.gw:25  route GET /rest
FAILED: 58 % is less than 64 %
"#;
    assert!(ran.out.ends_with(expected), "{}{}", ran.out, ran.err);
    assert_eq!(ran.code, 1);
    let report = std::fs::read_to_string(folder.path().join("out/report.xml")).unwrap();
    let name =
        "classname=\"shop\" name=\"&lt;away&gt; &amp; &quot;gone&quot;\" file=\"gateway.gw\" line=\"36\"";
    assert!(report.contains("<testsuites name=\"shop\" tests=\"2\" failures=\"1\""), "{report}");
    assert!(report.contains(name) && report.contains("contains &quot;]]&gt;&quot;"), "{report}");

    let ran = folder.gw(&["test", "--json", "--filter", "home", "--min-coverage", "50"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    common::schema::validate("test", &document);
    let result = &document["result"];
    assert_eq!(result["tests"][0]["name"], "home");
    assert_eq!(result["coverage"]["branches"], serde_json::json!({ "reached": 5, "all": 7 }));
    let ran = folder.gw(&["test", "--filter", "home", "--min-coverage", "53"]);
    assert!(ran.code == 1 && ran.out.ends_with("FAILED: 52 % is less than 53 %\n"), "{ran:?}");
    let ran = folder.gw(&["test", "--json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    common::schema::validate("test", &document);
    assert_eq!((ran.code, &document["ok"]), (1, &Value::Bool(false)));
    let failure = &document["result"]["tests"][1]["failures"][0];
    assert_eq!((&failure["line"], &failure["what"]), (&36.into(), &"GET /api/ways?plan=x".into()));
}

/// Bodies that are too large, texts with commas, and settings of one route that refuse for one reason.
const LARGE: &str = r#"gateway shop { listen http :8080 }
param names: list<string> = ["a"]
upstream orders { server "http://10.0.0.7:9001" }
upstream tips { server "http://10.0.0.8:9001" }
route POST /orders -> orders {
  body any max 64KiB
  deny if request.header("x-bad") is set
  deny if request.header("x-worse") is set
  limit 1000/s
  limit 2/m per client.ip
}
route GET /tips {
  aggregate within 1s {
    tips: list<string> = tips GET /tips max 4KiB else ["none"]
    respond { tips, known: request.header("x-name") in names }
  }
}
test "large" {
  param names = ["a,b", " "]
  mock orders * => 200 text "ab" repeated 50000
  mock tips * => 200 body ["tea"] repeated 500 => 200 body "x" repeated 5000 => 200 body ["tea"] repeated 2000
  POST /orders text "x" repeated 65536 => 200 text "ab" repeated 50000
  expect orders got POST /orders text "x" repeated 65536
  POST /orders text "x" repeated 65537 => 413 reason body_too_large
  GET /tips header "x-name" = "a,b" => 200 body { tips: TIPS, known: true }
  GET /tips header "x-name" = "a" => 200 { tips: ["none"], known: false } header "x-incomplete" = "tips=branch_too_large"
  GET /tips => 200 contains { tips: ["none"] } header "x-incomplete" = "tips=branch_too_large"
  POST /orders header "x-worse" = "1" => 403
}
test "millions" {
  POST /orders text "0123456789abcdef" repeated 1048576 => 413 reason body_too_large
  POST /orders body [1, 2] repeated 1000000 => 413
  POST /orders => 429
}
"#;

#[test]
fn large_bodies_and_lists_are_written_in_short() {
    let tips = format!("[{}]", vec!["\"tea\""; 500].join(", "));
    let folder = Folder::named("large", &[("gateway.gw", &LARGE.replace("TIPS", &tips))]);
    let ran = folder.gw(&["test", "--coverage"]);
    let expected = "      ok  large
      ok  millions
2 tests: 2 passed, 0 failed
reached: 2 of 2 routes, 3 of 5 refusals, 2 of 2 branches: 77 %
    not reached  gateway.gw:7  refusal deny if request.header(\"x-bad\") is set: denied
    not reached  gateway.gw:9  refusal limit 1000/s: limited
";
    assert_eq!(said(&ran), expected, "{}", ran.err);
}

/// Of files that are not there, and of people whose passwords nobody has.
const STAFF: &str = r#"gateway shop {
  listen http :8080 plaintext "TLS ends in front"
  trace to "https://10.0.0.9" roots "/nowhere/roots.pem" certificate "/nowhere/own.pem" secret own_key sample 1%
}
secret own_key
type Known { team: string = "none" }
auth staff basic {
  user "bob" hash "HASH" team = "press"
  users "/nowhere/staff.users"
  claims Known
}
auth partner api_key { keys "/nowhere/partner.keys" }
auth visitor jwt {
  issuer "a"; audience "shop"; accept RS256
  keys "https://10.0.0.8/keys" roots "/nowhere/roots.pem" certificate "/nowhere/own.pem" key "/nowhere/own.key"
}
upstream orders {
  server "https://10.0.0.7:8443"
  tls roots "/nowhere/roots.pem" certificate "/nowhere/own.pem" key "/nowhere/own.key"
}
route GET /staff -> orders {
  require staff
  request { set header "x-staff" = "{staff.name} of {staff.team}" }
}
route GET /partner -> orders {
  require partner
  request { set header "x-partner" = partner.name }
}
route GET /visitor require visitor -> orders
test "whoever the test says" {
  mock orders * => 200
  as staff { name: "ada", team: "sales" }
  GET /staff => 200
  expect orders got GET /staff header "x-staff" = "ada of sales" header "authorization" is not set
  GET /partner => 401 reason credential_missing
  GET /partner header "authorization" = "Bearer guessed" => 401 reason credential_invalid
  as partner { name: "acme" }
  GET /partner => 200
  expect orders got GET /partner header "x-partner" = "acme"
  as visitor {}
  GET /visitor => 200
  as nobody
  GET /staff => 401 reason credential_missing
  GET /staff header "authorization" = "Basic Ym9iOmd1ZXNzZWQ=" => 401 reason credential_invalid
  GET /partner => 401 reason credential_missing
  GET /visitor => 401 reason credential_missing
  GET /visitor header "authorization" = "Bearer guessed" => 401 reason credential_invalid
}
test "a name that no client can say" { as staff { name: "a:b" }; GET /staff => 401 }
"#;

#[test]
fn a_test_speaks_for_people_with_passwords_and_needs_no_file() {
    let text = STAFF.replace(
        "HASH",
        "$argon2id$v=19$m=7168,t=5,p=1$c2FsdC1vZi1hZGEncyBwYQ$mMvOhPdexwn4t20fm22nyFztvdZDMKlgEKyZ3tF1dxQ",
    );
    let folder = Folder::named("staff", &[("gateway.gw", &text)]);
    let ran = folder.gw(&["test"]);
    let expected = r"      ok  whoever the test says
  FAILED  a name that no client can say
    gateway.gw:49  as staff
        a name has no colon and no control character
2 tests: 1 passed, 1 failed
reached: 3 of 3 routes, 6 of 6 refusals: 100 %
";
    assert_eq!(said(&ran), expected, "{}", ran.err);
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
