//! `gw fmt`: writes files in the one canonical form.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gatewright_compiler::Sources;
use gatewright_compiler::build_script::Disk;
use gatewright_dsl::{Problem, Source, format};
use serde_json::{Value, json};

use super::{FAILED, REFUSED};
use crate::envelope::{self, Refusal};
use crate::project;

/// How the files are written, and what is said of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// Nothing is written.
    pub(crate) only_check: bool,
    pub(crate) as_json: bool,
}

/// What became of one file.
enum Done {
    /// It had the form already.
    Kept,
    /// It has it now, or would have.
    Changed,
    /// It is not understood.
    Refused(Vec<Problem>, Source),
    /// It could not be read or written: why.
    Failed(String),
}

/// Formats these files, or all below the present directory.
pub(crate) fn run(files: &[PathBuf], asked: Asked) -> ExitCode {
    // Every file of the project that is here or below, imported or not.
    let found = if files.is_empty() {
        Disk::at(Path::new(".")).candidates().into_iter().map(PathBuf::from).collect()
    } else {
        files.to_vec()
    };
    if found.is_empty() {
        return Refusal::failed("there is no .gw file here or below", "name one, or run this where one is")
            .end(asked.as_json);
    }
    let mut status = 0;
    let (mut listed, mut problems) = (Vec::new(), Vec::new());
    for file in found {
        let done = one(&file, asked.only_check);
        status = status.max(done.status(asked.only_check));
        if asked.as_json {
            listed.push(done.listed(&file));
            problems.extend(done.problems());
        } else {
            done.show(&file, asked.only_check);
        }
    }
    if asked.as_json {
        envelope::print(status == 0, &problems, &json!({ "check": asked.only_check, "files": listed }));
    }
    ExitCode::from(status)
}

impl Done {
    /// With what the command ends if this is the worst of it.
    fn status(&self, only_check: bool) -> u8 {
        match self {
            Self::Changed if only_check => REFUSED,
            Self::Kept | Self::Changed => 0,
            Self::Refused(..) => REFUSED,
            Self::Failed(_) => FAILED,
        }
    }

    fn show(self, file: &Path, only_check: bool) {
        match self {
            Self::Kept => {}
            Self::Changed if only_check => println!("{}: not in canonical form", file.display()),
            Self::Changed => println!("{}: formatted", file.display()),
            Self::Refused(problems, source) => Refusal::Problems(problems, vec![source]).show(),
            Self::Failed(why) => Refusal::failed(why, "").show(),
        }
    }

    /// As a member of a document.
    fn listed(&self, file: &Path) -> Value {
        let (state, failure) = match self {
            Self::Kept => ("kept", None),
            Self::Changed => ("changed", None),
            Self::Refused(..) => ("refused", None),
            Self::Failed(why) => ("failed", Some(why)),
        };
        json!({ "file": file.display().to_string(), "state": state, "failure": failure })
    }

    fn problems(&self) -> Vec<Value> {
        match self {
            Self::Refused(problems, source) => envelope::listed(problems, std::slice::from_ref(source)),
            _ => Vec::new(),
        }
    }
}

fn one(file: &Path, only_check: bool) -> Done {
    let source: Source = match project::read(file) {
        Ok(source) => source,
        Err(why) => return Done::Failed(why),
    };
    let formatted = match format(&source) {
        Ok(formatted) => formatted,
        Err(problems) => return Done::Refused(problems, source),
    };
    if formatted == source.text {
        return Done::Kept;
    }
    if !only_check && let Err(error) = fs::write(file, formatted) {
        return Done::Failed(format!("{}: {error}", file.display()));
    }
    Done::Changed
}
