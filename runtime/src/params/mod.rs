//! Parameters and secrets: what may be set when a gateway starts, and what steps and expressions see of it.
//!
//! A parameter never decides which routes or steps there are. Where the texts come from is said in [`given`], how they become
//! values in [`value`].

pub mod given;
mod show;
pub mod value;

pub(crate) use show::table;
pub use value::{Kind, Value};

use std::sync::{Arc, OnceLock};

use crate::exchange::Exchange;
use crate::network::Networks;
use crate::scope::Cidr;

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
    /// How it may change while the gateway runs; `None`: not at all.
    pub live: Option<Live>,
}

/// How a value may change while the gateway runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// By a request to the admin listener.
    Admin,
    /// With the content of this file.
    File(&'static str),
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
    pub(crate) fn takes(&self, value: &Value) -> bool {
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

/// The values of all parameters and secrets of a running gateway, each list in the order of declaration. Where live values
/// change, there is a new one with all of them: nothing in it changes.
#[derive(Clone, Default)]
pub struct Params {
    values: Vec<Value>,
    pub(crate) secrets: Vec<&'static str>,
    /// For each value the set of its addresses, once a guard has asked for it.
    networks: Vec<Arc<OnceLock<Networks>>>,
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
pub trait Given: Copy {
    /// The same, for as long as the values are looked at.
    type Lent<'a>: Copy + PartialOrd;

    /// What is written.
    fn lent<'a>(self) -> Self::Lent<'a>;

    /// The value, if it is of this type.
    fn of(value: &Value) -> Option<Self::Lent<'_>>;

    /// What stands for a value of another kind, which the compiler never lets come here.
    fn none<'a>() -> Self::Lent<'a>;
}

/// A value that is no list and no text.
pub trait One: Copy + PartialOrd {
    /// What stands for a value of another kind, which the compiler never lets come here.
    const NONE: Self;

    /// The value, if it is of this type.
    fn of(value: &Value) -> Option<Self>;
}

impl Params {
    /// The value of a parameter.
    #[must_use]
    pub fn value<T: Given>(&self, number: u16) -> T::Lent<'_> {
        // INVARIANT: the compiler numbers the parameters, and asks each for what it holds.
        self.at(number).and_then(T::of).unwrap_or_else(T::none)
    }

    /// The value of this number.
    pub(crate) fn at(&self, number: u16) -> Option<&Value> {
        self.values.get(usize::from(number))
    }

    /// The text of a parameter.
    #[must_use]
    pub fn text(&self, number: u16) -> &str {
        self.at(number).and_then(Value::text).unwrap_or_default()
    }

    /// The texts of a parameter.
    #[must_use]
    pub fn texts(&self, number: u16) -> &[Box<str>] {
        if let Some(Value::Texts(texts)) = self.at(number) { texts } else { &[] }
    }

    /// The set of the addresses of a parameter that holds networks.
    pub(crate) fn networks(&self, number: u16) -> Option<&Networks> {
        let made = self.networks.get(usize::from(number))?;
        Some(made.get_or_init(|| Networks::new(self.value::<&'static [Cidr]>(number))))
    }

    /// One value more.
    pub(crate) fn push(&mut self, value: Value) {
        self.values.push(value);
        self.networks.push(Arc::default());
    }

    /// The same with another value at a number.
    pub(crate) fn replace(&mut self, number: usize, value: Value) {
        if let (Some(own), Some(made)) = (self.values.get_mut(number), self.networks.get_mut(number)) {
            *own = value;
            *made = Arc::default();
        }
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
    pub fn of<'a>(&self, exchange: &'a Exchange) -> T::Lent<'a> {
        self.at(&exchange.params)
    }

    /// The value, for what runs where no request is.
    #[must_use]
    pub fn at<'a>(&self, params: &'a Params) -> T::Lent<'a> {
        match self {
            Self::Is(value) => value.lent(),
            Self::Param(number) => params.value::<T>(*number),
            Self::Least([a, b]) => {
                let (a, b) = (a.at(params), b.at(params));
                if b < a { b } else { a }
            }
        }
    }
}

impl<T> Setting<T> {
    /// The number of the parameter that says it.
    pub(crate) fn param(&self) -> Option<u16> {
        if let Self::Param(number) = self { Some(*number) } else { None }
    }
}

impl Setting<&'static [Cidr]> {
    /// The set of these addresses: made once in the place that is given, or kept with the values that may change.
    pub(crate) fn networks<'a>(&self, x: &'a Exchange, made: &'a OnceLock<Networks>) -> &'a Networks {
        let kept = self.param().and_then(|number| x.params.networks(number));
        kept.unwrap_or_else(|| made.get_or_init(|| Networks::new(self.of(x))))
    }
}
