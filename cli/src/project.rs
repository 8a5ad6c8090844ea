//! The files of an operator: finds entries, which are the `.gw` files that declare a gateway, reads them, and has them
//! compiled.

use std::fs;
use std::path::{Path, PathBuf};

use gatewright_compiler::Output;
use gatewright_dsl::ast::Declaration;
use gatewright_dsl::{Catalogue, Source};

use crate::envelope::Refusal;

/// Folders that hold what was built, or files that are wrong on purpose.
const PASSED_OVER: &[&str] = &["target", "node_modules", "tests"];
/// Folders below each other that are looked into.
const DEPTH: usize = 16;

/// A program that has no problem.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) output: Output,
    /// Every file that was read for it.
    pub(crate) sources: Vec<Source>,
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
pub(crate) fn compile(entry: &Path) -> Result<Compiled, Refusal> {
    let help = "name the entry file";
    let sources = vec![read(entry).map_err(|why| Refusal::failed(why, help))?];
    match gatewright_compiler::compile(&sources, &Catalogue::standard()) {
        Ok(output) => Ok(Compiled { output, sources }),
        Err(problems) => Err(Refusal::Problems(problems, sources)),
    }
}
