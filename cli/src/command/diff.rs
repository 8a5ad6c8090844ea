//! `gw diff`: what changes in meaning between two gateways, for whoever reviews the change. The same two programs give the same
//! bytes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use gatewright_compiler::diff::{self, Change, Class, Meaning, Said};
use gatewright_dsl::Catalogue;

use super::FAILED;
use crate::envelope::Refusal;
use crate::project;

/// There are changes of which it was said that there should be none.
const UNWANTED: u8 = 1;

/// Routes that a person is shown of those with the same change.
const MOST_SHOWN: usize = 5;

/// What is compared, and how it ends.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) before: &'a Path,
    pub(crate) after: &'a Path,
    pub(crate) fail_on: &'a [Kind],
}

/// A class of change as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A request is answered otherwise, or the gateway does not start as it did; what is only known to be different counts too
    Breaking,
    /// More is let through
    Widening,
    /// Less is let through
    Narrowing,
    /// Every request is answered as before
    Neutral,
    /// No change at all
    None,
}

impl Kind {
    fn takes(self, class: Class) -> bool {
        match self {
            Self::Breaking => matches!(class, Class::Breaking | Class::Changed),
            Self::Widening => class == Class::Widening,
            Self::Narrowing => class == Class::Narrowing,
            Self::Neutral => class == Class::Neutral,
            Self::None => false,
        }
    }
}

/// Compares two gateways.
pub(crate) fn run(asked: &Asked<'_>) -> ExitCode {
    let (before, after) = match meanings(asked) {
        Ok(both) => both,
        Err(refused) => {
            for (side, refusal) in &refused {
                eprintln!("{side}:");
                refusal.show();
            }
            return ExitCode::from(FAILED);
        }
    };
    let changes = diff::diff(&before, &after, &Catalogue::standard());
    print!("{}", text(&changes));
    let is_unwanted = |change: &Change| asked.fail_on.iter().any(|kind| kind.takes(change.class));
    if changes.iter().any(is_unwanted) { ExitCode::from(UNWANTED) } else { ExitCode::SUCCESS }
}

/// Both gateways, or why there are none: for each side that has none.
fn meanings(asked: &Asked<'_>) -> Result<(Meaning, Meaning), Vec<(&'static str, Refusal)>> {
    let both = [("before", asked.before), ("after", asked.after)]
        .map(|(side, path)| project::meaning(&entry(path)).map_err(|refusal| (side, refusal)));
    match both {
        [Ok(before), Ok(after)] => Ok((before, after)),
        both => Err(both.into_iter().filter_map(Result::err).collect()),
    }
}

/// Of a folder, the entry that it has by its name.
fn entry(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("gateway.gw") } else { path.to_owned() }
}

/// For a person: each change with its lines, and what it comes to.
fn text(changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        // Memory does not run out here.
        let _ = writeln!(text, "{}: {}", change.class, shown(&change.about));
        let _ = writeln!(text, "    {}", change.what);
        if let Some(witness) = &change.witness {
            let _ = writeln!(text, "    request: {witness}");
        }
        for (mark, said) in [('-', &change.before), ('+', &change.after)] {
            for Said { file, line, text: said } in said {
                let _ = writeln!(text, "  {mark} {file}:{line}  {said}");
            }
        }
        text.push('\n');
    }
    text + &summary(changes) + "\n"
}

/// What it is about; of many, the first.
fn shown(about: &[String]) -> String {
    let more = about.len().saturating_sub(MOST_SHOWN);
    let first = about.iter().take(MOST_SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if more == 0 { first } else { format!("{first}; and {more} more") }
}

/// How many there are of each class.
fn summary(changes: &[Change]) -> String {
    let of = |class| changes.iter().filter(|change| change.class == class).count();
    let counts = Class::ALL.into_iter().map(|class| (of(class), class)).filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, class)| format!("{count} {class}")).collect();
    if counts.is_empty() { "no change in meaning".to_owned() } else { counts.join(", ") }
}
