//! Routes that no request reaches, since others take all that they match; and how many places one request can lead to.
//!
//! It tries requests, one for each way in which the sets of a place part the texts there. What was tried with the same
//! outcome is not tried again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::trie::{End, Node, Paths, Trie};
use super::witness::Witness;
use super::{Condition, Method, Pattern, RouteSet, Set, Single, language};

/// Steps that the search for one route takes at most. Beyond, it counts as reached: nothing is refused without a proof.
const MOST_STEPS: usize = 4_000;

/// A part of a route that never wins.
#[derive(Debug)]
pub(crate) struct Unreached {
    pub(crate) route: usize,
    /// The claim that takes the request below.
    pub(crate) by: usize,
    pub(crate) witness: Witness,
}

/// The first part of each route that no request reaches.
pub(crate) fn unreached(trie: &Trie, set: &RouteSet) -> Vec<Unreached> {
    let mut deepest = depth(&trie.hosts);
    trie.hosts
        .ends(&mut |paths: &Paths| deepest = deepest.max(paths.0.as_ref().map_or(0, |root| depth(root))));
    let lost = |route: usize, part: &Single| {
        let mut search = Search { trie, route, part, deepest, steps: 0, is_thorough: false, first: None };
        // Nearly every route is reached by the plainest request that it matches.
        if search.host() {
            return None;
        }
        search.is_thorough = true;
        search.steps = 0;
        let is_reached = search.host() || search.steps > MOST_STEPS;
        let (by, witness) = search.first.filter(|_| !is_reached)?;
        Some(Unreached { route, by, witness })
    };
    let parts = |route: usize| set.singles(route, trie.conditions.number(route));
    (0..set.routes.len()).filter_map(|route| parts(route).iter().find_map(|part| lost(route, part))).collect()
}

struct Search<'a> {
    trie: &'a Trie,
    route: usize,
    part: &'a Single,
    /// No node lies deeper; further segments of a rest change nothing.
    deepest: usize,
    steps: usize,
    /// Whether every way is tried, and not the plainest texts alone.
    is_thorough: bool,
    /// The first request that was tried, and what takes it.
    first: Option<(usize, Witness)>,
}

impl Search<'_> {
    /// Whether some request of the part is won by it.
    fn host(&mut self) -> bool {
        let (trie, part) = (self.trie, self.part);
        if part.host == Pattern::every() {
            // A host with more labels than any pattern has.
            let host = vec!["x".to_owned(); self.deepest + 1];
            return self.path(&host);
        }
        let mut hosts: Vec<Vec<String>> = Vec::new();
        let (deepest, is_thorough) = (0, self.is_thorough);
        let is_empty = |paths: &Paths| paths.0.is_none();
        let mut ways =
            Ways { pattern: &part.host, deepest, is_thorough, seen: BTreeSet::new(), steps: 0, is_empty };
        ways.each(&[&trie.hosts], &mut Place::default(), &mut |host| {
            hosts.push(host.to_vec());
            false
        });
        hosts.iter().any(|host| self.path(host))
    }

    fn path(&mut self, host: &[String]) -> bool {
        let (trie, part) = (self.trie, self.part);
        let labels: Vec<&str> = host.iter().map(String::as_str).collect();
        let mut roots: Vec<&Node<End>> = Vec::new();
        trie.hosts.matching(&labels, &mut |paths: &Paths| roots.extend(paths.0.as_deref()));
        let Self { deepest, is_thorough, steps, .. } = *self;
        let (seen, is_empty) = (BTreeSet::new(), End::is_empty);
        let mut ways = Ways { pattern: &part.path, deepest, is_thorough, seen, steps, is_empty };
        let found = ways.each(&roots, &mut Place::default(), &mut |path| self.wins(&roots, host, path));
        self.steps = ways.steps;
        found || self.steps > MOST_STEPS
    }

    /// Whether the part wins some request with this host and path.
    fn wins(&mut self, roots: &[&Node<End>], host: &[String], path: &[String]) -> bool {
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        let mut ends: Vec<&End> = Vec::new();
        for root in roots {
            root.matching(&segments, &mut |end| ends.push(end));
        }
        let methods = Method::NAMED.into_iter().chain([Method::Any]);
        methods
            .filter(|method| self.part.method.bits() & method.own_bit() != 0)
            .any(|method| self.wins_with(&ends, method, host, &segments))
    }

    fn wins_with(&mut self, ends: &[&End], method: Method, host: &[String], segments: &[&str]) -> bool {
        let conditions = &self.trie.conditions;
        let mut before: Vec<&Condition> = Vec::new();
        for claim in ends.iter().flat_map(|end| end.routes.iter().chain(&end.floors)) {
            if claim.method.bits() & method.own_bit() == 0 {
                continue;
            }
            let Some(condition) = conditions.get(claim.when) else { continue };
            if claim.route == self.route && claim.method == self.part.method {
                // What cannot be compared is not called unreached.
                return before.is_empty() || !condition.is_in(&before).unwrap_or(false);
            }
            if self.first.is_none() {
                let labels: Vec<&str> = host.iter().rev().map(String::as_str).collect();
                let host = (self.part.host != Pattern::every()).then(|| labels.join("."));
                let own = conditions.get(self.part.when);
                let fields = own.and_then(|own| own.common(condition).ok()?);
                if let Some(fields) = fields {
                    let path = format!("/{}", segments.join("/"));
                    self.first = Some((claim.route, Witness { method, host, path, fields }));
                }
            }
            before.push(condition);
            if condition.is_always() {
                break;
            }
        }
        false
    }
}

/// Sequences of texts that a pattern matches, one for each way through the tree.
struct Ways<'a, E> {
    pattern: &'a Pattern,
    deepest: usize,
    is_thorough: bool,
    /// Places that have been tried: the nodes there, and the rests on the way that take all that is below.
    seen: BTreeSet<(usize, Vec<*const ()>)>,
    steps: usize,
    is_empty: fn(&E) -> bool,
}

/// Where a way has come to.
#[derive(Default)]
struct Place {
    texts: Vec<String>,
    /// What takes all that is below the nodes that it came through.
    rests: Vec<*const ()>,
}

impl<E: Default> Ways<'_, E> {
    /// Gives each sequence to `visit` until it says that it is enough.
    fn each(
        &mut self,
        nodes: &[&Node<E>],
        place: &mut Place,
        visit: &mut impl FnMut(&[String]) -> bool,
    ) -> bool {
        let at = place.texts.len();
        let own = self.pattern.segments.get(at);
        if own.is_none() && !self.pattern.rest {
            return visit(&place.texts);
        }
        let known = place.rests.len();
        let pointer = |node: &&Node<E>| std::ptr::from_ref(*node).cast::<()>();
        place.rests.extend(nodes.iter().filter(|node| !(self.is_empty)(&node.rest)).map(pointer));
        let places = nodes.iter().map(pointer).chain([std::ptr::null()]).chain(place.rests.iter().copied());
        let places = places.collect();
        self.steps += 1;
        let mut found = false;
        if self.steps <= MOST_STEPS && self.seen.insert((at, places)) {
            let parts = self.is_thorough.then(Parts::default);
            for text in texts_at(nodes, own, parts.as_ref()) {
                let next: Vec<&Node<E>> = nodes.iter().flat_map(|node| node.entered(&text)).collect();
                let is_empty = text.is_empty();
                place.texts.push(text);
                // Of a rest, this may be the last segment; an empty one is.
                found = own.is_none() && visit(&place.texts);
                let goes_on = own.is_some() || (!is_empty && place.texts.len() <= self.deepest);
                found = found || (goes_on && self.each(&next, place, visit));
                place.texts.pop();
                if found {
                    break;
                }
            }
        }
        place.rests.truncate(known);
        found
    }
}

/// Texts of the parts of sets, once they have been found. Many nodes have the same parameters.
#[derive(Default)]
pub(super) struct Parts(RefCell<BTreeMap<Cut, Vec<String>>>);

/// A set, those that cut it, and how many texts of each part are asked for.
type Cut = (Set, Vec<Set>, usize);

/// Parts that are remembered at most.
const MOST_PARTS: usize = 1_000;

impl Parts {
    fn apart(&self, set: &Set, others: &[&Set], most: usize) -> Vec<String> {
        let key = (set.clone(), others.iter().map(|other| (*other).clone()).collect(), most);
        if let Some(known) = self.0.borrow().get(&key) {
            return known.clone();
        }
        let found = language::apart(set, others, most);
        let mut known = self.0.borrow_mut();
        if known.len() < MOST_PARTS {
            known.insert(key, found.clone());
        }
        found
    }
}

/// A text of a set for each way in which the sets at some nodes part it; of a rest, any text and the empty one.
pub(super) fn texts_at<E: Default>(
    nodes: &[&Node<E>],
    own: Option<&Set>,
    parts: Option<&Parts>,
) -> Vec<String> {
    let set = match own {
        Some(Set::Literal(text)) => return vec![text.clone()],
        Some(set) => set,
        None => &Set::Any,
    };
    let is_literal = |text: &str| nodes.iter().any(|node| node.literals.contains_key(text));
    let mut texts: Vec<String> = set.members().into_iter().filter(|text| !is_literal(text)).collect();
    if let Some(parts) = parts {
        let literals = nodes.iter().flat_map(|node| node.literals.keys());
        let literals: Vec<&String> = literals.filter(|text| set.contains(text)).collect();
        let apart = parts.apart(set, &params(nodes), literals.len() + 1);
        texts.extend(apart.into_iter().filter(|text| !is_literal(text)));
        texts.extend(literals.into_iter().cloned());
    } else {
        texts.truncate(2);
    }
    // The path `/` is one empty segment, and only the last may be empty.
    texts.extend(own.is_none().then(String::new));
    let mut ways = BTreeSet::new();
    texts.retain(|text| {
        let next = nodes.iter().flat_map(|node| node.entered(text));
        let way: Vec<*const ()> = next.map(|node| std::ptr::from_ref(node).cast()).collect();
        ways.insert((way, text.is_empty()))
    });
    texts
}

/// The sets of the parameters at some nodes.
fn params<'a, E: Default>(nodes: &[&'a Node<E>]) -> Vec<&'a Set> {
    nodes.iter().flat_map(|node| node.params.iter().map(|(set, _)| set)).collect()
}

pub(super) fn depth<E: Default>(node: &Node<E>) -> usize {
    node.children().map(|child| depth(child) + 1).max().unwrap_or(0)
}
