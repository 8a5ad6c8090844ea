//! The problems of assertions: those that do not hold, and those that say nothing.

use gatewright_dsl::Span;
use gatewright_dsl::problem::{Problem, nearest::nearest};

use super::{ASSERTION_FAILS, ASSERTION_OF_NOTHING, NOT_ASSERTED, UNKNOWN_ROUTE};

/// A route that breaks an assertion.
pub(crate) fn assertion_fails(why: &str, route: &str, at: Span, head: Span, text: &str) -> Problem {
    Problem::error(&ASSERTION_FAILS, format!("`{route}` breaks \"{why}\""))
        .at(at, "asserted here")
        .because(head, text.to_owned())
}

/// More routes than are shown.
pub(crate) fn assertion_fails_more(why: &str, more: usize, at: Span, head: Span) -> Problem {
    let routes = if more == 1 { "route breaks" } else { "routes break" };
    Problem::error(&ASSERTION_FAILS, format!("{more} more {routes} \"{why}\""))
        .at(at, "asserted here")
        .because(head, "this is the next of them")
}

pub(crate) fn assertion_of_nothing(why: &str, at: Span) -> Problem {
    Problem::error(&ASSERTION_OF_NOTHING, format!("\"{why}\" speaks of no route"))
        .at(at, "of nothing everything is true")
        .help("write which routes it means, or remove it")
}

/// Routes that are left out, and would not have been meant.
pub(crate) fn except_nothing(at: Span, assertion: Span) -> Problem {
    Problem::error(&ASSERTION_OF_NOTHING, "this route is left out of those that it is not one of")
        .at(at, "is not meant anyway")
        .because(assertion, "by this assertion")
        .help("remove it here")
}

pub(crate) fn not_asserted(at: Span, message: &str, text: &str, help: &str) -> Problem {
    Problem::error(&NOT_ASSERTED, message).at(at, text).help(help)
}

pub(crate) fn unknown_route(at: Span, name: &str, known: &[String]) -> Problem {
    let problem =
        Problem::error(&UNKNOWN_ROUTE, format!("there is no route `{name}`")).at(at, "not declared");
    // What is only on a host, or has another method or prefix, is nearer than any spelling.
    let path = name.split_once(' ').map_or(name, |(_, path)| path);
    let is_like = |known: &&String| {
        let (method, other) = known.split_once(' ').unwrap_or(("", known));
        let bare = other.split_once(" on ").map_or(other, |(bare, _)| bare);
        name.starts_with(method) && (bare == path || bare.ends_with(path) && path != "/")
    };
    let near = known.iter().find(is_like).map(String::as_str);
    match near.or_else(|| nearest(name, known.iter().map(String::as_str))) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(at, near),
        None => problem.help("a route is named by one of its methods and its whole path: `GET /api/orders`"),
    }
}
