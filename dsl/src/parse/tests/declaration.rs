//! Declarations: their heads, what may stand in them, and what is refused.

use super::{tree, wrong};
use crate::ast::{
    AnswerBody, Bounds, Declaration, File, Group, Host, HostLabel, Segment, Statement, TemplatePart,
    TerminalKind, Type, TypeBody, TypeKind, ValueKind,
};
use crate::{Source, parse};

fn only(file: &File) -> &Declaration {
    let [declaration] = file.declarations.as_slice() else { panic!("{file:#?}") };
    declaration
}

fn group(file: &File) -> &Group {
    let Declaration::Group(group) = only(file) else { panic!() };
    group
}

fn host(file: &File) -> &Host {
    let Declaration::Host(host) = only(file) else { panic!() };
    host
}

/// A type with all that was read of it.
fn shown(ty: &Type) -> String {
    let bounded = |bounds: &Option<Bounds>| match bounds {
        None => String::new(),
        Some(Bounds::Regex(text)) => format!("(re {})", text.value),
        Some(Bounds::Range(value)) => match &value.kind {
            ValueKind::Range(low, high) => {
                let end =
                    |it: &Option<Box<crate::ast::Value>>| it.as_ref().map(|it| format!("{:?}", it.kind));
                format!("({:?}..{:?})", end(low), end(high))
            }
            other => format!("({other:?})"),
        },
    };
    match &ty.kind {
        TypeKind::Named { name, bounds } => format!("{}{}", name.text, bounded(bounds)),
        TypeKind::Generic { name, of, bounds } => format!("{}<{}>{}", name.text, shown(of), bounded(bounds)),
        TypeKind::Enum(words) => words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join("|"),
        TypeKind::Optional(of) => format!("({})?", shown(of)),
    }
}

fn ty(text: &str) -> String {
    let file = tree(&format!("type T = {text}\n"));
    let Declaration::Type(declared) = only(&file) else { panic!() };
    let TypeBody::Alias(ty) = &declared.body else { panic!() };
    shown(ty)
}

#[test]
fn types_are_read_with_bounds_marks_and_parentheses() {
    for (text, expected) in [
        ("int", "int"),
        ("int(1..50)", "int(Some(\"Int(1)\")..Some(\"Int(50)\"))"),
        ("string(re\"[a-z-]+\")", "string(re [a-z-]+)"),
        ("list<url>(1..)", "list<url>(Some(\"Int(1)\")..None)"),
        ("map<list<T?>>", "map<list<(T)?>>"),
        ("\"a\"", "a"),
        ("\"free\" | \"pro\"\n  | \"team\"", "free|pro|team"),
        ("(\"a\" | \"b\")?", "(a|b)?"),
        ("(int(..5))?", "(int(None..Some(\"Int(5)\")))?"),
        ("list<\"a\" | \"b\">", "list<a|b>"),
    ] {
        assert_eq!(ty(text), expected, "{text}");
    }
}

#[test]
fn fields_are_parted_by_commas_and_lines() {
    let file = tree(
        "type T open {\n  a: int, b: \"x\" | \"y\" = \"x\"\n\n  // one\n  groups: list<string> from \"cognito:groups\" // two\n  in: uuid?\n}\n",
    );
    let Declaration::Type(declared) = only(&file) else { panic!() };
    let TypeBody::Record { fields, open: true } = &declared.body else { panic!() };
    let names: Vec<&str> = fields.iter().map(|field| field.name.text.as_str()).collect();
    assert_eq!(names, ["a", "b", "groups", "in"]);
    assert_eq!(fields[2].wire.as_ref().unwrap().value, "cognito:groups");
    assert!(fields[1].default.is_some());
}

#[test]
fn a_field_may_be_inside_of_others() {
    let file = tree("type T {\n  a: string? from \"x\" \"y.z\" \"w\" = \"d\", b: int\n}\n");
    let Declaration::Type(declared) = only(&file) else { panic!() };
    let TypeBody::Record { fields, .. } = &declared.body else { panic!() };
    let inside: Vec<&str> = fields[0].inside.iter().map(|name| name.value.as_str()).collect();
    assert_eq!((fields[0].wire.as_ref().unwrap().value.as_str(), inside), ("x", vec!["y.z", "w"]));
    assert!(fields[0].default.is_some() && fields[1].inside.is_empty());
}

#[test]
fn params_secrets_and_imports_are_one_line_each() {
    let file = tree(
        "/// Where orders are.\nparam orders_at: list<url>(1..16) = [\"http://a\"]\nparam rate: rate(10/s..1000/s)\nsecret key\nimport \"teams/*.gw\" as teams\n",
    );
    let [
        Declaration::Param(first),
        Declaration::Param(second),
        Declaration::Secret(secret),
        Declaration::Import(import),
    ] = file.declarations.as_slice()
    else {
        panic!()
    };
    assert_eq!((first.docs.len(), first.name.text.as_str(), first.default.is_some()), (1, "orders_at", true));
    assert_eq!((second.default.is_none(), secret.name.text.as_str()), (true, "key"));
    assert_eq!(
        (import.path.value.as_str(), import.alias.as_ref().unwrap().text.as_str()),
        ("teams/*.gw", "teams")
    );
}

#[test]
fn policies_take_fields_and_uses_give_values() {
    let file = tree(
        "policy limited(per: rate, by: string = \"x\",) {\n  limit per\n}\ngroup {\n  /// Why.\n  use limited(5/s, \"{request.host}\")\n  use plain\n}\n",
    );
    let [Declaration::Policy(policy), Declaration::Group(group)] = file.declarations.as_slice() else {
        panic!()
    };
    assert_eq!((policy.params.len(), policy.block.settings().count()), (2, 1));
    let uses: Vec<_> = group.block.uses().collect();
    assert_eq!((uses[0].arguments.len(), uses[0].docs.len(), uses[1].arguments.len()), (2, 1, 0));
}

#[test]
fn groups_and_hosts_hold_settings_and_each_other() {
    let text = "group /api/{v: int} when request.header(\"x\") is set {\n  timeout 1s\n  route GET /a -> x\n  group {\n    route GET /b\n      when not c\n      -> x {\n        timeout 2s\n      }\n  }\n  host a.com { import \"b.gw\" }\n}\n";
    let file = tree(text);
    let group = group(&file);
    assert!(group.when.is_some() && !group.broken);
    assert!(matches!(
        group.prefix.as_ref().unwrap().segments.as_slice(),
        [Segment::Literal { .. }, Segment::Capture(_)]
    ));
    assert_eq!((group.block.settings().count(), group.block.declarations().count()), (1, 3));
    assert_eq!(&text[group.head.start..group.head.end], text.lines().next().unwrap().trim_end_matches(" {"));
    let Some(Declaration::Group(inner)) = group.block.declarations().nth(1) else { panic!() };
    let Statement::Declaration(Declaration::Route(route)) = &inner.block.statements[0] else { panic!() };
    assert!(route.when.is_some() && route.terminal().is_some() && route.block.is_some());
}

#[test]
fn hosts_are_read_label_by_label() {
    let file = tree("host {tenant: Slug}.example.com, api.{x}.y, localhost, 127.0.0.1 when a {\n}\n");
    let host = host(&file);
    let shown: Vec<String> = host
        .patterns
        .iter()
        .map(|pattern| {
            let labels = pattern.labels.iter().map(|label| match label {
                HostLabel::Literal { text, .. } => text.clone(),
                HostLabel::Capture(capture) => format!("<{}>", capture.name.text),
            });
            labels.collect::<Vec<_>>().join(".")
        })
        .collect();
    assert_eq!(shown, ["<tenant>.example.com", "api.<x>.y", "localhost", "127.0.0.1"]);
    assert!(host.when.is_some() && !host.broken);
}

#[test]
fn answers_and_targets_hold_values() {
    let file = tree(
        "route GET /{a} -> x /y/{user.name}/{a}\nroute GET /b respond 200 text \"Hi {a}\"\nroute GET /c respond 200 file \"c.html\"\nroute GET /d respond 200 json { a: b.c, d }\n",
    );
    let kinds: Vec<&TerminalKind> = file.routes().map(|route| &route.terminal().unwrap().kind).collect();
    let TerminalKind::Forward { path: Some(path), .. } = kinds[0] else { panic!() };
    let values = path.parts.iter().filter(|part| matches!(part, TemplatePart::Value(_))).count();
    assert_eq!((path.parts.len(), values), (4, 2));
    let body = |kind: &TerminalKind| match kind {
        TerminalKind::Respond { body: Some(body), .. } => body.clone(),
        _ => panic!(),
    };
    assert!(
        matches!(body(kinds[1]), AnswerBody::Text(value) if matches!(value.kind, ValueKind::Interpolated(_)))
    );
    assert!(matches!(body(kinds[2]), AnswerBody::File(_)));
    assert!(matches!(body(kinds[3]), AnswerBody::Json(_)));
}

#[test]
fn each_mistake_in_a_head_is_said_once_and_hides_nothing() {
    for (text, expected) in [
        ("import x.gw", "unexpected_text"),
        ("import", "missing_value"),
        ("import \"a\" as", "missing_value"),
        ("import \"a{b}\"", "unsupported_interpolation"),
        ("import \"a\" { x }", "unexpected_text"),
        ("param", "missing_value"),
        ("param a", "unexpected_text"),
        ("param a:", "missing_value"),
        ("param a: int =", "missing_value"),
        ("param a: int as b", "unexpected_text"),
        ("param if: int", "reserved_word"),
        ("param a: list<int = 5", "unexpected_text"),
        ("param a: int(", "unclosed_brace"),
        ("param a: \"x\" | \"y\"?", "unexpected_text"),
        ("param a: \"x\" | \"x\"", "repeated_field"),
        ("secret", "missing_name"),
        ("secret a b", "unexpected_text"),
        ("type A", "missing_block"),
        ("type A =", "missing_value"),
        ("type A = { b: int }", "unexpected_text"),
        ("type A open = int", "unexpected_text"),
        ("type A { b }", "unexpected_text"),
        ("type A { b: }", "missing_value"),
        ("type A { b: int c: int }", "unexpected_text"),
        ("type A { b: int, b: int }", "repeated_field"),
        ("policy { a 1 }", "missing_name"),
        ("policy a", "missing_block"),
        ("policy a(b int) { c 1 }", "unexpected_text"),
        ("policy a (b: int) { c 1 }", "unexpected_text"),
        ("group api { a 1 }", "unexpected_text"),
        ("group /a", "missing_block"),
        ("group /a when { a 1 }", "missing_value"),
        ("group /a?b { a 1 }", "query_in_path"),
        ("group {\n  upstream x { a 1 }\n}", "misplaced_setting"),
        ("group {\n  use\n}", "missing_value"),
        ("group {\n  use a b\n}", "unexpected_text"),
        ("group {\n  use a(1 2)\n}", "unexpected_text"),
        ("group {\n  use a { b 1 }\n}", "unexpected_text"),
        ("group {\n  rout GET /x -> a\n}", "unknown_word"),
        ("group {\n  route get /x -> a\n}", "unknown_method"),
        ("group\n{\n  a 1\n}", "misplaced_brace"),
        ("group {\n  route GET /x -> a\n  {\n    b 1\n  }\n}", "misplaced_brace"),
        ("host { a 1 }", "missing_value"),
        ("host a.com, { a 1 }", "missing_value"),
        ("host A.com. { a 1 }", "host_not_canonical"),
        ("host a.com:80 { a 1 }", "host_not_canonical"),
        ("host *.a.com { a 1 }", "foreign_wildcard"),
        ("host a..b { a 1 }", "impossible_host"),
        ("host -a.b { a 1 }", "impossible_host"),
        ("host ä.de { a 1 }", "impossible_host"),
        ("host {a: path}.b { a 1 }", "impossible_host"),
        ("host x{a}.b { a 1 }", "partial_capture"),
        ("host {a}x.b { a 1 }", "partial_capture"),
        ("host {a}.{a} { a 1 }", "repeated_capture"),
        ("host {a b}.c { a 1 }", "unexpected_text"),
        ("route GET /a when -> x", "missing_value"),
        ("route GET /a when b -> x when c", "unexpected_text"),
        ("route GET /a when b == -> x", "unexpected_text"),
        ("route GET /a when b", "missing_terminal"),
        ("route GET /{a.b} -> x", "unexpected_text"),
        ("route GET /a -> x /{a: int}", "unexpected_text"),
        ("route GET /a respond 200 file", "missing_value"),
        ("route GET /a -> x {\n  route GET /b -> x\n}", "misplaced_setting"),
        ("gateway g {\n  import \"x\"\n}", "misplaced_setting"),
    ] {
        let program = format!("{text}\nupstream last {{ a 1 }}\n");
        let (file, problems) = parse(&Source::new("a.gw", program));
        let names: Vec<&str> = problems.iter().map(|problem| problem.name).collect();
        assert_eq!(names, [expected], "{text}");
        assert!(matches!(file.declarations.last(), Some(Declaration::Upstream(_))), "{text}");
    }
}

#[test]
fn a_broken_declaration_never_hides_its_neighbours() {
    let text = "group /a {\n  route get /b -> x\n  route GET /c ->\n  host {\n    route GET /d -> x\n  }\n  group /e !! {\n    route GET /f -> x\n  }\n  route GET /g -> x\n}\nroute GET /h -> x\n";
    let (names, left) = wrong(text);
    assert_eq!(names, ["unknown_method", "missing_value", "missing_value", "unexpected_text"]);
    assert_eq!(left, 2);
}

#[test]
fn a_brace_missing_in_a_group_costs_only_its_own_block() {
    let text = "group /a {\n  route GET /b -> x {\n    timeout 1s\n  route GET /c -> x\n  route GET /d -> x\n}\nroute GET /e -> x\n";
    let (file, problems) = parse(&Source::new("a.gw", text));
    assert_eq!(problems.iter().map(|it| it.name).collect::<Vec<_>>(), ["unclosed_brace"]);
    let Declaration::Group(group) = &file.declarations[0] else { panic!() };
    // What follows stays in the group, which can hold it.
    assert_eq!((group.block.declarations().count(), file.declarations.len()), (4, 1));
}

#[test]
fn a_bracket_that_never_closes_takes_no_other_line_with_it() {
    let text =
        "gateway g {\n  a [1, 2\n  b 5x // one\n  c (d\n    or e\n  f 6x\n}\nroute GET /x respond 200\n";
    assert_eq!(wrong(text).0, ["unclosed_brace", "unknown_unit", "unclosed_brace", "unknown_unit"]);
}

#[test]
fn a_record_that_never_closes_is_said_once() {
    for text in [
        "route GET /a respond 200 json {\n  b: 1,\n  c: 2\nroute GET /x -> y\n",
        "group {\n  route GET /a respond 200 json {\n    b: 1\n  route GET /x -> y\n}\n",
        "group {\n  route GET /a -> y {\n    w x = {\n      b: 1,\n    z 1\n  }\n  route GET /x -> y\n}\n",
    ] {
        assert_eq!(wrong(text).0, ["unclosed_brace"], "{text}");
    }
}

#[test]
fn a_name_that_is_json_begins_no_record() {
    let file = tree("upstream json {\n  a 1\n  b 2\n}\npolicy json {\n  a 1\n  b 2\n}\n");
    assert_eq!(file.upstreams().next().unwrap().block.settings().count(), 2);
}

#[test]
fn an_indented_line_that_continues_nothing_misleads_in_groups_too() {
    let text = "group {\n  route GET /a -> x\n    cache 5s\n  route GET /b -> x\n}\n";
    assert_eq!(wrong(text).0, ["misleading_indentation"]);
    assert!(wrong("group {\n  w a ==\n    b\n}\n").0 == ["missing_value"]);
}
