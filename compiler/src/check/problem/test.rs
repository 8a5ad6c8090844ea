//! Problems of tests.

use gatewright_dsl::problem::Problem;
use gatewright_dsl::source::Span;

use super::{DUPLICATE_TEST, LONE_ANSWER, PARAM_NOT_GIVEN, REPEATED_MOCK, TEST_WITHOUT_REQUEST};

pub(in crate::check) fn duplicate_test(name: &str, span: Span, first: Span) -> Problem {
    Problem::error(&DUPLICATE_TEST, format!("two tests are called {name:?}"))
        .at(span, "again here")
        .because(first, "first here")
        .help("say in each what it proves")
}

pub(in crate::check) fn repeated_mock(span: Span, first: Span) -> Problem {
    Problem::error(&REPEATED_MOCK, "the same requests are mocked twice")
        .at(span, "again here")
        .because(first, "first here")
        .help("several answers in turn stand behind one `mock`, each with its own `=>`")
}

pub(in crate::check) fn asks_nothing(span: Span, why: &str) -> Problem {
    Problem::error(&TEST_WITHOUT_REQUEST, "this test asks the gateway nothing")
        .at(span, why)
        .help("add a request, such as `GET /status => 200`")
}

pub(in crate::check) fn lone_answer(word: &str, span: Span) -> Problem {
    Problem::error(&LONE_ANSWER, format!("`{word}` stands beside an answer that is never given"))
        .at(span, "there is no answer then")
        .help("leave the rest out")
}

pub(in crate::check) fn refused_with_others(span: Span) -> Problem {
    Problem::error(&LONE_ANSWER, "`refused` stands beside other answers")
        .at(span, "what accepts no connection answers nothing at all")
        .help("write `mock UPSTREAM * => refused`, or `closed` in its place")
}

pub(in crate::check) fn param_not_given(name: &str, span: Span, declared: Option<Span>) -> Problem {
    let problem = Problem::error(&PARAM_NOT_GIVEN, format!("this test does not say what `{name}` is"))
        .at(span, "its gateway would not start")
        .help(format!("write `param {name} = …` in the test, or give the declaration a default"));
    match declared {
        Some(declared) => problem.because(declared, "has no default"),
        None => problem,
    }
}
