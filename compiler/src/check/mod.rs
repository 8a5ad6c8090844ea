//! From the tree as written to the typed program: everything that can be wrong with a program is found here or before.
//!
//! Every part is looked at whatever the others hold, and a part that is not understood is only left out of the questions
//! that would need it, so that one mistake makes one problem.

mod answer;
mod collision;
mod gateway;
mod line;
mod path;
mod pattern;
pub(crate) mod problem;
mod route;
mod target;
mod unknown;
mod upstream;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use gatewright_dsl::ast::{Declaration, File};
use gatewright_dsl::{Catalogue, Problem, Source, Span};

use self::gateway::Gateway;
use self::line::Lines;
use self::route::Route;
use self::upstream::Upstream;
use crate::algebra::RouteSet;
use crate::checked::{self, Program};

/// What the checks of one run share.
struct Check<'a> {
    sources: &'a [Source],
    catalogue: &'a Catalogue,
    problems: Vec<Problem>,
    /// Where the gateway listens.
    listeners: Vec<(SocketAddr, Span)>,
    /// Whether a declaration may be missing from the tree since it could not be read. Then nothing is called missing or
    /// unknown.
    is_torn: bool,
    /// Upstreams that routes lead to, by number.
    used: BTreeSet<usize>,
    /// Whether some route leads nobody knows where. Then nothing is called unused.
    has_lost_end: bool,
}

impl<'a> Check<'a> {
    fn slice(&self, span: Span) -> &'a str {
        source(self.sources, span).map_or("", |source| source.slice(span))
    }
}

/// Checks a program. `problems` are those of parsing it; all that come to light are given back in the order of the text.
pub(crate) fn check(
    files: &[File],
    problems: Vec<Problem>,
    sources: &[Source],
    catalogue: &Catalogue,
) -> Result<Program, Vec<Problem>> {
    let is_torn = is_torn(files, &problems);
    let mut check = Check {
        sources,
        catalogue,
        problems,
        listeners: Vec::new(),
        is_torn,
        used: BTreeSet::new(),
        has_lost_end: false,
    };
    unknown::check(&mut check, files);
    let gateways: Vec<_> = files.iter().flat_map(File::gateways).collect();
    let upstreams: Vec<_> = files.iter().flat_map(File::upstreams).collect();
    let written: Vec<_> = files.iter().flat_map(File::routes).collect();
    let gateway = gateway::check(&mut check, &gateways);
    let upstreams = upstream::check(&mut check, &upstreams);
    let routes: Vec<_> =
        written.iter().filter_map(|route| route::check(&mut check, route, &upstreams)).collect();
    let claims = RouteSet { routes: routes.iter().map(Route::shape).collect(), floors: Vec::new() };
    let order = collision::check(&mut check, &claims);
    match gateways.first() {
        Some(gateway) if written.is_empty() && !is_torn => {
            check.problems.push(problem::missing_route(gateway.name.span));
        }
        // Without any route, that is the one thing to say.
        _ if written.is_empty() => {}
        _ => unused(&mut check, &upstreams),
    }
    if check.problems.is_empty() {
        let claims = claims.ordered(&order);
        Ok(program(gateway, upstreams, routes, (claims, &order), &Lines::of(sources)))
    } else {
        gatewright_dsl::problem::sort(&mut check.problems);
        Err(check.problems)
    }
}

fn unused(check: &mut Check<'_>, upstreams: &[Upstream<'_>]) {
    if check.is_torn || check.has_lost_end {
        return;
    }
    for (number, upstream) in upstreams.iter().enumerate() {
        if !check.used.contains(&number) {
            check.problems.push(problem::unused_upstream(&upstream.name.text, upstream.name.span));
        }
    }
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
    let routes = order.iter().filter_map(|at| typed.get_mut(*at).and_then(Option::take)).collect();
    let upstreams = upstreams
        .into_iter()
        .map(|upstream| checked::Upstream { name: upstream.name.text.clone(), servers: upstream.servers })
        .collect();
    let Gateway { name, logs, listeners } = gateway;
    Program { name, logs, listeners, upstreams, routes, claims }
}

/// Whether a problem of the parser stands outside of all declarations that it could read.
fn is_torn(files: &[File], problems: &[Problem]) -> bool {
    let mut declarations: Vec<Span> =
        files.iter().flat_map(|file| &file.declarations).map(Declaration::span).collect();
    declarations.sort_unstable();
    problems.iter().filter_map(Problem::span).any(|place| {
        let behind =
            declarations.partition_point(|span| (span.file, span.start) <= (place.file, place.start));
        let before = behind.checked_sub(1).and_then(|at| declarations.get(at));
        !before.is_some_and(|span| span.file == place.file && place.end <= span.end)
    })
}

fn source(sources: &[Source], span: Span) -> Option<&Source> {
    sources.get(usize::try_from(span.file).ok()?)
}
