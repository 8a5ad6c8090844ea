//! All patterns of a gateway in one tree, so that only routes that can meet are compared: labels of the host from the right,
//! then segments of the path.
//!
//! Sets with the same members share a node. What stands side by side, parameters of a node and routes at its end, stands in
//! order of precedence: walking depth first, literal, parameters, rest, finds the most specific route first. The runtime's
//! tables are laid out from it.

use std::collections::{BTreeMap, BTreeSet};

use super::order::arrange;
use super::{Conditions, Method, Pattern, Relation, RouteSet, Set};

/// The tree; what it holds are the numbers of routes and floors.
#[derive(Debug)]
pub(crate) struct Trie {
    /// Hosts; the rest of its root is every host.
    pub(crate) hosts: Node<Paths>,
    pub(crate) conditions: Conditions,
}

/// The paths of the routes of one host.
#[derive(Debug, Default)]
pub(crate) struct Paths(pub(crate) Option<Box<Node<End>>>);

/// A place in a path or a host.
#[derive(Debug, Default)]
pub(crate) struct Node<E> {
    pub(crate) literals: BTreeMap<String, Node<E>>,
    /// In order of precedence.
    pub(crate) params: Vec<(Set, Node<E>)>,
    /// What ends here.
    pub(crate) here: E,
    /// What goes on with any segments, one at least.
    pub(crate) rest: E,
}

/// The claims on one set of paths.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// In order of precedence.
    pub(crate) routes: Vec<Claim>,
    /// The floors that take what these routes leave.
    pub(crate) floors: Vec<Claim>,
}

/// A claim with one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) method: Method,
    /// The number of its condition.
    pub(crate) when: usize,
    /// The number of the route or floor.
    pub(crate) route: usize,
}

impl Trie {
    pub(crate) fn of(set: &RouteSet) -> Self {
        let mut trie = Self { hosts: Node::default(), conditions: Conditions::of(set) };
        for (route, shape) in set.routes.iter().enumerate() {
            let when = trie.conditions.number(route);
            for host in &shape.hosts {
                for path in &shape.paths {
                    let end = trie.end(host, path);
                    let methods = shape.methods.iter();
                    end.routes.extend(methods.map(|method| Claim { method: *method, when, route }));
                }
            }
        }
        for (route, floor) in (set.routes.len()..).zip(&set.floors) {
            let when = trie.conditions.number(route);
            for host in &floor.hosts {
                for path in floor.paths() {
                    trie.end(host, &path).floors.push(Claim { method: Method::Every, when, route });
                }
            }
        }
        let Self { hosts, conditions } = &mut trie;
        hosts.arrange(&mut |paths| {
            if let Some(paths) = &mut paths.0 {
                paths.arrange(&mut |end| end.arrange(conditions));
            }
        });
        trie
    }

    fn end(&mut self, host: &Pattern, path: &Pattern) -> &mut End {
        let paths = self.hosts.end(host);
        paths.0.get_or_insert_default().end(path)
    }

    /// What wins a request: the labels of the host from the right and the path's segments, both in canonical spelling, a
    /// method that is not `*`, and the numbers of the conditions that hold.
    pub(crate) fn winner(
        &self,
        host: &[&str],
        segments: &[&str],
        method: Method,
        holds: &dyn Fn(usize) -> bool,
    ) -> Option<usize> {
        self.hosts.first(host, &|paths| paths.0.as_ref()?.first(segments, &|end| end.winner(method, holds)))
    }

    /// The numbers of all routes, those that win before those that they win against.
    pub(crate) fn in_order(&self) -> Vec<usize> {
        let mut order = Vec::new();
        self.hosts.ends(&mut |paths| {
            if let Some(paths) = &paths.0 {
                paths.ends(&mut |end| order.extend(end.routes.iter().map(|claim| claim.route)));
            }
        });
        // A route with several hosts, paths or methods stands where its most specific one does.
        let mut known = BTreeSet::new();
        order.retain(|route| known.insert(*route));
        order
    }
}

impl<E: Default> Node<E> {
    fn end(&mut self, pattern: &Pattern) -> &mut E {
        let mut node = self;
        for set in &pattern.segments {
            node = node.child(set);
        }
        if pattern.rest { &mut node.rest } else { &mut node.here }
    }

    fn child(&mut self, set: &Set) -> &mut Self {
        if let Set::Literal(text) = set {
            return self.literals.entry(text.clone()).or_default();
        }
        let at = self.params.iter().position(|(known, _)| known.equals(set)).unwrap_or_else(|| {
            self.params.push((set.clone(), Self::default()));
            self.params.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the entry was just found or made")]
        &mut self.params[at].1
    }

    fn arrange(&mut self, end: &mut impl FnMut(&mut E)) {
        end(&mut self.here);
        end(&mut self.rest);
        arrange(
            &mut self.params,
            |(a, _), (b, _)| a.cmp(b),
            |(a, _), (b, _)| a.relation(b) == Relation::Inside,
        );
        for child in self.literals.values_mut().chain(self.params.iter_mut().map(|(_, node)| node)) {
            child.arrange(end);
        }
    }

    /// What the first end of a path, in order of precedence, has to say.
    fn first(&self, segments: &[&str], ask: &impl Fn(&E) -> Option<usize>) -> Option<usize> {
        let Some((first, others)) = segments.split_first() else { return ask(&self.here) };
        self.literals
            .get(*first)
            .and_then(|node| node.first(others, ask))
            .or_else(|| {
                let mut accepting = self.params.iter().filter(|(set, _)| set.contains(first));
                accepting.find_map(|(_, node)| node.first(others, ask))
            })
            .or_else(|| ask(&self.rest))
    }

    /// Where a segment leads, in order of precedence.
    pub(super) fn entered<'a>(&'a self, text: &str) -> impl Iterator<Item = &'a Self> + use<'a, E> {
        let accepting: Vec<&Self> =
            self.params.iter().filter(|(set, _)| set.contains(text)).map(|(_, node)| node).collect();
        self.literals.get(text).into_iter().chain(accepting)
    }

    /// All ends of a path, in order of precedence.
    pub(super) fn matching<'a>(&'a self, segments: &[&str], visit: &mut impl FnMut(&'a E)) {
        let Some((first, others)) = segments.split_first() else { return visit(&self.here) };
        for node in self.entered(first) {
            node.matching(others, visit);
        }
        visit(&self.rest);
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        self.literals.values().chain(self.params.iter().map(|(_, node)| node))
    }

    /// All ends at and below this node, those that win before those that they win against.
    pub(crate) fn ends<'a>(&'a self, visit: &mut impl FnMut(&'a E)) {
        visit(&self.here);
        for child in self.children() {
            child.ends(visit);
        }
        visit(&self.rest);
    }
}

impl Node<End> {
    /// Some route at or below this node.
    pub(crate) fn any_route(&self) -> Option<usize> {
        let own = self.here.routes.first().or(self.rest.routes.first());
        own.map(|claim| claim.route).or_else(|| self.children().find_map(Self::any_route))
    }
}

impl End {
    pub(crate) fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.floors.is_empty()
    }

    fn arrange(&mut self, conditions: &Conditions) {
        let content = |claim: &Claim| (claim.method, conditions.get(claim.when).cloned(), claim.route);
        arrange(
            &mut self.routes,
            |a, b| {
                a.method.cmp(&b.method).then_with(|| {
                    if a.when == b.when { a.route.cmp(&b.route) } else { content(a).cmp(&content(b)) }
                })
            },
            |a, b| a.method == b.method && conditions.relation(a.when, b.when) == Relation::Inside,
        );
    }

    /// The first route that has this method and whose condition holds, else the floor.
    pub(crate) fn winner(&self, method: Method, holds: &dyn Fn(usize) -> bool) -> Option<usize> {
        let bit = method.own_bit();
        let mut claims = self.routes.iter().chain(&self.floors);
        claims.find(|claim| claim.method.bits() & bit != 0 && holds(claim.when)).map(|claim| claim.route)
    }
}

#[cfg(test)]
mod tests {
    use gatewright_dsl::Span;

    use super::super::{Condition, Floor, Shape, conflicts};
    use super::*;

    /// `/` and segments, `*` for any, `**` for a rest; a host likewise, labels from the right.
    fn pattern(text: &str) -> Pattern {
        let mut pattern = Pattern { segments: Vec::new(), rest: false };
        for segment in text.split('/').skip(1) {
            match segment {
                "**" => pattern.rest = true,
                "*" => pattern.segments.push(Set::Any),
                "#" => pattern.segments.push(Set::int(0, 99)),
                "##" => pattern.segments.push(Set::int(50, 199)),
                literal => pattern.segments.push(Set::Literal(literal.to_owned())),
            }
        }
        pattern
    }

    fn claims(routes: &[(&str, Method, &str)], floors: &[(&str, &str)]) -> RouteSet {
        let span = Span::new(0, 0, 0);
        let shape = |(host, method, path): &(&str, Method, &str)| Shape {
            span,
            hosts: vec![pattern(host)],
            paths: vec![pattern(path)],
            either: None,
            methods: vec![*method],
            when: Condition::always(),
            asks: None,
        };
        let floor = |(host, prefix): &(&str, &str)| Floor {
            span,
            hosts: vec![pattern(host)],
            prefix: pattern(prefix),
            when: Condition::always(),
            asks: None,
        };
        RouteSet { routes: routes.iter().map(shape).collect(), floors: floors.iter().map(floor).collect() }
    }

    fn winner(set: &RouteSet, host: &str, path: &str) -> Option<usize> {
        let (labels, segments): (Vec<_>, Vec<_>) =
            (host.split('.').rev().collect(), path.split('/').skip(1).collect());
        Trie::of(set).winner(&labels, &segments, Method::Get, &|_| true)
    }

    #[test]
    fn hosts_are_compared_from_the_right_and_before_paths() {
        let set = claims(
            &[
                ("/com/*/api", Method::Get, "/**"),
                ("/com/shop/*", Method::Get, "/**"),
                ("/com/*/*", Method::Get, "/a"),
                ("/**", Method::Get, "/a"),
            ],
            &[],
        );
        assert!(conflicts(&Trie::of(&set), &set).is_empty());
        assert_eq!(winner(&set, "api.shop.com", "/a"), Some(1));
        assert_eq!(winner(&set, "api.else.com", "/a"), Some(0));
        assert_eq!(winner(&set, "x.else.com", "/a"), Some(2));
        assert_eq!(winner(&set, "x.else.com", "/b"), None);
        assert_eq!(winner(&set, "com", "/a"), Some(3));
        assert_eq!(winner(&set, "a.b.c.com", "/a"), Some(3));
    }

    #[test]
    fn what_is_under_a_floor_never_falls_out() {
        let set = claims(
            &[
                ("/**", Method::Get, "/**"),
                ("/**", Method::Get, "/api/orders"),
                ("/**", Method::Get, "/api/orders/special/x"),
                ("/com/shop", Method::Get, "/a"),
            ],
            &[("/**", "/api/orders"), ("/com/shop", "")],
        );
        assert_eq!(winner(&set, "x", "/api"), Some(0));
        assert_eq!(winner(&set, "x", "/api/orders"), Some(1));
        assert_eq!(winner(&set, "x", "/api/orders/"), Some(4));
        assert_eq!(winner(&set, "x", "/api/orders/special"), Some(4));
        assert_eq!(winner(&set, "x", "/api/orders/special/x"), Some(2));
        assert_eq!(winner(&set, "shop.com", "/api/orders"), Some(5));
        assert_eq!(winner(&set, "shop.com", "/a"), Some(3));
    }

    #[test]
    fn a_route_outside_of_a_block_must_not_cross_it() {
        let routes = [("/**", Method::Get, "/#/in"), ("/**", Method::Get, "/##/out")];
        let set = claims(&routes, &[("/**", "/#")]);
        let found = conflicts(&Trie::of(&set), &set);
        let pairs: Vec<_> = found.iter().map(|found| (found.first, found.second, found.duplicate)).collect();
        assert_eq!(pairs, [(1, 2, false)]);
        let witness = found[0].witness.as_ref().unwrap().to_string();
        assert_eq!(witness, "GET /50/out");
    }

    #[test]
    fn hosts_that_cross_make_their_common_paths_ambiguous() {
        let routes =
            [("/com/#", Method::Get, "/a"), ("/com/##", Method::Get, "/*"), ("/com/##", Method::Put, "/a")];
        let set = claims(&routes, &[]);
        let found = conflicts(&Trie::of(&set), &set);
        let pairs: Vec<_> = found.iter().map(|found| (found.first, found.second, found.duplicate)).collect();
        assert_eq!(pairs, [(0, 1, false)]);
        assert_eq!(found[0].witness.as_ref().unwrap().to_string(), "GET http://50.com/a");
    }
}
