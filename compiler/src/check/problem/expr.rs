//! The problems of types, parameters and expressions.

use gatewright_dsl::Span;
use gatewright_dsl::problem::{Problem, nearest::nearest};

use super::{
    ALWAYS_PRESENT, ANSWER_NOT_KNOWN, EXCHANGE_NOT_OVER, EXPOSED_SECRET, EXPRESSION_TOO_COMPLEX,
    INCOMPATIBLE_TYPES, LET_CYCLE, NOT_RECORDED, OPTIONAL_NOT_HANDLED, RESERVED_NAME, SAME_VARIABLE,
    SETTLED_COMPARISON, SHADOWED_NAME, TYPE_CYCLE, TYPE_TOO_LARGE, UNKNOWN_MEMBER, UNKNOWN_NAME,
    UNSUPPORTED_TYPE, UNUSED_PARAM, UNUSED_TYPE, WRONG_ARGUMENTS,
};

pub(in crate::check) fn unknown_name(name: &str, span: Span, known: &[&str]) -> Problem {
    let problem =
        Problem::error(&UNKNOWN_NAME, format!("there is no value `{name}` here")).at(span, "not declared");
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        None if known.is_empty() => problem.help("nothing is declared; a text stands in quotes"),
        None => problem.help(format!("known here: {}; a text stands in quotes", listed(known))),
    }
}

/// A name in the place of a value of a setting. `wanted`: what stands there.
pub(in crate::check) fn unknown_param(name: &str, span: Span, known: &[&str], wanted: &str) -> Problem {
    let problem = unknown_name(name, span, known);
    if problem.fix.is_some() {
        problem
    } else {
        problem.help(format!("write {wanted}, or declare a `param`"))
    }
}

/// A name that a test gives. `kind`: what it declares there; `declared`: as what it is declared, if it is.
pub(in crate::check) fn not_given(
    (word, kind): (Span, &str),
    (name, span): (&str, Span),
    known: &[&str],
    declared: Option<&'static str>,
) -> Problem {
    let message = format!("there is no `{kind}` of the name `{name}`");
    let problem = Problem::error(&UNKNOWN_NAME, message).at(span, "not declared");
    match (declared, nearest(name, known.iter().copied())) {
        (Some(other), _) => {
            problem.help(format!("`{name}` is a `{other}`: write `{other} {name} = …`")).fix(word, other)
        }
        (None, Some(near)) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        (None, None) if known.is_empty() => {
            problem.help(format!("declare a `{kind}` of this name, or remove it"))
        }
        (None, None) => problem.help(format!("declared as `{kind}`: {}", listed(known))),
    }
}

pub(in crate::check) fn unknown_secret(name: &str, span: Span, known: &[&str]) -> Problem {
    let problem =
        Problem::error(&UNKNOWN_NAME, format!("there is no secret `{name}`")).at(span, "not declared");
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        None => problem.help(format!("declare `secret {name}` at the top of a file")),
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

pub(in crate::check) fn exchange_not_over(name: &str, span: Span) -> Problem {
    Problem::error(&EXCHANGE_NOT_OVER, format!("`exchange.{name}` is asked before the exchange is over"))
        .at(span, "known only when its line is written")
        .help("name it where the line of the access log is written: `log format \"{…}\"`")
}

/// Something that only a gateway knows that says so in its block.
pub(in crate::check) fn not_recorded(what: &str, word: &str, span: Span) -> Problem {
    Problem::error(&NOT_RECORDED, format!("there is no `{what}`, since the gateway has no `{word}`"))
        .at(span, "no exchange has it")
        .help(format!("write `{word}` into the `gateway` block, or leave this out"))
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

pub(in crate::check) fn type_too_large(name: &str, most: usize, span: Span) -> Problem {
    Problem::error(&TYPE_TOO_LARGE, format!("the type `{name}` has more than {most} fields in all"))
        .at(span, "with those of the types of its fields")
        .help("use a type of many fields in fewer places")
}

pub(in crate::check) fn unsupported_type(ty: &str, span: Span, place: &str, help: &str) -> Problem {
    Problem::error(&UNSUPPORTED_TYPE, format!("{place} cannot be `{ty}`")).at(span, "").help(help)
}

pub(in crate::check) fn let_cycle(name: &str, span: Span) -> Problem {
    Problem::error(&LET_CYCLE, format!("`{name}` stands for something that uses `{name}`"))
        .at(span, "has no value of its own")
        .help("write out one of the values in the circle")
}

pub(in crate::check) fn unused_param(name: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_PARAM, format!("nothing uses `{name}`"))
        .at(span, "declared, but never used")
        .help("use it, or remove it")
}

pub(in crate::check) fn unused_type(name: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_TYPE, format!("nothing is of the type `{name}`"))
        .at(span, "declared, but never used")
        .help("use it, or remove it")
}

/// Words in backticks with commas between.
fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
