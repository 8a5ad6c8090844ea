//! The problems of types, parameters and expressions.

use gatewright_dsl::Span;
use gatewright_dsl::problem::{Kind, Problem, nearest::nearest};

const ALWAYS_PRESENT: Kind =
    Kind { name: "always_present", title: "a value that is always there is asked whether it is" };
const ANSWER_NOT_KNOWN: Kind =
    Kind { name: "answer_not_known", title: "the answer is asked for before there is one" };
const EXPOSED_SECRET: Kind = Kind { name: "exposed_secret", title: "a secret stands where it would be seen" };
const EXPRESSION_TOO_COMPLEX: Kind =
    Kind { name: "expression_too_complex", title: "an expression of too many parts" };
const INCOMPATIBLE_TYPES: Kind =
    Kind { name: "incompatible_types", title: "an operator between values that do not go together" };
const OPTIONAL_NOT_HANDLED: Kind =
    Kind { name: "optional_not_handled", title: "a value may be absent, and nothing says what then" };
const RESERVED_NAME: Kind =
    Kind { name: "reserved_name", title: "a name that has a meaning of its own is declared" };
const SAME_VARIABLE: Kind = Kind { name: "same_variable", title: "one variable would set two parameters" };
const SETTLED_COMPARISON: Kind =
    Kind { name: "settled_comparison", title: "a comparison whose answer is known" };
const SHADOWED_NAME: Kind =
    Kind { name: "shadowed_name", title: "a name stands for two values at one place" };
const TYPE_CYCLE: Kind = Kind { name: "type_cycle", title: "a type that contains itself" };
const UNKNOWN_MEMBER: Kind = Kind { name: "unknown_member", title: "a value has no such field or method" };
const UNKNOWN_NAME: Kind = Kind { name: "unknown_name", title: "no value of this name" };
const UNSUPPORTED_TYPE: Kind =
    Kind { name: "unsupported_type", title: "a type that cannot stand in this place" };
const WRONG_ARGUMENTS: Kind =
    Kind { name: "wrong_arguments", title: "a method is called with something else than it takes" };

pub(in crate::check) fn unknown_name(name: &str, span: Span, known: &[&str]) -> Problem {
    let problem =
        Problem::error(&UNKNOWN_NAME, format!("there is no value `{name}` here")).at(span, "not declared");
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        None => problem.help(format!("known here: {}; a text stands in quotes", listed(known))),
    }
}

pub(in crate::check) fn unknown_member(of: &str, name: &str, span: Span, known: &[&str]) -> Problem {
    let problem = Problem::error(&UNKNOWN_MEMBER, format!("{of} has no `.{name}`")).at(span, "unknown");
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `.{near}`?")).fix(span, near),
        None if known.is_empty() => problem.help("leave it out"),
        None => problem.help(format!("it has {}", listed(known))),
    }
}

pub(in crate::check) fn wrong_arguments(name: &str, span: Span, expected: &str) -> Problem {
    Problem::error(&WRONG_ARGUMENTS, format!("`.{name}` takes {expected}"))
        .at(span, "called so")
        .help(format!("give it {expected}"))
}

pub(in crate::check) fn incompatible_types(
    operator: &str,
    at: Span,
    sides: [(&str, Span); 2],
    help: &str,
) -> Problem {
    let [(left, left_at), (right, right_at)] = sides;
    Problem::error(&INCOMPATIBLE_TYPES, format!("`{operator}` cannot stand between `{left}` and `{right}`"))
        .at(at, "")
        .because(left_at, format!("this is `{left}`"))
        .because(right_at, format!("this is `{right}`"))
        .help(help)
}

pub(in crate::check) fn optional_not_handled(ty: &str, span: Span, help: &str) -> Problem {
    Problem::error(&OPTIONAL_NOT_HANDLED, format!("this is `{ty}`, and may be absent"))
        .at(span, "what if it is not there?")
        .help(help)
}

pub(in crate::check) fn always_present(operator: &str, ty: &str, span: Span) -> Problem {
    Problem::error(&ALWAYS_PRESENT, format!("`{operator}` asks for a value that is always there"))
        .at(span, format!("this is `{ty}`, never absent"))
        .help(format!("leave `{operator}` out"))
}

pub(in crate::check) fn settled_comparison(is_true: bool, span: Span, ty: &str, of: Span) -> Problem {
    let verdict = if is_true { "always" } else { "never" };
    Problem::error(&SETTLED_COMPARISON, format!("this is {verdict} true"))
        .at(span, format!("{verdict} so"))
        .because(of, format!("this is `{ty}`"))
        .help("compare it with a value that it can have, or leave the comparison out")
}

pub(in crate::check) fn expression_too_complex(most: u32, what: &str, found: u32, span: Span) -> Problem {
    Problem::error(&EXPRESSION_TOO_COMPLEX, format!("an expression has at most {most} {what}, found {found}"))
        .at(span, "with every `let` in it written out")
        .help("part it into several settings, or put long lists into a `param`")
}

pub(in crate::check) fn answer_not_known(span: Span) -> Problem {
    Problem::error(&ANSWER_NOT_KNOWN, "this is asked before there is an answer")
        .at(span, "known only when the answer is there")
        .help("ask what the request says, or put the question where the answer is changed or logged")
}

pub(in crate::check) fn exposed_secret(name: &str, span: Span) -> Problem {
    Problem::error(&EXPOSED_SECRET, format!("the secret `{name}` cannot be seen here"))
        .at(span, "would be compared, written or sent")
        .help("a secret stands only where a setting takes one, whole and alone")
}

pub(in crate::check) fn reserved_name(name: &str, span: Span) -> Problem {
    Problem::error(&RESERVED_NAME, format!("`{name}` has a meaning of its own"))
        .at(span, "cannot be declared")
        .help(format!("choose another name, such as `own_{name}`"))
}

pub(in crate::check) fn shadowed_name(name: &str, span: Span, first: Span) -> Problem {
    Problem::error(&SHADOWED_NAME, format!("the name `{name}` already stands for something here"))
        .at(span, "declared again here")
        .because(first, "declared here first")
        .help("rename one of the two")
}

pub(in crate::check) fn same_variable(name: &str, span: Span, first: Span, variable: &str) -> Problem {
    Problem::error(&SAME_VARIABLE, format!("`{variable}` would set two things"))
        .at(span, format!("`{name}` is set by `{variable}`"))
        .because(first, "and so is this")
        .help("rename one of the two")
}

pub(in crate::check) fn type_cycle(name: &str, span: Span, through: Option<Span>) -> Problem {
    let problem = Problem::error(&TYPE_CYCLE, format!("the type `{name}` contains itself"))
        .at(span, "no value could be of this type");
    let problem = match through {
        Some(through) => problem.because(through, "through this one"),
        None => problem,
    };
    problem.help("leave the field out that closes the circle")
}

pub(in crate::check) fn unsupported_type(ty: &str, span: Span, place: &str, help: &str) -> Problem {
    Problem::error(&UNSUPPORTED_TYPE, format!("{place} cannot be `{ty}`")).at(span, "").help(help)
}

/// Words in backticks with commas between.
fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
