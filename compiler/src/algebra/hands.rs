//! Two gateways as sets of requests: which claims both have, and to whom the requests went of those that one of them has alone.
//!
//! The order of precedence looks at two claims only, so where a request has another winner, one of both winners stands in one
//! gateway alone. It is enough to follow the requests of those.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::TooComplex;
use super::reach::{Parts, depth, texts_at};
use super::trie::{Claim, End, Node, Paths, Trie};
use super::witness::Witness;
use super::{Condition, Method, Pattern, Relation, RouteSet, Set, Single};
use crate::ir::expr::Function;

/// Steps that the search for the requests of one claim takes at most.
const MOST_STEPS: usize = 20_000;

/// Steps that all searches take together at most.
const MOST_IN_ALL: usize = 4_000_000;

/// Routes as sets of requests, to be held against others.
#[derive(Debug)]
pub(crate) struct Side {
    set: RouteSet,
    pub(super) trie: Trie,
}

/// What becomes of requests between two gateways. Routes are named by their numbers in each.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    /// Routes that claim the same requests, at least some of them.
    pub(crate) kept: BTreeSet<(usize, usize)>,
    /// Requests that went elsewhere: from which route to which. Of those where none answers there is none.
    pub(crate) moved: BTreeMap<(Option<usize>, Option<usize>), Witness>,
    /// Routes of the first whose requests are too many to be followed; of the ways that they have, some were not looked at.
    pub(crate) gone_beyond: BTreeSet<usize>,
    /// The same of the second.
    pub(crate) new_beyond: BTreeSet<usize>,
}

impl Side {
    pub(crate) fn of(set: RouteSet) -> Self {
        let trie = Trie::of(&set);
        Self { set, trie }
    }

    /// What the route of this number claims: its hosts, and its path in the first of its forms.
    pub(crate) fn patterns(&self, route: usize) -> Option<(&[Pattern], &Pattern)> {
        let shape = self.set.routes.get(route)?;
        Some((&shape.hosts, shape.paths.first()?))
    }

    /// What asks the condition of the route of this number.
    pub(crate) fn asks(&self, route: usize) -> Option<&Function> {
        self.set.asks(route)
    }

    fn claims(&self) -> impl Iterator<Item = (usize, Single)> {
        let all = 0..self.set.routes.len() + self.set.floors.len();
        all.flat_map(|claim| {
            let singles = self.set.singles(claim, self.trie.conditions.number(claim));
            singles.into_iter().map(move |single| (claim, single))
        })
    }

    /// The route of this number; floors are none.
    pub(super) fn route(&self, claim: usize) -> Option<usize> {
        (claim < self.set.routes.len()).then_some(claim)
    }

    fn condition(&self, number: usize) -> Option<&Condition> {
        self.trie.conditions.get(number)
    }
}

/// Follows every request whose winner is another one.
pub(crate) fn hands(before: &Side, after: &Side) -> Hands {
    let mut hands = Hands::default();
    let (old, new) = (Index::of(before), Index::of(after));
    let mut gone = Vec::new();
    for (claim, single) in before.claims() {
        match new.find(before, claim, &single) {
            None => gone.push((claim, single)),
            Some(other) => {
                if let (Some(a), Some(b)) = (before.route(claim), after.route(other)) {
                    hands.kept.insert((a, b));
                }
            }
        }
    }
    let fresh: Vec<_> =
        after.claims().filter(|(claim, single)| old.find(after, *claim, single).is_none()).collect();
    let mut left = MOST_IN_ALL;
    let parts = Parts::default();
    let deepest = before.deepest().max(after.deepest());
    for (own, other, claims, is_back) in [(before, after, gone, false), (after, before, fresh, true)] {
        for (claim, part) in claims {
            let (part, found, parts) = (&part, Vec::new(), &parts);
            let left_here = MOST_STEPS.min(left);
            let mut search = Search { own, other, claim, part, deepest, parts, left: left_here, found };
            let is_whole = search.host();
            left -= MOST_STEPS.min(left) - search.left;
            for (to, witness) in search.found {
                let (from, to) = (own.route(claim), other.route(to.unwrap_or(usize::MAX)));
                let pair = if is_back { (to, from) } else { (from, to) };
                if pair != (None, None) {
                    hands.moved.entry(pair).or_insert(witness);
                }
            }
            if let (false, Some(route)) = (is_whole, own.route(claim)) {
                let beyond = if is_back { &mut hands.new_beyond } else { &mut hands.gone_beyond };
                beyond.insert(route);
            }
        }
    }
    hands
}

impl Side {
    /// The trees of the paths of a host, given as labels from the right, in order of precedence.
    fn roots(&self, labels: &[&str]) -> Vec<&Node<End>> {
        let mut roots = Vec::new();
        self.trie.hosts.matching(labels, &mut |paths: &Paths| roots.extend(paths.0.as_deref()));
        roots
    }

    /// No node of hosts or paths lies deeper.
    fn deepest(&self) -> usize {
        let mut deepest = depth(&self.trie.hosts);
        self.trie
            .hosts
            .ends(&mut |paths: &Paths| deepest = deepest.max(paths.0.as_ref().map_or(0, |root| depth(root))));
        deepest
    }
}

/// Literals and whether there is a rest; `None` where a set stands.
type Frame = (Vec<Option<String>>, bool);

/// What is plain about a claim: its host and path, its method, and whether it is one of a route.
type Key = (Frame, Frame, Method, bool);

/// Claims by what is plain about them.
struct Index<'a> {
    side: &'a Side,
    claims: BTreeMap<Key, Vec<(usize, Single)>>,
}

impl<'a> Index<'a> {
    fn of(side: &'a Side) -> Self {
        let mut claims: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (claim, single) in side.claims() {
            claims.entry(key(side, claim, &single)).or_default().push((claim, single));
        }
        Self { side, claims }
    }

    /// The claim here to the very same requests.
    fn find(&self, of: &Side, claim: usize, single: &Single) -> Option<usize> {
        let when = of.condition(single.when)?;
        let same = |(_, own): &&(usize, Single)| {
            let is_same = self.side.condition(own.when).is_some_and(|own| {
                own == when || own.relation(when).is_ok_and(|relation| relation == Relation::Equal)
            });
            is_same && equals(&own.host, &single.host) && equals(&own.path, &single.path)
        };
        self.claims.get(&key(of, claim, single))?.iter().find(same).map(|(claim, _)| *claim)
    }
}

fn key(side: &Side, claim: usize, single: &Single) -> Key {
    let frame = |pattern: &Pattern| {
        let literal = |set: &Set| if let Set::Literal(text) = set { Some(text.clone()) } else { None };
        (pattern.segments.iter().map(literal).collect(), pattern.rest)
    };
    (frame(&single.host), frame(&single.path), single.method, side.route(claim).is_some())
}

fn equals(a: &Pattern, b: &Pattern) -> bool {
    a.segments.iter().zip(&b.segments).all(|(a, b)| a.equals(b))
}

/// The requests of one claim, and who else has them.
struct Search<'a> {
    own: &'a Side,
    other: &'a Side,
    claim: usize,
    part: &'a Single,
    deepest: usize,
    parts: &'a Parts,
    /// Steps that are left.
    left: usize,
    /// Each claim to which some of them go, with the first of them.
    found: Vec<(Option<usize>, Witness)>,
}

impl Search<'_> {
    /// Whether all ways were looked at.
    fn host(&mut self) -> bool {
        let part = self.part;
        if part.host == Pattern::every() {
            // A host with more labels than any pattern has.
            return self.path(&vec!["x".to_owned(); self.deepest + 1]);
        }
        let mut hosts: Vec<Vec<String>> = Vec::new();
        let is_empty = |paths: &Paths| paths.0.is_none();
        let (parts, seen, left) = (self.parts, BTreeSet::new(), self.left);
        let mut ways = Ways { pattern: &part.host, deepest: 0, seen, left, is_empty, parts };
        let roots = [&self.own.trie.hosts, &self.other.trie.hosts];
        let is_whole = ways.each(&roots, &mut Place::default(), &mut |host| hosts.push(host.to_vec()));
        self.left = ways.left;
        hosts.iter().fold(is_whole, |is_whole, host| self.path(host) && is_whole)
    }

    fn path(&mut self, host: &[String]) -> bool {
        let labels: Vec<&str> = host.iter().map(String::as_str).collect();
        let (own, other) = (self.own.roots(&labels), self.other.roots(&labels));
        let both: Vec<&Node<End>> = own.iter().chain(&other).copied().collect();
        let Self { part, deepest, left, parts, .. } = *self;
        let (seen, is_empty) = (BTreeSet::new(), End::is_empty);
        let mut ways = Ways { pattern: &part.path, deepest, seen, left, is_empty, parts };
        let is_whole = ways.each(&both, &mut Place::default(), &mut |path| {
            let segments: Vec<&str> = path.iter().map(String::as_str).collect();
            let (own, other) = (ends(&own, &segments), ends(&other, &segments));
            for method in Method::NAMED.into_iter().chain([Method::Any]) {
                if self.part.method.bits() & method.own_bit() != 0 {
                    self.follow((&own, &other), method, host, &segments);
                }
            }
        });
        self.left = ways.left;
        is_whole
    }

    /// Notes who has the requests with this host, path and method.
    fn follow(&mut self, (own, other): (&[&End], &[&End]), method: Method, host: &[String], path: &[&str]) {
        let mut before: Vec<&Condition> = Vec::new();
        let Self { part, claim, .. } = *self;
        let is_own = |it: &Claim| it.route == claim && it.method == part.method;
        let mut earlier = claims(own, method);
        loop {
            let Some(next) = earlier.next() else { return };
            if is_own(next) {
                break;
            }
            before.extend(self.own.condition(next.when));
        }
        let Some(when) = self.own.condition(part.when) else { return };
        let every = Condition::always();
        let further = claims(other, method).map(|it| (Some(it.route), self.other.condition(it.when)));
        for (to, condition) in further.chain([(None, Some(&every))]) {
            let Some(condition) = condition else { continue };
            // What cannot be compared might go there.
            let fields = match when.common_without(condition, &before) {
                Ok(fields) => fields,
                Err(TooComplex) => when.common(condition).ok().flatten(),
            };
            if let Some(fields) = fields
                && self.found.iter().all(|(known, _)| *known != to)
            {
                let labels: Vec<&str> = host.iter().rev().map(String::as_str).collect();
                let host = (part.host != Pattern::every()).then(|| labels.join("."));
                let path = format!("/{}", path.join("/"));
                self.found.push((to, Witness { method, host, path, fields }));
            }
            before.push(condition);
            if condition.is_always() {
                return;
            }
        }
    }
}

/// The claims with a method, in order of precedence.
fn claims<'a>(ends: &[&'a End], method: Method) -> impl Iterator<Item = &'a Claim> {
    let bit = method.own_bit();
    let all: Vec<&Claim> = ends.iter().flat_map(|end| end.routes.iter().chain(&end.floors)).collect();
    all.into_iter().filter(move |claim| claim.method.bits() & bit != 0)
}

fn ends<'a>(roots: &[&'a Node<End>], segments: &[&str]) -> Vec<&'a End> {
    let mut ends = Vec::new();
    for root in roots {
        root.matching(segments, &mut |end| ends.push(end));
    }
    ends
}

/// Sequences of texts that a pattern matches, one for each way through the trees.
struct Ways<'a, E> {
    pattern: &'a Pattern,
    /// No node lies deeper; further segments of a rest change nothing.
    deepest: usize,
    /// What has been tried.
    seen: BTreeSet<(usize, Vec<*const ()>)>,
    left: usize,
    is_empty: fn(&E) -> bool,
    parts: &'a Parts,
}

/// Where a way has come to.
#[derive(Default)]
struct Place {
    texts: Vec<String>,
    /// What takes all that is below the nodes that it came through.
    rests: Vec<*const ()>,
}

impl<E: Default> Ways<'_, E> {
    /// Whether each sequence was given to `visit`.
    fn each(&mut self, nodes: &[&Node<E>], place: &mut Place, visit: &mut impl FnMut(&[String])) -> bool {
        let at = place.texts.len();
        let own = self.pattern.segments.get(at);
        if own.is_none() && !self.pattern.rest {
            visit(&place.texts);
            return true;
        }
        // What stands there to be told apart takes time as well.
        if self.left == 0 {
            return false;
        }
        let known = place.rests.len();
        let pointer = |node: &&Node<E>| std::ptr::from_ref(*node).cast::<()>();
        place.rests.extend(nodes.iter().filter(|node| !(self.is_empty)(&node.rest)).map(pointer));
        let places = nodes.iter().map(pointer).chain([std::ptr::null()]).chain(place.rests.iter().copied());
        let is_new = self.seen.insert((at, places.collect()));
        let mut is_whole = true;
        if is_new {
            for text in texts_at(nodes, own, Some(self.parts)) {
                let Some(left) = self.left.checked_sub(1) else { return false };
                self.left = left;
                let next: Vec<&Node<E>> = nodes.iter().flat_map(|node| node.entered(&text)).collect();
                let is_empty = text.is_empty();
                place.texts.push(text);
                if own.is_none() {
                    // Of a rest, this may be the last segment; an empty one is.
                    visit(&place.texts);
                }
                if own.is_some() || (!is_empty && place.texts.len() <= self.deepest) {
                    is_whole = self.each(&next, place, visit) && is_whole;
                }
                place.texts.pop();
            }
        }
        place.rests.truncate(known);
        is_whole
    }
}
