//! The names that are declared for the whole program: who has which, which are taken twice, and which nobody uses.
//!
//! What stands behind a name is looked at elsewhere; whoever does so asks here first.

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ast::Declaration;
use gatewright_dsl::policy::WhoWords;
use gatewright_dsl::{Problem, Span};

use super::problem;
use super::rewrite::Space;
use super::unit::{self, Unit};

/// All names, and what has become of them.
#[derive(Default)]
pub(super) struct Names {
    declared: BTreeMap<(Space, String), Span>,
    used: BTreeSet<(Space, String)>,
    /// Values that are those of who asks.
    auths: BTreeSet<String>,
    /// Of these kinds some name is unknown: the declaration that was meant would be called unused.
    lost: BTreeSet<Space>,
}

impl Names {
    /// The names of all units. Of two declarations with one name, the first in the text has it.
    pub(super) fn of(units: &[Unit<'_>], problems: &mut Vec<Problem>) -> Self {
        let mut all: Vec<(Space, &str, Span)> = Vec::new();
        for declaration in units.iter().flat_map(|unit| &unit.file.declarations) {
            if let Some((space, name)) = unit::declared(declaration) {
                all.push((space, &name.text, name.span));
            }
        }
        all.sort_by_key(|(_, _, span)| *span);
        let mut names = Self::default();
        for declaration in units.iter().flat_map(|unit| &unit.file.declarations) {
            if let Declaration::Auth(auth) = declaration {
                names.auths.insert(auth.name.text.clone());
            }
        }
        for (space, name, span) in all {
            if let Some(first) = names.declared.get(&(space, name.to_owned())) {
                problems.push(problem::duplicate_name(space, name, span, *first));
            } else {
                names.declared.insert((space, name.to_owned()), span);
            }
        }
        names
    }

    /// Where a name is declared; it is used from now on. Where it is not, nothing of its kind is called unused.
    pub(super) fn find(&mut self, space: Space, name: &str) -> Option<Span> {
        let key = (space, name.to_owned());
        if let Some(span) = self.declared.get(&key) {
            self.used.insert(key);
            return Some(*span);
        }
        self.lost.insert(space);
        None
    }

    /// Whether a name is that of an `auth`.
    pub(super) fn is_auth(&self, name: &str) -> bool {
        self.auths.contains(name)
    }

    /// Whether a name is declared. That is no use of it.
    pub(super) fn has(&self, space: Space, name: &str) -> bool {
        self.declared.contains_key(&(space, name.to_owned()))
    }

    /// Where a name is declared. That is no use of it.
    pub(super) fn place(&self, space: Space, name: &str) -> Option<Span> {
        self.declared.get(&(space, name.to_owned())).copied()
    }

    /// Some name of this kind could not be read.
    pub(super) fn lose(&mut self, space: Space) {
        self.lost.insert(space);
    }

    /// All names of a kind, in order.
    pub(super) fn all(&self, space: Space) -> impl Iterator<Item = &str> {
        self.declared.keys().filter(move |(of, _)| *of == space).map(|(_, name)| name.as_str())
    }

    /// Where the declarations stand that are used.
    pub(super) fn used(&self) -> BTreeSet<Span> {
        self.used.iter().filter_map(|key| self.declared.get(key).copied()).collect()
    }

    /// The declarations that nobody uses, as far as that can be told.
    pub(super) fn unused(&self, words: WhoWords) -> Vec<Problem> {
        let used = self.used();
        let unused = self.declared.iter().filter(|((space, name), span)| {
            // A file that is imported under two names is used where one of them is.
            !self.lost.contains(space) && !self.used.contains(&(*space, name.clone())) && !used.contains(span)
        });
        unused
            .map(|((space, name), span)| match space {
                Space::Upstream => problem::unused_upstream(name, *span),
                Space::Policy => problem::unused_policy(name, *span),
                Space::Value if self.auths.contains(name) => problem::unused_auth(name, *span, words),
                Space::Value => problem::unused_param(name, *span),
                Space::Type => problem::unused_type(name, *span),
            })
            .collect()
    }

    /// The kinds of which a name was lost.
    pub(super) fn lost(&self) -> &BTreeSet<Space> {
        &self.lost
    }
}
