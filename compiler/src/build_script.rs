//! What a `build.rs` calls, and the disk as a [`Sources`]. This is the only file of the crate that touches the disk, the
//! environment or the terminal.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a build script is IO"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::{env, fs, io};

use gatewright_dsl::policy::Hook;
use gatewright_dsl::problem::render::{self, Colour};
use gatewright_dsl::schema::Phase;
use gatewright_dsl::source::MAX_BYTES;
use gatewright_dsl::{Catalogue, Policy, Problem};

use crate::{Listed, Project, Read, Refused, Sources, Unread};

/// The file that is written, below the directory that cargo names in `OUT_DIR`.
const FILE: &str = "gateway.rs";

/// Folders that hold what was built, or files that are wrong on purpose.
const PASSED_OVER: &[&str] = &["target", "node_modules", "tests"];

/// Folders below each other that are looked into for entries.
const DEPTH: usize = 16;

/// What tells the folder of a project: the first of these names that is found in it or above.
const MARKS: &[&str] = &["Cargo.toml", ".git"];

/// A build script whose package has policies of its own.
#[derive(Debug, Clone)]
pub struct Build {
    catalogue: Catalogue,
}

/// One policy more than the standard ones may be written: this row says what. Its `home` is the path of its type in the package,
/// `crate::…`, or in another crate, `::name::…`.
#[must_use]
pub fn with(policy: &'static Policy) -> Build {
    Build { catalogue: Catalogue::standard() }.with(policy)
}

/// The whole of a `build.rs`: compiles the entry file, which is named from the package's directory, to `gateway.rs` in
/// `OUT_DIR`. Where that fails, it says why and ends the process.
pub fn compile(entry: &str) {
    Build { catalogue: Catalogue::standard() }.compile(entry);
}

impl Build {
    /// The same with one policy more. One that has the name of a standard one is no way to change what that means: it ends the
    /// process.
    #[must_use]
    pub fn with(self, policy: &'static Policy) -> Self {
        if let Some(why) = strange(&self.catalogue, policy) {
            fail(&format!("the policy `{}` cannot be added: {why}", policy.name));
        }
        Self { catalogue: self.catalogue.with(policy) }
    }

    /// As [`compile`].
    pub fn compile(&self, entry: &str) {
        script(entry, &self.catalogue);
    }
}

/// Why a row cannot be one of an operator's, if it cannot.
fn strange(catalogue: &Catalogue, policy: &Policy) -> Option<&'static str> {
    if policy.name.is_empty() || policy.name.contains(|c: char| !c.is_ascii_lowercase() && c != '_') {
        return Some("its name is no word of small letters");
    }
    if catalogue.find(policy.name).is_some() {
        return Some("there is one of this name");
    }
    if policy.phase == Phase::Call && policy.hooks.iter().any(|hook| *hook != Hook::Request) {
        return Some("it is of the phase `Call`, whose steps see the request of a call and nothing else");
    }
    let paths = std::iter::once(policy.home).chain(policy.state);
    let is_own = |path: &str| path.starts_with("crate::") || path.starts_with("::");
    if !paths.into_iter().all(is_own) {
        return Some("the paths of its types begin with neither `crate::` nor `::`");
    }
    None
}

fn script(entry: &str, catalogue: &Catalogue) {
    println!("cargo:rerun-if-changed={entry}");
    let Some(out) = env::var_os("OUT_DIR") else {
        fail("OUT_DIR is not set: this is to be called from a build script")
    };
    let disk = Disk::at(Path::new("."));
    let compiled = compile_from(&disk, (entry, catalogue), Path::new(&out), is_on, depends);
    for path in disk.touched() {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    match compiled {
        Ok(_) => {}
        Err(Failure::Problems(text)) => fail(&text),
        Err(Failure::Io(path, error)) => fail(&format!("{}: {error}", path.display())),
    }
}

/// Whether the package that is being built has a feature.
fn is_on(feature: &str) -> bool {
    let variable = feature.to_uppercase().replace('-', "_");
    env::var_os(format!("CARGO_FEATURE_{variable}")).is_some()
}

/// Whether the package that is being built may depend on a crate: its manifest has its name. What else it says, cargo knows.
fn depends(on: &crate::Crate) -> bool {
    let manifest = fs::read_to_string("Cargo.toml").unwrap_or_default();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    manifest.split(|c| !is_part(c)).any(|word| word.replace('-', "_") == on.name)
}

/// Why nothing was compiled.
#[derive(Debug)]
pub enum Failure {
    /// The problems of the program, as text.
    Problems(String),
    /// A file that could not be read or written.
    Io(PathBuf, io::Error),
}

/// Compiles the entry file to `gateway.rs` in a directory.
///
/// # Errors
///
/// Whatever the program is refused for, or the file that could not be read or written.
pub fn compile_to(entry: &Path, directory: &Path) -> Result<crate::Output, Failure> {
    let (disk, name) = Disk::of(entry).map_err(|unread| Failure::Io(entry.to_owned(), io_error(&unread)))?;
    compile_from(&disk, (&name, &Catalogue::standard()), directory, |_| true, |_| true)
}

/// Compiles for a package that has some features.
fn compile_from(
    disk: &Disk,
    (entry, catalogue): (&str, &Catalogue),
    directory: &Path,
    is_on: impl Fn(&str) -> bool,
    depends: impl Fn(&crate::Crate) -> bool,
) -> Result<crate::Output, Failure> {
    let mut project = Project::new(disk, catalogue);
    let output = project.compile(entry).map_err(|refused| match refused {
        Refused::Problems(problems) => {
            Failure::Problems(render::text(&problems, project.sources(), Colour::Off))
        }
        Refused::Unread(unread) => Failure::Io(PathBuf::from(entry), io_error(&unread)),
    })?;
    let off = output.features.iter().filter(|feature| !is_on(feature.name));
    let missing: Vec<Problem> = off.map(crate::Feature::missing).collect();
    if !missing.is_empty() {
        return Err(Failure::Problems(render::text(&missing, project.sources(), Colour::Off)));
    }
    let missing: Vec<Problem> =
        output.crates.iter().filter(|it| !depends(it)).map(crate::Crate::missing).collect();
    if !missing.is_empty() {
        return Err(Failure::Problems(render::text(&missing, project.sources(), Colour::Off)));
    }
    let path = directory.join(FILE);
    // Left untouched where nothing has changed, so that cargo compiles nothing anew.
    if !fs::read(&path).is_ok_and(|there| there == output.rust.as_bytes()) {
        fs::write(&path, &output.rust).map_err(|error| Failure::Io(path, error))?;
    }
    Ok(output)
}

/// Why an entry could not be read, as the machine would say it.
fn io_error(unread: &Unread) -> io::Error {
    match unread {
        Unread::Missing => io::Error::new(io::ErrorKind::NotFound, "there is no such file"),
        Unread::Outside => io::Error::new(io::ErrorKind::PermissionDenied, "it leads out of the project"),
        Unread::Refused(why) => io::Error::new(io::ErrorKind::InvalidData, why.clone()),
    }
}

/// The files below one folder.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    /// The root without links.
    real: Option<PathBuf>,
    touched: RefCell<BTreeSet<PathBuf>>,
}

impl Disk {
    /// The files below a folder.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), real: fs::canonicalize(root).ok(), touched: RefCell::default() }
    }

    /// The project to which an entry belongs, and the entry's name in it.
    ///
    /// The project's folder is the nearest one at or above the entry's that has a `Cargo.toml` or a `.git`. Without any, it
    /// is the present folder if the entry is below it, else the entry's own.
    ///
    /// # Errors
    ///
    /// Why the entry cannot be found.
    pub fn of(entry: &Path) -> Result<(Self, String), Unread> {
        let real = fs::canonicalize(entry).map_err(|error| unread(&error))?;
        let folder = real.parent().ok_or(Unread::Missing)?;
        let here = env::current_dir().and_then(fs::canonicalize).ok();
        let here = here.as_deref().filter(|here| folder.starts_with(here));
        let root = marked(folder).or(here).unwrap_or(folder);
        let name = below(root, &real).ok_or(Unread::Outside)?;
        Ok((Self::at(root), name))
    }

    /// The project around a folder, and the folder's name in it; empty if it is the project's own.
    #[must_use]
    pub fn around(folder: &Path) -> (Self, String) {
        let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let root = marked(&real).unwrap_or(&real);
        (Self::at(root), below(root, &real).unwrap_or_default())
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every file that was read and every folder whose names were asked for.
    #[must_use]
    pub fn touched(&self) -> Vec<PathBuf> {
        self.touched.borrow().iter().cloned().collect()
    }

    fn touch(&self, path: &str) -> PathBuf {
        let path = if path.is_empty() { self.root.clone() } else { self.root.join(path) };
        let shown = path.strip_prefix(".").unwrap_or(&path).to_owned();
        let shown = if shown.as_os_str().is_empty() { PathBuf::from(".") } else { shown };
        self.touched.borrow_mut().insert(shown);
        path
    }

    fn gather(&self, folder: &str, depth: usize, found: &mut Vec<String>) {
        let path = if folder.is_empty() { self.root.clone() } else { self.root.join(folder) };
        for Listed { name, is_folder } in listed(&path) {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if is_folder {
                if depth > 0 && !name.starts_with('.') && !PASSED_OVER.contains(&name.as_str()) {
                    self.gather(&path, depth - 1, found);
                }
            } else if Path::new(&name).extension().is_some_and(|extension| extension == "gw") {
                found.push(path);
            }
        }
    }
}

impl Sources for Disk {
    fn read(&self, path: &str) -> Result<Read, Unread> {
        let file = self.touch(path);
        let real = fs::canonicalize(&file).map_err(|error| unread(&error))?;
        let name = self.real.as_deref().and_then(|root| below(root, &real)).ok_or(Unread::Outside)?;
        let mut opened = fs::File::open(&real).map_err(|error| unread(&error))?;
        if !opened.metadata().is_ok_and(|about| about.is_file()) {
            return Err(Unread::Refused("it is no file".to_owned()));
        }
        let mut bytes = Vec::new();
        // One byte more than is taken tells that there are too many.
        let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        opened.by_ref().take(most).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
        Ok(Read { name, bytes })
    }

    fn list(&self, folder: &str) -> Vec<Listed> {
        listed(&self.touch(folder))
    }

    fn candidates(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.gather("", DEPTH, &mut found);
        found.sort();
        found
    }

    fn is_project(&self) -> bool {
        marked(&self.root).is_some_and(|marked| marked == self.root)
    }
}

/// The nearest folder, at or above this one, that begins a project.
fn marked(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| MARKS.iter().any(|mark| folder.join(mark).exists()))
}

fn listed(folder: &Path) -> Vec<Listed> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let listed = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some(Listed { name, is_folder: entry.path().is_dir() })
    });
    listed.collect()
}

/// A path below a folder, with slashes.
fn below(root: &Path, path: &Path) -> Option<String> {
    let names: Option<Vec<&str>> = path.strip_prefix(root).ok()?.iter().map(|name| name.to_str()).collect();
    Some(names?.join("/"))
}

fn unread(error: &io::Error) -> Unread {
    match error.kind() {
        io::ErrorKind::NotFound => Unread::Missing,
        _ => Unread::Refused(error.to_string().to_lowercase()),
    }
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    exit(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_cannot_be_an_operators_is_not_added() {
        let of = |name, home, state| {
            let policy = Policy { name, home, state, ..Policy::BLANK };
            strange(&Catalogue::standard(), &policy)
        };
        assert_eq!(of("agents", "crate::agents", None), None);
        assert_eq!(of("agents", "::shop::agents", Some("::shop::agents::State")), None);
        assert_eq!(of("timeout", "crate::timeout", None), Some("there is one of this name"));
        assert_eq!(of("Agents", "crate::agents", None), Some("its name is no word of small letters"));
        let called = |hooks| {
            let policy =
                Policy { name: "agents", home: "crate::agents", phase: Phase::Call, hooks, ..Policy::BLANK };
            strange(&Catalogue::standard(), &policy).is_some()
        };
        assert!(!called(&[Hook::Request]) && called(&[Hook::Request, Hook::Response]));
        let paths = "the paths of its types begin with neither `crate::` nor `::`";
        assert_eq!(of("agents", "policy::agents", None), Some(paths));
        assert_eq!(of("agents", "crate::agents", Some("policy::limit::State")), Some(paths));
    }
}
