//! What a gateway does with one request, and why: an evaluation of the tables that are emitted. It shares no code with the
//! runtime, so that each can be held against the other.

mod foretold;
mod path;
mod read;
mod scene;
#[cfg(test)]
mod tests;
mod value;
mod verdict;
mod walk;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::algebra::Method;
use crate::routes::{Given, Listed, Plan};
use crate::ty::Ty;

pub use self::foretold::Foretold;
use self::scene::Scene;
use self::value::Open;
pub use self::verdict::Verdict;
pub use self::walk::{By, Hop};
pub(crate) use self::walk::{accepts, literal, shown};

/// Whether a text is a value of a type.
pub(crate) fn reads(ty: &Ty, text: &str) -> bool {
    read::read(ty, text.as_bytes()).is_some()
}

/// A request, and what the gateway was started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// In capitals.
    pub method: String,
    /// The path as it is sent, with its query or without.
    pub target: String,
    /// As the client names it, with its port or without.
    pub host: Option<String>,
    /// The other fields of its head, in order, in any case: names, and values without blanks around them.
    pub headers: Vec<(String, String)>,
    /// From where it comes.
    pub client: IpAddr,
    /// The texts of parameters; all others have their defaults.
    pub params: Vec<(String, String)>,
    /// The texts of live values as they are at present; all others have their defaults.
    pub lives: Vec<(String, String)>,
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
        route: Box<Listed>,
        /// The labels of the host from the right, where the route is one of a host.
        labels: Vec<Hop>,
        /// The segments of the path, and what each was matched by.
        hops: Vec<Hop>,
        /// What each of its steps does with the request.
        verdicts: Vec<Verdict>,
        /// The answer that it will have without a server, where the request alone says so.
        foretold: Option<Foretold>,
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
    /// This condition of it does not hold.
    Condition(String),
    /// One that is more specific comes before it.
    LessSpecific,
}

/// Why there is no gateway that a request could meet: it would not start with these parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unset {
    /// There is no parameter of this name.
    Unknown(String),
    /// The text for this one is not of its type.
    Wrong(String, String),
    /// It is no parameter but a live value.
    Live(String),
    /// It is no live value but a parameter.
    NotLive(String),
    /// A condition asks this one, which has no default.
    Missing(String),
}

impl Asked {
    /// A request without fields, from this machine, of a gateway that was started without parameters.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            host: None,
            headers: Vec::new(),
            client: Ipv4Addr::LOCALHOST.into(),
            params: Vec::new(),
            lives: Vec::new(),
        }
    }
}

impl Plan {
    /// What this gateway does with a request.
    ///
    /// # Errors
    ///
    /// Where a parameter is given that is none or has another type, or none is given where a condition asks for it.
    pub fn explain(&self, asked: &Asked) -> Result<Explanation, Unset> {
        self.started(asked)?;
        let own = |path: String, status, reason| Explanation {
            path,
            decision: Decision::Own { status, reason, allowed: Vec::new(), is_floor: false },
            others: Vec::new(),
        };
        if asked.method == "CONNECT" {
            return Ok(own(String::new(), 501, "connect_unsupported"));
        }
        if asked.target == "*" && asked.method == "OPTIONS" {
            return Ok(refuse(String::new(), &asked.method, self.0.router.methods, Vec::new()));
        }
        let path = match path::canonical(asked.target.split('?').next().unwrap_or_default()) {
            Ok(path) => path,
            Err(reason) => return Ok(own(String::new(), 400, reason)),
        };
        let given = Given::default();
        let scene = Scene { program: &self.0, asked, path: &path, given: &given };
        let mut ends = self.ends(&scene)?;
        let bit = bit(&asked.method);
        let takes = |end: &walk::End| end.takes(bit);
        // One that would take it if its condition held is answered as if it were not there at all.
        let is_refused = |end: &walk::End| end.route.is_some() && takes(end) && !end.holds;
        let winner = ends.iter().position(|end| takes(end) && end.holds);
        let won = winner.map(|at| ends.remove(at));
        let before = winner.unwrap_or(ends.len());
        // Behind a floor nothing is looked at, and so there is nothing to be told of it.
        let is_floor = won.as_ref().is_some_and(|end| end.route.is_none());
        if is_floor {
            ends.truncate(before);
        }
        let is_hidden = ends.iter().take(before).any(is_refused);
        let others = ends.iter().enumerate().filter_map(|(at, end)| {
            let is_fit = at >= before && end.methods & bit != 0;
            let why = match end.when.filter(|_| !end.holds) {
                Some(when) => Why::Condition(self.condition(when)),
                None if is_fit => Why::LessSpecific,
                None => Why::Method(methods(end.methods)),
            };
            Some((self.with_hosts(end.route?, None)?, why))
        });
        let others: Vec<_> = others.collect();
        let won = won.and_then(|end| {
            let captured = |hops: &[Hop]| {
                hops.iter().filter(|hop| hop.is_capture()).map(|hop| hop.text.clone()).collect::<Vec<_>>()
            };
            let given = Given { path: captured(&end.path), host: captured(&end.host) };
            let route = self.with_hosts(end.route?, Some(&given))?;
            let scene = Scene { given: &given, ..scene };
            let verdicts = self.verdicts(end.route?, &scene);
            let record = self.0.routes.get(end.route?).and_then(|route| self.record(route));
            let foretold = record.and_then(|(chain, record)| scene.foretold(chain, record, &verdicts));
            Some(Decision::Won {
                route: Box::new(route),
                labels: end.host,
                hops: end.path,
                verdicts,
                foretold,
            })
        });
        if let Some(decision) = won {
            return Ok(Explanation { path, decision, others });
        }
        let allowed = ends.iter().take(before).fold(0, |all, end| all | end.methods);
        let allowed = if is_hidden { 0 } else { allowed };
        let mut refused = refuse(path, &asked.method, allowed, others);
        if let Decision::Own { is_floor: shown, .. } = &mut refused.decision {
            *shown = is_floor;
        }
        Ok(refused)
    }

    /// The number of the route that wins a request, if one does and that can be told.
    pub(crate) fn won(&self, asked: &Asked) -> Option<usize> {
        let path = path::canonical(asked.target.split('?').next().unwrap_or_default()).ok()?;
        let given = Given::default();
        let ends = self.ends(&Scene { program: &self.0, asked, path: &path, given: &given }).ok()?;
        let bit = bit(&asked.method);
        ends.iter().find(|end| end.takes(bit) && end.holds)?.route
    }

    /// Every end of a request's path, and whether its condition holds.
    fn ends(&self, scene: &Scene<'_>) -> Result<Vec<walk::End>, Unset> {
        let mut ends = walk::ends(&self.0, scene.asked.host.as_deref(), scene.path);
        for end in &mut ends {
            end.holds = self.holds(scene, end.when)?;
        }
        Ok(ends)
    }

    /// Whether the gateway takes the parameters that it is given.
    fn started(&self, asked: &Asked) -> Result<(), Unset> {
        let params = asked.params.iter().map(|given| (given, false));
        for ((name, text), is_live) in params.chain(asked.lives.iter().map(|given| (given, true))) {
            let param = self.0.params.iter().find(|param| param.name == *name);
            let param = param.ok_or_else(|| Unset::Unknown(name.clone()))?;
            if param.live.is_some() != is_live {
                return Err(if is_live { Unset::NotLive(name.clone()) } else { Unset::Live(name.clone()) });
            }
            if read::given(&param.ty, text).is_none() {
                return Err(Unset::Wrong(name.clone(), param.ty.to_string()));
            }
        }
        Ok(())
    }

    fn holds(&self, scene: &Scene<'_>, when: Option<usize>) -> Result<bool, Unset> {
        let function = when.and_then(|when| self.0.functions.exprs.get(*self.0.conditions.get(when)?));
        match function.map_or(Ok(true), |function| scene.holds(function)) {
            Ok(holds) => Ok(holds),
            Err(Open::Param(name)) => Err(Unset::Missing(name)),
            // INVARIANT: no condition reads a secret or the answer.
            Err(Open::Hidden) => Ok(false),
        }
    }

    /// What each step of a route does.
    fn verdicts(&self, route: usize, scene: &Scene<'_>) -> Vec<Verdict> {
        let record = self.0.routes.get(route).and_then(|route| self.record(route));
        let Some((chain, record)) = record else { return Vec::new() };
        let steps = chain.steps.iter().zip(record).filter_map(|(table, config)| {
            let table = self.0.steps.get(*table)?;
            Some(scene.verdict(table, table.configs.get(*config)?))
        });
        steps.collect()
    }
}

impl fmt::Display for Unset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no parameter or live value `{name}`"),
            Self::Live(name) => write!(f, "`{name}` is a live value, which no start sets"),
            Self::NotLive(name) => write!(f, "`{name}` is a parameter, which the start sets"),
            Self::Wrong(name, ty) => write!(f, "the text for `{name}` is no {ty}"),
            Self::Missing(name) => write!(f, "a condition asks `{name}`, which has no default"),
        }
    }
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
