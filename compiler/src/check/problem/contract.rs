//! The problems of contracts: what a program asks of a server, and what the server says of itself.

use gatewright_dsl::problem::Problem;
use gatewright_dsl::problem::nearest::nearest;
use gatewright_dsl::source::Span;

use super::{CONTRACT_DISAGREES, OUTSIDE_CONTRACT, WRONG_CONTRACT};

/// `at` is the place in the contract: `orders.yaml:12`.
pub(in crate::check) fn wrong_contract(at: &str, why: &str, span: Span) -> Problem {
    Problem::error(&WRONG_CONTRACT, format!("the contract cannot be read: {why}"))
        .at(span, format!("at {at}"))
        .help("write it as OpenAPI 3.0 or 3.1, in JSON or YAML, with references within the document")
}

/// `known` are the paths of the contract, each with its place there.
pub(in crate::check) fn outside_contract(
    upstream: &str,
    asked: &str,
    known: &[(String, String)],
    file: &str,
    span: Span,
) -> Problem {
    let problem =
        Problem::error(&OUTSIDE_CONTRACT, format!("the contract of `{upstream}` has no path `{asked}`"))
            .at(span, format!("not in {file}"));
    let near = nearest(asked, known.iter().map(|(path, _)| path.as_str()));
    match near.and_then(|near| known.iter().find(|(path, _)| path == near)) {
        Some((path, at)) => problem.help(format!("{at} has `{path}`")),
        None => problem.help("ask for a path that the contract has, or mend the contract"),
    }
}

pub(in crate::check) fn path_of_any_length(upstream: &str, span: Span) -> Problem {
    Problem::error(
        &OUTSIDE_CONTRACT,
        format!("the rest of a path may be none that the contract of `{upstream}` has"),
    )
    .at(span, "any number of segments")
    .help("write a route for each path of the contract, or forward to an upstream without one")
}

/// `method` is `*` for all that a route takes.
pub(in crate::check) fn method_outside_contract(
    (upstream, method): (&str, &str),
    (path, at): (&str, &str),
    known: &[String],
    span: Span,
) -> Problem {
    let shown = if method == "*" { "any method".to_owned() } else { format!("`{method}`") };
    Problem::error(
        &OUTSIDE_CONTRACT,
        format!("the contract of `{upstream}` does not take {shown} at `{path}`"),
    )
    .at(span, "asked for with it")
    .help(format!("{at} takes {}", known.join(", ")))
}

pub(in crate::check) fn query_outside_contract(
    upstream: &str,
    name: &str,
    known: &[&str],
    at: &str,
    span: Span,
) -> Problem {
    let problem = Problem::error(
        &OUTSIDE_CONTRACT,
        format!("the contract of `{upstream}` has no `{name}` in the query here"),
    )
    .at(span, "asked for with it");
    if known.is_empty() {
        return problem.help(format!("{at} takes nothing in the query"));
    }
    problem.help(format!("{at} takes `{}`", known.join("`, `")))
}

pub(in crate::check) fn query_missing(upstream: &str, name: &str, at: &str, span: Span) -> Problem {
    Problem::error(
        &OUTSIDE_CONTRACT,
        format!("the contract of `{upstream}` wants `{name}` in the query here"),
    )
    .at(span, "asked for without it")
    .help(format!("{at} says that it is required: write `?{name}={{…}}`"))
}

/// `what` is what the contract says otherwise, `at` where.
pub(in crate::check) fn contract_disagrees(of: &str, what: &str, at: &str, span: Span) -> Problem {
    Problem::error(&CONTRACT_DISAGREES, format!("the contract says otherwise of {of}: {what}"))
        .at(span, format!("held against {at}"))
        .help("change the type, or mend the contract")
}
