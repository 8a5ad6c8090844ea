//! The files of a program: an entry and all that it imports, each read once and parsed once.
//!
//! Nothing is read here: a [`Sources`] does, which is the disk for a tool and a list of texts for a test. What the files
//! mean is the check's work.

mod glob;
mod import;
mod memory;

use std::collections::BTreeMap;

use gatewright_dsl::ast::{self, Declaration, Import};
use gatewright_dsl::{Problem, Source, Span};

use crate::check::problem;

pub(crate) use glob::is_among;
pub(crate) use memory::Memory;

/// Where files come from. Their paths have slashes between the names, no `.` or `..`, and begin below the project's root.
pub trait Sources {
    /// What a file holds, under the one name that it has: two paths that lead to one file lead to one name.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn read(&self, path: &str) -> Result<Read, Unread>;

    /// What a folder holds, in any order; nothing if there is no such folder. The root is the empty path.
    fn list(&self, folder: &str) -> Vec<Listed>;

    /// The paths of all files of the project that may be entries.
    fn candidates(&self) -> Vec<String>;

    /// Whether something says what belongs to the project. Where nothing does, other files have nothing to do with one that was
    /// asked for.
    fn is_project(&self) -> bool {
        true
    }
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its one path below the root.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The name, without the folder's.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_folder: bool,
}

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// There is none.
    Missing,
    /// It is not below the project's root, whatever its path says.
    Outside,
    /// It is there, and is no file of text, or the machine refuses it: why, in a few words.
    Refused(String),
}

/// Imports of imports that are followed.
const DEEPEST: usize = 16;

/// All files of one run.
pub(crate) struct Files<'s> {
    disk: &'s dyn Sources,
    pub(crate) sources: Vec<Source>,
    parsed: Vec<Option<Parsed>>,
    /// What was asked for, by path.
    known: BTreeMap<String, Result<usize, Unread>>,
}

struct Parsed {
    file: ast::File,
    problems: Vec<Problem>,
}

/// An entry file with all that it imports.
pub(crate) struct Entry {
    /// Its number among the sources.
    pub(crate) file: usize,
    /// All its files, itself included, in the order of their names.
    pub(crate) files: Vec<usize>,
    /// What the parser says about them, and what is wrong with imports.
    pub(crate) problems: Vec<Problem>,
    /// The files that an import names, by the place where it stands. There is no cycle among them.
    imports: BTreeMap<Span, Vec<usize>>,
}

impl Entry {
    /// The files that an import names.
    pub(crate) fn imported(&self, import: &Import) -> &[usize] {
        self.imports.get(&import.span).map_or(&[], Vec::as_slice)
    }
}

impl<'s> Files<'s> {
    pub(crate) fn new(disk: &'s dyn Sources) -> Self {
        Self { disk, sources: Vec::new(), parsed: Vec::new(), known: BTreeMap::new() }
    }

    /// Files whose numbers are given: each one's index.
    pub(crate) fn numbered(disk: &'s dyn Sources, sources: &[Source]) -> Self {
        let mut files = Self::new(disk);
        for (number, source) in sources.iter().enumerate() {
            files.known.insert(source.name.clone(), Ok(number));
            files.sources.push(source.clone());
            files.parsed.push(None);
        }
        files
    }

    /// Whether something says what belongs to the project.
    pub(crate) fn is_project(&self) -> bool {
        self.disk.is_project()
    }

    /// The files that may be entries in the folder of this one, itself included.
    pub(crate) fn beside(&self, path: &str) -> Vec<String> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let before = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let is_text = |name: &str| name.rsplit_once('.').is_some_and(|(_, form)| form == "gw");
        let files = self.disk.list(folder).into_iter().filter(|it| !it.is_folder && is_text(&it.name));
        files.map(|it| format!("{before}{}", it.name)).collect()
    }

    /// The number of a file, which is read and parsed where it is new.
    pub(crate) fn open(&mut self, path: &str) -> Result<usize, Unread> {
        if let Some(known) = self.known.get(path) {
            let known = known.clone();
            if let Ok(number) = known {
                self.parse(number);
            }
            return known;
        }
        let opened = self.disk.read(path).and_then(|read| self.add(read));
        self.known.insert(path.to_owned(), opened.clone());
        opened
    }

    fn add(&mut self, read: Read) -> Result<usize, Unread> {
        if let Some(Ok(number)) = self.known.get(&read.name) {
            return Ok(*number);
        }
        let text = String::from_utf8(read.bytes)
            .map_err(|_| Unread::Refused("it is no text in UTF-8".to_owned()))?;
        let number = self.sources.len();
        let file = u32::try_from(number).unwrap_or(u32::MAX);
        self.sources.push(Source::new(read.name.clone(), text).numbered(file));
        self.parsed.push(None);
        self.known.insert(read.name, Ok(number));
        self.parse(number);
        Ok(number)
    }

    fn parse(&mut self, number: usize) {
        if let (Some(source), Some(parsed @ None)) = (self.sources.get(number), self.parsed.get_mut(number)) {
            let (file, problems) = gatewright_dsl::parse(source);
            *parsed = Some(Parsed { file, problems });
        }
    }

    pub(crate) fn file(&self, number: usize) -> &ast::File {
        static NONE: ast::File = ast::File { declarations: Vec::new(), comments: Vec::new() };
        self.parsed(number).map_or(&NONE, |parsed| &parsed.file)
    }

    /// What the parser says about a file.
    pub(crate) fn problems(&self, number: usize) -> &[Problem] {
        self.parsed(number).map_or(&[], |parsed| &parsed.problems)
    }

    fn parsed(&self, number: usize) -> Option<&Parsed> {
        self.parsed.get(number)?.as_ref()
    }

    /// The bytes of a file that is no program, named from the file in which `at` stands.
    pub(crate) fn bytes(&self, at: Span, written: &str) -> Result<Read, Box<Problem>> {
        let from = self.name(at);
        let Some(path) = import::resolve(from, written) else {
            return Err(Box::new(problem::file_outside(written, at)));
        };
        let read = self.disk.read(&path);
        read.map_err(|unread| Box::new(self.unread(&unread, written, &path, at)))
    }

    /// The paths of all files that may be entries.
    pub(crate) fn candidates(&self) -> Vec<String> {
        self.disk.candidates()
    }

    /// Whether a file declares a gateway.
    pub(crate) fn is_entry(&self, number: usize) -> bool {
        self.file(number).gateways().next().is_some()
    }

    /// Reads an entry and all that it imports.
    pub(crate) fn entry(&mut self, path: &str) -> Result<Entry, Unread> {
        let file = self.open(path)?;
        let mut entry = Entry { file, files: Vec::new(), problems: Vec::new(), imports: BTreeMap::new() };
        let mut trail = Vec::new();
        self.follow(file, &mut trail, &mut entry);
        entry.files.sort_by(|a, b| self.named(*a).cmp(self.named(*b)));
        let parsed = entry.files.iter().flat_map(|number| self.problems(*number));
        entry.problems = parsed.cloned().chain(entry.problems).collect();
        Ok(entry)
    }

    /// Reads what a file imports. `trail` are the imports that led to it, each with the file in which it stands.
    fn follow(&mut self, file: usize, trail: &mut Vec<(usize, Span)>, entry: &mut Entry) {
        if entry.files.contains(&file) {
            return;
        }
        entry.files.push(file);
        let written = imports(self.file(file));
        let mut seen: BTreeMap<(usize, Span, Option<String>), Span> = BTreeMap::new();
        for (block, import) in written {
            if import.broken {
                continue;
            }
            if trail.len() >= DEEPEST {
                entry.problems.push(problem::too_many_imports(
                    &format!("files import each other more than {DEEPEST} deep"),
                    import.path.span,
                ));
                continue;
            }
            let found = match self.find(file, &import) {
                Ok(found) => found,
                Err(problem) => {
                    entry.problems.push(*problem);
                    continue;
                }
            };
            let mut taken = Vec::new();
            trail.push((file, import.path.span));
            for target in found {
                let alias = import.alias.as_ref().map(|alias| alias.text.clone());
                if let Some(first) = seen.get(&(target, block, alias.clone())) {
                    let name = self.named(target).to_owned();
                    entry.problems.push(problem::repeated_import(&name, import.path.span, *first));
                } else if let Some(at) = trail.iter().position(|(importing, _)| *importing == target) {
                    let cycle = trail.get(at..).unwrap_or_default();
                    entry.problems.push(problem::import_cycle(self.named(target), cycle));
                } else {
                    seen.insert((target, block, alias), import.path.span);
                    taken.push(target);
                    self.follow(target, trail, entry);
                }
            }
            trail.pop();
            entry.imports.insert(import.span, taken);
        }
    }

    /// The files that an import names, in the order of their names.
    fn find(&mut self, from: usize, import: &Import) -> Result<Vec<usize>, Box<Problem>> {
        let (written, at) = (import.path.value.as_str(), import.path.span);
        let Some(path) = import::resolve(self.named(from), written) else {
            return Err(Box::new(problem::file_outside(written, at)));
        };
        let is_pattern = glob::is_pattern(&path);
        let paths = if is_pattern { glob::matches(self.disk, &path) } else { vec![path.clone()] };
        let mut found = Vec::new();
        for path in paths {
            match self.open(&path) {
                // A pattern may match the file in which it stands.
                Ok(number) if is_pattern && number == from => {}
                Ok(number) => found.push(number),
                Err(unread) => return Err(Box::new(self.unread(&unread, written, &path, at))),
            }
        }
        if found.is_empty() {
            return Err(Box::new(problem::no_file_matches(written, at)));
        }
        found.sort_by(|a, b| self.named(*a).cmp(self.named(*b)));
        // Two names of one file.
        found.dedup();
        Ok(found)
    }

    /// Why a file could not be read, as a problem.
    fn unread(&self, unread: &Unread, written: &str, path: &str, at: Span) -> Problem {
        match unread {
            Unread::Outside => problem::file_outside(written, at),
            Unread::Refused(why) => problem::unreadable_file(written, why, at),
            Unread::Missing => {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                let listed = self.disk.list(folder);
                let beside: Vec<&str> = listed
                    .iter()
                    .filter(|listed| !listed.is_folder)
                    .map(|listed| listed.name.as_str())
                    .collect();
                let before = written.strip_suffix(name).unwrap_or_default();
                problem::unknown_file(written, before, &beside, at)
            }
        }
    }

    fn name(&self, at: Span) -> &str {
        usize::try_from(at.file).map_or("", |number| self.named(number))
    }

    pub(crate) fn named(&self, number: usize) -> &str {
        self.sources.get(number).map_or("", |source| source.name.as_str())
    }
}

/// All imports of a file, each with the block in which it stands.
fn imports(file: &ast::File) -> Vec<(Span, Import)> {
    fn gather<'a>(
        block: Span,
        declarations: impl Iterator<Item = &'a Declaration>,
        found: &mut Vec<(Span, Import)>,
    ) {
        for declaration in declarations {
            match declaration {
                Declaration::Import(import) => found.push((block, import.clone())),
                Declaration::Group(group) => gather(group.span, group.block.declarations(), found),
                Declaration::Host(host) => gather(host.span, host.block.declarations(), found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    gather(Span::new(0, 0, 0), file.declarations.iter(), &mut found);
    found
}
