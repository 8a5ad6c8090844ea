//! `gw diff` as a reviewer asks it: what each change of a gateway is called.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::process::Command;

use common::Folder;
use common::pairs::{self, HEAD, Pair};
use serde_json::Value;

const PAIRS: &[Pair] = &[
    // Nothing.
    ("route GET /a public respond 200", "// a comment\nroute  GET /a public  respond 200", &[]),
    (
        "policy p { timeout 2s }\ngroup /g { use p; route GET /a public -> site }",
        "group /g { route GET /a public -> site { timeout 2s } }",
        &[],
    ),
    // Where lines stand in a block means nothing, but in one of edits.
    (
        "auth own api_key { key \"c\" sha256 \"2222222222222222222222222222222222222222222222222222222222222222\"; key \"d\" sha256 \"3333333333333333333333333333333333333333333333333333333333333333\" }
upstream two { server \"http://127.0.0.1:1\"; server \"http://127.0.0.1:2\"; timeout 1s; retry 1 on 503 }
group /g { only if request.header(\"a\") is set; limit 1/s; limit 9/m per client.ip; route GET, POST /a require own -> two { query p: int?; query q: int? } }",
        "group /g { limit 9/m per client.ip; limit 1/s; only if request.header(\"a\") is set; route POST, GET /a require own -> two { query q: int?; query p: int? } }
upstream two { retry 1 on 503; timeout 1s; server \"http://127.0.0.1:2\"; server \"http://127.0.0.1:1\" }
auth own api_key { key \"d\" sha256 \"3333333333333333333333333333333333333333333333333333333333333333\"; key \"c\" sha256 \"2222222222222222222222222222222222222222222222222222222222222222\" }",
        &[],
    ),
    (
        "route GET /a public -> site { request { set header \"x-a\" = \"1\"; set header \"x-b\" = \"2\" } }",
        "route GET /a public -> site { request { set header \"x-b\" = \"2\"; set header \"x-a\" = \"1\" } }",
        &[("neutral: GET /a", "its settings run in another order")],
    ),
    // Servers.
    (
        "upstream a { server \"http://a.example:1\" optional }\nroute GET /a public -> a",
        "upstream a { server \"http://a.example:1\" }\nroute GET /a public -> a",
        &[("breaking: upstream a", "optional")],
    ),
    (
        "upstream a { server \"http://a.example:1\" }\nroute GET /a public -> a",
        "upstream a { server \"http://a.example:1\" optional }\nroute GET /a public -> a",
        &[("neutral: upstream a", "optional")],
    ),
    // Routes.
    (
        "route GET /a public respond 200",
        "",
        &[("breaking: GET /a", "it is gone, and no route takes its requests\n    request: GET /a\n")],
    ),
    (
        "",
        "route GET /a public respond 200",
        &[("widening: GET /a", "it is new, and no route took its requests\n    request: GET /a\n")],
    ),
    (
        "route GET /a public -> site",
        "route GET /a public -> orders",
        &[("breaking: GET /a", "`-> site` became `-> orders`")],
    ),
    (
        "route GET /a/{id: int} public -> site /b/{id}",
        "route GET /a/{id: int} public -> site /c/{id}",
        &[("breaking: GET /a/{id: int}", "`-> site /b/{id}` became `-> site /c/{id}`")],
    ),
    (
        "route GET /a public respond 200",
        "route GET /a public respond 204",
        &[("breaking: GET /a", "its status was `200`, and is `204`\n  - a.gw:8  respond 200\n  + b.gw:8  respond 204\n")],
    ),
    (
        "route GET /a/{id: int} public -> site",
        "route GET /a/{nr: int} public -> site",
        &[("neutral: GET /a/{nr: int}", "it was called `GET /a/{id: int}`")],
    ),
    (
        "route GET /a/{id} public -> site",
        "route GET /a/{id} public -> site\nroute GET /a/{id: int} public -> orders",
        &[(
            "breaking: GET /a/{id: int}",
            "it takes requests of `GET /a/{id}`: `-> site` became `-> orders`\n    request: GET /a/0\n",
        )],
    ),
    (
        "route GET /a/{id} public -> site",
        "route GET /a/{id} public -> site\nroute GET /a/{id: int} public -> site",
        &[("neutral: GET /a/{id: int}", "it takes requests of `GET /a/{id}`, and does the same with them")],
    ),
    (
        "route GET, POST /a public -> site",
        "route GET /a public -> site\nroute POST /a public -> site",
        &[
            ("neutral: GET /a", "it was called `GET, POST /a`"),
            ("neutral: POST /a", "it was called `GET, POST /a`"),
        ],
    ),
    (
        "route GET /a public -> site\nroute GET /a when request.header(\"x\") == \"1\" public -> orders",
        "route GET /a public -> site\nroute GET /a when request.header(\"x\") in [\"1\", \"2\"] public -> orders",
        &[
            ("breaking: GET /a when", "request: GET /a -H \"x: 2\""),
            ("neutral: GET /a when", "and does the same with them\n    request: GET /a -H \"x: 1\""),
        ],
    ),
    // Who may come.
    (
        "route GET /a require partner -> site",
        "route GET /a public -> site",
        &[("widening: GET /a", "`require names partner` is gone")],
    ),
    (
        "route GET /a public -> site",
        "route GET /a require partner -> site",
        &[("narrowing: GET /a", "`require names partner` is new")],
    ),
    (
        "route GET /a require partner -> site",
        "route GET /a require any partner, staff -> site",
        &[
            ("widening: GET /a", "`require`: `any` was not written, and is `true`"),
            ("widening: GET /a", "`require`: `names` was `partner`, and is `partner, staff`"),
        ],
    ),
    (
        "route GET /a public -> site { only ip 10.0.0.0/8 }",
        "route GET /a public -> site { only ip 10.1.0.0/16 }",
        &[("narrowing: GET /a", "`only`: `ip` was `10.0.0.0/8`, and is `10.1.0.0/16`")],
    ),
    (
        "group /g { only ip 10.0.0.0/8; route GET /a public -> site }",
        "group /g { only ip 10.0.0.0/8; route GET /a public -> site { only none } }",
        &[("widening: GET /g/a", "`only ip 10.0.0.0/8 status 403` is gone")],
    ),
    (
        "route GET /a public -> site { only if request.header(\"a\") is set }",
        "route GET /a public -> site { only if request.header(\"b\") is set }",
        &[
            ("widening: GET /a", "`only if request.header(\"a\") is set"),
            ("narrowing: GET /a", "`only if request.header(\"b\") is set"),
        ],
    ),
    // How much.
    (
        "route GET /a public -> site { limit 10/s; timeout 2s; body any max 1MiB }",
        "route GET /a public -> site { limit 600/m; timeout 3s; body any max 2KiB }",
        &[
            // Ten at once have become six hundred.
            ("widening: GET /a", "`limit`: `rate` was `10/s`, and is `600/m`"),
            ("widening: GET /a", "`timeout`: `total` was `2s`, and is `3s`"),
            ("narrowing: GET /a", "`body`: `max` was `1MiB`, and is `2KiB`"),
        ],
    ),
    (
        "group { limit 10/s; route GET /a public -> site; route GET /b public -> site }",
        "group { route GET /a public -> site { limit 10/s }; route GET /b public -> site { limit 10/s } }",
        &[(
            "widening: GET /a; GET /b",
            "what `limit` keeps is one for itself where several routes had one together",
        )],
    ),
    // What it asks for.
    (
        "route GET /a public -> site { query page: int = 1 }",
        "route GET /a public -> site { query page: int = 1; query size: int }",
        &[("breaking: GET /a", "`query size: int` is new")],
    ),
    // Where a redirect leads.
    (
        "route GET /a/{p: path} public redirect 301 \"https://a.example/{p}\"\nroute GET /b/{p} public redirect 301 \"https://a.example/{p}\" query",
        "route GET /a/{p: path} public redirect 301 \"https://a.example/{p}\" query\nroute GET /b/{q} public redirect 301 \"https://a.example/{q}\" query",
        &[
            ("breaking: GET /a/{p: path}", "`redirect 301 https://a.example/{p}` became `redirect 301 https://a.example/{p} query`"),
            ("neutral: GET /b/{q}", "it was called"),
        ],
    ),
    // What stands for it where it is not there: said once, and not of what it is read for.
    (
        "route GET /a/{n: int} public -> site /t/{page} { query page: int(1..50) = 1; only if page < n }",
        "route GET /a/{n: int} public -> site /t/{page} { query page: int(1..50) = 2; only if page < n }",
        &[("changed: GET /a", "`query page`: `field` was `page: int(1..50) = 1`, and is `page: int(1..50) = 2`")],
    ),
    (
        "route GET /a public { header x-n: int = 1; respond 200 json { n: x-n } }",
        "route GET /a public { header x-n: int; respond 200 json { n: x-n } }",
        &[("breaking: GET /a", "`header x-n`: `field` was `x-n: int = 1`, and is `x-n: int`")],
    ),
    (
        "route GET /a public { cookie n: int; respond 200 json { n } }",
        "route GET /a public { cookie n: int = 1; respond 200 json { n } }",
        &[("widening: GET /a", "`cookie n`: `field` was `n: int`, and is `n: int = 1`")],
    ),
    (
        "route GET /a public { query n: list<int> = [1]; respond 200 json { n } }",
        "route GET /a public { query n: list<int>; respond 200 json { n } }",
        &[("changed: GET /a", "`query n`: `field` was `n: list<int> = [1]`, and is `n: list<int>`")],
    ),
    (
        "route GET /a public { query n: int(1..9) = 1; respond 200 json { n: 1, is: n > 2 } }",
        "route GET /a public { query n: int(1..5) = 2; respond 200 json { n: 1, is: n > 2 } }",
        &[("breaking: GET /a", "`query n`: `field` was `n: int(1..9) = 1`, and is `n: int(1..5) = 2`")],
    ),
    // Which values it takes.
    (
        "route GET /a public -> site { query page: int(1..50) = 1; query size: int(1..50); query to: string? }",
        "route GET /a public -> site { query page: int(1..99) = 1; query size: int(1..9); query to: string(1..9)? }",
        &[
            ("breaking: GET /a", "`query size`: `field` was"),
            ("breaking: GET /a", "`query to`: `field` was"),
            ("widening: GET /a", "`query page`: `field` was"),
        ],
    ),
    (
        "type New { sku: string(1..40) }
route POST /a public -> site { body New }",
        "type New { sku: string(1..80), note: string = \"\" }
route POST /a public -> site { body New }",
        &[("widening: POST /a", "`kind` was `New { sku: string(1..40) }`, and is `New { sku: string(1..80), note: string = \"\" }`")],
    ),
    (
        "type New { kind: \"a\" | \"b\" }
route POST /a public -> site { body New }",
        "type New { kind: \"a\" | \"b\", note: string }
route POST /a public -> site { body New }",
        &[("breaking: POST /a", "`body`: `kind` was `New { kind: \"a\" | \"b\" }`, and is")],
    ),
    // What is read of servers, and told of it.
    (
        "type User { name: string, age: int? }
route GET /u public { aggregate within 1s { u: User = site GET /u required; respond { name: u.name } } }",
        "type User { name: string, age: int? }
route GET /u public { aggregate within 1s { u: User = site GET /u required; respond { name: u.name, age: u.age } } }",
        &[
            ("narrowing: GET /u", "`u` was read as `User { name: string }`, and is read as `User { name: string, age: int? }`"),
            ("neutral: GET /u", "`age` of its answer is new: `u.age`\n  + b.gw:9  age: u.age\n"),
        ],
    ),
    (
        "type User { name: string, age: int }
route GET /u public { aggregate within 1s { u: User = site GET /u required; respond { name: u.name, age: u.age } } }",
        "type User { name: string, age: int }
route GET /u public { aggregate within 2s { u: User = site GET /u max 2MiB else skip; respond { name: u.name } } }",
        &[
            ("breaking: GET /u", "`name` of its answer was `string`, and is `string?`\n  - a.gw:9  name: string\n"),
            ("breaking: GET /u", "`age` of its answer is gone\n  - a.gw:9  age: u.age\n"),
            ("widening: GET /u", "`aggregate within` was `1s`, and is `2s`"),
            ("widening: GET /u", "`u` was `required`, and is `else skip`: where it fails, the answer is 200 without it\n  - a.gw:9  u = site GET /u\n"),
            ("widening: GET /u", "`max` of `u` was `1MiB`, and is `2MiB`"),
            ("widening: GET /u", "`u` was read as"),
        ],
    ),
    (
        "route GET /u public { aggregate within 1s { u: string = site GET /u required; respond { u } } }",
        "route GET /u public { aggregate within 1s { u: string? = site GET /u required; respond { u } } }",
        &[
            ("breaking: GET /u", "`u` of its answer was `string`, and is `string?`"),
            ("widening: GET /u", "`u` was read as `string`, and is read as `string?`"),
        ],
    ),
    // What is proved and tried.
    (
        "route GET /a require partner -> site
assert \"kept\" every route to site has timeout <= 40s
assert \"gone\" every route under /a requires partner
test \"kept\" { GET /a => 401 }
test \"gone\" { GET /a => 401 }",
        "route GET /a require partner -> site
assert \"kept\" every route to site has timeout <= 50s
assert \"new\" every route has timeout
test \"kept\" { GET /a => 401 header \"www-authenticate\" is set }",
        &[
            ("widening: assert \"kept\"", "it proves less than before"),
            ("widening: assert \"gone\"", "it is gone: what it proved is not proved any more\n  - a.gw:10  assert \"gone\""),
            ("widening: test \"gone\"", "it is gone: what it tried is not tried any more"),
            ("neutral: assert \"new\"", "it is new, and holds"),
            ("neutral: test \"kept\"", "it expects more than before"),
        ],
    ),
    // Who may be known.
    (
        "auth own api_key { key \"c\" sha256 \"2222222222222222222222222222222222222222222222222222222222222222\" }
route GET /a require own -> site",
        "auth own api_key { key \"c\" sha256 \"3333333333333333333333333333333333333333333333333333333333333333\" }
route GET /a require own -> site",
        &[("widening: auth own", "sha256 \"3333"), ("narrowing: auth own", "sha256 \"2222")],
    ),
    // What no row says.
    (
        "route GET /a public -> site { request { set header \"x-a\" = \"1\" } }",
        "route GET /a public -> site { request { set header \"x-a\" = \"2\" } }",
        &[("changed: GET /a", "`value` was `\"1\"`, and is `\"2\"`")],
    ),
    // What is not of one route.
    (
        "param a: url\nupstream u { server a }\nroute GET /a public -> u",
        "param a: url\nparam b: url\nupstream u { server a; server b }\nroute GET /a public -> u",
        &[
            ("breaking: gateway", "param `b: url` is new\n  + b.gw:9  param b: url\n"),
            ("widening: upstream u", "server `b weight 1` is new\n  + b.gw:10  server b\n"),
        ],
    ),
    (
        "param wait: duration = 1s\nroute GET /a public -> site { timeout wait }",
        "param wait: duration = 2s\nroute GET /a public -> site { timeout wait }",
        &[("changed: gateway", "  - a.gw:8  param wait: duration = 1s\n  + b.gw:8  param wait: duration = 2s\n")],
    ),
    (
        "param n: int(1..9) = 1\nroute GET /a public respond 200 json { n: n }",
        "param n: int(1..5) = 1\nroute GET /a public respond 200 json { n: n }",
        &[("breaking: gateway", "param `n: int(1..9) = 1` became `n: int(1..5) = 1`")],
    ),
    (
        "live calls: rate from \"/a.json\"\nparam n: rate = 1/s\nroute GET /a public -> site { limit calls }\nroute GET /b public -> site { limit n }",
        "live calls: rate from \"/b.json\"\nlive n: rate from \"/n.json\"\nroute GET /a public -> site { limit calls }\nroute GET /b public -> site { limit n }",
        &[
            ("changed: gateway", "\n    `live calls: rate from \"/a.json\" within"),
            ("changed: gateway", "became `live n: rate from \"/n.json\" within"),
        ],
    ),
    (
        "upstream u { server \"http://127.0.0.1:1\"; eject after 5 }\nroute GET /a public -> u",
        "upstream u { server \"http://127.0.0.1:1\"; eject after 9; health GET /up }\nroute GET /a public -> u",
        &[
            ("widening: upstream u", "`eject`: `after` was `5`, and is `9`"),
            ("narrowing: upstream u", "is new\n  + b.gw:8  health GET /up\n"),
        ],
    ),
    (
        "route GET /a public -> site { forward header accept }\nroute GET /b require partner -> site",
        "route GET /a public -> site { forward header accept, dnt }\nroute GET /b require partner -> site { forward credential }",
        &[
            ("widening: GET /b", "`forward part credential` is new"),
            ("widening: GET /a", "`forward header`: `names` was `\"accept\"`, and is `\"accept\", \"dnt\"`"),
        ],
    ),
    (
        "upstream u { server \"http://127.0.0.1:1\" }\nroute GET /a public -> u",
        "upstream v { server \"http://127.0.0.1:1\" }\nroute GET /a public -> v",
        &[("neutral: upstream u", "it is called `v` now")],
    ),
];

#[test]
fn each_change_is_called_what_it_is() {
    PAIRS.iter().for_each(pairs::hold);
}

#[test]
fn both_places_are_shown() {
    let before = "route GET /a public -> site { limit 10/s }";
    let folder = Folder::with(&[
        ("a.gw", &format!("{HEAD}{before}\n")),
        ("new/gateway.gw", &format!("{HEAD}import \"teams/a.gw\"\n")),
        ("new/teams/a.gw", "route GET /a public -> site { limit 20/s }\n"),
    ]);
    let ran = folder.gw(&["diff", "a.gw", "new"]);
    let shown = "widening: GET /a\n    `limit`: `rate` was `10/s`, and is `20/s`\n  - a.gw:8  limit 10/s\n  + new/teams/a.gw:1  limit 20/s\n\n1 widening\n";
    assert_eq!((ran.out.as_str(), ran.code), (shown, 1), "{ran:?}");
    // What it fails on is the reviewer's to say.
    for (on, code) in [("breaking", 0), ("none", 0), ("narrowing,widening", 1)] {
        assert_eq!(folder.gw(&["diff", "--fail-on", on, "a.gw", "new"]).code, code, "{on}");
    }
}

#[test]
fn a_program_and_a_pull_request_are_told_the_same() {
    let folder = Folder::with(&[
        ("a.gw", &format!("{HEAD}route GET /a/{{id}} public -> site {{ limit 10/s }}\n")),
        ("b.gw", &format!("{HEAD}route GET /a/{{id: int}} public -> site\n")),
        ("c.gw", &HEAD.replace("-> site", "-> sight")),
    ]);
    let document = |words: &[&str]| {
        let ran = folder.gw(&[&["diff", "--json"], words].concat());
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        common::schema::validate("diff", &document);
        assert_eq!(ran.err, "");
        (document, ran.code)
    };
    let (told, code) = document(&["a.gw", "b.gw"]);
    let result = &told["result"];
    assert_eq!((code, &told["ok"], &result["fails"]), (1, &false.into(), &true.into()));
    assert_eq!(
        (&result["counts"]["breaking"], &result["counts"]["widening"]),
        (&1.into(), &1.into()),
        "{told:#}"
    );
    let first = &result["changes"][0];
    assert_eq!((&first["kind"], &first["witness"]), (&"route_removed".into(), &"GET /a/a".into()));
    assert_eq!(first["before"][0]["line"], 8);
    let (told, code) = document(&["a.gw", "a.gw"]);
    assert_eq!((code, &told["ok"], &told["result"]["changes"]), (0, &true.into(), &Value::Array(Vec::new())));
    let (told, code) = document(&["a.gw", "c.gw"]);
    assert_eq!((code, &told["result"]["refused"][0]["side"]), (2, &"after".into()));
    assert!(told["problems"].as_array().unwrap().iter().any(|problem| problem["name"] == "unknown_upstream"));

    let page = folder.gw(&["diff", "--markdown", "a.gw", "b.gw"]);
    assert!(
        page.code == 1
            && page.out.starts_with("**gw diff**: 1 breaking, 1 widening\n\n| class | about | what |\n"),
        "{page:?}"
    );
    assert!(
        page.out.contains(
            "| breaking | <code>GET /a/{id}</code> | no route takes some of its requests any more |\n"
        ),
        "{page:?}"
    );
    assert!(page.out.contains("request&#58; GET /a/a\n  - a.gw&#58;8  GET /a/{id}</pre>\n"), "{page:?}");
    assert_eq!(folder.gw(&["diff", "--markdown", "--json", "a.gw", "b.gw"]).code, 2);
}

#[test]
fn a_revision_is_held_against_what_is_there_now() {
    let folder = Folder::with(&[
        ("shop/gateway.gw", &format!("{HEAD}import \"teams/a.gw\"\n")),
        ("shop/teams/a.gw", "route GET /a public -> site { limit 10/s }\n"),
    ]);
    let git = |words: &[&str]| {
        let set = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let ran = Command::new("git").current_dir(folder.path()).args(set).args(words).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        ran.stdout
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    folder.write("shop/teams/a.gw", "route GET /a public -> site { limit 20/s }\n");
    let ran = folder.gw(&["diff", "--git", "HEAD", "shop"]);
    let shown = "widening: GET /a\n    `limit`: `rate` was `10/s`, and is `20/s`\n  - shop/teams/a.gw:1  limit 10/s\n  + shop/teams/a.gw:1  limit 20/s\n\n1 widening\n";
    assert_eq!((ran.out.as_str(), ran.code), (shown, 1), "{ran:?}");
    // Neither files nor index have changed by that.
    assert_eq!(git(&["status", "--porcelain"]), b" M shop/teams/a.gw\n");
    for (revision, said) in [("nowhere", "before:\nerror: git: "), ("--all", "before:\nerror: git: ")] {
        let ran = folder.gw(&["diff", &format!("--git={revision}"), "shop"]);
        assert!(ran.code == 2 && ran.err.starts_with(said), "{ran:?}");
    }
    let ran = folder.gw(&["diff", "shop"]);
    assert!(ran.code == 2 && ran.err.contains("expected two gateways"), "{ran:?}");
}

/// The page shows two programs, and what is said of them.
#[test]
fn the_page_shows_what_is_said() {
    let page = include_str!("../../docs/diff.md");
    let blocks = |kind: &str| -> Vec<&str> {
        let begin = format!("```{kind}\n");
        let blocks = page.split(begin.as_str()).skip(1);
        blocks.map(|block| block.split("```").next().unwrap()).collect::<Vec<_>>()
    };
    let programs = blocks("gw");
    let folder = Folder::with(&[("main/gateway.gw", programs[0]), ("gateway.gw", programs[1])]);
    let ran = folder.gw(&["diff", "main/gateway.gw", "gateway.gw"]);
    assert_eq!(blocks("text")[0], format!("$ gw diff main/gateway.gw gateway.gw\n{}", ran.out));
}

#[test]
fn what_is_wrong_with_either_side_is_shown_and_is_status_2() {
    let folder = Folder::with(&[("a.gw", common::GOOD), ("b.gw", &common::GOOD.replace("-> app", "-> ap"))]);
    for (words, side) in [(["a.gw", "b.gw"], "after:\n"), (["b.gw", "a.gw"], "before:\n")] {
        let ran = folder.gw(&[&["diff"], &words[..]].concat());
        assert!(ran.code == 2 && ran.out.is_empty(), "{ran:?}");
        assert!(ran.err.starts_with(side) && ran.err.contains("error[unknown_upstream]"), "{ran:?}");
    }
    let ran = folder.gw(&["diff", "b.gw", "no.gw"]);
    assert!(
        ran.code == 2 && ran.err.contains("before:\n") && ran.err.contains("after:\nerror: no.gw"),
        "{ran:?}"
    );
    let ran = folder.gw(&["diff", "--fail-on", "all", "a.gw", "a.gw"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}
