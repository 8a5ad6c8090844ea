//! The problems of blocks inside of blocks, and of the policies that operators declare.

use gatewright_dsl::problem::Problem;
use gatewright_dsl::problem::nearest::nearest;
use gatewright_dsl::source::Span;

use super::{
    ANSWER_NEVER_GIVEN, CONFLICTING_POLICIES, NESTED_HOST, NOTHING_TO_DROP, OUTSIDE_POLICY, POLICY_ARGUMENTS,
    POLICY_CYCLE, POLICY_TOO_LARGE, PREFIX_ENDS_IN_SLASH, REPEATED_USE, UNKNOWN_POLICY, UNUSED_PARAMETER,
    UNUSED_POLICY,
};

pub(crate) fn prefix_ends_in_slash(written: &str, span: Span) -> Problem {
    let problem = Problem::error(&PREFIX_ENDS_IN_SLASH, "a prefix does not end in a slash")
        .at(span, "every path inside would have two slashes here");
    let trimmed = written.trim_matches('"').trim_end_matches('/');
    if trimmed.is_empty() {
        problem.help("leave the prefix out: `group { … }`")
    } else if written.starts_with('"') {
        problem.help(format!("write `\"{trimmed}\"`")).fix(span, format!("\"{trimmed}\""))
    } else {
        problem.help(format!("write `{trimmed}`")).fix(span, trimmed)
    }
}

pub(crate) fn nested_host(span: Span, outer: Span) -> Problem {
    Problem::error(&NESTED_HOST, "a `host` cannot stand in another")
        .at(span, "no request has two hosts")
        .because(outer, "inside of this one")
        .help("put it beside the other")
}

pub(crate) fn unknown_policy<'a>(name: &str, span: Span, known: impl Iterator<Item = &'a str>) -> Problem {
    let problem =
        Problem::error(&UNKNOWN_POLICY, format!("there is no policy `{name}`")).at(span, "not declared");
    match nearest(name, known) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        None => problem.help(format!("declare it: `policy {name} {{ … }}`")),
    }
}

pub(crate) fn unused_policy(name: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_POLICY, format!("no block uses the policy `{name}`"))
        .at(span, "declared, but never used")
        .help(format!("write `use {name}` in a block, or remove it"))
}

pub(crate) fn repeated_use(name: &str, span: Span, first: Span) -> Problem {
    Problem::error(&REPEATED_USE, format!("this block uses the policy `{name}` twice"))
        .at(span, "again here")
        .because(first, "first here")
        .help("remove one of the two")
}

pub(crate) fn unused_parameter(name: &str, policy: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_PARAMETER, format!("the policy `{policy}` does not use its parameter `{name}`"))
        .at(span, "taken, but never used")
        .help("name it where its value is wanted, or remove it")
}

pub(crate) fn policy_arguments(
    policy: &str,
    expected: &str,
    found: usize,
    span: Span,
    declared: Span,
) -> Problem {
    let noun = if expected == "1" { "argument" } else { "arguments" };
    Problem::error(&POLICY_ARGUMENTS, format!("`{policy}` takes {expected} {noun}, found {found}"))
        .at(span, "")
        .because(declared, "declared here")
        .help("give each parameter without a default its argument, in the order of the declaration")
}

pub(crate) fn policy_cycle(name: &str, circle: &[Span]) -> Problem {
    let mut problem = Problem::error(&POLICY_CYCLE, format!("the policy `{name}` uses itself"));
    if let Some((last, before)) = circle.split_last() {
        problem = problem.at(*last, "leads back to it");
        for span in before {
            problem = problem.because(*span, "through this");
        }
    }
    problem.help("put what both need into a policy of its own")
}

pub(crate) fn policy_too_large(what: &str, span: Span) -> Problem {
    Problem::error(&POLICY_TOO_LARGE, what.to_owned())
        .at(span, "not written out further")
        .help("use policies in fewer levels, or give them smaller arguments")
}

pub(crate) fn outside_policy(name: &str, policy: &str, span: Span, asks: Option<&str>) -> Problem {
    let problem = Problem::error(&OUTSIDE_POLICY, format!("the policy `{policy}` has no `{name}`"));
    if let Some(asks) = asks {
        return problem
            .at(span, "not asked for by the policy")
            .help(format!("write `{asks} {name}` into it: not every route that uses it asks for `{name}`"));
    }
    problem.at(span, "not a parameter of the policy").help(format!(
        "a policy reads its parameters, `request`, `client` and params: add `{name}` to its parameters"
    ))
}

/// Each policy comes with its `use`, and with the place in it that shows what it says.
pub(crate) fn conflicting_policies(what: &str, [second, first]: [(Span, Option<Span>); 2]) -> Problem {
    let mut problem = Problem::error(&CONFLICTING_POLICIES, format!("two policies disagree about `{what}`"))
        .at(second.0, "used here")
        .because(first.0, "and here");
    for (_, place) in [second, first] {
        if let Some(place) = place {
            problem = problem.because(place, "says this");
        }
    }
    problem.help(format!("write `{what} …` in the block itself: its own words beat those that it uses"))
}

/// An answer of the gateway's own that no route gives; `given` is what they give.
pub(crate) fn answer_never_given(cause: &str, span: Span, why: Option<&str>, given: &str) -> Problem {
    let given = match given {
        "" => "nothing can be given here".to_owned(),
        given => format!("these can be given here: {given}"),
    };
    Problem::error(&ANSWER_NEVER_GIVEN, format!("no route that this holds for gives the answer `{cause}`"))
        .at(span, "never given")
        .help(match why {
            Some(why) => format!("{why}; {given}"),
            None => given,
        })
}

pub(crate) fn nothing_to_drop(word: &str, span: Span) -> Problem {
    Problem::error(&NOTHING_TO_DROP, format!("`{word} none` drops nothing"))
        .at(span, format!("no block around says `{word}`"))
        .help("remove it")
}
