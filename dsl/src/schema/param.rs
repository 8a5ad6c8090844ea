//! One parameter of a setting: where it stands, its type, its default and its bounds.

use super::{Given, Type, Value};

/// One parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its name: the label, the field of the runtime's `Config`, and the word in messages.
    pub name: &'static str,
    /// Where it stands.
    pub at: At,
    /// What it takes.
    pub ty: Type,
    /// What it is when not written.
    pub default: Default,
    /// The smallest value.
    pub min: Option<Value>,
    /// The largest value.
    pub max: Option<Value>,
    /// Whose name may stand in its place.
    pub dynamic: Dynamic,
    /// What it means, in one sentence.
    pub doc: &'static str,
}

/// Whether a name may stand in the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dynamic {
    /// No name: the value is written.
    No,
    /// That of a `param`, whose value is known when the gateway starts.
    Start,
    /// That of a `param` or of a `live` value, which changes while it runs.
    Live,
}

impl Dynamic {
    /// Whether any name may.
    #[must_use]
    pub const fn is_name(self) -> bool {
        !matches!(self, Self::No)
    }
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// Directly behind the word, in the order of the row.
    Position,
    /// Behind its own name.
    Label,
    /// Nowhere: its own name says `true`.
    Flag,
    /// Behind `=`, which stands behind a position.
    Assigned,
    /// Behind all positions, as often as wanted: `name = value`.
    Named,
}

impl Param {
    /// A parameter that must be written.
    #[must_use]
    pub const fn required(name: &'static str, at: At, ty: Type, doc: &'static str) -> Self {
        Self { name, at, ty, default: Default::Required, min: None, max: None, dynamic: Dynamic::No, doc }
    }

    /// A parameter that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, at: At, ty: Type, doc: &'static str) -> Self {
        Self { name, at, ty, default: Default::Absent, min: None, max: None, dynamic: Dynamic::No, doc }
    }

    /// A word that is there or not.
    #[must_use]
    pub const fn flag(name: &'static str, doc: &'static str) -> Self {
        let default = Default::Is(Value::Bool(false));
        Self { name, at: At::Flag, ty: Type::Bool, default, min: None, max: None, dynamic: Dynamic::No, doc }
    }
}

/// What a parameter is when not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    /// It must be written.
    Required,
    /// Nothing: [`Value::Absent`].
    Absent,
    /// This value.
    Is(Value),
    /// These values, of a list.
    List(&'static [Value]),
}

impl Default {
    /// The value under the parameter's name, if there is one.
    #[must_use]
    pub fn given(&self, name: &'static str) -> Option<Given> {
        let value = match self {
            Self::Required => return None,
            Self::Absent => Value::Absent,
            Self::Is(value) => value.clone(),
            Self::List(values) => Value::List(values.to_vec()),
        };
        Some(Given { name, value, span: None })
    }
}
