//! A request that two routes match: the shortest, plainest one, preferably one that no third route takes away.
//!
//! Every witness is checked against both patterns by [`matches`], which shares no code with the algebra, and against both
//! conditions. One that failed would not be shown.

use super::condition::Field;
use super::trie::Trie;
use super::{Method, Pattern, RouteSet, Set, Single, matches};
use crate::check::path::spell;

/// A concrete request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    pub(crate) method: Method,
    /// Where it matters.
    pub(crate) host: Option<String>,
    pub(crate) path: String,
    /// What the conditions want to be there.
    pub(crate) fields: Vec<(Field, String)>,
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, host, fields, .. } = self;
        match host {
            Some(host) => write!(f, "{} http://{host}{}", method.name(), self.target())?,
            None => write!(f, "{} {}", method.name(), self.target())?,
        }
        for (field, text) in fields {
            match field {
                Field::Header(name) => write!(f, " -H \"{name}: {text}\"")?,
                Field::Cookie(name) => write!(f, " -H \"cookie: {name}={text}\"")?,
                Field::Ip => write!(f, " from {}", address(text))?,
                Field::Param(name) => write!(f, " with {name} = {text}")?,
                Field::Unknown { shown, .. } => write!(f, " where `{shown}`")?,
                Field::Query(_) => {}
            }
        }
        Ok(())
    }
}

impl Witness {
    /// The path, and the query that the conditions want.
    pub(crate) fn target(&self) -> String {
        let query = self.fields.iter().filter_map(|(field, text)| match field {
            Field::Query(name) => Some(format!("{}={}", spell(name), spell(text))),
            _ => None,
        });
        match query.collect::<Vec<_>>().join("&") {
            none if none.is_empty() => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }
}

/// The address of 128 binary digits.
pub(crate) fn address(digits: &str) -> std::net::IpAddr {
    std::net::Ipv6Addr::from_bits(u128::from_str_radix(digits, 2).unwrap_or_default()).to_canonical()
}

/// As many attempts as sets name members.
const ATTEMPTS: usize = 8;

/// Requests of the route of this number that lie within a set whose condition always holds: one for each of its hosts, paths and
/// methods that has any.
pub(crate) fn request(trie: &Trie, claims: &RouteSet, number: usize, within: &Single) -> Vec<Witness> {
    let own = claims.singles(number, trie.conditions.number(number));
    own.iter().filter_map(|own| of(trie, (own, number), (within, usize::MAX))).collect()
}

/// A request that both claims match; each comes with its number.
pub(super) fn of(
    trie: &Trie,
    (a, first): (&Single, usize),
    (b, second): (&Single, usize),
) -> Option<Witness> {
    let (when, other) = (trie.conditions.get(a.when)?, trie.conditions.get(b.when)?);
    let fields = when.common(other).ok()??;
    if !(when.holds(&fields) && other.holds(&fields)) {
        return None;
    }
    let holds = |number| trie.conditions.get(number).is_some_and(|condition| condition.holds(&fields));
    let method = a.method.common(b.method)?;
    let (hosts, paths) = (choices(&a.host, &b.host), choices(&a.path, &b.path));
    let mut plainest = None;
    for attempt in 0..ATTEMPTS {
        let (labels, segments) = (pick(&hosts, attempt)?, pick(&paths, attempt)?);
        let (host, path) = (format!("/{}", labels.join("/")), format!("/{}", segments.join("/")));
        let both =
            |which: fn(&Single) -> &Pattern, text: &str| matches(which(a), text) && matches(which(b), text);
        if !(both(|it| &it.host, &host) && both(|it| &it.path, &path)) {
            continue;
        }
        let winner = trie.winner(&labels, &segments, method, &holds);
        let is_bound = [a, b].iter().any(|it| it.host != Pattern::every());
        let host = is_bound.then(|| labels.iter().rev().copied().collect::<Vec<_>>().join("."));
        let witness = Witness { method, host, path, fields: fields.clone() };
        if winner == Some(first) || winner == Some(second) {
            return Some(witness);
        }
        plainest.get_or_insert(witness);
    }
    plainest
}

/// Common members for each segment of a path that both match.
fn choices(a: &Pattern, b: &Pattern) -> Vec<Vec<String>> {
    let (own, others) = (&a.segments, &b.segments);
    let mut choices: Vec<Vec<String>> = own.iter().zip(others).map(|(a, b)| a.common(b)).collect();
    let longer = if own.len() > others.len() { own } else { others };
    let beyond = longer.iter().skip(choices.len()).map(|set| set.common(set));
    choices.extend(beyond);
    if a.rest && b.rest {
        choices.push(Set::Any.common(&Set::Any));
    }
    choices
}

fn pick(choices: &[Vec<String>], attempt: usize) -> Option<Vec<&str>> {
    choices.iter().map(|members| member(members, attempt)).collect()
}

fn member(members: &[String], attempt: usize) -> Option<&str> {
    members.get(attempt.min(members.len().checked_sub(1)?)).map(String::as_str)
}
