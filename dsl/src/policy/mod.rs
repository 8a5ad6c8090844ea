//! Policies as rows, the catalogue that holds them, and THE list. What a policy does at run time is the runtime's.

pub mod balance;
pub mod body;
pub mod breaker;
pub mod concurrency;
pub mod cookie;
pub mod deny;
pub mod eject;
pub mod forward;
pub mod header;
pub mod health;
pub mod identify;
pub mod r#let;
pub mod limit;
pub mod log;
pub mod on;
pub mod only;
pub mod public;
pub mod query;
pub mod request;
pub mod require;
pub mod response;
pub mod retry;
pub mod slash;
pub mod timeout;
pub mod tls;

use crate::auth::{self, Kind};
pub use crate::schema::Reason;
pub use crate::schema::role::{Fit, Guard, Hook, Meet, Reading, Who, WhoWords};
use crate::schema::{
    AGGREGATED, Accord, Agreement, CORE, Depends, Effect, Fact, HANDLED, Join, Param, Phase, Place, Row,
    SECURED, UNRESOLVED, Value, Values,
};
use std::cmp::Ordering;

/// THE list, in running order.
const STANDARD: &[&Policy] = &[
    // Which paths is it for?
    &slash::ROW,
    // May it come in? What is known of every request comes before what has to be read of it.
    &deny::ROW,
    &only::ROW,
    &limit::ROW,
    // Who asks?
    &public::ROW,
    &require::ROW,
    &identify::ROW,
    &query::ROW,
    &header::ROW,
    &cookie::ROW,
    &r#let::ROW,
    &body::ROW,
    &timeout::ROW,
    // Which server, and what becomes of one that fails.
    &retry::ROW,
    &balance::ROW,
    &health::ROW,
    &eject::ROW,
    &concurrency::ROW,
    &breaker::ROW,
    &tls::ROW,
    // What is sent, and what is sent back.
    &request::ROW,
    &forward::ROW,
    &response::ROW,
    &on::ROW,
    &log::ROW,
];

/// Everything the tools know about one policy. Write only what differs, then `..Policy::BLANK`.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about a policy")]
pub struct Policy {
    /// The word.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub summary: &'static str,
    /// When its step runs.
    pub phase: Phase,
    /// What the step needs.
    pub reads: &'static [Fact],
    /// What later steps may use.
    pub gives: &'static [Fact],
    /// What it takes, positions first.
    pub params: &'static [Param],
    /// The blocks in which it may stand.
    pub places: &'static [Place],
    /// How it joins with the same word around it.
    pub join: Join,
    /// The parameters that make its name, where it joins by name.
    pub key: &'static [&'static str],
    /// What stands in its block.
    pub block: &'static [Row],
    /// Whether it holds, with its defaults, where it is not written.
    pub always: bool,
    /// Where it is written both in a route and in the upstream it uses: what becomes of the two.
    pub meet: Meet,
    /// The answers that it may give in the upstream's place.
    pub answers: &'static [Reason],
    /// What it needs that may not be there, and what becomes of requests then.
    pub depends: &'static [Depends],
    /// What must hold between the values, beyond each one's own type and bounds.
    pub check: Option<Agreement>,
    /// What must hold between it and what stands around it on a route.
    pub accord: Option<Accord>,
    /// What must fit into what where a parameter says how long one of them is: held against it at start.
    pub fits: &'static [Fit],
    /// Where it may send a request more than once: how often at most servers see one with this method.
    pub repeats: Option<fn(&Values, &str) -> u32>,
    /// The feature of the runtime that it needs.
    pub feature: Option<&'static str>,
    /// The path of the Rust type, seen from generated code.
    pub home: &'static str,
    /// Whether all its settings, and those of other policies of its home, are one step: its type holds a list of items.
    pub merges: bool,
    /// What its step does beyond the request: the methods that its type has.
    pub hooks: &'static [Hook],
    /// Whether it is a part of its upstream and no step of a route: a field of its name in the runtime's upstream.
    pub part: bool,
    /// Whether it says how servers are spoken to over TLS: then all of its upstream are.
    pub secures: bool,
    /// Whether it says when a server of its upstream goes, and so when one comes back.
    pub returns: bool,
    /// The parameter that is for servers that come back: it needs some that do.
    pub on_return: Option<&'static str>,
    /// The path of the type of its state. Each place where the setting is written has one of its own.
    pub state: Option<&'static str>,
    /// The parameter that, where it is written, gives each route a state of its own.
    pub split: Option<&'static str>,
    /// The parameter without which the setting only gives something, and has no step.
    pub acts: Option<&'static str>,
    /// The flag that takes the line of the access log away. Where all exchanges have it, none is gathered.
    pub silences: Option<&'static str>,
    /// The flag with which it only counts and tells, and refuses nothing: what is asserted does not rest on it.
    pub watches: Option<&'static str>,
    /// Where it does nothing but ask one question of a request and refuse by the answer: which answer lets it through.
    pub guard: Option<Guard>,
    /// What it says of who asks.
    pub who: Option<Who>,
    /// The parameter and the word of it with which that by which a client says who it is goes further.
    pub passes: Option<(&'static str, &'static str)>,
    /// Where it may name a type, what its step becomes there: it waits for the body of the request.
    pub reading: Option<Reading>,
    /// The word that lets a route take the other form of its path too: with a slash at its end, or without. It has no step.
    pub either: Option<&'static str>,
    /// What a change of it means for the requests that it holds for.
    pub effect: Effect,
}

impl Policy {
    /// A policy that does nothing, to be completed.
    pub const BLANK: Self = Self {
        name: "",
        summary: "",
        phase: Phase::Admit,
        reads: &[],
        gives: &[],
        params: &[],
        places: Place::ROUTES,
        join: Join::One,
        key: &[],
        block: &[],
        always: false,
        meet: Meet::Route,
        answers: &[],
        depends: &[],
        check: None,
        accord: None,
        fits: &[],
        repeats: None,
        feature: None,
        home: "",
        merges: false,
        hooks: &[Hook::Request],
        part: false,
        secures: false,
        returns: false,
        on_return: None,
        state: None,
        split: None,
        acts: None,
        silences: None,
        watches: None,
        guard: None,
        who: None,
        passes: None,
        reading: None,
        either: None,
        effect: Effect::UNSAID,
    };

    /// What its step becomes with these values, where they name a type.
    #[must_use]
    pub fn reads(&self, values: &Values) -> Option<Reading> {
        let reading = self.reading?;
        matches!(values.value(reading.param), Some(Value::Type(_))).then_some(reading)
    }

    /// Whether these values let a route take both forms of its path.
    #[must_use]
    pub fn takes_either(&self, values: &Values) -> bool {
        let is_it = |value: &Value| matches!(value, Value::Word(word) if Some(&**word) == self.either);
        values.given.iter().any(|given| is_it(&given.value))
    }

    /// Whether it does something where nothing is forwarded.
    #[must_use]
    pub const fn runs_alone(&self) -> bool {
        !matches!(self.phase, Phase::Receive | Phase::Send | Phase::Call)
    }

    /// What the check of settings needs to know.
    #[must_use]
    pub const fn row(&self) -> Row {
        Row {
            name: self.name,
            summary: self.summary,
            params: self.params,
            join: self.join,
            key: self.key,
            block: self.block,
            bare: false,
            required: false,
            check: self.check,
            sends: None,
            asks: None,
            effect: self.effect,
        }
    }

    /// Whether a step of a chain comes of it.
    #[must_use]
    pub fn has_step(&self) -> bool {
        self.either.is_none() && self.who != Some(Who::Anybody)
    }

    /// The values that hold for a route: what it and its upstream write, joined as the row says, and the defaults.
    /// `None` if neither writes it and it does not hold by itself. A default is never held against what is written.
    #[must_use]
    pub fn effective(&self, route: Option<&Values>, upstream: Option<&Values>) -> Option<Values> {
        let (Some(inner), Some(outer)) = (route, upstream) else {
            let written = route.or(upstream).cloned();
            return written.or_else(|| self.always.then(|| self.row().defaults()));
        };
        let mut joined = inner.clone();
        if self.meet == Meet::Smaller {
            for given in &mut joined.given {
                let Some(other) = outer.find(given.name).filter(|other| other.span.is_some()) else {
                    continue;
                };
                if given.span.is_none() {
                    *given = other.clone();
                } else if [&given.value, &other.value].iter().any(|it| matches!(it, Value::Name(_))) {
                    given.value = Value::Least(Box::new((given.value.clone(), other.value.clone())));
                } else if other.value.compare(&given.value).is_some_and(Ordering::is_lt) {
                    *given = other.clone();
                }
            }
        }
        Some(joined)
    }
}

/// The policies that a compiler knows.
#[derive(Debug, Clone)]
pub struct Catalogue {
    policies: Vec<&'static Policy>,
    kinds: Vec<&'static Kind>,
}

impl Catalogue {
    /// The policies of this project.
    #[must_use]
    pub fn standard() -> Self {
        Self { policies: STANDARD.to_vec(), kinds: auth::STANDARD.to_vec() }
    }

    /// One policy more. It runs after those of its phase that are already there; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, policy: &'static Policy) -> Self {
        match self.policies.iter_mut().find(|known| known.name == policy.name) {
            Some(known) => *known = policy,
            None => self.policies.push(policy),
        }
        self
    }

    /// One kind of `auth` more; one of the same name is replaced.
    #[must_use]
    pub fn with_auth(mut self, kind: &'static Kind) -> Self {
        self.kinds.retain(|known| known.name != kind.name);
        self.kinds.push(kind);
        self
    }

    /// The words by which routes say who may come, for messages.
    #[must_use]
    pub fn who(&self) -> WhoWords {
        let word = |says: fn(Who) -> bool| {
            let mut policies = self.policies();
            policies.find(|policy| policy.who.is_some_and(says)).map_or("", |policy| policy.name)
        };
        WhoWords {
            somebody: word(|who| matches!(who, Who::Somebody(_))),
            perhaps: word(|who| who == Who::Perhaps),
            anybody: word(|who| who == Who::Anybody),
        }
    }

    /// The kinds of `auth`.
    pub fn auths(&self) -> impl Iterator<Item = &'static Kind> + '_ {
        self.kinds.iter().copied()
    }

    /// All of them, in running order.
    pub fn policies(&self) -> impl Iterator<Item = &'static Policy> + '_ {
        self.policies.iter().copied()
    }

    /// The words of all answers that the gateway may give by itself to a request whose route is known.
    pub fn reasons(&self) -> impl Iterator<Item = &'static str> + '_ {
        let answers = self.policies().flat_map(|policy| policy.answers);
        let answers = answers.chain(self.auths().flat_map(|kind| kind.answers));
        CORE.iter()
            .chain(&[UNRESOLVED])
            .chain(SECURED)
            .chain(AGGREGATED)
            .chain(HANDLED)
            .chain(answers)
            .map(|reason| reason.name)
    }

    /// The policy of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Policy> {
        self.policies().find(|policy| policy.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Amount, At, Given};
    use std::time::Duration;

    fn values(given: &[(&'static str, u64)]) -> Values {
        let mut values = timeout::ROW.row().defaults();
        for (name, seconds) in given {
            let span = Some(crate::Span::new(0, 1, 2));
            let value = Value::Duration(Duration::from_secs(*seconds));
            *values.given.iter_mut().find(|it| it.name == *name).unwrap() = Given { name, value, span };
        }
        values
    }

    fn total(values: Option<Values>) -> Option<u64> {
        match values?.value("total")? {
            Value::Duration(total) => Some(total.as_secs()),
            _ => None,
        }
    }

    #[test]
    fn the_smaller_of_route_and_upstream_holds_and_defaults_do_not_count() {
        let (two, sixty, silent) =
            (values(&[("total", 2)]), values(&[("total", 60)]), values(&[("idle", 5)]));
        let row = timeout::ROW;
        assert_eq!(total(row.effective(Some(&two), Some(&sixty))), Some(2));
        assert_eq!(total(row.effective(Some(&sixty), Some(&two))), Some(2));
        assert_eq!(total(row.effective(Some(&sixty), Some(&silent))), Some(60));
        assert_eq!(total(row.effective(Some(&silent), Some(&sixty))), Some(60));
        assert_eq!(total(row.effective(None, None)), Some(30));
        assert_eq!(Policy::BLANK.effective(None, None), None);
    }

    #[test]
    fn rows_keep_the_rules_for_rows() {
        for policy in Catalogue::standard().policies() {
            let mut labels = policy.params.iter().skip_while(|param| param.at == At::Position);
            assert!(labels.all(|param| param.at != At::Position), "{}: positions first", policy.name);
            assert!(!policy.summary.is_empty(), "{}", policy.name);
            assert_eq!(policy.home.is_empty(), !policy.has_step(), "{}", policy.name);
            for param in policy.params {
                assert!(!param.doc.is_empty(), "{} {}", policy.name, param.name);
                assert!(param.doc.starts_with(|c: char| !c.is_uppercase()) && !param.doc.ends_with('.'));
                let names = policy.params.iter().filter(|other| other.name == param.name);
                assert_eq!(names.count(), 1, "{} {}", policy.name, param.name);
            }
            let is_param = |amount: &&Amount| policy.params.iter().any(|param| param.name == amount.param);
            assert_eq!(
                policy.effect.amounts.iter().find(|amount| !is_param(amount)),
                None,
                "{}",
                policy.name
            );
            assert!(!crate::parse::declaration::is_declaration(policy.name), "{}", policy.name);
            let same = Catalogue::standard().policies().filter(|other| other.name == policy.name).count();
            assert_eq!(same, 1, "{}", policy.name);
        }
    }

    #[test]
    fn one_policy_more_is_found_and_one_of_the_same_name_takes_its_place() {
        static EXTRA: Policy = Policy { name: "extra", ..Policy::BLANK };
        static OTHER: Policy = Policy { name: "timeout", ..Policy::BLANK };
        let catalogue = Catalogue::standard().with(&EXTRA).with(&OTHER);
        assert!(catalogue.find("extra").is_some());
        assert!(catalogue.find("timeout").unwrap().params.is_empty());
        assert_eq!(catalogue.policies().count(), Catalogue::standard().policies().count() + 1);
    }
}
