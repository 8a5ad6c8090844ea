//! Walks the tables as the runtime does, and compares what they find with an enumeration that knows only the rules.
//!
//! The tests where both sides meet walk them with the runtime itself.

use proptest::prelude::*;

use super::router::{Names, segment_hash, short, tables};
use crate::algebra::oracle::{claims, expected, routes};
use crate::algebra::{Method, Pattern, Set};
use crate::ir::{Kind, Leaf, Router, Text, To};

struct Tables {
    router: Router,
    text: Text,
}

impl Tables {
    fn of(routes: &[(Pattern, Vec<Method>)], labels: &[&str]) -> Self {
        let mut text = Text::default();
        let labels: Vec<_> = labels.iter().map(|label| text.intern(label)).collect();
        let laid_out =
            tables(&claims(routes), Names { labels: &labels, text: &mut text, conditions: &|_| None });
        Self { router: laid_out, text }
    }

    fn find(&self, path: &[&str], method: Method) -> Option<usize> {
        self.node(0, path, method.own_bit())
    }

    fn node(&self, number: usize, path: &[&str], bit: u16) -> Option<usize> {
        let node = &self.router.nodes[number];
        let Some((first, others)) = path.split_first() else {
            return leaf(&self.router.leaves[node.leaves..node.leaves + node.here_count], bit);
        };
        let literal = self.literal(number, first).and_then(|next| self.node(next, others, bit));
        let params = &self.router.params[node.params..node.params + node.param_count];
        literal
            .or_else(|| {
                let mut accepting =
                    params.iter().filter(|param| accepts(&self.router.kinds[param.kind], first));
                accepting.find_map(|param| self.node(param.node, others, bit))
            })
            .or_else(|| {
                let rest = node.leaves + node.here_count;
                leaf(&self.router.leaves[rest..rest + node.rest_count], bit)
            })
    }

    fn literal(&self, number: usize, segment: &str) -> Option<usize> {
        let node = &self.router.nodes[number];
        let slots = 1 << node.edge_bits?;
        let hash = segment_hash(segment.as_bytes());
        let bits = node.edge_bits?;
        let mut slot = if bits == 0 { 0 } else { (hash >> (32 - bits)) as usize };
        for _ in 0..slots {
            let edge = self.router.edges[node.edges + slot].as_ref()?;
            let same = short(segment.as_bytes()).map_or_else(
                || {
                    let start = edge.key[1] as usize;
                    edge.key[0] == hash && self.text.as_str()[start..].starts_with(segment)
                },
                |key| edge.key == key,
            );
            if edge.len == segment.len() && same {
                return Some(edge.node);
            }
            slot = (slot + 1) & (slots - 1);
        }
        None
    }
}

fn leaf(leaves: &[Leaf], bit: u16) -> Option<usize> {
    let leaf = leaves.iter().find(|leaf| leaf.methods & bit != 0)?;
    if let To::Route(route) = leaf.to { Some(route) } else { None }
}

fn accepts(kind: &Kind, text: &str) -> bool {
    match kind {
        Kind::Any => !text.is_empty(),
        Kind::Int { min, max } => {
            text.parse().is_ok_and(|value: i64| value.to_string() == text && (min..=max).contains(&&value))
        }
        Kind::Date => text == "2024-02-29" || text == "2024-03-01",
        Kind::Uuid => text.len() == 36,
        // The tests of the runtime have these.
        Kind::OneOf(_) | Kind::Length { .. } | Kind::Regular(_) => unreachable!(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_find_the_winner_of_all_pairs(routes in routes(12)) {
        let tables = Tables::of(&routes, &["GET /x/3/{a}"]);
        for (path, method, winner) in expected(&routes) {
            prop_assert_eq!(tables.find(&path, method), winner, "{:?} {:?}", path, method);
        }
    }
}

#[test]
fn a_full_table_finds_each_and_only_its_own() {
    let pattern = |text: String| Pattern { segments: vec![Set::Literal(text)], rest: false };
    let routes: Vec<_> = (0..300).map(|at| (pattern(format!("s{at}")), vec![Method::Post])).collect();
    let tables = Tables::of(&routes, &[]);
    for at in 0..300 {
        assert_eq!(tables.find(&[&format!("s{at}")], Method::Post), Some(at));
        assert_eq!(tables.find(&[&format!("t{at}")], Method::Post), None);
    }
}

#[test]
fn a_route_with_several_methods_wins_each_by_itself() {
    let pattern = Pattern { segments: Vec::new(), rest: true };
    let routes = [
        (pattern.clone(), vec![Method::Head, Method::Post]),
        (pattern.clone(), vec![Method::Get]),
        (pattern, vec![Method::Any]),
    ];
    let tables = Tables::of(&routes, &[]);
    let find = |method| tables.find(&["x"], method);
    assert_eq!(
        [Method::Head, Method::Get, Method::Post, Method::Put].map(find),
        [Some(0), Some(1), Some(0), Some(2)]
    );
}

/// Patterns that matchit can say as well: literals and untyped parameters, no empty segment, no rest.
fn plain_patterns() -> impl Strategy<Value = Vec<(Pattern, Vec<Method>)>> {
    let set = prop::sample::select(vec!["0", "x", "00"]).prop_map(|text| Set::Literal(text.to_owned()));
    let set = prop_oneof![set, Just(Set::Any)];
    let pattern = prop::collection::vec(set, 1..4).prop_map(|segments| Pattern { segments, rest: false });
    prop::collection::vec(pattern, 1..24).prop_map(|mut patterns| {
        patterns.sort_by_key(|pattern| format!("{pattern:?}"));
        patterns.dedup();
        patterns.into_iter().map(|pattern| (pattern, vec![Method::Post])).collect()
    })
}

fn as_matchit_writes_it(pattern: &Pattern) -> String {
    let mut text = String::new();
    for (at, set) in pattern.segments.iter().enumerate() {
        match set {
            Set::Literal(literal) => text.extend(["/", literal]),
            _ => text.extend(["/{p", &at.to_string(), "}"]),
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_find_what_matchit_finds(routes in plain_patterns()) {
        let tables = Tables::of(&routes, &[]);
        let mut other = matchit::Router::new();
        for (at, (pattern, _)) in routes.iter().enumerate() {
            other.insert(as_matchit_writes_it(pattern), at).unwrap();
        }
        for (path, method, _) in expected(&routes) {
            if method == Method::Post && !path.contains(&"") {
                let found = other.at(&format!("/{}", path.join("/"))).ok().map(|found| *found.value);
                prop_assert_eq!(tables.find(&path, method), found, "{:?}", path);
            }
        }
    }
}
