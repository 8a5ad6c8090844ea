//! The files of a program as they are imported: one file may stand there several times, under different names.
//!
//! `import … as NAME` puts `NAME_` before every name that the files behind it declare. That is done here, once, on a copy of
//! the tree, so that nothing else needs to know of it. A name that is used means the nearest: of the file's own names first,
//! then of those around the import.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ast::{Declaration, File, Import, Name, Value, ValueKind};
use gatewright_dsl::schema::{Place, Type};
use gatewright_dsl::{Catalogue, Policy, Span, item};

use super::rewrite::{self, Rewrite, Space};
use crate::load::{Entry, Files};

/// Files under one prefix that a program may have.
const MOST: usize = 10_000;

/// A file, with the names that it has in this program.
pub(super) struct Unit<'a> {
    pub(super) file: Cow<'a, File>,
    /// For each import, the units that it brings.
    imports: BTreeMap<Span, Vec<usize>>,
}

impl Unit<'_> {
    /// The units that an import of this file brings.
    pub(super) fn imported(&self, import: &Import) -> &[usize] {
        self.imports.get(&import.span).map_or(&[], Vec::as_slice)
    }
}

/// All units of a program; the first is the entry.
pub(super) struct Units<'a> {
    pub(super) all: Vec<Unit<'a>>,
    /// The import at which there were too many.
    pub(super) too_many: Option<Span>,
}

/// The number of files that may come together.
pub(super) const fn most() -> usize {
    MOST
}

pub(super) fn units<'a>(files: &'a Files<'_>, entry: &'a Entry, catalogue: &Catalogue) -> Units<'a> {
    let mut linking = Linking { files, entry, known: BTreeMap::new(), all: Vec::new(), too_many: None };
    linking.unit(entry.file, &Prefixes::new());
    let mut names = BTreeSet::new();
    for (prefixes, unit) in &linking.all {
        for declaration in &unit.file.declarations {
            if let Some((space, name)) = declared(declaration) {
                names.insert((space, format!("{}{}", own(prefixes), name.text)));
            }
        }
    }
    let mut all = Vec::with_capacity(linking.all.len());
    for (prefixes, mut unit) in linking.all {
        if !prefixes.is_empty() {
            let mut renaming = Renaming { prefixes: &prefixes, names: &names, catalogue };
            rewrite::file(unit.file.to_mut(), &mut renaming);
        }
        all.push(unit);
    }
    Units { all, too_many: linking.too_many }
}

/// What stands before the names of a unit: the prefix of each import around it and its own, from the outermost inwards,
/// each with all before it. `["teams_", "teams_orders_"]`
type Prefixes = Vec<String>;

struct Linking<'a, 'f> {
    files: &'a Files<'f>,
    entry: &'a Entry,
    known: BTreeMap<(usize, Prefixes), usize>,
    all: Vec<(Prefixes, Unit<'a>)>,
    too_many: Option<Span>,
}

impl Linking<'_, '_> {
    /// The number of a file under a prefix. Imports form no cycle, and no long row either.
    fn unit(&mut self, file: usize, prefixes: &Prefixes) -> usize {
        if let Some(known) = self.known.get(&(file, prefixes.clone())) {
            return *known;
        }
        let number = self.all.len();
        self.known.insert((file, prefixes.clone()), number);
        let tree = self.files.file(file);
        self.all.push((prefixes.clone(), Unit { file: Cow::Borrowed(tree), imports: BTreeMap::new() }));
        for import in imports(tree) {
            let mut inner = prefixes.clone();
            if let Some(alias) = &import.alias {
                inner.push(format!("{}{}_", own(prefixes), alias.text));
            }
            let mut brought = Vec::new();
            for target in self.entry.imported(import) {
                if self.all.len() >= MOST {
                    self.too_many.get_or_insert(import.span);
                    break;
                }
                brought.push(self.unit(*target, &inner));
            }
            if let Some((_, unit)) = self.all.get_mut(number) {
                unit.imports.insert(import.span, brought);
            }
        }
        number
    }
}

/// What stands before the names that a unit declares.
fn own(prefixes: &[String]) -> &str {
    prefixes.last().map_or("", String::as_str)
}

/// All imports of a file, those in blocks included.
pub(crate) fn imports(file: &File) -> Vec<&Import> {
    fn gather<'a>(declarations: impl Iterator<Item = &'a Declaration>, found: &mut Vec<&'a Import>) {
        for declaration in declarations {
            match declaration {
                Declaration::Import(import) => found.push(import),
                Declaration::Group(group) => gather(group.block.declarations(), found),
                Declaration::Host(host) => gather(host.block.declarations(), found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    gather(file.declarations.iter(), &mut found);
    found
}

/// What a declaration names for the whole program.
pub(super) fn declared(declaration: &Declaration) -> Option<(Space, &Name)> {
    match declaration {
        Declaration::Upstream(it) => Some((Space::Upstream, &it.name)),
        Declaration::Param(it) => Some((Space::Value, &it.name)),
        Declaration::Live(it) => Some((Space::Value, &it.name)),
        Declaration::Secret(it) => Some((Space::Value, &it.name)),
        Declaration::Auth(it) => Some((Space::Value, &it.name)),
        Declaration::Type(it) => Some((Space::Type, &it.name)),
        Declaration::Policy(it) => Some((Space::Policy, &it.name)),
        _ => None,
    }
}

struct Renaming<'a> {
    prefixes: &'a [String],
    names: &'a BTreeSet<(Space, String)>,
    catalogue: &'a Catalogue,
}

impl Renaming<'_> {
    fn rename(&self, space: Space, text: &mut String) {
        let whole = self.prefixes.iter().rev().map(|prefix| format!("{prefix}{text}"));
        // What is declared under none of them is left as it is.
        if let Some(found) = whole.into_iter().find(|whole| self.names.contains(&(space, whole.clone()))) {
            *text = found;
        }
    }
}

impl Rewrite for Renaming<'_> {
    fn name(&mut self, space: Space, name: &mut Name) {
        self.rename(space, &mut name.text);
    }

    fn word(&mut self, value: &mut Value) {
        if let ValueKind::Word(text) = &mut value.kind {
            self.rename(Space::Value, text);
        }
    }

    fn is_label(&self, setting: &str, word: &str) -> bool {
        is_label(self.catalogue, setting, word)
    }

    fn names_upstream(&self, setting: &str) -> bool {
        let own = Place::ALL.iter().flat_map(|place| item::words(*place));
        let mut rows = own.chain(self.catalogue.auths().flat_map(|kind| kind.words));
        rows.any(|row| row.name == setting && row.params.iter().any(|param| param.ty == Type::Upstream))
    }

    fn is_type(&self, setting: &str) -> bool {
        let policy = self.catalogue.find(setting);
        policy.is_some_and(|policy| policy.reading.is_some())
    }
}

/// Whether a bare word behind a setting's word is one of its labels or choices, and no name.
pub(super) fn is_label(catalogue: &Catalogue, setting: &str, word: &str) -> bool {
    let own = Place::ALL.iter().flat_map(|place| item::words(*place)).copied();
    let policies = catalogue.policies().map(Policy::row);
    let auths = catalogue.auths().flat_map(|kind| kind.words).copied();
    let inner = catalogue.policies().flat_map(|policy| policy.row().block).copied();
    own.chain(policies).chain(auths).chain(inner).any(|row| row.name == setting && row.takes(word))
}
