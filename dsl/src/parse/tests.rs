//! The lessons that files of broken text have taught, one test for each, and the shape of the tree.

mod declaration;
mod expression;

use super::*;
use crate::ast::{
    Argument, Declaration, Methods, Segment, Statement, TemplatePart, TerminalKind, TypeKind, ValueKind,
};
use crate::source::Span;
use proptest::prelude::*;

fn tree(text: &str) -> File {
    let (file, problems) = parse(&Source::new("a.gw", text));
    assert!(problems.is_empty(), "{problems:#?}");
    file
}

/// The names of the problems, and how many declarations are left.
fn wrong(text: &str) -> (Vec<&'static str>, usize) {
    let (file, problems) = parse(&Source::new("a.gw", text));
    (problems.iter().map(|problem| problem.name).collect(), file.declarations.len())
}

#[test]
fn a_route_is_read_with_all_its_parts() {
    let text = "/// One order.\n// plain\nroute GET, POST /a/{id: int(1..50)}/ -> app /b{id} {\n  timeout 2s connect 1s\n}\n";
    let file = tree(text);
    let route = file.routes().next().unwrap();
    assert_eq!(route.docs.iter().map(|doc| doc.text.as_str()).collect::<Vec<_>>(), ["One order."]);
    assert_eq!(file.comments.len(), 2);
    let Methods::List(methods) = &route.methods else { panic!() };
    assert_eq!(methods.iter().map(|method| method.text.as_str()).collect::<Vec<_>>(), ["GET", "POST"]);
    let slice = |span: Span| &text[span.start..span.end];
    let [Segment::Literal { span, text: a }, Segment::Capture(id), Segment::Literal { text: last, .. }] =
        route.pattern.segments.as_slice()
    else {
        panic!()
    };
    assert_eq!((slice(*span), a.as_str(), last.as_str()), ("a", "a", ""));
    assert_eq!(
        (slice(id.span), id.ty.as_ref().unwrap().name().unwrap().text.as_str()),
        ("{id: int(1..50)}", "int")
    );
    let TerminalKind::Forward { upstream, path: Some(path) } = &route.terminal().unwrap().kind else {
        panic!()
    };
    assert_eq!((upstream.text.as_str(), slice(path.span)), ("app", "/b{id}"));
    assert!(matches!(path.parts.as_slice(), [TemplatePart::Literal { .. }, TemplatePart::Value(_)]));
    assert_eq!(slice(route.head), "route GET, POST /a/{id: int(1..50)}/ -> app /b{id}");
    assert_eq!(slice(route.span), text.trim_end().trim_start_matches("/// One order.\n// plain\n"));
    let setting = route.block.as_ref().unwrap().settings().next().unwrap();
    assert_eq!((slice(setting.span), setting.arguments.len()), ("timeout 2s connect 1s", 3));
}

#[test]
fn the_root_is_one_empty_segment() {
    let segments =
        |text: &str| tree(&format!("route * {text} respond 200\n")).routes().next().unwrap().pattern.clone();
    assert_eq!(segments("/").segments.len(), 1);
    assert_eq!(segments("\"/\"").segments.len(), 1);
    assert_eq!(segments("/a/b").segments.len(), 2);
    assert_eq!(segments("/{a}/").segments.len(), 2);
}

#[test]
fn segments_are_decoded_and_spans_keep_what_was_written() {
    let text = "route * /%C3%A9/%3A respond 200\n";
    let file = tree(text);
    let Segment::Literal { span, text: decoded } = &file.routes().next().unwrap().pattern.segments[0] else {
        panic!()
    };
    assert_eq!((decoded.as_str(), &text[span.start..span.end]), ("é", "%C3%A9"));
}

#[test]
fn settings_have_one_general_form() {
    let text = "gateway g {\n  word a, b /c/{d} label 5% [1, 2]\n  \"x\"\n}\n";
    assert_eq!(wrong(text).0, ["unexpected_text"]);
    let file =
        tree("gateway g {\n  w a, b /c/{d} l 5%\n  h page: int(1..) = 1 as p\n  s \"x-a\" = [1] { t }\n}\n");
    let settings: Vec<_> = file.gateways().next().unwrap().block.settings().collect();
    assert_eq!(settings.iter().map(|it| it.arguments.len()).collect::<Vec<_>>(), [4, 1, 1]);
    let Argument::Value(list) = &settings[0].arguments[0] else { panic!() };
    assert!(matches!(&list.kind, ValueKind::List(items) if items.len() == 2));
    let Argument::Field(field) = &settings[1].arguments[0] else { panic!() };
    assert_eq!((field.name.text.as_str(), field.alias.as_ref().unwrap().text.as_str()), ("page", "p"));
    assert!(field.default.is_some() && matches!(field.ty.kind, TypeKind::Named { bounds: Some(_), .. }));
    assert!(matches!(&settings[2].arguments[0], Argument::Assignment { .. }));
    assert_eq!(settings[2].block.as_ref().unwrap().statements.len(), 1);
}

#[test]
fn words_with_two_colons_are_kept_whole() {
    let file = tree("gateway g {\n  a ::1 fe80::1/64 fraud::score 2001:db8::1 [::1]:80 :8080\n}\n");
    let setting = file.gateways().next().unwrap().block.settings().next().unwrap().clone();
    let kinds: Vec<String> = setting
        .arguments
        .iter()
        .map(|argument| match argument {
            Argument::Value(value) => match &value.kind {
                ValueKind::Word(text) => format!("word {text}"),
                ValueKind::Address(text) => format!("address {text}"),
                other => format!("{other:?}"),
            },
            other => format!("{other:?}"),
        })
        .collect();
    let expected = [
        "word ::1",
        "word fe80::1/64",
        "word fraud::score",
        "word 2001:db8::1",
        "address [::1]:80",
        "address :8080",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn ranges_are_read_before_numbers() {
    let file = tree("gateway g { a 1..50 10/s..1000/s 1.. ..50 1.5 5 -3 a-b }\n");
    let setting = file.gateways().next().unwrap().block.settings().next().unwrap().clone();
    let ranges = setting
        .arguments
        .iter()
        .filter(|it| matches!(it, Argument::Value(value) if matches!(value.kind, ValueKind::Range(..))));
    assert_eq!((setting.arguments.len(), ranges.count()), (8, 4));
}

#[test]
fn a_comma_at_the_end_of_a_line_does_not_take_the_next_line() {
    let (names, _) = wrong("upstream a {\n  server \"http://a\",\n  timeout 1s\n}\n");
    assert_eq!(names, ["missing_value"]);
    let (file, _) = parse(&Source::new("a.gw", "upstream a {\n  accept x,\n  timeout 1s\n}\n"));
    assert_eq!(file.upstreams().next().unwrap().block.settings().count(), 2);
}

#[test]
fn brackets_hold_lines_together_and_may_hold_comments() {
    tree(
        "gateway g {\n  a [\n    1, // one\n    2,\n  ]\n}\nroute GET /x respond 200 json {\n  a: 1, // one\n}\n",
    );
}

#[test]
fn a_route_head_goes_on_before_its_terminal() {
    let file = tree("route GET /x\n  // why\n  -> app {\n    timeout 1s\n  }\nroute GET /y\n  respond 200\n");
    assert_eq!(file.routes().filter(|route| route.terminal().is_some()).count(), 2);
}

#[test]
fn a_missing_brace_costs_only_its_own_block() {
    let text = "gateway g {\n  listen http :1\n\nupstream a { server \"http://a\" }\nroute GET /x -> a {\n  timeout 1s\nroute GET /y -> a\n";
    assert_eq!(wrong(text), (vec!["unclosed_brace", "unclosed_brace"], 4));
}

#[test]
fn the_crooked_brace_is_to_blame() {
    let text = "gateway g {\n  a {\n    b 1\n}\n\nroute GET /x respond 200\n";
    let (file, problems) = parse(&Source::new("a.gw", text));
    let [problem] = problems.as_slice() else { panic!("{problems:#?}") };
    assert_eq!(
        (problem.name, problem.span().unwrap().start),
        ("unclosed_brace", text.find("{\n    b").unwrap())
    );
    assert_eq!(file.declarations.len(), 2);
}

#[test]
fn braces_in_a_string_that_never_closes_are_not_counted() {
    assert_eq!(
        wrong("gateway g {\n  a \"{ b\n}\nupstream u { server \"x }\nroute GET /x respond 200\n").1,
        3
    );
    let names = wrong("upstream u { server \"x }\nroute GET /x respond 200\n").0;
    assert_eq!(names, ["unclosed_string"]);
}

#[test]
fn junk_never_takes_the_block_with_it() {
    let (file, problems) = parse(&Source::new("a.gw", "gateway g !! {\n  a 1 ? {\n    b 2\n  }\n}\n"));
    assert_eq!(problems.iter().map(|it| it.name).collect::<Vec<_>>(), ["unexpected_text", "unexpected_text"]);
    let Declaration::Gateway(gateway) = &file.declarations[0] else { panic!() };
    let Statement::Setting(setting) = &gateway.block.statements[0] else { panic!() };
    assert!(setting.broken && setting.block.as_ref().is_some_and(|block| block.statements.len() == 1));
}

#[test]
fn words_of_the_language_that_are_not_here_yet_are_refused_and_not_guessed() {
    let (names, left) = wrong("store x {\n  a 1\n}\nroute GET /x respond 200\n");
    assert_eq!((names, left), (vec!["unknown_word"], 1));
}

#[test]
fn a_misspelt_declaration_is_still_read() {
    assert_eq!(wrong("uptream a { server \"x\" }\n"), (vec!["unknown_word"], 1));
    assert_eq!(wrong("rout GET /x -> a\n"), (vec!["unknown_word"], 1));
}

#[test]
fn everything_wrong_is_said_at_once_and_in_order() {
    let text = "gateway g { a 5x }\nuptream u { }\nroute get /x//y -> \nroute GET /z respond 99\n";
    let names = wrong(text).0;
    let expected = [
        "unknown_unit",
        "unknown_word",
        "unknown_method",
        "path_not_canonical",
        "missing_value",
        "wrong_status",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_text_over_the_bound_is_refused_at_once() {
    let (file, problems) = parse(&Source::new("a.gw", " ".repeat(crate::source::MAX_BYTES + 1)));
    assert_eq!(problems.iter().map(|it| it.name).collect::<Vec<_>>(), ["too_large"]);
    assert!(file.declarations.is_empty());
}

#[test]
fn nested_and_broken_text_takes_no_exponential_time() {
    for unit in [
        "{ a ",
        "[1, ",
        "(",
        "\"{",
        "a = [",
        "/{a: int(",
        "{ x: [",
        "/(",
        "json {",
        "word /a(",
        "{\"a\": ",
        "a[",
        "a.b(",
        "x.{ a: ",
        "if a then ",
        "not ",
        "a[where ",
        "(a or ",
        "t: list<",
        "group {\n",
        "host {a",
        "use x(",
        "\"{a[\"{",
        "- x(",
        "x: (",
        "else {",
        "route GET /x when (",
    ] {
        for closing in ["", "}", "]", "\"", ")"] {
            let text = format!(
                "gateway g {{\n  w {}{}\n}}\nroute GET /x respond 200 json {}\n",
                unit.repeat(60),
                closing.repeat(30),
                unit.repeat(60)
            );
            let _ = parse(&Source::new("a.gw", text));
        }
    }
}

#[test]
fn ten_thousand_routes_are_read_in_linear_time() {
    use std::fmt::Write;
    let mut text = String::new();
    for n in 0..10_000 {
        writeln!(text, "/// Number {n}.\nroute GET /a{n}/{{id: uuid}} -> app /v2/{{id}} {{\n  timeout 2s connect 250ms\n}}").unwrap();
    }
    assert_eq!(tree(&text).routes().count(), 10_000);
}

#[test]
fn much_of_one_thing_is_read_in_linear_time() {
    for (head, unit, tail) in [
        ("gateway g { ", "a 1; ", "}\n"),
        ("gateway g { ", "( } { ", "}\n"),
        ("gateway g {\n", "  a ( // b\n", "}\n"),
        ("gateway g { a \"", "\u{1}", "\" }\n"),
        ("gateway g { a ", "\u{1}b ", "}\n"),
        ("route GET /x ", "-> a ", "\n"),
        ("route GET /x respond 200 json { ", "a: 1, ", "}\n"),
        ("type T { ", "a: int, ", "}\n"),
        ("type T = \"a\"", " | \"a\"", "\n"),
        ("route ", "GET, ", "GET /x respond 200\n"),
        ("", "/// a\nunknown\n", ""),
        ("group {\n", "  /// a\n  param x: int\n", "}\n"),
        ("gateway g {\n", "  route GET /x {\n", ""),
        ("gateway g {\n  w x = a", "\n\n    or b", "\n}\n"),
    ] {
        let text = format!("{head}{}{tail}", unit.repeat(10_000));
        let _ = crate::format(&Source::new("a.gw", text));
    }
}

/// Pieces of programs, so that random text is often nearly right.
fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "gateway",
        "upstream",
        "route",
        "group",
        "respond",
        "redirect",
        "json",
        "text",
        "->",
        "=>",
        "GET",
        "*",
        " ",
        "  ",
        "\n",
        "\n  ",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "\\",
        "/",
        "//",
        "///",
        "/*",
        "*/",
        "#",
        ",",
        ";",
        ":",
        "::",
        "=",
        "..",
        "5",
        "5s",
        "1.5",
        "10.0.0.1",
        ":80",
        "%",
        "-",
        "a",
        "re\"",
        "re\"\\\"",
        "re",
        "\\",
        "/a/{id: int(1..5)}",
        "{id}",
        "é",
        "\u{202e}",
        "\r\n",
        "\r",
        "\t",
        "\"x\"",
        "\"{a}\"",
        "true",
        "a.b",
        "as",
        "int",
        "if",
        "then",
        "else",
        "not",
        "or",
        "in",
        "is set",
        "has",
        "when",
        "use",
        "host",
        "import",
        "??",
        "==",
        "<",
        ">",
        "+",
        "|",
        "?",
        ".",
        ".{",
        "[where .a]",
        "[*]",
        "a.b(c)",
        "x: int",
        "from",
        "{a}.b",
        "type",
    ]);
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the splitter hands over is always read to its end: error productions leave nothing out.
    #[test]
    fn the_grammar_takes_all_that_the_splitter_gives(text in soup()) {
        use pest::Parser;
        for (word, rule) in [
            ("gateway", Rule::named_declaration),
            ("route", Rule::route_declaration),
            ("group", Rule::group_declaration),
            ("host", Rule::host_declaration),
            ("policy", Rule::policy_declaration),
            ("type", Rule::type_declaration),
            ("param", Rule::param_declaration),
            ("live", Rule::param_declaration),
            ("import", Rule::import_declaration),
        ] {
            let source = Source::new("a.gw", format!("{word} {text}"));
            let split = split::split(&source);
            prop_assert_eq!(split.clean.len(), source.text.len());
            let Some(piece) = split.pieces.first().filter(|piece| !piece.too_deep) else { continue };
            let piece_text = format!("{}\n{}", &split.clean[piece.start..piece.end], "}".repeat(piece.missing));
            let read = Grammar::parse(rule, &piece_text);
            prop_assert!(read.is_ok(), "{piece_text:?}\n{}", read.unwrap_err());
        }
    }
}
