//! Routes among each other: no two may claim the same requests with the same right.
//!
//! The verdicts are the algebra's; here they become problems, and the routes are put in order.

use gatewright_dsl::Span;

use super::route::Route;
use super::{Check, problem};
use crate::algebra::{Method, Node, Pattern, Trie, conflicts};

/// Different parameters that the router compares at one place.
const MOST_PARAMETERS: usize = 16;

/// Checks the routes, and gives their numbers in order of precedence.
pub(super) fn check(check: &mut Check<'_>, routes: &[Route<'_>]) -> Vec<usize> {
    let mut trie = Trie::default();
    for (at, route) in routes.iter().enumerate() {
        for method in &route.methods {
            trie.insert(&route.pattern.set, *method, at);
        }
    }
    let known = check.problems.len();
    too_wide(check, routes, &trie.root);
    // A place that is too wide may hold more pairs than anyone should wait for.
    if check.problems.len() == known {
        collisions(check, routes, &trie);
    }
    let mut order = Vec::with_capacity(routes.len());
    trie.root.in_order(&mut order);
    order
}

fn collisions(check: &mut Check<'_>, routes: &[Route<'_>], trie: &Trie) {
    let shapes: Vec<(&Pattern, &[Method])> =
        routes.iter().map(|route| (&route.pattern.set, route.methods.as_slice())).collect();
    for conflict in conflicts(trie, &shapes) {
        let (Some(first), Some(second)) = (routes.get(conflict.first), routes.get(conflict.second)) else {
            continue;
        };
        let (first, second) = (claim(first), claim(second));
        let witness = conflict.witness.map(|witness| witness.to_string());
        check.problems.push(if conflict.duplicate {
            problem::duplicate_route(second, first, witness)
        } else {
            problem::ambiguous_route(second, first, witness)
        });
    }
}

/// The part of a route that says which requests it matches.
fn claim(route: &Route<'_>) -> Span {
    let pattern = route.written.pattern.span;
    route.written.methods.span().map_or(pattern, |methods| methods.to(pattern))
}

fn too_wide(check: &mut Check<'_>, routes: &[Route<'_>], node: &Node) {
    let beyond = node.params.get(MOST_PARAMETERS).and_then(|(_, child)| child.any_route());
    if let Some(route) = beyond.and_then(|at| routes.get(at)) {
        check.problems.push(problem::router_too_wide(MOST_PARAMETERS, route.written.pattern.span));
    }
    for child in node.children() {
        too_wide(check, routes, child);
    }
}
