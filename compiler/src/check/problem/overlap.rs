//! The problems of sets of requests: what a capture can be, and routes among each other.

use gatewright_dsl::Span;
use gatewright_dsl::problem::Problem;

use super::{
    AMBIGUOUS_ROUTE, CONDITION_TOO_COMPLEX, DUPLICATE_ROUTE, IMPOSSIBLE_CAPTURE, PATTERN_TOO_LARGE,
    ROUTER_TOO_WIDE, UNREACHABLE_ROUTE, WRONG_CONDITION, WRONG_REGEX,
};
use crate::algebra::Refusal;

pub(in crate::check) fn duplicate_route(span: Span, first: Span, witness: Option<String>) -> Problem {
    proved(
        Problem::error(&DUPLICATE_ROUTE, "these two routes match the same requests")
            .at(span, "this one could never win")
            .because(first, "already matched here")
            .help("remove one of the two, or change its method or path"),
        witness,
    )
}

/// `asks`: both have a condition of their own.
pub(in crate::check) fn ambiguous_route(
    (span, first): (Span, Span),
    asks: bool,
    witness: Option<String>,
) -> Problem {
    proved(
        Problem::error(&AMBIGUOUS_ROUTE, "two routes match the same request, and neither is more specific")
            .at(span, "matches here")
            .because(first, "and here")
            .help(if asks {
                "let one condition exclude the other: add `and not …`, with what the other asks, to one `when`"
            } else {
                "part the bounds of their parameters, or put one range inside the other"
            }),
        witness,
    )
}

/// A route outside of a block that takes some of what the block's 404 takes.
pub(in crate::check) fn ambiguous_floor(span: Span, floor: Span, witness: Option<String>) -> Problem {
    proved(
        Problem::error(&AMBIGUOUS_ROUTE, "a route and a block share requests, and neither is more specific")
            .at(span, "matches here")
            .because(floor, "what is under this block, and matches no route in it, is answered 404")
            .help("move the route into the block, or part the bounds of their parameters"),
        witness,
    )
}

/// A path that leads to more places of the router than a request may visit.
pub(in crate::check) fn too_many_places(most: usize, path: &str, span: Span) -> Problem {
    Problem::error(&ROUTER_TOO_WIDE, format!("a request for `{path}` leads to more than {most} places of the router"))
        .at(span, "one of the routes that it might be for")
        .help("where literals and parameters stand side by side at many places, every request tries all combinations: write literals in some of them")
}

/// A condition that reads what is not known before the route is.
pub(in crate::check) fn wrong_condition(what: &str, span: Span) -> Problem {
    Problem::error(&WRONG_CONDITION, format!("a condition cannot read {what}"))
        .at(span, "decides which route it is")
        .help("it reads headers, query, cookies, `client.ip` and parameters; put hosts, paths and methods into the route, and everything else into `only if`")
}

/// A condition that holds for no request.
pub(in crate::check) fn unmet_condition(span: Span) -> Problem {
    Problem::error(&WRONG_CONDITION, "no request meets this condition and those of the blocks around it")
        .at(span, "never holds")
        .help("one field cannot have two values at once")
}

pub(in crate::check) fn condition_too_complex(span: Span) -> Problem {
    Problem::error(
        &CONDITION_TOO_COMPLEX,
        format!("this condition comes to more than {} alternatives", crate::algebra::MOST_WAYS),
    )
    .at(span, "too complex to be compared with others")
    .help("write it as several routes, or ask less in it")
}

/// A route all of whose requests others take.
pub(in crate::check) fn unreachable_route(span: Span, by: Span, witness: String) -> Problem {
    Problem::error(
        &UNREACHABLE_ROUTE,
        "this route never wins: more specific ones take every request that it matches",
    )
    .at(span, "never reached")
    .because(by, "takes this request; others may take the rest")
    .help("remove it, or one of those that take its requests")
    .witness(witness)
}

fn proved(problem: Problem, witness: Option<String>) -> Problem {
    match witness {
        Some(witness) => problem.witness(witness),
        None => problem,
    }
}

pub(in crate::check) fn router_too_wide(most: usize, span: Span) -> Problem {
    Problem::error(
        &ROUTER_TOO_WIDE,
        format!("more than {most} different parameters stand at one place of the path"),
    )
    .at(span, "one more than the router compares")
    .help("use fewer ranges, or a literal segment in front of them")
}

/// Why a regular expression is refused; `span` is where it stands.
pub(crate) fn regex(refusal: &Refusal, span: Span) -> Problem {
    match refusal {
        Refusal::Syntax(what) => {
            Problem::error(&WRONG_REGEX, format!("this regular expression cannot be read: {what}"))
                .at(span, "in here")
                .help("a character that has a meaning, such as `.` or `(`, stands for itself behind a `\\`")
        }
        Refusal::Unsupported { what, help } => {
            Problem::error(&WRONG_REGEX, format!("a regular expression cannot have {what}"))
                .at(span, "in here")
                .help(*help)
        }
        Refusal::TooLarge => Problem::error(
            &PATTERN_TOO_LARGE,
            format!("this set of texts needs more than {} states", crate::algebra::MOST_STATES),
        )
        .at(span, "too large to be compared and compiled")
        .help("bound its repetitions by smaller numbers"),
    }
}

/// A capture of whose type no request can have a value; `place` is the segment of a path or the label of a host.
pub(in crate::check) fn impossible_capture(name: &str, place: &str, span: Span) -> Problem {
    Problem::error(&IMPOSSIBLE_CAPTURE, format!("no request can match `{name}`"))
        .at(span, format!("no value of this type is a {place}"))
        .help("a capture is an `int`, `string`, `uuid` or `date`, bounded or not, or one of some texts: `\"a\" | \"b\"`")
}
