//! Rows that can say everything, and what settings held against them turn out to be.

use super::*;
use crate::ast::Declaration;
use crate::policy::{Catalogue, Policy};
use crate::{Problem, Source as Text};

const EDITS: &[Row] = &[
    Row {
        name: "put",
        params: &[
            Param::required("part", At::Position, Type::Choice(&["header", "query"]), "what"),
            Param::required("name", At::Position, Type::Name, "which"),
            Param::required("value", At::Assigned, Type::Expr(Want::Text, Stage::Request), "to what"),
        ],
        join: Join::Name,
        key: &["part", "name"],
        ..Row::BLANK
    },
    Row {
        name: "drop",
        params: &[
            Param::required("part", At::Position, Type::Choice(&["header", "query"]), "what"),
            Param::required("name", At::Position, Type::Name, "which"),
        ],
        join: Join::Name,
        key: &["part", "name"],
        ..Row::BLANK
    },
];

static EDIT: Policy = Policy { name: "edit", join: Join::Name, block: EDITS, ..Policy::BLANK };

static CATCH: Policy = Policy {
    name: "catch",
    join: Join::Name,
    key: &["causes"],
    params: &[
        Param::required("causes", At::Position, Type::List(&Type::Cause), "which"),
        Param::required("answer", At::Label, Type::Answer(Stage::Request), "with what"),
    ],
    ..Policy::BLANK
};

static GUARD: Policy = Policy {
    name: "guard",
    join: Join::All,
    params: &[
        Param {
            name: "most",
            at: At::Position,
            ty: Type::Int(ty::Bounds::NONE),
            default: Default::Required,
            min: Some(Value::Int(1)),
            max: None,
            dynamic: Dynamic::Live,
            doc: "how many",
        },
        Param::optional("of", At::Label, Type::Expr(Want::Key, Stage::Request), "of what"),
        Param::optional("net", At::Label, Type::List(&Type::Net), "where"),
        Param::flag("quietly", "whether nobody hears of it"),
    ],
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
    ..Policy::BLANK
};

static FIELD: Policy = Policy {
    name: "field",
    join: Join::Name,
    key: &["field"],
    params: &[Param::required("field", At::Position, Type::Field(Source::Query), "which")],
    ..Policy::BLANK
};

fn read(settings: &str) -> (Vec<Checked>, Vec<Problem>) {
    let source = Text::new("a.gw", format!("route GET / respond 200 {{\n{settings}\n}}\n"));
    let (file, problems) = crate::parse(&source);
    assert!(problems.is_empty(), "{problems:?}");
    let catalogue = Catalogue::standard().with(&EDIT).with(&CATCH).with(&GUARD).with(&GIVE).with(&FIELD);
    let Some(Declaration::Route(route)) = file.declarations.first() else { panic!() };
    check_block(route.block.as_ref().unwrap(), Place::Route, &catalogue)
}

fn one(setting: &str) -> Values {
    let (mut checked, problems) = read(setting);
    assert!(problems.is_empty(), "{problems:?}");
    checked.remove(0).values
}

#[track_caller]
fn refused(settings: &str, names: &[&str]) {
    let (_, problems) = read(settings);
    let found: Vec<&str> = problems.iter().map(|problem| problem.name).collect();
    assert_eq!(found, names, "{settings}: {problems:?}");
}

#[test]
fn a_flag_is_there_or_not_and_a_label_takes_what_follows() {
    let values = one("guard 5 quietly of client net 10.0.0.0/8, 127.0.0.1");
    assert_eq!(values.value("quietly"), Some(&Value::Bool(true)));
    assert!(matches!(values.value("of"), Some(Value::Expr(_))));
    assert_eq!(values.value("net").unwrap().to_string(), "10.0.0.0/8, 127.0.0.1/32");
    let values = one("guard 5");
    assert_eq!(values.value("quietly"), Some(&Value::Bool(false)));
    assert_eq!(values.value("of"), Some(&Value::Absent));
    refused("guard 5 of quietly", &["missing_value"]);
    refused("guard 5 quietly quietly", &["repeated_argument"]);
    refused("guard 5 quitely", &["unknown_word"]);
}

#[test]
fn a_name_may_stand_where_the_row_says_so() {
    assert!(matches!(one("guard most").value("most"), Some(Value::Name(name)) if name.text == "most"));
    refused("guard 0", &["out_of_bounds"]);
    refused("guard \"x\"", &["wrong_type"]);
    refused("guard 5 net office", &["wrong_type"]);
}

#[test]
fn a_block_of_a_setting_is_checked_by_its_rows() {
    let values = one("edit { put header \"x-a\" = client; drop query \"x-b\" }");
    let words: Vec<&str> = values.items.iter().map(|item| item.word).collect();
    assert_eq!(words, ["put", "drop"]);
    assert_eq!(values.names(&EDIT.row()), [" header \"x-a\"", " query \"x-b\""]);
    assert_eq!(EDIT.row().wanted(&values).len(), 1);
    refused("edit { put header \"x-a\" = client; drop header \"x-a\" }", &["repeated_setting"]);
    refused("edit { putt header \"x-a\" = client }", &["unknown_word"]);
    refused("edit { put header \"x-a\" }", &["missing_argument"]);
    refused("edit { drop header \"x-a\" = client }", &["unexpected_argument"]);
    refused("edit { put body \"x-a\" = client }", &["wrong_type"]);
    refused("edit { respond 200 }", &["misplaced_setting"]);
    refused("edit { }", &["missing_setting"]);
    refused("edit", &["missing_block"]);
    refused("guard 5 { put header \"x-a\" = client }", &["unexpected_argument"]);
}

#[test]
fn names_are_told_apart_one_by_one() {
    refused(
        "edit { drop header \"x-a\" }\nedit { drop header \"x-b\"; drop header \"x-a\" }",
        &["repeated_setting"],
    );
    refused("edit { drop header \"x-a\" }\nedit { drop query \"x-a\" }", &[]);
    let values = one("catch 502, upstream_closed answer 503 text \"sorry\"");
    let row = CATCH.row();
    assert_eq!(values.names(&row), [" 502", " upstream_closed"]);
    let left = values.without(&row, &[" 502".to_owned()]).unwrap();
    assert_eq!(left.names(&row), [" upstream_closed"]);
    assert_eq!(left.without(&row, &left.names(&row)), None);
    refused("catch 502, 504 answer 503\ncatch 503, 504 answer 500", &["repeated_setting"]);
    refused("catch upstream_close answer 503", &["unknown_word"]);
    refused("catch 200 answer 503", &["wrong_type"]);
    refused("catch 502 answer sorry", &["wrong_type"]);
    refused("catch 502 answer 503 text", &["missing_value"]);
    refused("catch 502 answer 503 file 5", &["wrong_type"]);
}

#[test]
fn fields_and_bindings_give_names() {
    let values = one("give t = client status 404");
    assert_eq!(values.names(&GIVE.row()), [" t"]);
    assert_eq!(values.value("status"), Some(&Value::Status(404)));
    assert_eq!(one("field page: int = 1 as p").names(&FIELD.row()), [" page"]);
    refused("give t = client\ngive t = client", &["repeated_setting"]);
    refused("give \"t\" = client", &["wrong_type"]);
    refused("give t = client status 200", &["wrong_type"]);
    refused("guard page: int", &["unexpected_argument"]);
}

#[test]
fn none_drops_what_came_from_outside() {
    let (checked, problems) = read("guard none\nguard 5\nguard 6");
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(checked.iter().map(|it| it.drops).collect::<Vec<_>>(), [true, false, false]);
    refused("guard none\nguard none", &["repeated_setting"]);
    refused("timeout none\ntimeout 2s", &["repeated_setting"]);
}
