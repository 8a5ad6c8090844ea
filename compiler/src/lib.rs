//! The meaning of a gw program: it is checked, its routes are put in order, and it is emitted as Rust.
//!
//! Everything here is pure but [`build_script`], which reads and writes files for a `build.rs`. No policy is known by name:
//! what a setting takes, how it joins and which type it fills is said by the row that the catalogue holds.

mod algebra;
pub mod build_script;
mod check;
mod checked;
mod emit;
mod hash;
mod ir;
mod lower;
#[cfg(test)]
mod permutation;
#[allow(dead_code, reason = "captures, parameters and expressions are typed with it next")]
mod ty;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use gatewright_dsl::ast::File;
use gatewright_dsl::{Catalogue, Problem, Source};

pub use check::problem::KINDS;

/// What a listener without an address takes: every address of the machine.
const EVERY_ADDRESS: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// A compiled gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Items of Rust, to be included in a crate that has the runtime; they hold `pub static PROGRAM`.
    pub rust: String,
    /// Features of the runtime that it needs, sorted.
    pub features: Vec<&'static str>,
    /// What was compiled.
    pub summary: Summary,
}

/// What a gateway consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The name behind the word `gateway`.
    pub name: String,
    /// The addresses on which it listens, in the order of declaration.
    pub listeners: Vec<SocketAddr>,
    /// The number of upstreams.
    pub upstreams: usize,
    /// The number of routes.
    pub routes: usize,
}

/// Compiles a program. A source's number must be its index.
///
/// # Errors
///
/// All problems that can be found in one run, in the order of the text.
pub fn compile(sources: &[Source], catalogue: &Catalogue) -> Result<Output, Vec<Problem>> {
    let (files, problems) = parse(sources);
    let program = check::check(&files, problems, sources, catalogue)?;
    let summary = Summary::of(&program);
    let program = lower::lower(program, hash::of(sources));
    Ok(Output { rust: emit::emit(&program), features: program.features, summary })
}

/// Checks a program as [`compile`] does, and emits nothing.
///
/// # Errors
///
/// As [`compile`].
pub fn check(sources: &[Source], catalogue: &Catalogue) -> Result<Summary, Vec<Problem>> {
    let (files, problems) = parse(sources);
    check::check(&files, problems, sources, catalogue).map(|program| Summary::of(&program))
}

fn parse(sources: &[Source]) -> (Vec<File>, Vec<Problem>) {
    let (files, problems): (Vec<_>, Vec<_>) = sources.iter().map(gatewright_dsl::parse).unzip();
    (files, problems.into_iter().flatten().collect())
}

impl Summary {
    fn of(program: &checked::Program) -> Self {
        Self {
            name: program.name.clone(),
            listeners: program.listeners.clone(),
            upstreams: program.upstreams.len(),
            routes: program.routes.len(),
        }
    }
}
