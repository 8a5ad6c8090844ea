//! Files whose text becomes an answer: read when the gateway is built, and part of it from then on.

use gatewright_dsl::Source;
use gatewright_dsl::ast::Text;

use super::{Check, problem};

/// The kinds of file that an answer can be, by the end of the name, with their media types. All are texts.
const KINDS: &[(&str, &str)] = &[
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("xml", "application/xml"),
];

/// The media type of a file, and what it says.
pub(super) fn read(check: &mut Check<'_>, path: &Text) -> Option<(&'static str, String)> {
    let read = match check.files.bytes(path.span, &path.value) {
        Ok(read) => read,
        Err(problem) => {
            check.problems.push(*problem);
            return None;
        }
    };
    let ending =
        path.value.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    let Some((_, media)) = KINDS.iter().find(|(known, _)| Some(*known) == ending) else {
        let known: Vec<&str> = KINDS.iter().map(|(known, _)| *known).collect();
        check.problems.push(problem::unknown_media(&path.value, path.span, &known));
        return None;
    };
    let Ok(text) = String::from_utf8(read.bytes) else {
        let why = "it is no text in UTF-8";
        check.problems.push(problem::unreadable_file(&path.value, why, path.span));
        return None;
    };
    check.texts.insert(read.name.clone(), Source::new(read.name, text.clone()));
    Some((media, text))
}
