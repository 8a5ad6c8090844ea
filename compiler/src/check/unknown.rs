//! What the parser reads and nothing here gives a meaning to yet: it is refused, never passed over.

use gatewright_dsl::Span;
use gatewright_dsl::ast::{Block, Declaration, Route, Statement};
use gatewright_dsl::problem::setting::misplaced_setting;
use gatewright_dsl::schema::Place;

use super::Check;
use super::unit::Unit;

pub(super) fn check(check: &mut Check<'_>, units: &[Unit<'_>]) {
    for unit in units {
        declarations(check, unit.file.declarations.iter());
    }
}

fn declarations<'a>(check: &mut Check<'_>, all: impl Iterator<Item = &'a Declaration>) {
    for declaration in all {
        match declaration {
            Declaration::Import(_)
            | Declaration::Auth(_)
            | Declaration::Param(_)
            | Declaration::Assertion(_)
            | Declaration::Live(_)
            | Declaration::Secret(_)
            | Declaration::Type(_)
            | Declaration::Test(_) => {}
            // What is wrong with it is said.
            Declaration::Host(it) if it.broken => {}
            Declaration::Gateway(it) => block(check, &it.block, Place::Gateway),
            Declaration::Upstream(it) => block(check, &it.block, Place::Upstream),
            Declaration::Policy(it) => block(check, &it.block, Place::Policy),
            Declaration::Group(it) => {
                declarations(check, it.block.declarations());
            }
            Declaration::Host(it) => {
                declarations(check, it.block.declarations());
            }
            Declaration::Route(it) => route(check, it),
        }
    }
}

fn route(check: &mut Check<'_>, route: &Route) {
    if let Some(it) = &route.block {
        block(check, it, Place::Route);
    }
}

/// Refuses what stands in a block that has no room for it.
fn block(check: &mut Check<'_>, block: &Block, place: Place) {
    for statement in &block.statements {
        let (word, places) = match statement {
            Statement::Use(_) if !Place::ROUTES.contains(&place) => ("use", Place::ROUTES),
            Statement::Declaration(it) => (it.word(), &[Place::Group, Place::Host][..]),
            _ => continue,
        };
        let span = statement.span();
        let at = Span { end: span.start + word.len(), ..span };
        let places: Vec<&str> = places.iter().copied().map(Place::word).collect();
        check.problems.push(misplaced_setting(at, word, place.word(), &places));
    }
}
