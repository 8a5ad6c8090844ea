//! The files of an operator: finds entries, which are the `.gw` files that declare a gateway, reads them, and has them
//! compiled.

use std::fs;
use std::path::{Path, PathBuf};

use gatewright_compiler::build_script::Disk;
use gatewright_compiler::routes::Plan;
use gatewright_compiler::{Output, Project, Refused, Unread};
use gatewright_dsl::ast::Declaration;
use gatewright_dsl::{Catalogue, Source};

use crate::envelope::Refusal;

/// Folders that hold what was built, or files that are wrong on purpose.
const PASSED_OVER: &[&str] = &["target", "node_modules", "tests"];
/// Folders below each other that are looked into.
const DEPTH: usize = 16;

/// What a program came to.
#[derive(Debug)]
pub(crate) struct Tried<T> {
    pub(crate) result: Result<T, Refusal>,
    /// Every text that was read.
    pub(crate) sources: Vec<Source>,
    /// Every file and folder that was looked at.
    pub(crate) touched: Vec<PathBuf>,
}

/// One file as a source.
pub(crate) fn read(file: &Path) -> Result<Source, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Source::new(file.display().to_string(), text))
}

/// All entries below the present directory, in order of their names.
pub(crate) fn entries() -> Result<Vec<Source>, String> {
    let mut files = Vec::new();
    gather(Path::new("."), DEPTH, &mut files);
    files.sort();
    let mut entries = Vec::new();
    for file in files {
        let source = read(file.strip_prefix(".").unwrap_or(&file))?;
        if declares_gateway(&source) {
            entries.push(source);
        }
    }
    if entries.is_empty() {
        Err("no .gw file here or below declares a gateway".to_owned())
    } else {
        Ok(entries)
    }
}

fn gather(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if path.is_dir() {
            if depth > 0 && !name.starts_with('.') && !PASSED_OVER.contains(&name.as_ref()) {
                gather(&path, depth - 1, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "gw") {
            files.push(path);
        }
    }
}

fn declares_gateway(source: &Source) -> bool {
    let (file, _) = gatewright_dsl::parse(source);
    file.declarations.iter().any(|declaration| matches!(declaration, Declaration::Gateway(_)))
}

/// Compiles the program of an entry file, and writes nothing.
#[allow(clippy::redundant_closure_for_method_calls, clippy::redundant_closure, reason = "lifetimes")]
pub(crate) fn compile(entry: &Path) -> Tried<Output> {
    with_project(entry, |project, name| Project::compile(project, name))
}

/// The same to be looked at, not to be built.
#[allow(clippy::redundant_closure_for_method_calls, clippy::redundant_closure, reason = "lifetimes")]
pub(crate) fn plan(entry: &Path) -> Result<Plan, Refusal> {
    with_project(entry, |project, name| Project::plan(project, name)).result
}

/// The work is a closure even where it is one call: it must do for a project of any lifetime.
fn with_project<T>(entry: &Path, work: impl FnOnce(&mut Project, &str) -> Result<T, Refused>) -> Tried<T> {
    let (disk, name) = match Disk::of(entry) {
        Ok(found) => found,
        Err(why) => {
            return Tried { result: Err(unread(entry, &why)), sources: Vec::new(), touched: Vec::new() };
        }
    };
    let catalogue = Catalogue::standard();
    let mut project = Project::new(&disk, &catalogue);
    let result = work(&mut project, &name);
    let sources = project.sources().to_vec();
    let result = result.map_err(|refused| match refused {
        Refused::Problems(problems) => Refusal::Problems(problems, sources.clone()),
        Refused::Unread(why) => unread(entry, &why),
    });
    drop(project);
    Tried { result, sources, touched: disk.touched() }
}

fn unread(entry: &Path, why: &Unread) -> Refusal {
    let why = match why {
        // As the machine says it.
        Unread::Missing => fs::metadata(entry)
            .err()
            .map_or_else(|| "there is no such file".to_owned(), |error| error.to_string()),
        Unread::Outside => "it leads out of the project".to_owned(),
        Unread::Refused(why) => why.clone(),
    };
    Refusal::failed(format!("{}: {why}", entry.display()), "name the entry file")
}
