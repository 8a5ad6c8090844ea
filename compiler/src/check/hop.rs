//! What a gateway sends on its way, as far as it concerns how often one request is tried: held together with what other gateways of
//! the project make of it, in `amplification`.

use std::net::SocketAddr;
use std::rc::Rc;

use gatewright_dsl::schema::{Checked, Value};
use gatewright_dsl::{Span, ast};

use super::Check;
use super::auth;
use super::contract;
use super::pattern::Capture;
use super::route::Route;
use super::upstream::Upstream;
use crate::algebra::{Method, Pattern, Set, Shape};
use crate::checked::{End, Piece, Resolved, Step};
use crate::contract::Segment;

/// Everything that one gateway sends on.
#[derive(Debug, Default)]
pub(crate) struct Hops {
    /// The name of the gateway, and where it stands.
    pub(crate) gateway: Option<(String, Span)>,
    /// Where it listens.
    pub(crate) listeners: Vec<SocketAddr>,
    /// Its routes, in order of precedence.
    pub(crate) ways: Vec<Way>,
    /// The words of its upstreams on what is behind them, whether anything leads there or not.
    pub(crate) behind: Vec<Rc<Behind>>,
}

/// What becomes of the requests of one route.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) methods: Vec<Method>,
    pub(crate) paths: Vec<Pattern>,
    /// Whether it takes these whatever else they say: on every host, and without a condition.
    pub(crate) is_open: bool,
    pub(crate) calls: Vec<Rc<Call>>,
}

/// What is sent to one upstream.
#[derive(Debug)]
pub(crate) struct Call {
    /// For each method, how often servers see one request.
    pub(crate) tries: Vec<(Method, u32)>,
    /// Whether its method is the client's.
    pub(crate) follows: bool,
    /// Whether its path is the client's.
    pub(crate) is_as_it_came: bool,
    /// Where it is said how often.
    pub(crate) said: Span,
    /// The paths that are asked for.
    pub(crate) paths: Vec<Pattern>,
    /// The upstreams that have the servers.
    pub(crate) upstreams: Vec<Rc<Next>>,
}

/// An upstream that has servers.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) name: String,
    pub(crate) behind: Option<Rc<Behind>>,
    /// Where its servers are, as far as the text says it.
    pub(crate) servers: Vec<(SocketAddr, Span)>,
}

/// What an upstream says of what is behind it.
#[derive(Debug)]
pub(crate) struct Behind {
    pub(crate) upstream: String,
    pub(crate) span: Span,
    pub(crate) who: Who,
    /// How often one request may arrive in all, and where that is said.
    pub(crate) amplification: Option<(u32, Span)>,
}

#[derive(Debug)]
pub(crate) enum Who {
    /// A gateway of this project.
    Gateway(String, Span),
    /// Somebody who tries this often.
    Tries(u32),
}

/// Reads what an upstream says of what is behind it.
pub(super) fn read(upstream: &str, setting: &Checked) -> Option<Rc<Behind>> {
    let values = &setting.values;
    let number = |name: &str| match values.find(name)? {
        given if given.span.is_none() => None,
        given => match given.value {
            Value::Int(number) => Some((u32::try_from(number).ok()?, given.span.unwrap_or(setting.span))),
            _ => None,
        },
    };
    let who = match (values.find("gateway"), number("tries")) {
        (Some(given), None) => match &given.value {
            Value::Text(name) => Who::Gateway(name.clone().into_owned(), given.span.unwrap_or(setting.span)),
            _ => return None,
        },
        (_, Some((tries, _))) => Who::Tries(tries),
        (None, None) => return None,
    };
    let amplification = number("amplification");
    Some(Rc::new(Behind { upstream: upstream.to_owned(), span: setting.span, who, amplification }))
}

/// What is sent on by the routes, and by those who are asked for whom they let in.
pub(super) fn all(
    check: &mut Check<'_>,
    gateway: Option<&&ast::Gateway>,
    (routes, shapes, order): (&[Route<'_>], &[Shape], &[usize]),
    upstreams: &[Upstream<'_>],
) -> Hops {
    let nexts: Vec<Rc<Next>> = upstreams.iter().map(next).collect();
    let behind = nexts.iter().filter_map(|next| next.behind.clone()).collect();
    let mut known = Known { upstreams, nexts: &nexts, asked: Vec::new() };
    known.asked = known.asked(check);
    let mut ways = Vec::with_capacity(routes.len());
    for at in order {
        let (Some(route), Some(shape)) = (routes.get(*at), shapes.get(*at)) else { continue };
        let is_open = shape.hosts.contains(&Pattern::every()) && shape.when.is_always();
        ways.push(Way {
            methods: shape.methods.clone(),
            paths: shape.paths.clone(),
            is_open,
            calls: known.calls(check, route, shape),
        });
    }
    let gateway = gateway.map(|block| (block.name.text.clone(), block.name.span));
    Hops { gateway, listeners: check.listeners.iter().map(|(at, _)| *at).collect(), ways, behind }
}

fn next(upstream: &Upstream<'_>) -> Rc<Next> {
    let (behind, servers) = (upstream.behind.clone(), upstream.addresses.clone());
    Rc::new(Next { name: upstream.name.text.clone(), behind, servers })
}

struct Known<'k, 'a> {
    upstreams: &'k [Upstream<'a>],
    nexts: &'k [Rc<Next>],
    /// The calls of each `auth`.
    asked: Vec<(String, Vec<Rc<Call>>)>,
}

impl Known<'_, '_> {
    /// The upstreams with servers to which one leads.
    fn having(&self, upstream: usize) -> Vec<Rc<Next>> {
        let Some(split) = self.upstreams.get(upstream).and_then(|it| it.split.as_ref()) else {
            return self.nexts.get(upstream).cloned().into_iter().collect();
        };
        split.shares.iter().filter_map(|share| self.nexts.get(share.upstream).cloned()).collect()
    }

    fn asked(&self, check: &Check<'_>) -> Vec<(String, Vec<Rc<Call>>)> {
        let of = |(auth, _): &(crate::checked::Auth, _)| {
            let paths = auth.words.iter().filter_map(|word| auth::path_asked(word.row, &word.values));
            let paths: Vec<Pattern> = paths.map(|(path, _)| literal(&path)).collect();
            let calls = auth.calls.iter().map(|call| {
                let (tries, said) = tries(&call.steps, |method| method == Method::Get, auth.span);
                let upstreams = self.having(call.upstream);
                let paths = paths.clone();
                Rc::new(Call { tries, follows: false, is_as_it_came: false, said, paths, upstreams })
            });
            (auth.name.clone(), calls.collect())
        };
        check.auths.known.iter().map(of).collect()
    }

    fn calls(&self, check: &mut Check<'_>, route: &Route<'_>, shape: &Shape) -> Vec<Rc<Call>> {
        let head = route.written.head;
        let mut calls: Vec<Rc<Call>> = Vec::new();
        let asks = route.steps.iter().flat_map(|step| &step.resolved).filter_map(|it| match it {
            Resolved::Auth(name) => Some(name),
            _ => None,
        });
        for name in asks {
            calls.extend(self.asked.iter().filter(|(known, _)| known == name).flat_map(|(_, of)| of.clone()));
        }
        let arms = route.arms.iter().flat_map(|it| &it.arms).map(|arm| (&arm.end, &arm.steps));
        let ends = arms.chain(route.end.iter().map(|end| (end, &route.steps)));
        for (end, steps) in ends {
            let End::Forward { upstream, target } = end else { continue };
            let paths = match target {
                Some(pieces) => vec![sent(check, pieces, &route.pattern.captures)],
                None => shape.paths.clone(),
            };
            let accepted = |method: Method| shape.methods.iter().any(|of| of.bits() & method.own_bit() != 0);
            let (tries, said) = tries(steps, accepted, head);
            let (upstreams, is_as_it_came) = (self.having(*upstream), target.is_none());
            calls.push(Rc::new(Call { tries, follows: true, is_as_it_came, said, paths, upstreams }));
        }
        for branch in route.aggregate.iter().flat_map(|it| &it.branches) {
            let paths = vec![sent(check, &branch.target, &route.pattern.captures)];
            let (tries, said) = tries(&branch.steps, |method| method == branch.method, head);
            let upstreams = self.having(branch.upstream);
            calls.push(Rc::new(Call { tries, follows: false, is_as_it_came: false, said, paths, upstreams }));
        }
        calls
    }
}

/// For each method that may be sent, how often servers see one request, and where that is said.
fn tries(steps: &[Step], is_sent: impl Fn(Method) -> bool, otherwise: Span) -> (Vec<(Method, u32)>, Span) {
    let of = |step: &Step, method: Method| {
        step.policy.repeats.map_or(1, |repeats| repeats(&step.values, method.name()))
    };
    let tries = Method::NAMED.into_iter().filter(|method| is_sent(*method)).map(|method| {
        let product = steps.iter().map(|step| of(step, method)).fold(1, u32::saturating_mul);
        (method, product)
    });
    let said = steps.iter().find(|step| step.policy.repeats.is_some()).and_then(|step| step.values.span);
    (tries.collect(), said.unwrap_or(otherwise))
}

/// The paths that are made of these pieces.
fn sent(check: &mut Check<'_>, pieces: &[Piece], captures: &[Capture<'_>]) -> Pattern {
    let mut pattern = Pattern { segments: Vec::new(), rest: false };
    for segment in contract::asked(pieces, captures).0 {
        match segment {
            Segment::Text(text) => pattern.segments.push(Set::Literal(text)),
            Segment::Value(ty) => pattern.segments.push(check.languages.segment(&ty).unwrap_or(Set::Any)),
            Segment::Rest => pattern.rest = true,
        }
    }
    pattern
}

/// One path.
fn literal(path: &str) -> Pattern {
    let path = path.split('?').next().unwrap_or_default();
    let segments = path.trim_start_matches('/').split('/').map(|text| Set::Literal(text.to_owned()));
    Pattern { segments: segments.collect(), rest: false }
}
