//! Expressions: what binds how, and what is refused.

use super::{tree, wrong};
use crate::ast::{Argument, Entry, Operator, TextPart, Value, ValueKind};
use crate::{Source, parse};

/// The value that an expression is read as, with all its brackets written out.
fn read(text: &str) -> String {
    let file = tree(&format!("gateway g {{\n  w = {text}\n}}\n").replace("w =", "w x ="));
    let setting = file.gateways().next().unwrap().block.settings().next().unwrap().clone();
    let [Argument::Assignment { value, .. }] = setting.arguments.as_slice() else { panic!("{setting:#?}") };
    shown(value)
}

fn list(values: &[Value]) -> String {
    values.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn entries(entries: &[Entry]) -> String {
    let fields: Vec<String> =
        entries.iter().map(|entry| format!("{}: {}", entry.name.text, shown(&entry.value))).collect();
    format!("{{{}}}", fields.join(", "))
}

fn shown(value: &Value) -> String {
    match &value.kind {
        ValueKind::Bool(it) => it.to_string(),
        ValueKind::Int(it) => it.to_string(),
        ValueKind::Text(text) => format!("{text:?}"),
        ValueKind::Regex(text) => format!("re{text:?}"),
        ValueKind::Word(word) => word.clone(),
        ValueKind::StatusClass(class) => format!("class {class}"),
        ValueKind::Interpolated(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| match part {
                    TextPart::Literal(text) => format!("{text:?}"),
                    TextPart::Value(value) => shown(value),
                })
                .collect();
            format!("text({})", parts.join(" "))
        }
        ValueKind::Range(low, high) => {
            let end = |end: &Option<Box<Value>>| end.as_deref().map(shown).unwrap_or_default();
            format!("{}..{}", end(low), end(high))
        }
        ValueKind::List(items) => format!("[{}]", list(items)),
        ValueKind::Record(fields) => entries(fields),
        ValueKind::Access(of, name) => format!("{}.{}", shown(of), name.text),
        ValueKind::Call { of, name, arguments } => {
            format!("{}.{}({})", shown(of), name.text, list(arguments))
        }
        ValueKind::Index(of, key) => format!("{}[{}]", shown(of), shown(key)),
        ValueKind::Each(of) => format!("{}[*]", shown(of)),
        ValueKind::Where(of, condition) => format!("{}[where {}]", shown(of), shown(condition)),
        ValueKind::Shape(of, fields) => format!("{}.{}", shown(of), entries(fields)),
        ValueKind::Element(name) => format!(".{}", name.text),
        ValueKind::Not(of) => format!("(not {})", shown(of)),
        ValueKind::Binary { operator, left, right, .. } => {
            format!("({} {} {})", shown(left), operator.word(), shown(right))
        }
        ValueKind::IsSet { of, negated } => {
            format!("({} is {}set)", shown(of), if *negated { "not " } else { "" })
        }
        ValueKind::If { condition, then, otherwise } => {
            format!("(if {} then {} else {})", shown(condition), shown(then), shown(otherwise))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn operators_bind_as_the_table_says() {
    for (text, expected) in [
        ("a or b and c", "(a or (b and c))"),
        ("a and b or c", "((a and b) or c)"),
        ("a or b or c", "((a or b) or c)"),
        ("not a and b", "((not a) and b)"),
        ("not a == b", "(not (a == b))"),
        ("not not a", "(not (not a))"),
        ("a and not b or c", "((a and (not b)) or c)"),
        ("a == b and c != d", "((a == b) and (c != d))"),
        ("a ?? b == c", "((a ?? b) == c)"),
        ("a ?? b ?? c", "(a ?? (b ?? c))"),
        ("a + b - c", "((a + b) - c)"),
        ("a ?? b + c", "(a ?? (b + c))"),
        ("a + b <= c", "((a + b) <= c)"),
        ("a not in [1, 2]", "(a not in [1, 2])"),
        ("a  not   in b", "(a not in b)"),
        ("a in 400..499 or b has c", "((a in 400..499) or (b has c))"),
        ("a is set and b is not set", "((a is set) and (b is not set))"),
        ("not a is set", "(not (a is set))"),
        ("a.b is set == c", "((a.b is set) == c)"),
        ("(a or b) and c", "((a or b) and c)"),
        ("a<b", "(a < b)"),
        ("if a then b else c + d", "(if a then b else (c + d))"),
        ("if a then if b then c else d else e", "(if a then (if b then c else d) else e)"),
        ("if a then b else if c then d else e", "(if a then b else (if c then d else e))"),
        ("x + if a then 1 else 2", "(x + (if a then 1 else 2))"),
        ("a ?? { b: 1 }", "(a ?? {b: 1})"),
        ("if a then { b: 1 } else { b: 2 }", "(if a then {b: 1} else {b: 2})"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_stands_directly_behind_a_value_binds_first() {
    for (text, expected) in [
        ("a.b.c", "a.b.c"),
        ("a.if.in", "a.if.in"),
        ("request.header(\"x\").lower()", "request.header(\"x\").lower()"),
        ("a.f(1, b.c,)", "a.f(1, b.c)"),
        ("a[b][\"c\"]", "a[b][\"c\"]"),
        ("a[*].b", "a[*].b"),
        ("a[where .x > 0 and not .y]", "a[where ((.x > 0) and (not .y))]"),
        ("a[*].{ id, n: .b.c, k: m[.d] }", "a[*].{id: .id, n: .b.c, k: m[.d]}"),
        ("(a ?? b).c", "(a ?? b).c"),
        ("\"x\".length()", "\"x\".length()"),
        ("x.matches(re\"^[a-z]{2}\\d$\")", "x.matches(re\"^[a-z]{2}\\\\d$\")"),
        ("{ a: { b }, \"c d\": [x.y] }", "{a: {b: b}, c d: [x.y]}"),
        ("5xx", "class 500"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn strings_hold_values() {
    for (text, expected) in [
        (r#""Hi {user.name}!""#, r#"text("Hi " user.name "!")"#),
        (r#""{a}{b}""#, "text(a b)"),
        (r#""\{{a}\}\u{e9}""#, r#"text("{" a "}é")"#),
        (r#""{m["k"] ?? "none {x}"}""#, r#"text((m["k"] ?? text("none " x)))"#),
        (r#""{if a then "b" else "c"}""#, r#"text((if a then "b" else "c"))"#),
        (r#""plain \{x\}""#, r#""plain {x}""#),
        (r#""""#, r#""""#),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn lines_go_on_before_an_operator_and_inside_brackets() {
    for (text, expected) in [
        ("a\n    or b\n    and c", "(a or (b and c))"),
        ("a\n    // nothing\n    .b", ""),
        ("a\n\n    .b\n    .c()", "a.b.c()"),
        ("a\n    not in b", "(a not in b)"),
        ("a\n    is set", "(a is set)"),
        ("a\n    + 1\n    - 2", "((a + 1) - 2)"),
        ("(a\n or\n b)", "(a or b)"),
        ("[\n    a, // one\n    b // two\n  ]", "[a, b]"),
        (
            "{\n    a: if x\n      then y\n      else z, // one\n    // two\n    b\n  }",
            "{a: (if x then y else z), b: b}",
        ),
        ("x.f(\n    a,\n    b,\n  )", "x.f(a, b)"),
    ] {
        if expected.is_empty() {
            assert_eq!(
                wrong(&format!("gateway g {{\n  w x = {text}\n}}\n")).0,
                ["comment_in_value"],
                "{text}"
            );
        } else {
            assert_eq!(read(text), expected, "{text}");
        }
    }
    let crlf = "gateway g {\r\n  w x = [\r\n    a,\r\n    b\r\n  ]\r\n    ?? c\r\n}\r\n";
    assert!(parse(&Source::new("a.gw", crlf)).1.is_empty());
}

#[test]
fn if_is_a_label_behind_the_word_and_else_where_no_if_waits() {
    let file = tree(
        "gateway g {\n  only if a == b status 404\n  let t = m[k] else 404\n  let t = if a then b else c else { d: 1 }\n  on x respond 429 json { slow: true }\n}\n",
    );
    let counts: Vec<usize> =
        file.gateways().next().unwrap().block.settings().map(|it| it.arguments.len()).collect();
    assert_eq!(counts, [4, 3, 3, 5]);
}

#[test]
fn blanks_say_what_belongs_together() {
    let file = tree("gateway g {\n  w a (b) [c] x: y /z a - b a -3\n}\n".replace("x: y", "x").as_str());
    let setting = file.gateways().next().unwrap().block.settings().next().unwrap().clone();
    assert_eq!(setting.arguments.len(), 8);
}

#[test]
fn each_mistake_in_a_value_is_said_once() {
    for (text, expected) in [
        ("a == b == c", "chained_comparison"),
        ("a in b has c", "chained_comparison"),
        ("a == not b", "unexpected_text"),
        ("a ==", "missing_value"),
        ("a or", "missing_value"),
        ("a +", "missing_value"),
        ("(a or)", "unexpected_text"),
        ("()", "unexpected_text"),
        ("a.", "missing_value"),
        ("a .b", "unexpected_text"),
        ("a[", "unclosed_brace"),
        ("a[]", "unexpected_text"),
        ("a[where ]", "unexpected_text"),
        ("f(x)", "unexpected_text"),
        ("a.f(x y)", "unexpected_text"),
        ("[a b]", "unexpected_text"),
        ("{ a 1 }", "unexpected_text"),
        ("{ a: 1, a: 2 }", "repeated_field"),
        ("{ if }", "reserved_word"),
        ("x.{ a: }", "unexpected_text"),
        ("x.{ a: 5x }", "unknown_unit"),
        ("if a then b", "missing_value"),
        ("if a", "missing_value"),
        ("if a else b", "unexpected_text"),
        (".a", "unexpected_text"),
        ("\"{}\"", "missing_value"),
        ("\"{a b}\"", "unexpected_text"),
        ("\"{a.}\"", "missing_value"),
        ("\"a { b\"", "unclosed_interpolation"),
        ("\"{a ?? \"{b c}\"}\"", "unexpected_text"),
        ("[1, [2 3], 4]", "unexpected_text"),
        ("and", "unexpected_text"),
        ("a then b", "unexpected_text"),
    ] {
        let program = format!("gateway g {{\n  w x = {text}\n  z 1\n}}\nroute GET /x respond 200\n");
        assert_eq!(wrong(&program), (vec![expected], 2), "{text}");
    }
}

#[test]
fn several_mistakes_in_one_value_are_all_said() {
    let text = "gateway g {\n  w x = [a b, (c d), m[e f], { g 1 }, \"{h i}\", n.f(j k), 5z]\n}\n";
    // What cannot be told apart any more is said once: the list ends being one at its first item.
    assert_eq!(wrong(text).0, ["unexpected_text"]);
    let text = "gateway g {\n  w x = [(c d), m[e f], { g 1 }, \"{h i}\", n.f(j k), 5z]\n}\n";
    assert_eq!(wrong(text).0, [["unexpected_text"; 5].as_slice(), &["unknown_unit"]].concat());
}

#[test]
fn what_leads_too_far_in_is_refused_without_harm() {
    let cases = [
        ("not ".repeat(100) + "a", "too_deep"),
        ("if a then ".repeat(100) + "b" + &" else c".repeat(100), "too_deep"),
        ("if a then b else ".repeat(100_000) + "c", "too_deep"),
        ("a ?? ".repeat(100) + "b", "too_deep"),
        ("(".repeat(65) + "a" + &")".repeat(65), "too_deep"),
        ("a or ".repeat(300) + "b", "too_long_value"),
        ("a".to_owned() + &".b".repeat(300), "too_long_value"),
        ("a".to_owned() + &"[*]".repeat(300), "too_long_value"),
        ("a".to_owned() + &" or b\n    or c".repeat(10_000), "too_long_value"),
    ];
    for (text, expected) in cases {
        let program = format!("gateway g {{\n  w x = {text}\n}}\nroute GET /x respond 200\n");
        let (names, left) = wrong(&program);
        assert!(names == [expected] && left >= 1, "{names:?} {left} {}", &text[..40.min(text.len())]);
    }
    assert_eq!(read(&("if a then b else ".repeat(60) + "c")).matches("if").count(), 60);
    assert_eq!(read(&("a or ".repeat(200) + "b")).matches("or").count(), 200);
}

#[test]
fn every_operator_is_read() {
    for operator in Operator::ALL {
        assert_eq!(read(&format!("a {} b", operator.word())), format!("(a {} b)", operator.word()));
    }
}
