//! Text to tree. Never fails, never panics, never stops at the first problem. Whether a setting, an upstream or a
//! type exists is not asked here.

mod aggregate;
mod arm;
mod assertion;
mod branch;
pub(crate) mod declaration;
mod expression;
mod head;
mod host;
mod literal;
mod path;
mod reader;
mod route;
mod setting;
mod strict;
mod terminal;
mod test;
mod text;
mod ty;

use crate::ast::File;
use crate::problem::{self, Problem};
use crate::source::Source;
use crate::split;
use reader::Reader;

/// The grammar's own names, which never leave this module.
mod grammar {
    #![allow(missing_docs, clippy::pedantic)]

    #[derive(pest_derive::Parser)]
    #[grammar = "gateway.pest"]
    pub struct Grammar;
}
use grammar::{Grammar, Rule};

type Pair<'a> = pest::iterators::Pair<'a, Rule>;

/// The height that no value exceeds; what would be higher is refused as `too_deep`.
pub const MAX_HEIGHT: usize = 256;

/// Reads a text: the tree of all that could be understood, and every problem, in the order of the text.
///
/// A text of more than [`crate::source::MAX_BYTES`] bytes gives an empty tree and one problem.
#[must_use]
pub fn parse(source: &Source) -> (File, Vec<Problem>) {
    let Read { file, problems, .. } = read(source);
    (file, problems)
}

/// All that reading a text gives.
pub(crate) struct Read {
    pub(crate) file: File,
    pub(crate) problems: Vec<Problem>,
    /// The text as the grammar saw it, byte for byte as long: without comments and damage.
    pub(crate) clean: String,
}

pub(crate) fn read(source: &Source) -> Read {
    let split = split::split(source);
    let mut reader = Reader::new(source, &split);
    let declarations = reader.pieces(&split.pieces);
    let mut problems = reader.finish();
    problems.extend(split.problems);
    problem::sort(&mut problems);
    let comments = split.comments.into_iter().map(|remark| remark.comment).collect();
    Read { file: File { declarations, comments }, problems, clean: split.clean }
}

#[cfg(test)]
mod tests;
