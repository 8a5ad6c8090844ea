//! The problems of files: those that are imported, and those whose bytes become part of the gateway.

use gatewright_dsl::problem::Problem;
use gatewright_dsl::problem::nearest::nearest;
use gatewright_dsl::source::Span;

use super::{
    FILE_OUTSIDE, IMPORT_CYCLE, REPEATED_IMPORT, TOO_MANY_IMPORTS, UNKNOWN_FILE, UNKNOWN_MEDIA,
    UNREADABLE_FILE,
};

/// `before` is what was written in front of the file's own name, `beside` the files of the same folder.
pub(crate) fn unknown_file(written: &str, before: &str, beside: &[&str], span: Span) -> Problem {
    let problem =
        Problem::error(&UNKNOWN_FILE, format!("there is no file `{written}`")).at(span, "not found");
    let name = written.strip_prefix(before).unwrap_or(written);
    match nearest(name, beside.iter().copied()) {
        Some(near) => {
            problem.help(format!("did you mean `{before}{near}`?")).fix(span, format!("\"{before}{near}\""))
        }
        None => problem.help("paths begin in the folder of the file in which they stand"),
    }
}

pub(crate) fn no_file_matches(written: &str, span: Span) -> Problem {
    Problem::error(&UNKNOWN_FILE, format!("no file matches `{written}`"))
        .at(span, "nothing is found here")
        .help("`*` stands for any text within a name, `**` for any number of folders")
}

pub(crate) fn unreadable_file(written: &str, why: &str, span: Span) -> Problem {
    Problem::error(&UNREADABLE_FILE, format!("`{written}` cannot be read: {why}"))
        .at(span, "named here")
        .help("name a file of text, and make sure that it may be read")
}

pub(crate) fn file_outside(written: &str, span: Span) -> Problem {
    Problem::error(&FILE_OUTSIDE, format!("`{written}` leads out of the project"))
        .at(span, "not below the project's folder")
        .help("move the file below the folder of the project, and name it from the file in which this stands")
}

/// `cycle` are the imports, in order, each with the file in which it stands.
pub(crate) fn import_cycle(target: &str, cycle: &[(usize, Span)]) -> Problem {
    let mut problem = Problem::error(&IMPORT_CYCLE, format!("`{target}` imports itself"));
    if let Some((_, last)) = cycle.last() {
        problem = problem.at(*last, "leads back to it");
    }
    for (_, span) in cycle.iter().rev().skip(1).rev() {
        problem = problem.because(*span, "which goes on here");
    }
    problem.help("move what both files need into a third one, and import that")
}

pub(crate) fn repeated_import(name: &str, span: Span, first: Span) -> Problem {
    Problem::error(&REPEATED_IMPORT, format!("`{name}` is imported twice here"))
        .at(span, "again here")
        .because(first, "first here")
        .help("remove one of the two")
}

pub(crate) fn too_many_imports(what: &str, span: Span) -> Problem {
    Problem::error(&TOO_MANY_IMPORTS, what.to_owned())
        .at(span, "not followed further")
        .help("import files in fewer levels, and each in one place rather than in every group")
}

pub(crate) fn unknown_media(written: &str, span: Span, known: &[&str]) -> Problem {
    let endings: Vec<String> = known.iter().map(|ending| format!("`.{ending}`")).collect();
    Problem::error(&UNKNOWN_MEDIA, format!("the name `{written}` does not say what the file is"))
        .at(span, "its ending is not known")
        .help(format!("give it one of these endings: {}", endings.join(", ")))
}
