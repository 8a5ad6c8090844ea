//! What a gateway does with one request, and why: an evaluation of the tables that are emitted. It shares no code with the
//! runtime, so that each can be held against the other.

mod path;
mod walk;

use crate::algebra::Field;
use crate::algebra::Method;
use crate::routes::{Given, Listed, Plan};

pub use self::walk::{By, Hop};
pub(crate) use self::walk::{literal, shown};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// In capitals.
    pub method: String,
    /// The path as it is sent, with its query or without.
    pub target: String,
    /// As the client names it, with its port or without.
    pub host: Option<String>,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The path in its one spelling; empty where it has none.
    pub path: String,
    /// How it is decided.
    pub decision: Decision,
    /// Every other route that has the path, in the order in which they would come.
    pub others: Vec<(Listed, Why)>,
}

/// How a request is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A route wins.
    Won {
        /// It, with the paths that this request gives it.
        route: Listed,
        /// The labels of the host from the right, where the route is one of a host.
        labels: Vec<Hop>,
        /// The segments of the path, and what each was matched by.
        hops: Vec<Hop>,
    },
    /// The gateway answers itself, for a reason.
    Own {
        /// The status of the answer.
        status: u16,
        /// The reason, as the log names it.
        reason: &'static str,
        /// The methods that the path has, where it has any.
        allowed: Vec<&'static str>,
        /// Whether a host or a group ends there, so that nothing less specific is looked at.
        is_floor: bool,
    },
}

/// Why a route that has the path does not get the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It takes other methods here: these.
    Method(Vec<&'static str>),
    /// One that is more specific comes before it.
    LessSpecific,
}

impl Plan {
    /// What this gateway does with a request.
    #[must_use]
    pub fn explain(&self, asked: &Asked) -> Explanation {
        let own = |path: String, status, reason| Explanation {
            path,
            decision: Decision::Own { status, reason, allowed: Vec::new(), is_floor: false },
            others: Vec::new(),
        };
        if asked.method == "CONNECT" {
            return own(String::new(), 501, "connect_unsupported");
        }
        if asked.target == "*" && asked.method == "OPTIONS" {
            return refuse(String::new(), &asked.method, self.0.router.methods, Vec::new());
        }
        let path = match path::canonical(asked.target.split('?').next().unwrap_or_default()) {
            Ok(path) => path,
            Err(reason) => return own(String::new(), 400, reason),
        };
        let mut ends = walk::ends(&self.0, asked.host.as_deref(), &path);
        let bit = bit(&asked.method);
        let holds = |when: Option<usize>| {
            let condition = when.and_then(|when| self.0.asked.get(when));
            condition.is_none_or(|condition| condition.holds(&query(&asked.target)))
        };
        let takes = |end: &walk::End| end.route.is_none() || end.methods & bit != 0;
        // One that would take it if its condition held is answered as if it were not there at all.
        let is_refused = |end: &walk::End| end.route.is_some() && takes(end) && !holds(end.when);
        let winner = ends.iter().position(|end| takes(end) && holds(end.when));
        let won = winner.map(|at| ends.remove(at));
        let before = winner.unwrap_or(ends.len());
        // Behind a floor nothing is looked at, and so there is nothing to be told of it.
        let is_floor = won.as_ref().is_some_and(|end| end.route.is_none());
        if is_floor {
            ends.truncate(before);
        }
        let is_hidden = ends.iter().take(before).any(is_refused);
        let others = ends.iter().enumerate().filter(|(_, end)| holds(end.when)).filter_map(|(at, end)| {
            let is_fit = at >= before && end.methods & bit != 0;
            let why = if is_fit { Why::LessSpecific } else { Why::Method(methods(end.methods)) };
            Some((self.with_hosts(end.route?, None)?, why))
        });
        let others: Vec<_> = others.collect();
        let won = won.and_then(|end| {
            let captured = |hops: &[Hop]| {
                hops.iter().filter(|hop| hop.is_capture()).map(|hop| hop.text.clone()).collect::<Vec<_>>()
            };
            let given = Given { path: captured(&end.path), host: captured(&end.host) };
            let route = self.with_hosts(end.route?, Some(&given))?;
            Some(Decision::Won { route, labels: end.host, hops: end.path })
        });
        if let Some(decision) = won {
            return Explanation { path, decision, others };
        }
        let allowed = ends.iter().take(before).fold(0, |all, end| all | end.methods);
        let allowed = if is_hidden { 0 } else { allowed };
        let mut refused = refuse(path, &asked.method, allowed, others);
        if let Decision::Own { is_floor: shown, .. } = &mut refused.decision {
            *shown = is_floor;
        }
        refused
    }
}

/// The fields of a target's query; nothing else of a request is known here.
fn query(target: &str) -> Vec<(Field, String)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let fields = query.split('&').filter(|field| !field.is_empty());
    let pair = |field: &str| {
        let (name, text) = field.split_once('=').unwrap_or((field, ""));
        (Field::Query(name.to_owned()), text.to_owned())
    };
    fields.map(pair).collect()
}

/// No route has the request.
fn refuse(path: String, method: &str, allowed: u16, others: Vec<(Listed, Why)>) -> Explanation {
    let (status, reason) = match allowed {
        0 => (404, "not_found"),
        _ if method == "OPTIONS" => (204, "options"),
        _ => (405, "method_not_allowed"),
    };
    Explanation {
        path,
        decision: Decision::Own { status, reason, allowed: methods(allowed), is_floor: false },
        others,
    }
}

/// The bit of a request's method.
fn bit(method: &str) -> u16 {
    match method {
        "CONNECT" | "TRACE" => 0,
        "*" => Method::Any.own_bit(),
        named => Method::named(named).unwrap_or(Method::Any).own_bit(),
    }
}

/// The methods of a set of bits; `*` is every method that has no bit of its own.
fn methods(bits: u16) -> Vec<&'static str> {
    let all = Method::NAMED.into_iter().chain([Method::Any]);
    all.filter(|method| method.own_bit() & bits != 0).map(Method::name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_dsl::{Catalogue, Source};

    const SHOP: &str = "gateway shop { listen http :8080 }
upstream orders { server \"http://127.0.0.1:9001\" }
route GET /orders/{id: int} -> orders /v2/{id}
route GET /orders/{name} -> orders
route POST /orders/{id: int} -> orders
route * /files/{rest: path} -> orders /{rest}
route GET /{rest: path} respond 200
group /api { route POST /a -> orders }
";

    fn explain(method: &str, target: &str) -> Explanation {
        let plan = crate::plan(&[Source::new("gateway.gw", SHOP)], &Catalogue::standard()).unwrap();
        plan.explain(&Asked { method: method.to_owned(), target: target.to_owned(), host: None })
    }

    fn own(explanation: &Explanation) -> (u16, &str, Vec<&str>) {
        match &explanation.decision {
            Decision::Own { status, reason, allowed, .. } => (*status, reason, allowed.clone()),
            Decision::Won { route, .. } => panic!("{route:?}"),
        }
    }

    #[test]
    fn the_winner_is_shown_with_what_lost_and_why() {
        let explanation = explain("GET", "/orders/%37?x=1");
        assert_eq!(explanation.path, "/orders/7");
        let Decision::Won { route, hops, .. } = &explanation.decision else { panic!("{explanation:?}") };
        assert_eq!(
            (route.name().as_str(), route.terminal.as_str()),
            ("GET /orders/{id: int}", "-> orders /v2/7")
        );
        let hops: Vec<String> = hops.iter().map(|hop| format!("{} {}", hop.text, hop.by)).collect();
        assert_eq!(hops, ["orders literal", "7 int"]);
        let others: Vec<_> =
            explanation.others.iter().map(|(route, why)| (route.name(), why.clone())).collect();
        assert_eq!(
            others,
            [
                ("POST /orders/{id: int}".to_owned(), Why::Method(vec!["POST"])),
                ("GET /orders/{name}".to_owned(), Why::LessSpecific),
                ("GET /{rest: path}".to_owned(), Why::LessSpecific)
            ]
        );
    }

    #[test]
    fn what_no_route_has_is_answered_with_its_reason() {
        assert_eq!(own(&explain("PUT", "/basket")), (405, "method_not_allowed", vec!["GET", "HEAD"]));
        assert_eq!(
            own(&explain("PUT", "/orders/7")),
            (405, "method_not_allowed", vec!["GET", "HEAD", "POST"])
        );
        assert_eq!(own(&explain("OPTIONS", "/orders/x")), (204, "options", vec!["GET", "HEAD"]));
        assert_eq!(own(&explain("TRACE", "/files/x")).0, 405);
        assert_eq!(own(&explain("GET", "/a//b")), (400, "empty_segment", vec![]));
        assert_eq!(own(&explain("CONNECT", "/files/x")).0, 501);
    }

    #[test]
    fn a_method_without_a_name_of_its_own_is_any() {
        let explanation = explain("BREW", "/files/a/b");
        let Decision::Won { route, hops, .. } = explanation.decision else { panic!("{explanation:?}") };
        assert_eq!(route.terminal, "-> orders /a/b");
        assert_eq!(hops.last().map(|hop| (hop.text.as_str(), hop.by.clone())), Some(("a/b", By::Rest)));
    }
}
