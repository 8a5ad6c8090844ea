//! What a route or a floor claims: sets of hosts, paths and methods. `check` fills it in, the algebra compares it.
//!
//! It knows the place in the text only to hand it on.

use gatewright_dsl::Span;

use super::{Condition, Method, Pattern, Single, matches};
use crate::ir::expr::Function;

/// All claims of a gateway, in no particular order. Routes are numbered from 0, floors go on behind them.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteSet {
    pub(crate) routes: Vec<Shape>,
    pub(crate) floors: Vec<Floor>,
}

/// The requests that a route claims.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// The part of the route that says so.
    pub(crate) span: Span,
    /// Labels from the right, one pattern for each that is written; a route without `host` has [`Pattern::every`] alone.
    pub(crate) hosts: Vec<Pattern>,
    /// The whole path, prefixes of groups included; where the slash at its end may be either way, its other form too.
    pub(crate) paths: Vec<Pattern>,
    /// Where it is said that the other form is taken.
    pub(crate) either: Option<Span>,
    /// Sorted.
    pub(crate) methods: Vec<Method>,
    /// Its own condition and those of the blocks around it, all at once.
    pub(crate) when: Condition,
    /// What asks it at run time.
    pub(crate) asks: Option<Function>,
}

/// The 404 in which a `host`, or a `group` with a prefix, ends: it takes every path at or below the prefix, with every
/// method, that no route there and none more specific takes.
#[derive(Clone, Debug)]
pub(crate) struct Floor {
    /// The head of the block.
    pub(crate) span: Span,
    /// As of a [`Shape`].
    pub(crate) hosts: Vec<Pattern>,
    /// The prefix, without a rest; for a `host` outside of groups it has no segment.
    pub(crate) prefix: Pattern,
    /// The conditions of the block and of those around it: what meets them not is not under the block.
    pub(crate) when: Condition,
    /// What asks it at run time.
    pub(crate) asks: Option<Function>,
}

impl RouteSet {
    /// The same claims, the routes in the order of these numbers.
    pub(crate) fn ordered(self, order: &[usize]) -> Self {
        let routes = order.iter().filter_map(|at| self.routes.get(*at).cloned()).collect();
        Self { routes, floors: self.floors }
    }

    /// Each set of requests of the claim of this number; `when` is the number of its condition.
    pub(super) fn singles(&self, number: usize, when: usize) -> Vec<Single> {
        let mut singles = Vec::new();
        if let Some(shape) = self.routes.get(number) {
            for host in &shape.hosts {
                for path in &shape.paths {
                    for method in &shape.methods {
                        let (host, path) = (host.clone(), path.clone());
                        singles.push(Single { host, path, method: *method, when });
                    }
                }
            }
        } else if let Some(floor) = self.floor(number) {
            for host in &floor.hosts {
                for path in floor.paths() {
                    singles.push(Single { host: host.clone(), path, method: Method::Every, when });
                }
            }
        }
        singles
    }

    /// What asks the condition of the claim of this number.
    pub(crate) fn asks(&self, number: usize) -> Option<&Function> {
        let route = self.routes.get(number).map(|shape| &shape.asks);
        route.or_else(|| self.floor(number).map(|floor| &floor.asks))?.as_ref()
    }

    /// The floor of this number, if it is one.
    pub(crate) fn floor(&self, number: usize) -> Option<&Floor> {
        self.floors.get(number.checked_sub(self.routes.len())?)
    }

    /// Where it is said that the route of this number takes this path, if that is the form which it does not write.
    pub(crate) fn taken_by(&self, number: usize, path: &str) -> Option<Span> {
        let shape = self.routes.get(number)?;
        let is_other = shape.paths.get(1).is_some_and(|other| matches(other, path));
        shape.either.filter(|_| is_other)
    }

    /// Where the claim of this number is made.
    pub(crate) fn span(&self, number: usize) -> Option<Span> {
        self.routes.get(number).map(|shape| shape.span).or_else(|| self.floor(number).map(|floor| floor.span))
    }
}

impl Floor {
    /// What is below the prefix, and the prefix itself.
    pub(super) fn paths(&self) -> impl Iterator<Item = Pattern> {
        let below = Pattern { segments: self.prefix.segments.clone(), rest: true };
        // No path is without a segment.
        let itself = (!self.prefix.segments.is_empty()).then(|| self.prefix.clone());
        itself.into_iter().chain([below])
    }
}
