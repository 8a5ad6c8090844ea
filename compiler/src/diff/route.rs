//! Routes: those that both gateways have, those that one has alone, and where the requests of these go.

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::schema::Sense;

use super::content::{Both, Reading};
use super::end::{Found, Way, Ways};
use super::part::Pair;
use super::setting::{Draft, Link};
use super::{Change, Class, Meaning, Said};
use crate::algebra::hands;
use crate::ir;

/// A request has another route, or the same one with other settings.
pub(super) fn changes(pair: &Pair<'_>) -> Vec<Change> {
    let mut routes = Routes {
        pair,
        titles: [titles(pair.before), titles(pair.after)],
        links: Vec::new(),
        found: Vec::new(),
    };
    let hands = hands(&pair.before.claims, &pair.after.claims);
    for (a, b) in &hands.kept {
        routes.kept(*a, *b);
    }
    let kept: [BTreeSet<usize>; 2] =
        [hands.kept.iter().map(|(a, _)| *a).collect(), hands.kept.iter().map(|(_, b)| *b).collect()];
    // Of which each, some requests have a route on the other side too.
    let both = hands.moved.keys().filter_map(|(a, b)| Some(((*a)?, (*b)?)));
    let (left, come): (BTreeSet<usize>, BTreeSet<usize>) = both.unzip();
    for (moved, witness) in &hands.moved {
        let witness = Some(witness.to_string());
        match *moved {
            (Some(a), Some(b)) if hands.kept.contains(&(a, b)) => {}
            (Some(a), Some(b)) => routes.moved(a, b, witness.as_ref()),
            (Some(a), None) => {
                let is_gone = !kept[0].contains(&a) && !left.contains(&a);
                let what = if is_gone {
                    "it is gone, and no route takes its requests"
                } else {
                    "no route takes some of its requests any more"
                };
                let change =
                    routes.change(Class::Breaking, "route_removed", [Some(a), None], what.to_owned());
                routes.found.push(Change { witness, ..change });
            }
            (None, Some(b)) => {
                let is_new = !kept[1].contains(&b) && !come.contains(&b);
                let what = if is_new {
                    "it is new, and no route took its requests"
                } else {
                    "it takes requests that no route took"
                };
                let change = routes.change(Class::Widening, "route_added", [None, Some(b)], what.to_owned());
                routes.found.push(Change { witness, ..change });
            }
            (None, None) => {}
        }
    }
    let gone = hands.gone_beyond.iter().map(|a| [Some(*a), None]);
    for numbers in gone.chain(hands.new_beyond.iter().map(|b| [None, Some(*b)])) {
        let what = "its requests are too many to be followed: some may have another route".to_owned();
        let change = routes.change(Class::Changed, "not_followed", numbers, what);
        routes.found.push(change);
    }
    let mut found = routes.found;
    found.extend(shared(&routes.links));
    found
}

struct Routes<'a> {
    pair: &'a Pair<'a>,
    /// Of each route of each side.
    titles: [Vec<String>; 2],
    /// States of the same settings of the same routes.
    links: Vec<(Link, String)>,
    found: Vec<Change>,
}

impl Routes<'_> {
    fn title(&self, side: usize, route: usize) -> String {
        let titles = self.titles.get(side).and_then(|titles| titles.get(route));
        titles.cloned().unwrap_or_default()
    }

    /// A change of a route, of which each side has a number or none.
    fn change(&self, class: Class, kind: &'static str, [a, b]: [Option<usize>; 2], what: String) -> Change {
        let said = |meaning: &Meaning, side: usize, route: Option<usize>| {
            let route =
                route.and_then(|route| Some((meaning.plan.0.routes.get(route)?, self.title(side, route))));
            route.map(|(route, title)| Said::of(title, &route.place)).into_iter().collect::<Vec<_>>()
        };
        let about = b.map(|b| self.title(1, b)).or_else(|| a.map(|a| self.title(0, a)));
        Change {
            class,
            kind,
            about: about.into_iter().collect(),
            what,
            before: said(self.pair.before, 0, a),
            after: said(self.pair.after, 1, b),
            witness: None,
        }
    }

    /// A route that claims what it claimed.
    fn kept(&mut self, a: usize, b: usize) {
        let (drafts, links) = self.compared(a, b);
        let title = self.title(1, b);
        self.links.extend(links.into_iter().map(|link| (link, title.clone())));
        for draft in drafts {
            let about = vec![title.clone()];
            let Draft { class, kind, what, before, after } = draft;
            self.found.push(Change { class, kind, about, what, before, after, witness: None });
        }
        let (old, new) = (self.title(0, a), title);
        if old != new {
            let what = format!("it was called `{old}`");
            let change = self.change(Class::Neutral, "route_renamed", [Some(a), Some(b)], what);
            self.found.push(change);
        }
    }

    /// Requests that went to another route.
    fn moved(&mut self, a: usize, b: usize, witness: Option<&String>) {
        let (drafts, _) = self.compared(a, b);
        let (from, about) = (self.title(0, a), vec![self.title(1, b)]);
        if drafts.is_empty() {
            let what = format!("it takes requests of `{from}`, and does the same with them");
            let change = self.change(Class::Neutral, "route_moved", [Some(a), Some(b)], what);
            self.found.push(Change { witness: witness.cloned(), ..change });
        }
        for Draft { class, kind, what, before, after } in drafts {
            let what = format!("it takes requests of `{from}`: {what}");
            let (about, witness) = (about.clone(), witness.cloned());
            self.found.push(Change { class, kind, about, what, before, after, witness });
        }
    }

    /// What the second does otherwise than the first.
    fn compared(&self, a: usize, b: usize) -> (Vec<Draft>, Vec<Link>) {
        let Pair { before, after, .. } = *self.pair;
        let (Some(old), Some(new)) = (before.plan.0.routes.get(a), after.plan.0.routes.get(b)) else {
            return (Vec::new(), Vec::new());
        };
        let both = Both {
            a: Reading { program: &before.plan.0, patterns: before.claims.patterns(a) },
            b: Reading { program: &after.plan.0, patterns: after.claims.patterns(b) },
        };
        let captures = (before.plan.captures(old), after.plan.captures(new));
        let readers = (before.plan.reader(&captures.0), after.plan.reader(&captures.1));
        let ways = Ways { pair: self.pair, both, readers: (&readers.0, &readers.1) };
        let said =
            |side: usize, number: usize, route: &ir::Route| Said::of(self.title(side, number), &route.place);
        let (x, y) = (Way::of(old, said(0, a, old)), Way::of(new, said(1, b, new)));
        let Found { drafts, links } = ways.changes(&x, &y);
        (drafts, links)
    }
}

/// Names of routes, with their hosts and conditions.
pub(super) fn titles(meaning: &Meaning) -> Vec<String> {
    let hosts = meaning.plan.hosts();
    let routes = meaning.plan.0.routes.iter().enumerate();
    let title = |(at, route): (usize, &ir::Route)| {
        let label = meaning.plan.0.text.at(route.label);
        let hosts = hosts.get(&at).map(|hosts| format!(" on {}", hosts.join(", "))).unwrap_or_default();
        let reader = meaning.plan.reader(&[]);
        let when = meaning.claims.asks(at).map(|asks| format!(" when {}", reader.expr(&asks.expr)));
        format!("{label}{hosts}{}", when.unwrap_or_default())
    };
    routes.map(title).collect()
}

/// Budgets that were one and are several, or the other way round.
fn shared(links: &[(Link, String)]) -> Vec<Change> {
    let mut partners: (BTreeMap<usize, BTreeSet<usize>>, BTreeMap<usize, BTreeSet<usize>>) =
        Default::default();
    for (link, _) in links {
        let (old, new) = link.states;
        partners.0.entry(old).or_default().insert(new);
        partners.1.entry(new).or_default().insert(old);
    }
    let is_several = |side: &BTreeMap<usize, BTreeSet<usize>>, state: usize| {
        side.get(&state).is_some_and(|others| others.len() > 1)
    };
    let changes = links.iter().filter_map(|(link, title)| {
        let Link { states: (old, new), shared, word, before, after } = link;
        let (class, what) = match (is_several(&partners.0, *old), is_several(&partners.1, *new)) {
            (false, false) => return None,
            (true, false) => {
                (Class::of(shared.turned()), "is one for itself where several routes had one together")
            }
            (false, true) => {
                (Class::of(*shared), "is one together with other routes, each of which had its own")
            }
            (true, true) if *shared == Sense::Neither => {
                (Class::Neutral, "is shared with other routes than before")
            }
            (true, true) => (Class::Changed, "is shared with other routes than before"),
        };
        Some(Change {
            class,
            kind: "state_shared",
            about: vec![title.clone()],
            what: format!("what `{word}` keeps {what}"),
            before: before.clone(),
            after: after.clone(),
            witness: None,
        })
    });
    changes.collect()
}
