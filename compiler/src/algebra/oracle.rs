//! Checks the algebra by enumeration: every request over a tiny alphabet, and sets as lists of their members.
//!
//! It shares nothing with the algebra but the types it judges.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{
    Condition, Conditions, Method, Pattern, RouteSet, Set, Shape, Single, Trie, Verdict, conflicts, matches,
    verdict,
};

/// Two members at least for each type, so that no two sets look equal that are not.
const TEXTS: [&str; 13] = [
    "",
    "0",
    "1",
    "2",
    "3",
    "9",
    "x",
    "00",
    "2024-02-29",
    "2024-03-01",
    "2024-02-30",
    "00000000-0000-0000-0000-000000000000",
    "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10",
];
const METHODS: [Method; 4] = [Method::Get, Method::Head, Method::Post, Method::Options];

/// A component of a pattern as the list of texts that it accepts; a rest is one that accepts all of them and more.
fn members(set: &Set) -> BTreeSet<&'static str> {
    TEXTS
        .into_iter()
        .filter(|text| match set {
            Set::Literal(own) => text == own,
            Set::Int { min, max } => match *text {
                "0" | "1" | "2" | "3" | "9" => {
                    let value: i64 = text.parse().unwrap();
                    *min <= value && value <= *max
                }
                _ => false,
            },
            Set::Date => *text == "2024-02-29" || *text == "2024-03-01",
            Set::Uuid => text.len() == 36,
            Set::Any => !text.is_empty(),
            // The other oracle has these.
            Set::OneOf(_) | Set::Length { .. } | Set::Regular(_) => unreachable!(),
        })
        .collect()
}

fn request_methods(method: Method) -> BTreeSet<Method> {
    METHODS
        .into_iter()
        .filter(|request| match method {
            Method::Any => true,
            Method::Get => matches!(request, Method::Get | Method::Head),
            own => own == *request,
        })
        .collect()
}

/// Every path of up to three segments; an empty segment only at the end.
fn paths() -> Vec<Vec<&'static str>> {
    let mut all = Vec::new();
    let mut open: Vec<Vec<&str>> = vec![Vec::new()];
    for _ in 0..3 {
        let mut next = Vec::new();
        for path in &open {
            for text in TEXTS {
                let longer: Vec<&str> = path.iter().copied().chain([text]).collect();
                if !text.is_empty() {
                    next.push(longer.clone());
                }
                all.push(longer);
            }
        }
        open = next;
    }
    all
}

fn accepts(pattern: &Pattern, path: &[&str]) -> bool {
    fits(&components(pattern), pattern, path)
}

fn components(pattern: &Pattern) -> Vec<BTreeSet<&'static str>> {
    pattern.segments.iter().map(members).collect()
}

fn fits(components: &[BTreeSet<&str>], pattern: &Pattern, path: &[&str]) -> bool {
    let fits = components.iter().zip(path).all(|(set, text)| set.contains(text));
    let length =
        if pattern.rest { path.len() > pattern.segments.len() } else { path.len() == pattern.segments.len() };
    fits && length
}

/// The verdict by the words of the rule: shared requests by trying them all, then the first component that differs.
fn judged(a: &Single, b: &Single) -> Verdict {
    let (sets_a, sets_b) = (components(&a.path), components(&b.path));
    let shares_path = paths().iter().any(|path| fits(&sets_a, &a.path, path) && fits(&sets_b, &b.path, path));
    let (methods_a, methods_b) = (request_methods(a.method), request_methods(b.method));
    if !shares_path || methods_a.is_disjoint(&methods_b) {
        return Verdict::Disjoint;
    }
    let component = |pattern: &Pattern, at: usize| -> BTreeSet<&'static str> {
        match pattern.segments.get(at) {
            Some(set) => members(set),
            None if pattern.rest => TEXTS.into_iter().chain(["a/b"]).collect(),
            None => BTreeSet::new(),
        }
    };
    for at in 0..4 {
        let (x, y) = (component(&a.path, at), component(&b.path, at));
        if x == y {
            continue;
        }
        return if x.is_subset(&y) {
            Verdict::First
        } else if y.is_subset(&x) {
            Verdict::Second
        } else {
            Verdict::Ambiguous
        };
    }
    if methods_a == methods_b {
        Verdict::Duplicate
    } else if methods_a.is_subset(&methods_b) {
        Verdict::First
    } else {
        Verdict::Second
    }
}

fn set() -> impl Strategy<Value = Set> {
    prop_oneof![
        3 => prop::sample::select(vec!["0", "3", "x", "2024-02-29"]).prop_map(|text| Set::Literal(text.to_owned())),
        3 => (0..4_i64, 0..4_i64).prop_map(|(a, b)| Set::int(a.min(b), a.max(b))),
        1 => Just(Set::int(i64::MIN, i64::MAX)),
        1 => Just(Set::Date),
        1 => Just(Set::Uuid),
        2 => Just(Set::Any),
    ]
}

pub(crate) fn pattern() -> impl Strategy<Value = Pattern> {
    let ending = prop_oneof![4 => Just((false, false)), 1 => Just((true, false)), 2 => Just((false, true))];
    (prop::collection::vec(set(), 0..3), ending).prop_map(|(mut segments, (slash, rest))| {
        if slash || (segments.is_empty() && !rest) {
            segments.push(Set::Literal(String::new()));
        }
        Pattern { segments, rest }
    })
}

pub(crate) fn method() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![Method::Get, Method::Head, Method::Post, Method::Any])
}

/// Routes without collisions: of each colliding pair the later one is dropped.
pub(crate) fn routes(most: usize) -> impl Strategy<Value = Vec<(Pattern, Vec<Method>)>> {
    prop::collection::vec((pattern(), method()), 1..most).prop_map(|routes| {
        let mut kept: Vec<(Pattern, Vec<Method>)> = Vec::new();
        for (pattern, method) in routes {
            let single = single(&pattern, method);
            let collides = kept.iter().any(|(other, methods)| {
                let other = self::single(other, methods[0]);
                matches!(judged(&other, &single), Verdict::Duplicate | Verdict::Ambiguous)
            });
            if !collides {
                kept.push((pattern, vec![method]));
            }
        }
        kept
    })
}

/// All requests of the alphabet, with the route that must win, found by comparing the matching routes in pairs.
pub(crate) fn expected(routes: &[(Pattern, Vec<Method>)]) -> Vec<(Vec<&'static str>, Method, Option<usize>)> {
    let sets: Vec<_> = routes.iter().map(|(pattern, _)| components(pattern)).collect();
    let methods: Vec<_> = routes.iter().map(|(_, methods)| request_methods(methods[0])).collect();
    let single = |at: usize| single(&routes[at].0, routes[at].1[0]);
    let mut verdicts = BTreeMap::new();
    let mut all = Vec::new();
    for path in paths() {
        let fitting: Vec<usize> =
            (0..routes.len()).filter(|at| fits(&sets[*at], &routes[*at].0, &path)).collect();
        for method in METHODS {
            let holding = fitting.iter().copied().filter(|at| methods[*at].contains(&method));
            let winner = holding.reduce(|best, at| {
                let verdict =
                    verdicts.entry((best, at)).or_insert_with(|| judged(&single(best), &single(at)));
                if *verdict == Verdict::First { best } else { at }
            });
            all.push((path.clone(), method, winner));
        }
    }
    all
}

fn single(path: &Pattern, method: Method) -> Single {
    Single { host: Pattern::every(), path: path.clone(), method, when: 0 }
}

/// The claims of routes without a host.
pub(crate) fn claims(routes: &[(Pattern, Vec<Method>)]) -> RouteSet {
    let shape = |(path, methods): &(Pattern, Vec<Method>)| Shape {
        span: gatewright_dsl::Span::new(0, 0, 0),
        hosts: vec![Pattern::every()],
        paths: vec![path.clone()],
        either: None,
        methods: methods.clone(),
        when: Condition::always(),
        asks: None,
    };
    RouteSet { routes: routes.iter().map(shape).collect(), floors: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_are_those_of_enumeration(a in pattern(), b in pattern(), m in method(), n in method()) {
        let (a, b) = (single(&a, m), single(&b, n));
        let none = Conditions::of(&claims(&[]));
        prop_assert_eq!(verdict(&none, &a, &b), judged(&a, &b));
    }

    #[test]
    fn the_checker_of_witnesses_agrees_with_enumeration(pattern in pattern()) {
        for path in paths() {
            prop_assert_eq!(matches(&pattern, &format!("/{}", path.join("/"))), accepts(&pattern, &path));
        }
    }

    #[test]
    fn the_tree_finds_the_winner_of_all_pairs(routes in routes(12)) {
        let trie = Trie::of(&claims(&routes));
        for (path, method, winner) in expected(&routes) {
            prop_assert_eq!(trie.winner(&["x"], &path, method, &|_| true), winner, "{:?} {:?}", path, method);
        }
    }

    #[test]
    fn the_search_finds_every_collision_and_proves_it(routes in prop::collection::vec((pattern(), method()), 1..14)) {
        let routes: Vec<(Pattern, Vec<Method>)> = routes.into_iter().map(|(pattern, method)| (pattern, vec![method])).collect();
        let trie = Trie::of(&claims(&routes));
        let found = conflicts(&trie, &claims(&routes));
        for (at, a) in routes.iter().enumerate() {
            for (bt, b) in routes.iter().enumerate().skip(at + 1) {
                let verdict = judged(&single(&a.0, a.1[0]), &single(&b.0, b.1[0]));
                let conflict = found.iter().find(|conflict| (conflict.first, conflict.second) == (at, bt));
                match verdict {
                    Verdict::Ambiguous => prop_assert!(conflict.is_some_and(|conflict| !conflict.duplicate)),
                    // Of many equal routes each is held against the first only.
                    Verdict::Duplicate => prop_assert!(found.iter().any(|conflict| conflict.second == bt && conflict.duplicate)),
                    _ => prop_assert!(conflict.is_none()),
                }
            }
        }
        for conflict in found {
            let witness = conflict.witness.expect("a collision has a witness");
            prop_assert!(matches(&routes[conflict.first].0, &witness.path));
            prop_assert!(matches(&routes[conflict.second].0, &witness.path));
        }
    }
}
