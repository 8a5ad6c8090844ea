//! Crates of the operator's that a gateway is linked with: where they are, what cargo is told of them, and whether their files have
//! changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

use gatewright_compiler::Crate;
use toml_edit::DocumentMut;

/// Folders below each other that are looked into for files of a crate.
const DEPTH: usize = 16;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linked {
    /// As Rust writes it.
    name: String,
    /// As its manifest has it.
    package: String,
    folder: PathBuf,
}

impl Linked {
    /// A crate of a project. Its manifest is read for the name of its package.
    pub(crate) fn of(it: &Crate, root: &Path) -> Result<Self, String> {
        let folder = std::path::absolute(root.join(&it.folder)).unwrap_or_else(|_| root.join(&it.folder));
        let manifest = folder.join("Cargo.toml");
        let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", manifest.display());
        let text = fs::read_to_string(&manifest).map_err(|error| wrong(&error))?;
        let document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| wrong(&error.message()))?;
        let name =
            document.get("package").and_then(|package| package.get("name")).and_then(|name| name.as_str());
        let package = name.ok_or_else(|| wrong(&"it has no `package.name`"))?.to_owned();
        Ok(Self { name: it.name.clone(), package, folder })
    }

    /// Its line in a manifest that depends on it.
    pub(crate) fn dependency(&self) -> String {
        let Self { name, package, folder } = self;
        format!("{name} = {{ package = {package:?}, path = {:?} }}\n", folder.display().to_string())
    }

    /// Whether a file that rustc names is one of its own.
    pub(crate) fn holds(&self, file: &Path) -> bool {
        file.starts_with(&self.folder)
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The files of crates that may change what they do, and a number that is another one when any of them has changed.
pub(crate) fn files(crates: &[Crate], root: &Path) -> (Vec<PathBuf>, u64) {
    let mut found = Vec::new();
    for it in crates {
        gather(&root.join(&it.folder), DEPTH, &mut found);
    }
    found.sort();
    let mut hasher = DefaultHasher::new();
    for file in &found {
        let state = || -> io::Result<_> {
            let about = fs::metadata(file)?;
            Ok((about.len(), about.modified()?))
        };
        (file, state().ok()).hash(&mut hasher);
    }
    (found, hasher.finish())
}

fn gather(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth > 0 && !name.starts_with('.') && name != "target" {
                gather(&path, depth - 1, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "toml") {
            found.push(path);
        }
    }
}
