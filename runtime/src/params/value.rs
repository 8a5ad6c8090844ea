//! The values of parameters: read once when a gateway starts, and kept for as long as its process lives.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::Given;
use crate::scope::decimal::Decimal;
use crate::scope::read::{self, Cidr, Date, Rate, Time};
use crate::scope::url;

/// The type of a parameter's value, or of each item of a list. Bounds are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A number, in units of 10⁻⁹.
    Decimal {
        /// Smallest.
        min: i128,
        /// Largest.
        max: i128,
    },
    /// Text, of so many Unicode scalars.
    Text {
        /// Fewest.
        min: i64,
        /// Most.
        max: i64,
    },
    /// One of these texts.
    Enum(&'static [&'static str]),
    /// A time.
    Duration,
    /// Bytes.
    Size,
    /// A count per time.
    Rate,
    /// A share.
    Percent,
    /// An IP address.
    Ip,
    /// An IP network.
    Cidr,
    /// An IP address and a port.
    Addr,
    /// An absolute URL.
    Url,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// A day.
    Date,
    /// A time of day.
    Time,
}

/// Writes down the values: a variant for one and a variant for several of each Rust type, and how they are read.
macro_rules! values {
    ($($(#[$doc:meta])* $one:ident $several:ident $ty:ty, $none:expr;)*) => {
        /// The value of a parameter.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Value {
            $($(#[$doc])* $one($ty),
            /// Several of them.
            $several(&'static [$ty]),)*
        }

        $(impl Given for $ty {
            const NONE: Self = $none;

            fn of(value: &Value) -> Option<Self> {
                if let Value::$one(value) = value { Some(*value) } else { None }
            }
        }

        impl Given for &'static [$ty] {
            const NONE: Self = &[];

            fn of(value: &Value) -> Option<Self> {
                if let Value::$several(values) = value { Some(values) } else { None }
            }
        })*

        impl Value {
            /// Several values of one kind as one. `None` where there is none, or they are of several kinds.
            fn several(values: &[Self]) -> Option<Self> {
                match values.first()? {
                    $(Self::$one(_) => {
                        let items: Option<Vec<$ty>> = values.iter().map(<$ty>::of).collect();
                        Some(Self::$several(items?.leak()))
                    })*
                    _ => None,
                }
            }
        }
    };
}

values! {
    /// `true` or `false`.
    Bool Bools bool, false;
    /// A whole number.
    Int Ints i64, 0;
    /// A number.
    Decimal Decimals Decimal, Decimal(0);
    /// Text, one of several texts, or an absolute URL.
    Text Texts &'static str, "";
    /// A time.
    Duration Durations Duration, Duration::ZERO;
    /// Bytes.
    Size Sizes u64, 0;
    /// A count per time.
    Rate Rates Rate, (0, Duration::ZERO);
    /// Millionths.
    Percent Percents u32, 0;
    /// An IP address.
    Ip Ips IpAddr, IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    /// An IP network; one that holds nothing stands for none.
    Cidr Cidrs Cidr, (IpAddr::V4(Ipv4Addr::BROADCAST), 32);
    /// An IP address and a port.
    Addr Addrs SocketAddr, SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    /// 16 bytes.
    Uuid Uuids [u8; 16], [0; 16];
    /// A day.
    Date Dates Date, (0, 1, 1);
    /// Seconds of a day.
    Time Times Time, Time(0);
}

impl Value {
    /// Whether it, or each of several, is not smaller than the one and not larger than the other. What has no order is.
    pub(super) fn is_within(&self, least: Option<&Self>, most: Option<&Self>) -> bool {
        match (self, least, most) {
            (Self::Int(it), _, _) => holds(it, least, most),
            (Self::Ints(all), _, _) => all.iter().all(|it| holds(it, least, most)),
            (Self::Duration(it), _, _) => holds(it, least, most),
            (Self::Durations(all), _, _) => all.iter().all(|it| holds(it, least, most)),
            (Self::Size(it), _, _) => holds(it, least, most),
            (Self::Sizes(all), _, _) => all.iter().all(|it| holds(it, least, most)),
            (Self::Percent(it), _, _) => holds(it, least, most),
            (Self::Percents(all), _, _) => all.iter().all(|it| holds(it, least, most)),
            (Self::Rate(it), _, _) => holds_rate(*it, least, most),
            (Self::Rates(all), _, _) => all.iter().all(|it| holds_rate(*it, least, most)),
            _ => true,
        }
    }
}

fn holds<T: Given>(it: &T, least: Option<&Value>, most: Option<&Value>) -> bool {
    least.and_then(T::of).is_none_or(|least| *it >= least)
        && most.and_then(T::of).is_none_or(|most| *it <= most)
}

/// Rates are compared by what they come to.
fn holds_rate(it: Rate, least: Option<&Value>, most: Option<&Value>) -> bool {
    least.and_then(Rate::of).is_none_or(|least| read::is_at_most(least, it))
        && most.and_then(Rate::of).is_none_or(|most| read::is_at_most(it, most))
}

/// Reads one value. `None` where the text is none of this kind.
pub(super) fn one(kind: Kind, text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    Some(match kind {
        Kind::Bool => Value::Bool(read::bool(bytes)?),
        Kind::Int { min, max } => Value::Int(read::int(bytes).filter(|it| (min..=max).contains(it))?),
        Kind::Decimal { min, max } => {
            Value::Decimal(Decimal::read(bytes).filter(|it| (min..=max).contains(&it.0))?)
        }
        Kind::Text { min, max } => {
            (min..=max).contains(&read::length(bytes)).then(|| Value::Text(kept(text)))?
        }
        Kind::Enum(words) => words.iter().find(|word| **word == text).map(|word| Value::Text(word))?,
        Kind::Duration => Value::Duration(read::duration(bytes)?),
        Kind::Size => Value::Size(read::size(bytes)?),
        Kind::Rate => Value::Rate(read::rate(bytes)?),
        Kind::Percent => Value::Percent(read::percent(bytes)?),
        Kind::Ip => Value::Ip(read::ip(bytes)?),
        Kind::Cidr => Value::Cidr(read::cidr(bytes)?),
        Kind::Addr => Value::Addr(addr(text)?),
        Kind::Url => url::read(text).map(|_| Value::Text(kept(text)))?,
        Kind::Uuid => Value::Uuid(read::uuid(bytes)?),
        Kind::Date => Value::Date(read::date(bytes)?),
        Kind::Time => Value::Time(read::time(bytes)?),
    })
}

/// Reads the items of a list, of which there may be none.
pub(super) fn list(kind: Kind, texts: &[&str]) -> Option<Value> {
    let items: Option<Vec<Value>> = texts.iter().map(|text| one(kind, text)).collect();
    let items = items?;
    if !items.is_empty() {
        return Value::several(&items);
    }
    Some(match kind {
        Kind::Bool => Value::Bools(&[]),
        Kind::Int { .. } => Value::Ints(&[]),
        Kind::Decimal { .. } => Value::Decimals(&[]),
        Kind::Text { .. } | Kind::Enum(_) | Kind::Url => Value::Texts(&[]),
        Kind::Duration => Value::Durations(&[]),
        Kind::Size => Value::Sizes(&[]),
        Kind::Rate => Value::Rates(&[]),
        Kind::Percent => Value::Percents(&[]),
        Kind::Ip => Value::Ips(&[]),
        Kind::Cidr => Value::Cidrs(&[]),
        Kind::Addr => Value::Addrs(&[]),
        Kind::Uuid => Value::Uuids(&[]),
        Kind::Date => Value::Dates(&[]),
        Kind::Time => Value::Times(&[]),
    })
}

/// An address; as in a program, a port alone is every address of the machine.
fn addr(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix(':') {
        Some(port) => Some(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), url::port(port)?)),
        None => read::addr(text.as_bytes()),
    }
}

/// A text that lives as long as the process: so do the values of a start, of which there is one.
fn kept(text: &str) -> &'static str {
    text.to_owned().leak()
}
