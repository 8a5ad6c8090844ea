//! The problems of form: what is written is no declaration, setting, terminal or literal as the language has them.

use super::nearest::nearest;
use super::{Kind, Problem};
use crate::source::Span;

kinds! {
    UNKNOWN_WORD "unknown_word" "a word that nothing here knows";
    UNEXPECTED_TEXT "unexpected_text" "something else was expected here";
    MISSING_VALUE "missing_value" "the line ends where something must follow";
    MISSING_NAME "missing_name" "a declaration has no name";
    MISSING_BLOCK "missing_block" "a declaration has no block";
    MISPLACED_BRACE "misplaced_brace" "a block begins on the line that it belongs to";
    MISLEADING_INDENTATION "misleading_indentation" "a line is indented as if it belonged to the one above";
    RESERVED_WORD "reserved_word" "a word of the language cannot be a name";
    UNKNOWN_UNIT "unknown_unit" "a number with something behind it that is no unit";
    UNKNOWN_ESCAPE "unknown_escape" "a backslash before something that needs none";
    UNSUPPORTED_INTERPOLATION "unsupported_interpolation" "this string cannot hold values";
    UNKNOWN_METHOD "unknown_method" "a method that routes cannot have";
    REPEATED_METHOD "repeated_method" "a route names a method twice";
    MISSING_TERMINAL "missing_terminal" "a route does not say what it does";
    REPEATED_TERMINAL "repeated_terminal" "a route says twice what it does";
    WRONG_STATUS "wrong_status" "a status that cannot be answered here";
    REPEATED_FIELD "repeated_field" "a record has a field twice";
    CHAINED_COMPARISON "chained_comparison" "one comparison follows another";
    TOO_LONG_VALUE "too_long_value" "a value has too many operators";
}

/// A word that is not known where it stands. `what` is `declaration`, `setting` or `label`.
#[must_use]
pub fn unknown_word<'a>(
    at: Span,
    what: &str,
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Problem {
    let known: Vec<&str> = known.into_iter().collect();
    let problem = Problem::error(&UNKNOWN_WORD, format!("unknown {what} `{word}`"));
    match nearest(word, known.iter().copied()) {
        Some(near) => problem.at(at, "").help(format!("did you mean `{near}`?")).fix(at, near),
        None if known.is_empty() => problem.at(at, format!("no {what} is known here")),
        None => problem.at(at, "").help(format!("known here: {}", listed(&known))),
    }
}

/// A reason that no gateway has. There are too many of them to be read in a problem.
#[must_use]
pub fn unknown_reason<'a>(at: Span, word: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
    let problem = unknown_word(at, "reason", word, known);
    if problem.fix.is_some() { problem } else { problem.help("`gw explain reasons` shows all of them") }
}

/// Something that cannot stand where it stands.
#[must_use]
pub fn unexpected_text(at: Span, found: &str, expected: &str) -> Problem {
    let found = shortened(found);
    Problem::error(&UNEXPECTED_TEXT, format!("expected {expected}, found `{found}`")).at(at, "")
}

/// What an operator of other languages is called here: the help, and what to write instead of so many of its bytes.
/// `before`: the character in front of it; `rest`: the text from it on; `value`: a value could stand there.
#[must_use]
pub fn foreign_operator(before: Option<char>, rest: &str, value: bool) -> Option<ForeignOperator> {
    let second = rest.chars().nth(1);
    Some(match rest.chars().next()? {
        '&' if second == Some('&') => ("this is written `and`", Some((2, "and"))),
        '|' if second == Some('|') => ("this is written `or`", Some((2, "or"))),
        '!' if value && second.is_some_and(char::is_alphabetic) => {
            ("this is written `not`", Some((1, "not ")))
        }
        '=' if value && before == Some('=') => ("two values are compared by `==`", Some((1, ""))),
        '>' if value && before == Some('<') => ("this is written `!=`", None),
        '~' if value => ("a text is held against a pattern by `.matches(re\"…\")`", None),
        '?' if value => ("one of two values is chosen by `if … then … else …`", None),
        _ => return None,
    })
}

/// The help, and what stands in place of so many bytes.
type ForeignOperator = (&'static str, Option<(usize, &'static str)>);

/// Nothing, where something must stand.
#[must_use]
pub fn missing_value(at: Span, expected: &str, after: &str) -> Problem {
    let problem =
        Problem::error(&MISSING_VALUE, format!("expected {expected} after `{after}`, found nothing"));
    let problem = problem.at(at, "missing here");
    if expected == "methods" {
        return problem.help("`*` stands for all methods");
    }
    if after == "," {
        problem.help("leave the comma out, or put a list over several lines in `[ ]`")
    } else {
        problem
    }
}

/// A declaration without a name.
#[must_use]
pub fn missing_name(at: Span, declaration: &str) -> Problem {
    Problem::error(&MISSING_NAME, format!("this `{declaration}` has no name"))
        .at(at, "expected a name after this word")
        .help("a name has letters, digits, `_` and `-`, and begins with a letter")
}

/// A declaration without a block.
#[must_use]
pub fn missing_block(at: Span, declaration: &str) -> Problem {
    Problem::error(&MISSING_BLOCK, format!("this `{declaration}` has no block"))
        .at(at, "expected `{ … }` after this")
}

/// A `{` on a line of its own.
#[must_use]
pub fn misplaced_brace(at: Span, head: Span) -> Problem {
    Problem::error(&MISPLACED_BRACE, "`{` stands on a line of its own")
        .at(at, "")
        .because(head, "expected it at the end of this line")
}

/// A line deeper than its block's first one, which continues nothing.
#[must_use]
pub fn misleading_indentation(at: Span, above: Span) -> Problem {
    Problem::error(&MISLEADING_INDENTATION, "this line is indented as if it belonged to the one above")
        .at(at, "begins a statement of its own")
        .because(above, "ended with its line")
        .help("join it to the line above, or indent it as its neighbours")
}

/// A word of the language used as a name.
#[must_use]
pub fn reserved_word(at: Span, word: &str) -> Problem {
    Problem::error(&RESERVED_WORD, format!("`{word}` is a word of the language and cannot be a name"))
        .at(at, "expected another name")
}

/// A word that begins with a digit and is no literal.
#[must_use]
pub fn unknown_unit(at: Span, written: &str) -> Problem {
    let unsigned = written.trim_start_matches('-');
    let digits: String = unsigned.chars().take_while(char::is_ascii_digit).collect();
    let unit = unsigned.get(digits.len()..).unwrap_or_default();
    let message = if unit.is_empty() {
        format!("`{written}` is no number")
    } else {
        format!("`{written}` is neither a number nor a number with a unit")
    };
    let problem = Problem::error(&UNKNOWN_UNIT, message);
    if digits.len() > 1 && digits.starts_with('0') {
        return problem.at(at, "begins with a zero").help("write it without leading zeros");
    }
    if let Some(whole) = without_fraction(unsigned) {
        return problem.at(at, "has a fraction").help(format!("write `{whole}`")).fix(at, whole);
    }
    if unit.starts_with('.') && unit.contains(|c: char| c.is_ascii_alphabetic()) {
        return problem.at(at, "has a fraction").help("write a whole number of a smaller unit");
    }
    let known =
        ["ms", "s", "m", "h", "B", "KiB", "MiB", "GiB", "TiB", "KB", "MB", "GB", "TB", "%", "/s", "/day"];
    let alias = match unit {
        "sec" | "secs" | "second" | "seconds" => Some("s"),
        "min" | "mins" | "minute" | "minutes" => Some("m"),
        "hour" | "hours" => Some("h"),
        "K" | "k" => Some("KiB"),
        "M" => Some("MiB"),
        "G" | "g" => Some("GiB"),
        "b" | "bytes" => Some("B"),
        "r/s" | "req/s" | "/sec" | "/second" => Some("/s"),
        "r/m" | "req/m" | "/min" | "/minute" => Some("/m"),
        "r/h" | "req/h" | "/hr" | "/hour" => Some("/h"),
        "/d" => Some("/day"),
        "XX" | "Xx" | "xX" if matches!(digits.as_str(), "1" | "2" | "3" | "4" | "5") => Some("xx"),
        _ => known.into_iter().find(|known| known.eq_ignore_ascii_case(unit)),
    };
    match alias {
        Some(near) => {
            problem.at(at, "").help(format!("did you mean `{digits}{near}`?")).fix(at, format!("{digits}{near}"))
        }
        None => problem.at(at, "").help(
            "units are `ms s m h` for times, `B KiB MiB GiB TiB KB MB GB TB` for sizes, `%`, and `/s` or `/day` for rates",
        ),
    }
}

/// A number with a fraction and a unit, as a whole number: of a smaller unit, or for a longer time.
fn without_fraction(written: &str) -> Option<String> {
    const SMALLER: &[(&str, u64, &str)] = &[
        ("s", 1_000, "ms"),
        ("m", 60, "s"),
        ("h", 60, "m"),
        ("KiB", 1_024, "B"),
        ("MiB", 1_024, "KiB"),
        ("GiB", 1_024, "MiB"),
        ("TiB", 1_024, "GiB"),
        ("KB", 1_000, "B"),
        ("MB", 1_000, "KB"),
        ("GB", 1_000, "MB"),
        ("TB", 1_000, "GB"),
    ];
    let length = written.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, unit) = written.split_at_checked(length)?;
    let (whole, fraction) = number.split_once('.')?;
    let parts = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let count = whole.parse::<u64>().ok()?.checked_mul(parts)?.checked_add(fraction.parse().ok()?)?;
    if let Some(per) = unit.strip_prefix('/').filter(|per| matches!(*per, "s" | "m" | "h")) {
        let (mut a, mut b) = (count, parts);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        let (count, time) = (count / a.max(1), parts / a.max(1));
        return (count > 0)
            .then(|| format!("{count}/{}{per}", if time == 1 { String::new() } else { time.to_string() }));
    }
    let (_, factor, smaller) = SMALLER.iter().find(|(own, ..)| *own == unit)?;
    let all = count.checked_mul(*factor)?;
    all.is_multiple_of(parts).then(|| format!("{}{smaller}", all / parts))
}

/// A sign that wants blanks around it, or a range that wants none: the help, and what to write instead.
#[must_use]
pub fn blanks(found: &str, before: Option<char>, behind: Option<char>) -> Option<(String, Option<String>)> {
    let has = |c: Option<char>| c.is_none_or(char::is_whitespace);
    match found {
        "=" | "+" if !(has(before) && has(behind)) => {
            let left = if has(before) { "" } else { " " };
            let right = if has(behind) { "" } else { " " };
            let help = format!("write a blank on either side of `{found}`");
            Some((help, Some(format!("{left}{found}{right}"))))
        }
        ".." => Some(("a range is written without blanks: `1..5`".to_owned(), None)),
        _ => None,
    }
}

/// A backslash before something that it does not change.
#[must_use]
pub fn unknown_escape(at: Span, written: &str) -> Problem {
    Problem::error(&UNKNOWN_ESCAPE, format!("unknown escape `{written}`"))
        .at(at, "")
        .help("escapes are `\\\"`, `\\\\`, `\\n`, `\\r`, `\\t`, `\\{`, `\\}` and `\\u{…}` with one to six hexadecimal digits")
}

/// A brace in a string that begins a value.
#[must_use]
pub fn unsupported_interpolation(at: Span) -> Problem {
    Problem::error(&UNSUPPORTED_INTERPOLATION, "this string cannot hold values")
        .at(at, "begins a value")
        .help("braces that are text are written `\\{` and `\\}`")
}

/// A URL or a path where the name of an upstream must stand.
#[must_use]
pub fn no_upstream(at: Span, found: &str) -> Problem {
    let problem = unexpected_text(at, found, "the name of an upstream");
    if found.starts_with('/') {
        problem.help("write the name of an upstream in front of the path: `-> NAME /path`")
    } else {
        problem.help(format!("declare `upstream NAME {{ server {found} }}` and write its name here"))
    }
}

/// A body where a status must stand. `bare`: without a word that says what it is.
#[must_use]
pub fn no_status(at: Span, found: &str, bare: bool) -> Problem {
    let problem = unexpected_text(at, found, "a status from 200 to 599");
    match (bare, found.starts_with('"')) {
        (true, false) => problem.help("a path is led to by `redirect 302 …`"),
        (true, true) => {
            problem.help(format!("write `respond 200 text {found}`")).fix(at, format!("200 text {found}"))
        }
        (false, _) => {
            problem.help("write the status first, as in `respond 200`").fix(at, format!("200 {found}"))
        }
    }
}

/// A text behind a status without a word that says what it is.
#[must_use]
pub fn no_body(at: Span, found: &str) -> Problem {
    let problem = unexpected_text(at, found, "`text …`, `json …` or `file …`");
    if found.starts_with('"') {
        problem.help(format!("write `text {found}`")).fix(at, format!("text {found}"))
    } else {
        problem.help("a path is led to by `redirect 302 …`")
    }
}

/// A place where the status of a redirect must stand.
#[must_use]
pub fn no_redirect_status(at: Span, found: &str) -> Problem {
    unexpected_text(at, found, "one of the statuses 301, 302, 303, 307 and 308")
        .help(format!("write `redirect 302 {}`", shortened(found)))
        .fix(at, format!("302 {found}"))
}

/// A path of Rust with dots in it.
#[must_use]
pub fn dotted_path(at: Span, found: &str) -> Problem {
    let path = found.replace('.', "::");
    unexpected_text(at, found, "the path of a function").help(format!("write `{path}`")).fix(at, path)
}

/// `=` between two values where a condition stands.
#[must_use]
pub fn assigned_condition(at: Span) -> Problem {
    unexpected_text(at, "=", "a comparison").help("two values are compared by `==`").fix(at, "==")
}

/// What other systems call an answer. `status`: the one behind it, if there is one.
#[must_use]
pub fn foreign_terminal(at: Span, word: &str, status: Option<u16>) -> Option<Problem> {
    let here = match (word, status) {
        ("return", Some(300..=399)) => "redirect",
        ("return", _) => "respond",
        _ => return None,
    };
    let problem = Problem::error(&UNKNOWN_WORD, format!("unknown setting `{word}`")).at(at, "");
    Some(problem.help(format!("write `{here}`")).fix(at, here))
}

/// A method that is unknown, in the wrong case, or that no route can have.
#[must_use]
pub fn unknown_method(at: Span, written: &str, known: &[&str]) -> Problem {
    if matches!(written, "CONNECT" | "TRACE") {
        return Problem::error(&UNKNOWN_METHOD, format!("a route cannot have the method `{written}`"))
            .at(at, "a gateway never passes this on");
    }
    let problem = Problem::error(&UNKNOWN_METHOD, format!("unknown method `{written}`")).at(at, "");
    match known.iter().find(|known| known.eq_ignore_ascii_case(written)) {
        Some(upper) => problem.help(format!("methods are in upper case: `{upper}`")).fix(at, *upper),
        None => match nearest(written, known.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")).fix(at, near),
            None => problem.help("`*` stands for all methods"),
        },
    }
}

/// A method twice in one list.
#[must_use]
pub fn repeated_method(at: Span, first: Span, method: &str) -> Problem {
    Problem::error(&REPEATED_METHOD, format!("the method `{method}` stands twice in this route"))
        .at(at, "again here")
        .because(first, "first here")
}

/// Something that an assertion says of its routes twice.
#[must_use]
pub fn repeated_choice(at: Span, first: Span, word: &str) -> Problem {
    Problem::error(&UNEXPECTED_TEXT, format!("`{word}` stands twice in this assertion"))
        .at(at, "again here")
        .because(first, "first here")
        .help("remove one of them, or write two assertions")
}

/// A route without a terminal.
#[must_use]
pub fn missing_terminal(at: Span) -> Problem {
    Problem::error(&MISSING_TERMINAL, "this route does not say what it does with a request")
        .at(at, "expected `-> UPSTREAM`, `respond …`, `redirect …` or `handler …`")
}

/// A route with more than one terminal.
#[must_use]
pub fn repeated_terminal(at: Span, first: Span) -> Problem {
    Problem::error(&REPEATED_TERMINAL, "this route says twice what it does with a request")
        .at(at, "again here")
        .because(first, "first here")
        .help("remove one of them")
}

/// A status that the terminal cannot have.
#[must_use]
pub fn wrong_status(at: Span, written: &str, expected: &str) -> Problem {
    Problem::error(&WRONG_STATUS, format!("expected {expected}, found `{written}`")).at(at, "")
}

/// A field twice in one record.
#[must_use]
pub fn repeated_field(at: Span, first: Span, field: &str) -> Problem {
    Problem::error(&REPEATED_FIELD, format!("the field `{field}` stands twice in this record"))
        .at(at, "again here")
        .because(first, "first here")
}

/// `a < b < c`
#[must_use]
pub fn chained_comparison(at: Span, first: Span) -> Problem {
    Problem::error(&CHAINED_COMPARISON, "one comparison follows another")
        .at(at, "a second comparison")
        .because(first, "the first is here")
        .help("join two comparisons with `and`, or put one in parentheses")
}

/// A chain of operators beyond the bound.
#[must_use]
pub fn too_long_value(at: Span, most: usize) -> Problem {
    Problem::error(&TOO_LONG_VALUE, format!("more than {most} operators follow each other in this value"))
        .at(at, "one too many")
        .help("write a list and `in`, or several settings")
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The first line of a text, at most 40 characters of it.
fn shortened(text: &str) -> String {
    // A folded line end is a control character too.
    let line = text.split(char::is_control).next().unwrap_or_default().trim();
    if line.chars().count() <= 40 {
        return line.to_owned();
    }
    line.chars().take(39).chain(['…']).collect()
}
