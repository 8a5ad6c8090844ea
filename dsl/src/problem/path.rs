//! The problems of path patterns, path templates and their captures.

use super::nearest::nearest;
use super::{Kind, Problem};
use crate::source::Span;

kinds! {
    QUERY_IN_PATH "query_in_path" "a path holds no query";
    PATH_NOT_CANONICAL "path_not_canonical" "no request has this path, since paths are normalised first";
    IMPOSSIBLE_PATH "impossible_path" "no request can have this path";
    PARTIAL_CAPTURE "partial_capture" "a capture is a whole segment";
    REST_NOT_LAST "rest_not_last" "a capture of the rest of a path is its end";
    REPEATED_CAPTURE "repeated_capture" "two captures of one path have the same name";
    HOST_NOT_CANONICAL "host_not_canonical" "no request has this host, since hosts are normalised first";
    IMPOSSIBLE_HOST "impossible_host" "no request can have this host";
    FOREIGN_WILDCARD "foreign_wildcard" "a capture as other systems write it";
    UNKNOWN_TYPE "unknown_type" "a type that nothing here knows";
    WRONG_BOUNDS "wrong_bounds" "bounds that the type cannot have";
}

/// A `?` in a pattern or in a template.
#[must_use]
pub fn query_in_path(at: Span) -> Problem {
    Problem::error(&QUERY_IN_PATH, "a path holds no query")
        .at(at, "begins a query")
        .help("leave it out: the query of a request is passed on as it came")
}

/// A query in the path of a target. `written`: all of it, as it stands.
#[must_use]
pub fn query_in_target(at: Span, written: &str) -> Problem {
    let problem = query_in_path(at);
    let fields = written.trim_start_matches('?').split('&').filter_map(|field| field.split_once('='));
    let edits: Vec<String> = fields
        .map(|(name, value)| {
            let inner = value.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
            let value = inner.map_or_else(|| format!("{value:?}"), str::to_owned);
            format!("set query \"{name}\" = {value}")
        })
        .collect();
    if edits.is_empty() {
        return problem;
    }
    problem.help(format!(
        "leave it out here, and write `request {{ {} }}` in the route's block",
        edits.join("; ")
    ))
}

/// Pattern text that normalisation would change.
#[must_use]
pub fn path_not_canonical(at: Span, canonical: &str) -> Problem {
    Problem::error(&PATH_NOT_CANONICAL, "no request matches this path: paths are normalised first")
        .at(at, "would be changed")
        .help(format!("write `{canonical}`"))
        .fix(at, canonical)
}

/// Text that no path of a request can hold.
#[must_use]
pub fn impossible_path(at: Span, why: &str) -> Problem {
    Problem::error(&IMPOSSIBLE_PATH, "no request can have this path").at(at, why)
}

/// Host text that normalisation would change.
#[must_use]
pub fn host_not_canonical(at: Span, canonical: &str) -> Problem {
    Problem::error(&HOST_NOT_CANONICAL, "no request matches this host: hosts are normalised first")
        .at(at, "would be changed")
        .help(format!("write `{canonical}`: lower case, no port, no final dot"))
        .fix(at, canonical)
}

/// Text that no host of a request can be.
#[must_use]
pub fn impossible_host(at: Span, why: &str) -> Problem {
    Problem::error(&IMPOSSIBLE_HOST, "no request can have this host").at(at, why)
}

/// A capture beside other text in one segment.
#[must_use]
pub fn partial_capture(at: Span) -> Problem {
    Problem::error(&PARTIAL_CAPTURE, "a capture is a whole segment of a path, or a whole label of a host")
        .at(at, "other text stands beside it")
        .help("separate it with `/` (in a host with `.`), or capture the whole")
}

/// A `path` capture before the end.
#[must_use]
pub fn rest_not_last(at: Span) -> Problem {
    Problem::error(&REST_NOT_LAST, "a capture of type `path` takes the rest, so nothing can follow it")
        .at(at, "expected this at the end of the path")
}

/// Two captures with one name.
#[must_use]
pub fn repeated_capture(at: Span, first: Span, name: &str) -> Problem {
    Problem::error(&REPEATED_CAPTURE, format!("two captures are named `{name}`"))
        .at(at, "again here")
        .because(first, "first here")
}

/// What types are called elsewhere, in OpenAPI, JSON Schema and Rust among others, and here.
const CALLED_ELSEWHERE: &[(&str, &str)] = &[
    ("array", "list"),
    ("boolean", "bool"),
    ("datetime", "time"),
    ("double", "decimal"),
    ("float", "decimal"),
    ("guid", "uuid"),
    ("integer", "int"),
    ("number", "decimal"),
    ("object", "map"),
    ("str", "string"),
    ("text", "string"),
    ("timestamp", "time"),
];

/// A type that does not exist. `known`: those that do, where it stands.
#[must_use]
pub fn unknown_type(at: Span, written: &str, known: &[&str]) -> Problem {
    let problem = Problem::error(&UNKNOWN_TYPE, format!("unknown type `{written}`")).at(at, "");
    let elsewhere = CALLED_ELSEWHERE.iter().find(|(foreign, _)| written.eq_ignore_ascii_case(foreign));
    let elsewhere = elsewhere.map(|(_, here)| *here).filter(|here| known.contains(here));
    match elsewhere.or_else(|| nearest(written, known.iter().copied())) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(at, near),
        None => problem.help(format!("the types here are {}", super::syntax::listed(known))),
    }
}

/// Bounds on a type that has none, or that hold nothing.
#[must_use]
pub fn wrong_bounds(at: Span, message: impl Into<String>) -> Problem {
    Problem::error(&WRONG_BOUNDS, message).at(at, "")
}

/// `:id` and `*`, as other systems write captures.
#[must_use]
pub fn foreign_wildcard(at: Span, written: &str, capture: &str) -> Problem {
    Problem::error(&FOREIGN_WILDCARD, format!("`{written}` is no capture"))
        .at(at, "would match only this very text")
        .help(format!("write `{capture}`"))
        .fix(at, capture)
}

/// A group of a regular expression in a pattern. `whole`: it is all of its segment.
#[must_use]
pub fn foreign_group(at: Span, written: &str, capture: &str, whole: bool) -> Problem {
    let problem = Problem::error(&FOREIGN_WILDCARD, format!("`{written}` is no capture"))
        .at(at, "a path is no regular expression");
    if whole {
        problem.help(format!("write `{capture}`")).fix(at, capture)
    } else {
        problem.help(format!("capture the whole segment with `{capture}`"))
    }
}

/// `$1`, `:id` and `*` where a path is sent.
#[must_use]
pub fn foreign_value(at: Span, written: &str) -> Problem {
    let problem = Problem::error(&FOREIGN_WILDCARD, format!("`{written}` stands for no value"))
        .at(at, "would be sent as this very text");
    match (written, written.strip_prefix(':')) {
        (_, Some(name)) => problem.help(format!("write `{{{name}}}`")).fix(at, format!("{{{name}}}")),
        ("$", _) => problem.help("a value stands in braces alone: leave the `$` out").fix(at, ""),
        _ => problem.help("capture it in the route's path, as `{rest: path}` or `{name}`, and write `{rest}` or `{name}` here"),
    }
}

/// `$1` in a URL, which holds no values.
#[must_use]
pub fn foreign_value_in_url(at: Span, written: &str) -> Problem {
    Problem::error(&FOREIGN_WILDCARD, format!("`{written}` stands for no value"))
        .at(at, "would be sent as this very text")
        .help("a URL holds no values: leave it out, or redirect to a path, as in `redirect 301 /new/{rest}`")
}

/// `_` and `*`, as other systems write all other hosts.
#[must_use]
pub fn foreign_host(at: Span, written: &str) -> Problem {
    Problem::error(&FOREIGN_WILDCARD, format!("`{written}` does not stand for all hosts"))
        .at(at, "would match only this very text")
        .help("write its routes outside of `host`: those hold for every host that no `host` names")
}

/// The first variable of another system in a text: where it is, and how long.
#[must_use]
pub fn foreign_variable(text: &str) -> Option<(usize, usize)> {
    let mut dollars = text.match_indices('$').map(|(at, _)| at);
    dollars.find_map(|at| {
        let name = text.get(at + 1..)?;
        let length = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
        (length > 0).then_some((at, length + 1))
    })
}
