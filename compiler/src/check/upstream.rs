//! The `upstream` blocks: their names, their servers, and the settings that they share with routes.
//!
//! Whether a route leads to one is asked later.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use gatewright_dsl::ast;
use gatewright_dsl::item::upstream::{BEHIND, CONTRACT, GIVEN as SCHEMES};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::{Checked, Given, Place, Type, Url, Value, check_block, url};
use gatewright_dsl::source::Span;

use super::expr::scope::Found;
use super::hop::{self, Behind};
use super::rewrite::Space;
use super::{Check, asked, contract, gateway, problem, split, step};
use crate::checked::{At, Part, Server, Split, Trace};
use crate::contract::Contract;
use crate::ir::expr::{Constant, Kind};
use crate::ty::Ty;

/// Servers that one parameter may give.
const MOST: i64 = 1_000;

/// What an `upstream` block says.
#[derive(Debug)]
pub(super) struct Upstream<'a> {
    pub(super) name: &'a ast::Name,
    pub(super) servers: Vec<Server>,
    /// The first setting for which names may have to be looked up.
    pub(super) named: Option<Span>,
    /// The first setting that asks for TLS.
    pub(super) secured: Option<Span>,
    /// Policies that it sets.
    pub(super) settings: Vec<Checked>,
    /// What becomes a part of it and no step of a route.
    pub(super) parts: Vec<Part>,
    /// What it says of shares of others, and that once they are looked up.
    pub(super) written: split::Written,
    pub(super) split: Option<Split>,
    /// What its servers say of themselves.
    pub(super) contract: Option<Contract>,
    /// What it says of what is behind it.
    pub(super) behind: Option<Rc<Behind>>,
    /// Where its servers are as far as the text says it, defaults of parameters included.
    pub(super) addresses: Vec<(SocketAddr, Span)>,
    /// Where its block begins, and whether something in it could not be read.
    pub(super) brace: Span,
    pub(super) is_broken: bool,
}

/// All upstreams, sorted by name; of two with one name, the first.
pub(super) fn check<'a>(check: &mut Check<'_>, blocks: &[&'a ast::Upstream]) -> Vec<Upstream<'a>> {
    let mut all: Vec<Upstream<'a>> = blocks.iter().map(|block| upstream(check, block)).collect();
    // Stable: of one name, the first in the text stays first. That it is taken twice is said with all names.
    all.sort_by(|a, b| (&a.name.text, a.name.span).cmp(&(&b.name.text, b.name.span)));
    all.dedup_by(|later, first| later.name.text == first.name.text);
    split::resolve(check, &mut all);
    all
}

fn upstream<'a>(check: &mut Check<'_>, block: &'a ast::Upstream) -> Upstream<'a> {
    let (settings, problems) = check_block(&block.block, Place::Upstream, check.catalogue);
    let is_broken = !problems.is_empty() || block.block.settings().any(|setting| setting.broken);
    check.problems.extend(problems);
    let mut written = split::Written::default();
    let mut reading = Reading::default();
    let (mut contract, mut behind) = (None, None);
    for setting in settings.iter().filter(|setting| setting.policy.is_none()) {
        if setting.values.word == "split" {
            written.read(check, &block.name, setting);
        } else if setting.values.word == CONTRACT.name {
            contract = contract::read(check, setting);
        } else if setting.values.word == BEHIND.name {
            behind = hop::read(&block.name.text, setting);
        } else {
            reading.read(check, setting);
        }
    }
    let by = settings.iter().find(|setting| setting.policy.is_some_and(|policy| policy.secures));
    if let Some(setting) = by {
        reading.hold_secured(check, &block.name.text, setting);
    }
    let secured = reading.secured.into_iter().chain(by.map(|setting| setting.span)).min();
    let Reading { servers, first_backup, has_own, named, names, known, .. } = reading;
    if let (Some(span), false) = (first_backup, has_own) {
        check.problems.push(problem::only_backups(&block.name.text, span));
    }
    // What could not be read may say when servers come back.
    if !is_broken && !check.is_torn {
        let may_be_named = named.is_some() || check.looks_up && !names.is_empty();
        hold_returns(check, &block.name.text, &settings, may_be_named);
    }
    let parts = step::parts(check, &block.name, &settings);
    let brace = Span { end: (block.block.span.start + 1).min(block.block.span.end), ..block.block.span };
    Upstream {
        name: &block.name,
        servers,
        named,
        secured,
        settings,
        parts,
        written,
        split: None,
        contract,
        behind,
        addresses: known.iter().filter_map(|(at, span)| Some((at.address()?, *span))).collect(),
        brace,
        is_broken,
    }
}

/// What is said of servers that come back needs some that do: that are asked, left out, or found by a name.
fn hold_returns(check: &mut Check<'_>, upstream: &str, settings: &[Checked], may_be_named: bool) {
    let policies = || settings.iter().filter_map(|setting| Some((setting, setting.policy?)));
    if may_be_named || policies().any(|(_, policy)| policy.returns) {
        return;
    }
    for (setting, policy) in policies() {
        let Some(param) = policy.on_return else { continue };
        if let Some(at) = setting.values.find(param).and_then(|given| given.span) {
            let words: Vec<&str> = check
                .catalogue
                .policies()
                .filter(|policy| policy.returns)
                .map(|policy| policy.name)
                .collect();
            check.problems.push(problem::nobody_returns(param, upstream, at, &words));
        }
    }
}

impl Upstream<'_> {
    /// The parameters that say where its servers are.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.servers.iter().filter_map(|server| match &server.at {
            At::Param(name) => Some(name.as_str()),
            At::Is { .. } | At::Name { .. } | At::Service { .. } => None,
        })
    }

    /// Those that have its servers: itself, or those that it shares requests out to.
    pub(super) fn of<'u>(&'u self, all: &'u [Self]) -> Vec<&'u Self> {
        match &self.split {
            None => vec![self],
            Some(split) => split.shares.iter().filter_map(|share| all.get(share.upstream)).collect(),
        }
    }

    /// Whether a server may be spoken to over TLS.
    pub(super) fn may_be_secured(&self, check: &Check<'_>) -> bool {
        self.secured.is_some() || check.speaks_tls && self.names().next().is_some()
    }

    /// Whether a server may have a name.
    pub(super) fn may_be_named(&self, check: &Check<'_>) -> bool {
        self.named.is_some() || check.looks_up && self.names().next().is_some()
    }
}

/// Who looks names up has some.
pub(super) fn hold_against_dns(
    check: &mut Check<'_>,
    (upstreams, trace): (&[Upstream<'_>], Option<&Trace>),
    span: Span,
) {
    let mut asked = check.auths.known.iter().flat_map(|(auth, _)| asked::urls(auth));
    // What could not be understood may have one.
    let is_lost = trace.is_none() && check.params.scope.records().trace
        || check.auths.is_partial
        || upstreams.iter().any(|upstream| upstream.is_broken);
    let told =
        is_lost || trace.is_some_and(|trace| trace.named.is_some() || matches!(trace.to, At::Param(_)));
    if !told
        && !asked.any(|(url, _)| asked::is_named(&url))
        && !upstreams.iter().any(|it| it.may_be_named(check))
    {
        check.problems.push(problem::unused_dns(span));
    }
}

/// The servers of one upstream, as they are read.
#[derive(Default)]
struct Reading {
    servers: Vec<Server>,
    /// Where each of them stands, those of defaults included.
    known: Vec<(At, Span)>,
    names: Vec<(String, Span)>,
    first_backup: Option<Span>,
    /// Whether some setting is no backup, even if its servers are not understood.
    has_own: bool,
    named: Option<Span>,
    /// The first of them that is spoken to over TLS.
    secured: Option<Span>,
}

impl Reading {
    /// Where one setting says how servers are spoken to over TLS, none is spoken to without.
    fn hold_secured(&self, check: &mut Check<'_>, upstream: &str, setting: &Checked) {
        let plain = self.known.iter().filter(|(at, _)| at.is_secured() == Some(false));
        let word = setting.values.word;
        let problems = plain.map(|(_, span)| problem::plain_server(upstream, word, *span, setting.span));
        check.problems.extend(problems);
    }

    fn read(&mut self, check: &mut Check<'_>, setting: &Checked) {
        let values = &setting.values;
        let weight = match values.value("weight") {
            Some(Value::Int(weight)) => u32::try_from(*weight).unwrap_or(1),
            _ => 1,
        };
        let backup = values.value("backup") == Some(&Value::Bool(true));
        if backup {
            self.first_backup = self.first_backup.or(Some(setting.span));
        } else {
            self.has_own = true;
        }
        let optional = values.value("optional") == Some(&Value::Bool(true));
        if optional {
            self.named = self.named.or(Some(setting.span));
        }
        let Some(given) = values.find("url") else { return };
        let server = |at| Server { at, weight, backup, optional, span: setting.span };
        if let Value::Name(name) = &given.value {
            let Some(param) = parameter(check, name) else { return };
            if let Some((_, first)) = self.names.iter().find(|(known, _)| *known == param) {
                check.problems.push(problem::duplicate_server(&param, name.span, *first));
                return;
            }
            self.names.push((param.clone(), name.span));
            for (at, span) in by_default(check, &param) {
                self.take(check, &at, span);
            }
            self.servers.push(server(At::Param(param)));
            return;
        }
        for (at, span) in urls(check, given, setting.span) {
            if self.take(check, &at, span) {
                self.servers.push(server(at));
            }
        }
    }

    /// Whether a server is new; what is wrong with it is reported.
    fn take(&mut self, check: &mut Check<'_>, at: &At, span: Span) -> bool {
        let is_known = |known: &At| match (known, at) {
            (At::Is { address, .. }, At::Is { address: other, .. }) => address == other,
            _ => known == at,
        };
        let authority = match at {
            At::Is { authority, .. } | At::Name { authority, .. } => authority,
            At::Service { name, .. } | At::Param(name) => name,
        };
        if let Some((_, first)) = self.known.iter().find(|(known, _)| is_known(known)) {
            check.problems.push(problem::duplicate_server(authority, span, *first));
            return false;
        }
        match at {
            At::Is { address, .. } => {
                if let Some(listener) = gateway::listens_for(check, *address) {
                    check.problems.push(problem::server_is_listener(authority, span, listener));
                }
            }
            _ => self.named = self.named.or(Some(span)),
        }
        if at.is_secured() == Some(true) {
            self.secured = self.secured.or(Some(span));
        }
        self.known.push((at.clone(), span));
        true
    }
}

/// The parameter that stands in the place of servers. It is used where a route leads to them.
fn parameter(check: &mut Check<'_>, name: &ast::Name) -> Option<String> {
    let scope = &check.params.scope;
    let expr = match scope.peek(&name.text) {
        Found::Expr(expr) => expr,
        Found::Broken => {
            scope.find(&name.text);
            return None;
        }
        Found::Unknown => {
            let problem = problem::unknown_param(
                &name.text,
                name.span,
                &scope.known(),
                "the URL of a server in quotes",
            );
            check.problems.push(problem);
            return None;
        }
    };
    let is_right = match &expr.ty {
        Ty::Url => true,
        Ty::List(item, range) => {
            let is_bounded = |bound: Option<i64>| bound.is_some_and(|bound| (1..=MOST).contains(&bound));
            **item == Ty::Url && is_bounded(range.min) && is_bounded(range.max)
        }
        _ => false,
    };
    if is_right && let Kind::Param(param) = &expr.kind {
        let params = Rc::clone(&check.params);
        if params.all.iter().any(|it| it.name == *param && it.live.is_some()) {
            params.scope.find(param);
            let declared = check.names.place(Space::Value, param);
            check.problems.push(problem::live_not_here(param, name.span, declared));
            return None;
        }
        return Some(param.clone());
    }
    scope.find(&name.text);
    let expected = format!("a `url`, or a list of 1 to {MOST} of them");
    let problem = wrong_type(name.span, &expected, &format!("`{}`", expr.ty));
    check.problems.push(problem.help("give the `param` the type `url` or `list<url>(1..16)`"));
    None
}

/// The servers that a parameter gives where nobody sets it.
pub(super) fn by_default(check: &mut Check<'_>, param: &str) -> Vec<(At, Span)> {
    let mut servers = Vec::new();
    for (value, span) in check.params.by_default(param) {
        let Constant::Text(text) = value else { continue };
        let url = url::parse(&text, SCHEMES).and_then(|url| match url.path.as_str() {
            "" | "/" => Ok(url),
            path => Err(format!("one with the path `{path}`")),
        });
        match url {
            Ok(url) => servers.extend(server(check, &url, span).map(|at| (at, span))),
            Err(found) => {
                let problem = wrong_type(span, &Type::Origin(SCHEMES).to_string(), &found);
                check.problems.push(problem.help("the servers of an upstream are given by it"));
            }
        }
    }
    servers
}

/// The servers of one setting.
fn urls(check: &mut Check<'_>, given: &Given, setting: Span) -> Vec<(At, Span)> {
    let items = match &given.value {
        Value::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let spans = item_spans(check, given.span.unwrap_or(setting), items.len());
    let urls = items.iter().zip(spans);
    urls.filter_map(|(item, span)| match item {
        Value::Url(url) => server(check, url, span).map(|at| (at, span)),
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

/// Where a server is.
pub(super) fn server(check: &mut Check<'_>, url: &Url, span: Span) -> Option<At> {
    let host = url.host.clone();
    let tls = url.scheme.starts_with("https");
    if url.scheme.ends_with("+srv") {
        return Some(At::Service { name: host, tls });
    }
    let usual = if tls { 443 } else { 80 };
    let Ok(ip) = host.parse::<IpAddr>() else {
        // RFC 6761 section 6.3: no name server is asked for these.
        if host == "localhost" || host.ends_with(".localhost") {
            let fix = (host == "localhost").then(|| format!("\"{}://127.0.0.1:{}\"", url.scheme, url.port));
            check.problems.push(problem::server_needs_address(&host, span, fix));
            return None;
        }
        let authority = if url.port == usual { host.clone() } else { format!("{host}:{}", url.port) };
        return Some(At::Name { host, port: url.port, authority, tls });
    };
    let address = SocketAddr::new(ip, url.port);
    let authority = match ip {
        _ if url.port != usual => address.to_string(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    Some(At::Is { address, authority, tls })
}
