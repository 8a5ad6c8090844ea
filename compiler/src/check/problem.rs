//! The problems that the compiler raises: one constructor for each, so that a sentence is written once.
//!
//! When they are raised is decided elsewhere.

use gatewright_dsl::problem::{Kind, Problem, nearest::nearest};
use gatewright_dsl::source::Span;

/// Declares the kinds, and the list of all of them.
macro_rules! kinds {
    ($($constant:ident $name:literal $title:literal;)*) => {
        $(const $constant: Kind = Kind { name: $name, title: $title };)*

        /// The kinds of problem that the compiler reports.
        pub const KINDS: &[Kind] = &[$($constant),*];
    };
}

kinds! {
    AMBIGUOUS_ROUTE "ambiguous_route" "two routes share requests, and neither is more specific";
    BODY_NOT_ALLOWED "body_not_allowed" "an answer of this status has no body";
    CAPTURE_TYPE "capture_type" "a type that a path segment cannot have";
    DUPLICATE_LISTENER "duplicate_listener" "two listeners cannot have one address";
    DUPLICATE_NAME "duplicate_name" "two declarations have one name";
    DUPLICATE_ROUTE "duplicate_route" "two routes match the same requests";
    DUPLICATE_SERVER "duplicate_server" "an upstream names a server twice";
    MISSING_GATEWAY "missing_gateway" "no gateway is declared";
    MISSING_ROUTE "missing_route" "a gateway without a route answers nothing";
    NOT_JSON "not_json" "a value that JSON does not have";
    PATTERN_TOO_LONG "pattern_too_long" "a path pattern beyond the limits";
    REDIRECT_TARGET "redirect_target" "a redirect leads to a path or to an http or https URL";
    REPEATED_GATEWAY "repeated_gateway" "a second gateway block";
    ROUTER_TOO_WIDE "router_too_wide" "too many different parameters at one place of the path";
    SERVER_NEEDS_ADDRESS "server_needs_address" "a server is named, not addressed";
    SERVER_WITH_PATH "server_with_path" "a server's URL ends with its port";
    SETTING_WITHOUT_EFFECT "setting_without_effect" "a setting that this route can never use";
    TOO_MANY_CAPTURES "too_many_captures" "a pattern has at most 16 captures";
    UNKNOWN_CAPTURE "unknown_capture" "a target uses a capture that the pattern lacks";
    UNKNOWN_UPSTREAM "unknown_upstream" "no upstream of this name";
    UNUSED_CAPTURE "unused_capture" "the target drops what the pattern captures";
    UNUSED_UPSTREAM "unused_upstream" "no route leads to this upstream";
}

pub(super) fn missing_gateway() -> Problem {
    Problem::error(&MISSING_GATEWAY, "no `gateway` is declared")
        .help("begin with `gateway NAME { listen http :8080 }`")
}

pub(super) fn repeated_gateway(span: Span, first: Span) -> Problem {
    Problem::error(&REPEATED_GATEWAY, "a program has one `gateway`")
        .at(span, "a second one")
        .because(first, "the first is here")
        .help("join the two blocks")
}

pub(super) fn missing_route(gateway: Span) -> Problem {
    Problem::error(&MISSING_ROUTE, "no `route` is declared")
        .at(gateway, "this gateway would answer every request with 404")
        .help("add `route * /{rest: path} -> UPSTREAM`")
}

pub(super) fn duplicate_name(name: &str, span: Span, first: Span) -> Problem {
    Problem::error(&DUPLICATE_NAME, format!("the name `{name}` is taken"))
        .at(span, "declared again here")
        .because(first, "declared here first")
        .help("rename one of the two, or join their servers in one block")
}

pub(super) fn unknown_upstream<'a>(name: &str, span: Span, known: impl Iterator<Item = &'a str>) -> Problem {
    let problem = Problem::error(&UNKNOWN_UPSTREAM, format!("there is no upstream `{name}`"));
    match nearest(name, known) {
        Some(near) => {
            problem.at(span, "not declared").help(format!("did you mean `{near}`?")).fix(span, near)
        }
        None => problem
            .at(span, "not declared")
            .help(format!("declare it: `upstream {name} {{ server \"http://127.0.0.1:9000\" }}`")),
    }
}

pub(super) fn unused_upstream(name: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_UPSTREAM, format!("no route leads to the upstream `{name}`"))
        .at(span, "declared, but never used")
        .help(format!("send a route to it with `-> {name}`, or remove it"))
}

pub(super) fn duplicate_listener(address: &str, span: Span, other: &str, first: Span) -> Problem {
    Problem::error(&DUPLICATE_LISTENER, format!("`{address}` is taken by `{other}`"))
        .at(span, "cannot be opened a second time")
        .because(first, "already listens there")
        .help("remove one of the two, or change its port")
}

pub(super) fn duplicate_server(authority: &str, span: Span, first: Span) -> Problem {
    let problem = Problem::error(&DUPLICATE_SERVER, format!("`{authority}` is named twice"));
    let problem = if span == first {
        problem.at(span, "here")
    } else {
        problem.at(span, "named again here").because(first, "named here first")
    };
    problem.help("remove one of the two")
}

pub(super) fn server_needs_address(host: &str, span: Span, fix: Option<String>) -> Problem {
    let problem =
        Problem::error(&SERVER_NEEDS_ADDRESS, format!("`{host}` is a name, and names are not looked up"))
            .at(span, "expected an IP address");
    match fix {
        Some(url) => problem.help(format!("write `{url}`")).fix(span, url),
        None => problem.help("write the server's address: `\"http://10.0.0.7:8080\"`"),
    }
}

pub(super) fn server_with_path(path: &str, span: Span, fix: Option<String>) -> Problem {
    let problem = Problem::error(&SERVER_WITH_PATH, format!("a server has no path, found `{path}`"))
        .at(span, "expected the URL to end with host or port")
        .help("say in the route which path is sent: `-> UPSTREAM /PATH`");
    match fix {
        Some(url) => problem.fix(span, url),
        None => problem,
    }
}

pub(super) fn capture_type(ty: &str, span: Span) -> Problem {
    Problem::error(&CAPTURE_TYPE, format!("a path segment cannot be `{ty}`"))
        .at(span, "expected `int`, `uuid`, `date`, `string` or `path`")
        .help("leave the type out to take any segment that is not empty")
}

pub(super) fn too_many_captures(most: usize, found: usize, span: Span) -> Problem {
    Problem::error(&TOO_MANY_CAPTURES, format!("a pattern has at most {most} captures, found {found}"))
        .at(span, "too many")
        .help("take the end of the path as one: `{rest: path}`")
}

pub(super) fn pattern_too_long(expected: &str, found: usize, span: Span) -> Problem {
    Problem::error(&PATTERN_TOO_LONG, format!("a pattern has at most {expected}, found {found}"))
        .at(span, "too long")
        .help("take the end of the path as one: `{rest: path}`")
}

pub(super) fn unknown_capture<'a>(name: &str, span: Span, known: impl Iterator<Item = &'a str>) -> Problem {
    let problem = Problem::error(&UNKNOWN_CAPTURE, format!("the pattern captures no `{name}`"))
        .at(span, "not captured");
    match nearest(name, known) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        None => problem.help(format!("add `{{{name}}}` to the pattern, or leave it out here")),
    }
}

pub(super) fn unused_capture(name: &str, span: Span, target: Span) -> Problem {
    Problem::error(&UNUSED_CAPTURE, format!("`{name}` is captured, but the target does not use it"))
        .at(span, "captured here")
        .because(target, "not sent here")
        .help(format!("put `{{{name}}}` into the target"))
}

pub(super) fn body_not_allowed(status: u16, span: Span, body: Span) -> Problem {
    Problem::error(&BODY_NOT_ALLOWED, format!("an answer with status {status} has no body"))
        .at(body, "this could never be sent")
        .because(span, "because of this status")
        .help("leave the body out, or choose another status")
}

pub(super) fn not_json(found: &str, span: Span) -> Problem {
    Problem::error(&NOT_JSON, format!("JSON has no value like {found}"))
        .at(span, "expected a record, a list, a string, a number, `true` or `false`")
        .help("put it in quotes")
}

pub(super) fn redirect_target(why: &str, span: Span) -> Problem {
    Problem::error(&REDIRECT_TARGET, "a redirect leads to a path, or to an `http` or `https` URL")
        .at(span, why)
        .help("write a path such as `/new/{id}`, or a URL in quotes such as `\"https://example.com/\"`")
}

pub(super) fn setting_without_effect(word: &str, span: Span, terminal: Span) -> Problem {
    Problem::error(&SETTING_WITHOUT_EFFECT, format!("`{word}` has no effect on this route"))
        .at(span, "only a route that forwards can use this")
        .because(terminal, "this route answers by itself")
        .help("remove it")
}

pub(super) fn duplicate_route(span: Span, first: Span, witness: Option<String>) -> Problem {
    proved(
        Problem::error(&DUPLICATE_ROUTE, "these two routes match the same requests")
            .at(span, "this one could never win")
            .because(first, "already matched here")
            .help("remove one of the two, or change its method or path"),
        witness,
    )
}

pub(super) fn ambiguous_route(span: Span, first: Span, witness: Option<String>) -> Problem {
    proved(
        Problem::error(&AMBIGUOUS_ROUTE, "two routes match the same request, and neither is more specific")
            .at(span, "matches here")
            .because(first, "and here")
            .help("part the bounds of their parameters, or put one range inside the other"),
        witness,
    )
}

fn proved(problem: Problem, witness: Option<String>) -> Problem {
    match witness {
        Some(witness) => problem.witness(witness),
        None => problem,
    }
}

pub(super) fn router_too_wide(most: usize, span: Span) -> Problem {
    Problem::error(
        &ROUTER_TOO_WIDE,
        format!("more than {most} different parameters stand at one place of the path"),
    )
    .at(span, "one more than the router compares")
    .help("use fewer ranges, or a literal segment in front of them")
}
