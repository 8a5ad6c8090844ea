//! Routes among each other: no two may claim the same requests with the same right.
//!
//! The verdicts are the algebra's; here they become problems, and the routes are put in order.

use gatewright_dsl::{Problem, Span};

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
        let path = conflict.witness.as_ref().map_or("", |witness| witness.path.as_str());
        let both = [conflict.first, conflict.second];
        let either = both.into_iter().find_map(|claim| set.taken_by(claim, path));
        let witness = conflict.witness.as_ref().map(ToString::to_string);
        let problem = if conflict.duplicate {
            problem::duplicate_route(second, first, witness)
        } else if set.floor(conflict.second).is_some() {
            problem::ambiguous_floor(first, second, witness)
        } else {
            let asks = both.into_iter().all(|claim| set.asks(claim).is_some());
            problem::ambiguous_route((second, first), asks, witness)
        };
        check.problems.push(with_either(problem, either));
    }
}

fn unreachable(check: &mut Check<'_>, set: &RouteSet, trie: &Trie) {
    for lost in unreached(trie, set) {
        if let (Some(span), Some(by)) = (set.span(lost.route), set.span(lost.by)) {
            let problem = problem::unreachable_route(span, by, lost.witness.to_string());
            check.problems.push(with_either(problem, set.taken_by(lost.route, &lost.witness.path)));
        }
    }
}

/// Shows where it is said that a path is taken, where that is the form which no route writes.
fn with_either(problem: Problem, either: Option<Span>) -> Problem {
    match either {
        Some(span) => problem.because(span, "takes this path too, with a slash at its end or without"),
        None => problem,
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
