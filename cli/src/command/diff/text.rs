//! Changes for a person at a terminal.

use std::fmt::Write as _;

use gatewright_compiler::diff::{Change, Class, Said};

/// Routes that a person is shown of those with the same change.
const MOST_SHOWN: usize = 5;

/// Each change with its lines, and what it comes to.
pub(super) fn text(changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        // Memory does not run out here.
        let _ = writeln!(text, "{}: {}", change.class, shown(&change.about));
        let _ = writeln!(text, "    {}", change.what);
        for line in lines(change) {
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
    }
    text + &summary(changes) + "\n"
}

/// A request for which it is so, and where it is said.
pub(super) fn lines(change: &Change) -> Vec<String> {
    let request = change.witness.iter().map(|witness| format!("    request: {witness}"));
    let said = |mark: char, said: &Said| format!("  {mark} {}:{}  {}", said.file, said.line, said.text);
    let before = change.before.iter().map(|it| said('-', it));
    let after = change.after.iter().map(|it| said('+', it));
    request.chain(before).chain(after).collect()
}

/// What it is about; of many, the first.
pub(super) fn shown(about: &[String]) -> String {
    let more = about.len().saturating_sub(MOST_SHOWN);
    let first = about.iter().take(MOST_SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if more == 0 { first } else { format!("{first}; and {more} more") }
}

/// How many there are of each class.
pub(super) fn summary(changes: &[Change]) -> String {
    let counts = Class::ALL.into_iter().map(|class| (count(changes, class), class)).filter(|it| it.0 > 0);
    let counts: Vec<String> = counts.map(|(count, class)| format!("{count} {class}")).collect();
    if counts.is_empty() { "no change in meaning".to_owned() } else { counts.join(", ") }
}

pub(super) fn count(changes: &[Change], class: Class) -> usize {
    changes.iter().filter(|change| change.class == class).count()
}
