//! The problems of `match`.

use gatewright_dsl::problem::Problem;
use gatewright_dsl::source::Span;

use super::{MATCH_INCOMPLETE, TOO_MANY_ARMS, UNREACHED_ARM};

/// `missing`: the values that are in no arm, as they would be written; none where they cannot be counted.
pub(in crate::check) fn match_incomplete(ty: &str, missing: &[String], on: Span) -> Problem {
    let (message, help) = match missing {
        [] => (
            format!("this `match` does not say what is done for every `{ty}`"),
            "end it with `else` and what is done for all other values".to_owned(),
        ),
        missing => (
            format!("this `match` leaves out {}", missing.join(", ")),
            format!("give {} an arm, or end with `else`", if missing.len() == 1 { "it" } else { "them" }),
        ),
    };
    Problem::error(&MATCH_INCOMPLETE, message).at(on, format!("may be any `{ty}`")).help(help)
}

pub(in crate::check) fn unreached_else(span: Span, ty: &str) -> Problem {
    Problem::error(&UNREACHED_ARM, "every value has an arm already")
        .at(span, format!("there is no other `{ty}`"))
        .help("leave `else` out, so that a value that is added is missed")
}

pub(in crate::check) fn unreached_arm(value: &str, span: Span, first: Span) -> Problem {
    Problem::error(&UNREACHED_ARM, format!("{value} has an arm already"))
        .at(span, "never taken")
        .because(first, "taken here")
        .help("leave one of them out")
}

pub(in crate::check) fn too_many_arms(found: usize, most: usize, span: Span) -> Problem {
    Problem::error(
        &TOO_MANY_ARMS,
        format!("{found} arms are more than the {most} that a `match` may have"),
    )
    .at(span, "one too many")
    .help("name in one arm all values for which the same is done, or give some of them a route of their own")
}
