//! What the checks read: the files, the packages and what the gateway links. Reading happens here and nowhere else,
//! so that each check can be shown a bad sample.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

use super::scan::{self, Part};
use crate::cargo::{cargo, root};

/// Folders that hold nothing of ours.
const NOT_OURS: &[&str] = &["target", ".git", ".gatewright"];
/// What the gateway is linked for; packages of other systems are not looked at.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// The repository as the checks see it.
#[derive(Debug, Default)]
pub(crate) struct House {
    pub(crate) files: Vec<File>,
    pub(crate) packages: Vec<Package>,
    /// Names of all packages in the gateway's program without optional features.
    pub(crate) linked: BTreeSet<String>,
    /// Names of all packages that are built for anything here, with all features. A lock file names more: what features of features
    /// would bring that nobody switches on.
    pub(crate) built: BTreeSet<String>,
}

/// A text file.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A package of the workspace, or one that it needs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) licence: Option<String>,
    /// Path of the manifest from the root of the repository, for our own packages.
    pub(crate) manifest: Option<String>,
    /// What it names as dependencies, for building and testing too.
    pub(crate) needs: Vec<(String, DependencyKind)>,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|ending| ending == "rs")
    }

    /// The name without folders and ending.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Only these parts of a Rust file, with its tests; another file as it is.
    pub(crate) fn parts(&self, parts: &[Part]) -> String {
        if self.is_rust() { scan::only(&self.text, parts) } else { self.text.clone() }
    }

    /// Only these parts of a Rust file, without its tests; nothing of a file that is all tests.
    pub(crate) fn shipped(&self, parts: &[Part]) -> String {
        if self.stem() == "tests" || self.path.contains("/tests/") {
            return String::new();
        }
        if self.is_rust() { scan::only(scan::before_tests(&self.text), parts) } else { self.text.clone() }
    }
}

impl House {
    /// Reads this repository.
    ///
    /// # Errors
    /// When it cannot be read, or when cargo does not answer.
    pub(crate) fn read() -> Result<Self, String> {
        Ok(Self { packages: packages()?, linked: linked()?, built: built()?, ..Self::of_files(root())? })
    }

    /// Only the files, of another repository perhaps.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn of_files(root: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        collect(root, root, &mut files).map_err(|error| format!("cannot read the repository: {error}"))?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files, ..Self::default() })
    }

    /// The files below these folders, or with these paths.
    pub(crate) fn under<'a>(&'a self, places: &'a [&str]) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(|file| {
            places.iter().any(|place| {
                let rest = file.path.strip_prefix(place);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// Names of the rows in the catalogue, which are the names of their files.
    pub(crate) fn policies(&self) -> Vec<&str> {
        self.under(&["dsl/src/policy"]).filter(|file| file.stem() != "mod").map(File::stem).collect()
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() });
        Self { files: files.collect(), ..Self::default() }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if path.is_symlink() || NOT_OURS.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Ok(text) = String::from_utf8(fs::read(&path)?) {
            let own = path.strip_prefix(root).unwrap_or(&path);
            files.push(File { path: own.display().to_string(), text });
        }
    }
    Ok(())
}

fn packages() -> Result<Vec<Package>, String> {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .other_options(["--filter-platform".to_owned(), PLATFORM.to_owned()])
        .exec()
        .map_err(|error| format!("cargo metadata failed: {error}"))?;
    // Packages of other systems are listed all the same; only the resolved ones are ours to judge.
    let resolved: BTreeSet<_> =
        metadata.resolve.iter().flat_map(|graph| &graph.nodes).map(|node| &node.id).collect();
    let packages =
        metadata.packages.iter().filter(|package| resolved.contains(&package.id)).map(|package| Package {
            name: package.name.to_string(),
            licence: package.license.clone(),
            manifest: metadata.workspace_members.contains(&package.id).then(|| {
                let path = package.manifest_path.as_std_path();
                path.strip_prefix(root()).unwrap_or(path).display().to_string()
            }),
            needs: package.dependencies.iter().map(|need| (need.name.clone(), need.kind)).collect(),
        });
    Ok(packages.collect())
}

fn linked() -> Result<BTreeSet<String>, String> {
    tree(&["--package", "gateway", "--edges", "normal", "--no-default-features"])
}

fn built() -> Result<BTreeSet<String>, String> {
    tree(&["--workspace", "--edges", "normal,build,dev", "--all-features"])
}

/// The packages that cargo finds in a tree.
fn tree(of: &[&str]) -> Result<BTreeSet<String>, String> {
    let output = cargo()
        .args(["tree", "--prefix", "none"])
        .args(of)
        .output()
        .map_err(|error| format!("cargo tree cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo tree failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}
