//! Changes as a comment of a pull request. What a program says is shown, and is never markup, a mention or a link: whoever
//! writes a pull request writes the program too.

use std::fmt::Write as _;

use gatewright_compiler::diff::Change;

use super::text;

/// Bytes that a comment may have; forges take some more.
const MOST_BYTES: usize = 60_000;

/// A table of the changes, and behind a fold where each is said.
pub(super) fn markdown(changes: &[Change]) -> String {
    let mut page = format!("**gw diff**: {}\n", text::summary(changes));
    if changes.is_empty() {
        return page;
    }
    page.push_str("\n| class | about | what |\n|---|---|---|\n");
    let rows = changes.iter().map(|change| {
        let about = code(&text::shown(&change.about));
        format!("| {} | {about} | {} |\n", change.class, sentence(&change.what))
    });
    // A half for the table, and a half for the places.
    let left = fill(&mut page, rows, MOST_BYTES / 2);
    if left > 0 {
        let _ = write!(page, "\n{left} more are not shown here.\n");
    }
    page.push_str("\n<details><summary>Where</summary>\n\n");
    let places = changes.iter().map(|change| {
        let lines = text::lines(change).join("\n");
        let head = format!("{}: {}\n    {}", change.class, text::shown(&change.about), change.what);
        format!("<pre>{}</pre>\n", plain(&format!("{head}\n{lines}")))
    });
    fill(&mut page, places, MOST_BYTES);
    page.push_str("\n</details>\n");
    page
}

/// Adds what fits; how many do not.
fn fill(page: &mut String, parts: impl Iterator<Item = String>, most: usize) -> usize {
    let mut left = 0;
    for part in parts {
        if left == 0 && page.len() + part.len() <= most {
            page.push_str(&part);
        } else {
            left += 1;
        }
    }
    left
}

/// A sentence, in which what stands between backticks is code.
fn sentence(what: &str) -> String {
    let parts = what.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { code(part) } else { plain(part) }).collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

/// Text that is nothing but text.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            // Nothing is mentioned or referred to, and a line stays one.
            '@' | '#' => shown.extend([c, '\u{200b}']),
            ':' => shown.push_str("&#58;"),
            '\r' => {}
            '&' | '<' | '>' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '\\' | '$' | '"' => {
                // Memory does not run out here.
                let _ = write!(shown, "&#{};", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_compiler::diff::{Change, Class};

    fn change(about: &str, what: &str) -> Change {
        let (about, what) = (vec![about.to_owned()], what.to_owned());
        Change {
            class: Class::Widening,
            kind: "terminal",
            about,
            what,
            before: Vec::new(),
            after: Vec::new(),
            witness: None,
        }
    }

    #[test]
    fn what_a_program_says_is_never_markup() {
        let page = markdown(&[change("GET /a|b", "`text \"</code>@team #1 `**x**`\"` became `<img src=x>`")]);
        let row = page.lines().find(|line| line.starts_with("| widening")).unwrap();
        assert_eq!(row.matches('|').count(), 4, "{row}");
        for wrong in ["</code>@", "@team", " #1", "**x**", "<img"] {
            assert!(!page.contains(wrong), "{wrong}: {page}");
        }
    }

    #[test]
    fn a_comment_has_an_end() {
        let many: Vec<Change> =
            (0..5_000).map(|at| change(&format!("GET /route/{at}"), "`a` became `b`")).collect();
        let page = markdown(&many);
        assert!(
            page.len() < 65_000
                && page.contains(" more are not shown here.\n")
                && page.ends_with("</details>\n")
        );
        assert_eq!(markdown(&[]), "**gw diff**: no change in meaning\n");
    }
}
