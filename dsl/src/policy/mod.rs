//! Policies as rows, the catalogue that holds them, and THE list. What a policy does at run time is the runtime's.

pub mod body;
pub mod timeout;

use crate::schema::{Agreement, Fact, Join, Param, Phase, Place, Row};

/// THE list, in running order.
const STANDARD: &[&Policy] = &[&body::ROW, &timeout::ROW];

/// Everything the tools know about one policy. Write only what differs, then `..Policy::BLANK`.
#[derive(Debug, Clone, Copy)]
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
    /// Whether it holds, with its defaults, where it is not written.
    pub always: bool,
    /// Where it is written both in a route and in the upstream it uses: what becomes of the two.
    pub meet: Meet,
    /// The answers that it may give in the upstream's place.
    pub answers: &'static [Reason],
    /// What must hold between the values, beyond each one's own type and bounds.
    pub check: Option<Agreement>,
    /// The feature of the runtime that it needs.
    pub feature: Option<&'static str>,
    /// The path of the Rust type, seen from generated code.
    pub home: &'static str,
}

/// What becomes of a policy that both the route and its upstream write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meet {
    /// The route's stands alone.
    Route,
    /// For each parameter, the smaller of those that are written.
    Smaller,
}

/// An answer that a policy may give in the upstream's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reason {
    /// The word in log, metric and header.
    pub name: &'static str,
    /// The status.
    pub status: u16,
    /// When.
    pub when: &'static str,
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
        places: &[Place::Route],
        join: Join::One,
        always: false,
        meet: Meet::Route,
        answers: &[],
        check: None,
        feature: None,
        home: "",
    };

    /// What the check of settings needs to know.
    #[must_use]
    pub const fn row(&self) -> Row {
        Row {
            name: self.name,
            summary: self.summary,
            params: self.params,
            join: self.join,
            required: false,
            check: self.check,
        }
    }
}

/// The policies that a compiler knows.
#[derive(Debug, Clone)]
pub struct Catalogue {
    policies: Vec<&'static Policy>,
}

impl Catalogue {
    /// The policies of this project.
    #[must_use]
    pub fn standard() -> Self {
        Self { policies: STANDARD.to_vec() }
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

    /// All of them, in running order.
    pub fn policies(&self) -> impl Iterator<Item = &'static Policy> + '_ {
        self.policies.iter().copied()
    }

    /// The policy of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Policy> {
        self.policies().find(|policy| policy.name == name)
    }
}
