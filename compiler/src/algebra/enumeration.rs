//! Checks hosts, floors, conditions and all kinds of text by enumeration: random claims, and every request over a tiny
//! alphabet.
//!
//! It shares nothing with the algebra but the claims that it hands over: sets are lists of members, written down by hand, and
//! the winner is the claim that wins over every other one that matches.

use proptest::prelude::*;

use super::automaton::Automaton;
use super::condition::{Field, Formula, Values};
use super::{
    Condition, Floor, Languages, Method, Pattern, RouteSet, Set, Shape, Side, Trie, conflicts, hands,
    unreached,
};
use crate::ty::{Range, Text, Ty};

/// Members enough that two sets are equal, included or crossing here exactly if they are among all texts.
const TEXTS: [&str; 10] = ["a", "b", "aa", "0", "1", "10", "01", "-1", "%C3%A4", "c"];
const METHODS: [Method; 4] = [Method::Get, Method::Head, Method::Post, Method::Options];
/// Values of the one field that conditions read.
const VALUES: [Option<&str>; 3] = [None, Some("a"), Some("b")];

/// A type with its members among the texts, in a path; those of them that are labels are its members in a host.
type Kind = (&'static str, &'static [&'static str]);
const KINDS: [Kind; 12] = [
    ("=a", &["a"]),
    ("=1", &["1"]),
    ("any", &TEXTS),
    ("int 0 9", &["0", "1"]),
    ("int 1 1", &["1"]),
    ("int 1 99", &["1", "10"]),
    ("re [ab]", &["a", "b"]),
    ("| a b", &["a", "b"]),
    ("| a 1", &["a", "1"]),
    ("re a+", &["a", "aa"]),
    ("re [0-9]+", &["0", "1", "10", "01"]),
    ("length 1 1", &["a", "b", "0", "1", "%C3%A4", "c"]),
];

fn ty(name: &str) -> Ty {
    let words: Vec<&str> = name.split(' ').collect();
    let number = |at: usize| words[at].parse().ok();
    match words[0] {
        "any" => Ty::STRING,
        "int" => Ty::Int(Range { min: number(1), max: number(2) }),
        "re" => Ty::String(Text::Matches(words[1].into())),
        "length" => Ty::String(Text::Length(Range { min: number(1), max: number(2) })),
        "|" => Ty::Enum(words[1..].iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().into()),
        literal => Ty::Enum(vec![literal[1..].to_owned()].into()),
    }
}

/// A claim as it is drawn: numbers of kinds, and of a condition.
#[derive(Clone, Debug)]
struct Drawn {
    host: Option<Vec<usize>>,
    path: Vec<usize>,
    /// 0: nothing, 1: a slash at the end, 2: a rest.
    ending: u8,
    /// `None` for a floor.
    method: Option<Method>,
    when: usize,
}

/// Conditions by the values that meet them.
const WHENS: [&[Option<&str>]; 5] =
    [&VALUES, &[Some("a")], &[Some("a"), Some("b")], &[None], &[None, Some("b")]];

fn condition(when: usize) -> Condition {
    let is = |regex: &str| {
        Formula::Is(Field::Header("x".to_owned()), Values::texts(Automaton::regex(regex).unwrap()))
    };
    let not = |formula| Formula::Not(Box::new(formula));
    let formula = match when {
        0 => Formula::All(Vec::new()),
        1 => is("a"),
        2 => Formula::Any(vec![is("a"), is(".*")]),
        3 => not(is(".*")),
        _ => not(is("a")),
    };
    Condition::of(&formula).unwrap()
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let kind = || prop_oneof![2 => Just(0), 2 => Just(2), 3 => 0..KINDS.len()];
    let host = prop::option::weighted(0.5, prop::collection::vec(kind(), 1..3));
    let path = prop::collection::vec(kind(), 0..3);
    let ending = prop_oneof![4 => Just(0_u8), 1 => Just(1), 2 => Just(2)];
    let method = prop::sample::select(vec![Method::Get, Method::Head, Method::Post, Method::Any]);
    let method = prop::option::weighted(0.8, method);
    let when = prop_oneof![3 => Just(0), 2 => 0..WHENS.len()];
    (host, path, ending, method, when).prop_map(|(host, path, ending, method, when)| Drawn {
        host,
        // No path is without a segment.
        ending: if path.is_empty() && ending == 0 { 1 } else { ending },
        path,
        method,
        when,
    })
}

fn claims(drawn: &[Drawn]) -> RouteSet {
    let mut languages = Languages::new();
    let mut set = RouteSet::default();
    let span = gatewright_dsl::Span::new(0, 0, 0);
    for claim in drawn {
        let label = |at: &usize, languages: &mut Languages| languages.label(&ty(KINDS[*at].0)).unwrap();
        let hosts = vec![match &claim.host {
            None => Pattern::every(),
            Some(host) => {
                let segments = host.iter().map(|at| label(at, &mut languages)).collect();
                Pattern { segments, rest: false }
            }
        }];
        let mut segments: Vec<Set> =
            claim.path.iter().map(|at| languages.segment(&ty(KINDS[*at].0)).unwrap()).collect();
        let when = condition(claim.when);
        let Some(method) = claim.method else {
            set.floors.push(Floor {
                span,
                hosts,
                prefix: Pattern { segments, rest: false },
                when,
                asks: None,
            });
            continue;
        };
        if claim.ending == 1 {
            segments.push(Set::Literal(String::new()));
        }
        let path = Pattern { segments, rest: claim.ending == 2 };
        set.routes.push(Shape {
            span,
            hosts,
            paths: vec![path],
            either: None,
            methods: vec![method],
            when,
            asks: None,
        });
    }
    set
}

/// What can stand at the n-th place of a sequence. A rest is everything, and a text that nothing else has.
fn component(kinds: &[usize], ending: u8, at: usize) -> Vec<&'static str> {
    match (kinds.get(at), ending) {
        (Some(kind), _) => KINDS[*kind].1.to_vec(),
        (None, 1) if at == kinds.len() => vec![""],
        (None, 2) => TEXTS.into_iter().chain(["", "a/b"]).collect(),
        _ => Vec::new(),
    }
}

fn has(kinds: &[usize], ending: u8, texts: &[&str]) -> bool {
    let least = kinds.len() + usize::from(ending != 0);
    let enough = if ending == 2 { texts.len() >= least } else { texts.len() == least };
    enough && texts.iter().enumerate().all(|(at, text)| component(kinds, ending, at).contains(text))
}

impl Drawn {
    /// Each sequence of path segments that it claims: a floor takes its prefix and what is below.
    fn paths(&self) -> Vec<(Vec<usize>, u8)> {
        match self.method {
            Some(_) => vec![(self.path.clone(), self.ending)],
            None if self.path.is_empty() => vec![(Vec::new(), 2)],
            None => vec![(self.path.clone(), 0), (self.path.clone(), 2)],
        }
    }

    fn host(&self) -> (Vec<usize>, u8) {
        self.host.clone().map_or((Vec::new(), 2), |host| (host, 0))
    }

    fn methods(&self) -> Vec<Method> {
        let is_taken = |method: &Method| match self.method {
            None | Some(Method::Any) => true,
            Some(Method::Get) => matches!(method, Method::Get | Method::Head),
            Some(own) => own == *method,
        };
        METHODS.into_iter().filter(is_taken).collect()
    }
}

/// The sets of a claim by component, in the order in which they decide.
fn components(claim: &Drawn, (path, ending): &(Vec<usize>, u8)) -> Vec<Vec<&'static str>> {
    let (host, host_ending) = claim.host();
    let mut all: Vec<Vec<&str>> = (0..3).map(|at| component(&host, host_ending, at)).collect();
    all.extend((0..4).map(|at| component(path, *ending, at)));
    let mut methods: Vec<&str> = claim.methods().into_iter().map(Method::name).collect();
    // `*` leaves some methods out that a floor takes.
    methods.extend(claim.method.is_none().then_some("TRACE"));
    methods.extend(matches!(claim.method, None | Some(Method::Any)).then_some("BREW"));
    all.push(methods);
    all.push(WHENS[claim.when].iter().map(|value| value.unwrap_or("(none)")).collect());
    all
}

#[derive(Debug, PartialEq, Eq)]
enum Judged {
    First,
    Second,
    Duplicate,
    Ambiguous,
}

/// What two claims that share a request are to each other.
fn judged(a: &[Vec<&str>], b: &[Vec<&str>]) -> Judged {
    for (a, b) in a.iter().zip(b) {
        let (in_b, in_a) = (a.iter().all(|text| b.contains(text)), b.iter().all(|text| a.contains(text)));
        match (in_b, in_a) {
            (true, true) => {}
            (true, false) => return Judged::First,
            (false, true) => return Judged::Second,
            (false, false) => return Judged::Ambiguous,
        }
    }
    Judged::Duplicate
}

struct Request {
    host: Vec<&'static str>,
    path: Vec<&'static str>,
    method: Method,
    value: Option<&'static str>,
}

/// Sequences of one or two texts.
fn sequences(texts: &[&'static str], last: &[&'static str]) -> Vec<Vec<&'static str>> {
    let mut all: Vec<Vec<&str>> = texts.iter().chain(last).map(|text| vec![*text]).collect();
    for first in texts {
        all.extend(texts.iter().chain(last).map(|second| vec![*first, *second]));
    }
    all
}

/// All of them, but of hosts only those that differ for some claim.
fn requests() -> Vec<Request> {
    let hosts = [vec!["a"], vec!["c"], vec!["a", "b"], vec!["a", "1"], vec!["1", "0"], vec!["c", "c"]];
    let mut all = Vec::new();
    for path in sequences(&TEXTS, &[""]) {
        for host in &hosts {
            for method in METHODS {
                for value in VALUES {
                    all.push(Request { host: host.clone(), path: path.clone(), method, value });
                }
            }
        }
    }
    all
}

/// The numbers of the parts of claims that match a request.
fn matching(parts: &[Part], request: &Request) -> Vec<usize> {
    let holds = |part: &Part| {
        has(&part.host.0, part.host.1, &request.host)
            && has(&part.path.0, part.path.1, &request.path)
            && part.methods.contains(&request.method)
            && WHENS[part.when].contains(&request.value)
    };
    (0..parts.len()).filter(|at| holds(&parts[*at])).collect()
}

/// A claim with one sequence of paths.
struct Part {
    claim: usize,
    host: (Vec<usize>, u8),
    path: (Vec<usize>, u8),
    methods: Vec<Method>,
    when: usize,
    components: Vec<Vec<&'static str>>,
    is_floor: bool,
}

/// The parts of all claims, routes before floors, numbered as the algebra numbers them.
fn parts(drawn: &[Drawn]) -> Vec<Part> {
    let (routes, floors): (Vec<&Drawn>, Vec<&Drawn>) = drawn.iter().partition(|claim| claim.method.is_some());
    let claims = routes.into_iter().chain(floors).enumerate();
    let part = |(number, claim): (usize, &Drawn)| -> Vec<Part> {
        let of = |path: (Vec<usize>, u8)| Part {
            claim: number,
            host: claim.host(),
            components: components(claim, &path),
            path,
            methods: claim.methods(),
            when: claim.when,
            is_floor: claim.method.is_none(),
        };
        claim.paths().into_iter().map(of).collect()
    };
    claims.flat_map(part).collect()
}

/// Whether two parts share a request, whatever the alphabet of hosts and paths.
fn meet(a: &Part, b: &Part) -> bool {
    let sequence = |a: &(Vec<usize>, u8), b: &(Vec<usize>, u8)| {
        // Three texts are as long as any pattern, and a rest needs no more.
        let longest = a.0.len().max(b.0.len()) + 1;
        (1..=longest).any(|length| {
            (0..length).all(|at| {
                let is_last = at + 1 == length;
                let here = |(kinds, ending): &(Vec<usize>, u8)| {
                    let least = kinds.len() + usize::from(*ending != 0);
                    let fits = if *ending == 2 { length >= least } else { length == least };
                    let mut texts = if fits { component(kinds, *ending, at) } else { Vec::new() };
                    texts.retain(|text| *text != "a/b" && (is_last || !text.is_empty()));
                    texts
                };
                let others = here(b);
                here(a).iter().any(|text| others.contains(text))
            })
        })
    };
    sequence(&a.host, &b.host)
        && sequence(&a.path, &b.path)
        && a.methods.iter().any(|method| b.methods.contains(method))
        && WHENS[a.when].iter().any(|value| WHENS[b.when].contains(value))
}

/// Whether some part of one collides with some part of the other: `Some(true)` if they are alike.
fn collision(a: &[&Part], b: &[&Part]) -> Option<bool> {
    let mut found = None;
    for a in a {
        for b in b {
            if a.claim == b.claim || (a.is_floor && b.is_floor) || !meet(a, b) {
                continue;
            }
            match judged(&a.components, &b.components) {
                Judged::Duplicate => return Some(true),
                Judged::Ambiguous => found = Some(false),
                Judged::First | Judged::Second => {}
            }
        }
    }
    found
}

/// Without those that collide with an earlier one.
fn peaceful(drawn: Vec<Drawn>) -> Vec<Drawn> {
    let mut kept: Vec<Drawn> = Vec::new();
    for claim in drawn {
        kept.push(claim);
        let parts = parts(&kept);
        let all: Vec<&Part> = parts.iter().collect();
        if collision(&all, &all).is_some() {
            kept.pop();
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 14, failure_persistence: None, ..ProptestConfig::default() })]

    /// 14 sets of claims, and nearly 8,000 requests for each: over 100,000.
    #[test]
    fn every_request_gets_the_claim_that_wins_over_all_others(drawn in prop::collection::vec(drawn(), 4..24)) {
        let drawn = peaceful(drawn);
        let (set, parts) = (claims(&drawn), parts(&drawn));
        let trie = Trie::of(&set);
        let mut winners = Vec::new();
        for request in requests() {
            let matching = matching(&parts, &request);
            let wins = |at: &usize, other: usize| {
                *at == other || match judged(&parts[*at].components, &parts[other].components) {
                    Judged::First => true,
                    // Two floors that say the same.
                    Judged::Duplicate | Judged::Ambiguous => parts[*at].is_floor && parts[other].is_floor,
                    Judged::Second => false,
                }
            };
            let winner = matching.iter().find(|at| matching.iter().all(|other| wins(at, *other)));
            let fields: Vec<(Field, String)> =
                request.value.iter().map(|value| (Field::Header("x".to_owned()), (*value).to_owned())).collect();
            let holds = |number| trie.conditions.get(number).unwrap().holds(&fields);
            let found = trie.winner(&request.host, &request.path, request.method, &holds);
            let shown = |claim: usize| if claim < set.routes.len() { Some(claim) } else { None };
            prop_assert_eq!(
                found.and_then(shown),
                winner.and_then(|at| shown(parts[*at].claim)),
                "{:?} {:?} {:?} {:?}", request.host, request.path, request.method, request.value
            );
            prop_assert_eq!(found.is_some(), winner.is_some());
            winners.extend(found.filter(|claim| !winners.contains(claim)));
        }
        // An alphabet cannot show that a route is reached by nothing, but that it is reached.
        for lost in unreached(&trie, &set) {
            prop_assert!(!winners.contains(&lost.route), "{lost:?}");
            prop_assert!(lost.by != lost.route);
        }
    }
}

/// The route that wins a request.
fn winner(
    side: &Side,
    (host, path): (&[&str], &[&str]),
    method: Method,
    fields: &[(Field, String)],
) -> Option<usize> {
    let holds = |number| side.trie.conditions.get(number).unwrap().holds(fields);
    side.route(side.trie.winner(host, path, method, &holds)?)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two gateways that have some claims in common: nothing changes hands unseen, and what is shown changes hands.
    #[test]
    fn every_request_that_has_another_winner_is_known(
        drawn in prop::collection::vec((drawn(), 0..4_u8), 4..24),
    ) {
        let of = |left_out: u8| {
            let some = drawn.iter().filter(|(_, side)| *side != left_out).map(|(claim, _)| claim.clone());
            Side::of(claims(&peaceful(some.collect())))
        };
        let (before, after) = (of(0), of(1));
        let hands = hands(&before, &after);
        for Request { host, path, method, value } in requests() {
            let fields: Vec<(Field, String)> =
                value.iter().map(|value| (Field::Header("x".to_owned()), (*value).to_owned())).collect();
            let [a, b] = [&before, &after].map(|side| winner(side, (&host, &path), method, &fields));
            let is_kept = a.zip(b).is_some_and(|pair| hands.kept.contains(&pair));
            let is_beyond = a.is_some_and(|a| hands.gone_beyond.contains(&a))
                || b.is_some_and(|b| hands.new_beyond.contains(&b));
            prop_assert!(
                (a, b) == (None, None) || is_kept || is_beyond || hands.moved.contains_key(&(a, b)),
                "{a:?} {b:?} {host:?} {path:?} {method:?} {value:?} {hands:?}"
            );
        }
        for ((a, b), witness) in &hands.moved {
            // A host that no pattern has.
            let host = witness.host.clone().unwrap_or_else(|| ["x"; 9].join("."));
            let host: Vec<&str> = host.rsplit('.').collect();
            let path: Vec<&str> = witness.path.split('/').skip(1).collect();
            let found = [&before, &after].map(|side| winner(side, (&host, &path), witness.method, &witness.fields));
            prop_assert_eq!(found, [*a, *b], "{} {:?}", witness, hands);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_collision_is_found_and_proved_and_no_other(drawn in prop::collection::vec(drawn(), 2..12)) {
        let (set, all) = (claims(&drawn), parts(&drawn));
        let trie = Trie::of(&set);
        let found = conflicts(&trie, &set);
        let of = |claim: usize| all.iter().filter(|part| part.claim == claim).collect::<Vec<_>>();
        for first in 0..drawn.len() {
            for second in first + 1..drawn.len() {
                let expected = collision(&of(first), &of(second));
                let known = found.iter().find(|it| (it.first, it.second) == (first, second));
                match expected {
                    Some(false) => prop_assert!(known.is_some(), "{first} {second} {drawn:?}"),
                    // Of many equal claims each is held against one only.
                    Some(true) => prop_assert!(found.iter().any(|it| it.second == second && it.duplicate)),
                    None => prop_assert!(known.is_none(), "{first} {second} {drawn:?}"),
                }
            }
        }
        for conflict in found {
            prop_assert!(conflict.witness.is_some(), "{conflict:?}");
        }
    }
}
