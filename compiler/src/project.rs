//! The entries of one project: each is checked with all that it imports, and what is unused is judged over all of them.
//!
//! A file may be shared by several gateways, each of which uses a part of it. Only what no entry uses is unused; a gateway
//! holds only what its own entry uses.

use std::collections::BTreeMap;

use gatewright_dsl::{Catalogue, Problem, Source, Span};

use crate::algebra::{RouteSet, Side};
use crate::amplification::{self, Gateways};
use crate::assertion::Assertion;
use crate::check::{self, Outcome};
use crate::checked::{Declared, Program};
use crate::diff::Meaning;
use crate::load::{Entry, Files, Sources, Unread};
use crate::routes::Plan;
use crate::suite::Suite;
use crate::{Handler, Output, Summary, assertion, checked, coverage, emit, hash, lower};

/// The files of one run, and what is known of its entries.
pub struct Project<'a> {
    files: Files<'a>,
    catalogue: &'a Catalogue,
    entries: BTreeMap<String, Result<Known, Unread>>,
    /// Whether some file that may be an entry could not be read.
    is_unread: bool,
    /// Of how many entries it was looked at how often they try, and what is wrong with that, by path.
    amplified: (usize, BTreeMap<String, Vec<Problem>>),
}

struct Known {
    entry: Entry,
    outcome: Outcome,
    /// What will run, where nothing is wrong but what may be unused, and perhaps what is asserted.
    made: Option<Made>,
}

/// An entry that is understood.
struct Made {
    plan: Plan,
    summary: Summary,
    /// What its routes claim.
    claims: RouteSet,
    /// What was proved of them.
    assertions: Vec<Assertion>,
    declared: Declared,
}

/// Why an entry became no gateway.
#[derive(Debug)]
pub enum Refused {
    /// The file itself could not be read.
    Unread(Unread),
    /// What is wrong with the program, in the order of the text.
    Problems(Vec<Problem>),
}

impl<'a> Project<'a> {
    /// A project whose files are read when they are needed.
    #[must_use]
    pub fn new(disk: &'a dyn Sources, catalogue: &'a Catalogue) -> Self {
        Self {
            files: Files::new(disk),
            catalogue,
            entries: BTreeMap::new(),
            is_unread: false,
            amplified: (0, BTreeMap::new()),
        }
    }

    /// A project whose first files have their numbers already.
    pub(crate) fn numbered(disk: &'a dyn Sources, sources: &[Source], catalogue: &'a Catalogue) -> Self {
        Self {
            files: Files::numbered(disk, sources),
            catalogue,
            entries: BTreeMap::new(),
            is_unread: false,
            amplified: (0, BTreeMap::new()),
        }
    }

    /// All texts that were read, by the number that spans carry.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.files.sources
    }

    /// The paths of all files below the root that declare a gateway, in order.
    ///
    /// # Errors
    ///
    /// A file that may declare one, and why that cannot be told.
    pub fn entries(&mut self) -> Result<Vec<String>, (String, Unread)> {
        let mut entries = Vec::new();
        for path in self.files.candidates() {
            match self.files.open(&path) {
                Ok(number) if self.files.is_entry(number) => entries.push(path),
                Ok(_) => {}
                Err(unread) => return Err((path, unread)),
            }
        }
        entries.sort();
        Ok(entries)
    }

    /// Checks entries, each with all that it imports.
    pub fn check(&mut self, entries: &[String]) -> Vec<Result<Summary, Refused>> {
        for path in entries {
            self.look_at(path);
        }
        let all = entries.iter().map(|path| {
            let problems = self.problems(path);
            match self.entries.get(path).and_then(|known| known.as_ref().ok()) {
                Some(known) if problems.is_empty() => match (&known.outcome.program, &known.made) {
                    (Some(program), _) => Ok(Summary::of(program)),
                    (None, Some(made)) => Ok(made.summary.clone()),
                    (None, None) => Err(Refused::Problems(problems)),
                },
                Some(_) => Err(Refused::Problems(problems)),
                None => Err(Refused::Unread(self.unread(path))),
            }
        });
        all.collect()
    }

    /// Compiles one entry.
    ///
    /// # Errors
    ///
    /// All problems that can be found in one run.
    pub fn compile(&mut self, path: &str) -> Result<Output, Refused> {
        Ok(output(self.made(path)?))
    }

    /// Compiles one entry, and gives its tests with it.
    ///
    /// # Errors
    ///
    /// As [`Self::compile`].
    pub fn tested(&mut self, path: &str) -> Result<(Output, Suite), Refused> {
        let made = self.made(path)?;
        let known = self.entries.get(path).and_then(|known| known.as_ref().ok());
        let mut suite = known.map(|known| known.outcome.suite.clone()).unwrap_or_default();
        suite.parts = coverage::parts(&made.plan.0);
        Ok((output(made), suite))
    }
    /// The same, without writing any Rust.
    ///
    /// # Errors
    ///
    /// As [`Self::compile`].
    pub fn plan(&mut self, path: &str) -> Result<Plan, Refused> {
        self.made(path).map(|made| made.plan)
    }

    /// The same, to hold it against another.
    ///
    /// # Errors
    ///
    /// As [`Self::compile`].
    pub fn meaning(&mut self, path: &str) -> Result<Meaning, Refused> {
        let Made { plan, claims, assertions, declared, .. } = self.made(path)?;
        let known = self.entries.get(path).and_then(|known| known.as_ref().ok());
        let suite = known.map(|known| known.outcome.suite.clone()).unwrap_or_default();
        let sources = self.files.sources.clone();
        Ok(Meaning { plan, claims: Side::of(claims), assertions, tests: suite.tests, declared, sources })
    }

    fn made(&mut self, path: &str) -> Result<Made, Refused> {
        self.look_at(path);
        let problems = self.problems(path);
        if self.entries.get(path).is_none_or(Result::is_err) {
            return Err(Refused::Unread(self.unread(path)));
        }
        let Some(Ok(known)) = self.entries.get_mut(path).filter(|_| problems.is_empty()) else {
            return Err(Refused::Problems(problems));
        };
        if let Some(program) = known.outcome.program.take() {
            known.made = Some(made(&self.files, &known.entry, &known.outcome.texts, program));
        }
        known.made.take().ok_or(Refused::Problems(problems))
    }

    /// Reads and checks an entry, once.
    fn look_at(&mut self, path: &str) {
        if self.entries.contains_key(path) {
            return;
        }
        let known = self.files.entry(path).map(|entry| {
            let mut outcome = check::check(&self.files, &entry, self.catalogue);
            let made = proved(&self.files, &entry, &mut outcome);
            Known { entry, outcome, made }
        });
        self.entries.insert(path.to_owned(), known);
    }

    /// Everything that is wrong with an entry.
    fn problems(&mut self, path: &str) -> Vec<Problem> {
        let Some(Ok(known)) = self.entries.get(path) else { return Vec::new() };
        let (mut problems, unused) = (known.outcome.problems.clone(), known.outcome.unused.clone());
        for problem in unused {
            if let Some(span) = problem.span()
                && !self.is_used_elsewhere(span)
            {
                problems.push(problem);
            }
        }
        problems.extend(self.amplified(path));
        gatewright_dsl::problem::sort(&mut problems);
        problems
    }

    /// What is wrong with how often requests are tried, this gateway and all others of the project taken together.
    fn amplified(&mut self, path: &str) -> Vec<Problem> {
        let Some(Ok(known)) = self.entries.get(path) else { return Vec::new() };
        if !amplification::concerns(&known.outcome.hops) {
            return Vec::new();
        }
        if amplification::concerns_others(&known.outcome.hops) {
            // Where nothing says what the project is, it is what stands beside the entry.
            let all = if self.files.is_project() { self.files.candidates() } else { self.files.beside(path) };
            self.look_at_all(all);
        }
        if self.amplified.0 != self.entries.len() {
            self.amplified = (self.entries.len(), self.amplify());
        }
        self.amplified.1.get(path).cloned().unwrap_or_default()
    }

    /// That of all entries that are known.
    fn amplify(&self) -> BTreeMap<String, Vec<Problem>> {
        let known = self.entries.iter().filter_map(|(path, known)| Some((path, known.as_ref().ok()?)));
        let known: Vec<(&String, &Known)> = known.collect();
        let gateways = Gateways::of(known.iter().map(|(_, known)| &known.outcome.hops).collect());
        // What could not be read may have any name; and what is not right, any routes.
        let are_read = known.len() == self.entries.len() && !self.is_unread;
        let are_right = are_read && known.iter().all(|(_, known)| known.outcome.problems.is_empty());
        let mut all = BTreeMap::new();
        for (at, (path, known)) in known.iter().enumerate() {
            if !amplification::concerns(&known.outcome.hops) {
                continue;
            }
            let mut held = gateways.hold(at);
            let mut problems = std::mem::take(&mut held.problems);
            if are_read {
                problems.extend(gateways.unknown(at));
            }
            if are_right {
                problems.extend(gateways.unneeded(at, &held));
            }
            all.insert((*path).clone(), problems);
        }
        all
    }

    /// Reads and checks all of these files that are entries.
    fn look_at_all(&mut self, all: Vec<String>) {
        for path in all {
            match self.files.open(&path) {
                Ok(number) if self.files.is_entry(number) => self.look_at(&path),
                Ok(_) => {}
                Err(_) => self.is_unread = true,
            }
        }
    }

    /// Whether another entry uses what is declared here, or might.
    fn is_used_elsewhere(&mut self, span: Span) -> bool {
        let is_among = |known: &Result<Known, Unread>| {
            known.as_ref().is_ok_and(|Known { entry, outcome, .. }| {
                let shares = entry.files.iter().any(|file| u32::try_from(*file) == Ok(span.file));
                shares && (outcome.is_partial || outcome.used.contains(&span))
            })
        };
        if self.entries.values().any(is_among) {
            return true;
        }
        // An entry's own declarations are nobody else's, unless somebody imports the entry, who is refused for that.
        let is_entry = usize::try_from(span.file).is_ok_and(|number| self.files.is_entry(number));
        if is_entry {
            return false;
        }
        self.look_at_all(self.files.candidates());
        self.entries.values().any(is_among)
    }

    fn unread(&self, path: &str) -> Unread {
        match self.entries.get(path) {
            Some(Err(unread)) => unread.clone(),
            _ => Unread::Missing,
        }
    }
}

/// The Rust of what will run.
fn output(Made { plan: Plan(program), summary, .. }: Made) -> Output {
    let handler = |it: &checked::Handler| Handler { path: it.path.join("::"), span: it.span };
    let handlers = program.ends.handlers.iter().map(handler).collect();
    let rust = emit::emit(&program);
    Output { rust, features: program.features, crates: program.crates, handlers, summary }
}

/// What will run.
fn made(files: &Files<'_>, entry: &Entry, texts: &[Source], mut program: Program) -> Made {
    let (summary, claims) = (Summary::of(&program), program.claims.clone());
    let (assertions, declared) =
        (std::mem::take(&mut program.assertions), std::mem::take(&mut program.declared));
    let sources = entry.files.iter().filter_map(|number| files.sources.get(*number));
    let plan = Plan(lower::lower(program, hash::of(sources.chain(texts))));
    Made { plan, summary, claims, assertions, declared }
}

/// Proves what is asserted, over what will run. Where nothing is asserted, that is not made before somebody wants it.
fn proved(files: &Files<'_>, entry: &Entry, outcome: &mut Outcome) -> Option<Made> {
    let program = outcome.program.take_if(|program| !program.assertions.is_empty())?;
    let made = made(files, entry, &outcome.texts, program);
    outcome.problems.extend(assertion::prove(&made.plan, &made.claims, &made.assertions));
    Some(made)
}
