//! Assertions: what they name is looked up here. Whether they hold is proved afterwards, over what is emitted.

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ast::{
    self, Chosen, Declaration, HostLabel, HostPattern, Methods, Name, Operator, Predicate, RouteName,
    RouteNames, Segment, Value,
};
use gatewright_dsl::policy::{Policy, WhoWords};
use gatewright_dsl::problem::{path::rest_not_last, syntax};
use gatewright_dsl::schema::{Param, literal};
use gatewright_dsl::source::Span;

use super::around::Nested;
use super::rewrite::Space;
use super::route::Route;
use super::unit::Unit;
use super::{Check, host, path, pattern, problem};
use crate::algebra::{self, Method, Relation, Set};
use crate::assertion::{Assertion, Claim, Every, Has, Meant, Named, Part, Says};

/// What is known of the routes that may be named.
pub(super) struct Known<'r, 'a> {
    nested: &'r Nested<'a>,
    routes: &'r [Route<'a>],
    /// For each, its place in the order of precedence.
    places: Vec<usize>,
    /// The routes by what is plain about their paths.
    frames: BTreeMap<Frame, Vec<usize>>,
}

/// Texts and whether there is a rest; `None` where a set stands. Equal paths have one.
type Frame = (Vec<Option<String>>, bool);

fn frame(path: &algebra::Pattern) -> Frame {
    let text = |set: &Set| if let Set::Literal(text) = set { Some(text.clone()) } else { None };
    (path.segments.iter().map(text).collect(), path.rest)
}

/// A route that a name stands for, and the hosts of it that the name means.
struct Meaning {
    named: Named,
    hosts: BTreeSet<(usize, usize)>,
}

impl<'r, 'a> Known<'r, 'a> {
    pub(super) fn of(nested: &'r Nested<'a>, routes: &'r [Route<'a>], order: &[usize]) -> Self {
        let mut places = vec![0; routes.len()];
        for (place, route) in order.iter().enumerate() {
            if let Some(own) = places.get_mut(*route) {
                *own = place;
            }
        }
        let mut frames: BTreeMap<Frame, Vec<usize>> = BTreeMap::new();
        for (at, route) in routes.iter().enumerate() {
            frames.entry(frame(&route.pattern.set)).or_default().push(at);
        }
        Self { nested, routes, places, frames }
    }

    /// The routes of a method and a path, each with those of its hosts that are this one.
    fn find(
        &self,
        method: Method,
        (path, host): (&algebra::Pattern, &algebra::Pattern),
    ) -> BTreeSet<(usize, usize)> {
        let mut found = BTreeSet::new();
        for at in self.frames.get(&frame(path)).into_iter().flatten() {
            let Some(route) = self.routes.get(*at) else { continue };
            if !route.methods.contains(&method) || route.pattern.set.relation(path) != Relation::Equal {
                continue;
            }
            let hosts = route.hosts.iter().enumerate();
            let hosts = hosts.filter(|(_, own)| own.relation(host) == Relation::Equal);
            found.extend(hosts.map(|(number, _)| (*at, number)));
        }
        found
    }

    /// Another host of a route whose name is said, as it is written.
    fn further(&self, check: &Check<'_>, (route, number): (usize, usize)) -> Option<String> {
        let landed = self.nested.routes.get(route)?;
        let host = self.nested.arounds.get(landed.around)?.host?.patterns.get(number)?;
        Some(check.slice(host.span).to_owned())
    }

    /// Whether every route is understood.
    fn is_whole(&self) -> bool {
        self.nested.routes.len() == self.routes.len()
    }

    /// The names of all routes.
    fn names(&self, check: &Check<'_>) -> Vec<String> {
        let mut names = Vec::new();
        for (landed, route) in self.nested.routes.iter().zip(self.routes) {
            let around = self.nested.arounds.get(landed.around);
            let hosts = around.and_then(|around| around.host).map(|host| host.patterns.as_slice());
            for method in &route.methods {
                let name = format!("{} {}", method.name(), route.pattern.label);
                match hosts {
                    None => names.push(name),
                    Some(hosts) => {
                        let hosts = hosts.iter().map(|host| format!("{name} on {}", check.slice(host.span)));
                        names.extend(hosts);
                    }
                }
            }
        }
        names
    }
}

/// The assertions whose names are all known.
pub(super) fn check(check: &mut Check<'_>, units: &[Unit<'_>], known: &Known<'_, '_>) -> Vec<Assertion> {
    let mut found = Vec::new();
    for declaration in units.iter().flat_map(|unit| &unit.file.declarations) {
        if let Declaration::Assertion(written) = declaration
            && !written.broken
        {
            found.extend(assertion(check, written, known));
        }
    }
    found
}

fn assertion(check: &mut Check<'_>, written: &ast::Assertion, known: &Known<'_, '_>) -> Option<Assertion> {
    let claim = match &written.claim {
        ast::Claim::Listed { who, routes } => {
            let word = anybody(check, who)?;
            Claim::Open { word, span: routes.span, named: named(check, routes, known)? }
        }
        ast::Claim::Every { chosen, except, predicate } => {
            let meant = meant(check, chosen);
            let except = match except {
                Some(names) => named(check, names, known),
                None => Some(Vec::new()),
            };
            let says = says(check, predicate);
            let (meant, except, says) = (meant?, except?, says?);
            let (span, at) = (written.span, predicate.span());
            Claim::Every(Box::new(Every { span, meant, except, says, at }))
        }
    };
    Some(Assertion { span: written.span, why: written.why.value.clone(), claim })
}

/// The word of routes that ask nobody.
fn anybody(check: &mut Check<'_>, word: &Name) -> Option<&'static str> {
    let WhoWords { anybody, .. } = check.catalogue.who();
    if word.text == anybody {
        return Some(anybody);
    }
    check.problems.push(syntax::unknown_word(word.span, "kind of route", &word.text, [anybody]));
    None
}

fn meant(check: &mut Check<'_>, chosen: &[Chosen]) -> Option<Meant> {
    let mut meant = Meant { methods: 0xff, under: None, to: None, files: None, on: None };
    let mut is_known = true;
    for one in chosen {
        match one {
            Chosen::Methods(Methods::Any(_)) => {}
            Chosen::Methods(Methods::List(names)) => {
                let methods = names.iter().filter_map(|name| Method::named(&name.text));
                meant.methods = methods.fold(0, |bits, method| bits | method.bits());
            }
            Chosen::Under(prefix) => {
                meant.under = under(check, prefix);
                is_known &= meant.under.is_some();
            }
            Chosen::To(name) => {
                meant.to = upstream(check, name);
                is_known &= meant.to.is_some();
            }
            Chosen::In(files) => meant.files = Some(files.value.clone()),
            Chosen::On(host) => {
                meant.on = on(check, host);
                is_known &= meant.on.is_some();
            }
        }
    }
    is_known.then_some(meant)
}

/// The segments of a prefix.
fn under(check: &mut Check<'_>, prefix: &ast::Pattern) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for segment in &prefix.segments {
        match segment {
            Segment::Literal { text, .. } if text.is_empty() => {
                let written = check.slice(prefix.span);
                check.problems.push(problem::prefix_ends_in_slash(written, prefix.span));
                return None;
            }
            Segment::Literal { text, .. } => parts.push(Part::Text(path::spell(text))),
            Segment::Capture(capture) => parts.push(any(check, capture)?),
        }
    }
    Some(parts)
}

/// The labels of a host, from the right.
fn on(check: &mut Check<'_>, host: &HostPattern) -> Option<Vec<Part>> {
    let part = |label: &HostLabel| match label {
        HostLabel::Literal { text, .. } => Some(Part::Text(text.clone())),
        HostLabel::Capture(capture) => any(check, capture),
    };
    host.labels.iter().rev().map(part).collect()
}

/// What stands for every segment.
fn any(check: &mut Check<'_>, capture: &ast::Capture) -> Option<Part> {
    let Some(ty) = &capture.ty else { return Some(Part::Any) };
    if ty.name().is_some_and(|name| name.text == "path") {
        check.problems.push(rest_not_last(capture.span));
        return None;
    }
    let problem = problem::not_asserted(
        ty.span,
        "an assertion tells no texts of a parameter apart",
        "a type stands for some of them",
        &format!("write `{{{}}}`: it stands for every one", capture.name.text),
    );
    check.problems.push(problem);
    None
}

/// An upstream. That something is asserted of those who ask it is no use of it.
fn upstream(check: &mut Check<'_>, name: &Name) -> Option<String> {
    if check.names.has(Space::Upstream, &name.text) {
        return Some(name.text.clone());
    }
    if !check.is_torn {
        let known = check.names.all(Space::Upstream);
        check.problems.push(problem::unknown_upstream(&name.text, name.span, known));
    }
    None
}

fn named(check: &mut Check<'_>, written: &RouteNames, known: &Known<'_, '_>) -> Option<Vec<Named>> {
    let mut all: Vec<Meaning> = Vec::new();
    let mut is_known = true;
    for name in &written.names {
        let Some(found) = route(check, name, known) else {
            is_known = false;
            continue;
        };
        let is_same = |other: &&Meaning| {
            other.named.methods == found.named.methods && !other.hosts.is_disjoint(&found.hosts)
        };
        if let Some(first) = all.iter().find(is_same) {
            check.problems.push(syntax::repeated_choice(name.span, first.named.span, check.slice(name.span)));
        }
        all.push(found);
    }
    for one in &all {
        is_known &= on_each(check, one, &all, known);
    }
    is_known.then(|| all.into_iter().map(|one| one.named).collect())
}

/// A route is named on each of its hosts: what is said of it holds on all of them.
fn on_each(check: &mut Check<'_>, one: &Meaning, all: &[Meaning], known: &Known<'_, '_>) -> bool {
    let routes: BTreeSet<usize> = one.hosts.iter().map(|(route, _)| *route).collect();
    let same = all.iter().filter(|other| other.named.methods == one.named.methods);
    let named: BTreeSet<(usize, usize)> = same.flat_map(|other| other.hosts.iter().copied()).collect();
    let hosts = |route: &usize| known.routes.get(*route).map_or(0, |known| known.hosts.len());
    let every = routes.iter().flat_map(|route| (0..hosts(route)).map(|number| (*route, number)));
    let Some(left) = every.into_iter().find(|host| !named.contains(host)) else { return true };
    let host = known.further(check, left).unwrap_or_default();
    let name = check.slice(one.named.span);
    let message = format!("`{name}` is the name of a route that is on `{host}`, too");
    let bare = name.split(" on ").next().unwrap_or(name);
    let help = format!("name it on each of its hosts: `{bare} on {host}`, too");
    let problem = problem::not_asserted(one.named.span, &message, "names it on one of its hosts", &help);
    check.problems.push(problem);
    false
}

/// The routes that have a name.
fn route(check: &mut Check<'_>, name: &RouteName, known: &Known<'_, '_>) -> Option<Meaning> {
    let method = Method::named(&name.method.text)?;
    let top = known.nested.arounds.first()?;
    let pattern::Pattern { set, .. } = pattern::check(check, top, &name.pattern)?;
    let host = match &name.host {
        Some(host) => host::one(check, host)?,
        None => algebra::Pattern::every(),
    };
    let hosts = known.find(method, (&set, &host));
    if !hosts.is_empty() {
        let mut routes: Vec<usize> =
            hosts.iter().filter_map(|(at, _)| known.places.get(*at).copied()).collect();
        routes.dedup();
        return Some(Meaning { named: Named { span: name.span, routes, methods: method.bits() }, hosts });
    }
    // What is not understood may be what is meant.
    if known.is_whole() && !check.is_torn {
        let names = known.names(check);
        check.problems.push(problem::unknown_route(name.span, check.slice(name.span), &names));
    }
    None
}

fn says(check: &mut Check<'_>, predicate: &Predicate) -> Option<Says> {
    match predicate {
        Predicate::Requires { any, names, .. } => requires(check, *any, names),
        Predicate::Is { negated, word, .. } => Some(Says::Open(!negated, anybody(check, word)?)),
        Predicate::Has { word, part, against, .. } => {
            has(check, word, part.as_ref(), against.as_ref()).map(Says::Has)
        }
    }
}

fn requires(check: &mut Check<'_>, any: Option<Span>, names: &[Name]) -> Option<Says> {
    let mut is_known = true;
    for name in names {
        if !check.names.is_auth(&name.text) {
            is_known = false;
            if !check.is_torn {
                let known: Vec<&str> =
                    check.names.all(Space::Value).filter(|name| check.names.is_auth(name)).collect();
                let problem = problem::unknown_auth(&name.text, name.span, known.into_iter());
                check.problems.push(problem);
            }
        }
    }
    for (at, name) in names.iter().enumerate() {
        if let Some(first) = names.iter().take(at).find(|other| other.text == name.text) {
            check.problems.push(syntax::repeated_choice(name.span, first.span, &name.text));
            return None;
        }
    }
    let shown: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
    let problem = match (any, names) {
        (Some(any), [only]) => problem::not_asserted(
            any,
            "any of one is that one",
            "leave it out",
            &format!("write `requires {}`", only.text),
        ),
        (None, [_, second, ..]) => problem::not_asserted(
            second.span,
            "no route asks for several credentials",
            "more than one",
            &format!("write `requires any {}` where one of them is enough", shown.join(", ")),
        ),
        _ => {
            let names = names.iter().map(|name| name.text.clone()).collect();
            return is_known.then(|| Says::Requires(names, check.catalogue.who().somebody));
        }
    };
    check.problems.push(problem);
    None
}

fn has(
    check: &mut Check<'_>,
    word: &Name,
    part: Option<&Name>,
    against: Option<&(Operator, Value)>,
) -> Option<Has> {
    let Some(policy) = check.catalogue.find(&word.text) else {
        let known = check.catalogue.policies().filter(|policy| is_asserted(policy));
        let known: Vec<&str> = known.map(|policy| policy.name).collect();
        check.problems.push(syntax::unknown_word(word.span, "setting", &word.text, known));
        return None;
    };
    if !is_asserted(policy) {
        let WhoWords { anybody, .. } = check.catalogue.who();
        let (message, help) = if policy.who.is_some() {
            let message = format!("`{}` says who may come, which is asserted otherwise", policy.name);
            (message, format!("write `requires NAME`, `is {anybody}` or `is not {anybody}`"))
        } else {
            let help = "assert what runs: who may come, or a setting that has a step of its own";
            (format!("`{}` leaves nothing that runs", policy.name), help.to_owned())
        };
        check.problems.push(problem::not_asserted(word.span, &message, "cannot stand here", &help));
        return None;
    }
    let param = match part {
        Some(part) => Some(self::part(check, policy, part, against.is_some())?),
        None if against.is_some() => Some(first(check, policy, word)?),
        None => None,
    };
    let against = match (param, against) {
        (Some(param), Some((operator, value))) => {
            Some((*operator, compared(check, param, *operator, value)?))
        }
        _ => None,
    };
    Some(Has { policy, param, against })
}

/// Whether it can be seen from what runs that a route has a setting.
fn is_asserted(policy: &Policy) -> bool {
    policy.who.is_none() && policy.acts.is_none() && (policy.part || policy.has_step())
}

fn part(
    check: &mut Check<'_>,
    policy: &'static Policy,
    part: &Name,
    is_held: bool,
) -> Option<&'static Param> {
    if let Some(param) = policy.params.iter().find(|param| param.name == part.text) {
        if is_held && !param.ty.is_compared() {
            let message = format!("`{}` of `{}` has no value that can be compared", param.name, policy.name);
            let help = "leave the comparison out: that it is written can be asserted";
            check.problems.push(problem::not_asserted(part.span, &message, "is no single value", help));
            return None;
        }
        return Some(param);
    }
    let known = policy.params.iter().map(|param| param.name);
    check.problems.push(syntax::unknown_word(part.span, "part of the setting", &part.text, known));
    None
}

/// The parameter that is meant where none is named: the first that has an order.
fn first(check: &mut Check<'_>, policy: &'static Policy, word: &Name) -> Option<&'static Param> {
    let param = policy.params.iter().find(|param| param.ty.is_ordered());
    if param.is_none() {
        let message = format!("`{}` has nothing to be compared", policy.name);
        let help = "leave the comparison out: that it is written can be asserted";
        check.problems.push(problem::not_asserted(word.span, &message, "what of it?", help));
    }
    param
}

fn compared(
    check: &mut Check<'_>,
    param: &Param,
    operator: Operator,
    value: &Value,
) -> Option<gatewright_dsl::schema::Value> {
    let read = match literal(value, param.ty, check.catalogue) {
        Ok(read) => read,
        Err(problem) => {
            check.problems.push(*problem);
            return None;
        }
    };
    if !param.ty.is_ordered() && !matches!(operator, Operator::Equal | Operator::NotEqual) {
        let message = format!("`{}` is neither more nor less than something", param.name);
        let help = format!("write `==` or `!=` in the place of `{}`", operator.word());
        check.problems.push(problem::not_asserted(value.span, &message, "has no order", &help));
        return None;
    }
    Some(read)
}
