//! Routes among each other: no two may claim the same requests with the same right.
//!
//! The verdicts are the algebra's; here they become problems, and the routes are put in order.

use super::{Check, problem};
use crate::algebra::{
    End, MOST_PLACES, Node, Paths, RouteSet, TooWide, Trie, conflicts, too_wide, unreached,
};

/// Different parameters that the router compares at one place.
const MOST_PARAMETERS: usize = 16;

/// Conditions that the router asks at one place.
const MOST_CONDITIONS: usize = 64;

/// Checks the claims, and gives the numbers of the routes in order of precedence.
pub(super) fn check(check: &mut Check<'_>, set: &RouteSet) -> Vec<usize> {
    let trie = Trie::of(set);
    let beyond = too_many_parameters(&trie);
    // A place that is too wide may hold more pairs than anyone should wait for.
    if beyond.is_empty() {
        let known = check.problems.len();
        if let Some(TooWide { path, route: Some(route) }) = too_wide(&trie)
            && let Some(span) = set.span(route)
        {
            check.problems.push(problem::too_many_places(MOST_PLACES, &path, span));
        }
        collisions(check, set, &trie);
        // Of two alike, one is never reached; that is said already.
        if check.problems.len() == known {
            unreachable(check, set, &trie);
        }
    }
    for route in beyond {
        if let Some(span) = set.span(route) {
            check.problems.push(problem::router_too_wide(MOST_PARAMETERS, span));
        }
    }
    trie.in_order()
}

fn collisions(check: &mut Check<'_>, set: &RouteSet, trie: &Trie) {
    let conflicts = conflicts(trie, set);
    if let Some(span) = trie.conditions.beyond().and_then(|claim| set.span(claim)) {
        check.problems.push(problem::condition_too_complex(span));
        return;
    }
    for conflict in conflicts {
        let (Some(first), Some(second)) = (set.span(conflict.first), set.span(conflict.second)) else {
            continue;
        };
        let witness = conflict.witness.map(|witness| witness.to_string());
        check.problems.push(if conflict.duplicate {
            problem::duplicate_route(second, first, witness)
        } else if set.floor(conflict.second).is_some() {
            problem::ambiguous_floor(first, second, witness)
        } else {
            problem::ambiguous_route(second, first, witness)
        });
    }
}

fn unreachable(check: &mut Check<'_>, set: &RouteSet, trie: &Trie) {
    for lost in unreached(trie, set) {
        if let (Some(span), Some(by)) = (set.span(lost.route), set.span(lost.by)) {
            check.problems.push(problem::unreachable_route(span, by, lost.witness.to_string()));
        }
    }
}

/// A route behind the last parameter that is looked at, for each place with more.
fn too_many_parameters(trie: &Trie) -> Vec<usize> {
    let mut beyond = Vec::new();
    wide_hosts(&trie.hosts, &mut beyond);
    beyond
}

fn wide_hosts(node: &Node<Paths>, beyond: &mut Vec<usize>) {
    for paths in [&node.here, &node.rest] {
        if let Some(root) = &paths.0 {
            wide_paths(root, beyond);
        }
    }
    for child in node.children() {
        wide_hosts(child, beyond);
    }
}

fn wide_paths(node: &Node<End>, beyond: &mut Vec<usize>) {
    for end in [&node.here, &node.rest] {
        let conditional = end.routes.iter().chain(&end.floors).filter(|claim| claim.when != 0);
        beyond.extend(conditional.map(|claim| claim.route).nth(MOST_CONDITIONS));
    }
    beyond.extend(node.params.get(MOST_PARAMETERS).and_then(|(_, child)| child.any_route()));
    for child in node.children() {
        wide_paths(child, beyond);
    }
}
