//! Finds entry files: every `.gw` file that declares a gateway.

use std::fs;
use std::path::{Path, PathBuf};

use gatewright_dsl::Source;
use gatewright_dsl::ast::Declaration;

/// Folders that hold what was built, or files that are wrong on purpose.
const PASSED_OVER: &[&str] = &["target", "node_modules", "tests"];
/// Folders below each other that are looked into.
const DEPTH: usize = 16;

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
