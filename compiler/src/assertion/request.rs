//! A request that shows it: the shortest, plainest one of a route, of those that an assertion means. What the emitted tables do with it
//! is asked before it is shown.

use crate::algebra::{Field, Method, Pattern, RouteSet, Set, Single, Trie, Witness, address, request};
use crate::explain::Asked;
use crate::routes::Plan;

use super::{Meant, Part};

/// A request that the route of this number gets, by one of these methods.
pub(super) fn of(
    plan: &Plan,
    (trie, claims): (&Trie, &RouteSet),
    number: usize,
    methods: u16,
    meant: Option<&Meant>,
) -> Option<String> {
    let wanted = Method::NAMED.into_iter().filter(|method| method.own_bit() & methods != 0);
    let host =
        meant.and_then(|meant| meant.on.as_deref()).map_or_else(Pattern::every, |on| pattern(on, false));
    let paths = match meant.and_then(|meant| meant.under.as_deref()) {
        None => vec![Pattern::every()],
        Some(under) => vec![pattern(under, false), pattern(under, true)],
    };
    for method in wanted {
        for path in &paths {
            let within = Single { host: host.clone(), path: path.clone(), method, when: 0 };
            let found = request(trie, claims, number, &within);
            if let Some(found) = found.into_iter().find(|found| is_won(plan, found, number)) {
                return Some(found.to_string());
            }
        }
    }
    None
}

fn pattern(parts: &[Part], rest: bool) -> Pattern {
    let set = |part: &Part| match part {
        Part::Text(text) => Set::Literal(text.clone()),
        Part::Any => Set::Any,
    };
    Pattern { segments: parts.iter().map(set).collect(), rest }
}

/// Whether the emitted tables give it to this route.
fn is_won(plan: &Plan, witness: &Witness, number: usize) -> bool {
    asked(witness).is_some_and(|asked| plan.won(&asked) == Some(number))
}

/// The same request as somebody would send it. None where it is only known that something about it holds.
fn asked(witness: &Witness) -> Option<Asked> {
    let mut asked = Asked::new(witness.method.name(), &witness.target());
    asked.host.clone_from(&witness.host);
    for (field, text) in &witness.fields {
        match field {
            Field::Header(name) => asked.headers.push((name.clone(), text.clone())),
            Field::Cookie(name) => asked.headers.push(("cookie".to_owned(), format!("{name}={text}"))),
            Field::Param(name) => asked.params.push((name.clone(), text.clone())),
            Field::Ip => asked.client = address(text),
            Field::Query(_) => {}
            Field::Unknown { .. } => return None,
        }
    }
    Some(asked)
}
