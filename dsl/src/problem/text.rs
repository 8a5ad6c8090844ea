//! The problems of plain text: strings, comments, brackets and characters, before any declaration is understood.

use super::{Kind, Problem};
use crate::source::{MAX_BYTES, Span};

kinds! {
    TOO_LARGE "too_large" "the file is too large";
    TOO_DEEP "too_deep" "something is nested too deeply";
    UNCLOSED_BRACE "unclosed_brace" "a bracket is never closed";
    STRAY_BRACE "stray_brace" "a bracket closes nothing";
    UNCLOSED_STRING "unclosed_string" "a string does not end on its line";
    UNCLOSED_INTERPOLATION "unclosed_interpolation" "a brace in a string is never closed";
    UNCLOSED_CAPTURE "unclosed_capture" "a brace in a path is never closed";
    FORBIDDEN_CHARACTER "forbidden_character" "a character that may not stand in a program";
    WRONG_COMMENT "wrong_comment" "comments begin with two slashes";
    MISPLACED_COMMENT "misplaced_comment" "a comment needs a blank before it";
    COMMENT_IN_VALUE "comment_in_value" "a comment stands inside a value";
    DANGLING_DOC "dangling_doc" "a doc comment stands before nothing";
    UNQUOTED_URL "unquoted_url" "a URL is written in quotes";
}

/// The file is larger than [`MAX_BYTES`].
#[must_use]
pub fn too_large(at: Span, bytes: usize) -> Problem {
    Problem::error(&TOO_LARGE, format!("this file has {bytes} bytes, at most {MAX_BYTES} are read"))
        .at(at, "")
        .help("split the gateway into several files")
}

/// More is open than the bound allows: brackets, interpolations, `if`, `not`.
#[must_use]
pub fn too_deep(at: Span, outermost: Span, most: usize) -> Problem {
    Problem::error(&TOO_DEEP, format!("this is nested more than {most} deep"))
        .at(at, "one too many")
        .because(outermost, "it begins here")
        .help("nest less deeply")
}

/// A bracket that is never closed.
#[must_use]
pub fn unclosed_brace(at: Span, bracket: char) -> Problem {
    let closing = match bracket {
        '{' => '}',
        '(' => ')',
        _ => ']',
    };
    Problem::error(&UNCLOSED_BRACE, format!("`{bracket}` is never closed"))
        .at(at, format!("expected a `{closing}` for this one"))
}

/// A closing bracket without an opening one.
#[must_use]
pub fn stray_brace(at: Span, bracket: char) -> Problem {
    Problem::error(&STRAY_BRACE, format!("`{bracket}` closes nothing"))
        .at(at, "no bracket of this kind is open here")
        .help("remove it")
        .fix(at, "")
}

/// A string without a closing quote on its line.
#[must_use]
pub fn unclosed_string(at: Span) -> Problem {
    Problem::error(&UNCLOSED_STRING, "this string does not end on its line")
        .at(at, "expected a `\"` before the end of the line")
        .help("close it; a line break in a string is written `\\n`")
}

/// A brace in a string that is not closed before the string ends.
#[must_use]
pub fn unclosed_interpolation(at: Span, string: Span) -> Problem {
    Problem::error(&UNCLOSED_INTERPOLATION, "`{` in this string is never closed")
        .at(at, "expected a `}` after this one")
        .because(string, "in this string")
        .help("a brace that is text is written `\\{`")
        .fix(at, "\\{")
}

/// A brace in a path that is not closed on its line.
#[must_use]
pub fn unclosed_capture(at: Span) -> Problem {
    Problem::error(&UNCLOSED_CAPTURE, "`{` in this path is never closed")
        .at(at, "expected a `}` on this line")
        .help("a capture is written `{name}` or `{name: type}`")
}

/// A control character, a byte order mark, or one that changes the direction of text.
#[must_use]
pub fn forbidden_character(at: Span, char: char) -> Problem {
    Problem::error(
        &FORBIDDEN_CHARACTER,
        format!("the character U+{:04X} may not stand here", u32::from(char)),
    )
    .at(at, "invisible, and could hide what is written")
    .help("remove it; in a string write `\\u{…}`")
    .fix(at, "")
}

/// A comment as other languages write it.
#[must_use]
pub fn wrong_comment(at: Span, mark: Span, written: &str) -> Problem {
    let problem = Problem::error(&WRONG_COMMENT, format!("`{written}` does not begin a comment"))
        .at(at, "expected `//`")
        .help("begin each line of a comment with `//`");
    if written == "#" { problem.fix(mark, "//") } else { problem }
}

/// `//` directly behind other text.
#[must_use]
pub fn misplaced_comment(at: Span) -> Problem {
    Problem::error(&MISPLACED_COMMENT, "`//` stands directly behind other text")
        .at(at, "expected a blank before a comment")
        .help("put a blank before `//`")
        .fix(at, " //")
}

/// A comment between two parts of one value.
#[must_use]
pub fn comment_in_value(at: Span) -> Problem {
    Problem::error(&COMMENT_IN_VALUE, "a comment stands inside a value")
        .at(at, "expected the rest of the value")
        .help("put it above, or behind the whole")
}

/// A `///` comment with nothing behind it that it could describe.
#[must_use]
pub fn dangling_doc(at: Span) -> Problem {
    Problem::error(&DANGLING_DOC, "this doc comment describes nothing")
        .at(at, "expected a declaration or a setting on the next line")
        .help("move it directly above what it describes, or write `//`")
}

/// `http://…` without quotes.
#[must_use]
pub fn unquoted_target(at: Span, url: &str) -> Problem {
    Problem::error(&UNQUOTED_URL, "a route leads to an upstream, and not to a URL")
        .at(at, "expected the name of an upstream")
        .help(format!("declare `upstream NAME {{ server \"{url}\" }}` and write its name here"))
}

/// A URL without quotes.
#[must_use]
pub fn unquoted_url(at: Span, url: &str) -> Problem {
    Problem::error(&UNQUOTED_URL, "a URL is written in quotes")
        .at(at, "expected a string")
        .help(format!("write `\"{url}\"`"))
        .fix(at, format!("\"{url}\""))
}
