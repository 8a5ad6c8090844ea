//! The meaning of a gw program: it is checked, its routes are put in order, and it is emitted as Rust.
//!
//! Everything here is pure but [`build_script`], which reads and writes files for a `build.rs`. No policy is known by name:
//! what a setting takes, how it joins and which type it fills is said by the row that the catalogue holds.

mod algebra;
mod amplification;
mod assertion;
pub mod build_script;
pub(crate) mod check;
mod checked;
mod contract;
mod coverage;
pub mod diff;
mod emit;
pub mod explain;
mod feature;
mod hash;
mod ir;
mod json;
mod linked;
mod load;
mod lower;
#[cfg(test)]
mod permutation;
mod project;
pub mod routes;
pub mod suite;
mod ty;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use gatewright_dsl::problem::Kind;
use gatewright_dsl::{Catalogue, Problem, Source};

/// The kinds of problem that the compiler reports beyond those of the language's own check.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    check::problem::KINDS.iter().chain(gatewright_dsl::problem::accord::KINDS)
}

/// The words, for rows of an operator's own.
pub use gatewright_dsl as dsl;

pub use feature::Feature;
pub use linked::{Crate, Handler};
pub use load::{Listed, Read, Sources, Unread};
pub use project::{Project, Refused};

use load::Memory;

/// What a listener without an address takes: every address of the machine.
const EVERY_ADDRESS: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// A compiled gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Items of Rust, to be included in a crate that has the runtime; they hold `pub static PROGRAM`.
    pub rust: String,
    /// Features of the runtime that it needs, sorted.
    pub features: Vec<Feature>,
    /// Crates of the operator's that it is linked with, sorted by name.
    pub crates: Vec<Crate>,
    /// The functions in them that answer, by number.
    pub handlers: Vec<Handler>,
    /// What was compiled.
    pub summary: Summary,
}

/// What a gateway consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The name behind the word `gateway`.
    pub name: String,
    /// The addresses on which it listens, in the order of declaration.
    pub listeners: Vec<Listener>,
    /// The number of upstreams.
    pub upstreams: usize,
    /// The number of routes.
    pub routes: usize,
}

/// Compiles a program that is given as texts: the first is the entry, and it may import the others by their names. A source's
/// number must be its index.
///
/// # Errors
///
/// All problems that can be found in one run, in the order of the text.
pub fn compile(sources: &[Source], catalogue: &Catalogue) -> Result<Output, Vec<Problem>> {
    let memory = Memory(sources);
    let mut project = Project::numbered(&memory, sources, catalogue);
    match sources.first().map(|entry| project.compile(&entry.name)) {
        Some(Ok(output)) => Ok(output),
        Some(Err(Refused::Problems(problems))) => Err(problems),
        // INVARIANT: every file is one of the sources, so that none is unread.
        Some(Err(Refused::Unread(_))) | None => Err(vec![check::problem::missing_gateway()]),
    }
}

/// Compiles a program as [`compile`] does, and gives what would be emitted, to be looked at.
///
/// # Errors
///
/// As [`compile`].
pub fn plan(sources: &[Source], catalogue: &Catalogue) -> Result<routes::Plan, Vec<Problem>> {
    let memory = Memory(sources);
    let mut project = Project::numbered(&memory, sources, catalogue);
    match sources.first().map(|entry| project.plan(&entry.name)) {
        Some(Ok(plan)) => Ok(plan),
        Some(Err(Refused::Problems(problems))) => Err(problems),
        Some(Err(Refused::Unread(_))) | None => Err(vec![check::problem::missing_gateway()]),
    }
}

/// Compiles a program as [`compile`] does, to hold it against another.
///
/// # Errors
///
/// As [`compile`].
pub fn meaning(sources: &[Source], catalogue: &Catalogue) -> Result<diff::Meaning, Vec<Problem>> {
    let memory = Memory(sources);
    let mut project = Project::numbered(&memory, sources, catalogue);
    match sources.first().map(|entry| project.meaning(&entry.name)) {
        Some(Ok(meaning)) => Ok(meaning),
        Some(Err(Refused::Problems(problems))) => Err(problems),
        Some(Err(Refused::Unread(_))) | None => Err(vec![check::problem::missing_gateway()]),
    }
}

/// Checks a program as [`compile`] does, and emits nothing.
///
/// # Errors
///
/// As [`compile`].
pub fn check(sources: &[Source], catalogue: &Catalogue) -> Result<Summary, Vec<Problem>> {
    let memory = Memory(sources);
    let mut project = Project::numbered(&memory, sources, catalogue);
    let entries: Vec<String> = sources.first().map(|entry| entry.name.clone()).into_iter().collect();
    match project.check(&entries).pop() {
        Some(Ok(summary)) => Ok(summary),
        Some(Err(Refused::Problems(problems))) => Err(problems),
        Some(Err(Refused::Unread(_))) | None => Err(vec![check::problem::missing_gateway()]),
    }
}

/// Where a gateway listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listener {
    /// Here.
    Is(SocketAddr),
    /// Where start-up says by the parameter of this name, or by its default.
    Param {
        /// The name.
        name: String,
        /// Where it listens if nobody says it.
        default: Option<SocketAddr>,
    },
}

impl Listener {
    fn of(program: &checked::Program, listener: &checked::Listener) -> Self {
        let name = match listener {
            checked::Listener::Is(address) => return Self::Is(*address),
            checked::Listener::Param(name) => name,
        };
        let param = program.params.iter().find(|param| param.name == *name);
        let default = match param.and_then(|param| param.default.as_ref()) {
            Some(ir::expr::Constant::Addr(address)) => Some(*address),
            _ => None,
        };
        Self::Param { name: name.clone(), default }
    }
}

impl Summary {
    fn of(program: &checked::Program) -> Self {
        Self {
            name: program.name.clone(),
            listeners: program.listeners.iter().map(|listener| Listener::of(program, listener)).collect(),
            upstreams: program.upstreams.len(),
            routes: program.routes.len(),
        }
    }
}
