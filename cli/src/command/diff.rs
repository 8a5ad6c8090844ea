//! `gw diff`: what changes in meaning between two gateways, for whoever reviews the change. The same two programs give the same
//! bytes.

mod git;
mod markdown;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use gatewright_compiler::diff::{self, Change, Class, Meaning, Said};
use gatewright_dsl::Catalogue;
use serde_json::{Map, Value, json};

use super::FAILED;
use crate::envelope::{self, Refusal};
use crate::project;

/// There are changes of which it was said that there should be none.
const UNWANTED: u8 = 1;

/// The entry file of a folder.
const ENTRY: &str = "gateway.gw";

/// How it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
    Markdown,
}

/// What is compared, and how it ends.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// Before and after, or after alone where a revision is compared with it.
    pub(crate) paths: &'a [PathBuf],
    /// The revision of git that is before.
    pub(crate) revision: Option<&'a str>,
    pub(crate) fail_on: &'a [Kind],
    pub(crate) form: Form,
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
        Err(sides) => return refused(&sides, asked.form),
    };
    let changes = diff::diff(&before, &after, &Catalogue::standard());
    let is_unwanted = |change: &Change| asked.fail_on.iter().any(|kind| kind.takes(change.class));
    let fails = changes.iter().any(is_unwanted);
    match asked.form {
        Form::Text => print!("{}", text::text(&changes)),
        Form::Json => envelope::print(!fails, &[], &document(&changes, (&before, &after), fails)),
        Form::Markdown => print!("{}", markdown::markdown(&changes)),
    }
    if fails { ExitCode::from(UNWANTED) } else { ExitCode::SUCCESS }
}

/// Both gateways, or why there are none: for each side that has none.
fn meanings(asked: &Asked<'_>) -> Result<(Meaning, Meaning), Vec<(&'static str, Refusal)>> {
    let (before, after, _tree) = match (asked.revision, asked.paths) {
        (None, [before, after]) => (entry(before), entry(after), None),
        (Some(revision), [] | [_]) => {
            let after = entry(asked.paths.first().map_or(Path::new("."), PathBuf::as_path));
            let tree = git::tree(revision, &after).map_err(|refusal| vec![("before", refusal)])?;
            (tree.entry.clone(), after, Some(tree))
        }
        (revision, _) => {
            let help = "write `gw diff BEFORE AFTER`, or `gw diff --git REVISION [AFTER]`";
            let wanted = if revision.is_some() { "one gateway at most" } else { "two gateways" };
            return Err(vec![("before", Refusal::failed(format!("expected {wanted}"), help))]);
        }
    };
    let meaning = |side, path: &Path| project::meaning(path).map_err(|refusal| (side, refusal));
    match [meaning("before", &before), meaning("after", &after)] {
        [Ok(before), Ok(after)] => Ok((before, after)),
        both => Err(both.into_iter().filter_map(Result::err).collect()),
    }
}

/// Of a folder, the entry that it has by its name.
fn entry(path: &Path) -> PathBuf {
    if path == Path::new(".") {
        PathBuf::from(ENTRY)
    } else if path.is_dir() {
        path.join(ENTRY)
    } else {
        path.to_owned()
    }
}

/// For a program.
fn document(changes: &[Change], (before, after): (&Meaning, &Meaning), fails: bool) -> Value {
    let said = |said: &[Said]| -> Vec<Value> {
        said.iter().map(|it| json!({ "file": it.file, "line": it.line, "text": it.text })).collect()
    };
    let change = |change: &Change| {
        json!({
            "class": change.class.name(),
            "kind": change.kind,
            "about": change.about,
            "what": change.what,
            "before": said(&change.before),
            "after": said(&change.after),
            "witness": change.witness,
        })
    };
    let counts = Class::ALL.map(|class| (class.name().to_owned(), text::count(changes, class).into()));
    json!({
        "before": before.name(),
        "after": after.name(),
        "fails": fails,
        "counts": Map::from_iter(counts),
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
    })
}

/// Why a side is no gateway.
fn refused(refused: &[(&'static str, Refusal)], form: Form) -> ExitCode {
    let side = |(side, refusal): &(&str, Refusal)| match refusal {
        Refusal::Problems(problems, sources) => {
            json!({ "side": side, "problems": envelope::listed(problems, sources), "failure": null })
        }
        Refusal::Failed { why, .. } | Refusal::Broken(why) => {
            json!({ "side": side, "problems": [], "failure": why })
        }
    };
    if form == Form::Json {
        let sides: Vec<Value> = refused.iter().map(side).collect();
        let problems = sides.iter().filter_map(|side| side["problems"].as_array());
        let problems: Vec<Value> = problems.flatten().cloned().collect();
        envelope::print(false, &problems, &json!({ "refused": sides }));
    } else {
        for (side, refusal) in refused {
            eprintln!("{side}:");
            refusal.show();
        }
    }
    ExitCode::from(FAILED)
}
