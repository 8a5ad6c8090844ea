//! The `upstream` blocks: their names, their servers, and the settings that they share with routes.
//!
//! Whether a route leads to one is asked later.

use std::net::{IpAddr, SocketAddr};

use gatewright_dsl::ast;
use gatewright_dsl::schema::{Checked, Given, Place, Url, Value, check_block};
use gatewright_dsl::source::Span;

use super::{Check, gateway, problem, step};
use crate::checked::{Part, Server};

/// What an `upstream` block says.
#[derive(Debug)]
pub(super) struct Upstream<'a> {
    pub(super) name: &'a ast::Name,
    pub(super) servers: Vec<Server>,
    /// Policies that it sets.
    pub(super) settings: Vec<Checked>,
    /// What becomes a part of it and no step of a route.
    pub(super) parts: Vec<Part>,
}

/// All upstreams, sorted by name; of two with one name, the first.
pub(super) fn check<'a>(check: &mut Check<'_>, blocks: &[&'a ast::Upstream]) -> Vec<Upstream<'a>> {
    let mut all: Vec<Upstream<'a>> = blocks.iter().map(|block| upstream(check, block)).collect();
    // Stable: of one name, the first in the text stays first. That it is taken twice is said with all names.
    all.sort_by(|a, b| (&a.name.text, a.name.span).cmp(&(&b.name.text, b.name.span)));
    all.dedup_by(|later, first| later.name.text == first.name.text);
    all
}

fn upstream<'a>(check: &mut Check<'_>, block: &'a ast::Upstream) -> Upstream<'a> {
    let (settings, problems) = check_block(&block.block, Place::Upstream, check.catalogue);
    check.problems.extend(problems);
    let mut servers: Vec<(Server, Span)> = Vec::new();
    for setting in settings.iter().filter(|setting| setting.policy.is_none()) {
        for given in &setting.values.given {
            for (server, span) in urls(check, given, setting.span) {
                let known = servers.iter().find(|(known, _)| known.address == server.address);
                if let Some((_, first)) = known {
                    check.problems.push(problem::duplicate_server(&server.authority, span, *first));
                    continue;
                }
                if let Some(listener) = gateway::listens_for(check, server.address) {
                    check.problems.push(problem::server_is_listener(&server.authority, span, listener));
                }
                servers.push((server, span));
            }
        }
    }
    let servers = servers.into_iter().map(|(server, _)| server).collect();
    let parts = step::parts(check, &settings);
    Upstream { name: &block.name, servers, settings, parts }
}

/// The servers of one setting, those that are addressed.
fn urls(check: &mut Check<'_>, given: &Given, setting: Span) -> Vec<(Server, Span)> {
    let items = match &given.value {
        Value::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let spans = item_spans(check, given.span.unwrap_or(setting), items.len());
    let urls = items.iter().zip(spans);
    urls.filter_map(|(item, span)| match item {
        Value::Url(url) => Some((server(check, url, span)?, span)),
        _ => None,
    })
    .collect()
}

/// Where each of several strings stands; each at the place of all where that cannot be told.
fn item_spans(check: &Check<'_>, all: Span, count: usize) -> Vec<Span> {
    let quotes: Vec<usize> = check.slice(all).match_indices('"').map(|(at, _)| all.start + at).collect();
    if quotes.len() != 2 * count {
        return vec![all; count];
    }
    let pair = |pair: &[usize]| match pair {
        [open, close] => Span { start: *open, end: close + 1, ..all },
        _ => all,
    };
    quotes.chunks(2).map(pair).collect()
}

fn server(check: &mut Check<'_>, url: &Url, span: Span) -> Option<Server> {
    let Ok(ip) = url.host.parse::<IpAddr>() else {
        let fix = (url.host == "localhost").then(|| format!("\"{}://127.0.0.1:{}\"", url.scheme, url.port));
        check.problems.push(problem::server_needs_address(&url.host, span, fix));
        return None;
    };
    let address = SocketAddr::new(ip, url.port);
    let authority = match (ip, url.port) {
        (IpAddr::V4(ip), 80) => ip.to_string(),
        (IpAddr::V6(ip), 80) => format!("[{ip}]"),
        _ => address.to_string(),
    };
    Some(Server { address, authority })
}
