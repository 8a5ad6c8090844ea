//! The memory of the process where `capacity memory` bounds it: what is set aside for that which grows with what clients send, beside
//! connections and requests. Without the word there is none of this, and nothing is counted.
#![cfg_attr(
    not(all(feature = "basic", feature = "jwt", feature = "limit")),
    allow(dead_code, unused_imports, reason = "what grows in a gateway depends on what it has")
)]

mod passwords;
mod tables;

use std::sync::Arc;

pub(crate) use self::passwords::{Passwords, Place};
pub(crate) use self::tables::{Share, Table, Tables};
use crate::params::Params;
use crate::program::Program;

/// What tables may have of the whole: so many parts are one of them.
const PARTS: u64 = 8;

/// The memory of a process that is bounded.
#[derive(Debug)]
pub(crate) struct Memory {
    /// All of it, in bytes.
    pub(crate) bytes: u64,
    /// For counts of limits, and for credentials that are remembered.
    pub(crate) tables: Arc<Tables>,
    /// For passwords that are being verified.
    pub(crate) passwords: Arc<Passwords>,
}

impl Memory {
    /// That of a program; nothing where it is not bounded.
    pub(crate) fn of(program: &Program, params: &Params) -> Option<Arc<Self>> {
        let bytes = program.capacity?.memory?.at(params);
        let limits = limits(program);
        let grows = limits > 0 || !program.auths.is_empty();
        let tables = Tables::new(if grows { bytes / PARTS } else { 0 }, limits);
        Some(Arc::new(Self { bytes, tables, passwords: Arc::default() }))
    }

    /// Whether anything of it may be taken by tables.
    pub(crate) fn has_tables(&self) -> bool {
        self.tables.set_aside() > 0
    }

    /// What is taken of each kind, and how much of it there is.
    #[cfg(feature = "admin")]
    pub(crate) fn told(&self) -> [(&'static str, u64, u64); 2] {
        let (tables, tables_most) = self.tables.told();
        let (passwords, passwords_most) = self.passwords.told();
        [("tables", tables, tables_most), ("passwords", passwords, passwords_most)]
    }
}

/// How many limits a program has.
#[cfg(feature = "limit")]
fn limits(program: &Program) -> usize {
    program.states.iter().filter(|make| make().is::<crate::policy::limit::State>()).count()
}

#[cfg(not(feature = "limit"))]
fn limits(_: &Program) -> usize {
    0
}
