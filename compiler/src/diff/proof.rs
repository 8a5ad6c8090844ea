//! What is proved of a gateway, and what is tried with it: whether that is more or less than before. No request is answered
//! otherwise for it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ast::Operator;

use super::part::Pair;
use super::route::titles;
use super::{Change, Class, Meaning, Said};
use crate::assertion::{Assertion, Claim, Every, Has, Meant, Named, Part, Says};
use crate::suite::{Expected, Step, StepKind, Test};

/// Assertions and tests that are gone, new, or say something else.
pub(super) fn changes(pair: &Pair<'_>) -> Vec<Change> {
    let mut found = assertions(pair);
    found.extend(tests(&pair.before.tests, &pair.after.tests));
    found
}

fn assertions(pair: &Pair<'_>) -> Vec<Change> {
    let (old, new) = (&pair.before.assertions, &pair.after.assertions);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    let compared = Compared { pair, routes: [titles(pair.before), titles(pair.after)] };
    let mut left: Vec<&Assertion> = new.iter().collect();
    let mut gone: Vec<&Assertion> = old.iter().collect();
    let mut pairs = Vec::new();
    // What says the same comes first, and of that what has the same reason.
    let is_same = |a: &Assertion, b: &Assertion| compared.claims(&a.claim, &b.claim) == Some(Ordering::Equal);
    for (by_why, by_claim) in [(true, true), (true, false), (false, true)] {
        let way = |a: &Assertion, b: &Assertion| (!by_why || a.why == b.why) && (!by_claim || is_same(a, b));
        gone.retain(|a| match left.iter().position(|b| way(a, b)) {
            Some(at) => {
                pairs.push((*a, left.remove(at)));
                false
            }
            None => true,
        });
    }
    let said = |meaning: &Meaning, it: &Assertion| meaning.said(it.span).into_iter().collect::<Vec<_>>();
    let about = |it: &Assertion| format!("assert {:?}", it.why);
    let mut found = Vec::new();
    for a in gone {
        let what = "it is gone: what it proved is not proved any more";
        found.push(change(
            Class::Widening,
            "assertion_removed",
            about(a),
            what,
            (said(pair.before, a), Vec::new()),
        ));
    }
    for b in left {
        let what = "it is new, and holds";
        found.push(change(
            Class::Neutral,
            "assertion_added",
            about(b),
            what,
            (Vec::new(), said(pair.after, b)),
        ));
    }
    for (a, b) in pairs {
        let places = (said(pair.before, a), said(pair.after, b));
        let (class, kind, what) = match compared.claims(&a.claim, &b.claim) {
            Some(Ordering::Equal) if a.why == b.why => continue,
            Some(Ordering::Equal) => {
                (Class::Neutral, "assertion_renamed", format!("it was called {:?}", a.why))
            }
            Some(Ordering::Less) => {
                (Class::Widening, "assertion_changed", "it proves less than before".to_owned())
            }
            Some(Ordering::Greater) => {
                (Class::Neutral, "assertion_changed", "it proves more than before".to_owned())
            }
            None => {
                let what = "it proves something else: what it proved may not be so any more";
                (Class::Changed, "assertion_changed", what.to_owned())
            }
        };
        found.push(change(class, kind, about(b), &what, places));
    }
    found
}

fn change(
    class: Class,
    kind: &'static str,
    about: String,
    what: &str,
    (before, after): (Vec<Said>, Vec<Said>),
) -> Change {
    Change { class, kind, about: vec![about], what: what.to_owned(), before, after, witness: None }
}

struct Compared<'a> {
    pair: &'a Pair<'a>,
    /// Of each route of each side.
    routes: [Vec<String>; 2],
}

impl Compared<'_> {
    /// Whether the second proves more than the first (`Greater`), as much, or less. `None`: neither.
    fn claims(&self, a: &Claim, b: &Claim) -> Option<Ordering> {
        match (a, b) {
            (Claim::Every(a), Claim::Every(b)) => self.every(a, b),
            (Claim::Open { word, span: _, named }, Claim::Open { word: other, span: _, named: others }) => {
                // Of more routes it is said that anybody may come.
                let order = methods(&self.named(0, named), &self.named(1, others)).map(Ordering::reverse);
                order.filter(|_| word == other)
            }
            _ => None,
        }
    }

    fn every(&self, a: &Every, b: &Every) -> Option<Ordering> {
        let Every { span: _, meant, except, says, at: _ } = a;
        let except = methods(&self.named(0, except), &self.named(1, &b.except)).map(Ordering::reverse);
        together([self.meant(meant, &b.meant), except, self::says(says, &b.says)])
    }

    fn meant(&self, a: &Meant, b: &Meant) -> Option<Ordering> {
        let Meant { methods, under, to, files, on } = a;
        let is_upstream = |a: &String, b: &String| {
            let number = |meaning: &Meaning, name: &String| {
                meaning.plan.0.upstreams.iter().position(|upstream| upstream.name == *name)
            };
            let numbers = (number(self.pair.before, a), number(self.pair.after, b));
            matches!(numbers, (Some(a), Some(b)) if self.pair.is_same_upstream(a, b))
        };
        let inside = |a: &Vec<Part>, b: &Vec<Part>| {
            let holds = |outer: &[Part], inner: &[Part]| {
                let is_in = |(outer, inner): (&Part, &Part)| *outer == Part::Any || outer == inner;
                outer.len() <= inner.len() && outer.iter().zip(inner).all(is_in)
            };
            order(holds(b, a), holds(a, b))
        };
        let same = |is_same: bool| is_same.then_some(Ordering::Equal);
        together([
            order(b.methods & methods == *methods, b.methods & methods == b.methods),
            narrowed((under, &b.under), inside),
            narrowed((to, &b.to), |a, b| same(is_upstream(a, b))),
            narrowed((files, &b.files), |a, b| same(a == b)),
            narrowed((on, &b.on), |a, b| same(a == b)),
        ])
    }

    /// The methods of each route that is named.
    fn named(&self, side: usize, named: &[Named]) -> BTreeMap<String, u16> {
        let mut found: BTreeMap<String, u16> = BTreeMap::new();
        for Named { span: _, routes, methods } in named {
            for route in routes {
                let title = self.routes.get(side).and_then(|titles| titles.get(*route));
                *found.entry(title.cloned().unwrap_or_default()).or_default() |= methods;
            }
        }
        found
    }
}

/// Which of two is more, where it is known whether each lies in the other: whether the first does, and whether the second.
fn order(first_in_second: bool, second_in_first: bool) -> Option<Ordering> {
    match (first_in_second, second_in_first) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Greater),
        (false, true) => Some(Ordering::Less),
        (false, false) => None,
    }
}

/// Of something that is said of fewer where it is written.
fn narrowed<T>(
    (a, b): (&Option<T>, &Option<T>),
    inside: impl Fn(&T, &T) -> Option<Ordering>,
) -> Option<Ordering> {
    match (a, b) {
        (None, None) => Some(Ordering::Equal),
        (None, Some(_)) => Some(Ordering::Less),
        (Some(_), None) => Some(Ordering::Greater),
        (Some(a), Some(b)) => inside(a, b),
    }
}

/// Whether the second has more routes, or more methods of them.
fn methods(a: &BTreeMap<String, u16>, b: &BTreeMap<String, u16>) -> Option<Ordering> {
    let holds = |outer: &BTreeMap<String, u16>, inner: &BTreeMap<String, u16>| {
        inner.iter().all(|(name, bits)| outer.get(name).is_some_and(|own| own & bits == *bits))
    };
    order(holds(b, a), holds(a, b))
}

fn says(a: &Says, b: &Says) -> Option<Ordering> {
    match (a, b) {
        (Says::Requires(a, word), Says::Requires(b, other)) if word == other => {
            let (a, b): (BTreeSet<_>, BTreeSet<_>) = (a.iter().collect(), b.iter().collect());
            // More of them may come.
            order(b.is_subset(&a), a.is_subset(&b))
        }
        (Says::Open(a, word), Says::Open(b, other)) => (a == b && word == other).then_some(Ordering::Equal),
        (Says::Has(a), Says::Has(b)) => has(a, b),
        _ => None,
    }
}

fn has(a: &Has, b: &Has) -> Option<Ordering> {
    let Has { policy, param, against } = a;
    let is_of_one = policy.name == b.policy.name;
    let is_bare = |it: &Has| it.param.is_none() && it.against.is_none();
    match (against, &b.against) {
        _ if !is_of_one => None,
        _ if is_bare(a) && is_bare(b) => Some(Ordering::Equal),
        _ if is_bare(a) => Some(Ordering::Greater),
        _ if is_bare(b) => Some(Ordering::Less),
        _ if param.map(|it| it.name) != b.param.map(|it| it.name) => None,
        (None, None) => Some(Ordering::Equal),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(_), None) => Some(Ordering::Less),
        (Some((operator, _)), Some((other, _))) if operator != other => None,
        (Some((operator, old)), Some((_, new))) => match (operator, old.compare(new)?) {
            (_, Ordering::Equal) => Some(Ordering::Equal),
            // A smaller most is more.
            (Operator::Less | Operator::LessEqual, order) => Some(order),
            (Operator::Greater | Operator::GreaterEqual, order) => Some(order.reverse()),
            _ => None,
        },
    }
}

/// One order of several parts; `None` where one is more and another less.
fn together<const N: usize>(parts: [Option<Ordering>; N]) -> Option<Ordering> {
    let is = |order| parts.contains(&Some(order));
    match (parts.contains(&None), is(Ordering::Less), is(Ordering::Greater)) {
        (true, ..) | (_, true, true) => None,
        (_, true, false) => Some(Ordering::Less),
        (_, false, true) => Some(Ordering::Greater),
        (_, false, false) => Some(Ordering::Equal),
    }
}

fn tests(old: &[Test], new: &[Test]) -> Vec<Change> {
    let about = |test: &Test| format!("test {:?}", test.name);
    let said = |test: &Test| vec![Said::of(about(test), &test.place)];
    let by_name = |all: &'_ [Test]| -> BTreeMap<String, usize> {
        all.iter().enumerate().map(|(at, test)| (test.name.clone(), at)).collect()
    };
    let (before, after) = (by_name(old), by_name(new));
    let mut found = Vec::new();
    for a in old {
        let Some(b) = after.get(&a.name).and_then(|at| new.get(*at)) else {
            let what = "it is gone: what it tried is not tried any more";
            found.push(change(Class::Widening, "test_removed", about(a), what, (said(a), Vec::new())));
            continue;
        };
        let (class, what) = match order(tries(b, a), tries(a, b)) {
            Some(Ordering::Equal) => continue,
            Some(Ordering::Greater) => (Class::Neutral, "it expects more than before"),
            Some(Ordering::Less) => (Class::Widening, "it expects less than before"),
            None => (Class::Changed, "it tries something else: what it tried may not be so any more"),
        };
        found.push(change(class, "test_changed", about(b), what, (said(a), said(b))));
    }
    for b in new.iter().filter(|b| !before.contains_key(&b.name)) {
        found.push(change(Class::Neutral, "test_added", about(b), "it is new", (Vec::new(), said(b))));
    }
    found
}

/// Whether the first tries all that the second does: it does the same first, and expects as much each time.
fn tries(more: &Test, less: &Test) -> bool {
    let Test { name: _, place: _, given, steps } = more;
    *given == less.given
        && steps.len() >= less.steps.len()
        && steps.iter().zip(&less.steps).all(|(more, less)| covers(more, less))
}

fn covers(more: &Step, less: &Step) -> bool {
    let expects = |more: &[Expected], less: &[Expected]| {
        less.iter().all(|it| more.iter().any(|other| other.kind == it.kind))
    };
    match (&more.kind, &less.kind) {
        (StepKind::Ask(a), StepKind::Ask(b)) => {
            (&a.method, &a.target, &a.host, &a.headers, &a.body)
                == (&b.method, &b.target, &b.host, &b.headers, &b.body)
                && expects(&a.expected, &b.expected)
        }
        (StepKind::Got(a), StepKind::Got(b)) => {
            (&a.upstream, &a.asked, &a.times) == (&b.upstream, &b.asked, &b.times)
                && expects(&a.expected, &b.expected)
        }
        (a, b) => a == b,
    }
}
