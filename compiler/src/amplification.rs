//! How often one request is tried in all, where several on its way try again: this gateway, and what its upstreams say is behind
//! them, or other gateways of the project that listen where its servers are.
//!
//! Tries of two multiply: three here and three there are nine, and nine times the load where it is hardest to bear. That is
//! refused unless the number is stated.

mod place;

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ptr;
use std::rc::Rc;

use gatewright_dsl::{Problem, Span};

use self::place::Places;
use crate::algebra::{Method, Pattern, Relation, Set};
use crate::check::{Behind, Call, Hops, Next, Way, Who, problem, reaches};

/// The gateways of a project.
pub(crate) struct Gateways<'p> {
    all: Vec<&'p Hops>,
    /// For each of them, where routes stand by the texts of their paths.
    places: Vec<Places<'p>>,
    /// For each of them and each method, the most that any of its routes makes of one request.
    most: Vec<BTreeMap<Method, Times>>,
    /// The gateways that each upstream leads to.
    leads: BTreeMap<*const Next, Vec<usize>>,
    /// The gateway and the route that make each call.
    makers: BTreeMap<*const Call, (usize, usize)>,
    /// What is made of each call, once that is known; nothing while it is being found out.
    made: RefCell<BTreeMap<Asked, Option<Made>>>,
}

/// A call, the upstream that gets it, and the method.
type Asked = (*const Call, *const Next, Method);

/// What is made of one request behind, and the gateway that makes it.
#[derive(Clone, Copy, Debug)]
struct Made {
    times: Times,
    by: Option<usize>,
}

/// Calls of calls that are followed; what is behind them counts with all its routes.
const DEEPEST: usize = 48;

/// How often servers see one request, and where the last of those who try says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    times: u32,
    said: Option<Span>,
}

impl Times {
    const ONCE: Self = Self { times: 1, said: None };

    fn or_more(self, other: Self) -> Self {
        if other.times > self.times { other } else { self }
    }
}

/// What is wrong with one of them.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) problems: Vec<Problem>,
    /// Where a number is stated that is needed.
    pub(crate) needed: BTreeSet<Span>,
    /// The statements that something leads to.
    pub(crate) asked: BTreeSet<Span>,
}

impl<'p> Gateways<'p> {
    pub(crate) fn of(all: Vec<&'p Hops>) -> Self {
        let once = || Method::NAMED.into_iter().map(|method| (method, Times::ONCE)).collect();
        let most = all.iter().map(|_| once()).collect();
        let places = all.iter().map(|hops| Places::of(&hops.ways)).collect();
        let (mut leads, mut makers) = (BTreeMap::new(), BTreeMap::new());
        for (at, hops) in all.iter().enumerate() {
            for (number, way) in hops.ways.iter().enumerate() {
                for call in &way.calls {
                    makers.insert(Rc::as_ptr(call), (at, number));
                    for next in &call.upstreams {
                        leads.entry(Rc::as_ptr(next)).or_insert_with(|| led_to(&all, next));
                    }
                }
            }
        }
        let mut gateways = Self { all, places, most, leads, makers, made: RefCell::default() };
        // No chain is longer than there are gateways. Where they stand in a circle, it counts as that long.
        for _ in 0..gateways.all.len() {
            let next = gateways.round();
            if next == gateways.most {
                break;
            }
            gateways.most = next;
        }
        gateways
    }

    fn round(&self) -> Vec<BTreeMap<Method, Times>> {
        let of = |hops: &&Hops| {
            let most = |method: Method| {
                let ways = hops.ways.iter().filter(|way| accepts(way, method));
                ways.map(|way| self.of_way(way, method, 0)).fold(Times::ONCE, Times::or_more)
            };
            Method::NAMED.into_iter().map(|method| (method, most(method))).collect()
        };
        self.all.iter().map(of).collect()
    }

    /// What a route makes of one request. So many calls are followed to those routes that get them; behind these, all routes count.
    fn of_way(&self, way: &Way, method: Method, deep: usize) -> Times {
        let mut most = Times::ONCE;
        for call in &way.calls {
            for (own, tries) in call.tries.iter().filter(|(own, _)| !call.follows || *own == method) {
                for next in &call.upstreams {
                    let bound = self.at_most(next, *own);
                    if tries.saturating_mul(bound.times) <= most.times {
                        continue;
                    }
                    let behind = if deep == 0 { bound } else { self.made_of(call, next, *own, deep).times };
                    let said = behind.said.or((*tries > 1).then_some(call.said));
                    most = most.or_more(Times { times: tries.saturating_mul(behind.times), said });
                }
            }
        }
        most
    }

    /// What is made of a call that an upstream gets.
    fn made_of(&self, call: &Call, next: &Next, method: Method, deep: usize) -> Made {
        if let Some(times) = stated(next) {
            return Made { times, by: None };
        }
        let key = (ptr::from_ref(call), ptr::from_ref(next), method);
        match self.made.borrow_mut().entry(key) {
            // In a circle it is not known: then all that is there counts.
            Entry::Occupied(known) => {
                return known.get().unwrap_or_else(|| Made { times: self.at_most(next, method), by: None });
            }
            Entry::Vacant(place) => drop(place.insert(None)),
        }
        let mut made = Made { times: Times::ONCE, by: None };
        for at in self.behind(next) {
            let times = self.asked(at, method, call, deep.saturating_sub(1));
            if times.times > made.times.times {
                made = Made { times, by: Some(at) };
            }
        }
        self.made.borrow_mut().insert(key, Some(made));
        made
    }

    /// What is made at most of a request that an upstream gets.
    fn at_most(&self, next: &Next, method: Method) -> Times {
        if let Some(times) = stated(next) {
            return times;
        }
        let of = |at: usize| self.most.get(at).and_then(|most| most.get(&method)).copied();
        self.behind(next).filter_map(of).fold(Times::ONCE, Times::or_more)
    }

    /// The gateways that an upstream leads to.
    fn behind(&self, next: &Next) -> impl Iterator<Item = usize> + '_ {
        self.leads.get(&ptr::from_ref(next)).into_iter().flatten().copied()
    }

    /// What the routes of a gateway make of a call.
    fn asked(&self, at: usize, method: Method, call: &Call, deep: usize) -> Times {
        let mut most = Times::ONCE;
        for path in &call.paths {
            let ways = self.all.get(at).map(|hops| &hops.ways);
            for number in self.places.get(at).map(|places| places.meeting(path)).unwrap_or_default() {
                let Some(way) = ways.and_then(|ways| ways.get(number)) else { continue };
                let meets = |own: &&Pattern| own.relation(path) != Relation::Disjoint;
                let mut met = way.paths.iter().filter(meets).peekable();
                if !accepts(way, method)
                    || met.peek().is_none()
                    || met.all(|it| self.is_taken(call, method, it))
                {
                    continue;
                }
                most = most.or_more(self.of_way(way, method, deep));
                // No further route gets any of them.
                if way.is_open && way.paths.iter().any(|own| covers(own, path)) {
                    break;
                }
            }
        }
        most
    }

    /// Whether requests for a path never come to a call that sends them on as they came: another route of its gateway takes them.
    fn is_taken(&self, call: &Call, method: Method, path: &Pattern) -> bool {
        let Some((at, number)) = self.makers.get(&ptr::from_ref(call)).filter(|_| call.is_as_it_came) else {
            return false;
        };
        let (Some(hops), Some(places)) = (self.all.get(*at), self.places.get(*at)) else { return false };
        let before = places.meeting(path).into_iter().take_while(|other| other < number);
        before
            .filter_map(|other| hops.ways.get(other))
            .any(|way| way.is_open && accepts(way, method) && way.paths.iter().any(|own| covers(own, path)))
    }

    /// Holds what one of them sends on against what is made of it.
    pub(crate) fn hold(&self, at: usize) -> Held {
        let mut held = Held::default();
        let Some(own) = self.all.get(at) else { return held };
        let is_itself = |next: &Next| {
            let who = next.behind.as_deref().map(|behind| &behind.who);
            matches!(who, Some(Who::Gateway(name, _)) if own.is_called(name))
        };
        // The worst of each setting that tries again, for each upstream.
        let mut worst: BTreeMap<(Span, &str), Found<'_>> = BTreeMap::new();
        for call in own.ways.iter().flat_map(|way| &way.calls) {
            for next in &call.upstreams {
                held.asked.extend(next.behind.iter().map(|behind| behind.span));
                if is_itself(next) {
                    continue;
                }
                let Some(found) = self.found(call, next) else { continue };
                held.needed.extend(next.behind.iter().map(|behind| behind.span));
                let known = worst.entry((call.said, &next.name)).or_insert(found);
                if found.product() > known.product() {
                    *known = found;
                }
            }
        }
        for behind in own.behind.iter().filter(|behind| held.asked.contains(&behind.span)) {
            if let Who::Gateway(name, span) = &behind.who
                && own.is_called(name)
            {
                held.problems.push(problem::behind_itself(name, *span));
            }
        }
        held.problems.extend(worst.into_values().filter_map(Found::problem));
        held
    }

    /// The greatest number of times that what is sent to an upstream is tried there and here, where both try more than once.
    fn found<'c>(&'c self, call: &'c Call, next: &'c Next) -> Option<Found<'c>> {
        let mut worst: Option<Found<'c>> = None;
        for (method, tries) in call.tries.iter().filter(|(_, tries)| *tries > 1) {
            if self.at_most(next, *method).times < 2 {
                continue;
            }
            let Made { times: behind, by } = self.made_of(call, next, *method, DEEPEST);
            let name = by.and_then(|at| self.all.get(at)?.gateway.as_ref()).map(|(name, _)| name.as_str());
            let found = Found { call, next, tries: *tries, behind, name };
            if behind.times > 1 && worst.is_none_or(|worst| worst.product() < found.product()) {
                worst = Some(found);
            }
        }
        worst
    }

    /// Reports numbers that are stated where nothing multiplies, for this gateway or any other that has them.
    pub(crate) fn unneeded(&self, at: usize, held: &Held) -> Vec<Problem> {
        let is_known = |behind: &Behind| match &behind.who {
            // Of one that is there not, or that is this one, that is said.
            Who::Gateway(name, _) => {
                let mut others = self.all.iter().enumerate().filter(|(_, hops)| hops.is_called(name));
                others.next().is_some_and(|(other, _)| other != at)
            }
            Who::Tries(_) => true,
        };
        let own = self.all.get(at).into_iter().flat_map(|hops| &hops.behind);
        let idle =
            own.filter(|it| held.asked.contains(&it.span) && !held.needed.contains(&it.span) && is_known(it));
        let idle = idle.filter_map(|it| Some((it, it.amplification?.1)));
        let is_needed = |behind: &Behind| {
            let shares = |hops: &Hops| hops.behind.iter().any(|other| other.span == behind.span);
            let others = self.all.iter().enumerate().filter(|(other, hops)| *other != at && shares(hops));
            others.map(|(other, _)| self.hold(other)).any(|held| held.needed.contains(&behind.span))
        };
        let idle = idle.filter(|(it, _)| !is_needed(it));
        idle.map(|(it, span)| problem::unneeded_amplification(&it.upstream, span)).collect()
    }

    /// Reports names of gateways that there are not, or of which there are two. Every entry of the project is known.
    pub(crate) fn unknown(&self, at: usize) -> Vec<Problem> {
        // One whose name could not be read may have any.
        if self.all.iter().any(|hops| hops.gateway.as_ref().is_none_or(|(name, _)| name.is_empty())) {
            return Vec::new();
        }
        let others = self.all.iter().enumerate().filter(|(other, _)| *other != at);
        let names = others.filter_map(|(_, hops)| hops.gateway.as_ref()).map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.collect();
        let mut problems = Vec::new();
        for behind in self.all.get(at).iter().flat_map(|hops| &hops.behind) {
            let Who::Gateway(name, span) = &behind.who else { continue };
            let mut places = self.all.iter().filter_map(|hops| hops.gateway.as_ref());
            let mut places = places.by_ref().filter(|(known, _)| known == name).map(|(_, place)| *place);
            match (places.next(), places.next()) {
                (None, _) => problems.push(problem::unknown_gateway(name, *span, &names)),
                (Some(first), Some(second)) => {
                    problems.push(problem::two_gateways(name, *span, (first, second)));
                }
                (Some(_), None) => {}
            }
        }
        problems
    }
}

/// Whether anything of a gateway is to be held against others, or against what it says itself.
pub(crate) fn concerns(hops: &Hops) -> bool {
    !hops.behind.is_empty() || repeats(hops).next().is_some()
}

/// Whether other gateways of the project are to be known for it.
pub(crate) fn concerns_others(hops: &Hops) -> bool {
    let is_there = |next: &Next| next.behind.is_none() && !next.servers.is_empty();
    let says_more =
        |behind: &Behind| matches!(behind.who, Who::Gateway(..)) || behind.amplification.is_some();
    hops.behind.iter().any(|behind| says_more(behind))
        || repeats(hops).any(|call| call.upstreams.iter().any(|next| is_there(next)))
}

/// What it sends more than once.
fn repeats(hops: &Hops) -> impl Iterator<Item = &Call> {
    let calls = hops.ways.iter().flat_map(|way| &way.calls).map(|call| &**call);
    calls.filter(|call| call.tries.iter().any(|(_, tries)| *tries > 1))
}

impl Hops {
    fn is_called(&self, name: &str) -> bool {
        self.gateway.as_ref().is_some_and(|(known, _)| known == name)
    }
}

/// Where both try more than once.
#[derive(Clone, Copy)]
struct Found<'c> {
    call: &'c Call,
    next: &'c Next,
    tries: u32,
    behind: Times,
    /// The gateway that makes it of them.
    name: Option<&'c str>,
}

impl Found<'_> {
    fn product(&self) -> u32 {
        self.tries.saturating_mul(self.behind.times)
    }

    fn problem(self) -> Option<Problem> {
        let stated = self.next.behind.as_deref().and_then(|behind| behind.amplification);
        if stated.is_some_and(|(most, _)| self.product() <= most) {
            return None;
        }
        let behind = self.next.behind.as_deref();
        let there = behind.map(|behind| behind.span).or(self.next.servers.first().map(|(_, span)| *span));
        let who = match behind.map(|behind| &behind.who) {
            Some(Who::Tries(tries)) => format!("tries {tries}"),
            Some(Who::Gateway(name, _)) => format!("gateway {name}"),
            None => format!("gateway {}", self.name.unwrap_or("NAME")),
        };
        Some(problem::retry_amplification(&problem::Amplified {
            upstream: &self.next.name,
            tries: (self.tries, self.call.said),
            behind: (self.behind.times, self.behind.said.filter(|said| Some(*said) != there)),
            there,
            stated: stated.map(|(most, _)| most),
            product: self.product(),
            who: &who,
        }))
    }
}

/// The gateways that an upstream leads to.
fn led_to(all: &[&Hops], next: &Next) -> Vec<usize> {
    let is_there = |hops: &Hops| match next.behind.as_deref() {
        Some(Behind { who: Who::Gateway(name, _), .. }) => hops.is_called(name),
        Some(_) => false,
        None => {
            let reached = |server| hops.listeners.iter().any(|listener| reaches(server, *listener));
            next.servers.iter().any(|(server, _)| reached(*server))
        }
    };
    let found = all.iter().enumerate().filter(|(_, hops)| is_there(hops));
    found.map(|(at, _)| at).collect()
}

/// What an upstream says itself of how often it is tried.
fn stated(next: &Next) -> Option<Times> {
    match next.behind.as_deref() {
        Some(Behind { who: Who::Tries(times), span, .. }) => Some(Times { times: *times, said: Some(*span) }),
        _ => None,
    }
}

fn accepts(way: &Way, method: Method) -> bool {
    way.methods.iter().any(|own| own.bits() & method.own_bit() != 0)
}

/// Whether a pattern takes every path of another.
fn covers(all: &Pattern, of: &Pattern) -> bool {
    let lengths = match (all.rest, of.rest) {
        (false, false) => all.segments.len() == of.segments.len(),
        (false, true) => false,
        (true, false) => all.segments.len() < of.segments.len(),
        (true, true) => all.segments.len() <= of.segments.len(),
    };
    let is_inside = |(all, of): (&Set, &Set)| matches!(of.relation(all), Relation::Equal | Relation::Inside);
    lengths && all.segments.iter().zip(&of.segments).all(is_inside)
}

#[cfg(test)]
mod tests;
