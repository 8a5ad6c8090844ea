//! Rows that can say everything, and the Rust that their settings become.

use gatewright_dsl::ast::Declaration;
use gatewright_dsl::policy::Hook;
use gatewright_dsl::schema::{
    At, Default as Standing, Dynamic, Join, Param, Phase, Place, Row, Source, Stage, Type, Want, Written,
    check_block, ty,
};
use gatewright_dsl::{Catalogue, Policy, Span};

use super::super::emit;
use crate::algebra::RouteSet;
use crate::checked::{self, End, Program, Resolved, Said, Step};
use crate::ir::expr::{Expr, Form, Function, Kind, Read};
use crate::ty::Ty;

const MOST: Param = Param {
    name: "most",
    at: At::Position,
    ty: Type::Int(ty::Bounds::NONE),
    default: Standing::Required,
    min: None,
    max: None,
    dynamic: Dynamic::Live,
    doc: "how many",
};

static GUARD: Policy = Policy {
    name: "guard",
    join: Join::All,
    params: &[
        MOST,
        Param::optional("of", At::Label, Type::Expr(Want::Key, Stage::Request), "of what"),
        Param::optional("net", At::Label, Type::List(&Type::Net), "where"),
        Param::optional("each", At::Label, Type::Word(&["route"]), "one for each route"),
        Param::flag("quietly", "whether nobody hears of it"),
    ],
    home: "policy::guard",
    hooks: &[Hook::Request, Hook::Response, Hook::Own],
    state: Some("policy::guard::State"),
    split: Some("each"),
    ..Policy::BLANK
};

static GIVE: Policy = Policy {
    name: "give",
    join: Join::Name,
    key: &["value"],
    params: &[
        Param::required("value", At::Position, Type::Binding(Want::IsSet), "what"),
        Param::optional("status", At::Label, Type::Status(400, 599), "or what"),
    ],
    acts: Some("status"),
    home: "policy::give",
    ..Policy::BLANK
};

static FIELD: Policy = Policy {
    name: "field",
    join: Join::Name,
    key: &["field"],
    params: &[Param::required("field", At::Position, Type::Field(Source::Query), "which")],
    home: "policy::field",
    merges: true,
    ..Policy::BLANK
};

static EDIT: Policy = Policy {
    name: "edit",
    join: Join::Name,
    block: &[Row {
        name: "put_in",
        params: &[
            Param::required("part", At::Position, Type::Choice(&["header", "query"]), "what"),
            Param::required("name", At::Position, Type::Name, "which"),
            Param::required("value", At::Assigned, Type::Sent(Stage::Request), "to what"),
        ],
        join: Join::Name,
        key: &["part", "name"],
        ..Row::BLANK
    }],
    phase: Phase::Send,
    home: "policy::edit",
    merges: true,
    ..Policy::BLANK
};

static CATCH: Policy = Policy {
    name: "catch",
    join: Join::Name,
    key: &["causes"],
    params: &[
        Param::required("causes", At::Position, Type::List(&Type::Cause), "which"),
        Param::required("answer", At::Label, Type::Answer(Stage::Request), "with what"),
    ],
    phase: Phase::Answer,
    hooks: &[Hook::Own],
    home: "policy::catch",
    merges: true,
    ..Policy::BLANK
};

static NOTE: Policy = Policy {
    name: "note",
    params: &[Param::optional("fields", At::Label, Type::List(&Type::Named(Stage::Response)), "which")],
    phase: Phase::Observe,
    hooks: &[Hook::Log],
    home: "policy::note",
    ..Policy::BLANK
};

/// The steps of settings, each block around the next, in the order of the catalogue.
fn steps(blocks: &[&str]) -> Vec<Step> {
    let catalogue = [&FIELD, &GIVE, &GUARD, &EDIT, &CATCH, &NOTE]
        .into_iter()
        .fold(Catalogue::standard(), Catalogue::with);
    let mut steps = Vec::new();
    for (depth, settings) in blocks.iter().enumerate() {
        // What is equal is the same block; other blocks are other places.
        let file = settings
            .bytes()
            .fold(u32::try_from(depth).unwrap(), |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
        let text = format!("route GET / respond 200 {{\n{settings}\n}}\n");
        let source = gatewright_dsl::Source::new("a.gw", text).numbered(file);
        let (file, problems) = gatewright_dsl::parse(&source);
        assert!(problems.is_empty(), "{problems:?}");
        let Some(Declaration::Route(route)) = file.declarations.first() else { panic!() };
        let (checked, problems) = check_block(route.block.as_ref().unwrap(), Place::Route, &catalogue);
        assert!(problems.is_empty(), "{problems:?}");
        steps.extend(checked.into_iter().map(|checked| {
            let policy = checked.policy.unwrap();
            let resolved =
                policy.row().wanted(&checked.values).iter().map(|it| resolved(it.written)).collect();
            Step {
                policy,
                values: checked.values,
                resolved,
                depth,
                origin: vec![checked.span],
                trails: Vec::new(),
            }
        }));
    }
    let rank = |step: &Step| catalogue.policies().position(|policy| policy.name == step.policy.name);
    steps.sort_by_key(rank);
    steps
}

/// A stand-in for what the check makes of expressions: every one reads the path, and is told apart by what it is for.
fn resolved(written: Written<'_>) -> Resolved {
    match written {
        Written::Expr { want, .. } => Resolved::Expr(Function {
            form: Form::of(want),
            expr: Expr::new(Kind::Read(Read::Path), Ty::STRING),
        }),
        Written::Field { field, .. } => Resolved::Field {
            name: field.name.text.clone(),
            required: field.default.is_none(),
            many: false,
            ty: Ty::INT,
            default: None,
        },
        Written::File { path } => Resolved::File("text/html", path.value.clone()),
        Written::Name { name, .. } => Resolved::Param(name.text.clone()),
        Written::Principal { name } => Resolved::Auth(name.text.clone()),
        Written::Named { .. } => Resolved::Claims(Vec::new()),
        Written::Shape { .. } => Resolved::Shape(Ty::STRING),
    }
}

/// The emitted lines about steps.
fn emitted(routes: &[&[&str]]) -> String {
    let route = |line: usize, blocks: &&[&str]| checked::Route {
        either: None,
        aggregate: None,
        head: Span::new(0, 0, 0),
        arms: None,
        told: std::collections::BTreeMap::default(),
        place: checked::Place { file: "gateway.gw".to_owned(), line: u32::try_from(line).unwrap() },
        label: format!("route {line}"),
        steps: steps(blocks),
        end: End::Respond { status: 200, body: Some(("text/plain", Said::Text("ok".to_owned()))) },
    };
    let program = Program {
        name: "shop".to_owned(),
        crates: Vec::new(),
        front: crate::checked::Front::default(),
        listeners: Vec::new(),
        params: Vec::new(),
        secrets: Vec::new(),
        auths: Vec::new(),
        outside: steps(&["note fields client"]),
        upstreams: Vec::new(),
        routes: routes.iter().enumerate().map(|(line, blocks)| route(line, blocks)).collect(),
        claims: RouteSet::default(),
        assertions: Vec::new(),
        declared: crate::checked::Declared::new(),
    };
    let text = emit(&crate::lower::lower(program, "00".to_owned()));
    let tables =
        text.split("\nstatic ").filter(|part| part.starts_with("STEPS_") || part.starts_with("RECORDS_"));
    let tables: Vec<&str> = tables.map(|part| part.split("\nconst ").next().unwrap_or_default()).collect();
    let (_, states) = text.split_once(" states: ").unwrap();
    let (states, _) = states.split_once(" text: ").unwrap();
    let chains = text.split_once("static CHAINS").unwrap().1;
    let chains = chains.split_once("const fn").unwrap().0;
    format!("states: {states}\n{}\n\nCHAINS{chains}", tables.join("\n"))
}

#[test]
fn what_rows_say_becomes_rust() {
    let group = "guard 100 of client\ngive a = client status 404\nfield page: int";
    let first = "guard most quietly net 10.0.0.0/8, 127.0.0.1\nfield size: int = 1 as s\n\
        edit { put_in header \"x-a\" = client }\ncatch 503, 502, upstream_closed answer 503 text \"sorry\"\n\
        note fields client";
    let second = "guard 5 each route\nedit { put_in query \"q\" = client }";
    insta::assert_snapshot!(emitted(&[&[group, first], &[group, second], &[group]]));
}

#[test]
fn where_lines_stand_changes_nothing() {
    let one = "guard 5\nguard 7 of client\nguard 6\nedit { put_in header \"x-a\" = client; put_in query \"q\" = client }\n\
        field page: int\nfield size: int\ncatch 502 answer 503\ncatch 503 answer 500";
    let other = "catch 503 answer 500\ncatch 502 answer 503\nguard 6\nguard 7 of client\nfield size: int\n\
        edit { put_in query \"q\" = client }\nfield page: int\nedit { put_in header \"x-a\" = client }\nguard 5";
    assert_eq!(emitted(&[&["guard 1", one], &[one]]), emitted(&[&["guard 1", other], &[other]]));
}

/// The words of the steps of a route, in running order, as their tables are called.
fn running(blocks: &[&str]) -> Vec<String> {
    let text = emitted(&[blocks]);
    let chain = text.split_once("fn chain_0(").unwrap().1;
    let home = |number: &str| {
        let (_, rest) = text.split_once(&format!("STEPS_{number}: [g::policy::")).unwrap();
        rest.split("::").next().unwrap().to_owned()
    };
    chain
        .match_indices("match STEPS_")
        .map(|(at, found)| {
            let number: String = chain[at + found.len()..].chars().take_while(char::is_ascii_digit).collect();
            home(&number)
        })
        .collect()
}

#[test]
fn nothing_runs_before_what_it_reads() {
    assert_eq!(running(&["guard 5 of client\nfield page: int"]), ["field", "guard"]);
    assert_eq!(running(&["guard 5 of page\nguard 6", "field page: int"]), ["field", "guard", "guard"]);
    assert_eq!(
        running(&["guard 5 of t\ngive t = page status 404\nfield page: int"]),
        ["field", "give", "guard"]
    );
    // What only gives a name has no step, and is passed through.
    assert_eq!(running(&["give t = page\ngive u = t status 400\nfield page: int"]), ["field", "give"]);
}

#[test]
fn a_state_belongs_to_the_place_where_it_is_written() {
    let states = |routes: &[&[&str]]| emitted(routes).matches("g::new_state").count();
    assert_eq!(states(&[&["guard 5"], &["guard 5"]]), 1);
    assert_eq!(states(&[&["guard 5", "guard 5"]]), 2);
    assert_eq!(states(&[&["guard 5 each route"], &["guard 5 each route"]]), 2);
}

#[test]
fn equal_expressions_are_one_function() {
    let text = emitted(&[&["guard 5 of client\nguard 6 of page"]]);
    assert_eq!(text.matches("of:Some(expr_0)").count(), 2, "{text}");
}
