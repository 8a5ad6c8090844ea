//! How often one request is tried in all, where several on its way try again: this gateway, and what its upstreams say is behind
//! them, or other gateways of the project that listen where its servers are.
//!
//! Tries of two multiply: three here and three there are nine, and nine times the load where it is hardest to bear. That is
//! refused unless the number is stated.

mod place;

use std::collections::{BTreeMap, BTreeSet};

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
}

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
        let mut gateways = Self { all, places, most };
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

    /// What a route makes of one request; of so many gateways behind it those routes that get the request, and of others all.
    fn of_way(&self, way: &Way, method: Method, deep: usize) -> Times {
        let mut most = Times::ONCE;
        for call in &way.calls {
            for (own, tries) in call.tries.iter().filter(|(own, _)| !call.follows || *own == method) {
                for next in &call.upstreams {
                    let bound = self.at_most(next, *own);
                    if tries.saturating_mul(bound.times) <= most.times {
                        continue;
                    }
                    let behind = if deep == 0 { bound } else { self.made_of(next, *own, &call.paths, deep) };
                    let said = behind.said.or((*tries > 1).then_some(call.said));
                    most = most.or_more(Times { times: tries.saturating_mul(behind.times), said });
                }
            }
        }
        most
    }

    /// What is made of a request for one of these paths that an upstream gets.
    fn made_of(&self, next: &Next, method: Method, paths: &[Pattern], deep: usize) -> Times {
        stated(next).unwrap_or_else(|| {
            let of = |at| self.asked(at, method, paths, deep.saturating_sub(1));
            self.behind(next).map(of).fold(Times::ONCE, Times::or_more)
        })
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
    fn behind<'s>(&'s self, next: &'s Next) -> impl Iterator<Item = usize> + 's {
        let is_there = move |hops: &Hops| match next.behind.as_deref() {
            Some(Behind { who: Who::Gateway(name, _), .. }) => hops.is_called(name),
            Some(_) => false,
            None => next
                .servers
                .iter()
                .any(|(server, _)| hops.listeners.iter().any(|listener| reaches(*server, *listener))),
        };
        self.all.iter().enumerate().filter(move |(_, hops)| is_there(hops)).map(|(at, _)| at)
    }

    /// What the routes of a gateway make of a request for one of these paths.
    fn asked(&self, at: usize, method: Method, paths: &[Pattern], deep: usize) -> Times {
        let mut most = Times::ONCE;
        for path in paths {
            let ways = self.all.get(at).map(|hops| &hops.ways);
            for number in self.places.get(at).map(|places| places.meeting(path)).unwrap_or_default() {
                let Some(way) = ways.and_then(|ways| ways.get(number)) else { continue };
                let meets = |own: &Pattern| own.relation(path) != Relation::Disjoint;
                if !accepts(way, method) || !way.paths.iter().any(meets) {
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
        let mut names = self.behind(next).filter_map(|at| self.all.get(at)?.gateway.as_ref());
        let name = names.next().map(|(name, _)| name.as_str());
        for (method, tries) in call.tries.iter().filter(|(_, tries)| *tries > 1) {
            if self.at_most(next, *method).times < 2 {
                continue;
            }
            let behind = self.made_of(next, *method, &call.paths, self.all.len());
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
            Who::Gateway(name, _) => self.all.iter().any(|hops| hops.is_called(name)),
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
        if self.all.iter().any(|hops| hops.gateway.is_none()) {
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
    /// The first gateway that is found there.
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
mod tests {
    use gatewright_dsl::{Catalogue, Source};

    /// The problems of the first of these gateways.
    fn problems(texts: &[&str]) -> Vec<String> {
        let named = texts.iter().enumerate();
        let sources: Vec<Source> =
            named.map(|(at, text)| Source::new(format!("{at}.gw"), (*text).to_owned())).collect();
        let problems = crate::compile(&sources, &Catalogue::standard()).err().unwrap_or_default();
        problems.iter().map(|it| format!("{}: {}", it.name, it.message)).collect()
    }

    fn outer(upstream: &str, routes: &str) -> String {
        let at = "server \"http://127.0.0.1:8081\"";
        format!("gateway outer {{ listen http :8080 }}\nupstream inner {{ {at}; {upstream} }}\n{routes}\n")
    }

    const INNER: &str = "gateway inner { listen http 127.0.0.1:8081 }
upstream app { server \"http://127.0.0.1:9000\"; retry 1 on 503 }
upstream slow { server \"http://127.0.0.1:9001\"; retry 3 on 503; timeout 9s }
upstream quick { server \"http://127.0.0.1:9002\" }
route GET /a/{x} -> app
route GET /a/never -> quick
route * /slow/{x: int(1..9)} -> slow
route GET /both/{x} {
  aggregate within 9s {
    a: int = app  GET /{x} required
    b: int = slow GET /{x} required
    respond { a, b }
  }
}
";
    const ROUTE: &str = "route GET /{x} -> inner /a/{x}";

    fn check(upstream: &str, routes: &str, others: &[&str], expected: &[&str]) {
        let outer = outer(upstream, routes);
        let texts: Vec<&str> = [outer.as_str()].into_iter().chain(others.iter().copied()).collect();
        assert_eq!(problems(&texts), expected, "{outer}");
    }

    fn amplified(times: u32) -> String {
        format!("retry_amplification: one request to `inner` may be tried {times} times")
    }

    #[test]
    fn tries_here_and_at_another_gateway_multiply() {
        let nine = amplified(6);
        check("retry 2 on 503", ROUTE, &[INNER], &[&nine]);
        check("retry 2 on 503; behind gateway inner", ROUTE, &[INNER], &[&nine]);
        check("retry 2 on 503; behind gateway inner amplification 6", ROUTE, &[INNER], &[]);
        let stated = format!("{}, and 5 are stated", amplified(6));
        check("retry 2 on 503; behind gateway inner amplification 5", ROUTE, &[INNER], &[&stated]);
        check("retry 2 on 503", ROUTE, &[], &[]);
        check("", ROUTE, &[INNER], &[]);
    }

    #[test]
    fn only_routes_count_that_get_the_request() {
        let eight = amplified(8);
        let retry = "retry 1 on 503; timeout 20s";
        check(retry, "route GET /x -> inner /slow/1", &[INNER], &[&eight]);
        check(retry, "route GET /x -> inner /slow/10", &[INNER], &[]);
        check(retry, "route GET /{n: int(5..50)} -> inner /slow/{n}", &[INNER], &[&eight]);
        check(retry, "route GET /slow/{n: int(5..50)} -> inner", &[INNER], &[&eight]);
        check(retry, "route GET /x -> inner /a/never", &[INNER], &[]);
        check(retry, "route GET /x -> inner /a/else", &[INNER], &[&amplified(4)]);
        check(retry, "route GET /x -> inner /both/1", &[INNER], &[&eight]);
        check(retry, "route GET /{rest: path} -> inner", &[INNER], &[&eight]);
    }

    #[test]
    fn only_tries_count_that_a_server_sees() {
        check("retry 2 on connect_failure", ROUTE, &[INNER], &[]);
        check("retry 2 on connect_failure, 503", ROUTE, &[INNER], &[&amplified(6)]);
        // A POST is not sent again after an answer, here or there, unless servers know what they have had.
        let post = "route POST /x -> inner /slow/1 { body any }";
        check("retry 2 on 503; timeout 20s", post, &[INNER], &[]);
        let keyed = "retry 2 on 503 idempotent \"idempotency-key\"; timeout 20s";
        check(keyed, post, &[INNER], &[]);
        check(&format!("{keyed}; behind tries 2"), post, &[INNER], &[&amplified(6)]);
    }

    #[test]
    fn what_is_behind_may_be_said() {
        check("retry 2 on 503; behind tries 3", ROUTE, &[], &[&amplified(9)]);
        check("retry 2 on 503; behind tries 3 amplification 9", ROUTE, &[], &[]);
        check("retry 2 on 503; behind tries 1", ROUTE, &[INNER], &[]);
        check("behind tries 3", ROUTE, &[], &[]);
        let idle = "setting_without_effect: `amplification` has no effect on `inner`";
        check("behind tries 3 amplification 9", ROUTE, &[], &[idle]);
        check("retry 2 on 503; behind tries 1 amplification 9", ROUTE, &[], &[idle]);
    }

    #[test]
    fn three_in_a_row_multiply_and_a_circle_ends() {
        let middle = "gateway middle { listen http 127.0.0.1:8081 }
upstream last { server \"http://127.0.0.1:8082\"; behind gateway last amplification 4; retry 1 on 503 }
route GET /a/{x} -> last
";
        let last = INNER.replace("inner", "last").replace("8081", "8082");
        check("retry 1 on 503", ROUTE, &[middle, &last], &[&amplified(8)]);
        let back = "gateway back { listen http 127.0.0.1:8081 }
upstream outer { server \"http://127.0.0.1:8080\"; retry 1 on 503 }
route GET /a/{x} -> outer /{x}
";
        // A request in a circle comes round without end; it is counted for as many rounds as there are gateways.
        // A circle has no end, and its number says no more than that.
        let outer = outer("retry 1 on 503", ROUTE);
        assert!(problems(&[&outer, back])[0].starts_with("retry_amplification"));
    }

    #[test]
    fn a_gateway_is_found_by_its_name() {
        let unknown = "unknown_gateway: this project has no gateway `iner`";
        check("behind gateway iner", ROUTE, &[INNER], &[unknown]);
        check("retry 2 on 503; behind gateway iner amplification 6", ROUTE, &[INNER], &[unknown]);
        let itself = "server_is_listener: `outer` is this gateway itself";
        check("retry 2 on 503; behind gateway outer", "route GET /{x} -> inner", &[], &[itself]);
        let other = INNER.replace("8081", "8082");
        let twice = "unknown_gateway: two gateways of this project are called `inner`";
        check("behind gateway inner", ROUTE, &[INNER, &other], &[twice]);
    }
}
