//! Parameters and secrets: what may be set when a gateway starts, and what steps and expressions see of it.
//!
//! A parameter never decides which routes or steps there are. Where the texts come from is said in [`given`], how they become
//! values in [`value`].

pub mod given;
mod show;
pub mod value;

pub(crate) use show::table;
pub use value::{Kind, Value};

use crate::exchange::Exchange;

/// `param NAME: T [= default]`
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The name.
    pub name: &'static str,
    /// The comment above it.
    pub doc: &'static str,
    /// The type as written.
    pub written: &'static str,
    /// The type of a value, or of each item of a list.
    pub kind: Kind,
    /// A list: the smallest and the largest number of items.
    pub list: Option<(u32, u32)>,
    /// The text of each item; of a single value, the one.
    pub default: Option<&'static [&'static str]>,
    /// The smallest that the settings take in whose place it stands.
    pub least: Option<&'static str>,
    /// The largest.
    pub most: Option<&'static str>,
}

impl Param {
    /// The type and the bounds in words.
    pub(crate) fn expected(&self) -> String {
        match (self.least, self.most) {
            (Some(least), Some(most)) => format!("{} from {least} to {most}", self.written),
            (Some(least), None) => format!("{} from {least} on", self.written),
            (None, Some(most)) => format!("{} up to {most}", self.written),
            (None, None) => self.written.to_owned(),
        }
    }

    /// Whether a value is within the bounds.
    fn takes(&self, value: &Value) -> bool {
        let bound = |text: Option<&str>| text.and_then(|text| value::one(self.kind, text));
        value.is_within(bound(self.least).as_ref(), bound(self.most).as_ref())
    }
}

/// `secret NAME`
#[derive(Clone, Copy, Debug)]
pub struct Secret {
    /// The name.
    pub name: &'static str,
    /// The comment above it.
    pub doc: &'static str,
}

/// The values of all parameters and secrets of a running gateway, each list in the order of declaration.
#[derive(Default)]
pub struct Params {
    pub(crate) values: Vec<Value>,
    pub(crate) secrets: Vec<&'static str>,
}

/// Of a gateway without parameters.
pub(crate) static NONE: Params = Params { values: Vec::new(), secrets: Vec::new() };

impl Default for &Params {
    fn default() -> Self {
        &NONE
    }
}

impl std::fmt::Debug for Params {
    /// Secrets are never shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Params").field("values", &self.values).finish_non_exhaustive()
    }
}

/// What a row's parameter is: known since the gateway was compiled, or given when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<T: 'static> {
    /// This value.
    Is(T),
    /// The parameter of this number.
    Param(u16),
    /// The smaller of two.
    Least(&'static [Setting<T>; 2]),
}

/// What a parameter can give: the Rust type of one kind of value.
pub trait Given: Copy + PartialOrd {
    /// What stands for a value of another kind, which the compiler never lets come here.
    const NONE: Self;

    /// The value, if it is of this type.
    fn of(value: &Value) -> Option<Self>;
}

impl Params {
    /// The value of a parameter.
    #[must_use]
    pub fn value<T: Given>(&self, number: u16) -> T {
        // INVARIANT: the compiler numbers the parameters, and asks each for what it holds.
        self.values.get(usize::from(number)).and_then(T::of).unwrap_or(T::NONE)
    }

    /// The text of a secret.
    #[must_use]
    pub fn secret(&self, number: u16) -> &'static str {
        self.secrets.get(usize::from(number)).copied().unwrap_or_default()
    }
}

impl<T: Given> Setting<T> {
    /// The value, for a step.
    #[must_use]
    pub fn of(&self, exchange: &Exchange) -> T {
        self.at(exchange.params)
    }

    /// The value, for what runs where no request is.
    #[must_use]
    pub fn at(&self, params: &Params) -> T {
        match self {
            Self::Is(value) => *value,
            Self::Param(number) => params.value(*number),
            Self::Least([a, b]) => {
                let (a, b) = (a.at(params), b.at(params));
                if b < a { b } else { a }
            }
        }
    }
}
