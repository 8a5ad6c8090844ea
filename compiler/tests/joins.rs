//! How settings join, for a row of each kind: what of several blocks, policies and files holds for a route, and how often it
//! counts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

use gatewright_compiler::{compile, plan};
use gatewright_dsl::page::sources;
use gatewright_dsl::policy::Policy;
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::schema::ty::Bounds;
use gatewright_dsl::schema::{At, Join, Param, Phase, Stage, Type, Want};
use gatewright_dsl::{Catalogue, Problem};

const STRING: Type = Type::String(Bounds::NONE);

static NOTE: Policy = Policy {
    name: "note",
    summary: "one",
    phase: Phase::Admit,
    params: &[
        Param::required("what", At::Position, STRING, "anything"),
        Param::optional("more", At::Label, STRING, "anything else"),
    ],
    home: "policy::note",
    ..Policy::BLANK
};

static TAG: Policy = Policy {
    name: "tag",
    summary: "one of each name",
    params: &[
        Param::required("name", At::Position, STRING, "its name"),
        Param::required("value", At::Position, STRING, "what it says"),
    ],
    join: Join::Name,
    key: &["name"],
    home: "policy::tag",
    ..Policy::BLANK
};

static COUNT: Policy = Policy {
    name: "count",
    summary: "all",
    params: &[
        Param::required("most", At::Position, Type::Int(Bounds::NONE), "how many"),
        Param::flag("each", "for each route"),
    ],
    join: Join::All,
    state: Some("policy::count::State"),
    split: Some("each"),
    home: "policy::count",
    ..Policy::BLANK
};

static SHOW: Policy = Policy {
    name: "show",
    summary: "an expression",
    params: &[Param::required("what", At::Position, Type::Expr(Want::Text, Stage::Request), "anything")],
    home: "policy::show",
    ..Policy::BLANK
};

fn catalogue() -> Catalogue {
    Catalogue::standard().with(&NOTE).with(&TAG).with(&COUNT).with(&SHOW)
}

fn program(body: &str) -> String {
    format!("gateway g {{ listen http :8080 }}\n{body}")
}

fn shown(problems: &[Problem], program: &str) -> String {
    text(problems, &sources("gateway.gw", program), Colour::Off)
}

/// The steps of each route, as they would be written: `/a: note what "x"`.
fn steps(body: &str) -> Vec<String> {
    let program = program(body);
    let plan = plan(&sources("gateway.gw", &program), &catalogue())
        .unwrap_or_else(|problems| panic!("{}", shown(&problems, &program)));
    let routes = plan.routes().into_iter().map(|route| {
        let steps: Vec<String> = route.steps.into_iter().map(|step| step.text).collect();
        format!("{}: {}", route.pattern, steps.join(", "))
    });
    routes.collect()
}

/// The names of what is wrong.
fn refused(body: &str) -> Vec<&'static str> {
    let problems = compile(&sources("gateway.gw", &program(body)), &catalogue()).unwrap_err();
    problems.iter().map(|problem| problem.name).collect()
}

/// How many states there are.
fn states(body: &str) -> usize {
    let output = compile(&sources("gateway.gw", &program(body)), &catalogue()).unwrap();
    output.rust.matches("policy::count::State").count()
}

const GROUP: &str =
    "group /g {\n  note \"outer\" more \"kept\"\n  tag \"a\" \"outer\"\n  tag \"b\" \"outer\"\n  count 1\n";

#[test]
fn the_inner_replaces_one_each_name_apart_and_adds_to_all() {
    let route = "route GET /r respond 200 {\n  note \"inner\"\n  tag \"b\" \"inner\"\n  count 2\n}\n}\n";
    assert_eq!(
        steps(&format!("{GROUP}{route}")),
        ["/g/r: note what \"inner\", tag name \"a\" value \"outer\", tag name \"b\" value \"inner\", \
             count most 1, count most 2"]
    );
}

#[test]
fn none_drops_what_came_from_outside() {
    let route = "route GET /r respond 200 {\n  note none\n  tag none\n  count none\n  count 3\n}\n}\n";
    assert_eq!(steps(&format!("{GROUP}{route}")), ["/g/r: count most 3"]);
    assert_eq!(refused("route GET /r respond 200 { count none }\n"), ["nothing_to_drop"]);
    let said_twice = "route GET /r respond 200 {\n  note none\n  note \"x\"\n}\n}\n";
    assert_eq!(refused(&format!("{GROUP}{said_twice}")), ["repeated_setting"]);
}

#[test]
fn none_drops_what_an_upstream_says_in_the_place_of_the_route() {
    let upstream = "upstream app { server \"http://127.0.0.1:9000\"; retry 2 on 503; timeout 9s }\n";
    let inside =
        "group {\n  retry none\n  route GET /a -> app\n  route GET /b -> app { retry 1 on 502 }\n}\n";
    let alone = "route GET /c -> app { retry none }\nroute GET /d -> app\n";
    let ways =
        "route GET /e/{x} {\n  match x {\n    \"a\" -> app /\n    else -> app /e\n  }\n  retry none\n}\n";
    let all = steps(&format!("{upstream}{inside}{alone}{ways}"));
    let retries: Vec<&str> = all
        .iter()
        .map(|route| route.split_once("retry ").map_or("none", |(_, rest)| rest.get(..14).unwrap_or(rest)))
        .collect();
    assert_eq!(retries, ["none", "times 1 on 502", "none", "times 2 on 503", "none"], "{all:?}");
    // Of two that both bound a time, the smaller holds whatever is dropped.
    let bound = "route GET /r -> app { timeout none }\n";
    assert_eq!(refused(&format!("{upstream}{bound}")), ["nothing_to_drop"]);
    // What could not be read may have said something.
    for broken in ["retry 2 on 50x", "rety 2 on 503"] {
        let broken = upstream.replace("retry 2 on 503", broken);
        assert!(!refused(&format!("{broken}{alone}")).contains(&"nothing_to_drop"), "{broken}");
    }
    let unknown = format!(
        "{upstream}route GET /r/{{i: itn}} -> app {{ retry none }}\nroute GET /s -> ap {{ retry none }}\n"
    );
    assert!(!refused(&unknown).contains(&"nothing_to_drop"), "{:?}", refused(&unknown));
    let quiet = "upstream app { server \"http://127.0.0.1:9000\" }\nroute GET /r -> app { retry none }\n";
    assert_eq!(refused(quiet), ["nothing_to_drop"]);
}

#[test]
fn what_drops_something_in_one_place_may_drop_nothing_in_another() {
    let body = "policy p { count none }\ngroup { use p\nroute GET /a respond 200 }\n\
                group {\n  count 1\n  group {\n    use p\n    route GET /b respond 200\n  }\n}\n";
    assert_eq!(steps(body), ["/a: ", "/b: "]);
}

#[test]
fn own_words_beat_used_ones_and_used_ones_beat_what_is_around() {
    let policies = "policy p {\n  note \"used\"\n  tag \"a\" \"used\"\n  tag \"c\" \"used\"\n  count 5\n}\n";
    let route = "route GET /r respond 200 {\n  use p\n  tag \"a\" \"own\"\n}\n}\n";
    assert_eq!(
        steps(&format!("{policies}{GROUP}{route}")),
        ["/g/r: note what \"used\", tag name \"a\" value \"own\", tag name \"b\" value \"outer\", \
             tag name \"c\" value \"used\", count most 1, count most 5"]
    );
    let route = "route GET /r respond 200 {\n  use p\n  count none\n  note \"own\"\n}\n}\n";
    let held = steps(&format!("{policies}{GROUP}{route}"));
    assert!(
        held.iter().all(|held| held.contains("note what \"own\"") && !held.contains("count")),
        "{held:?}"
    );
}

#[test]
fn two_policies_must_agree_where_only_one_can_hold() {
    let with = |p: &str, q: &str| {
        format!("policy p {{ {p} }}\npolicy q {{ {q} }}\nroute GET /r respond 200 {{\n  use p\n  use q\n}}\n")
    };
    for (p, q) in
        [("note \"x\"", "note \"y\""), ("tag \"a\" \"x\"", "tag \"a\" \"y\""), ("note \"x\"", "note none")]
    {
        assert_eq!(refused(&with(p, q)), ["conflicting_policies"], "{p} {q}");
    }
    assert_eq!(steps(&with("note \"x\"", "note \"x\"")), ["/r: note what \"x\""]);
    assert_eq!(
        steps(&with("tag \"a\" \"x\"", "tag \"b\" \"y\"")),
        ["/r: tag name \"a\" value \"x\", tag name \"b\" value \"y\""]
    );
    assert_eq!(steps(&with("count 1", "count 2")), ["/r: count most 1, count most 2"]);
}

#[test]
fn the_order_of_lines_in_a_block_decides_nothing() {
    let lines = ["count 2", "tag \"b\" \"x\"", "count 1", "tag \"a\" \"y\"", "use p"];
    let block = |lines: &[&str]| {
        format!("policy p {{ count 3 }}\nroute GET /r respond 200 {{\n{}\n}}\n", lines.join("\n"))
    };
    let mut reversed = lines;
    reversed.reverse();
    assert_eq!(steps(&block(&lines)), steps(&block(&reversed)));
}

#[test]
fn a_setting_counts_where_it_is_written() {
    let routes = "route GET /a respond 200\nroute GET /b respond 200\n";
    assert_eq!(states(&format!("group {{\n  count 1\n{routes}}}\n")), 1, "one for all routes of the block");
    assert_eq!(states(&format!("group {{\n  count 1 each\n{routes}}}\n")), 2, "one for each route");
    let used = "policy p { count 1 }\ngroup { use p\nroute GET /a respond 200 }\ngroup { use p\nroute GET /b respond 200 }\n";
    assert_eq!(states(used), 2, "one for each use");
    let imported = "group /x { import \"a.gw\" }\ngroup /y { import \"a.gw\" }\n// file: a.gw\ngroup { count 1\nroute GET /a respond 200 }\n";
    assert_eq!(states(imported), 2, "one for each import");
}

#[test]
fn an_argument_takes_the_place_of_its_parameter_wherever_it_stands() {
    let body = "policy p(what: string, most: int = 7) {\n  note what\n  tag \"t-{what}\" \"{what}!\"\n  count most\n}\n\
                route GET /a respond 200 { use p(\"x\") }\nroute GET /b respond 200 { use p(\"y\", 8) }\n";
    assert_eq!(
        steps(body),
        [
            "/a: note what \"x\", tag name \"t-x\" value \"x!\", count most 7",
            "/b: note what \"y\", tag name \"t-y\" value \"y!\", count most 8"
        ]
    );
}

#[test]
fn a_mistake_in_a_policy_is_said_once_however_often_it_is_used() {
    let uses = "route GET /a respond 200 { use p }\nroute GET /b respond 200 { use p }\n";
    assert_eq!(refused(&format!("policy p {{ count \"x\" }}\n{uses}")), ["wrong_type"]);
    assert_eq!(
        refused("policy p(n: string) { count n }\nroute GET /a respond 200 { use p(\"x\") }\n"),
        ["wrong_type"]
    );
}

#[test]
fn a_prefix_is_put_before_the_names_that_a_file_declares() {
    let body = "import \"a.gw\" as one\nimport \"a.gw\" as two\npolicy p { note \"own\" }\n\
                route GET /r respond 200 { use p }\nroute GET /s respond 200 { use one_p }\n\
                // file: a.gw\nimport \"b.gw\" as deep\npolicy p { use deep_p }\ngroup { use p }\n\
                // file: b.gw\npolicy p { note \"deep\" }\n";
    assert_eq!(steps(body), ["/r: note what \"own\"", "/s: note what \"deep\""]);
}

#[test]
fn an_argument_is_of_its_parameters_type() {
    let used = |ty: &str, argument: &str| {
        format!(
            "param limit: int = 5\npolicy p(n: {ty}) {{ tag \"x\" \"{{n}}\" }}\nroute GET /a respond 200 json {{ limit }} {{ use p({argument}) }}\n"
        )
    };
    for (ty, argument) in [
        ("int", "\"x\""),
        ("int(1..5)", "9"),
        ("string", "5"),
        ("\"a\" | \"b\"", "\"c\""),
        ("string", "limit"),
        ("duration", "client.ip"),
    ] {
        let program = program(&used(ty, argument));
        let problems = compile(&sources("gateway.gw", &program), &catalogue()).unwrap_err();
        assert_eq!(
            problems.iter().map(|it| it.name).collect::<Vec<_>>(),
            ["wrong_type"],
            "{}",
            shown(&problems, &program)
        );
        assert_eq!(problems[0].labels.len(), 2, "both places: {}", shown(&problems, &program));
    }
}

#[test]
fn a_policy_reads_what_it_is_given_and_what_every_request_has() {
    let used = |policy: &str, used: &str| {
        format!(
            "param motto: string = \"x\"\npolicy p{policy}\nroute GET /a/{{id}} respond 200 json {{ id, motto }} {{ use p{used} }}\n"
        )
    };
    assert_eq!(refused(&used(" { show id }", "")), ["outside_policy"]);
    for (policy, given) in
        [("(it: string) { show it }", "(id)"), (" { show request.path }", ""), (" { show motto }", "")]
    {
        assert_eq!(steps(&used(policy, given)).len(), 1, "{policy}");
    }
}
