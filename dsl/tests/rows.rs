//! The rows of all policies, held against what they are to take and to refuse.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use gatewright_dsl::ast::Declaration;
use gatewright_dsl::policy::{
    Policy, cookie, deny, forward, header, r#let as naming, limit, log, on, only, query, request, response,
};
use gatewright_dsl::schema::{Checked, Place, Written, check_block};
use gatewright_dsl::{Catalogue, Problem, Source, parse};

const ROWS: &[&Policy] = &[
    &only::ROW,
    &deny::ROW,
    &limit::ROW,
    &query::ROW,
    &header::ROW,
    &cookie::ROW,
    &naming::ROW,
    &request::ROW,
    &forward::ROW,
    &response::ROW,
    &on::ROW,
    &log::ROW,
];

fn read(settings: &str) -> (Vec<Checked>, Vec<Problem>) {
    let source = Source::new("a.gw", format!("route GET /{{user}} respond 200 {{\n{settings}\n}}\n"));
    let (file, problems) = parse(&source);
    assert!(problems.is_empty(), "{settings}: {problems:?}");
    let catalogue = ROWS.iter().fold(Catalogue::standard(), |catalogue, row| catalogue.with(row));
    let Some(Declaration::Route(route)) = file.declarations.first() else { panic!("{settings}") };
    check_block(route.block.as_ref().expect("a block"), Place::Route, &catalogue)
}

/// What a setting says, each parameter in the order of the row, without those that are absent.
#[track_caller]
fn says(setting: &str, expected: &str) {
    let (checked, problems) = read(setting);
    assert!(problems.is_empty(), "{setting}: {problems:?}");
    let values = &checked.first().expect("it is read").values;
    let said = |values: &gatewright_dsl::schema::Values| {
        let given = values.given.iter().map(|given| format!("{}={}", given.name, given.value));
        given.filter(|given| !given.ends_with("=nothing")).collect::<Vec<_>>().join(" ")
    };
    let items: Vec<String> =
        values.items.iter().map(|item| format!("{} {}", item.word, said(item))).collect();
    assert_eq!(format!("{}{}", said(values), items.join("; ")), expected, "{setting}");
}

#[track_caller]
fn refuses(settings: &str, problem: &str, part: &str) {
    let (_, problems) = read(settings);
    let [found] = &*problems else { panic!("{settings}: {problems:?}") };
    assert_eq!(found.name, problem, "{settings}: {found:?}");
    assert!(found.message.contains(part), "{settings}: {}", found.message);
}

#[test]
fn guards_ask_for_an_address_or_for_a_condition() {
    says("only ip 10.0.0.0/8, 192.168.1.7", "ip=10.0.0.0/8, 192.168.1.7/32 status=403");
    says("only ip office", "ip=office status=403");
    says("only if user == \"ada\" and user != \"bob\" status 404", "if=an expression status=404");
    says("deny if request.header(\"x-debug\") is set", "if=an expression status=403");
    refuses("only", "conflicting_arguments", "asks for nothing");
    refuses("deny status 404", "conflicting_arguments", "asks for nothing");
    refuses("only if user == \"a\" ip 10.0.0.0/8", "conflicting_arguments", "two things");
    refuses("only ip 10.0.0.1/8", "wrong_type", "host bits are set in the network");
    refuses("deny ip \"10.0.0.0/8\"", "wrong_type", "an IP network");
    refuses("only if user == \"a\" status 200", "wrong_type", "a status from `400` to `503`");
}

#[test]
fn a_limit_says_how_often_and_of_what() {
    says("limit 100/s", "rate=100/s keys=65536 dry_run=false");
    says(
        "limit 20/10s burst 40 per client.ip counting response.status in 400..499 ban 5m each route dry_run",
        "rate=20/10s burst=40 per=an expression counting=an expression ban=5m keys=65536 each=route dry_run=true",
    );
    says("limit orders_rate per user", "rate=orders_rate per=an expression keys=65536 dry_run=false");
    refuses("limit", "missing_argument", "`rate`");
    refuses("limit 100", "wrong_type", "a rate");
    refuses("limit 0/s", "out_of_bounds", "`rate`");
    refuses("limit 5/s burst 0", "out_of_bounds", "`burst`");
    refuses("limit 5/s keys 1", "out_of_bounds", "`keys`");
    refuses("limit 5/s ban 5m", "conflicting_arguments", "lock everybody out");
    refuses("limit 1/day burst 1000", "conflicting_arguments", "over a year");
    refuses("limit 5/s each day", "wrong_type", "`route`");
}

#[test]
fn declared_fields_have_names_that_such_fields_can_have() {
    says("query page: int(1..) = 1 as p", "field=page");
    says("header x-tenant: uuid as tenant", "field=x-tenant");
    says("cookie theme: (\"light\" | \"dark\")?", "field=theme");
    refuses("header X-Tenant: uuid", "wrong_type", "in lower case");
    refuses("query page", "wrong_type", "a field such as");
    refuses("query page: int\nquery page: string", "repeated_setting", "query page");
    let (checked, problems) = read("query id: int\nheader id: int\ncookie id: int as other");
    assert_eq!((checked.len(), problems.len()), (3, 0), "{problems:?}");
}

#[test]
fn a_name_may_say_what_is_answered_without_it() {
    says("let t = user", "value=t");
    says("let t = request.header(\"x\") else 404", "value=t else=404");
    refuses("let t", "wrong_type", "a name and its value");
    refuses("let t = user else 200", "wrong_type", "a status from `400` to `599`");
    refuses("let t = user\nlet t = user", "repeated_setting", "let t");
}

#[test]
fn edits_name_fields_that_may_be_written() {
    says(
        "request { set header \"x-a\" = user; default query \"Q\" = \"1\"; add header \"x-b\" = user; remove query debug }",
        "set part=header name=\"x-a\" value=an expression; default part=query name=\"Q\" value=an expression; \
         add part=header name=\"x-b\" value=an expression; remove part=query name=\"debug\"",
    );
    says(
        "response { set header \"x-frame-options\" = \"DENY\"; remove header \"server\" }",
        "set part=header name=\"x-frame-options\" value=an expression; remove part=header name=\"server\"",
    );
    refuses("request { set header \"X-A\" = user }", "wrong_type", "in lower case");
    refuses("request { set header \"x a\" = user }", "wrong_type", "no field can have the name");
    refuses("request { remove header \"content-length\" }", "protected_field", "`content-length`");
    refuses(
        "response { set header \"transfer-encoding\" = \"x\" }",
        "protected_field",
        "`transfer-encoding`",
    );
    refuses("response { set query \"a\" = \"x\" }", "wrong_type", "`header`");
    refuses("request { remove query \"a\" = user }", "unexpected_argument", "assignment");
    refuses("request { set query \"a\" }", "missing_argument", "`value`");
    refuses(
        "request { set header \"a\" = user }\nrequest { remove header \"a\" }",
        "repeated_setting",
        "header \"a\"",
    );
    says(
        "request { set header \"a\" = user; set query \"a\" = user }",
        "set part=header name=\"a\" value=an expression; set part=query name=\"a\" value=an expression",
    );
}

#[test]
fn what_is_forwarded_is_named() {
    says("forward header accept, accept-language", "part=header names=\"accept\", \"accept-language\"");
    says("forward query page", "part=query names=\"page\"");
    says("forward none", "part=none");
    refuses("forward header", "conflicting_arguments", "does not say which");
    refuses("forward none accept", "conflicting_arguments", "has no names");
    refuses("forward header Accept", "wrong_type", "in lower case");
    refuses("forward body a", "wrong_type", "`header`");
    refuses("forward query a\nforward query b", "repeated_setting", "forward query");
}

#[test]
fn own_answers_are_named_by_status_class_or_reason() {
    says(
        "on 502, 5xx, upstream_closed respond 503 json { slow: true }",
        "causes=502, 5xx, upstream_closed respond=503",
    );
    says("on limited respond 429 text \"slow down\"", "causes=limited respond=429");
    says("on 503 respond 503 file \"down.html\"", "causes=503 respond=503");
    says("on 404 respond 410", "causes=404 respond=410");
    refuses("on limitd respond 429", "unknown_word", "`limitd`");
    refuses("on 200 respond 429", "wrong_type", "a status, a class");
    refuses("on 502", "missing_argument", "`respond`");
    refuses("on 502 respond 503\non 503, 502 respond 500", "repeated_setting", "on 502");
}

#[test]
fn a_log_says_what_is_recorded() {
    says("log none", "none=true");
    says("log sample 5% fields user", "none=false sample=5% fields=user");
    says("log fields user, request.path", "none=false fields=user, request.path");
    refuses("log fields user, user", "conflicting_arguments", "two members `user`");
    refuses("log fields status", "conflicting_arguments", "two members `status`");
    refuses("log", "conflicting_arguments", "says nothing");
    refuses("log none sample 5%", "conflicting_arguments", "do not go together");
    refuses("log sample 0%", "out_of_bounds", "`sample`");
    refuses("log sample 101%", "out_of_bounds", "`sample`");
    refuses("log fields 5", "wrong_type", "the name of a value");
}

#[test]
fn what_the_compiler_must_resolve_comes_in_the_order_of_the_row() {
    let (checked, _) = read("limit rate_of counting response.status == 200 per user");
    let row = limit::ROW.row();
    let wanted = row.wanted(&checked[0].values);
    let params: Vec<&str> = wanted.iter().map(|wanted| wanted.param).collect();
    assert_eq!(params, ["rate", "per", "counting"]);
    let (checked, _) = read("request { set header \"x-a\" = user }");
    let row = request::ROW.row();
    let wanted = row.wanted(&checked[0].values);
    assert!(matches!(wanted[0].written, Written::Expr { takes_secret: true, .. }));
}
