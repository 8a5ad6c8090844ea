//! Whether the tree is whole: a declaration that could not be read, or a file that could not be found, may hold what
//! everything else seems to miss.

use gatewright_dsl::ast::{Block, Declaration, Statement};
use gatewright_dsl::{Problem, Span};

use super::unit::Unit;

/// Whether a problem stands outside of everything that could be read. Those of imports stand inside one, and count too.
pub(super) fn is_torn(units: &[Unit<'_>], problems: &[Problem]) -> bool {
    let mut whole: Vec<Span> = Vec::new();
    for declaration in units.iter().flat_map(|unit| &unit.file.declarations) {
        gather(declaration, &mut whole);
    }
    whole.sort_unstable();
    problems.iter().filter_map(Problem::span).any(|place| {
        let behind = whole.partition_point(|span| (span.file, span.start) <= (place.file, place.start));
        let before = behind.checked_sub(1).and_then(|at| whole.get(at));
        !before.is_some_and(|span| span.file == place.file && place.end <= span.end)
    })
}

/// The stretches of a declaration inside which nothing is lost but what the problem itself says.
fn gather(declaration: &Declaration, whole: &mut Vec<Span>) {
    match declaration {
        Declaration::Import(_) => {}
        Declaration::Group(group) => {
            whole.push(group.head);
            block(&group.block, whole);
        }
        Declaration::Host(host) => {
            whole.push(host.head);
            block(&host.block, whole);
        }
        other => whole.push(other.span()),
    }
}

fn block(block: &Block, whole: &mut Vec<Span>) {
    for statement in &block.statements {
        match statement {
            Statement::Declaration(inner) => gather(inner, whole),
            other => whole.push(other.span()),
        }
    }
}
