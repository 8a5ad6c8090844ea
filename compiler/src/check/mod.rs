//! From the tree as written to the typed program: everything that can be wrong with a program is found here or before.
//!
//! Every part is looked at whatever the others hold, and a part that is not understood is only left out of the questions
//! that would need it, so that one mistake makes one problem.

mod answer;
mod collision;
#[allow(dead_code, reason = "settings ask for expressions next")]
pub(crate) mod expr;
mod gateway;
mod line;
mod name;
#[allow(dead_code, reason = "the program asks for its declarations next")]
mod params;
pub(crate) mod path;
mod pattern;
pub(crate) mod problem;
mod rewrite;
mod route;
mod target;
mod torn;
#[allow(dead_code, reason = "the program asks for its declarations next")]
mod types;
mod unit;
mod unknown;
mod upstream;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use gatewright_dsl::ast::File;
use gatewright_dsl::{Catalogue, Problem, Source, Span};

use self::gateway::Gateway;
use self::line::Lines;
use self::name::Names;
use self::route::Route;
use self::upstream::Upstream;
use crate::algebra::RouteSet;
use crate::checked::{self, Program};
use crate::load::{Entry, Files};

/// What the checks of one run share.
struct Check<'a> {
    sources: &'a [Source],
    catalogue: &'a Catalogue,
    problems: Vec<Problem>,
    names: Names,
    /// Where the gateway listens.
    listeners: Vec<(SocketAddr, Span)>,
    /// Whether a declaration may be missing from the tree since it could not be read. Then nothing is called missing or
    /// unknown.
    is_torn: bool,
}

impl<'a> Check<'a> {
    fn slice(&self, span: Span) -> &'a str {
        source(self.sources, span).map_or("", |source| source.slice(span))
    }
}

/// What has come of the check of one entry.
pub(crate) struct Outcome {
    /// Where nothing is wrong but what may be unused.
    pub(crate) program: Option<Program>,
    /// In the order of the text.
    pub(crate) problems: Vec<Problem>,
    /// What this entry declares or imports and does not use. Another entry may.
    pub(crate) unused: Vec<Problem>,
    /// Where that is declared which it uses.
    pub(crate) used: BTreeSet<Span>,
    /// Whether something could not be understood that may use anything.
    pub(crate) is_partial: bool,
}

/// Checks an entry with all that it imports.
pub(crate) fn check(files: &Files<'_>, entry: &Entry, catalogue: &Catalogue) -> Outcome {
    let sources = files.sources.as_slice();
    let mut problems = entry.problems.clone();
    let units = unit::units(files, entry, catalogue);
    let is_torn = torn::is_torn(&units.all, &problems);
    if let Some(span) = units.too_many {
        problems.push(problem::too_many_imports(unit::most(), span));
    }
    let units = units.all;
    let names = Names::of(&units, &mut problems);
    let mut check = Check { sources, catalogue, problems, names, listeners: Vec::new(), is_torn };
    unknown::check(&mut check, &units);
    let trees = || units.iter().map(|unit| &*unit.file);
    let gateways: Vec<_> = trees().flat_map(File::gateways).collect();
    let upstreams: Vec<_> = trees().flat_map(File::upstreams).collect();
    let written: Vec<_> = trees().flat_map(File::routes).collect();
    let gateway = gateway::check(&mut check, &gateways);
    let upstreams = upstream::check(&mut check, &upstreams);
    let routes: Vec<_> =
        written.iter().filter_map(|route| route::check(&mut check, route, &upstreams)).collect();
    let claims = RouteSet { routes: routes.iter().map(Route::shape).collect(), floors: Vec::new() };
    let order = collision::check(&mut check, &claims);
    // Without any route, that is the one thing to say.
    let has_routes = !written.is_empty();
    if let (Some(gateway), false, false) = (gateways.first(), has_routes, is_torn) {
        check.problems.push(problem::missing_route(gateway.name.span));
    }
    let unused = if has_routes && !is_torn { check.names.unused() } else { Vec::new() };
    let (used, is_partial) = (check.names.used(), is_torn || !check.names.lost().is_empty());
    let mut problems = check.problems;
    gatewright_dsl::problem::sort(&mut problems);
    let program = problems.is_empty().then(|| {
        let claims = claims.ordered(&order);
        program(gateway, upstreams, routes, (claims, &order), &Lines::of(sources))
    });
    Outcome { program, problems, unused, used, is_partial }
}

fn program(
    gateway: Gateway,
    upstreams: Vec<Upstream<'_>>,
    routes: Vec<Route<'_>>,
    (claims, order): (RouteSet, &[usize]),
    lines: &Lines<'_>,
) -> Program {
    let mut typed: Vec<Option<checked::Route>> = routes
        .into_iter()
        .map(|route| {
            let place = lines.place(route.written.span);
            route.checked(place)
        })
        .collect();
    let mut routes: Vec<_> =
        order.iter().filter_map(|at| typed.get_mut(*at).and_then(Option::take)).collect();
    let upstreams = used_upstreams(upstreams, &mut routes);
    let Gateway { name, logs, listeners } = gateway;
    Program { name, logs, listeners, upstreams, outside: Vec::new(), routes, claims }
}

/// The upstreams to which routes of this gateway lead; others are those of other entries. The routes name them by their new
/// numbers.
fn used_upstreams(upstreams: Vec<Upstream<'_>>, routes: &mut [checked::Route]) -> Vec<checked::Upstream> {
    let mut ends: Vec<&mut usize> = routes
        .iter_mut()
        .filter_map(|route| match &mut route.end {
            checked::End::Forward { upstream, .. } => Some(upstream),
            _ => None,
        })
        .collect();
    let used: BTreeSet<usize> = ends.iter().map(|upstream| **upstream).collect();
    let numbers: BTreeMap<usize, usize> = used.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    for end in &mut ends {
        **end = numbers.get(*end).copied().unwrap_or_default();
    }
    let kept = upstreams.into_iter().enumerate().filter(|(number, _)| used.contains(number));
    kept.map(|(_, upstream)| checked::Upstream {
        name: upstream.name.text.clone(),
        servers: upstream.servers,
    })
    .collect()
}

fn source(sources: &[Source], span: Span) -> Option<&Source> {
    sources.get(usize::try_from(span.file).ok()?)
}
