//! Where a rule does not hold, and why. Each list is short on purpose; an entry that is no longer needed is reported.

use super::Finding;
use super::house::House;

/// A file for which a rule does not hold, and the reason.
pub(crate) type Exception = (&'static str, &'static str);

/// May be longer than 500 lines.
pub(crate) const LONG: &[Exception] = &[];

/// May contain unsafe code; its first comment is the proof.
pub(crate) const UNSAFE: &[Exception] = &[];

/// The compiler or the grammar may use a policy's name here: the file, the word, the reason.
pub(crate) const POLICY_WORDS: &[(&str, &str, &str)] = &[
    ("compiler/src/check/expr/member.rs", "request", "what an expression reads: `request.path`"),
    ("compiler/src/check/expr/member.rs", "response", "what an expression reads: `response.status`"),
    ("compiler/src/check/expr/member.rs", "query", "what an expression reads: `request.query(…)`"),
    ("compiler/src/check/expr/member.rs", "header", "what an expression reads: `request.header(…)`"),
    ("compiler/src/check/expr/member.rs", "cookie", "what an expression reads: `request.cookie(…)`"),
    ("compiler/src/check/expr/scope.rs", "request", "the name of what an expression reads"),
    ("compiler/src/check/expr/scope.rs", "response", "the name of what an expression reads"),
    ("compiler/src/assertion/request.rs", "cookie", "the field of a head in which they are sent"),
    ("dsl/src/gateway.pest", "on", "which host: `every route on api.example.com`"),
    ("compiler/src/check/reads.rs", "request", "what a policy may read"),
    ("compiler/src/check/reads.rs", "response", "what a policy may read"),
    ("compiler/src/contract/mod.rs", "query", "where a parameter of OpenAPI stands: `in: query`"),
    ("dsl/src/gateway.pest", "body", "what a branch and a request of a test send"),
    ("dsl/src/gateway.pest", "header", "what a branch and a request of a test send"),
    ("dsl/src/parse/branch.rs", "body", "the same"),
    ("dsl/src/parse/branch.rs", "header", "the same"),
    ("compiler/src/check/test/clause.rs", "request", "a line of a test"),
    ("compiler/src/check/test/clause.rs", "header", "what a request of a test has"),
    ("compiler/src/check/test/clause.rs", "body", "what a request of a test has"),
];

/// Names of policies that are also plain words: code has a body, a request has a header. Only a literal that is the
/// whole name is found, since that is what code can compare a setting with.
pub(crate) const PLAIN_WORDS: &[&str] = &[
    "body", "cookie", "deny", "forward", "header", "let", "limit", "log", "on", "only", "query", "request",
    "response", "slash", "tls",
];

/// Where time may be read from the machine.
pub(crate) const CLOCK: &[Exception] =
    &[("runtime/src/clock.rs", "this is the clock"), ("runtime/src/clock/mod.rs", "this is the clock")];

/// Where the language may touch the disk.
pub(crate) const IO: &[Exception] =
    &[("compiler/src/build_script.rs", "a build script is there to write files")];

/// Whether a file is excepted by such a list.
pub(crate) fn covers(list: &[Exception], path: &str) -> bool {
    list.iter().any(|(file, _)| *file == path)
}

/// Exceptions for files that are gone.
pub(crate) fn stale(house: &House) -> Vec<Finding> {
    let files = LONG.iter().chain(UNSAFE).map(|(file, _)| *file);
    stale_among(house, files.chain(POLICY_WORDS.iter().map(|(file, _, _)| *file)))
}

fn stale_among<'a>(house: &House, files: impl Iterator<Item = &'a str>) -> Vec<Finding> {
    let gone = files.filter(|file| !house.has(file));
    gone.map(|file| {
        Finding::new(
            file,
            0,
            "an exception names this file, which is gone",
            "remove it from xtask/src/tidy/exception.rs",
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_for_a_file_that_is_gone_is_reported() {
        let house = House::of(&[("a.rs", "")]);
        assert_eq!(stale_among(&house, ["a.rs", "b.rs"].into_iter()).len(), 1);
    }
}
