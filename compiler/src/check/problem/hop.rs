//! The problems of what is behind an upstream.

use gatewright_dsl::problem::Problem;
use gatewright_dsl::problem::nearest::nearest;
use gatewright_dsl::source::Span;

use super::{RETRY_AMPLIFICATION, SERVER_IS_LISTENER, SETTING_WITHOUT_EFFECT, UNKNOWN_GATEWAY};

/// Tries that multiply.
pub(crate) struct Amplified<'a> {
    pub(crate) upstream: &'a str,
    /// How often a request is tried here, and where that is said.
    pub(crate) tries: (u32, Span),
    /// How often it is tried behind, and where that is said, if not `there`.
    pub(crate) behind: (u32, Option<Span>),
    /// Where it is said what is behind.
    pub(crate) there: Option<Span>,
    /// What may come to it in all.
    pub(crate) stated: Option<u32>,
    /// What does.
    pub(crate) product: u32,
    /// What `behind` says, or should say.
    pub(crate) who: &'a str,
}

pub(crate) fn retry_amplification(it: &Amplified<'_>) -> Problem {
    let Amplified { upstream, tries: (tries, said), behind: (times, inner), product, .. } = it;
    let beyond = it.stated.map(|stated| format!(", and {stated} are stated")).unwrap_or_default();
    let message = format!("one request to `{upstream}` may be tried {product} times{beyond}");
    let mut problem = Problem::error(&RETRY_AMPLIFICATION, message).at(*said, format!("{tries} tries here"));
    if let Some(there) = it.there {
        let each = if inner.is_some() {
            "each of them arrives there".to_owned()
        } else {
            format!("each of them is tried {times} times there")
        };
        problem = problem.because(there, each);
    }
    if let Some(inner) = inner {
        problem = problem.because(*inner, format!("and is tried {times} times in all by what is here"));
    }
    problem.help(format!(
        "try again in one place only: not here, or after `connect_failure` alone, which no server has seen; or state `behind {} amplification {product}`",
        it.who
    ))
}

pub(crate) fn unneeded_amplification(upstream: &str, span: Span) -> Problem {
    Problem::error(&SETTING_WITHOUT_EFFECT, format!("`amplification` has no effect on `{upstream}`"))
        .at(span, "no request to it is tried again both here and there")
        .help("leave it out")
}

pub(crate) fn behind_itself(name: &str, span: Span) -> Problem {
    Problem::error(&SERVER_IS_LISTENER, format!("`{name}` is this gateway itself"))
        .at(span, "a request sent there comes back")
        .help("name the gateway whose servers these are")
}

pub(crate) fn unknown_gateway(name: &str, span: Span, known: &[&str]) -> Problem {
    let problem = Problem::error(&UNKNOWN_GATEWAY, format!("this project has no gateway `{name}`"))
        .at(span, "not found");
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        None => problem.help("of a gateway of another project, say how often it tries: `behind tries 3`"),
    }
}

pub(crate) fn two_gateways(name: &str, span: Span, (first, second): (Span, Span)) -> Problem {
    Problem::error(&UNKNOWN_GATEWAY, format!("two gateways of this project are called `{name}`"))
        .at(span, "which of them?")
        .because(first, "this one")
        .because(second, "or this one")
        .help("give one of them another name")
}
