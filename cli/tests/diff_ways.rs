//! `gw diff` of what a route ends with: stated answers, the arms of a `match`, and the calls of an `aggregate`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::pairs::{self, Pair};

const ANSWERS: &[Pair] = &[
    (
        "route GET /a/{id: int} public respond 200 json { id, kind: \"x\", old: 1 }",
        "route GET /a/{id: int} public respond 200 json { id, kind: \"y\", more: true }",
        &[
            ("breaking: GET /a", "`old` of its answer is gone\n  - a.gw:8  old: 1\n"),
            (
                "changed: GET /a",
                "`kind` of its answer was `\"x\"`, and is `\"y\"`\n  - a.gw:8  kind: \"x\"\n  + b.gw:8  kind: \"y\"\n",
            ),
            ("neutral: GET /a", "`more` of its answer is new: `true`\n  + b.gw:8  more: true\n"),
        ],
    ),
    (
        "route GET /a public respond 200 json {\n  a: 1,\n  user: { name: \"a\", age: 7 },\n}",
        "route GET /a public respond 200 json {\n  a: \"1\",\n  user: { name: \"a\" },\n}",
        &[
            (
                "breaking: GET /a",
                "`a` of its answer was `1`, and is `\"1\"`\n  - a.gw:9  a: 1\n  + b.gw:9  a: \"1\"\n",
            ),
            ("breaking: GET /a", "`user.age` of its answer is gone\n  - a.gw:10  user.age: 7\n"),
        ],
    ),
    (
        "route GET /a public respond 200 json { a: 1, b: [1] }",
        "route GET /a public respond 200 json { b: [1], a: 1 }",
        &[("neutral: GET /a", "the fields of its answer stand in another order")],
    ),
    (
        "route GET /a public respond 200 text \"a\"\nroute GET /b public respond 200 text \"a\"\nroute GET /c public respond 200",
        "route GET /a public respond 200 text \"b\"\nroute GET /b public respond 200 json { a: 1 }\nroute GET /c public respond 200 text \"c\"",
        &[
            ("breaking: GET /b", "its answer was `text/plain; charset=utf-8`, and is `application/json`"),
            (
                "changed: GET /a",
                "its answer was `\"a\"`, and is `\"b\"`\n  - a.gw:8  respond 200 text \"a\"\n",
            ),
            ("changed: GET /c", "its answer has a body, and had none"),
        ],
    ),
    (
        "route GET /a public { query size: int(1..9) = 1; query page: int(1..9) = 1; respond 200 json { size, n: size } }",
        "route GET /a public { query size: int(1..20) = 1; query page: int(1..9) = 1; respond 200 json { size, n: page } }",
        &[
            ("breaking: GET /a", "`size` of its answer was `int(1..9)`, and is `int(1..20)`"),
            (
                "changed: GET /a",
                "`n` of its answer was `request.query(\"size\")`, and is `request.query(\"page\")`",
            ),
            ("widening: GET /a", "`query size`: `field` was"),
        ],
    ),
    // In which order hosts are named means nothing, though captures are read.
    (
        "host {t}.a.example, x.{t}.b.example { route GET /a/{id: int} public respond 200 json { t, id } }",
        "host x.{t}.b.example, {t}.a.example { route GET /a/{nr: int} public respond 200 json { t, id: nr } }",
        &[("neutral: GET /a/{nr: int}", "it was called `GET /a/{id: int}")],
    ),
    (
        "host {t}.{u}.example { route GET /a public respond 200 json { t, u } }",
        "host {u}.{t}.example { route GET /a public respond 200 json { t, u } }",
        &[("changed: GET /a", "`t` of its answer"), ("changed: GET /a", "`u` of its answer")],
    ),
];

const ARMS: &[Pair] = &[
    (
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; \"y\" -> orders } }",
        "route GET /a public {\n  query s: \"x\" | \"y\" = \"x\"\n  match s { \"y\" -> orders; \"x\" -> site }\n}",
        &[],
    ),
    (
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; \"y\" -> orders } }",
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; \"y\" -> site /b } }",
        &[(
            "breaking: GET /a",
            "for `\"y\"`: `-> orders` became `-> site /b`\n  - a.gw:8  \"y\" -> orders\n  + b.gw:8  \"y\" -> site /b\n",
        )],
    ),
    (
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\", \"y\" -> site } }",
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; \"y\" -> site } }",
        &[("neutral: GET /a", "its arms are written in another way, and do the same")],
    ),
    (
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; else -> orders } }",
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; \"y\" -> orders } }",
        &[("neutral: GET /a", "its arms are written in another way, and do the same")],
    ),
    (
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; \"y\" -> orders } }",
        "route GET /a public { query s: \"x\" | \"y\" | \"z\" = \"x\"; match s { \"x\" -> site; \"y\" -> orders; \"z\" respond 410 } }",
        &[
            ("widening: GET /a", "`\"z\"` is new: `respond 410`\n  + b.gw:8  \"z\" respond 410\n"),
            ("widening: GET /a", "`query s`: `field` was"),
        ],
    ),
    (
        "route GET /a public { query s: \"x\" | \"y\" | \"z\" = \"x\"; match s { \"x\" -> site; \"y\" -> orders; \"z\" respond 410 } }",
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; \"y\" -> orders } }",
        &[
            ("breaking: GET /a", "`\"z\"` is gone: it was `respond 410`\n  - a.gw:8  \"z\" respond 410\n"),
            ("breaking: GET /a", "`query s`: `field` was"),
        ],
    ),
    (
        "route GET /a/{id: int} public { match id { 1 respond 410; else -> site } }",
        "route GET /a/{id: int} public { match id { 1 respond 410; 2, 3 respond 204; else -> site } }",
        &[(
            "breaking: GET /a",
            "for `2, 3`: `-> site` became `respond 204`\n  - a.gw:8  else -> site\n  + b.gw:8  2, 3 respond 204\n",
        )],
    ),
    (
        "route GET /a/{id: int} public { match id { 1 respond 410; 2 -> site; else -> orders } }",
        "route GET /a/{id: int} public { match id { 1 respond 410; else -> site } }",
        &[(
            "breaking: GET /a",
            "for `else`: `-> orders` became `-> site`\n  - a.gw:8  else -> orders\n  + b.gw:8  else -> site\n",
        )],
    ),
    (
        "route GET /a/{id: int} public { match id { 1 respond 200 json { a: 1, b: 2 }; else -> site } }",
        "route GET /a/{id: int} public { match id { 1 respond 200 json { a: 1 }; else -> site } }",
        &[("breaking: GET /a", "for `1`: `b` of its answer is gone\n  - a.gw:8  b: 2\n")],
    ),
    (
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; query t: \"x\" | \"y\" = \"x\"; match s { \"x\" -> site; \"y\" -> orders } }",
        "route GET /a public { query s: \"x\" | \"y\" = \"x\"; query t: \"x\" | \"y\" = \"x\"; match t { \"x\" -> site; \"y\" -> orders } }",
        &[(
            "breaking: GET /a",
            "`match request.query(\"s\")` became `match request.query(\"t\")`\n  - a.gw:8  GET /a\n",
        )],
    ),
    // What is said of the call of one arm is of that arm alone.
    (
        "upstream u { server \"http://127.0.0.1:1\"; timeout 1s }
route GET /a/{id: int} public { match id { 1 -> u; else -> site } }",
        "upstream u { server \"http://127.0.0.1:1\"; timeout 2s }
route GET /a/{id: int} public { match id { 1 -> u; else -> site } }",
        &[(
            "widening: GET /a",
            "for `1`: `timeout`: `total` was `1s`, and is `2s`\n  - a.gw:8  timeout 1s\n  + b.gw:8  timeout 2s\n",
        )],
    ),
];

const CALLS: &[Pair] = &[
    (
        "type T { a: string, b: int? }
route GET /u public {\n  aggregate within 1s {\n    u: T = site GET /u required\n    respond { a: u.a }\n  }\n}",
        "type T { a: string, b: int? }
route GET /u public {\n  aggregate within 1s {\n    v: T = orders GET /v else skip\n    u: T = site GET /u required\n    respond { a: u.a, b: v.a }\n  }\n}",
        &[
            ("changed: GET /u", "`v` is asked for too: `orders GET /v`\n  + b.gw:11  v = orders GET /v\n"),
            ("neutral: GET /u", "`b` of its answer is new: `v.a`\n  + b.gw:13  b: v.a\n"),
        ],
    ),
    (
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required; respond { a: u.a } } }",
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required; v: T = orders GET /v required; respond { a: u.a, b: v.a } } }",
        &[
            ("breaking: GET /u", "`v` is asked for too: `orders GET /v`; where it fails, so does the whole"),
            ("neutral: GET /u", "`b` of its answer is new: `v.a`"),
        ],
    ),
    (
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required; v: T = orders GET /v required; respond { a: u.a, b: v.a } } }",
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required; respond { a: u.a } } }",
        &[
            ("breaking: GET /u", "`b` of its answer is gone"),
            ("widening: GET /u", "`v` is not asked for any more: it was `orders GET /v`; where it failed, so did the whole\n  - a.gw:9  v = orders GET /v\n"),
        ],
    ),
    // Calls may stand in any order, and a type may have its fields in another.
    (
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required; v: T = orders GET /v/{u.a} else skip; respond { a: u.a, b: v.a } } }",
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { v: T = orders GET /v/{u.a} else skip; u: T = site GET /u required; respond { a: u.a, b: v.a } } }",
        &[],
    ),
    (
        "type T { a: string, b: int }
route GET /u public { aggregate within 1s { u: T = site GET /u required; respond { a: u.a, b: u.b } } }",
        "type T { b: int, a: string }
route GET /u public { aggregate within 1s { u: T = site GET /u required; respond { a: u.a, b: u.b } } }",
        &[("neutral: GET /u", "`u` was read as `T { a: string, b: int }`, and is read as `T { b: int, a: string }`")],
    ),
    (
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required pass 404; respond { a: u.a } } }",
        "type T { a: string, b: int? }
route GET /u public { aggregate within 500ms { u: T = site GET /w required { header \"x-a\" = \"1\" }; respond { a: u.a } } }",
        &[
            ("breaking: GET /u", "`u` was `required pass 404`, and is `required`: a status that was passed on is a failure"),
            ("changed: GET /u", "`u` was `site GET /u`, and is `site GET /w`\n  - a.gw:9  u = site GET /u\n  + b.gw:9  u = site GET /w\n"),
            ("changed: GET /u", "what `u` sends beside its path was nothing, and is `{ header \"x-a\" = \"1\" }`"),
            ("narrowing: GET /u", "`aggregate within` was `1s`, and is `500ms`"),
        ],
    ),
    (
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u else { a: \"x\" }; respond { a: u.a } } }",
        "type T { a: string(1..9), b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required; respond { a: u.a } } }",
        &[
            ("breaking: GET /u", "`u` was `else {\"a\":\"x\"}`, and is `required`: where it fails, so does the whole"),
            ("narrowing: GET /u", "`u` was read as `T { a: string }`, and is read as `T { a: string(1..9) }`"),
        ],
    ),
    (
        "type T { a: string(1..9), b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required; respond { a: u.a } } }",
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { u: T = site GET /u required; respond { a: u.a } } }",
        &[
            ("breaking: GET /u", "`a` of its answer was `string(1..9)`, and is `string`"),
            ("widening: GET /u", "`u` was read as `T { a: string(1..9) }`, and is read as `T { a: string }`"),
        ],
    ),
    (
        "type T { a: string, b: int? }
route GET /u public { query id: list<string(1..20)>; aggregate within 1s { us: map<T> = for one in id max 20 site GET /u/{one} else skip; respond { us } } }",
        "type T { a: string, b: int? }
route GET /u public { query id: list<string(1..20)>; aggregate within 1s { us: map<T> = for who in id max 30 site GET /u/{who} else skip; respond { us } } }",
        &[("widening: GET /u", "`us` was called for at most 20 values, and is for at most 30")],
    ),
    (
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { us: list<T> = site GET /u required; respond { us: us[*].{ a } } } }",
        "type T { a: string, b: int? }
route GET /u public { aggregate within 1s { us: list<T> = site GET /u required; respond { us: us[*].{ a, b } } } }",
        &[
            ("narrowing: GET /u", "`us` was read as `list<T { a: string }>`, and is read as `list<T { a: string, b: int? }>`"),
            ("neutral: GET /u", "`us[*].b` of its answer is new: `.b`\n  + b.gw:9  us[*].b: .b\n"),
        ],
    ),
    // What an upstream says of every call is said of each.
    (
        "upstream u { server \"http://127.0.0.1:1\"; timeout 2s }
type T { a: string }
route GET /u public { aggregate within 1s { t: T = u GET /t required; respond { a: t.a } } }",
        "upstream u { server \"http://127.0.0.1:1\"; timeout 3s }
type T { a: string }
route GET /u public { aggregate within 1s { t: T = u GET /t required; respond { a: t.a } } }",
        &[("widening: GET /u", "for `t`: `timeout`: `total` was `2s`, and is `3s`\n  - a.gw:8  timeout 2s\n  + b.gw:8  timeout 3s\n")],
    ),
];

#[test]
fn what_is_answered_is_compared_field_by_field() {
    ANSWERS.iter().for_each(pairs::hold);
}

#[test]
fn arms_are_compared_value_by_value() {
    ARMS.iter().for_each(pairs::hold);
}

#[test]
fn calls_are_compared_one_by_one() {
    CALLS.iter().for_each(pairs::hold);
}
