//! From what was meant to what will run: the router's tables, the chains, and one place for each thing.
//!
//! It decides nothing about the language; what it is given is already right.

mod chain;
mod config;
mod expr;
mod order;
mod reach;
mod router;
#[cfg(test)]
mod walk;

pub(crate) use router::segment_hash;

use std::collections::BTreeMap;

use gatewright_dsl::item::gateway::{ADMIN_FEATURE, DNS_FEATURE, TRACE_FEATURE};
use gatewright_dsl::item::upstream::TLS_FEATURE;

use crate::algebra::RouteSet;
use crate::checked::{self, OwnKey};
use crate::feature::Feature;
use crate::ir;

/// The greatest length of a route's name in logs, in bytes; what is longer is cut.
const LONGEST_LABEL: usize = 1_000;

pub(crate) fn lower(program: checked::Program, source_hash: String) -> ir::Program {
    let mut text = ir::Text::default();
    let is_silent = |steps: &[checked::Step]| steps.iter().any(checked::Step::silences);
    let logs = !is_silent(&program.outside) || !program.routes.iter().all(|route| is_silent(&route.steps));
    let labels: Vec<ir::Label> =
        program.routes.iter().map(|route| text.intern(cut(&route.label, LONGEST_LABEL))).collect();
    let mut chains = chain::Chains::default();
    chains.expressions.params = program.params.iter().map(|param| param.name.clone()).collect();
    chains.expressions.auths = program.auths.iter().map(|auth| auth.name.clone()).collect();
    let (conditions, of) = conditions(&program.claims, &mut chains.expressions);
    let condition = |claim: usize| of.get(claim).copied().flatten();
    let names = router::Names { labels: &labels, text: &mut text, conditions: &condition };
    let router = router::tables(&program.claims, names);
    let mut placed = Vec::with_capacity(program.routes.len());
    let mut files: Vec<ir::Label> = Vec::new();
    for (route, label) in program.routes.into_iter().zip(labels) {
        let name = text.intern(cut(&route.place.file, LONGEST_LABEL));
        let file = files.iter().position(|file| *file == name).unwrap_or_else(|| {
            files.push(name);
            files.len() - 1
        });
        let (place, head, either) = (route.place.clone(), route.head, route.either.clone());
        let reach = reach::of(&route, &program.auths);
        let told = route.told.clone();
        let chain::Placed { chain, record, trails } = chains.place(route);
        let reach = reach.placed(&trails, chains.arms(chain, record));
        placed.push(ir::Route { label, file, place, head, either, chain, record, trails, reach, told });
    }
    let outside = chains.outside(program.outside);
    if let Some((_, span)) = &program.front.admin {
        chains.features.insert(ADMIN_FEATURE, Some(*span));
    }
    if let Some(trace) = &program.front.trace {
        chains.features.insert(TRACE_FEATURE, Some(trace.span));
        if let Some(OwnKey::Secret(secret)) = trace.shown.as_ref().map(|shown| &shown.key) {
            chains.expressions.number(secret);
        }
    }
    if let Some((_, span)) = program.front.dns {
        chains.features.insert(DNS_FEATURE, Some(span));
    }
    if let Some(span) = [program.front.tls, program.front.tls_of_others].into_iter().flatten().min() {
        chains.features.insert(TLS_FEATURE, Some(span));
    }
    let auths = program.auths.into_iter().map(|auth| chains.auth(auth)).collect();
    let upstreams = program.upstreams.into_iter().map(|upstream| chains.upstream(upstream)).collect();
    ir::Program {
        name: program.name,
        source_hash,
        logs,
        listeners: program.listeners,
        front: program.front,
        crates: program.crates,
        upstreams,
        router,
        conditions,
        routes: placed,
        files,
        chains: chains.all,
        steps: chains.steps,
        ends: chains.ends,
        states: chains.states,
        outside,
        auths,
        params: program.params,
        secrets: program.secrets,
        functions: chains.expressions.functions,
        text,
        fits: chains.fits,
        features: chains.features.into_iter().map(|(name, span)| Feature { name, span }).collect(),
    }
}

/// The functions that ask conditions, each once, and for each claim which of them asks its own.
fn conditions(claims: &RouteSet, expressions: &mut expr::Expressions) -> (Vec<usize>, Vec<Option<usize>>) {
    let mut functions = Vec::new();
    let mut number = BTreeMap::new();
    let all = 0..claims.routes.len() + claims.floors.len();
    let of = all.map(|claim| {
        let function = expressions.number(claims.asks(claim)?);
        Some(*number.entry(function).or_insert_with(|| {
            functions.push(function);
            functions.len() - 1
        }))
    });
    let of = of.collect();
    (functions, of)
}

fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
