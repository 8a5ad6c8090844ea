//! The problems of aggregations.

use gatewright_dsl::problem::Problem;
use gatewright_dsl::source::Span;

use super::{
    AGGREGATE_CYCLE, BRANCH_BODY, BRANCH_METHOD, BRANCH_OUTLASTS, TOO_MANY_BRANCHES, UNTYPED_BRANCH,
    UNUSED_BRANCH, UNUSED_ELEMENT,
};

/// `circle` names the branches, each with its place.
pub(in crate::check) fn aggregate_cycle(circle: &[(&str, Span)]) -> Problem {
    let names: Vec<String> = circle.iter().map(|(name, _)| format!("`{name}`")).collect();
    let shown = names.join(" and ");
    let message = match names.as_slice() {
        [only] => format!("the branch {only} waits for itself"),
        _ => format!("the branches {shown} wait for each other"),
    };
    let mut problem = Problem::error(&AGGREGATE_CYCLE, message);
    for (at, (name, span)) in circle.iter().enumerate() {
        let (next, _) = circle.get(at + 1).or(circle.first()).copied().unwrap_or((name, *span));
        let label = format!("reads `{next}`");
        problem = if at == 0 { problem.at(*span, label) } else { problem.because(*span, label) };
    }
    problem.help("take what one of them reads from the request, or from another branch")
}

pub(in crate::check) fn unused_branch(name: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_BRANCH, format!("nobody reads the branch `{name}`"))
        .at(span, "asked for nothing")
        .help("read it in `respond` or in another branch, or remove it")
}

pub(in crate::check) fn untyped_branch(name: &str, upstream: &str, span: Span) -> Problem {
    Problem::error(&UNTYPED_BRANCH, format!("the branch `{name}` has no type"))
        .at(span, format!("`{upstream}` has no contract that would say it"))
        .help(format!("write `{name}: TYPE = …`, or give `{upstream}` a `contract`"))
}

pub(in crate::check) fn branch_method(method: &str, span: Span, known: &[&str]) -> Problem {
    let known: Vec<String> = known.iter().map(|method| format!("`{method}`")).collect();
    let problem = Problem::error(&BRANCH_METHOD, format!("a branch cannot ask with `{method}`"));
    problem
        .at(span, "has no answer that could be read")
        .help(format!("a branch asks with {}", known.join(", ")))
}

pub(in crate::check) fn branch_body(word: Span, method: Span) -> Problem {
    Problem::error(&BRANCH_BODY, "a `GET` has no body")
        .at(word, "would be sent")
        .because(method, "this asks without one")
        .help("ask with `POST`, or say it behind the `?` of the path")
}

pub(in crate::check) fn branch_outlasts(name: &str, span: Span, whole: Span) -> Problem {
    Problem::error(&BRANCH_OUTLASTS, format!("the branch `{name}` may take longer than the whole"))
        .at(span, "longer than all of it")
        .because(whole, "all of it may take so long")
        .help("make it shorter, or leave it out: what is left of the whole bounds every branch")
}

pub(in crate::check) fn too_many_branches(found: usize, most: usize, span: Span) -> Problem {
    Problem::error(
        &TOO_MANY_BRANCHES,
        format!("{found} branches are more than the {most} that an answer may be made of"),
    )
    .at(span, "one too many")
    .help("leave some to another route")
}

pub(in crate::check) fn unused_element(name: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_ELEMENT, format!("each call of this `for` is the same: nothing reads `{name}`"))
        .at(span, "read by nothing")
        .help(format!("read it in the path: `/users/{{{name}}}`"))
}
