//! Held against `serde_json`: what is JSON, what a text says, and what is written again.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::scan::Scan;
use super::{claim, *};
use crate::scope::Decimal;

const INT: Shape = Shape { expected: "int(0..99)", form: Form::Int { min: 0, max: 99 } };
const TEXT: Shape =
    Shape { expected: "string(1..5)", form: Form::Text(|text| (1..=5).contains(&text.chars().count())) };
const NUMBER: Shape =
    Shape { expected: "decimal", form: Form::Decimal { min: Decimal(i128::MIN), max: Decimal(i128::MAX) } };
const BOOL: Shape = Shape { expected: "bool", form: Form::Bool };
const TAGS: Shape =
    Shape { expected: "list<string(1..5)>(..3)", form: Form::List { item: &TEXT, min: 0, max: 3 } };
const PRICES: Shape = Shape { expected: "map<decimal>", form: Form::Map(&NUMBER) };
static LINES: Shape = Shape { expected: "list<Line>(..9)", form: Form::List { item: &LINE, min: 0, max: 9 } };

const fn member(name: &'static str, key: &'static str, need: Need, shape: &'static Shape) -> Member {
    Member { name, key, is_renamed: false, need, is_read: true, shape }
}

static LINE: Shape = Shape {
    expected: "Line",
    form: Form::Record {
        members: &[
            member("sku", "\"sku\":", Need::Required, &TEXT),
            member("n", "\"n\":", Need::Default("1"), &INT),
        ],
        open: false,
    },
};

static ORDER: Shape = Shape {
    expected: "Order",
    form: Form::Record {
        members: &[
            Member { is_renamed: true, ..member("order:id", "\"id\":", Need::Required, &TEXT) },
            member("total", "\"total\":", Need::Optional, &NUMBER),
            member("paid", "\"paid\":", Need::Default("false"), &BOOL),
            member("tags", "\"tags\":", Need::Default("[\"new\"]"), &TAGS),
            Member { is_read: false, ..member("note", "\"note\":", Need::Required, &TEXT) },
            member("lines", "\"lines\":", Need::Default("[]"), &LINES),
            member("prices", "\"prices\":", Need::Default("{}"), &PRICES),
        ],
        open: true,
    },
};

fn order(text: &str) -> Document {
    Document::read(text.as_bytes().to_vec(), &ORDER).expect("an order")
}

fn written(document: &Document, shape: &'static Shape) -> String {
    let mut out = Vec::new();
    write(document.root(), shape, &mut out);
    String::from_utf8(out).unwrap()
}

/// Pointer, word and expectation of all that is wrong.
fn wrong(text: &str, shape: &'static Shape) -> Vec<(String, &'static str, &'static str)> {
    let violations = Document::read(text.as_bytes().to_vec(), shape).err().unwrap_or_default();
    violations.into_iter().map(|it| (it.pointer, it.found.word(), it.expected)).collect()
}

#[test]
fn a_document_says_what_its_text_says() {
    let read = order(
        r#" { "note": [null, {"x": 1e9}], "lines": [ {"sku":"a\u00e9","n":7}, {"sku":"\ud83d\ude00"} ],
              "total": -1.50e2, "order:id": "a\"\\b", "prices": {"a":1, "b\n":2.50}, "more": {"note": []} } "#,
    );
    let root = read.root();
    assert_eq!(&*root.own(0).text(), b"a\"\\b");
    assert_eq!(root.member(1).unwrap().decimal(), Decimal(-150_000_000_000));
    assert!(!root.own(2).bool());
    assert_eq!(root.own(3).items().map(Item::text).collect::<Vec<_>>(), [&b"new"[..]]);
    assert!(root.member(4).is_none(), "nobody wants it");
    let lines = root.own(5);
    assert_eq!(lines.len(), 2);
    let numbers: Vec<i64> = lines.items().map(|line| line.own(1).int()).collect();
    assert_eq!(numbers, [7, 1]);
    let texts: Vec<String> =
        lines.items().map(|line| String::from_utf8(line.own(0).text().into_owned()).unwrap()).collect();
    assert_eq!(texts, ["aé", "😀"]);
    assert_eq!(root.own(6).at(b"b\n").unwrap().raw(), b"2.50");
    assert!(root.own(6).at(b"c").is_none());
    assert_eq!(
        written(&read, &ORDER),
        r#"{"id":"a\"\\b","total":-1.50e2,"paid":false,"tags":["new"],"lines":[{"sku":"a\u00e9","n":7},{"sku":"\ud83d\ude00","n":1}],"prices":{"a":1, "b\n":2.50}}"#
    );
}

#[test]
fn what_has_nothing_to_be_left_out_or_renamed_is_written_as_it_came() {
    let line = |text: &str| written(&Document::read(text.as_bytes().to_vec(), &LINE).unwrap(), &LINE);
    assert_eq!(line(r#"{ "n" : 7,"sku":"a" }"#), r#"{ "n" : 7,"sku":"a" }"#);
    // A default is not in the text; a name in another spelling is written in its own.
    assert_eq!(line(r#"{ "sku" : "a" }"#), r#"{"sku":"a","n":1}"#);
    assert_eq!(line(r#"{"n":7, "s\u006bu":"a"}"#), r#"{"sku":"a","n":7}"#);
    for (text, expected) in [
        // Nobody knows `more` and nobody wants `note`, and `null` is nothing; the parts are whole all the same.
        (
            r#"{"more":[ ],"order:id":"a","total":null,"tags":[ "b" ],"lines":[{"n":1, "sku":"c"}, {"sku":"d"}]}"#,
            r#"{"id":"a","paid":false,"tags":[ "b" ],"lines":[{"n":1, "sku":"c"},{"sku":"d","n":1}],"prices":{}}"#,
        ),
        (
            r#"{"note":1,"order:id":"a","prices":{ "x" : 1, "x" : 2 }}"#,
            r#"{"id":"a","paid":false,"tags":["new"],"lines":[],"prices":{ "x" : 1, "x" : 2 }}"#,
        ),
    ] {
        assert_eq!(written(&order(text), &ORDER), expected);
    }
}

#[test]
fn null_is_absent_where_a_member_may_be_and_wrong_elsewhere() {
    assert!(order(r#"{"order:id":"a","total":null}"#).root().member(1).is_none());
    assert_eq!(
        wrong(r#"{"order:id":null,"paid":null}"#, &ORDER),
        [("/order:id".into(), "wrong", "string(1..5)"), ("/paid".into(), "wrong", "bool")]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = r#"{"lines":[{"sku":"","n":100},{"n":1.5,"a/b~c":1},{"sku":"x","sku":"y"},7],"tags":["a","b","c","d"],
                   "total":"1","prices":{"x":true},"paid":0}"#;
    assert_eq!(
        wrong(text, &ORDER),
        [
            ("/lines/0/sku", "wrong", "string(1..5)"),
            ("/lines/0/n", "wrong", "int(0..99)"),
            ("/lines/1/n", "wrong", "int(0..99)"),
            ("/lines/1/a~1b~0c", "unknown", "no member of this name"),
            ("/lines/1/sku", "missing", "string(1..5)"),
            ("/lines/2/sku", "repeated", "string(1..5)"),
            ("/lines/3", "wrong", "Line"),
            ("/tags", "wrong", "list<string(1..5)>(..3)"),
            ("/total", "wrong", "decimal"),
            ("/prices/x", "wrong", "decimal"),
            ("/paid", "wrong", "bool"),
            ("/order:id", "missing", "string(1..5)"),
        ]
        .map(|(pointer, word, expected)| (pointer.to_owned(), word, expected))
    );
    let many = format!("[{}]", vec!["7"; 100].join(","));
    assert_eq!(wrong(&many, &TAGS).len(), MOST_VIOLATIONS);
}

#[test]
fn a_name_has_one_meaning_however_it_is_escaped() {
    assert_eq!(wrong(r#"{"sku":"a","\u0073ku":"b"}"#, &LINE), [("/sku".into(), "repeated", "string(1..5)")]);
    let escaped = Document::read(br#"{"s\u006bu":"a"}"#.to_vec(), &LINE).unwrap();
    assert_eq!(&*escaped.root().own(0).text(), b"a");
}

#[test]
fn numbers_are_read_to_nine_decimals_and_keep_their_text() {
    for (text, units) in [
        ("0", 0),
        ("-0.5", -500_000_000),
        ("0.30000000000000004", 300_000_000),
        ("1e-7", 100),
        ("12.5E+1", 125_000_000_000),
        ("1e-400", 0),
        ("0e999999999999999999999", 0),
        ("100000000000000000000", 100_000_000_000_000_000_000_000_000_000),
    ] {
        let read = Document::read(text.as_bytes().to_vec(), &NUMBER).unwrap();
        assert_eq!((read.root().decimal(), read.root().raw()), (Decimal(units), text.as_bytes()), "{text}");
    }
    for beyond in ["1e30", "-1e30", "1e999999999999999999999"] {
        assert_eq!(wrong(beyond, &NUMBER), [(String::new(), "wrong", "decimal")], "{beyond}");
    }
    // Digits and exponent may take each other back, however many there are.
    for (text, units) in [
        (format!("1{}e-1500", "0".repeat(1_500)), 1_000_000_000),
        (format!("0.{}7e1500", "0".repeat(1_499)), 7_000_000_000),
        (format!("1{}e-1510", "0".repeat(1_500)), 0),
    ] {
        let read = Document::read(text.clone().into_bytes(), &NUMBER).unwrap();
        assert_eq!((read.root().decimal(), read.root().raw()), (Decimal(units), text.as_bytes()), "{text}");
    }
}

#[test]
fn what_takes_more_room_than_its_text_is_refused() {
    // A record of many members that may all be absent is three bytes long.
    static MANY: [Member; 64] = [const { member("a", "\"a\":", Need::Optional, &INT) }; 64];
    static WIDE: Shape = Shape { expected: "Wide", form: Form::Record { members: &MANY, open: true } };
    static LIST: Shape =
        Shape { expected: "list<Wide>", form: Form::List { item: &WIDE, min: 0, max: u32::MAX } };
    let text = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
    assert_eq!(wrong(&text(10), &LIST), []);
    assert_eq!(wrong(&text(10_000), &LIST), [(String::new(), "too_complex", "list<Wide>")]);
    let read = Document::read(text(15).into_bytes(), &LIST).unwrap();
    assert!(read.size() < 64 * 1024, "{}", read.size());
    for (levels, is_read) in [(60, true), (70, false)] {
        let deep = format!(r#"{{"order:id":"a","x":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
        assert_eq!(wrong(&deep, &ORDER).is_empty(), is_read, "{levels}");
    }
}

#[test]
fn a_default_is_kept_once_however_often_it_stands_there() {
    static INNER: [Member; 1] = [member("tags", "\"tags\":", Need::Default(r#"["a","b","c"]"#), &TAGS)];
    static BOX: Shape = Shape { expected: "Box", form: Form::Record { members: &INNER, open: true } };
    static MEMBERS: [Member; 3] = [
        member("a", "\"a\":", Need::Default("\"xy\""), &TEXT),
        member("b", "\"b\":", Need::Default("{}"), &BOX),
        member("c", "\"c\":", Need::Default("7"), &INT),
    ];
    static WITH: Shape = Shape { expected: "With", form: Form::Record { members: &MEMBERS, open: true } };
    static ALL: Shape =
        Shape { expected: "list<With>", form: Form::List { item: &WITH, min: 0, max: u32::MAX } };
    let text = format!("[{}{}{{}}]", "{},".repeat(300), r#"{"a":"z","c":1},{"b":{}},"#.repeat(9));
    let read = Document::read(text.into_bytes(), &ALL).unwrap();
    assert_eq!(read.defaults.len(), r#""xy"{}["a","b","c"]7"#.len());
    let whole = r#"{"a":"xy","b":{"tags":["a","b","c"]},"c":7}"#;
    let most = r#"{"a":"z","b":{"tags":["a","b","c"]},"c":1}"#;
    let expected =
        format!("[{}{}{whole}]", format!("{whole},").repeat(300), format!("{most},{whole},").repeat(9));
    assert_eq!(written(&read, &ALL), expected);
}

#[test]
fn what_is_no_json_is_refused_where_it_ends_to_be() {
    for (text, at) in [
        ("", 0),
        ("{\"order:id\":\"a\",}", 16),
        ("{\"order:id\":\"a\"} x", 17),
        ("\u{feff}{}", 0),
        ("{'a':1}", 1),
        ("[01]", 2),
    ] {
        let violations = Document::read(text.as_bytes().to_vec(), &ORDER).unwrap_err();
        assert_eq!(violations[0].found, Found::Malformed(at), "{text}");
        assert_eq!(violations.len(), 1, "{text}");
    }
    let not_utf8 = Document::read(b"{\"order:id\":\"\xff\"}".to_vec(), &ORDER).unwrap_err();
    assert_eq!(not_utf8[0].found, Found::Malformed(13));
}

/// Whether it is JSON, by our reading.
fn is_json(text: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.skip(0).is_ok() && scan.next().is_none()
}

/// Whether it is, by serde's; `None` where that has met a number beyond a double, and has looked no further.
fn is_json_for_serde(text: &str) -> Option<bool> {
    match serde_json::from_str::<Value>(text) {
        Ok(_) => Some(true),
        Err(error) if error.to_string().contains("number out of range") => None,
        Err(_) => Some(false),
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[\"\\\\\n\u{1}\u{7f}é😀a]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-c\"\\\\é]{0,3}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/json");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn the_seeds_hold() {
    assert!(!seeds().is_empty());
    for seed in seeds() {
        claim::check(&seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_serde_writes_is_json(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        prop_assert!(is_json(&text.unwrap()));
    }

    #[test]
    fn damaged_text_is_json_where_serde_says_so(value in json(), at in any::<prop::sample::Index>(), with in "[\\[\\]{},:\"\\\\0-9eE+.\\-tfnu\u{0}\u{1f} é]{0,2}", cut in 0_usize..3) {
        let mut text: Vec<char> = value.to_string().chars().collect();
        let from = at.index(text.len() + 1);
        let to = (from + cut).min(text.len());
        text.splice(from..to, with.chars());
        let text: String = text.into_iter().collect();
        if let Some(is) = is_json_for_serde(&text) {
            prop_assert_eq!(is_json(&text), is, "{}", text);
        }
    }

    #[test]
    fn a_string_is_the_text_that_serde_reads(text in "[\"\\\\/bfnrtu0-9a-f\u{8}é😀d]{0,24}") {
        static ANY: Shape = Shape { expected: "string", form: Form::Text(|_| true) };
        let quoted = format!("\"{text}\"");
        let ours = Document::read(quoted.clone().into_bytes(), &ANY).ok();
        let theirs = serde_json::from_str::<String>(&quoted).ok();
        let ours = ours.map(|document| String::from_utf8(document.root().text().into_owned()).unwrap());
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn a_list_of_records_is_what_serde_reads(values in prop::collection::vec(("[a-z\"\\\\é]{1,5}", 0_i64..100), 0..9)) {
        let list: Vec<Value> = values.iter().map(|(sku, n)| serde_json::json!({ "n": n, "sku": sku })).collect();
        let text = Value::from(list).to_string();
        let read = Document::read(text.clone().into_bytes(), &LINES).unwrap();
        let again: Value = serde_json::from_str(&written(&read, &LINES)).unwrap();
        prop_assert_eq!(again, serde_json::from_str::<Value>(&text).unwrap());
    }

    #[test]
    fn noise_and_damaged_seeds_hold(
        noise in prop::collection::vec(any::<u8>(), 0..64),
        mut seed in prop::sample::select(seeds()),
        at in any::<prop::sample::Index>(),
        len in 0_usize..4,
        with in "[\\[\\]{},:\"\\\\0-9eE.\\-tn é]{0,3}",
    ) {
        claim::check(&noise);
        let from = at.index(seed.len() + 1);
        seed.splice(from..(from + len).min(seed.len()), with.bytes());
        claim::check(&seed);
    }
}
