//! The problems of functions that answer.

use gatewright_dsl::problem::Problem;
use gatewright_dsl::problem::nearest::nearest;
use gatewright_dsl::source::Span;

use super::{HANDLER_REFUSED, MISSING_CRATE, UNKNOWN_CRATE, UNUSED_CRATE};

pub(in crate::check) fn unknown_crate(name: &str, span: Span, known: &[&str]) -> Problem {
    let problem =
        Problem::error(&UNKNOWN_CRATE, format!("there is no crate `{name}`")).at(span, "not known here");
    let help = format!("say in the gateway's block where it is: `crate {name} \"{name}\"`");
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`? if not, {help}")),
        None => problem.help(help),
    }
}

pub(in crate::check) fn unused_crate(name: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_CRATE, format!("no route calls a function of the crate `{name}`"))
        .at(span, "linked for nothing")
        .help(format!("call one with `handler {name}::…`, or remove the line"))
}

pub(crate) fn missing_crate(name: &str, folder: &str, span: Span) -> Problem {
    Problem::error(&MISSING_CRATE, format!("this package does not depend on the crate `{name}`"))
        .at(span, "needs it")
        .help(format!("write `{name} = {{ path = \"{folder}\" }}` below `[dependencies]` in Cargo.toml"))
}

/// `said` is what rustc says: what is wrong, and what belongs to it.
pub(crate) fn handler_refused(path: &str, span: Span, said: &[String]) -> Problem {
    let (first, rest) = said
        .split_first()
        .map_or(("rustc refuses this call", &[][..]), |(first, rest)| (first.as_str(), rest));
    let rest = if rest.is_empty() {
        "hold the function against what it is called with here".to_owned()
    } else {
        rest.join("; ")
    };
    Problem::error(&HANDLER_REFUSED, format!("`{path}` cannot be called so")).at(span, first).help(rest)
}
