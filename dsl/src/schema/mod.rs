//! What a row can say about a setting, and the check of settings against rows. Neither knows any setting by name.

mod answer;
mod arguments;
pub mod certificate;
pub mod check;
mod convert;
pub mod depends;
pub mod effect;
pub mod field;
pub mod param;
pub mod phase;
mod reason;
pub mod role;
#[cfg(test)]
mod tests;
pub mod ty;
pub mod url;
pub mod value;
mod values;
mod want;

pub use check::{Checked, check_auth, check_block};
pub use convert::{canonical_network, literal};
pub use depends::{Depends, Fails};
pub use effect::{Amount, Effect, Sense};
pub use param::{At, Default, Dynamic, Param};
pub use phase::{Fact, Phase};
pub use reason::{AGGREGATED, BEFORE, CORE, HANDLED, InTests, Reason, SECURED, UNRESOLVED};
pub use ty::Type;
pub use value::{Addr, Answer, Cause, Url, Value};
pub use values::{Given, Values};
pub use want::{Source, Stage, Want, Wanted, Written};

use crate::problem::Kind;
use crate::problem::accord::CONFLICTING_SETTINGS;
use crate::problem::setting::{CONFLICTING_ARGUMENTS, WRONG_TYPE};

/// The blocks in which settings stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// `gateway NAME { … }`
    Gateway,
    /// `upstream NAME { … }`
    Upstream,
    /// `group … { … }`
    Group,
    /// `host … { … }`
    Host,
    /// `policy NAME { … }`
    Policy,
    /// `route … { … }`
    Route,
}

impl Place {
    /// Those whose blocks the compiler understands.
    pub const ALL: &'static [Self] =
        &[Self::Gateway, Self::Upstream, Self::Group, Self::Host, Self::Policy, Self::Route];

    /// Where most settings stand: in a route, and in all that holds for routes.
    pub const ROUTES: &'static [Self] = &[Self::Group, Self::Host, Self::Policy, Self::Route];

    /// The word of the declaration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Upstream => "upstream",
            Self::Group => "group",
            Self::Host => "host",
            Self::Policy => "policy",
            Self::Route => "route",
        }
    }
}

/// How a word joins with the same word in the same block and in the blocks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Join {
    /// Once in a block; the inner replaces the outer.
    One,
    /// Once in a block for each name; the inner replaces the outer of the same name. See [`Values::names`].
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
    /// The parameters that make its name, where it joins by name. With a block, the names are those of what stands in it.
    pub key: &'static [&'static str],
    /// What stands in its block, which it must have. Of names there, each stands once, whatever the word.
    pub block: &'static [Row],
    /// Whether a block must have it.
    pub required: bool,
    /// It says something by itself: its defaults need not be repeated.
    pub bare: bool,
    /// What must hold between the values, beyond each one's own type and bounds.
    pub check: Option<Agreement>,
    /// The field of the head that it writes for an upstream, if it writes one.
    pub sends: Option<Sends>,
    /// The URL that the gateway itself asks because of it, if it asks one.
    pub asks: Option<Asks>,
    /// What a change of it means.
    pub effect: Effect,
}

impl Row {
    /// A row that takes nothing, to be completed with `..Row::BLANK`.
    pub const BLANK: Self = Self {
        name: "",
        summary: "",
        params: &[],
        join: Join::One,
        key: &[],
        block: &[],
        required: false,
        bare: false,
        check: None,
        sends: None,
        asks: None,
        effect: Effect::UNSAID,
    };

    /// The values where the word is not written: every parameter's default. A parameter without one is left out.
    #[must_use]
    pub fn defaults(&self) -> Values {
        let given = self.params.iter().filter_map(|param| param.default.given(param.name)).collect();
        Values { word: self.name, span: None, given, items: Vec::new() }
    }

    /// Whether a bare word has a meaning of its own behind the setting's word: as a label, or as a choice.
    #[must_use]
    pub fn takes(&self, word: &str) -> bool {
        self.params.iter().any(|param| match (param.at, param.ty) {
            (At::Label | At::Flag, _) => param.name == word,
            (_, Type::Word(words) | Type::Choice(words)) => words.contains(&word),
            _ => false,
        })
    }

    /// The row of a setting of the block.
    #[must_use]
    pub fn item(&self, item: &Values) -> Option<&'static Self> {
        self.block.iter().find(|row| row.name == item.word)
    }
}

/// Values that do not go together, or one that cannot stand beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which kind of problem it is.
    pub kind: &'static Kind,
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
    /// What to write in the parameter's place.
    pub fix: Option<String>,
}

impl Mismatch {
    /// Values that do not go together, to be completed.
    #[must_use]
    pub fn conflict(param: &'static str, message: impl Into<String>, text: impl Into<String>) -> Self {
        let (message, text) = (message.into(), text.into());
        Self { kind: &CONFLICTING_ARGUMENTS, message, param, text, because: None, help: None, fix: None }
    }

    /// Settings of which one cannot do what it says beside the other, to be completed.
    #[must_use]
    pub fn settings(param: &'static str, message: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind: &CONFLICTING_SETTINGS, ..Self::conflict(param, message, text) }
    }

    /// What is wrong with the name of a field of a head, if anything is (RFC 9110 section 5.1): the language has one spelling
    /// for it.
    #[must_use]
    pub fn of_field(param: &'static str, name: &str) -> Option<Self> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            let message = format!("no field can have the name `{}`", name.escape_debug());
            let help = Some("names of fields are made of letters, digits and `-`".to_owned());
            return Some(Self { kind: &WRONG_TYPE, help, ..Self::conflict(param, message, "") });
        }
        let lower = name.to_ascii_lowercase();
        (lower != name).then(|| Self {
            kind: &WRONG_TYPE,
            help: Some(format!("write `{lower}`: names of fields are the same in any case")),
            ..Self::conflict(param, format!("expected the name of a field in lower case, found `{name}`"), "")
        })
    }
}

/// What stands around a setting that holds for a route.
pub struct Around<'a> {
    /// The methods of the route, where it writes the setting itself; `*` is no method.
    pub methods: Option<&'a [&'a str]>,
    /// What another setting says for the same route.
    pub find: &'a dyn Fn(&str) -> Option<&'a Values>,
}

/// The URL that a setting makes the gateway ask, and the parameter that says it. What that needs is compiled in.
pub type Asks = fn(&Values) -> Option<(&'static str, Url)>;

/// The name of the header field that a setting writes for an upstream.
pub type Sends = fn(&Values) -> Option<&str>;

/// Says what does not go together in the settings of a route that are each right by themselves.
pub type Accord = fn(&Values, &Around<'_>) -> Option<Mismatch>;

/// Says what does not go together in values that are each right by themselves.
pub type Agreement = fn(&Values) -> Option<Mismatch>;
