//! What a row can say about a setting, and the check of settings against rows. Neither knows any setting by name.

mod arguments;
pub mod check;
mod convert;
pub mod param;
pub mod phase;
pub mod ty;
pub mod url;
pub mod value;

pub use check::{Checked, check_block};
pub use param::{At, Default, Param};
pub use phase::{Fact, Phase};
pub use ty::Type;
pub use value::{Addr, Given, Url, Value, Values};

/// The blocks in which settings stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// `gateway NAME { … }`
    Gateway,
    /// `upstream NAME { … }`
    Upstream,
    /// `route … { … }`
    Route,
}

impl Place {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Gateway, Self::Upstream, Self::Route];

    /// The word of the declaration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Upstream => "upstream",
            Self::Route => "route",
        }
    }
}

/// How a word joins with the same word in the same block and in the blocks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Join {
    /// Once in a block; the inner replaces the outer.
    One,
    /// Once in a block for each value of the first position; the inner replaces the outer of the same value.
    Name,
    /// As often as wanted; every one applies.
    All,
}

/// What is known about a word of a block: what it takes and how it joins. Policies and the words of declarations
/// are both described so.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The word.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub summary: &'static str,
    /// What it takes, positions first.
    pub params: &'static [Param],
    /// How it joins.
    pub join: Join,
    /// Whether a block must have it.
    pub required: bool,
    /// What must hold between the values, beyond each one's own type and bounds.
    pub check: Option<Agreement>,
}

impl Row {
    /// A row that takes nothing, to be completed with `..Row::BLANK`.
    pub const BLANK: Self =
        Self { name: "", summary: "", params: &[], join: Join::One, required: false, check: None };

    /// The values where the word is not written: every parameter's default. A parameter without one is left out.
    #[must_use]
    pub fn defaults(&self) -> Values {
        let given = self.params.iter().filter_map(|param| param.default.given(param.name)).collect();
        Values { word: self.name, span: None, given }
    }
}

/// Values that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// One sentence: lower case, names in backticks.
    pub message: String,
    /// The parameter to point at.
    pub param: &'static str,
    /// What to see there.
    pub text: String,
    /// The parameter that it does not go with, and what to see there.
    pub because: Option<(&'static str, String)>,
    /// What to do.
    pub help: Option<String>,
}

/// Says what does not go together in values that are each right by themselves.
pub type Agreement = fn(&Values) -> Option<Mismatch>;
