//! Kinds of `auth` as rows: by what a request says who asks, and what is known of them. How that is verified is the runtime's.

pub mod api_key;
pub mod basic;
pub mod forward;
pub mod jwt;

use crate::policy::request::may_be_carried;
use crate::schema::{At, Depends, Effect, Mismatch, Param, Reason, Row, Type, Values};

/// The kinds of this project.
pub(crate) const STANDARD: &[&Kind] = &[&api_key::KIND, &basic::KIND, &forward::KIND, &jwt::KIND];

/// Says what does not go together in settings that are each right by themselves, and which of them it is about.
pub type Check = for<'v> fn(&[&'v Values]) -> Option<(&'v Values, Mismatch)>;

/// Everything the tools know about one kind. Write only what differs, then `..Kind::BLANK`.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The word behind the name: `auth NAME api_key { … }`.
    pub name: &'static str,
    /// How it finds out who asks, in one sentence.
    pub summary: &'static str,
    /// The words of its block. One that must not be written says its defaults where it is not.
    pub words: &'static [Row],
    /// Of these words a block must have one: without them nobody would be known.
    pub one_of: &'static [&'static str],
    /// What must hold between the settings of a block, beyond each one's own.
    pub check: Option<Check>,
    /// The fields of a request's head, in lower case, that say who asks, by the settings of a block.
    pub fields: for<'v> fn(&[&'v Values]) -> Vec<&'v str>,
    /// Says what is wrong with the name by which a claim comes, if anything is.
    pub claim: fn(&str) -> Option<Mismatch>,
    /// Whether a claim may stand inside of another value.
    pub nests: bool,
    /// What it knows of everybody, each a text: fields of the principal beside those of the record that `claims` names.
    pub own: &'static [&'static str],
    /// Why a route that asks for it may refuse, beyond what every kind may answer.
    pub answers: &'static [Reason],
    /// What it needs that may not be there, and what becomes of requests then.
    pub depends: &'static [Depends],
    /// The feature of the runtime that it needs.
    pub feature: &'static str,
    /// The path of the Rust module, seen from generated code: its `Config` has a list of `Item`s, one variant for each word.
    pub home: &'static str,
}

impl Kind {
    /// A kind that knows nobody, to be completed.
    pub const BLANK: Self = Self {
        name: "",
        summary: "",
        words: &[],
        one_of: &[],
        check: None,
        fields: |_| vec![AUTHORIZATION],
        claim: |_| None,
        nests: false,
        own: &[],
        answers: &[],
        depends: &[],
        feature: "",
        home: "",
    };
}

/// Where credentials stand that have no field of their own (RFC 9110 section 11.6.2).
pub(crate) const AUTHORIZATION: &str = "authorization";

/// The word that says what is known of who asks, the same in all kinds. It is the compiler's: the runtime's type has nothing of it.
pub const CLAIMS: Row = Row {
    name: "claims",
    summary: "what is known of who asks: a declared type, whose fields stand behind the name of the `auth`",
    params: &[Param::required("type", At::Position, Type::Record, "the name of a `type NAME { … }`")],
    ..Row::BLANK
};

/// The word that says what of it may stand in the log, the same in all kinds. It is the compiler's too.
pub const LOGGED: Row = Row {
    name: "logged",
    summary: "what of who asks may stand in the log; nothing where it is not written",
    params: &[Param::required(
        "names",
        At::Position,
        Type::List(&Type::Name),
        "fields behind the name of the `auth`",
    )],
    effect: Effect::NEITHER,
    ..Row::BLANK
};

/// What is wrong with the name of a field that is to hold a credential.
fn may_hold(name: &str) -> Option<Mismatch> {
    if name == AUTHORIZATION {
        return Some(Mismatch {
            help: Some(
                "leave `header` out: without it, the key stands in `Authorization: Bearer KEY`".into(),
            ),
            ..Mismatch::conflict("name", "in `authorization` stands more than a key", "")
        });
    }
    may_be_carried("name", name)
}
