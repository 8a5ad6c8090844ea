//! `gw fmt`: writes files in the one canonical form.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gatewright_compiler::Sources;
use gatewright_compiler::build_script::Disk;
use gatewright_dsl::{Source, format};

use super::{FAILED, REFUSED};
use crate::envelope::Refusal;
use crate::project;

/// What became of one file.
enum Done {
    /// It had the form already.
    Kept,
    /// It has it now, or would have.
    Changed,
    /// It is not understood.
    Refused,
    /// It could not be read or written.
    Failed,
}

/// Formats these files, or all below the present directory. With `only_check` nothing is written.
pub(crate) fn run(files: &[PathBuf], only_check: bool) -> ExitCode {
    // Every file of the project that is here or below, imported or not.
    let found = if files.is_empty() {
        Disk::at(Path::new(".")).candidates().into_iter().map(PathBuf::from).collect()
    } else {
        files.to_vec()
    };
    if found.is_empty() {
        return Refusal::failed("there is no .gw file here or below", "name one, or run this where one is")
            .end(false);
    }
    let mut status = 0;
    for file in &found {
        status = status.max(match one(file, only_check) {
            Done::Kept => 0,
            Done::Changed if only_check => {
                println!("{}: not in canonical form", file.display());
                REFUSED
            }
            Done::Changed => {
                println!("{}: formatted", file.display());
                0
            }
            Done::Refused => REFUSED,
            Done::Failed => FAILED,
        });
    }
    ExitCode::from(status)
}

fn one(file: &Path, only_check: bool) -> Done {
    let source: Source = match project::read(file) {
        Ok(source) => source,
        Err(why) => return failed(&why),
    };
    let formatted = match format(&source) {
        Ok(formatted) => formatted,
        Err(problems) => {
            Refusal::Problems(problems, vec![source]).show();
            return Done::Refused;
        }
    };
    if formatted == source.text {
        return Done::Kept;
    }
    if !only_check && let Err(error) = fs::write(file, formatted) {
        return failed(&format!("{}: {error}", file.display()));
    }
    Done::Changed
}

fn failed(why: &str) -> Done {
    Refusal::failed(why, "").show();
    Done::Failed
}
