//! The files of an operator: finds entries, which are the `.gw` files that declare a gateway, reads them, and has them
//! compiled.

use std::fs;
use std::path::{Path, PathBuf};

use gatewright_compiler::build_script::Disk;
use gatewright_compiler::diff::Meaning;
use gatewright_compiler::routes::Plan;
use gatewright_compiler::suite::Suite;
use gatewright_compiler::{Output, Project, Refused, Summary, Unread};
use gatewright_dsl::{Catalogue, Problem, Source};

use crate::envelope::Refusal;

/// What a program came to.
#[derive(Debug)]
pub(crate) struct Tried<T> {
    pub(crate) result: Result<T, Refusal>,
    /// Every text that was read.
    pub(crate) sources: Vec<Source>,
    /// Every file and folder that was looked at.
    pub(crate) touched: Vec<PathBuf>,
    /// The folder of the project.
    pub(crate) root: PathBuf,
}

/// One file as a source.
pub(crate) fn read(file: &Path) -> Result<Source, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Source::new(file.display().to_string(), text))
}

/// What several entries came to.
#[derive(Debug)]
pub(crate) struct Entries {
    /// Each by its name in the project.
    pub(crate) checked: Vec<(String, Result<Summary, Vec<Problem>>)>,
    pub(crate) sources: Vec<Source>,
}

/// Checks one entry, or all of the project that are here or below.
pub(crate) fn check(file: Option<&Path>) -> Result<Entries, Refusal> {
    let help = "name an entry file, or run this where one is";
    let (disk, name) = match file {
        Some(file) => {
            // What is wrong with it is said as the machine says it.
            read(file).map_err(|why| Refusal::failed(why, help))?;
            Disk::of(file).map_err(|why| unread(file, &why))?
        }
        None => Disk::around(Path::new(".")),
    };
    let catalogue = Catalogue::standard();
    let mut project = Project::new(&disk, &catalogue);
    let entries = if file.is_some() {
        vec![name]
    } else {
        let all = project.entries().map_err(|(path, why)| unread(Path::new(&path), &why))?;
        let is_below = |path: &String| name.is_empty() || path.starts_with(&format!("{name}/"));
        all.into_iter().filter(is_below).collect()
    };
    if entries.is_empty() {
        return Err(Refusal::failed("no .gw file here or below declares a gateway", help));
    }
    let results = project.check(&entries);
    let mut checked = Vec::with_capacity(entries.len());
    for (entry, result) in entries.into_iter().zip(results) {
        let result = match result {
            Ok(summary) => Ok(summary),
            Err(Refused::Problems(problems)) => Err(with_own_policies(problems, disk.root())),
            Err(Refused::Unread(why)) => return Err(unread(Path::new(&entry), &why)),
        };
        checked.push((entry, result));
    }
    Ok(Entries { checked, sources: project.sources().to_vec() })
}

/// Compiles the program of an entry file, and writes nothing.
#[allow(clippy::redundant_closure_for_method_calls, clippy::redundant_closure, reason = "lifetimes")]
pub(crate) fn compile(entry: &Path) -> Tried<Output> {
    with_project(entry, |project, name| Project::compile(project, name))
}

/// The same, with the tests of it.
#[allow(clippy::redundant_closure_for_method_calls, clippy::redundant_closure, reason = "lifetimes")]
pub(crate) fn tested(entry: &Path) -> Tried<(Output, Suite)> {
    with_project(entry, |project, name| Project::tested(project, name))
}

/// The same to be looked at, not to be built.
#[allow(clippy::redundant_closure_for_method_calls, clippy::redundant_closure, reason = "lifetimes")]
pub(crate) fn plan(entry: &Path) -> Result<Plan, Refusal> {
    with_project(entry, |project, name| Project::plan(project, name)).result
}

/// The same to be held against another.
#[allow(clippy::redundant_closure_for_method_calls, clippy::redundant_closure, reason = "lifetimes")]
pub(crate) fn meaning(entry: &Path) -> Result<Meaning, Refusal> {
    with_project(entry, |project, name| Project::meaning(project, name)).result
}

/// The work is a closure even where it is one call: it must do for a project of any lifetime.
fn with_project<T>(entry: &Path, work: impl FnOnce(&mut Project, &str) -> Result<T, Refused>) -> Tried<T> {
    let (disk, name) = match Disk::of(entry) {
        Ok(found) => found,
        Err(why) => {
            return Tried {
                result: Err(unread(entry, &why)),
                sources: Vec::new(),
                touched: Vec::new(),
                root: PathBuf::new(),
            };
        }
    };
    let catalogue = Catalogue::standard();
    let mut project = Project::new(&disk, &catalogue);
    let result = work(&mut project, &name);
    let sources = project.sources().to_vec();
    let result = result.map_err(|refused| match refused {
        Refused::Problems(problems) => {
            Refusal::Problems(with_own_policies(problems, disk.root()), sources.clone())
        }
        Refused::Unread(why) => unread(entry, &why),
    });
    drop(project);
    Tried { result, sources, touched: disk.touched(), root: disk.root().to_owned() }
}

/// A word that is not known here may be one of a policy that the package's build script adds, which nobody else knows.
fn with_own_policies(mut problems: Vec<Problem>, root: &Path) -> Vec<Problem> {
    let adds = |script: String| script.contains("build_script::with(");
    if fs::read_to_string(root.join("build.rs")).is_ok_and(adds) {
        for problem in problems.iter_mut().filter(|problem| problem.name == "unknown_word") {
            let own = "this package adds policies of its own, which only its build script knows: `cargo check` asks it";
            let help = problem.help.take();
            problem.help = Some(help.map_or_else(|| own.to_owned(), |help| format!("{help}; {own}")));
        }
    }
    problems
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
