//! Lays out the tables of a router as the compiler does, but plainly: one pattern after the other, in the order of
//! precedence in which they are given within each kind.

use std::collections::BTreeMap;

use gatewright_runtime::generated::{Edge, Kind, Leaf, NONE, Node, Param, Router, segment_hash};

#[derive(Debug, Default)]
struct Place {
    literals: BTreeMap<&'static str, usize>,
    param: Option<usize>,
    here: Vec<Leaf>,
    rest: Vec<Leaf>,
}

/// The tables for patterns such as `/a/{id}/{rest: path}`, with the text that they point into.
pub fn router(patterns: &[(u16, &'static str)]) -> (Router, String) {
    let mut places = vec![Place::default()];
    for (route, (methods, pattern)) in patterns.iter().enumerate() {
        let leaf = Leaf { methods: *methods, route: u32::try_from(route).unwrap() };
        let mut at = 0;
        let mut ended = false;
        for segment in pattern[1..].split('/') {
            if segment.ends_with(": path}") {
                places[at].rest.push(leaf);
                ended = true;
                break;
            }
            let new = places.len();
            let place = &mut places[at];
            at = if segment.starts_with('{') {
                *place.param.get_or_insert(new)
            } else {
                *place.literals.entry(segment).or_insert(new)
            };
            if at == new {
                places.push(Place::default());
            }
        }
        if !ended {
            places[at].here.push(leaf);
        }
    }
    let methods = patterns.iter().fold(0, |all, (methods, _)| all | methods);
    write(&places, methods)
}

fn write(places: &[Place], methods: u16) -> (Router, String) {
    let (mut nodes, mut edges, mut params, mut leaves, mut text) =
        (vec![], vec![], vec![], vec![], String::new());
    let int = |at: usize| u32::try_from(at).unwrap();
    for place in places {
        let first = edges.len();
        let mut bits = 255;
        if !place.literals.is_empty() {
            let slots =
                if place.literals.len() == 1 { 1 } else { (place.literals.len() * 2).next_power_of_two() };
            bits = u8::try_from(slots.trailing_zeros()).unwrap();
            edges.resize(first + slots, Edge { hash: 0, start: 0, len: 0, node: NONE });
            for (literal, node) in &place.literals {
                let hash = segment_hash(literal.as_bytes());
                let mut slot = hash as usize % slots;
                while edges[first + slot].node != NONE {
                    slot = (slot + 1) % slots;
                }
                let start = int(text.len());
                text.push_str(literal);
                edges[first + slot] =
                    Edge { hash, start, len: u16::try_from(literal.len()).unwrap(), node: int(*node) };
            }
        }
        let count = |leaves: &Vec<Leaf>| u8::try_from(leaves.len()).unwrap();
        nodes.push(Node {
            edges: int(first),
            params: int(params.len()),
            here: int(leaves.len()),
            rest: int(leaves.len() + place.here.len()),
            edge_bits: bits,
            param_count: u8::from(place.param.is_some()),
            here_count: count(&place.here),
            rest_count: count(&place.rest),
        });
        params.extend(place.param.map(|node| Param { kind: Kind::Any, node: int(node) }));
        leaves.extend(place.here.iter().chain(&place.rest).copied());
    }
    let router = Router {
        nodes: nodes.leak(),
        edges: edges.leak(),
        params: params.leak(),
        leaves: leaves.leak(),
        methods,
    };
    (router, text)
}
